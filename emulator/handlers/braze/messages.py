"""Braze messages that a call itself holds, and identifiers of sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _campaigns, _recipients
from emulator.handlers.braze._entry import Entry
from emulator.handlers.braze._recipients import invalid
from emulator.state.bounds import bound
from emulator.state.campaigns import Campaign
from emulator.state.profiles import Profiles

MAX_USERS: Final = bound("message_users")
TOO_MANY: Final = "The max number of external_ids and aliases per request was exceeded"
CHANNELS: Final = (
    "webhook", "email", "sms", "apple_push", "android_push", "kindle_push", "web_push", "content_card",
)  # fmt: skip
USERS: Final = {"external_user_ids": "external_id", "user_aliases": "user_alias"}


def send_messages(call: Call) -> Json:
    """Send every channel's message to every user."""
    body = call.body
    messages = {channel: body["messages"][channel] for channel in CHANNELS if channel in (body.get("messages") or {})}
    users = _users(call)
    if not messages:
        raise invalid("No message to send", f"write one under messages: {', '.join(CHANNELS)}")
    variants = _variants(call, messages)
    tracked = _campaigns.check_send_id(call)
    dispatch_id = call.new_id("hex32")
    common = {
        "dispatch_id": dispatch_id,
        "send_id": body.get("send_id", ""),
        "campaign_id": body.get("campaign_id", ""),
        "allowed": body.get("recipient_subscription_state", "subscribed"),
        "override_frequency_capping": body.get("override_frequency_capping", False),
    }
    for braze_id in users:
        for channel, message in messages.items():
            named = {"channel": channel, **variants.get(channel, {}), **message}
            call.occurred("message", braze_id, channel, message=named, **common)
    return {"dispatch_id": dispatch_id, "message": "success", **tracked}


def _users(call: Call) -> list[str]:
    """The braze_ids. Raises ApiError where nobody is named, or too many."""
    body = call.body
    named = [one for name in USERS for one in body.get(name) or ()]
    if len(named) > MAX_USERS:
        raise invalid(TOO_MANY, f"at most {MAX_USERS} external_user_ids and user_aliases together")
    if body.get("broadcast"):
        if named:
            message = "'external_user_ids' and 'user_aliases' cannot be given with 'broadcast'"
            raise invalid(message, "leave the users or broadcast out")
        return _recipients.everybody(call)
    if not named:
        hint = (
            "name external_user_ids or user_aliases, or set broadcast to true for a segment, an audience or everybody"
        )
        raise invalid(_recipients.NOBODY, hint)
    return _recipients.narrowed(call, _named(call))


def _named(call: Call) -> dict[str, str]:
    """braze_id -> where it stands; users have to be there (documented)."""
    room, found = Profiles(call.state, call.now), {}
    for name, kind in USERS.items():
        for index, one in enumerate(call.body.get(name) or ()):
            entry = Entry(call, room, f"/{name}/{index}")
            braze_id = entry.only(kind, one)
            if braze_id is not None:
                found[braze_id] = entry.place
    return found


def _variants(call: Call, messages: Mapping[str, Any]) -> dict[str, Json]:
    """channel -> {id, name} of its variant. Raises ApiError where the call names a campaign and the variants do not
    fit.
    """
    if "campaign_id" not in call.body:
        return {}
    campaign = _campaigns.find(call, call.body["campaign_id"])
    if not campaign["is_api_campaign"]:
        hint = f"'{campaign['name']}' is no API campaign; say is_api_campaign: true in the seed"
        raise ApiError("invalid", message=_campaigns.INVALID, hint=hint)
    return {channel: _variant(campaign, channel, message) for channel, message in messages.items()}


def _variant(campaign: Campaign, channel: str, message: Mapping[str, Any]) -> Json:
    wanted = message.get("message_variation_id")
    known = ", ".join(one["id"] for one in campaign["messages"]) or "none"
    if wanted is None:
        raise invalid("Message Variant Unspecified", f"{channel}: add message_variation_id; the campaign has: {known}")
    found = next((one for one in campaign["messages"] if one["id"] == wanted), None)
    if found is None:
        raise invalid("Invalid Message Variant", f"{channel}: no variant '{wanted}'; the campaign has: {known}")
    if found["channel"] != channel:
        raise invalid("Mismatched Message Type", f"the variant '{wanted}' is of the channel {found['channel']}")
    return {"id": found["id"], "name": found["name"]}


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
