"""Quiet hours: the part of a day, by the user's clock, in which a campaign sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from emulator.clock import UTC

HOUR: Final = 60


def end(quiet: Mapping[str, str], at: datetime) -> datetime | None:
    """When the quiet hours are over in which a local time lies, in UTC; None where it lies in none.

    `quiet` is {start, end}, texts such as 22:30; where the end comes first, it is that of the next day.
    """
    first, last, minute = _minute(quiet["start"]), _minute(quiet["end"]), at.hour * HOUR + at.minute
    if not (first <= minute < last if first < last else minute >= first or minute < last):
        return None
    found = at.replace(hour=last // HOUR, minute=last % HOUR, second=0, microsecond=0)
    return (found if found > at else found + timedelta(days=1)).astimezone(UTC)


def _minute(text: str) -> int:
    """Of the day."""
    return int(text[:2]) * HOUR + int(text[3:])
