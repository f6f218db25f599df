"""A campaign that starts for a user: a decision with every check, and a message that waits for its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.call import Occurrence
from emulator.messaging import outbox
from emulator.messaging.eligibility import CONTROL, ENTRY, LOCAL_TIME, Case, Check, judge, obstacle
from emulator.state import campaigns, delays, send_counts, sends, zones
from emulator.state.draft import Draft
from emulator.state.profiles import Record

SENDER: Final = "braze"
CAMPAIGN: Final = "campaign"
"""The kind of occurrence that names its campaign: POST /campaigns/trigger/send."""
SCHEDULE: Final = "schedule"
"""The kind of a turn of a campaign's schedule, whose name it has."""
UNASKED: Final = (CAMPAIGN, SCHEDULE)
"""Kinds that come with no filters of their own, and for which the profile was the same before."""
APART: Final = {"event": "event_properties", "purchase": "event_properties", CAMPAIGN: "api_trigger_properties"}
"""Kind -> the namespace in which Liquid finds the properties; purchases as events (assumed)."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What led here, a call or a time that has come: the draft it works on, the profiles before it, its trace."""

    draft: Draft
    before: Mapping[str, Record]
    now: datetime
    trace: str


def start(cause: Cause, campaign: campaigns.Campaign, occurrence: Occurrence) -> None:
    """Decide about a campaign for a user; what is to be sent goes to the outbox."""
    draft, braze_id = cause.draft, occurrence.braze_id
    record, before = draft.profiles[braze_id], cause.before.get(braze_id)
    kind = occurrence.kind if occurrence.kind not in UNASKED else ""
    case = Case(draft, campaign, record, cause.now, before, kind, occurrence.data)
    verdicts = judge({**ENTRY, **_local(occurrence)}, case)
    key = sends.add(draft, "decisions", _decision(cause, campaign, record, occurrence, verdicts))
    obstacle_ = obstacle(verdicts)
    if obstacle_ is None:
        _wait(cause, key, campaign, record, occurrence)
    elif obstacle_["reason"].startswith(CONTROL):
        sends.change(draft, "decisions", key, outcome="control_group")
        sends.receive(draft, campaign, None, braze_id, cause.now)
        send_counts.enrolled(draft, campaign["id"], campaigns.control_group(campaign)["id"], cause.now)


def _decision(
    cause: Cause, campaign: Mapping[str, Any], record: Record, occurrence: Occurrence, verdicts: list[Any]
) -> dict[str, Any]:
    failed = obstacle(verdicts)
    chosen = campaigns.variant(campaign, record["braze_id"]) if failed is None and campaign.get("messages") else None
    return {
        "campaign_id": campaign.get("id", ""),
        "campaign": campaign.get("name", ""),
        "braze_id": record["braze_id"],
        "external_id": record.get("external_id", ""),
        "at": clock.iso_ms(cause.now),
        "trace": cause.trace,
        "trigger": {"kind": occurrence.kind, "name": occurrence.name},
        "dispatch_id": occurrence.data.get("dispatch_id") or cause.draft.new_id("hex32"),
        "variant": chosen["id"] if chosen else "",
        "outcome": "not_sent" if failed else "waiting",
        "reason": failed["reason"] if failed else "",
        "checks": verdicts,
    }


def _wait(
    cause: Cause, decision: str, campaign: Mapping[str, Any], record: Record, occurrence: Occurrence, **more: Any
) -> None:
    due = _due(cause, campaign, record, occurrence)
    delay = (due - cause.now).total_seconds()
    properties = {APART[occurrence.kind]: occurrence.data.get("properties") or {}} if occurrence.kind in APART else {}
    cause.draft.outbox[outbox.key(cause.draft)] = {
        "due": due.timestamp(),
        "chain": outbox.chain(delay),
        "sender": SENDER,
        "trace": cause.trace,
        "attempt": 0,
        "send": {
            "decision": decision,
            "campaign_id": campaign.get("id", ""),
            "braze_id": record["braze_id"],
            "dispatch_id": cause.draft.decisions[decision]["dispatch_id"],
            "send_id": occurrence.data.get("send_id", ""),
            "delayed": delay > 0,
            "local": "wall" in occurrence.data,
            "schedule_id": occurrence.data.get("schedule_id", ""),
            "properties": properties,
            **more,
        },
    }


def _local(occurrence: Occurrence) -> Mapping[str, Check]:
    return LOCAL_TIME if "wall" in occurrence.data else {}


def _due(cause: Cause, campaign: Mapping[str, Any], record: Record, occurrence: Occurrence) -> datetime:
    """When the message is to be sent: at the user's local time, after the campaign's delay, or at once."""
    if "wall" in occurrence.data:
        wall = datetime.fromisoformat(occurrence.data["wall"])
        return max(cause.now, zones.instant(wall, zones.of_user(cause.draft, record)))
    return delays.end(campaign.get("delay", 0.0), cause.draft, record, cause.now)


def announce(cause: Cause, occurrence: Occurrence) -> None:
    """A message of POST /messages/send, one for each channel: {channel, …} under `message`."""
    draft, data = cause.draft, occurrence.data
    campaign = draft.campaigns.get(data.get("campaign_id", ""), {})
    record = draft.profiles[occurrence.braze_id]
    brief = {"id": campaign.get("id", ""), "name": campaign.get("name", "")}
    verdicts = judge(_local(occurrence), Case(draft, brief, record, cause.now, data=data))
    key = sends.add(draft, "decisions", _decision(cause, brief, record, occurrence, verdicts))
    if obstacle(verdicts) is not None:
        return
    more = {"allowed": data.get("allowed", "subscribed")}
    if data.get("override_frequency_capping"):
        more["override_frequency_capping"] = True
    _wait(cause, key, brief, record, occurrence, message=data["message"], **more)
