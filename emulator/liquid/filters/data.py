"""Filters of times and JSON, and those that pass a value on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from emulator.liquid import dates
from emulator.liquid.limits import CapReached, bound, weigh
from emulator.liquid.paths import item
from emulator.liquid.ruby import empty, moment, text, truthy
from emulator.liquid.strftime import MAX_FORMAT, strftime

Note = Callable[[str, str], None]


def date(value: Any, pattern: Any, now: datetime) -> Any:
    """A text; what is no time stays as it is."""
    shown = text(pattern)
    at = dates.read(value, now) if shown else None
    if at is None:
        return value
    if len(shown) > MAX_FORMAT:
        raise CapReached("expression", len(shown))
    return strftime(at, shown)


def time_zone(value: Any, name: Any, now: datetime, note: Note) -> Any:
    """A time in a zone, for date to write; what is no time, and any time in no zone, stays as it is."""
    at, zone = dates.read(value, now), dates.zone(text(name)[:100])
    if zone is None:
        note("time_zone_unknown", f"there is no time zone {text(name)[:40]!r}; the time stays in UTC")
    return value if at is None or zone is None else at.astimezone(zone)


def json_parse(value: Any, note: Note) -> Any:
    try:
        return orjson.loads(text(value))
    except orjson.JSONDecodeError as error:
        note("unreadable_json", f"json_parse: {error}")
        return None


def as_json_string(value: Any) -> str:
    weigh(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, range):
        bound("items", len(value))
        return list(value)
    return moment(value) if isinstance(value, datetime) else text(value)


def property_accessor(value: Any, key: Any) -> Any:
    return item(value, text(key))


def default(value: Any, instead: Any = "", allow_false: Any = None) -> Any:
    """Fires for what is not set, false, and what has nothing in it; not for blanks."""
    unset = value is None if truthy(allow_false) else not truthy(value)
    return instead if unset or empty(value) else value


def id_(value: Any, name: Any) -> Any:
    """What the composer writes on Content Blocks; the value stays as it is."""
    return value


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "date": date,
    "time_zone": time_zone,
    "json_parse": json_parse,
    "as_json_string": as_json_string,
    "property_accessor": property_accessor,
    "default": default,
    "id": id_,
}
