"""How long a message waits after what started it: a time, the next weekday, or so many calendar days.

Source: Braze's page on time-based functionalities for campaigns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from emulator import clock
from emulator.errors import ConfigError
from emulator.state import zones
from emulator.state.draft import Draft
from emulator.state.profiles import Record
from emulator.state.recurrence import WEEKDAYS

Delay = float | Mapping[str, Any]
"""Seconds; or {next: weekday, at} or {days, at}, with `local: true` in the user's time zone, else in the company's."""


def read(item: Mapping[str, Any], place: str) -> Delay:
    """The delay of a checked seed item. Raises ConfigError."""
    given = item.get("delay", 0)
    if isinstance(given, Mapping):
        return given
    try:
        seconds = clock.parse_duration(given)
    except ConfigError as error:
        raise ConfigError(f"{place}.delay: {error}") from None
    if seconds < 0:
        raise ConfigError(f"{place}.delay: a message does not come before what starts it")
    return seconds


def end(delay: Delay, draft: Draft, record: Record, now: datetime) -> datetime:
    """When a delay that begins now is over."""
    if not isinstance(delay, Mapping):
        return now + timedelta(seconds=delay)
    zone = zones.of_user(draft, record) if is_local(delay) else zones.company(draft)
    today = zones.wall(now, zone).date()
    wall = datetime.combine(today + timedelta(days=_days(delay, today.weekday())), time.fromisoformat(delay["at"]))
    return max(now, zones.instant(wall, zone))


def _days(delay: Mapping[str, Any], today: int) -> int:
    """On a Saturday, the next Saturday is a week away (documented)."""
    if "days" in delay:
        return int(delay["days"])
    return (WEEKDAYS.index(delay["next"]) - today - 1) % 7 + 1


def is_local(delay: Delay) -> bool:
    """Whether it ends by the user's clock."""
    return isinstance(delay, Mapping) and bool(delay.get("local"))


def least(delay: Delay) -> float:
    """Seconds that it takes at least."""
    if not isinstance(delay, Mapping):
        return delay
    return (int(delay.get("days", 1)) - 1) * 86_400.0


def words(delay: Delay) -> str:
    if not isinstance(delay, Mapping):
        return f"{delay:g} s"
    day = f"the next {delay['next']}" if "next" in delay else f"in {delay['days']} days"
    return f"{day} at {delay['at']}, by the clock of the {'user' if is_local(delay) else 'company'}"
