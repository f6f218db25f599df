"""Content Blocks: what their records hold, and finding and storing them by id and by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator import clock
from emulator.state.draft import Draft

Block = Mapping[str, Any]
"""{content_block_id, name, content, description, state, tags, created_at, last_edited, deleted, sequence}."""


def plant(draft: Draft, item: Mapping[str, Any], now: datetime) -> None:
    """Write one Content Block of a seed document, and the tags it names."""
    block = new(draft, item.get("id") or draft.new_id("uuid"), item, now)
    store(draft, {**block, "deleted": item.get("deleted", False)})
    for tag in block["tags"]:
        draft.tags[tag] = {}


def new(draft: Draft, block_id: str, fields: Mapping[str, Any], now: datetime) -> Block:
    """A record that is not stored yet. `fields` are those of a create request; `state` is active without one."""
    at = clock.iso_ms(now)
    return {
        "content_block_id": block_id,
        "name": fields["name"],
        "content": fields["content"],
        "description": fields.get("description", ""),
        "state": fields.get("state", "active"),
        "tags": fields.get("tags", []),
        "created_at": at,
        "last_edited": at,
        "deleted": False,
        "sequence": draft.next("content_blocks"),
    }


def store(draft: Draft, block: Block) -> None:
    """Write a new or a changed block. The name it had before, if another, is free again."""
    block_id, name = block["content_block_id"], block["name"]
    before = draft.content_blocks.get(block_id)
    if before is not None and before["name"] != name:
        del draft.content_block_names[before["name"]]
    draft.content_blocks[block_id] = block
    draft.content_block_names[name] = block_id


def listed(draft: Draft) -> list[Block]:
    """The blocks that are not deleted, the oldest first."""
    blocks = [block for block in draft.content_blocks.values() if not block["deleted"]]
    return sorted(blocks, key=lambda block: int(block["sequence"]))
