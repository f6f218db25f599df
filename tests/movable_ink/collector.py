"""A collector with one endpoint key, and events to send to it."""

from __future__ import annotations

import base64
from typing import Any

from tests.conftest import Client, client

KEY, PATH = "mi-key", "/behavioral/mi-key"


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def collector(mode: str = "strict", **part: Any) -> Client:
    endpoints = [{"key": KEY, "username": "collector", "password": "s3cret"}]
    document = {
        "settings": {"modes": {"movable_ink": mode}},
        "clock": {"now": "2026-01-01T00:00:00Z", "frozen": True},
        "partners": {"movable_ink": {"endpoints": endpoints, **part}},
    }
    return client(document, authorization=basic("collector:s3cret"))


def track(event: str = "product_viewed", **more: Any) -> dict[str, Any]:
    found = {"type": "track", "event": event, "user_id": "u-1", "timestamp": 1767225600000, **more}
    found.setdefault("properties", {"id": "sku-9"})
    return {name: value for name, value in found.items() if value is not ...}


def identify(user_id: str = "u-1", anonymous_id: str = "an-1") -> dict[str, Any]:
    return {"type": "identify", "user_id": user_id, "anonymous_id": anonymous_id, "timestamp": 1767225600000}


def stored(calls: Client) -> list[dict[str, Any]]:
    return calls.emulator.workspaces.default.view().movable_ink_events.values()


def message(calls: Client, body: Any, status: int = 400) -> str:
    found = calls.post(PATH, body)
    assert found[0] == status, found
    return str(found[1]["message"])


SECONDS = (
    "'timestamp' must be a number of milliseconds since 1970, such as 1767225600000; seconds as text are not accepted"
)
"""What a timestamp that is no number is told."""
