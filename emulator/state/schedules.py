"""Sends that the API has scheduled: what is to be sent, when, and what became of it.

A schedule is {path, kind, about, body, schedule, wall, due, status, at, dispatch_id, trace, credential, entry, item}:
`path` and `body` are the call that sends the same at once; `about` is the campaign or Canvas; `wall` is the time on the
wall of each user, or nothing; `due` is when it begins, in epoch seconds; `item` is its work in the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.state import sends
from emulator.state.draft import Draft

Schedule = Mapping[str, Any]

WAITING, STARTED, DELETED = "waiting", "started", "deleted"
UNSCHEDULED: Final = "the schedule was deleted"
KINDS: Final = {"messages": "/messages/send", "campaign": "/campaigns/trigger/send", "canvas": "/canvas/trigger/send"}
"""What is scheduled -> the operation that sends it at once."""


def keep(draft: Draft, key: str, schedule: Schedule) -> None:
    """Write a schedule and let it wait for its time, in the place of what waited before."""
    withdraw(draft, key)
    item = draft.queue({"due": schedule["due"], "chain": 0, "schedule": key})
    draft.schedules[key] = {**schedule, "status": WAITING, "item": item}


def withdraw(draft: Draft, key: str) -> None:
    """Take from the outbox what waits to be begun."""
    item = draft.schedules.get(key, {}).get("item")
    if item is not None and item in draft.outbox:
        del draft.outbox[item]


def delete(draft: Draft, key: str) -> None:
    """Nobody gets it any more; the decisions of users whose local time has not come say so."""
    withdraw(draft, key)
    for place, item in draft.outbox.items():
        waiting = item.get("send") or item.get("journey") or {}
        if key in (waiting.get("schedule_id"), waiting.get("outside")):
            del draft.outbox[place]
            sends.change(draft, "decisions", waiting["decision"], outcome="not_sent", reason=UNSCHEDULED)
    draft.schedules[key] = {**draft.schedules[key], "status": DELETED, "body": None}


def begin(draft: Draft, key: str, due: float) -> Schedule | None:
    """The schedule whose time has come; None where it was changed or deleted after it was taken from the outbox."""
    held: Schedule | None = draft.schedules.get(key)
    if held is None or held["status"] != WAITING or held["due"] != due:
        return None
    draft.schedules[key] = {**held, "status": STARTED, "body": None}
    return held


def given(key: str, schedule: Schedule) -> Mapping[str, Any]:
    """What everything that starts now has of its schedule."""
    wall = {"wall": schedule["wall"]} if schedule["wall"] else {}
    return {"dispatch_id": schedule["dispatch_id"], "schedule_id": key, **wall}


def number(draft: Draft, key: str, entry: int) -> None:
    """Note which entry of the journal planned it."""
    if key in draft.schedules:
        draft.schedules[key] = {**draft.schedules[key], "entry": entry}


def next_due(draft: Draft, about: str) -> float | None:
    """When the next schedule of a campaign or a Canvas begins."""
    held = draft.schedules.values()
    return min((one["due"] for one in held if (one["about"], one["status"]) == (about, WAITING)), default=None)
