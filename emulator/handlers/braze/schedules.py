"""Braze schedules: messages, campaigns and Canvases that a call plans for later, and the list of what the dashboard has
planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.clock import UTC
from emulator.handlers.braze import _campaigns, _recipients, _schedules, _sends
from emulator.handlers.braze._recipients import invalid
from emulator.state import plans, series
from emulator.state.draft import Draft

SCHEDULE_TYPES: Final = {"optimal": "intelligent_delivery", "local": "local_time_zones"}
"""What a plan is -> its schedule_type; that of any other is the company's time zone."""
BROADCASTS: Final = {"campaign": ("campaigns", "Campaign"), "canvas": ("canvases", "Canvas")}
"""Kind -> its table, and what the list calls it."""


def schedule_messages(call: Call) -> Json:
    """Send the messages of the call at a time."""
    _sends.check_users(call)
    _recipients.narrowing(call)
    _sends.messages(call, call.body)
    _campaigns.check_send_id(call)
    return _schedules.create(call, "messages", call.body.get("campaign_id") or "")


def schedule_campaign(call: Call) -> Json:
    """Start an API-triggered campaign at a time."""
    campaign = _sends.campaign(call)
    _recipients.narrowing(call)
    return _schedules.create(call, "campaign", campaign["id"])


def schedule_canvas(call: Call) -> Json:
    """Let users into an API-triggered Canvas at a time."""
    canvas = _sends.canvas(call)
    _recipients.narrowing(call)
    return _schedules.create(call, "canvas", canvas["id"])


def update_scheduled_messages(call: Call) -> Json:
    """Change when they are sent, or what is sent, or both."""
    if "schedule" not in call.body and "messages" not in call.body:
        raise invalid("'schedule' or 'messages' is required", "say when to send, or what, or both")
    held = _schedules.find(call, "messages")
    changes = {}
    if "messages" in call.body:
        body = {**(held["body"] or {}), "messages": call.body["messages"]}
        _sends.messages(call, body)
        changes = {"body": body}
    return _schedules.update(call, held, changes)


def update_scheduled_campaign(call: Call) -> Json:
    return _schedules.update(call, _schedules.find(call, "campaign", call.body["campaign_id"]), {})


def update_scheduled_canvas(call: Call) -> Json:
    """Change when users enter."""
    return _schedules.update(call, _schedules.find(call, "canvas", call.body["canvas_id"]), {})


def delete_scheduled_messages(call: Call) -> Json:
    return _schedules.delete(call, "messages")


def delete_scheduled_campaign(call: Call) -> Json:
    return _schedules.delete(call, "campaign", call.body["campaign_id"])


def delete_scheduled_canvas(call: Call) -> Json:
    return _schedules.delete(call, "canvas", call.body["canvas_id"])


def list_scheduled_broadcasts(call: Call) -> Json:
    """Campaigns and Canvases with a turn before midnight, in UTC, of a day; each stands once, with its next turn."""
    try:
        day, _ = clock.read_wall(call.args["end_time"])
    except ValueError as error:
        raise invalid("end_time is not a valid datetime", str(error)) from None
    end = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    found = [_broadcast(call.state, id, held) for id, held in call.state.plans.items() if held["turn"]]
    listed = [one for at, one in sorted(found, key=lambda pair: (pair[0], pair[1]["id"])) if at < end]
    return {"message": "success", "scheduled_broadcasts": listed}


def _broadcast(draft: Draft, id: str, held: Mapping[str, Any]) -> tuple[datetime, dict[str, Json]]:
    """The instant by which it is sorted, and what is shown."""
    table, shown = BROADCASTS[held["kind"]]
    one = getattr(draft, table)[id]
    sent, at = plans.shown(draft, one["plan"], held["turn"])
    kind = next((kind for name, kind in SCHEDULE_TYPES.items() if one["plan"][name]), series.zone_name(draft) or "UTC")
    return at, {
        "name": one["name"],
        "id": id,
        "type": shown,
        "tags": one["tags"],
        "next_send_time": sent,
        "schedule_type": kind,
    }
