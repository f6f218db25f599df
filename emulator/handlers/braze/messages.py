"""Braze messages that a call itself holds, and identifiers of sends."""

from __future__ import annotations

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _campaigns, _recipients, _sends


def send_messages(call: Call) -> Json:
    """Send every channel's message to every user."""
    body = call.body
    _sends.check_users(call)
    if body.get("broadcast"):
        users = _recipients.everybody(call)
    else:
        users = _recipients.narrowed(call, _recipients.named(call, _sends.USERS))
    messages = _sends.messages(call, body)
    tracked = _campaigns.check_send_id(call)
    dispatch_id = call.new_id("hex32")
    common = {
        "dispatch_id": dispatch_id,
        "send_id": body.get("send_id", ""),
        "campaign_id": body.get("campaign_id") or "",
        "allowed": body.get("recipient_subscription_state", "subscribed"),
        "override_frequency_capping": body.get("override_frequency_capping", False),
    }
    for braze_id in users:
        for message in messages:
            call.occurred("message", braze_id, message["channel"], message=message, **common)
    return {"dispatch_id": dispatch_id, "message": "success", **tracked}


def create_send_id(call: Call) -> Json:
    """Make a send_id for an API or API-triggered campaign; the same one again changes nothing."""
    campaign = _campaigns.find(call, call.body["campaign_id"])
    if "api" not in campaign["trigger"]:
        hint = f"'{campaign['name']}' is started by {next(iter(campaign['trigger']))}; only API campaigns have send_ids"
        raise ApiError("invalid", message=_campaigns.INVALID, hint=hint)
    send_id = call.body.get("send_id") or call.new_id("hex24")
    key = _campaigns.send_key(campaign["id"], send_id)
    if key not in call.state.send_ids:
        made = {"campaign_id": campaign["id"], "send_id": send_id, "at": clock.iso_ms(call.now)}
        call.state.send_ids[key] = made
    return {"message": "success", "send_id": send_id}
