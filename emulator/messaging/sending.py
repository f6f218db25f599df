"""A message whose time has come: the last checks, the rendering, and what is kept of it.

Rendering stands between two transactions, because Connected Content may call the workspace itself. The dispatcher's
turn sees to it that nobody else sends for the workspace meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from emulator import clock
from emulator.call import Work
from emulator.liquid.values import FAILED, RENDERED, RETRY, Fetcher, Options
from emulator.messaging import outbox, personalisation
from emulator.messaging.composing import Composed, compose
from emulator.messaging.eligibility import AFTER_DELAY, RECHECK, Case, judge, obstacle
from emulator.messaging.reach import reach
from emulator.state import campaigns, sends
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

CONTENT_BACKOFF: Final = (30.0, 60.0, 120.0, 240.0, 480.0)
"""Seconds before a message is rendered again whose Connected Content failed. Assumed: five retries with exponential
back-off are documented, the waits are not."""
PORTS: Final = {"http": 80, "https": 443}
ABOUT: Final = "webhook"


class Job:
    """One message for one user, as it stands when it is due."""

    def __init__(self, draft: Draft, item: Mapping[str, Any], now: datetime) -> None:
        self.send: Mapping[str, Any] = item["send"]
        self.draft, self.item, self.now = draft, item, now
        self.campaign: Mapping[str, Any] = draft.campaigns.get(self.send["campaign_id"], {})
        self.record: Mapping[str, Any] = draft.profiles.get(self.send["braze_id"], {})
        self.variant: Mapping[str, Any] = self._variant()
        self.recipient: Any = ""

    def _variant(self) -> Mapping[str, Any]:
        if "message" in self.send:
            return {"id": "", "name": "", **self.send["message"]}
        return campaigns.variant(self.campaign, self.send["braze_id"]) or {} if self.campaign else {}

    def verdicts(self) -> list[Mapping[str, str]]:
        """What is looked at now; nothing is rendered unless all say yes."""
        if not self.record or not self.variant:
            gone = "the user was deleted" if not self.record else "the campaign has no such message any more"
            return [{"check": "there when due", "verdict": "fail", "reason": gone}]
        return [*self._after_delay(), self._reached()]

    def _after_delay(self) -> list[Mapping[str, str]]:
        if not self.send["delayed"]:
            return []
        checks = {**AFTER_DELAY, **(RECHECK if self.campaign.get("recheck_audience") else {})}
        return judge(checks, Case(self.draft, self.campaign, self.record, self.now))

    def _reached(self) -> Mapping[str, str]:
        allowed = self.send.get("allowed") or self.campaign.get("recipient_subscription_state", "subscribed")
        found = reach(self.draft, self.record, self.variant, allowed)
        self.recipient = found.recipient
        verdict = "pass" if found.recipient else "fail"
        return {"check": "reachable", "verdict": verdict, "reason": found.reason}

    def composed(self, options: Options, changes: Mapping[str, Any] | None = None) -> Composed:
        """`changes` are other templates for some of its fields."""
        about = personalisation.campaign(self.campaign, self.variant, self.send["dispatch_id"])
        given = {**self.send["properties"], "campaign": about}
        context = personalisation.context(self.draft, self.record, given, self.now)
        content = {**campaigns.content(self.variant), **(changes or {})}
        return compose(self.variant["channel"], content, context, options)


def send(workspace: Workspace, item: Mapping[str, Any], fetch: Fetcher) -> None:
    """Check, render and keep a message that is due; a webhook goes to the outbox."""
    now = workspace.clock.now()
    job = Job(workspace.view(), item, now)
    verdicts, composed = job.verdicts(), None
    if obstacle(verdicts) is None:
        seed = f"{workspace.random_seed}/{item['send']['decision']}"
        composed = job.composed(Options(seed=seed, fetch=fetch, cache=workspace.answers, attempt=item["attempt"]))
    with workspace.transaction() as draft:
        if composed is None:
            refused = obstacle(verdicts)
            assert refused is not None
            sends.told(draft, job.send["decision"], verdicts, outcome="not_sent", reason=refused["reason"])
        else:
            _ENDS.get(composed.outcome, _aborted)(draft, job, verdicts, composed)


def _retried(draft: Draft, job: Job, verdicts: list[Any], composed: Composed) -> None:
    attempt = job.item["attempt"]
    wait = CONTENT_BACKOFF[min(attempt, len(CONTENT_BACKOFF) - 1)]
    reason = f"{composed.reason}; rendered again in {wait:g} s"
    sends.log(draft, job.now, "connected_content", job.send["decision"], reason)
    sends.told(draft, job.send["decision"], [*verdicts, _rendering(composed, reason)], reason=reason)
    due = job.now.timestamp() + wait
    draft.outbox[outbox.key(draft)] = {**job.item, "due": due, "chain": 0, "attempt": attempt + 1}


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
    key = sends.add(draft, "messages", _message(job, composed, "sending" if webhook else "sent"))
    note = "; ".join(composed.findings) or "rendered"
    outcome = "sending" if webhook else "sent"
    sends.told(
        draft, job.send["decision"], [*verdicts, _rendering(composed, note)], outcome=outcome, reason="", message=key
    )
    if job.campaign:
        sends.receive(draft, job.campaign, job.variant, job.send["braze_id"], job.now)
    if webhook:
        _post(draft, job, composed.content, key, composed.findings)


def _message(job: Job, composed: Composed, status: str) -> dict[str, Any]:
    return {
        "at": clock.iso_ms(job.now),
        "status": status,
        "channel": job.variant["channel"],
        "campaign_id": job.campaign.get("id", ""),
        "campaign": job.campaign.get("name", ""),
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


def _post(draft: Draft, job: Job, content: Mapping[str, Any], key: str, findings: tuple[str, ...]) -> None:
    work = Work(
        url=content["url"],
        method=content["request_method"],
        headers=content["request_headers"],
        body=content["body"],
        about=ABOUT,
        data={"braze_message": key, "note": "; ".join(filter(None, (port_note(content["url"]), *findings)))},
    )
    outbox.add(draft, work, job.item["sender"], job.item["trace"], job.now.timestamp())


def port_note(url: str) -> str:
    """What Braze would say to the port of an address: it calls 80 and 443 only (documented)."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    return "" if port in (0, 80, 443) else f"Braze calls the ports 80 and 443 only, not {port}"


_ENDS: Final = {RENDERED: _sent, RETRY: _retried}
