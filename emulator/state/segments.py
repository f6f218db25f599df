"""Segments: what a seed declares of them, listing them, and how large they were."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock
from emulator.errors import ConfigError
from emulator.state import audience
from emulator.state.draft import Draft

Segment = Mapping[str, Any]
"""{id, name, description, analytics_tracking_enabled, tags, teams, archived, created_at, updated_at, sequence} and
`filters`, which a segment of everybody does not have."""

_DAY: Final = timedelta(days=1)


def plant(draft: Draft, items: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write the segments of a checked seed document, and the tags they name. Raises ConfigError for bad filters."""
    for index, item in enumerate(items):
        draft.segments[item["id"]] = _new(item, f"seed.segments[{index}]", index, now)
        for tag in item.get("tags", ()):
            draft.tags[tag] = {}
    found = [
        flaw
        for index, item in enumerate(items)
        if "filters" in item
        for flaw in audience.flaws(draft, item["filters"], f"seed.segments[{index}].filters")
    ]
    if found:
        raise ConfigError("\n".join(found))


def _new(item: Mapping[str, Any], place: str, sequence: int, now: datetime) -> Segment:
    created = _time(item, "created_at", place, clock.iso_ms(now))
    return {
        "description": "",
        "analytics_tracking_enabled": True,
        "tags": [],
        "teams": [],
        "archived": False,
        **item,
        "created_at": created,
        "updated_at": _time(item, "updated_at", place, created),
        "sequence": sequence,
    }


def _time(item: Mapping[str, Any], name: str, place: str, default: str) -> str:
    try:
        return clock.read_time(item[name]) if name in item else default
    except ValueError as error:
        raise ConfigError(f"{place}.{name}: {error}") from None


def listed(draft: Draft, newest_first: bool) -> list[Segment]:
    """The segments that are not archived, by the time of their creation."""
    found = [segment for segment in draft.segments.values() if not segment["archived"]]
    return sorted(found, key=lambda one: (one["created_at"], one["sequence"]), reverse=newest_first)


def series(draft: Draft, segment: Segment, last: datetime, length: int, now: datetime) -> list[dict[str, Any]]:
    """{time, size} of the `length` days that end with the day of `last`, in UTC.

    Raises OverflowError for days before the calendar. No daily sizes are kept: a day's size is the number of
    today's members that were created by its end (assumed).
    """
    created = sorted(record["created_at"][:10] for record in audience.members(draft, segment.get("filters"), now))
    days = [clock.iso_ms(last - _DAY * back)[:10] for back in reversed(range(length))]
    return [{"time": day, "size": bisect_right(created, day)} for day in days]
