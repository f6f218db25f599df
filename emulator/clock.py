"""The one owner of time. Every workspace has a clock that can be frozen and advanced."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from typing import Final

from emulator.errors import ConfigError

UTC: Final = timezone.utc
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
CENTURY: Final = 100 * 366 * 86400.0
EARLIEST: Final = datetime(1000, 1, 1, tzinfo=UTC).timestamp()
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

stopwatch = time.perf_counter
"""Seconds of real time, for measuring; never for anything that a workspace can see."""
effort = time.thread_time
"""Seconds of work that this thread has done, whatever else the machine did meanwhile."""
pause = time.sleep


class Clock:
    """Virtual time of one workspace: real time plus an offset, or a frozen instant, in UTC epoch seconds."""

    __slots__ = ("_reading",)

    def __init__(self, offset: float = 0.0, frozen: float | None = None) -> None:
        self._reading = offset, frozen  # one value, so that no other thread sees half of a change

    def seconds(self) -> float:
        offset, frozen = self._reading
        return frozen if frozen is not None else time.time() + offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def set(self, at: float, frozen: bool) -> None:
        """Raises ConfigError for an instant that the calendar does not have."""
        if not EARLIEST <= at <= LATEST:
            raise ConfigError("the clock stays between the years 1000 and 9000")
        self._reading = at - time.time(), at if frozen else None

    def freeze(self) -> None:
        self.set(self.seconds(), frozen=True)

    def resume(self) -> None:
        self.set(self.seconds(), frozen=False)

    def advance(self, seconds: float) -> None:
        self.set(self.seconds() + seconds, frozen=self.frozen)

    @property
    def frozen(self) -> bool:
        return self._reading[1] is not None

    def reading(self) -> tuple[float, float | None]:
        """What a snapshot keeps: offset and frozen instant."""
        return self._reading

    def restore(self, reading: tuple[float, float | None]) -> None:
        self._reading = reading


def parse_instant(text: str) -> datetime:
    """ISO 8601 text as an aware datetime in UTC; text without a zone is UTC. Raises ValueError.

    Not datetime.fromisoformat: what that accepts differs between versions of Python.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is not an ISO 8601 time such as 2026-01-02T03:04:05Z")
    return _instant(found.groups(""))


_TIME: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.:,](\d{1,9}))?)?)?"
    r" ?(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)
_AMERICAN: Final = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", re.ASCII)
_WEEKDAY_FIRST: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{1,2}|[A-Z][a-z]{2}) (\d{1,2}) (\d{2}):(\d{2}):(\d{2})"
    r"[. ]?(Z|UTC|GMT|[+-]\d{2}:?\d{2})? (\d{4})",
    re.ASCII,
)
_MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS: Final = {name: str(number) for number, name in enumerate(_MONTH_NAMES, start=1)}


def read_time(text: str) -> str:
    """Any way in which Braze takes a time, as `iso_ms` text in UTC, which sorts by time. Raises ValueError.

    Text without a zone is UTC, a date is its midnight. Sources: Braze's page on custom attributes lists the formats;
    `2019-02-15 00:00:00 -0500` was seen in recorded requests.
    """
    # 2026-01-31T12:00:00Z and 2026-01-31T12:00:00.123Z are what most clients send, and an event each on the hot path
    if text[-1:] == "Z" and text[10:11] == "T" and text[4:8:3] == "--" and text[13:17:3] == "::":
        date, rest = text[:19], text[19:-1]
        if not rest or (len(rest) == 4 and rest[0] == "." and rest[1:].isdecimal() and rest.isascii()):
            datetime.fromisoformat(date)
            return f"{date}{rest or '.000'}Z"
    return iso_ms(_instant(_parts(text)))


def read_wall(text: str) -> tuple[datetime, bool]:
    """What a time shows on the wall, without its zone, and whether it names one. Raises ValueError as `read_time`."""
    *shown, zone = _parts(text)
    return _instant((*shown, "")).replace(tzinfo=None), bool(zone)


def _instant(parts: tuple[str, ...]) -> datetime:
    """Year, month, day, hour, minute, second, fraction and zone as one instant in UTC. Raises ValueError."""
    year, month, day, hour, minute, second, fraction, zone = parts
    micro = int((fraction or "0").ljust(6, "0")[:6])
    at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, UTC)
    try:
        return at - _zone(zone)
    except OverflowError:
        raise ValueError(f"{at:%Y-%m-%d} {zone} is outside the years 1 to 9999") from None


def _parts(text: str) -> tuple[str, ...]:
    """Year, month, day, hour, minute, second, fraction, zone; what the text leaves out is empty."""
    if found := _TIME.fullmatch(text):
        return found.groups("")
    if found := _AMERICAN.fullmatch(text):
        month, day, year = found.groups("")
        return year, month, day, "", "", "", "", ""
    if found := _WEEKDAY_FIRST.fullmatch(text):
        month, day, hour, minute, second, zone, year = found.groups("")
        return year, _MONTHS.get(month, month), day, hour, minute, second, "", zone
    raise ValueError(f"'{text[:40]}' is not a time; write for example 2026-01-31T12:00:00Z")


def _zone(text: str) -> timedelta:
    if text[:1] not in ("+", "-"):
        return timedelta()
    minutes = int(text[1:3]) * 60 + int(text[-2:] if len(text) > 3 else 0)
    return timedelta(minutes=-minutes if text[0] == "-" else minutes)


def parse_duration(text: str | int | float) -> float:
    """`90`, `1.5s`, `250ms`, `1h30m` or `2d` as seconds. Raises ConfigError, also for more than a century."""
    if isinstance(text, (int, float)) and not isinstance(text, bool) and abs(text) <= CENTURY:
        return float(text)
    parts = _DURATION.findall(text) if isinstance(text, str) else []
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
    written = "".join(amount + unit for amount, unit in parts)
    if not parts or written != str(text).replace(" ", "") or seconds > CENTURY:
        raise ConfigError(f"'{text}' is not a duration; write for example 90s, 15m, 1h30m or 2d, a century at most")
    return seconds


def at(seconds: float) -> datetime:
    """Epoch seconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(at: datetime) -> str:
    """`2026-01-02T03:04:05Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(at: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`."""
    return f"{at.isoformat(timespec='milliseconds')[:23]}Z"


def later(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)
