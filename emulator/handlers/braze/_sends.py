"""What a call to send says, and what may be wrong with it, whoever is to get it and whenever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _campaigns, _canvases, _recipients
from emulator.handlers.braze._recipients import invalid
from emulator.state import campaigns
from emulator.state.bounds import bound
from emulator.state.campaigns import Campaign
from emulator.state.canvases import Canvas

MAX_USERS: Final = bound("message_users")
TOO_MANY: Final = "The max number of external_ids and aliases per request was exceeded"
CHANNELS: Final = (
    "webhook", "email", "sms", "apple_push", "android_push", "kindle_push", "web_push", "content_card",
    "whats_app",
)  # fmt: skip
USERS: Final = {"external_user_ids": "external_id", "user_aliases": "user_alias"}
MAX_BYTES: Final = bound("trigger_properties_bytes")
PROPERTIES: Final = ("trigger_properties",)
CONTEXT: Final = ("context", "canvas_entry_properties")
"""What a call of a campaign or a Canvas brings along; the newer name first."""


def check_users(call: Call) -> None:
    """Raises ApiError where nobody is named, or too many."""
    named = [one for name in USERS for one in call.body.get(name) or ()]
    if len(named) > MAX_USERS:
        raise invalid(TOO_MANY, f"at most {MAX_USERS} external_user_ids and user_aliases together")
    if named and call.body.get("broadcast"):
        message = "'external_user_ids' and 'user_aliases' cannot be given with 'broadcast'"
        raise invalid(message, "leave the users or broadcast out")
    if not named and not call.body.get("broadcast"):
        hint = (
            "name external_user_ids or user_aliases, or set broadcast to true for a segment, an audience or everybody"
        )
        raise invalid(_recipients.NOBODY, hint)


def messages(call: Call, body: Mapping[str, Any]) -> list[dict[str, Json]]:
    """Each channel's message with its variant. Raises ApiError where there is none, or a variant does not fit."""
    found = {channel: body["messages"][channel] for channel in CHANNELS if channel in (body.get("messages") or {})}
    if not found:
        raise invalid("No message to send", f"write one under messages: {', '.join(CHANNELS)}")
    campaign_id = body.get("campaign_id")
    variants = {} if campaign_id is None else _variants(call, campaign_id, found)
    return [{"channel": channel, **variants.get(channel, {}), **message} for channel, message in found.items()]


def _variants(call: Call, campaign_id: str, found: Mapping[str, Any]) -> dict[str, Json]:
    """channel -> {id, name}."""
    campaign = _campaigns.find(call, campaign_id)
    if not campaign["is_api_campaign"]:
        hint = f"'{campaign['name']}' is no API campaign; say is_api_campaign: true in the seed"
        raise ApiError("invalid", message=_campaigns.INVALID, hint=hint)
    return {channel: _variant(campaign, channel, message) for channel, message in found.items()}


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


def campaign(call: Call) -> Campaign:
    """The API-triggered campaign that the call names. Raises ApiError for another one, and for what else is wrong."""
    body = call.body
    found = _campaigns.find(call, body["campaign_id"])
    if "api" not in found["trigger"] or found["is_api_campaign"]:
        hint = f"'{found['name']}' is not API-triggered; {_instead(found)}"
        raise ApiError("invalid", message=_campaigns.INVALID, hint=hint)
    if found["archived"] or found["status"] != "active":
        call.fate("/campaign_id", "campaign_sends_nothing", found["id"], f"its status is {found['status']}")
    _check_recipients(body, PROPERTIES)
    return found


def canvas(call: Call) -> Canvas:
    """The API-triggered Canvas that the call names. Raises ApiError for another one, and for what else is wrong."""
    found = _canvases.find(call, call.body["canvas_id"])
    if "api" not in found["trigger"]:
        hint = f"'{found['name']}' is not API-triggered; it waits for {next(iter(found['trigger']))}"
        raise ApiError("invalid", message=_canvases.UNKNOWN, hint=hint)
    if found["archived"] or found["status"] != "active":
        call.fate("/canvas_id", "canvas_lets_nobody_in", found["id"], f"its status is {found['status']}")
    _check_recipients(call.body, CONTEXT)
    return found


def _instead(campaign: Campaign) -> str:
    if campaign["is_api_campaign"]:
        return "it is an API campaign, and POST /messages/send names it"
    return f"it waits for {next(iter(campaign['trigger']))}"


def _check_recipients(body: Mapping[str, Any], properties: Sequence[str]) -> None:
    for name in ("recipients", "attachments") if body.get("broadcast") else ():
        if name in body:
            raise invalid(f"'{name}' cannot be given with 'broadcast'", f"leave {name} or broadcast out")
    if "recipients" not in body and not body.get("broadcast"):
        hint = "name recipients, or set broadcast to true to send to everybody in the audience"
        raise invalid(_recipients.NOBODY, hint)
    for one in (body, *body.get("recipients", ())):
        check_size(one, properties)


def check_size(holder: Mapping[str, Any], properties: Sequence[str]) -> None:
    """Raises ApiError for properties that are too large; `properties` are their names in the call or the recipient."""
    for name in properties:
        size = campaigns.size(holder.get(name))
        if size > MAX_BYTES:
            raise invalid(f"'{name}' is not valid", f"{size} bytes; at most {MAX_BYTES} are taken")
