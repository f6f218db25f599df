"""A campaign that starts for a user: a decision with every check, and a message that waits for its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from emulator import clock
from emulator.call import Occurrence
from emulator.messaging import outbox, postbacks
from emulator.messaging.eligibility import CONTROL, ENTRY, LOCAL_TIME, Case, Check, judge, obstacle
from emulator.state import campaigns, delays, send_counts, sends, zones
from emulator.state.draft import Draft
from emulator.state.profiles import Record

SENDER: Final = "braze"
CAMPAIGN: Final = "campaign"
"""The kind of occurrence that names its campaign: POST /campaigns/trigger/send."""
SCHEDULE: Final = "schedule"
"""The kind of a turn of a campaign's schedule, whose name it has."""
CANVAS: Final = "canvas"
"""As CAMPAIGN, for a Canvas: POST /canvas/trigger/send."""
UNASKED: Final = (CAMPAIGN, CANVAS, SCHEDULE)
"""Kinds that come with no filters of their own, and for which the profile was the same before."""
APART: Final = {"event": "event_properties", "purchase": "event_properties", CAMPAIGN: "api_trigger_properties"}
"""Kind -> the namespace in which Liquid finds the properties; purchases as events (assumed)."""


class Cause(NamedTuple):
    """What led here, a call or a time that has come: the draft it works on, the profiles before it, its trace."""

    draft: Draft
    before: Mapping[str, Record]
    now: datetime
    trace: str


Begin = Callable[[Cause, Mapping[str, Any], Occurrence], None]
"""What is done for a user with a campaign or a Canvas."""


def start(cause: Cause, campaign: campaigns.Campaign, occurrence: Occurrence) -> None:
    """Decide about a campaign for a user; what is to be sent goes to the outbox."""
    draft, braze_id = cause.draft, occurrence.braze_id
    decision, failed = decide(cause, campaign, _names(campaign), occurrence)
    if failed is None:
        due = delays.end(campaign["delay"], draft, draft.profiles[braze_id], cause.now)
        wait(cause, decision, occurrence, due, campaign_id=campaign["id"], properties=_properties(occurrence))
    elif in_control(failed):
        sends.receive(draft, campaign, None, braze_id, cause.now)
        send_counts.enrolled(draft, campaign["id"], campaigns.control_group(campaign)["id"], cause.now)
    postbacks.follow(draft, decision, cause.now)


def decide(
    cause: Cause, source: Mapping[str, Any], names: Mapping[str, str], occurrence: Occurrence
) -> tuple[str, Mapping[str, str] | None]:
    """Judge whether a campaign starts for a user, or a Canvas lets the user in: the decision, and what says no."""
    draft, braze_id = cause.draft, occurrence.braze_id
    kind = "" if occurrence.kind in UNASKED else occurrence.kind
    case = Case(draft, source, draft.profiles[braze_id], cause.now, cause.before.get(braze_id), kind, occurrence.data)
    verdicts = judge({**ENTRY, **_local(occurrence)}, case)
    failed = obstacle(verdicts)
    chosen = campaigns.variant(source, braze_id) if failed is None else None
    decision = record(cause, names, occurrence, verdicts, chosen["id"] if chosen else "")
    if failed is not None and in_control(failed):
        sends.change(draft, "decisions", decision, outcome="control_group")
    return decision, failed


def in_control(failed: Mapping[str, str]) -> bool:
    return failed["reason"].startswith(CONTROL)


def record(
    cause: Cause, names: Mapping[str, str], occurrence: Occurrence, verdicts: list[Any], variant: str = ""
) -> str:
    """Keep a new decision; `names` say what it is about."""
    failed, profile = obstacle(verdicts), cause.draft.profiles[occurrence.braze_id]
    decision = {
        **names,
        "braze_id": profile["braze_id"],
        "external_id": profile.get("external_id", ""),
        "at": clock.iso_ms(cause.now),
        "trace": cause.trace,
        "trigger": {"kind": occurrence.kind, "name": occurrence.name},
        "dispatch_id": occurrence.data.get("dispatch_id") or cause.draft.new_id("hex32"),
        "variant": variant,
        "outcome": "not_sent" if failed else "waiting",
        "reason": failed["reason"] if failed else "",
        "checks": verdicts,
    }
    return sends.add(cause.draft, "decisions", decision)


def _names(campaign: Mapping[str, Any]) -> dict[str, str]:
    return {"campaign_id": campaign.get("id", ""), "campaign": campaign.get("name", "")}


def _properties(occurrence: Occurrence) -> dict[str, Any]:
    """Under the name by which Liquid finds them."""
    return {APART[occurrence.kind]: occurrence.data.get("properties") or {}} if occurrence.kind in APART else {}


def wait(cause: Cause, decision: str, occurrence: Occurrence, due: datetime, **send: Any) -> None:
    """Put a message in the outbox; `send` says where it comes from and what Liquid sees of the cause."""
    due = local_due(cause, occurrence) or due
    delay = (due - cause.now).total_seconds()
    cause.draft.queue(
        {
            "due": due.timestamp(),
            "chain": outbox.chain(delay),
            "sender": SENDER,
            "trace": cause.trace,
            "attempt": 0,
            "send": {
                "decision": decision,
                "braze_id": occurrence.braze_id,
                "dispatch_id": cause.draft.decisions[decision]["dispatch_id"],
                "send_id": occurrence.data.get("send_id", ""),
                "delayed": delay > 0,
                "local": "wall" in occurrence.data,
                "schedule_id": occurrence.data.get("schedule_id", ""),
                **{name: occurrence.data[name] for name in ("attachments",) if occurrence.data.get(name)},
                **send,
            },
        }
    )


def _local(occurrence: Occurrence) -> Mapping[str, Check]:
    return LOCAL_TIME if "wall" in occurrence.data else {}


def local_due(cause: Cause, occurrence: Occurrence) -> datetime | None:
    """When it is that time on the wall of the user which was asked for, or None."""
    if "wall" not in occurrence.data:
        return None
    wall = datetime.fromisoformat(occurrence.data["wall"])
    record = cause.draft.profiles[occurrence.braze_id]
    return max(cause.now, zones.instant(wall, zones.of_user(cause.draft, record)))


def announce(cause: Cause, occurrence: Occurrence) -> None:
    """A message of POST /messages/send, one for each channel: {channel, …} under `message`."""
    draft, data = cause.draft, occurrence.data
    campaign = draft.campaigns.get(data.get("campaign_id", ""), {})
    case = Case(draft, campaign, draft.profiles[occurrence.braze_id], cause.now, data=data)
    verdicts = judge(_local(occurrence), case)
    decision = record(cause, _names(campaign), occurrence, verdicts)
    if obstacle(verdicts) is not None:
        return
    more = {"allowed": data.get("allowed", "subscribed")}
    if data.get("override_frequency_capping"):
        more["override_frequency_capping"] = True
    brought = {"campaign_id": campaign.get("id", ""), "properties": {}, "message": data["message"]}
    wait(cause, decision, occurrence, cause.now, **brought, **more)
