"""A user's local time: that of the profile's time zone, else of the company's, else UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from emulator import clock
from emulator.state import zones
from emulator.state.draft import Draft


def local(draft: Draft, record: Mapping[str, Any], at: datetime) -> datetime:
    """An instant as the user's clocks show it."""
    return at.astimezone(zones.of_user(draft, record))


def day_begins(at: datetime, days_back: int = 0) -> datetime:
    """The first moment of a local day, so many days before that of `at`, in UTC."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_back)
    return day.astimezone(clock.UTC)


def minute_of_day(text: str) -> int:
    """`22:30` as minutes since midnight."""
    return int(text[:2]) * 60 + int(text[3:])


def next_at(at: datetime, minute: int) -> datetime:
    """The next time after `at` that the local clocks show this minute of the day, in UTC."""
    found = at.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return (found if found > at else found + timedelta(days=1)).astimezone(clock.UTC)
