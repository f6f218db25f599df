"""Braze users: recording what they are and do, and reading it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _tracking
from emulator.state import names, profiles
from emulator.state.bounds import bound

MAX_OBJECTS: Final = bound("track_objects")
MAX_LEGACY_OBJECTS: Final = bound("legacy_track_objects")
MAX_SYNC_OBJECTS: Final = bound("sync_objects")
MAX_BULK_OBJECTS: Final = bound("bulk_objects")
MAX_BULK_OBJECTS_PER_USER: Final = bound("bulk_objects_per_user")
MAX_BULK_BYTES: Final = bound("bulk_body_bytes")
MAX_IDS: Final = bound("exported_ids")


def track_users(call: Call) -> Json:
    """Apply every valid object; name the others in errors[] by their array and index."""
    legacy = call.settings.get("plan") == "legacy"
    return _tracking.track(call, MAX_LEGACY_OBJECTS if legacy else MAX_OBJECTS)[0]


def track_users_sync(call: Call) -> Json:
    """Apply one object and show what it has named, as it is now."""
    _, change = _tracking.track(call, MAX_SYNC_OBJECTS)
    return {"users": _tracking.result(call, change), "message": "success"}


def track_users_bulk(call: Call) -> Json:
    """As track_users, with more objects, but not too many of one user."""
    if len(call.request.body) > MAX_BULK_BYTES:
        hint = f"the body has {len(call.request.body)} bytes; at most {MAX_BULK_BYTES} are taken"
        raise ApiError("invalid", message="Request Entity Too Large", hint=hint)
    _tracking.check_each_user(call, MAX_BULK_OBJECTS_PER_USER)
    return _tracking.track(call, MAX_BULK_OBJECTS)[0]


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
