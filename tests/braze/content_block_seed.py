"""What the tests of Content Blocks share: a seed with an active, a draft and a deleted block."""

from __future__ import annotations

from typing import Any

from tests.conftest import Client

ACTIVE = "11111111-1111-4111-8111-111111111111"
DRAFT = "22222222-2222-4222-8222-222222222222"
DELETED = "33333333-3333-4333-8333-333333333333"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
START = "2026-01-31T12:00:00.000Z"
SEED = {
    "clock": {"now": "2026-01-31T12:00:00Z", "frozen": True},
    "tags": ["footer", "header"],
    "content_blocks": [
        {"id": ACTIVE, "name": "greeting", "content": "<p>Hello</p>", "description": "Says hello", "tags": ["footer"]},
        {"id": DRAFT, "name": "later", "content": "Soon", "state": "draft"},
        {"id": DELETED, "name": "gone", "content": "Bye", "deleted": True},
    ],
}

CREATE, UPDATE, INFO, LIST = (f"/content_blocks/{name}" for name in ("create", "update", "info", "list"))
Body = dict[str, Any]

BLANK_ID = "Content Block ID cannot be blank"
INVALID_ID = "Content Block ID is invalid for this workspace"
IS_DELETED = "Content Block has been deleted—content not available"


def info(blocks: Client, block_id: str = ACTIVE) -> Body:
    status, body = blocks.get(INFO, f"content_block_id={block_id}")
    assert status == 200
    return dict(body)


def names(blocks: Client, query: str = "") -> list[str]:
    status, body = blocks.get(LIST, query)
    assert status == 200
    assert body["count"] == len(body["content_blocks"])
    return [block["name"] for block in body["content_blocks"]]


def advance(blocks: Client, seconds: float) -> None:
    blocks.emulator.workspaces.default.clock.advance(seconds)
