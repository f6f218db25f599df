"""Exception events: what a user does while a message waits for its delay, and what then keeps the message back.

Source: Braze's page on action-based delivery. The user stays eligible. Where one event is both trigger and exception,
what waits is dropped and the event starts the campaign anew, so that the message is put off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.call import Occurrence
from emulator.messaging.eligibility import row
from emulator.messaging.starting import Cause
from emulator.state import campaigns, property_filters, sends
from emulator.state.campaigns import EXCEPTS


def keep_back(cause: Cause, occurrence: Occurrence) -> None:
    """Drop the messages to the user that wait and whose campaigns name what occurred as an exception."""
    draft = cause.draft
    concerned = {
        one["id"]
        for one in campaigns.started_by(draft, occurrence.kind, occurrence.name, EXCEPTS)
        if any(_is_meant(cause, spec, occurrence) for spec in one["exception_events"])
    }
    waiting = draft.outbox.frozen().items() if concerned else ()
    for key in sorted(key for key, item in waiting if _waits(item, concerned, occurrence.braze_id)):
        decision = draft.outbox[key]["send"]["decision"]
        reason = f"the exception event '{occurrence.name}' occurred while the message waited"
        sends.told(draft, decision, [row("exception event", (False, reason))], outcome="not_sent", reason=reason)
        del draft.outbox[key]


def _waits(item: Mapping[str, Any], concerned: set[str], braze_id: str) -> bool:
    send: Mapping[str, Any] = item.get("send") or {}
    return bool(send) and send["braze_id"] == braze_id and send.get("campaign_id") in concerned and send["delayed"]


def _is_meant(cause: Cause, wanted: Mapping[str, Any], occurrence: Occurrence) -> bool:
    spec = wanted.get(occurrence.kind)
    if spec is None or campaigns.named(wanted)[1] not in ("", occurrence.name):
        return False
    properties = occurrence.data.get("properties") or {}
    return property_filters.failing(spec.get("properties", ()), properties, cause.now) is None
