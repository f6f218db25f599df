"""SMS double opt-in: questions that were asked and wait for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.state import profiles, subscriptions
from emulator.state.profiles import Profiles

DAYS: Final = 30
"""How long a question can be answered (documented)."""


def needed(group: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a change only starts the double opt-in, which ends with the user's own answer (SMS and RCS groups)."""
    double = wanted.get("use_double_opt_in_logic") and wanted["subscription_state"] == "subscribed"
    return bool(double) and group["channel"] in ("sms", "rcs")


def out_of_place(group: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether double opt-in is asked for in a group that has none (documented: SMS groups only)."""
    double = wanted.get("use_double_opt_in_logic") and wanted["subscription_state"] == "subscribed"
    return bool(double) and not needed(group, wanted)


def ask(room: Profiles, group: Mapping[str, Any], phone: str | None) -> bool:
    """Remember that the holder of a number was asked; False: without a number there is nobody to ask.

    A question that is asked again begins its 30 days anew (assumed).
    """
    if not phone:
        return False
    until = room.now.timestamp() + DAYS * 86400
    entry = {"subscription_group_id": group["id"], "phone": phone, "at": room.moment, "until": until}
    room.draft.pending_opt_ins[_key(group["id"], phone)] = entry
    return True


def close(room: Profiles, group: Mapping[str, Any], phone: str | None) -> None:
    """A state that was set otherwise answers the question (assumed)."""
    key = _key(group["id"], phone or "")
    if key in room.draft.pending_opt_ins:
        del room.draft.pending_opt_ins[key]


def waiting(room: Profiles, phone: str) -> list[str]:
    """The ids of the groups whose question to a number can still be answered."""
    now = room.now.timestamp()
    found = [one for one in room.draft.pending_opt_ins.values() if one["until"] > now]
    key = profiles.phone_key(phone)
    return [one["subscription_group_id"] for one in found if profiles.phone_key(one["phone"]) == key]


def confirm(room: Profiles, group: Mapping[str, Any], phone: str) -> int:
    """The user says yes: everybody with the number is subscribed; answers how many that are."""
    close(room, group, phone)
    reach = subscriptions.set_for_address(room, group, "subscribed", phone)
    return reach.others + 1 if reach else 0


def _key(group_id: str, phone: str) -> str:
    return f"{group_id}\0{profiles.phone_key(phone)}"
