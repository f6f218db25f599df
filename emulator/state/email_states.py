"""The global e-mail state (opted_in, subscribed, unsubscribed): it belongs to the address, and its profiles show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from emulator.state import profiles, subscriptions
from emulator.state.profiles import Opened, Profiles
from emulator.state.subscriptions import Reach

DEFAULT: Final = "subscribed"
"""Of an address for which nothing was ever set (documented)."""
_ADDRESS: Final = re.compile(r"[^@\x00-\x20]+@[^@\x00-\x20]+[.][^@.\x00-\x20]+")


def is_address(text: str) -> bool:
    """One @, no blanks, a dot in the domain: what a profile can have as its email."""
    return _ADDRESS.fullmatch(text) is not None


def set_for_address(room: Profiles, address: str, state: str) -> Reach | None:
    """Set the state of an address and of every profile with it. None: nobody has it; whoever gets it will show it."""
    found = subscriptions.holders(room.draft, "email", address)
    changed = note(room, address, state) | _show(room, state, found)
    return Reach(changed, len(found) - 1) if found else None


def set_for_profile(room: Profiles, braze_id: str, state: str | None) -> Reach:
    """Set the state of a profile, of its address and of the other profiles with it (documented); None removes it."""
    found, left_out = subscriptions.others(room, braze_id, "email")
    address = room.read(braze_id).get("email")
    noted = address is not None and note(room, address, state)
    return Reach(_show(room, state, [braze_id, *found]) or noted, len(found), left_out)


def note(room: Profiles, address: str, state: str | None, at: str = "") -> bool:
    """Keep the state of an address with the time of the change; the same state again is no change."""
    table, key = room.draft.email_states, profiles.email_key(address)
    known = table.get(key)
    if (known and known["state"]) == state:
        return False
    if state is None:
        del table[key]
    else:
        table[key] = {"email": key, "state": state, "at": at or room.moment}
    return True


def plant(room: Profiles, address: str, state: str, at: str) -> None:
    """The state of an address as a seed declares it. Profiles that were there before show it."""
    note(room, address, state, at)
    _show(room, state, subscriptions.holders(room.draft, "email", address))


def _show(room: Profiles, state: str | None, braze_ids: Iterable[str]) -> bool:
    changed = False
    for braze_id in braze_ids:
        if room.read(braze_id).get("email_subscribe") != state:
            _write(room.open(braze_id), state)
            changed = True
    return changed


def _write(opened: Opened, state: str | None) -> None:
    if state is None:
        opened.record.pop("email_subscribe", None)
    else:
        opened.record["email_subscribe"] = state


def join(room: Profiles, opened: Opened, old: str | None, address: str, before: tuple[str, ...]) -> str:
    """Settle the state of a profile that got an address; answers the state that it took over, or nothing.

    `old` is the address it had, `before` are the profiles that had the new one already. An address that Braze knows
    brings its state along (documented); to one that is new the profile brings its own (assumed; documented for the
    groups of a phone number).
    """
    own = opened.record.get("email_subscribe")
    known = room.draft.email_states.get(profiles.email_key(address))
    if known is None and not before:
        if own is not None:
            note(room, address, own, _time_of(room, old))
        return ""
    state = known["state"] if known else room.read(room.latest(before)).get("email_subscribe")
    if (state or DEFAULT) == (own or DEFAULT):
        return ""
    _write(opened, state)
    return state or DEFAULT


def _time_of(room: Profiles, address: str | None) -> str:
    known = room.draft.email_states.get(profiles.email_key(address)) if address else None
    return known["at"] if known else ""


def of_address(room: Profiles, address: str) -> Mapping[str, Any] | None:
    """{state, at} of an address, `at` None where nothing was ever set; None for one that Braze does not know."""
    known: Mapping[str, Any] | None = room.draft.email_states.get(profiles.email_key(address))
    if known is not None:
        return known
    found = subscriptions.holders(room.draft, "email", address)
    if not found:
        return None
    return {"state": room.read(room.latest(found)).get("email_subscribe", DEFAULT), "at": None}


def forget(room: Profiles, address: str) -> bool:
    """Back to the default, for the address and its profiles; answers whether there was anything else."""
    found = subscriptions.holders(room.draft, "email", address)
    return note(room, address, None) | _show(room, None, found)
