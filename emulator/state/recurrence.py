"""The turns of a schedule: once, or every so many days, weeks or months; as times on the wall, without a zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Schedule = Mapping[str, Any]
"""{time, repeat, every, on, end}: `time` without a zone; `repeat` is daily, weekly, monthly or nothing; `on` has the
weekdays, or the days of the month; `end` is the last day, or nothing.
"""


def turns(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Those later than `after`, in order."""
    first = datetime.fromisoformat(schedule["time"])
    end = date.fromisoformat(schedule["end"]) if schedule["end"] else date.max
    for day in _days(schedule, first.date(), after.date()):
        turn = datetime.combine(day, first.time())
        if day > end:
            return
        if turn >= first and turn > after:
            yield turn


def _days(schedule: Schedule, first: date, after: date) -> Iterator[date]:
    """In order; they begin somewhere before `after`."""
    if not schedule["repeat"]:
        yield first
        return
    length, period = _PERIODS[schedule["repeat"]]
    every = schedule["every"]
    skipped = max(0, length(first, after) // every)
    for number in count(skipped * every, every):
        yield from sorted(period(schedule["on"], first, number))


def _weeks(first: date, after: date) -> int:
    return (after - _monday(first)).days // 7


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _months(first: date, after: date) -> int:
    return (after.year - first.year) * 12 + after.month - first.month


def _day(on: list[Any], first: date, number: int) -> set[date]:
    return {first + timedelta(days=number)}


def _week(on: list[Any], first: date, number: int) -> set[date]:
    """Weeks begin on Monday (assumed)."""
    days = [WEEKDAYS.index(one) for one in on] or [first.weekday()]
    return {_monday(first) + timedelta(days=7 * number + one) for one in days}


def _month(on: list[Any], first: date, number: int) -> set[date]:
    """A day that the month does not have is its last one (assumed)."""
    year, month = divmod(first.year * 12 + first.month - 1 + number, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    days = [last if one == "last" else min(one, last) for one in on or [first.day]]
    return {date(year, month + 1, one) for one in days}


_PERIODS: Final[dict[str, tuple[Callable[[date, date], int], Callable[[list[Any], date, int], set[date]]]]] = {
    "daily": (lambda first, after: (after - first).days, _day),
    "weekly": (_weeks, _week),
    "monthly": (_months, _month),
}
"""repeat -> how many such periods lie between two days, and the days of a period."""
