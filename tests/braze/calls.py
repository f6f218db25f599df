"""What the tests of Braze users share: short ways to call, and objects to send."""

from __future__ import annotations

from typing import Any

from tests.conftest import Client

NOW = "2026-01-31T12:00:00Z"
MOMENT = "2026-01-31T12:00:00.000Z"
EARLIER = "2026-01-30T08:00:00Z"
IDENTIFIER = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
ALIAS = {"alias_label": "shop", "alias_name": "42"}
EVENT = {"external_id": "u", "name": "visited", "time": EARLIER}
PURCHASE = {"external_id": "u", "product_id": "sku", "currency": "USD", "price": 2.5, "time": EARLIER}


def track(braze: Client, **arrays: Any) -> dict[str, Any]:
    status, body = braze.post("/users/track", arrays)
    assert status == 201, body
    return dict(body)


def attributes(braze: Client, *items: dict[str, Any]) -> dict[str, Any]:
    return track(braze, attributes=list(items))


def export(braze: Client, **wanted: Any) -> list[dict[str, Any]]:
    status, body = braze.post("/users/export/ids", wanted)
    assert status == 201, body
    return list(body["users"])


def only(braze: Client, **wanted: Any) -> dict[str, Any]:
    (found,) = export(braze, **wanted)
    return found


def rules(braze: Client) -> list[str]:
    return [rule for _, rule in braze.fates]


def count(braze: Client) -> int:
    return len(braze.emulator.workspaces.default.state["profiles"])
