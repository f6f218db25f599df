"""A message whose time has come: the last checks, the rendering, and what is kept of it.

Rendering stands between two transactions, because Connected Content may call the workspace itself. The dispatcher's
turn sees to it that nobody else sends for the workspace meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.call import Work
from emulator.liquid.values import FAILED, RENDERED, RETRY, Fetcher, Options
from emulator.messaging import advising, outbox, outside, personalisation, postbacks, sources
from emulator.messaging.composing import Composed, compose
from emulator.messaging.eligibility import ABORT_TYPES, DUE, Case, Wait, judge, obstacle, row
from emulator.messaging.reach import reach
from emulator.state import campaigns, frequency, pacing, send_counts, sends, template_sources, transactional
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

CONTENT_BACKOFF: Final = (30.0, 60.0, 120.0, 240.0, 480.0)
"""Seconds before a message is rendered again whose Connected Content failed. Assumed: five retries with exponential
back-off are documented, the waits are not."""
ABOUT: Final = "webhook"
NOTE: Final = {"verdict": "note"}
"""What keeps nobody from a message."""


class Job:
    """One message for one user, as it stands when it is due."""

    def __init__(self, draft: Draft, item: Mapping[str, Any], now: datetime) -> None:
        self.send: Mapping[str, Any] = item["send"]
        self.draft, self.item, self.now = draft, item, now
        self.source = sources.find(draft, self.send)
        self.campaign, self.variant = self.source.of, self.source.message
        """`campaign` may be a Canvas: it is what the checks look at."""
        self.record: Mapping[str, Any] = draft.profiles.get(self.send["braze_id"], {})
        self.recipient: Any = ""

    def verdicts(self) -> list[Mapping[str, str]]:
        """What is looked at now; nothing is rendered unless all say yes."""
        if missing := self.missing():
            return [row(missing[0], (False, missing[1]))]
        case = Case(self.draft, self.campaign, self.record, self.now, message=self.sent, override=self.overrides)
        again = self.source.again if self.send["delayed"] else {}
        return [*judge(again, case), self._reached(), *judge(DUE, case)]

    def missing(self) -> tuple[str, str] | None:
        """What is not there any more, and since when."""
        if not self.record:
            into = self.draft.merged_profiles.get(self.send["braze_id"])
            return "user", f"the user was merged into {into}" if into else "the user was deleted"
        return self.source.missing()

    @property
    def sent(self) -> Mapping[str, str]:
        """As frequency caps remember it."""
        return {
            "at": clock.iso_ms(self.now),
            "channel": self.variant["channel"],
            **{name: self.send[name] for name in ("campaign_id", "canvas_id") if name in self.send},
            "dispatch_id": self.send["dispatch_id"],
        }

    @property
    def overrides(self) -> bool:
        return bool(self.send.get("override_frequency_capping"))

    @property
    def counts(self) -> bool:
        """Whether it counts in frequency caps: one that does not obey them does not, unless it says so (documented)."""
        free = self.overrides or self.campaign.get("ignore_frequency_cap", False)
        return bool(self.campaign.get("count_toward_frequency_cap", not free))

    def _reached(self) -> Mapping[str, str]:
        allowed = self.send.get("allowed") or self.campaign.get("recipient_subscription_state", "subscribed")
        found = reach(self.draft, self.record, self.variant, allowed)
        self.recipient = found.recipient
        verdict = "pass" if found.recipient else "fail"
        return {"check": "reachable", "verdict": verdict, "reason": found.reason}

    def composed(self, options: Options, changes: Mapping[str, Any] | None = None) -> Composed:
        """`changes` are other templates for some of its fields."""
        given = {**self.send["properties"], **self.source.namespaces(self.send["dispatch_id"])}
        context = personalisation.context(self.draft, self.record, given, self.now)
        content = {**campaigns.content(self.variant), **(changes or {}), **self._attached()}
        return compose(self.variant["channel"], content, context, options)

    def _attached(self) -> Mapping[str, Any]:
        """The attachments of an e-mail: its own, and those of the call that started the campaign."""
        more = self.send.get("attachments") if self.variant["channel"] == "email" else None
        return {"attachments": [*(self.variant.get("attachments") or ()), *more]} if more else {}


def send(workspace: Workspace, item: Mapping[str, Any], fetch: Fetcher) -> None:
    """Check, render and keep a message that is due; a webhook goes to the outbox."""
    now = workspace.clock.now()
    job = Job(workspace.view(), item, now)
    verdicts, composed = job.verdicts(), None
    if obstacle(verdicts) is None and "rate_limit" in job.campaign and not job.send.get("placed"):
        verdicts.append(_placed(workspace, job))
    if obstacle(verdicts) is None:
        seed = f"{workspace.random_seed}/{item['send']['decision']}"
        options = Options(
            seed=seed, fetch=fetch, cache=workspace.answers, attempt=item["attempt"], ports=None, trace=False
        )
        composed = job.composed(options)
    with workspace.transaction() as draft:
        if composed is None:
            _held(draft, job, verdicts)
        else:
            _ENDS.get(composed.outcome, _aborted)(draft, job, verdicts, composed)
        postbacks.follow(draft, job.send["decision"], now)


def _placed(workspace: Workspace, job: Job) -> Mapping[str, str]:
    """The verdict of the delivery rate limit, and a place in a minute of it."""
    limit, now = job.campaign["rate_limit"], job.now.timestamp()
    with workspace.transaction() as draft:
        place = pacing.place(draft, job.campaign["id"], limit, now)
    told = f"{limit} messages a minute"
    if place is None:
        return row("rate limit", (False, f"{told}: it would wait for 72 hours or longer"))
    wait = place - now
    return row("rate limit", Wait(clock.later(job.now, wait), f"{told}: full for {wait:g} s") if wait else (True, told))


def _held(draft: Draft, job: Job, verdicts: list[Mapping[str, str]]) -> None:
    """Not now, or not at all."""
    held, decision = obstacle(verdicts), job.send["decision"]
    assert held is not None
    if held["verdict"] == "wait":
        reason = f"{held['reason']}; waits until {held['until']}"
        sends.told(draft, decision, verdicts, reason=reason, until=held["until"])
        due = clock.parse_instant(held["until"]).timestamp()
        send = {**job.send, "delayed": True, "placed": held["check"] == "rate limit"}
        draft.queue({**job.item, "due": due, "chain": 0, "send": send})
        return
    abort_type = ABORT_TYPES.get(held["check"], "")
    more = {"abort_type": abort_type} if abort_type else {}
    sends.told(draft, decision, verdicts, outcome="not_sent", reason=held["reason"], **more)
    if abort_type:
        more = {"type": "Aborted Message Error", "channel": job.variant.get("channel", ""), **more}
        sends.log(draft, job.now, "aborted_message", decision, held["reason"], **more)


def _retried(draft: Draft, job: Job, verdicts: list[Any], composed: Composed) -> None:
    attempt = job.item["attempt"]
    wait = CONTENT_BACKOFF[min(attempt, len(CONTENT_BACKOFF) - 1)]
    reason = f"{composed.reason}; rendered again in {wait:g} s"
    sends.log(draft, job.now, "connected_content", job.send["decision"], reason)
    checks, until = [*verdicts, _rendering(composed, reason)], clock.iso_ms(clock.later(job.now, wait))
    sends.told(draft, job.send["decision"], checks, reason=reason, until=until)
    due = clock.parse_instant(until).timestamp()
    send = {**job.send, "placed": False}
    draft.queue({**job.item, "due": due, "chain": 0, "attempt": attempt + 1, "send": send})


def _aborted(draft: Draft, job: Job, verdicts: list[Any], composed: Composed) -> None:
    """Not a send: nothing counts as received (documented)."""
    decision = job.send["decision"]
    sends.told(
        draft, decision, [*verdicts, _rendering(composed, composed.reason)], outcome="aborted", reason=composed.reason
    )
    more = {"type": "Aborted Message Error", "abort_type": composed.abort_type, "channel": job.variant["channel"]}
    sends.log(draft, job.now, "aborted_message", decision, composed.reason, **more)


def _rendering(composed: Composed, reason: str) -> Mapping[str, str]:
    verdict = {RENDERED: "pass", RETRY: "wait", FAILED: "fail"}.get(composed.outcome, "fail")
    return {"check": "rendering", "verdict": verdict, "reason": reason}


def _sent(draft: Draft, job: Job, verdicts: list[Any], composed: Composed) -> None:
    webhook = job.variant["channel"] == ABOUT
    message = _message(job, composed, "sending" if webhook else "sent")
    key = sends.add(draft, "messages", message)
    send_counts.sent(draft, message, job.now, transactional.bounces(draft, job.campaign, job.recipient))
    note = "; ".join(composed.findings) or "rendered"
    outcome = "sending" if webhook else "sent"
    asked = _advice(draft, job, composed) if webhook and job.campaign else []
    checks = [*verdicts, _rendering(composed, note), *({"check": "advice", **NOTE, "reason": one} for one in asked)]
    sends.told(draft, job.send["decision"], checks, outcome=outcome, reason="", message=key)
    template_sources.consume(draft, composed.promotions or {})
    job.source.receive(draft, job.send["braze_id"], job.now)
    if job.counts:
        frequency.remember(draft, job.send["braze_id"], job.sent)
    if webhook:
        _post(draft, job, composed.content, key, (*composed.findings, *(f"advice: {one}" for one in asked)))


def _advice(draft: Draft, job: Job, composed: Composed) -> list[str]:
    given = {"request_headers": job.variant.get("request_headers")}  # without what Braze adds
    about = {"name": job.variant["name"], "channel": ABOUT, **composed.content, **given}
    return advising.of_webhook(draft, job.campaign, about)


def _message(job: Job, composed: Composed, status: str) -> dict[str, Any]:
    return {
        "at": clock.iso_ms(job.now),
        "status": status,
        "channel": job.variant["channel"],
        **job.source.names(),
        "message_id": job.variant["id"],
        "message_name": job.variant["name"],
        "braze_id": job.send["braze_id"],
        "external_id": job.record.get("external_id", ""),
        "recipient": job.recipient,
        "dispatch_id": job.send["dispatch_id"],
        "send_id": job.send["send_id"],
        "decision": job.send["decision"],
        "trace": job.item["trace"],
        "content": composed.content,
        "extras": composed.extras or {},
        "findings": list(composed.findings),
        "sent_with": job.send,
        "attempts": [],
    }


def _post(draft: Draft, job: Job, content: Mapping[str, Any], key: str, notes: tuple[str, ...]) -> None:
    work = Work(
        url=content["url"],
        method=content["request_method"],
        headers=content["request_headers"],
        body=content["body"],
        about=ABOUT,
        data={"braze_message": key, "note": "; ".join(filter(None, (outside.port_note(content["url"]), *notes)))},
    )
    outbox.add(draft, work, job.item["sender"], job.item["trace"], job.now.timestamp())


_ENDS: Final = {RENDERED: _sent, RETRY: _retried}
