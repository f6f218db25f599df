"""Braze's exports of many users: a segment's or the Global Control Group's, as a ZIP archive to fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from emulator import ids
from emulator.call import Call, Json, Work
from emulator.errors import ApiError
from emulator.handlers.braze import _segments
from emulator.state import audience, exports, names, profiles
from emulator.state.exports import Export
from emulator.state.profiles import Record

FIELDS_MISSING: Final = "fields_to_export is required"


def export_segment(call: Call) -> Json:
    """{message, object_prefix, url}. The users are those of this moment, however long the export runs."""
    segment = _segments.find(call, call.body["segment_id"])
    if any(one["segment_id"] == segment["id"] for one in exports.running(call.state, call.now)):
        message = "An export of this segment is already running"
        raise ApiError("export_running", message=message, hint="wait for it, advance the clock, or cancel it")
    if "filters" not in segment:
        call.fate("/segment_id", "segment_without_filters", segment["id"])
    users = audience.members(call.state, segment.get("filters"), call.now)
    return _begin(call, segment["id"], users, profiles.EXPORTABLE, _named(call))


def export_global_control_group(call: Call) -> Json:
    """As export_segment, for the users that the setting `global_control_group` puts there."""
    group = call.settings.get("global_control_group")
    if not group:
        hint = "declare the group in the seed: settings: {global_control_group: {percentage: 5}}"
        raise ApiError("invalid", message="There is no Global Control Group", hint=hint)
    users = [record for record in call.state.profiles.values() if audience.in_control_group(group, record)]
    return _begin(call, exports.CONTROL_GROUP, users, profiles.CONTROL_GROUP_EXPORTABLE, [])


def cancel_segment_export(call: Call) -> Json:
    """Stop the exports of a segment that are running; with none, success too (assumed)."""
    segment = _segments.find(call, call.body["segment_id"])
    if not exports.cancel(call.state, segment["id"], call.now):
        call.fate("/segment_id", "no_export_running", segment["id"])
    return {"message": "success"}


def _begin(call: Call, segment_id: str, users: Sequence[Record], exportable: frozenset[str], named: list[str]) -> Json:
    if len(exports.running(call.state, call.now)) >= exports.MOST_RUNNING:
        message = f"At most {exports.MOST_RUNNING} exports can run at the same time"
        raise ApiError("export_running", message=message, hint="wait for one, advance the clock, or cancel one")
    setting = call.settings.get("exports", {})
    own = bool(setting.get("own_storage"))
    wanted = {
        "segment_id": segment_id,
        "fields": _fields(call, exportable, bool(setting.get("all_fields"))),
        "custom_attributes": named,
        "own_storage": own,
        "extension": _extension(call, own),
    }
    seconds = float(setting.get("seconds", 0))
    export = exports.begin(call.state, wanted, users, call.now, seconds)
    place = {} if own else {"url": _url(call, export)}
    _call_back(call, export, place, seconds)
    return {"message": "success", "object_prefix": export["object_prefix"], **place}


def _fields(call: Call, exportable: frozenset[str], optional: bool) -> list[str] | None:
    """The wanted fields, None for all. Raises ApiError where an account of today names none."""
    fields: list[str] = call.body.get("fields_to_export") or []
    if not fields and not optional:
        hint = "accounts since April 2021 must name the fields; for an older one set exports: {all_fields: true}"
        raise ApiError("invalid", message=FIELDS_MISSING, hint=hint)
    for index, name in enumerate(fields):
        if name not in exportable:
            meant = names.closest(name, exportable)
            call.fate(f"/fields_to_export/{index}", "ignored", name, names.did_you_mean(meant))
    return [name for name in fields if name in exportable] if fields else None


def _named(call: Call) -> list[str]:
    """The custom attributes to export where not all of them are."""
    named: list[str] = call.body.get("custom_attributes_to_export") or []
    if named and "custom_attributes" in (call.body.get("fields_to_export") or ()):
        call.fate("/custom_attributes_to_export", "all_attributes_exported", named)
    return named


def _extension(call: Call, own_storage: bool) -> str:
    if call.body.get("output_format") != "gzip":
        return "zip"
    if not own_storage:
        call.fate("/output_format", "gzip_needs_own_storage", "gzip")
        return "zip"
    return "gz"


def _url(call: Call, export: Export) -> str:
    """Under the address that the client used for this request; the dispatcher knows `emulator` without one."""
    assert call.account is not None
    headers, bucket = call.request.headers, ids.in_path(call.account.workspace.name)
    scheme = "https" if headers.get("x-forwarded-proto") == "https" else "http"
    return f"{scheme}://{headers.get('host') or 'emulator'}/object-storage/{bucket}/{export['key']}"


def _call_back(call: Call, export: Export, place: Mapping[str, str], seconds: float) -> None:
    """POST {"success": true, "url": …} when the export is ready, if somebody wants to be told."""
    if not call.body.get("callback_endpoint"):
        return
    call.later(
        Work(
            url=call.body["callback_endpoint"],
            method="POST",
            headers={"Content-Type": "application/json"},
            body={"success": True, **place},
            delay=seconds,
            about="export_callback",
            data={"export": export["object_prefix"]},
        )
    )
