"""What /campaigns/details shows of a campaign's messages, channel by channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from emulator.call import Json
from emulator.state import campaigns
from emulator.state.campaigns import Campaign, Variant

CHANNELS: Final = {
    "apple_push": "ios_push",
    "content_card": "content_cards",
}
"""Channel of a message -> what the API calls it; every other as it is."""
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "webhook": {"url": "url", "body": "body", "headers": "request_headers", "method": "request_method"},
    "email": {
        "subject": "subject", "body": "body", "from": "from", "reply_to": "reply_to", "extras": "extras",
        "preheader": "preheader", "custom_plain_text": "plaintext_body", "should_inline_css": "should_inline_css",
        "email_headers": "headers",
    },
    "sms": {"body": "body", "subscription_group_id": "subscription_group_id"},
    "content_card": {"extras": "extra"},
    "in_app_message": {"message": "message", "extras": "extras"},
    "whats_app": {"subscription_group_id": "subscription_group_id"},
}  # fmt: skip
"""Channel -> field of the API -> field of the message."""
PUSH: Final[Mapping[str, str]] = {
    "alert": "alert", "title": "title", "extras": "extra", "action": "custom_uri", "image_url": "image_url",
    "large_image_url": "large_image_url",
}  # fmt: skip
_TRANSLATION: Final = re.compile(r"\{%-?\s*translation\b")


def shown_channel(channel: str) -> str:
    return CHANNELS.get(channel, channel)


def messages(one: Campaign, translatable: bool) -> dict[str, Json]:
    """Variant's id -> message; with `translatable`, each says whether it has a translation tag."""
    found = described(one["messages"], translatable)
    if one["control_percentage"]:
        asked = {"has_translatable_content": None} if translatable else {}
        channel = shown_channel(one["messages"][0]["channel"]) if one["messages"] else ""
        found[campaigns.control_group(one)["id"]] = {"channel": channel, "type": "control", **asked}
    return found


def described(items: Sequence[Variant], translatable: bool) -> dict[str, Json]:
    """The messages of a campaign, or of a step of a Canvas."""
    found: dict[str, Json] = {item["id"]: _message(item) for item in items}
    for item in items if translatable else ():
        found[item["id"]]["has_translatable_content"] = any(map(_TRANSLATION.search, campaigns.texts(item)))
    return found


def _message(item: Variant) -> dict[str, Json]:
    channel = item["channel"]
    names = FIELDS.get(channel, PUSH)
    fields: dict[str, Any] = {shown: item[held] for shown, held in names.items() if held in item}
    return {"channel": shown_channel(channel), "name": item["name"], **fields, **_more(channel, item, fields)}


def _more(channel: str, item: Variant, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What does not stand in the message by a name of its own."""
    if channel == "email":
        return {"title": item["name"]}
    if channel == "whats_app":
        return _whats_app(item)
    if channel == "webhook":
        headers = item.get("request_headers") or {}
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
        return {} if kind is None else {"type": kind}
    return {}


TEMPLATE: Final = ("template_name", "template_language_code", "header_variables", "body_variables", "button_variables")
RESPONSE: Final = {
    "header_text": "header_text", "header": "header_text", "body": "body_text", "footer": "footer_text",
    "buttons": "buttons",
}  # fmt: skip


def _whats_app(item: Variant) -> Mapping[str, Any]:
    """A template by its own names, an answer by others; that its layout is the message_type is assumed."""
    held = item["message"]
    if item["message_type"] == "template_message":
        return {name: held[name] for name in TEMPLATE if name in held}
    shown = {name: held[field] for field, name in RESPONSE.items() if field in held}
    return {"layout": item["message_type"], **shown}
