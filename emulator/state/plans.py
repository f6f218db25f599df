"""Campaigns and Canvases that start at planned times: how a seed says so, and the next turn, waiting in the outbox.

A turn is a time on the wall: in the company's time zone, or in each user's (`local`). One of users' local times begins
when the first zone of the world has that time, and each user gets the message at his own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock
from emulator.clock import UTC
from emulator.errors import ConfigError
from emulator.state import zones
from emulator.state.draft import Draft
from emulator.state.recurrence import turns

Plan = Mapping[str, Any]
"""A Schedule of state.recurrence, `local`, and `optimal` where it is local for want of the optimal time (assumed)."""

YEARS: Final = range(1970, 9000)
GRACE: Final = timedelta(hours=1)
"""How late a user may still get a message at his local time (documented: questions and answers on campaigns)."""
_RECENT: Final = timedelta(days=2)
"""No turn that can still be sent is older: the zones of the world lie 26 hours apart."""


def read(draft: Draft, given: Mapping[str, Any], place: str) -> Plan:
    """What a checked seed says under `schedule`. Raises ConfigError."""
    optimal = given.get("at_optimal_time", False)
    local = optimal or given.get("in_local_time", False)
    end = given.get("end", "")
    try:
        wall, zoned = clock.read_wall(given["time"])
        last = clock.read_wall(end)[0].date().isoformat() if end else ""
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None
    if wall.year not in YEARS:
        raise ConfigError(f"{place}.time: the year is between {YEARS[0]} and {YEARS[-1]}")
    if zoned and local:
        raise ConfigError(f"{place}.time: everybody's local time has no zone; write {wall.isoformat()}")
    if zoned:
        wall = zones.wall(clock.parse_instant(clock.read_time(given["time"])), zones.company(draft))
    repeated = {"repeat": given.get("repeat", ""), "every": given.get("every", 1), "on": given.get("on", [])}
    return {"time": wall.isoformat(), **repeated, "end": last, "local": local, "optimal": optimal}


def begins(draft: Draft, plan: Plan, turn: datetime) -> datetime:
    return zones.instant(turn, zones.FIRST if plan["local"] else zones.company(draft))


def _ends(draft: Draft, plan: Plan, turn: datetime) -> datetime:
    """When nobody gets it any more."""
    return zones.instant(turn, zones.LAST) + GRACE if plan["local"] else zones.instant(turn, zones.company(draft))


def wait(draft: Draft, kind: str, id: str, plan: Plan, now: datetime, after: datetime = datetime.min) -> None:
    """Let the next turn after `after` wait in the outbox; turns that are over already are left out."""
    since = max(after, zones.wall(now, zones.LAST) - _RECENT) if now.year in YEARS else after
    turn = next((one for one in turns(plan, since) if _ends(draft, plan, one) >= now), None)
    if turn is None:
        draft.plans[id] = {"kind": kind, "turn": "", "due": None, "item": ""}
        return
    due = max(begins(draft, plan, turn), now).timestamp()
    item = draft.queue({"due": due, "chain": 0, "plan": id, "turn": turn.isoformat()})
    draft.plans[id] = {"kind": kind, "turn": turn.isoformat(), "due": due, "item": item}


def withdraw(draft: Draft, id: str) -> None:
    """Let no turn come any more."""
    held = draft.plans.get(id)
    if held is None:
        return
    if held["item"] in draft.outbox:
        del draft.outbox[held["item"]]
    del draft.plans[id]


def shown(draft: Draft, plan: Plan, turn: str) -> tuple[str, datetime]:
    """A turn as the API shows it, with the company's offset unless it is of local times; and the instant by which it
    counts.
    """
    wall = datetime.fromisoformat(turn)
    at = wall.replace(tzinfo=zones.company(draft))
    return (turn if plan["local"] else at.isoformat()), at.astimezone(UTC)
