"""A user's way through a Canvas: in, from step to step, and out.

A journey that waits is an item of the outbox. Its decision, that of the entry, tells the whole way.
Sources: Braze's pages on Canvas: entry, delay, audience paths, message steps and exit criteria.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from emulator import clock
from emulator.call import Occurrence
from emulator.messaging import outbox, starting
from emulator.messaging.eligibility import (
    ACTIVE,
    AFTER_DELAY,
    RECHECK,
    TRIGGER,
    VALIDATIONS,
    Case,
    judge,
    obstacle,
    validated,
)
from emulator.messaging.starting import SENDER, Cause
from emulator.state import audience, campaigns, canvas_steps, canvases, delays, sends
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

STEP: Final = "canvas_step"
GONE: Final = "the Canvas is not there any more"
LAST: Final = 1.0
"""The rank of a journey in the outbox: it goes on after everything else that is due at the same time, so that the
messages of a step are sent before the next one is reached."""


def enter(cause: Cause, canvas: canvases.Canvas, occurrence: Occurrence) -> None:
    """Decide whether a user enters; who does goes on as soon as the call is done, or at a local time, when there is
    another look. `properties` become the context.
    """
    draft, braze_id = cause.draft, occurrence.braze_id
    decision, failed = starting.decide(cause, canvas, canvases.names(canvas), occurrence)
    if failed is None:
        at = starting.local_due(cause, occurrence)
        if at is None:
            canvases.enter(draft, canvas, braze_id, decision, cause.now)
        variant = campaigns.variant(canvas, braze_id)
        assert variant is not None, "one of the checks"
        journey = {
            "decision": decision,
            "canvas_id": canvas["id"],
            "braze_id": braze_id,
            "step": variant["first"],
            "context": occurrence.data.get("properties") or {},
            **({"outside": occurrence.data.get("schedule_id", "")} if at else {}),
        }
        item = {"sender": SENDER, "trace": cause.trace, "attempt": 0, "rank": LAST, "journey": journey}
        _park(draft, item, cause.now, at or cause.now)
    elif starting.in_control(failed):
        canvases.enter(draft, canvas, braze_id, "", cause.now)


def leave(cause: Cause, canvas: canvases.Canvas, occurrence: Occurrence) -> None:
    """An exit event: who is inside leaves at the end of the present step, a delay too (documented)."""
    draft, braze_id, kind = cause.draft, occurrence.braze_id, occurrence.kind
    inside = [one for one, why in canvases.open_journeys(draft, canvas["id"], braze_id).items() if not why]
    case = Case(
        draft, {"trigger": canvas["exit_criteria"]}, draft.profiles[braze_id], cause.now, None, kind, occurrence.data
    )
    if not inside or obstacle(judge(TRIGGER, case)) is not None:
        return
    why = f"exit criteria: {kind.replace('_', ' ')} '{occurrence.name}' at {clock.iso_ms(cause.now)}"
    canvases.mark(draft, canvas["id"], braze_id, why)
    for decision in inside:
        sends.told(draft, decision, [_trail("exit criteria", "wait", f"{why}; it ends with the present step")])


def walk(workspace: Workspace, item: Mapping[str, Any]) -> None:
    """Go on with a journey whose time has come, as far as it goes without waiting."""
    with workspace.transaction() as draft:
        _Walk(draft, item, workspace.clock.now()).go()


def _park(draft: Draft, item: Mapping[str, Any], now: datetime, at: datetime) -> None:
    due = {"due": at.timestamp(), "chain": outbox.chain((at - now).total_seconds())}
    draft.queue({**item, **due})


def _trail(check: str, verdict: str, reason: str) -> Mapping[str, str]:
    return {"check": check, "verdict": verdict, "reason": reason}


class _Walk:
    """One journey, from the step where it stands."""

    def __init__(self, draft: Draft, item: Mapping[str, Any], now: datetime) -> None:
        self.draft, self.item, self.now = draft, item, now
        self.journey: Mapping[str, Any] = item["journey"]
        self.canvas: canvases.Canvas = draft.canvases.get(self.journey["canvas_id"], {})
        self.record: Mapping[str, Any] = draft.profiles.get(self.journey["braze_id"], {})

    def go(self) -> None:
        if "outside" in self.journey and not self._let_in():
            return
        later = self._held()
        if later is not None:
            _park(self.draft, self.item, self.now, later)
            return
        if self._shut_out():
            return
        place: str | None = self.journey["step"]
        while place is not None:
            outcome, why = self._over(place)
            if outcome:
                self._end(outcome, why)
                return
            step = self.canvas["steps"][place]
            place = _STEPS[step["type"]](self, step)

    def _let_in(self) -> bool:
        """The audience is looked at again at the user's local time (documented for campaigns), and only who is still in
        it enters.
        """
        decision = self.journey["decision"]
        if not self.record or not self.canvas:
            why = self._gone() if self.canvas else GONE
            sends.told(self.draft, decision, [_trail("entry", "fail", why)], outcome="not_sent", reason=why)
            return False
        verdicts = judge({**AFTER_DELAY, **RECHECK}, Case(self.draft, self.canvas, self.record, self.now))
        failed = obstacle(verdicts)
        if failed is not None:
            sends.told(self.draft, decision, verdicts, outcome="not_sent", reason=failed["reason"])
            return False
        sends.told(self.draft, decision, verdicts)
        canvases.enter(self.draft, self.canvas, self.record["braze_id"], decision, self.now)
        return True

    def _held(self) -> datetime | None:
        """When to look again, where none of the step's messages has been sent or given up: the user goes on as soon as
        one is (documented). One waits for the end of quiet hours, for example.
        """
        decisions = [self.draft.decisions.get(one, {}) for one in self.journey.get("messages", ())]
        if any(one.get("outcome") != "waiting" for one in decisions):
            return None
        later = (clock.parse_instant(one["until"]) for one in decisions if "until" in one)
        return min((at for at in later if at > self.now), default=None)

    def _shut_out(self) -> bool:
        """Who did not pass the step's delivery validations when a message had waited leaves too (documented)."""
        for one in self.journey.get("messages", ()):
            checks = self.draft.decisions.get(one, {}).get("checks", ())
            failed = next(
                (check for check in checks if check["check"] == VALIDATIONS and check["verdict"] == "fail"), None
            )
            if failed is not None:
                self._end("exited", f"{VALIDATIONS}: {failed['reason']}")
                return True
        return False

    def _over(self, place: str) -> tuple[str, str]:
        """(outcome, reason) of a journey that ends here; looked at before each step (for the filter assumed)."""
        if not self.record or not self.canvas:
            return "exited", self._gone() if self.canvas else GONE
        if not place:
            return "finished", ""
        if place not in self.canvas["steps"]:  # another Canvas was declared in its place
            return "exited", "the Canvas has no such step any more"
        case = Case(self.draft, self.canvas, self.record, self.now)
        stopped, filters = obstacle(judge(ACTIVE, case)), self.canvas["exit_criteria"].get("audience")
        marked = canvases.open_journeys(self.draft, self.canvas["id"], self.record["braze_id"])
        if stopped is not None:
            return "exited", stopped["reason"]
        if why := marked.get(self.journey["decision"], ""):
            return "exited", why
        if filters is not None and audience.matches(self.draft, self.record, filters, self.now):
            return "exited", f"exit criteria: in the audience {filters}"[:300]
        return "", ""

    def _gone(self) -> str:
        into = self.draft.merged_profiles.get(self.journey["braze_id"])
        return f"the user was merged into {into}" if into else "the user was deleted"

    def _end(self, outcome: str, why: str) -> None:
        end = _trail("end", "pass" if outcome == "finished" else "fail", why or "the journey came to its end")
        sends.told(self.draft, self.journey["decision"], [end], outcome=outcome, reason=why)
        if self.canvas:
            canvases.leave(self.draft, self.canvas, self.journey["braze_id"], self.journey["decision"], self.now)

    def _tell(self, step: canvas_steps.Step, verdict: str, reason: str) -> None:
        sends.told(self.draft, self.journey["decision"], [_trail(f"step {step['name']}", verdict, reason)])

    def _wait(self, step: canvas_steps.Step, at: datetime, messages: Sequence[str] = ()) -> None:
        inside = {name: value for name, value in self.journey.items() if name != "outside"}
        item = {**self.item, "journey": {**inside, "step": step["next"], "messages": [*messages]}}
        _park(self.draft, item, self.now, at)

    def message(self, step: canvas_steps.Step) -> None:
        """Whatever becomes of the messages, the user goes on when they had their turn. Who is not in the audience of
        the step's delivery validations leaves (documented, both).
        """
        verdicts = judge({VALIDATIONS: validated(step)}, Case(self.draft, self.canvas, self.record, self.now))
        failed = obstacle(verdicts)
        if failed is not None:
            self._tell(step, "fail", failed["reason"])
            self._end("exited", f"{VALIDATIONS}: {failed['reason']}")
            return
        sent = [self._send(step, one) for one in step["messages"]]
        self._tell(step, "pass", f"{' and '.join(one['channel'] for one in step['messages'])}: see the step's decision")
        self._wait(step, self.now, sent)

    def _send(self, step: canvas_steps.Step, message: Mapping[str, Any]) -> str:
        """The message's decision."""
        cause = Cause(self.draft, {}, self.now, self.item["trace"])
        occurrence = Occurrence(STEP, self.record["braze_id"], step["name"], {})
        names = canvases.names(self.canvas, step)
        decision = starting.record(cause, names, occurrence, [], message["id"])
        context = self.journey["context"]
        place = {"canvas_id": self.canvas["id"], "step_id": step["id"], "message_id": message["id"]}
        seen = {"context": context, "canvas_entry_properties": context}
        starting.wait(cause, decision, occurrence, self.now, **place, properties=seen)
        return decision

    def delay(self, step: canvas_steps.Step) -> None:
        at = delays.end(step["delay"], self.draft, self.record, self.now)
        self._tell(step, "wait", f"until {clock.iso_ms(at)}")
        self._wait(step, at)

    def paths(self, step: canvas_steps.Step) -> str:
        """The first path whose audience has the user; the last one has everybody."""
        inside = partial(audience.matches, self.draft, self.record, now=self.now)
        path = next(one for one in step["paths"] if inside(one["audience"]))
        self._tell(step, "pass", path["name"])
        following: str = path["next"]
        return following


_STEPS: Final[Mapping[str, Callable[[_Walk, canvas_steps.Step], str | None]]] = {
    canvas_steps.MESSAGE: _Walk.message,
    canvas_steps.DELAY: _Walk.delay,
    canvas_steps.PATHS: _Walk.paths,
}
"""Type of a step -> what it does; it answers the step that follows at once, None where the journey waits."""
