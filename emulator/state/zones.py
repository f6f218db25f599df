"""Time zones: the company's, a user's, and the instant at which a clock on the wall of one shows a time.

A user without a time zone has the company's (documented: Braze's questions and answers on campaigns).
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from emulator.clock import UTC
from emulator.state import places, series
from emulator.state.draft import Draft
from emulator.state.profiles import Record

FIRST: Final = ZoneInfo("Etc/GMT-14")
LAST: Final = ZoneInfo("Etc/GMT+12")
"""Where a day begins first in the world, and where last."""


@lru_cache(maxsize=1024)
def named(name: str) -> ZoneInfo:
    """By its IANA name or that of Rails. Raises KeyError or ValueError for no zone."""
    return ZoneInfo(places.RAILS_ZONES.get(name, name))


def company(draft: Draft) -> ZoneInfo:
    return named(series.zone_name(draft) or "UTC")


def of_user(draft: Draft, record: Record) -> ZoneInfo:
    name = record.get("time_zone")
    return named(name) if name and places.is_time_zone(name) else company(draft)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """In UTC. A time that summer time skips is as long after midnight as ever, one that comes twice is the first
    (assumed; Braze documents nothing).
    """
    return wall.replace(tzinfo=zone).astimezone(UTC)


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)
