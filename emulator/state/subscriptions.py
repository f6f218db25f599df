"""Subscription groups: the state of each profile, shared by address, and states kept for addresses nobody has yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from emulator.state import profiles
from emulator.state.draft import Draft
from emulator.state.profiles import Opened, Profiles

KEPT_SECONDS: Final = 30 * 86400
"""How long a state waits for somebody with its address (documented)."""

INDEX: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "email": ("emails", profiles.email_key),
    "phone": ("phones", profiles.phone_key),
}
"""Address field -> the table that indexes it, and how an address is written there."""


def address_field(group: Mapping[str, Any]) -> str:
    """The field by which profiles share a state: email groups by email, all others by phone."""
    return "email" if group["channel"] == "email" else "phone"


def waits_for_consent(group: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a change only starts the double opt-in, which ends with the user's own answer (SMS groups only)."""
    double = wanted.get("use_double_opt_in_logic") and wanted["subscription_state"] == "subscribed"
    return bool(double) and group["channel"] == "sms"


def holders(draft: Draft, field: str, address: str) -> tuple[str, ...]:
    """The braze_ids of the profiles that have an address."""
    table, key = INDEX[field]
    found: tuple[str, ...] = getattr(draft, table).get(key(address), ())
    return found


def set_for_profile(room: Profiles, group: Mapping[str, Any], state: str, braze_id: str) -> tuple[bool, int]:
    """Set a profile's state, and that of every other profile with its address (documented).

    Answers whether anything changed, and how many other profiles there were.
    """
    field = address_field(group)
    address = room.read(braze_id).get(field)
    sharing = holders(room.draft, field, address) if address else ()
    everyone = {braze_id, *sharing}
    return _set(room, group["id"], state, sorted(everyone)), len(everyone) - 1


def set_for_address(room: Profiles, group: Mapping[str, Any], state: str, address: str) -> tuple[bool, int]:
    """Set the state of every profile with an address, or keep it for the first one that will have it.

    Answers whether anything changed, and how many profiles have the address.
    """
    field = address_field(group)
    found = holders(room.draft, field, address)
    if not found:
        until = room.now.timestamp() + KEPT_SECONDS
        room.draft.orphan_states[_orphan_key(group["id"], field, address)] = {"state": state, "until": until}
        return True, 0
    return _set(room, group["id"], state, found), len(found)


def _set(room: Profiles, group_id: str, state: str, braze_ids: Iterable[str]) -> bool:
    changed = False
    for braze_id in braze_ids:
        states = room.open(braze_id).part("subscription_groups")
        changed |= states.get(group_id) != state
        states[group_id] = state
    return changed


def inherit(room: Profiles, opened: Opened, field: str, address: str) -> list[str]:
    """Give a new profile the states that were kept for its address; answers the ids of the groups."""
    table, found = room.draft.orphan_states, []
    for group_id, group in room.draft.subscription_groups.items() if len(table) else ():
        key = _orphan_key(group_id, field, address)
        kept = table.get(key) if address_field(group) == field else None
        if kept:
            del table[key]
            if kept["until"] > room.now.timestamp():
                opened.part("subscription_groups")[group_id] = kept["state"]
                found.append(group_id)
    return found


def state_of_profile(draft: Draft, group_id: str, braze_id: str | None) -> str | None:
    record = draft.profiles.get(braze_id, {}) if braze_id else {}
    found: str | None = record.get("subscription_groups", {}).get(group_id)
    return found


def state_of_address(room: Profiles, group: Mapping[str, Any], field: str, address: str) -> str | None:
    """The state of the latest updated profile with an address that has one; else the state kept for the address."""
    draft, group_id = room.draft, group["id"]
    stated = [one for one in holders(draft, field, address) if state_of_profile(draft, group_id, one)]
    if stated:
        return state_of_profile(draft, group_id, room.latest(stated))
    kept = draft.orphan_states.get(_orphan_key(group_id, field, address))
    return kept["state"] if kept and kept["until"] > room.now.timestamp() else None


def _orphan_key(group_id: str, field: str, address: str) -> str:
    return f"{group_id}\0{field}\0{INDEX[field][1](address)}"
