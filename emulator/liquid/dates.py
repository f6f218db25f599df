"""Reading times as Ruby does, and moving them to other time zones."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from dateutil import parser

from emulator.liquid.ruby import UTC, aware, integer

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)? ?([Zz]|[Uu][Tt][Cc]|[+-]\d\d:?\d\d)?"
)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_LONGEST: Final = 128
_FIRST, _SECOND = datetime(1904, 1, 1), datetime(1908, 2, 2, 1, 1, 1, 1)
_NAMED: Final = {"UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6} | {
    "PST": -8,
    "PDT": -7,
    "CET": 1,
    "CEST": 2,
    "JST": 9,
}


def read(value: Any, now: datetime) -> datetime | None:
    """Utils.to_date: a time, "now" or "today", Unix seconds, or a text in one of many forms; else None."""
    if isinstance(value, datetime):
        return aware(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    if isinstance(value, str):
        value = value.lower() if value else value
        if value in ("now", "today"):
            return now
        if not (value.isascii() and value.isdigit()):
            return _parsed(value, now.replace(hour=0, minute=0, second=0, microsecond=0)) if value else None
        value = integer(value[:20])
    return _since_1970(value)


def _since_1970(value: int) -> datetime | None:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    except OverflowError:
        return None


@lru_cache(maxsize=1024)
def _parsed(value: str, today: datetime) -> datetime | None:
    found = _ISO.fullmatch(value.strip())
    try:
        if found:
            return _iso(found)
        return _free(value, today) if len(value) <= _LONGEST else None
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None


def _iso(found: re.Match[str]) -> datetime:
    parts = [int(part or 0) for part in found.groups()[:6]]
    micro = int((found[7] or "").ljust(6, "0")[:6])
    year, month, day, hour, minute, second = parts
    return datetime(year, month, day, hour, minute, second, micro, offset(found[8] or "") or UTC)


def _free(value: str, today: datetime) -> datetime:
    """Time.parse: parts left out before the first that is given are today's, those after it the least."""
    first = parser.parse(value, default=_FIRST, tzinfos=_zone_of)
    second = parser.parse(value, default=_SECOND, tzinfos=_zone_of)
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    parts, given = [], False
    for name in names:
        mine = getattr(first, name)
        if mine == getattr(second, name):
            given = True
        else:
            mine = getattr(_FIRST if given else today, name)
        parts.append(mine)
    return datetime(*parts).replace(tzinfo=first.tzinfo or UTC)


def _zone_of(name: str | None, seconds: int | None) -> tzinfo | None:
    if seconds is not None:
        return timezone(timedelta(seconds=seconds))
    hours = _NAMED.get((name or "").upper())
    return None if hours is None else timezone(timedelta(hours=hours)) if hours else UTC


def offset(value: str) -> tzinfo | None:
    """A numeric offset such as -0500 or +05:30, or UTC."""
    found = _OFFSET.fullmatch(value)
    if found is None:
        return UTC if value.upper() in ("Z", "UTC") else None
    shift = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if shift >= timedelta(days=1):
        return None
    return timezone(-shift if found[1] == "-" else shift) if shift else UTC


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo | None:
    """An IANA name or a numeric offset; None for neither."""
    name = name.strip()
    if not name:
        return None
    try:
        return offset(name) or ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
