"""What is kept of each attempt to deliver a webhook, and what it means for the message and its decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from emulator import clock
from emulator.messaging import health
from emulator.state import send_counts, sends
from emulator.state.draft import Draft

MOST: Final = 100
"""Attempts that a message keeps: five are Braze's, the others were resent by hand."""


class Outcome(NamedTuple):
    """The answer to one attempt, or why there is none; `wait` is the time to the next one, None for none; `entry` is
    its number in the journal.
    """

    status: int
    note: str
    wait: float | None
    entry: int


def keep(draft: Draft, item: Mapping[str, Any], outcome: Outcome, now: datetime) -> None:
    """Remember an attempt. What was resent by hand changes neither the message's status nor its decision."""
    key = item["data"]["braze_message"]
    held = draft.messages.get(key)
    if held is None:
        return
    attempts = [*held["attempts"], _record(item["data"], outcome, now)][-MOST:]
    if "resent" in item["data"]:
        draft.messages[key] = {**held, "attempts": attempts}
        return
    end = "sending" if outcome.wait is not None else "sent" if 200 <= outcome.status < 300 else "failed"
    draft.messages[key] = {**held, "attempts": attempts, "status": end}
    send_counts.answered(draft, held, end == "sent", now)
    reason = "" if end == "sent" else _why(outcome, sum("request" not in one for one in attempts))
    sends.change(draft, "decisions", held["decision"], outcome=end, reason=reason)
    if end != "sent":
        more = {"type": "Webhook Error", "status": outcome.status, "channel": health.WEBHOOK}
        sends.log(draft, now, "webhook", held["decision"], reason, **more)


def _record(data: Mapping[str, Any], outcome: Outcome, now: datetime) -> dict[str, Any]:
    """`request` is there where it is not the message's own: in what was resent."""
    due = clock.iso_ms(now + timedelta(seconds=outcome.wait)) if outcome.wait is not None else None
    own = {"request": data["resent"]} if "resent" in data else {}
    return {
        "at": clock.iso_ms(now), "status": outcome.status, "note": outcome.note, "next_due": due,
        "entry": outcome.entry, **own,
    }  # fmt: skip


def _why(outcome: Outcome, count: int) -> str:
    if not outcome.status:
        return outcome.note
    ending = f"; next attempt in {outcome.wait:g} s" if outcome.wait is not None else ""
    if outcome.wait is None and count > 1:
        ending = f"; exhausted_retries after {count} attempts"
    return f"answered {health.told(outcome.status)}{ending}"
