"""Exports of a segment's users: one at a time for a segment, a ZIP archive to fetch for four hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Any, Final

import orjson

from emulator import clock, ids
from emulator.state import profiles
from emulator.state.draft import Draft
from emulator.state.profiles import Record

Export = Mapping[str, Any]
"""{object_prefix, segment_id, key, started, ready, cancelled, own_storage, fields, custom_attributes, files}: times in
epoch seconds; `fields` None for all, `custom_attributes` the named ones; `files` are the names inside the archive."""

USERS_A_FILE: Final = 5_000
LIFETIME: Final = 4 * 3600.0
"""Seconds for which an archive can be fetched once it is there (documented as about four hours)."""
MOST_RUNNING: Final = 100
"""Exports of a company that run at the same time (documented)."""
CONTROL_GROUP: Final = "global_control_group"
"""What stands for the segment's id where the Global Control Group is exported (assumed)."""


def begin(draft: Draft, wanted: Mapping[str, Any], records: Sequence[Record], now: datetime, seconds: float) -> Export:
    """Keep the users as they are now. `wanted`: {segment_id, fields, custom_attributes, own_storage, extension}."""
    _forget(draft, now)
    started = now.timestamp()
    prefix = f"{draft.new_id('uuid')}-{int(started)}"
    day = clock.iso_ms(clock.later(now, seconds))[:10]
    name = f"{draft.new_id('hex32')}.{wanted['extension']}"
    export = {
        **{name: wanted[name] for name in ("segment_id", "fields", "custom_attributes", "own_storage")},
        "object_prefix": prefix,
        "key": f"segment-export/{ids.in_path(wanted['segment_id'])}/{day}/{prefix}/{name}",
        "started": started,
        "ready": started + seconds,
        "cancelled": False,
        "files": [f"{draft.new_id('hex32')}.json" for _ in range(0, max(1, len(records)), USERS_A_FILE)],
    }
    draft.exports[prefix] = export
    draft.export_contents[prefix] = tuple(records)  # records are never changed in place, so this costs no copies
    return export


def _forget(draft: Draft, now: datetime) -> None:
    """Let go of the users of exports that nobody can fetch any more."""
    for prefix in draft.export_contents:
        if has_expired(draft.exports[prefix], now):
            del draft.export_contents[prefix]


def running(draft: Draft, now: datetime) -> list[Export]:
    at = now.timestamp()
    return [one for one in draft.exports.values() if not one["cancelled"] and at < one["ready"]]


def cancel(draft: Draft, segment_id: str, now: datetime) -> int:
    """Stop a segment's running exports, their callbacks included; answers how many there were."""
    stopped = [one for one in running(draft, now) if one["segment_id"] == segment_id]
    for export in stopped:
        draft.exports[export["object_prefix"]] = {**export, "cancelled": True}
        del draft.export_contents[export["object_prefix"]]
    prefixes = {one["object_prefix"] for one in stopped}
    for number, item in draft.outbox.items() if stopped else ():
        if item.get("data", {}).get("export") in prefixes:
            del draft.outbox[number]
    return len(stopped)


def has_expired(export: Export, now: datetime) -> bool:
    return bool(now.timestamp() >= export["ready"] + LIFETIME)


def archive(draft: Draft, export: Export) -> bytes:
    """The ZIP archive: one JSON object a line, USERS_A_FILE lines a file. The same export gives the same bytes."""
    import zipfile  # 10 ms, and only where an export is fetched

    at = datetime.fromtimestamp(export["started"], clock.UTC)
    users = (selected(draft, record, at, export) for record in draft.export_contents[export["object_prefix"]])
    raw = BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in export["files"]:
            info = zipfile.ZipInfo(name, _zip_time(at))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            packed.writestr(info, b"".join(_lines(islice(users, USERS_A_FILE))))
    return raw.getvalue()


def _lines(users: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    for user in users:
        yield orjson.dumps(user, option=orjson.OPT_APPEND_NEWLINE)


def _zip_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    """A ZIP archive counts years from 1980 to 2107."""
    return (min(max(at.year, 1980), 2107), at.month, at.day, at.hour, at.minute, at.second)


def selected(draft: Draft, record: Record, now: datetime, export: Export) -> dict[str, Any]:
    """An exported profile with the wanted fields, and of its custom attributes the wanted ones."""
    whole, fields, named = profiles.exported(draft, record, now), export["fields"], export["custom_attributes"]
    if fields is None:
        return whole
    found = {name: value for name, value in whole.items() if name in fields}
    held = whole.get("custom_attributes", {})
    chosen = {name: held[name] for name in named if name in held}
    return {**found, "custom_attributes": chosen} if chosen and "custom_attributes" not in fields else found
