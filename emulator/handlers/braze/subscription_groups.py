"""Braze subscriptions: the states of users and addresses in groups, set and read, and what an address has in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import email_states, opt_ins, profiles, subscriptions
from emulator.state.bounds import bound
from emulator.state.profiles import Profiles
from emulator.state.subscriptions import Reach

_SHOWN: Final = {"subscribed": "Subscribed", "unsubscribed": "Unsubscribed", "opted_in": "Opted In"}
_UNKNOWN: Final = "unknown"
"""Observed: unknown alone has no capital."""
MAX_ADDRESSES: Final = bound("ids_of_a_call")


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
    if opt_ins.out_of_place(group, entry):
        call.fate(f"{place}/use_double_opt_in_logic", "no_double_opt_in", True, f"this group is of {group['channel']}")
    named = [(pointer, _text(call, pointer, given)) for name in ids for pointer, given in _listed(entry, name, place)]
    for pointer, external_id in named:
        _set_user(call, room, group, entry, pointer, external_id)
    for field, name in zip(("email", "phone"), fields, strict=True):
        for pointer, address in _listed(entry, name, place):
            if named:
                call.fate(pointer, "ignored", address, "external_id wins over an address")
            elif field != subscriptions.address_field(group):
                call.fate(pointer, "wrong_channel", address, f"the group '{group['name']}' is of {group['channel']}")
            elif field == "email" and not email_states.is_address(address):
                call.fate(pointer, "bad_address", address)
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
        return
    phone = room.read(braze_id).get("phone")
    if opt_ins.needed(group, entry):
        asked = opt_ins.ask(room, group, phone)
        call.fate(pointer, "double_opt_in" if asked else "nobody_to_ask", external_id)
    else:
        opt_ins.close(room, group, phone)
        _tell(call, pointer, external_id, subscriptions.set_for_profile(room, group, _state(entry), braze_id))


def _set_address(
    call: Call, room: Profiles, group: Mapping[str, Any], entry: Mapping[str, Any], pointer: str, address: str
) -> None:
    if opt_ins.needed(group, entry):
        if subscriptions.holders(call.state, "phone", address):
            opt_ins.ask(room, group, address)
            call.fate(pointer, "double_opt_in", address)
        else:
            call.fate(pointer, "no_match", address, "with double opt-in, nothing is kept for later")
        return
    opt_ins.close(room, group, address)
    reach = subscriptions.set_for_address(room, group, _state(entry), address)
    if reach is None:
        call.fate(pointer, "stored_for_later", address)
    else:
        _tell(call, pointer, address, reach)


def _state(entry: Mapping[str, Any]) -> str:
    return str(entry["subscription_state"])


def _tell(call: Call, pointer: str, value: str, reach: Reach) -> None:
    for rule, note in reach.outcomes():
        call.fate(pointer, rule, value, note)


def get_subscription_status(call: Call) -> Json:
    """identifier as given -> state in the group. external_id wins over email or phone (documented)."""
    group = _group(call, call.args["subscription_group_id"])
    states = _states(call, group)
    return {"message": "success", "status": {given: _SHOWN.get(state or "", _UNKNOWN) for given, state in states}}


def _states(call: Call, group: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    named = _listed(call.args, "external_id")
    for _, external_id in named:
        braze_id = call.state.external_ids.get(external_id)
        yield external_id, subscriptions.state_of_profile(call.state, group["id"], braze_id)
    room = Profiles(call.state, call.now)
    for field in () if named else ("email", "phone"):
        for pointer, address in _listed(call.args, field):
            _note_blank(call, pointer, address)
            found = subscriptions.state_of_address(room, group, field, address)
            yield address, found[0] if found else None


def _note_blank(call: Call, pointer: str, address: str) -> None:
    if " " in address:
        call.fate(pointer, "plus_became_blank", address)


def _group(call: Call, group_id: str) -> Mapping[str, Any]:
    """Raises ApiError for a group that the workspace does not have."""
    group: Mapping[str, Any] | None = call.state.subscription_groups.get(group_id)
    if group is None:
        known = ", ".join(call.state.subscription_groups) or "none"
        hint = f"no group '{group_id}'; declare it in the seed under subscription_groups; there are: {known}"
        raise ApiError("invalid", message="Invalid subscription group ID", hint=hint)
    return group


def get_user_subscriptions(call: Call) -> Json:
    """A page of the users that any of the identifiers means, each once, with the groups in which a state was set."""
    wanted = list(dict.fromkeys(_meant(call)))
    start = call.args.get("offset", 0)
    page = wanted[start : start + call.args.get("limit", 100)]
    users = [_user(call, braze_id) for braze_id in page]
    return {"users": users, "total_count": len(wanted), "message": "success"}


def _meant(call: Call) -> Iterator[str]:
    """The braze_ids of everybody who is asked for."""
    for _, external_id in _listed(call.args, "external_id"):
        if external_id in call.state.external_ids:
            yield call.state.external_ids[external_id]
    for field in ("email", "phone"):
        for pointer, address in _listed(call.args, field):
            _note_blank(call, pointer, address)
            yield from subscriptions.holders(call.state, field, address)


def _user(call: Call, braze_id: str) -> Json:
    record = call.state.profiles[braze_id]
    known = {name: record[name] for name in ("email", "phone", "external_id") if record.get(name) is not None}
    return {**known, "subscription_groups": list(_memberships(call, record))}


def _memberships(call: Call, record: Mapping[str, Any]) -> Iterator[Json]:
    for group_id, state in sorted(record.get("subscription_groups", {}).items()):
        group = call.state.subscription_groups[group_id]
        yield {"id": group_id, "name": group["name"], "channel": group["channel"], "status": _SHOWN[state]}


def list_address_subscriptions(call: Call) -> Json:
    """Everything that is known of e-mail addresses and phone numbers; one that Braze does not know is left out."""
    room = Profiles(call.state, call.now)
    emails = [_email(room, address) for address in _asked(call, "email")]
    phones = [_phone(room, address) for address in _asked(call, "phone")]
    return {
        "emails": [one for one in emails if one],
        "phone": [one for one in phones if one],
        "message": "success",
    }


def _asked(call: Call, field: str) -> Iterator[str]:
    for pointer, address in _listed(call.args, field):
        _note_blank(call, pointer, address)
        yield address


def _email(room: Profiles, address: str) -> dict[str, Json] | None:
    """What is known of an e-mail address, or None."""
    key, state = profiles.email_key(address), email_states.of_address(room, address)
    bounced, spam = room.draft.hard_bounces.get(key), room.draft.spam_reports.get(key)
    groups = _groups_of(room, "email", address)
    if not (state or groups or bounced or spam):
        return None
    known = state or {"state": email_states.DEFAULT, "at": None}
    return {
        "email": address,
        "email_subscribe": {
            "email_subscription_event_date": known["at"],
            "email_subscription_state": _SHOWN[known["state"]],
        },
        "subscription_group": groups,
        "hard_bounced_at": bounced and bounced["at"],
        "spam_at": spam and spam["at"],
    }


def _phone(room: Profiles, address: str) -> dict[str, Json] | None:
    groups = _groups_of(room, "phone", address)
    known = groups or subscriptions.holders(room.draft, "phone", address)
    return {"phone": address, "subscription_group": groups} if known else None


def _groups_of(room: Profiles, field: str, address: str) -> list[dict[str, Json]]:
    """The groups in which an address has a state, the latest change first."""
    found = []
    for group_id, group in room.draft.subscription_groups.items():
        known = subscriptions.state_of_address(room, group, field, address)
        if known and subscriptions.address_field(group) == field:
            found.append({
                "subscription_group_id": group_id,
                "subscription_group_event_date": known[1] or None,
                "subscription_group_state": _SHOWN[known[0]],
            })  # fmt: skip
    found.sort(key=lambda one: one["subscription_group_event_date"] or "", reverse=True)
    return found


def delete_address_subscriptions(call: Call) -> Json:
    """Forget the states of addresses, global and in groups. Bounces, spam reports and invalid numbers stay."""
    parts = call.body if isinstance(call.body, list) else [call.body]
    places = [f"/{index}" for index in range(len(parts))] if isinstance(call.body, list) else [""]
    for field in ("email", "phone"):
        given = list(chain.from_iterable(_listed(part, field, at) for part, at in zip(parts, places, strict=True)))
        _check_count(field, given)
        _forget(call, field, given)
    return {"status": "The emails and/or phone numbers have been queued for deletion", "message": "success"}


def _check_count(field: str, given: list[tuple[str, Any]]) -> None:
    if len(given) > MAX_ADDRESSES:
        hint = f"at most {MAX_ADDRESSES} values of {field}"
        raise ApiError("invalid", message="The max number of ids per request was exceeded", hint=hint)


def _forget(call: Call, field: str, given: Iterable[tuple[str, str]]) -> None:
    room = Profiles(call.state, call.now)
    for pointer, address in given:
        found = subscriptions.forget(room, field, address)
        if field == "email":
            found |= email_states.forget(room, address)
        if not found:
            call.fate(pointer, "nothing_to_remove", address)
    room.close()
