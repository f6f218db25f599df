"""Braze users: recording what they are and do, and reading it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import activity, attributes, names, nested, profiles
from emulator.state.change import Change, Refused
from emulator.state.profiles import Profiles

MAX_OBJECTS: Final = 75
MAX_IDS: Final = 50
NOTHING_VALID: Final = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."

_ARRAYS: Final[dict[str, Callable[[Change, Mapping[str, Json]], None]]] = {
    "attributes": attributes.apply,
    "events": activity.add_event,
    "purchases": activity.add_purchase,
}
"""In the order in which one call is applied (documented)."""
_FIELDS: Final = {*_ARRAYS, "partner", "api_key"}
"""`partner` names the sending product, `api_key` is the old place of the key; neither is kept."""


def track_users(call: Call) -> Json:
    """Apply every valid object; name the others in errors[] by their array and index."""
    body = call.body
    if sum(len(body.get(name) or ()) for name in _ARRAYS) > MAX_OBJECTS:
        raise ApiError("invalid", message="Max Input Length Exceeded", hint=f"at most {MAX_OBJECTS} objects a request")
    room = Profiles(call.state, call.now)
    refusals = _refusals(call)
    answer: dict[str, Json] = {"message": "success"}
    errors: list[Json] = []
    for name in _ARRAYS:
        if body.get(name):
            refused = _apply(call, room, name, refusals.get(name, {}))
            errors += ({"type": text, "input_array": name, "index": index} for index, text in sorted(refused.items()))
            answer[f"{name}_processed"] = len(body[name]) - len(refused)
    if not any(answer[name] for name in answer if name != "message"):
        raise ApiError("rejected", message=NOTHING_VALID, errors=errors, hint=_hint(errors))
    room.close()
    _tell(call, errors)
    return {**answer, "errors": errors} if errors else answer


def _refusals(call: Call) -> dict[str, dict[int, str]]:
    """array -> index -> the service's text, for the objects that the schema refuses."""
    found: dict[str, dict[int, str]] = {}
    for problem in call.problems:
        array, index = problem.steps[:2]
        found.setdefault(array, {})[int(index)] = problem.message
    return found


def _apply(call: Call, room: Profiles, name: str, refused: dict[int, str]) -> dict[int, str]:
    """Apply one array, object by object; answers the refused ones, those that the state refuses included."""
    apply, fate = _ARRAYS[name], call.fate
    if name == "attributes":
        room.plain = len(call.request.body) <= nested.MAX_BYTES and nested.all_plain(call.body[name])
    for index, item in enumerate(call.body[name]):
        if index in refused:
            continue
        try:
            apply(Change(room, fate, name, index), item)
        except Refused as error:
            refused[index] = str(error)
    return refused


def _tell(call: Call, errors: list[Json]) -> None:
    """Fates for what was refused and for fields that no such request has."""
    for error in errors:
        call.fate(f"/{error['input_array']}/{error['index']}", "refused", None, error["type"])
    for name in (name for name in _ARRAYS if name in call.body and call.body[name] is None):
        call.fate(f"/{name}", "null_ignored")
    for name in sorted(call.body.keys() - _FIELDS):
        call.fate(f"/{name}", "ignored", None, names.did_you_mean(names.closest(name, _ARRAYS)))


def _hint(errors: list[Json]) -> str:
    return "; ".join(f"{one['input_array']}[{one['index']}]: {one['type']}" for one in errors[:5])


def export_users_by_id(call: Call) -> Json:
    """The profiles that the identifiers mean, each once, in the order of the request."""
    body = call.body
    if len(body.get("external_ids") or ()) + len(body.get("user_aliases") or ()) > MAX_IDS:
        message = "The max number of external_ids and aliases per request was exceeded"
        raise ApiError("invalid", message=message, hint=f"at most {MAX_IDS} external_ids and user_aliases together")
    found: dict[str, None] = {}
    unknown: list[str] = []
    for asked, braze_ids in _wanted(call):
        found.update(dict.fromkeys(braze_ids))
        unknown += [] if braze_ids else [asked]
    fields = _fields(call)
    users = [_exported(call, braze_id, fields) for braze_id in found]
    answer = {"message": "success", "users": users}
    return {**answer, "invalid_user_ids": unknown} if unknown else answer


def _fields(call: Call) -> list[str] | None:
    fields: list[str] | None = call.body.get("fields_to_export")
    for index, name in enumerate(fields or ()):
        if name not in profiles.EXPORTABLE:
            meant = names.closest(name, profiles.EXPORTABLE)
            call.fate(f"/fields_to_export/{index}", "ignored", name, names.did_you_mean(meant))
    return fields


def _wanted(call: Call) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(identifier as text, the braze_ids of the profiles it means), in the order of the documentation."""
    body, state = call.body, call.state
    for external_id in map(str, body.get("external_ids") or ()):
        yield external_id, _one(state.external_ids.get(external_id))
    for alias in body.get("user_aliases") or ():
        yield alias["alias_name"], _one(state.aliases.get(profiles.alias_key(alias)))
    if body.get("braze_id"):
        yield body["braze_id"], _one(body["braze_id"] if body["braze_id"] in state.profiles else None)
    if body.get("device_id"):
        yield body["device_id"], _with_device(call, body["device_id"])
    if body.get("email_address"):
        yield body["email_address"], state.emails.get(profiles.email_key(body["email_address"]), ())
    if body.get("phone"):
        yield body["phone"], state.phones.get(profiles.phone_key(body["phone"]), ())


def _one(braze_id: str | None) -> tuple[str, ...]:
    return () if braze_id is None else (braze_id,)


def _with_device(call: Call, device_id: str) -> tuple[str, ...]:
    return tuple(
        braze_id
        for braze_id, record in call.state.profiles.items()
        if any(token["device_id"] == device_id for token in record.get("push_tokens", ()))
    )


def _exported(call: Call, braze_id: str, fields: list[str] | None) -> dict[str, Any]:
    whole = profiles.exported(call.state, call.state.profiles[braze_id], call.now)
    return whole if not fields else {name: value for name, value in whole.items() if name in fields}
