"""From what occurred in a call to messages that wait for their time: the campaigns it starts, and a decision each.

Runs inside the call's transaction, so a call that is dropped starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Occurrence
from emulator.messaging import outbox
from emulator.messaging.eligibility import CONTROL, ENTRY, Case, judge, obstacle
from emulator.state import campaigns, sends
from emulator.state.comparison import MISSING, field
from emulator.state.draft import Draft
from emulator.state.profiles import Record

SENDER: Final = "braze"
CAMPAIGN: Final = "campaign"
"""The kind of occurrence that names its campaign: POST /campaigns/trigger/send."""
MESSAGE: Final = "message"
"""The kind that brings its message along: POST /messages/send."""
APART: Final = {"event": "event_properties", "purchase": "event_properties", CAMPAIGN: "api_trigger_properties"}
"""Kind -> the namespace in which Liquid finds the properties; purchases as events (assumed)."""


def put(call: Call) -> None:
    """Decide about everything that occurred, and put what is to be sent in the outbox of the call's draft."""
    draft = call.state
    for occurrence in call.occurrences:
        if occurrence.kind == MESSAGE:
            _announce(call, occurrence)
            continue
        for campaign in _started(draft, occurrence):
            _enter(call, campaign, occurrence)
    if draft.touched and len(draft.triggers):
        for campaign, occurrence in _changes(call):
            call.occurrences.append(occurrence)
            _enter(call, campaign, occurrence)


def _started(draft: Draft, occurrence: Occurrence) -> list[campaigns.Campaign]:
    if occurrence.kind == CAMPAIGN:
        return [draft.campaigns[occurrence.name]]
    return campaigns.started_by(draft, occurrence.kind, occurrence.name)


def _enter(call: Call, campaign: campaigns.Campaign, occurrence: Occurrence) -> None:
    draft, braze_id = call.state, occurrence.braze_id
    record, before = draft.profiles[braze_id], call.transaction.before["profiles"].get(braze_id)
    kind = occurrence.kind if occurrence.kind != CAMPAIGN else ""
    case = Case(draft, campaign, record, call.now, before, kind, occurrence.data)
    verdicts = judge(ENTRY, case)
    key = sends.add(draft, "decisions", _decision(call, campaign, record, occurrence, verdicts))
    obstacle_ = obstacle(verdicts)
    if obstacle_ is None:
        _wait(call, key, campaign, record, occurrence)
    elif obstacle_["reason"].startswith(CONTROL):
        sends.change(draft, "decisions", key, outcome="control_group")
        sends.receive(draft, campaign, None, braze_id, call.now)


def _decision(
    call: Call, campaign: Mapping[str, Any], record: Record, occurrence: Occurrence, verdicts: list[Any]
) -> dict[str, Any]:
    failed = obstacle(verdicts)
    chosen = campaigns.variant(campaign, record["braze_id"]) if failed is None and campaign.get("messages") else None
    return {
        "campaign_id": campaign.get("id", ""),
        "campaign": campaign.get("name", ""),
        "braze_id": record["braze_id"],
        "external_id": record.get("external_id", ""),
        "at": clock.iso_ms(call.now),
        "trace": call.request.trace,
        "trigger": {"kind": occurrence.kind, "name": occurrence.name},
        "dispatch_id": occurrence.data.get("dispatch_id") or call.new_id("hex32"),
        "variant": chosen["id"] if chosen else "",
        "outcome": "not_sent" if failed else "waiting",
        "reason": failed["reason"] if failed else "",
        "checks": verdicts,
    }


def _wait(
    call: Call, decision: str, campaign: Mapping[str, Any], record: Record, occurrence: Occurrence, **more: Any
) -> None:
    delay = campaign.get("delay", 0.0)
    properties = {APART[occurrence.kind]: occurrence.data.get("properties") or {}} if occurrence.kind in APART else {}
    call.state.outbox[outbox.key(call.state)] = {
        "due": call.now.timestamp() + delay,
        "chain": outbox.chain(delay),
        "sender": SENDER,
        "trace": call.request.trace,
        "attempt": 0,
        "send": {
            "decision": decision,
            "campaign_id": campaign.get("id", ""),
            "braze_id": record["braze_id"],
            "dispatch_id": call.state.decisions[decision]["dispatch_id"],
            "send_id": occurrence.data.get("send_id", ""),
            "delayed": delay > 0,
            "properties": properties,
            **more,
        },
    }


def _announce(call: Call, occurrence: Occurrence) -> None:
    """A message of POST /messages/send, one for each channel: {channel, …} under `message`."""
    draft, data = call.state, occurrence.data
    campaign = draft.campaigns.get(data.get("campaign_id", ""), {})
    record = draft.profiles[occurrence.braze_id]
    brief = {"id": campaign.get("id", ""), "name": campaign.get("name", "")}
    key = sends.add(draft, "decisions", _decision(call, brief, record, occurrence, []))
    _wait(call, key, brief, record, occurrence, message=data["message"], allowed=data.get("allowed", "subscribed"))


def _changes(call: Call) -> Iterator[tuple[campaigns.Campaign, Occurrence]]:
    """Changes of attributes and subscriptions that campaigns wait for.

    The states before and after the call are compared: a value that changes twice in one call changed once (assumed).
    """
    draft, before = call.state, call.transaction.before["profiles"]
    waiting = [(kind, one) for kind in _CHANGED for one in campaigns.started_by(draft, kind)]
    for braze_id in sorted(draft.touched) if waiting else ():
        old, new = before.get(braze_id), draft.profiles.get(braze_id)
        for kind, campaign in waiting if new is not None else ():
            spec = campaign["trigger"][kind]
            was, now = _CHANGED[kind](old, spec), _CHANGED[kind](new, spec)
            if _differ(was, now) and spec.get("to", now) == now:
                name = spec.get("name") or spec.get("channel") or spec["subscription_group_id"]
                yield campaign, Occurrence(kind, braze_id, name, {})


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
