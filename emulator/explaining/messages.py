"""A message as people and tests see it: without credentials, and with what arrives at the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator import inspection, redaction
from emulator.explaining.arrivals import arrivals

HIDDEN: Final = frozenset({"sent_with"})
"""What only sending it again needs."""


def shown(key: str, held: Mapping[str, Any], reveal: bool = False) -> dict[str, Any]:
    """A record of the table of messages as JSON, credentials cut short unless `reveal`."""
    webhook = held["channel"] == "webhook"
    return {
        "id": key,
        **{name: value for name, value in held.items() if name not in HIDDEN},
        "content": request(held["content"]) if webhook and not reveal else held["content"],
        "arrives": arrivals(held),
        "attempts": [_attempt(one) for one in held["attempts"]],
    }


def _attempt(one: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent stands in GET /_emulator/deliveries."""
    return {**{name: value for name, value in one.items() if name != "request"}, "resent": "request" in one}


def request(content: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook's request without its credentials."""
    return {
        **content,
        "url": inspection.address(content["url"]),
        "request_headers": redaction.headers(content["request_headers"]),
        "body": redaction.text(content["body"]),
    }


def about(held: Mapping[str, Any]) -> str:
    """The campaign, the Canvas or its step that a decision or a message is about, in words."""
    step = f", step {held['step']}" if "step" in held else ""
    return f"{held.get('campaign') or held.get('canvas') or ''}{step}"
