"""Making, changing and deleting what a call has planned, and reading the time it names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.handlers.braze._recipients import invalid
from emulator.state import schedules, zones
from emulator.state.bounds import bound
from emulator.state.schedules import DELETED, STARTED, WAITING, Schedule

BAD_TIME: Final = "Bad Request"
UNKNOWN: Final = "Invalid Schedule ID"
FURTHEST: Final = timedelta(days=bound("schedule_days"))
LEAD: Final = timedelta(hours=24)
"""Documented for campaigns of the dashboard."""
RENAMED: Final = {"override_messaging_limits": "override_frequency_capping"}
"""Fields that have another name in the call that sends at once."""


def create(call: Call, kind: str, about: str) -> Json:
    """Plan what the call says, but for its schedule; the identifiers."""
    body = {RENAMED.get(name, name): value for name, value in call.body.items() if name != "schedule"}
    key, dispatch_id = call.new_id("uuid"), call.new_id("hex32")
    assert call.account is not None
    planned = {
        "kind": kind,
        "about": about,
        "path": schedules.KINDS[kind],
        "body": body,
        "at": clock.iso_ms(call.now),
        "dispatch_id": dispatch_id,
        "trace": call.request.trace,
        "credential": call.account.credential,
        "entry": 0,
    }
    schedules.keep(call.state, key, {**planned, **_moment(call)})
    call.planned = key
    return {"dispatch_id": dispatch_id, "schedule_id": key, "message": "success"}


def find(call: Call, kind: str, about: str = "") -> Schedule:
    """What waits, or goes on through the time zones. Raises ApiError for everything else."""
    key = call.body["schedule_id"]
    held: Schedule | None = call.state.schedules.get(key)
    if held is None or held["kind"] != kind or (about and held["about"] != about):
        waiting = [
            one for one, other in call.state.schedules.items() if (other["kind"], other["status"]) == (kind, WAITING)
        ]
        raise invalid(UNKNOWN, f"no such schedule here; these wait: {', '.join(waiting[:5]) or 'none'}")
    if held["status"] == DELETED:
        raise invalid(UNKNOWN, f"'{key}' was deleted")
    if held["status"] == STARTED and not held["wall"]:
        raise invalid(UNKNOWN, f"'{key}' was sent at {_written(held)}")
    return held


def update(call: Call, held: Schedule, changes: Mapping[str, Any]) -> Json:
    """Write the changes and the call's schedule, if it has one; that one replaces the old one (documented)."""
    moment = _moment(call) if "schedule" in call.body else {}
    if held["status"] == STARTED:
        call.fate("/schedule_id", "schedule_begun", call.body["schedule_id"], f"it began at {_written(held)}")
    else:
        schedules.keep(call.state, call.body["schedule_id"], {**held, **changes, **moment})
    return {"message": "success"}


def delete(call: Call, kind: str, about: str = "") -> Json:
    find(call, kind, about)
    schedules.delete(call.state, call.body["schedule_id"])
    return {"message": "success"}


def _written(held: Schedule) -> str:
    return clock.iso_ms(clock.at(held["due"]))


def _moment(call: Call) -> dict[str, Any]:
    """{schedule, wall, due} of the call's schedule object. Raises ApiError for a time that cannot be."""
    given = call.body["schedule"]
    try:
        wall, zoned = clock.read_wall(given["time"])
        if not (given.get("in_local_time") or given.get("at_optimal_time")):
            at = clock.parse_instant(clock.read_time(given["time"]))
            _check(call, at)
            return {"schedule": given, "wall": "", "due": at.timestamp()}
        _check(call, wall.replace(tzinfo=clock.UTC), timedelta(days=1))
    except ValueError as error:
        raise invalid(BAD_TIME, f"schedule.time: {error}") from None
    return {"schedule": given, "wall": wall.isoformat(), "due": _begins(call, wall, zoned).timestamp()}


def _check(call: Call, at: datetime, room: timedelta = timedelta()) -> None:
    """Raises ApiError for a time that is past, or too far away."""
    if at - call.now < -room:
        raise invalid(BAD_TIME, f"schedule.time is past: it is {clock.iso_ms(call.now)}")
    if at - call.now > FURTHEST + room:
        raise invalid(BAD_TIME, f"schedule.time is more than {FURTHEST.days} days away")


def _begins(call: Call, wall: datetime, zoned: bool) -> datetime:
    """When a local time comes to the first zone of the world, or now where that was before."""
    at = zones.instant(wall, zones.company(call.state))
    _check(call, at)
    if zoned:
        call.fate(
            "/schedule/time", "schedule_zone_ignored", call.body["schedule"]["time"], f"read as {wall.isoformat()}"
        )
    if call.body["schedule"].get("at_optimal_time"):
        call.fate("/schedule/at_optimal_time", "optimal_time_unknown", True)
    if at - call.now < LEAD:
        call.fate("/schedule/time", "short_notice", call.body["schedule"]["time"])
    return max(call.now, zones.instant(wall, zones.FIRST))
