"""Braze subscription groups: who is subscribed, set and read by external_id, e-mail address or phone number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import subscriptions
from emulator.state.profiles import Profiles

_SHOWN: Final = {"subscribed": "Subscribed", "unsubscribed": "Unsubscribed", None: "unknown"}
"""Observed: unknown alone has no capital."""


def set_subscription_status(call: Call) -> Json:
    """One group, and users by `external_id`, `email` or `phone`."""
    room = Profiles(call.state, call.now)
    _set(call, room, call.body, "", ("external_id",), "email", "phone")
    room.close()
    return {"message": "success"}


def set_subscription_status_v2(call: Call) -> Json:
    """Several groups, each with its users by `external_ids`, `emails` or `phones`."""
    room = Profiles(call.state, call.now)
    for index, entry in enumerate(call.body["subscription_groups"]):
        place = f"/subscription_groups/{index}"
        _set(call, room, entry, place, ("external_ids", "external_id"), "emails", "phones")
    room.close()
    return {"message": "success"}


def _set(call: Call, room: Profiles, entry: Mapping[str, Any], place: str, ids: tuple[str, ...], *fields: str) -> None:
    """Set one group's state. `fields` are the names of the e-mail and the phone list."""
    group = _group(call, entry["subscription_group_id"])
    named = [(pointer, _text(call, pointer, given)) for name in ids for pointer, given in _listed(entry, name, place)]
    for pointer, external_id in named:
        _set_user(call, room, group, entry, pointer, external_id)
    for field, name in zip(("email", "phone"), fields, strict=True):
        for pointer, address in _listed(entry, name, place):
            if named:
                call.fate(pointer, "ignored", address, "external_id wins over an address")
            elif field != subscriptions.address_field(group):
                call.fate(pointer, "wrong_channel", address, f"the group '{group['name']}' is of {group['channel']}")
            else:
                _set_address(call, room, group, entry, pointer, address)


def _listed(entry: Mapping[str, Any], name: str, place: str = "") -> list[tuple[str, Any]]:
    """(pointer, value) of a field that is one value, an array of values, or absent."""
    value = entry.get(name, ())
    if isinstance(value, (list, tuple)):
        return [(f"{place}/{name}/{index}", item) for index, item in enumerate(value)]
    return [(f"{place}/{name}", value)]


def _text(call: Call, pointer: str, given: str | int | float) -> str:
    """An external_id as text: an integer, which may be written 5.0, is read as such (assumed; see users/track)."""
    if isinstance(given, str):
        return given
    text = str(int(given))
    call.fate(pointer, "coerced_to_text", given, f"read as '{text}'")
    return text


def _set_user(
    call: Call, room: Profiles, group: Mapping[str, Any], entry: Mapping[str, Any], pointer: str, external_id: str
) -> None:
    braze_id = call.state.external_ids.get(external_id)
    if braze_id is None:
        call.fate(pointer, "no_match", external_id, "no profile has this external_id")
    elif subscriptions.waits_for_consent(group, entry):
        call.fate(pointer, "double_opt_in", external_id)
    else:
        changed, others = subscriptions.set_for_profile(room, group, entry["subscription_state"], braze_id)
        _tell(call, pointer, external_id, changed, others)


def _set_address(
    call: Call, room: Profiles, group: Mapping[str, Any], entry: Mapping[str, Any], pointer: str, address: str
) -> None:
    if subscriptions.waits_for_consent(group, entry):
        known = subscriptions.holders(call.state, subscriptions.address_field(group), address)
        note = "" if known else "with double opt-in, nothing is kept for later"
        call.fate(pointer, "double_opt_in" if known else "no_match", address, note)
        return
    changed, count = subscriptions.set_for_address(room, group, entry["subscription_state"], address)
    if count:
        _tell(call, pointer, address, changed, count - 1)
    else:
        call.fate(pointer, "stored_for_later", address)


def _tell(call: Call, pointer: str, value: str, changed: bool, others: int) -> None:
    if not changed:
        call.fate(pointer, "unchanged", value)
    elif others:
        call.fate(pointer, "shared_address", value, f"{others} other profiles have the same address")


def get_subscription_status(call: Call) -> Json:
    """identifier as given -> state in the group. external_id wins over email or phone (documented)."""
    group = _group(call, call.args["subscription_group_id"])
    return {"message": "success", "status": {given: _SHOWN[state] for given, state in _states(call, group)}}


def _states(call: Call, group: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    named = _listed(call.args, "external_id")
    for _, external_id in named:
        braze_id = call.state.external_ids.get(external_id)
        yield external_id, subscriptions.state_of_profile(call.state, group["id"], braze_id)
    room = Profiles(call.state, call.now)
    for field in () if named else ("email", "phone"):
        for pointer, address in _listed(call.args, field):
            if field == "phone" and address[:1] == " ":
                call.fate(pointer, "plus_became_blank", address)
            yield address, subscriptions.state_of_address(room, group, field, address)


def _group(call: Call, group_id: str) -> Mapping[str, Any]:
    """Raises ApiError for a group that the workspace does not have."""
    group: Mapping[str, Any] | None = call.state.subscription_groups.get(group_id)
    if group is None:
        known = ", ".join(call.state.subscription_groups) or "none"
        hint = f"no group '{group_id}'; declare it in the seed under subscription_groups; there are: {known}"
        raise ApiError("invalid", message="Invalid subscription group ID", hint=hint)
    return group
