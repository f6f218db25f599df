"""What arrives at a user: a message in the words of its channel instead of those of the API, for who tests or reads it.

A message is rendered once for a user, and arrives once for each push token. Only the words change; sources are Braze's
messaging objects. What nobody can know here is None: the size of an attachment, a text that Braze makes from HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Content = Mapping[str, Any]
NO_REPLY_TO: Final = "NO_REPLY_TO"


def arrivals(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One for each place where it arrives; none for a webhook, whose attempts are told instead."""
    channel = message["channel"]
    if channel == "webhook":
        return []
    places = message["recipient"] if isinstance(message["recipient"], list) else [message["recipient"]]
    say = CHANNELS.get(channel, dict)
    return [{"to": place, **say(message["content"])} for place in places]


def _email(content: Content) -> dict[str, Any]:
    """Without reply_to the workspace's own is taken, with NO_REPLY_TO none; without plaintext_body Braze makes one from
    the HTML (documented).
    """
    reply_to = content.get("reply_to")
    return {
        "from": content["from"],
        "reply_to": None if reply_to == NO_REPLY_TO else reply_to,
        "bcc": content.get("bcc"),
        "subject": content.get("subject", ""),
        "preheader": content.get("preheader"),
        "html": content.get("body", ""),
        "plaintext": content.get("plaintext_body"),
        "headers": content.get("headers") or {},
        "attachments": [
            {"name": one["file_name"], "url": one["url"], "size": None} for one in content.get("attachments") or ()
        ],
        "extras": content.get("extras") or {},
    }


def _push(content: Content) -> dict[str, Any]:
    alert = content.get("alert", "")
    parts = alert if isinstance(alert, Mapping) else {"title": content.get("title"), "body": alert}
    return {
        "title": parts.get("title"),
        "body": parts.get("body"),
        "deep_link": content.get("custom_uri"),
        "image": content.get("image_url") or content.get("asset_url"),
        "badge": content.get("badge"),
        "buttons": content.get("buttons") or [],
        "extra": content.get("extra") or {},
    }


def _card(content: Content) -> dict[str, Any]:
    return {
        "type": content["type"],
        "title": content.get("title"),
        "description": content.get("description"),
        "image": content.get("image_url"),
        "links": {name: content[f"{name}_uri"] for name in ("ios", "android", "web") if f"{name}_uri" in content},
        "link_text": content.get("uri_text"),
        "pinned": content.get("pinned", False),
        "expires": content.get("expire_at") or f"{content['time_to_live']} s after it was sent",
        "extra": content.get("extra") or {},
    }


def _whats_app(content: Content) -> dict[str, Any]:
    return {"type": content["message_type"], **content["message"]}


def _in_app(content: Content) -> dict[str, Any]:
    return {
        "type": content.get("type"),
        "header": content.get("header"),
        "message": content["message"],
        "image": content.get("image_url"),
        "deep_link": content.get("uri"),
        "buttons": content.get("buttons") or [],
        "extra": content.get("extras") or {},
    }


# SMS

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE: Final = frozenset("^{}\\[~]|€\f")
"""These take two places (GSM 03.38)."""
_PLACES: Final = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Encoding -> places in a message that fits one segment, and in each segment of a longer one."""


def segments(text: str) -> tuple[str, int]:
    """The encoding that an SMS needs, and how many segments it takes."""
    if all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        encoding, letters = "GSM-7", [2 if letter in _GSM_TWICE else 1 for letter in text]
    else:
        encoding, letters = "UCS-2", [len(letter.encode("utf-16-be")) // 2 for letter in text]
    one, each = _PLACES[encoding]
    return encoding, 1 if sum(letters) <= one else _filled(letters, each)


def _filled(letters: list[int], each: int) -> int:
    """A letter of two places is not cut in two."""
    count, used = 1, 0
    for size in letters:
        count, used = (count, used + size) if used + size <= each else (count + 1, size)
    return count


def _sms(content: Content) -> dict[str, Any]:
    encoding, count = segments(content["body"])
    return {
        "text": content["body"],
        "encoding": encoding,
        "segments": count,
        "media": content.get("media_items") or [],
        "subscription_group_id": content["subscription_group_id"],
    }


CHANNELS: Final[Mapping[str, Callable[[Content], dict[str, Any]]]] = {
    "email": _email,
    "sms": _sms,
    "apple_push": _push,
    "android_push": _push,
    "kindle_push": _push,
    "web_push": _push,
    "content_card": _card,
    "whats_app": _whats_app,
    "in_app_message": _in_app,
}
"""A channel that is not here arrives in the words of the API."""
