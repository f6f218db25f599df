"""The days and hours of a series: `length` of them, of which the last holds `ending_at`, in the company's time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from emulator import clock
from emulator.call import Call
from emulator.errors import ApiError
from emulator.state import series

_SHORT_ZONE: Final = re.compile(r"([+-])(\d:\d{2})$")
"""`-5:00`, as the documentation's own examples write it."""
_LOST_PLUS: Final = re.compile(r"(:\d{2}(?:\.\d+)?) (\d{1,2}:\d{2})$")
"""`12:00:00 05:00`: a plus that was not encoded."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ZONED: Final = re.compile(r"(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|:\d{2}.*[+-]\d{2})$", re.ASCII)


def labels(call: Call, unit: str = "day") -> list[str]:
    """`YYYY-MM-DD` a day, or `YYYY-MM-DDTHH` an hour, the oldest first. Raises ApiError for an end that is no time."""
    last, length = _ending(call), call.args["length"]
    try:
        if unit == "hour":
            return [f"{last - timedelta(hours=back):%Y-%m-%dT%H}".zfill(13) for back in reversed(range(length))]
        return [day.isoformat() for day in days(last.date(), length)]
    except OverflowError:
        raise _invalid(call.args.get("ending_at", "")) from None


def between(call: Call, most: int) -> list[str]:
    """Days from that of starting_at, or `length` of them, to that of ending_at, the oldest first. Raises ApiError where
    neither is given, and for more than `most` days.
    """
    if "starting_at" not in call.args:
        if "length" not in call.args:
            message = "length or starting_at is required"
            raise ApiError(
                "invalid", message=message, hint=f"say length=7, for example, or from when on; {most} at most"
            )
        return labels(call)
    first, last = _wall(call, "starting_at").date(), _ending(call).date()
    count = (last - first).days + 1
    if not 1 <= count <= most:
        hint = f"from {first} to {last} there are {max(count, 0)} days; ask for 1 to {most}"
        raise ApiError("invalid", message=f"starting_at must be at most {most} days before ending_at", hint=hint)
    return [day.isoformat() for day in days(last, count)]


def days(last: date, length: int) -> list[date]:
    """`length` days that end with `last`. Raises OverflowError before the year 1."""
    return [last - timedelta(days=back) for back in reversed(range(length))]


def shown(call: Call, label: str) -> str:
    """How the service writes it: a date for a day, a date-time for an hour (documented)."""
    if len(label) == 10:
        return label
    zone = series.zone_name(call.state)
    offset = datetime.fromisoformat(f"{label}:00:00").replace(tzinfo=ZoneInfo(zone)).isoformat()[19:] if zone else "Z"
    return f"{label}:00:00{offset}"


def _ending(call: Call) -> datetime:
    return _wall(call, "ending_at")


def _wall(call: Call, name: str) -> datetime:
    """A time of the query, or now, by a clock in the company's time zone. A date is the end of its day (assumed)."""
    zone = ZoneInfo(series.zone_name(call.state) or "UTC")
    text = call.args.get(name)
    if text is None:
        return call.now.astimezone(zone).replace(tzinfo=None)
    try:
        at = clock.parse_instant(_mended(text))
        if _DATE.fullmatch(text):
            return at.replace(hour=23, tzinfo=None)
        return (at.astimezone(zone) if _ZONED.search(_mended(text)) else at).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _invalid(text, name) from None


def _mended(text: str) -> str:
    return _SHORT_ZONE.sub(r"\g<1>0\2", _LOST_PLUS.sub(r"\1+\2", text.strip()))


def _invalid(text: str, name: str = "ending_at") -> ApiError:
    hint = f"{name} is '{text[:40]}'; write for example 2026-01-31 or 2026-01-31T12:00:00Z, and %2B for a plus"
    return ApiError("invalid", message=f"{name} is not a valid datetime", hint=hint)
