"""From what occurred in a call to the campaigns that it starts, and the Canvases that users enter or leave by it.

Runs inside the call's transaction, so a call that is dropped starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from emulator import clock
from emulator.call import Call, Occurrence
from emulator.messaging.excepting import keep_back
from emulator.messaging.journeys import enter, leave
from emulator.messaging.starting import CAMPAIGN, CANVAS, Begin, Cause, announce, start
from emulator.state import campaigns, conversions
from emulator.state.comparison import MISSING, field
from emulator.state.draft import Draft
from emulator.state.profiles import Record

MESSAGE: Final = "message"
"""The kind that brings its message along: POST /messages/send."""


class Begins(NamedTuple):
    """What is done for a user when something occurs that a record of `table` waits for, as it says in `waits_for`."""

    role: str
    table: str
    waits_for: str
    act: Begin


STARTING: Final = Begins(campaigns.STARTS, "campaigns", "trigger", start)
ENTERING: Final = Begins(campaigns.ENTERS, "canvases", "trigger", enter)
LEAVING: Final = Begins(campaigns.LEAVES, "canvases", "exit_criteria", leave)
ALL: Final = (LEAVING, STARTING, ENTERING)
"""In this order: what lets a user into a Canvas and out of it ends an earlier journey, not the new one."""
NAMED: Final = {CAMPAIGN: STARTING, CANVAS: ENTERING}
"""Kinds of occurrences that name whom they concern."""


def put(call: Call) -> None:
    """Decide about everything that occurred, and put what is to be sent in the outbox of the call's draft."""
    draft = call.state
    cause = Cause(draft, call.transaction.before["profiles"], call.now, call.request.trace)
    for occurrence in call.occurrences:
        if occurrence.kind == MESSAGE:
            announce(cause, occurrence)
            continue
        _meanwhile(cause, occurrence)
        for begins, one in _concerned(draft, occurrence):
            begins.act(cause, one, occurrence)
    if draft.touched and len(draft.triggers):
        _sessions(call)
        for begins, one, occurrence in _changes(call):
            call.occurrences.append(occurrence)
            begins.act(cause, one, occurrence)


def _concerned(draft: Draft, occurrence: Occurrence) -> list[tuple[Begins, Mapping[str, Any]]]:
    if occurrence.kind in NAMED:
        begins = NAMED[occurrence.kind]
        return [(begins, getattr(draft, begins.table)[occurrence.name])]
    return _waiting(draft, occurrence.kind, occurrence.name)


def _waiting(draft: Draft, kind: str, name: str = "") -> list[tuple[Begins, Mapping[str, Any]]]:
    return [
        (begins, getattr(draft, begins.table)[one])
        for begins in ALL
        for one in campaigns.listening(draft, kind, name, begins.role)
    ]


def _meanwhile(cause: Cause, occurrence: Occurrence) -> None:
    """What an event or a purchase means to messages that wait, and to those that were received."""
    if occurrence.kind not in NAMED:
        now = clock.iso_ms(cause.now)
        keep_back(cause, occurrence)
        happened = min(occurrence.data.get("time", now), now)
        conversions.count(cause.draft, occurrence.kind, occurrence.name, occurrence.braze_id, happened)
        if "revenue" in occurrence.data:
            conversions.earn(cause.draft, occurrence.braze_id, occurrence.data["revenue"], happened)


def _sessions(call: Call) -> None:
    """A later date_of_last_session is a session (assumed): no API tells Braze of one."""
    draft, before = call.state, call.transaction.before["profiles"]
    waited = campaigns.started_by(draft, "session", role=campaigns.CONVERTS)
    for braze_id in sorted(draft.touched) if waited else ():
        was, now = (
            (one or {}).get("date_of_last_session", "") for one in (before.get(braze_id), draft.profiles.get(braze_id))
        )
        if now > was:
            conversions.count(draft, "session", "", braze_id, now)


def _changes(call: Call) -> Iterator[tuple[Begins, Mapping[str, Any], Occurrence]]:
    """Changes of attributes and subscriptions that somebody waits for.

    The states before and after the call are compared: a value that changes twice in one call changed once (assumed).
    """
    draft, before = call.state, call.transaction.before["profiles"]
    waiting = [(kind, *found) for kind in _CHANGED for found in _waiting(draft, kind)]
    for braze_id in sorted(draft.touched) if waiting else ():
        old, new = before.get(braze_id), draft.profiles.get(braze_id)
        for kind, begins, one in waiting if new is not None else ():
            spec = one[begins.waits_for][kind]
            was, now = _CHANGED[kind](old, spec), _CHANGED[kind](new, spec)
            if _differ(was, now) and spec.get("to", now) == now:
                name = spec.get("name") or spec.get("channel") or spec["subscription_group_id"]
                yield begins, one, Occurrence(kind, braze_id, name, {})


def _differ(was: Any, now: Any) -> bool:
    return type(was) is not type(now) or bool(was != now)


def _attribute(record: Record | None, spec: Mapping[str, Any]) -> Any:
    return field(record, spec["name"])


def _subscription(record: Record | None, spec: Mapping[str, Any]) -> Any:
    """A profile that never said so is subscribed to e-mail and push, and unknown to a group."""
    if "channel" in spec:
        return (record or {}).get(f"{spec['channel']}_subscribe", "subscribed")
    return (record or {}).get("subscription_groups", {}).get(spec["subscription_group_id"], MISSING)


_CHANGED: Final = {"attribute": _attribute, "subscription": _subscription}
