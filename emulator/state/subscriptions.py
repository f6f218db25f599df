"""Subscription groups: the state of each profile, shared by address, and states kept for addresses nobody has yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from emulator.state import profiles
from emulator.state.bounds import bound
from emulator.state.draft import Draft
from emulator.state.profiles import Opened, Profiles

KEPT_SECONDS: Final = bound("kept_days") * 86_400
"""How long a state waits for somebody with its address (documented)."""
MAX_OTHERS: Final = bound("others_reached")
"""How many other profiles with the same e-mail address a change of one profile reaches (documented)."""

INDEX: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "email": ("emails", profiles.email_key),
    "phone": ("phones", profiles.phone_key),
}
"""Address field -> the table that indexes it, and how an address is written there."""


class Reach(NamedTuple):
    """What a change did: whether anything is different now, and how many other profiles got it, or should have."""

    changed: bool
    others: int
    left_out: int = 0

    def outcomes(self) -> Iterator[tuple[str, str]]:
        """(rule, note) of each fate."""
        if not self.changed:
            yield "unchanged", ""
        elif self.others:
            yield "shared_address", f"{self.others} other profiles have the same address"
        if self.left_out:
            yield "fanout_limit", f"{self.left_out} profiles with the same address keep their state"


def address_field(group: Mapping[str, Any]) -> str:
    """The field by which profiles share a state: email groups by email, all others by phone."""
    return "email" if group["channel"] == "email" else "phone"


def holders(draft: Draft, field: str, address: str) -> tuple[str, ...]:
    """The braze_ids of the profiles that have an address."""
    table, key = INDEX[field]
    found: tuple[str, ...] = getattr(draft, table).get(key(address), ())
    return found


def brings_nothing(draft: Draft) -> bool:
    """Whether no address can bring a state along but that of another profile: the usual case, known at no cost."""
    return not len(draft.email_states) and not len(draft.orphan_states)


def others(room: Profiles, braze_id: str, field: str) -> tuple[list[str], int]:
    """The other profiles that a change of one profile reaches, and how many more have its address.

    Of more than MAX_OTHERS with one e-mail address the latest updated are taken (assumed).
    """
    address = room.read(braze_id).get(field)
    found = [one for one in holders(room.draft, field, address) if one != braze_id] if address else []
    if field == "email" and len(found) > MAX_OTHERS:
        found.sort(key=lambda one: room.read(one)["updated"], reverse=True)
        return found[:MAX_OTHERS], len(found) - MAX_OTHERS
    return found, 0


def set_for_profile(room: Profiles, group: Mapping[str, Any], state: str, braze_id: str) -> Reach:
    """Set a profile's state, and that of the other profiles with its address (documented)."""
    found, left_out = others(room, braze_id, address_field(group))
    changed = _set(room, group["id"], state, sorted({braze_id, *found}))
    return Reach(changed, len(found), left_out)


def set_for_address(room: Profiles, group: Mapping[str, Any], state: str, address: str) -> Reach | None:
    """Set the state of every profile with an address; None: nobody has it, and it is kept for the first one that will.

    The profile that is not one of the others is the first.
    """
    field = address_field(group)
    found = holders(room.draft, field, address)
    if not found:
        until = room.now.timestamp() + KEPT_SECONDS
        kept = {"state": state, "until": until, "at": room.moment}
        room.draft.orphan_states[_orphan_key(group["id"], field, address)] = kept
        return None
    return Reach(_set(room, group["id"], state, found), len(found) - 1)


def _set(room: Profiles, group_id: str, state: str, braze_ids: Iterable[str]) -> bool:
    changed = False
    for braze_id in braze_ids:
        changed |= _put(room, room.open(braze_id), group_id, state, room.moment)
    return changed


def _put(room: Profiles, opened: Opened, group_id: str, state: str, at: str) -> bool:
    states = opened.part("subscription_groups")
    if states.get(group_id) == state:
        return False
    states[group_id] = state
    opened.part("subscription_group_times")[group_id] = at
    return True


def join(room: Profiles, opened: Opened, field: str, address: str, before: tuple[str, ...]) -> list[str]:
    """Give a profile that got an address the states that belong to it; answers the ids of the groups that changed.

    `before` are the profiles that had the address already: their states are inherited (documented). A state that was
    kept for the address goes to the first profile that gets it (documented for one that is created with it).
    """
    taken = dict(_kept(room, field, address))
    if before:
        taken.update(_shared(room, field, before))
    return [
        group_id for group_id, (state, at) in sorted(taken.items()) if _put(room, opened, group_id, state, at)
    ]  # fmt: skip


def _kept(room: Profiles, field: str, address: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """group id -> (state, time) of what was kept for an address; it is not kept any longer."""
    table = room.draft.orphan_states
    for group_id, group in room.draft.subscription_groups.items() if len(table) else ():
        key = _orphan_key(group_id, field, address)
        kept = table.get(key) if address_field(group) == field else None
        if kept:
            del table[key]
            if kept["until"] > room.now.timestamp():
                yield group_id, (kept["state"], kept["at"])


def _shared(room: Profiles, field: str, before: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, str]]]:
    """group id -> (state, time) of the groups that an address decides, of the latest updated profile that has one."""
    for group_id, group in room.draft.subscription_groups.items():
        stated = [one for one in before if group_id in room.read(one).get("subscription_groups", ())]
        if stated and address_field(group) == field:
            record = room.read(room.latest(stated))
            at = record.get("subscription_group_times", {}).get(group_id, room.moment)
            yield group_id, (record["subscription_groups"][group_id], at)


def forget(room: Profiles, field: str, address: str) -> bool:
    """Remove the states of an address in all groups of its channels; answers whether there were any."""
    found = False
    for group_id, group in room.draft.subscription_groups.items():
        if address_field(group) != field:
            continue
        key = _orphan_key(group_id, field, address)
        if key in room.draft.orphan_states:
            del room.draft.orphan_states[key]
            found = True
        for braze_id in holders(room.draft, field, address):
            if group_id in room.read(braze_id).get("subscription_groups", ()):
                opened = room.open(braze_id)
                del opened.part("subscription_groups")[group_id]
                opened.part("subscription_group_times").pop(group_id, None)
                found = True
    return found


def state_of_profile(draft: Draft, group_id: str, braze_id: str | None) -> str | None:
    record = draft.profiles.get(braze_id, {}) if braze_id else {}
    found: str | None = record.get("subscription_groups", {}).get(group_id)
    return found


def state_of_address(room: Profiles, group: Mapping[str, Any], field: str, address: str) -> tuple[str, str] | None:
    """(state, time) of the latest updated profile with an address that has one; else of the one kept for the address.

    The time is empty where it is not known.
    """
    draft, group_id = room.draft, group["id"]
    stated = [one for one in holders(draft, field, address) if state_of_profile(draft, group_id, one)]
    if stated:
        record = room.read(room.latest(stated))
        return record["subscription_groups"][group_id], record.get("subscription_group_times", {}).get(group_id, "")
    kept = draft.orphan_states.get(_orphan_key(group_id, field, address))
    return (kept["state"], kept["at"]) if kept and kept["until"] > room.now.timestamp() else None


def _orphan_key(group_id: str, field: str, address: str) -> str:
    return f"{group_id}\0{field}\0{INDEX[field][1](address)}"
