"""Campaigns to test with, and what became of their messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

from emulator.journal import Entry
from tests.conftest import Client, client

NOW = "2026-01-01T12:00:00Z"
BODY = '{"attributes": [{"external_id": "{{${user_id}}}-copy", "seen": "{{event_properties.${title}}}"}]}'
HOOK = {
    "id": "hook",
    "name": "Copy",
    "channel": "webhook",
    "url": "https://rest.iad-01.braze.com/users/track",
    "request_method": "POST",
    "request_headers": {"Authorization": "Bearer {{'k'}}", "Content-Type": "application/json"},
    "body": BODY,
}
"""Braze to Braze: the emulator answers it itself."""
EVENT: dict[str, Any] = {"event": {"name": "seen"}}


def started(
    campaigns: list[dict[str, Any]] | dict[str, Any], allowed_hosts: Collection[str] = (), **seed: Any
) -> Client:
    """An emulator whose clock stands, with Ada, and with one campaign or several."""
    items = campaigns if isinstance(campaigns, list) else [campaigns]
    document = {
        "clock": {"now": NOW, "frozen": True},
        "profiles": [{"external_id": "ada", "first_name": "Ada", "email": "ada@example.com"}],
        "campaigns": [{"id": "c", "name": "C", "trigger": EVENT, "messages": [HOOK], **one} for one in items],
        **seed,
    }
    return client(document, allowed_hosts)


def track(braze: Client, user: str = "ada", name: str = "seen", time: str = NOW, **properties: Any) -> str:
    """Track an event; answers its trace."""
    event = {"external_id": user, "name": name, "time": time, "properties": properties}
    response = braze.send("POST", "/users/track", {"events": [event]})
    assert response.status == 201, response.body
    return response.headers["X-Emulator-Trace"]


def table(braze: Client, name: str) -> list[dict[str, Any]]:
    return list(getattr(braze.emulator.workspaces.default.view(), name).values())


def decisions(braze: Client) -> list[tuple[str, str]]:
    """(outcome, reason), oldest first."""
    return [(one["outcome"], one["reason"]) for one in table(braze, "decisions")]


def outcomes(braze: Client) -> list[str]:
    return [one["outcome"] for one in table(braze, "decisions")]


def out(braze: Client) -> list[Entry]:
    """What was sent."""
    return braze.emulator.journal.find(limit=-1, direction="out")


def bodies(braze: Client) -> list[Any]:
    return [orjson.loads(one.request_body) for one in out(braze)]


def advance(braze: Client, seconds: float) -> int:
    return braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, seconds)
