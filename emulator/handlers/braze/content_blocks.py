"""Braze Content Blocks: snippets that messages include by name. The API creates, changes and reads them."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator import clock
from emulator.call import Call
from emulator.errors import ApiError
from emulator.liquid import balance
from emulator.state import content_blocks, inclusions
from emulator.state.bounds import bound
from emulator.state.content_blocks import Block

MAX_CONTENT_BYTES: Final = bound("block_bytes")
DEFAULT_LIMIT: Final = 100
CHANGEABLE: Final = ("name", "content", "description", "state", "tags")
_TAG_LIKE: Final = re.compile(r"<[A-Za-z/!]")


def create_content_block(call: Call) -> dict[str, Any]:
    """{content_block_id, liquid_tag, created_at, message}. Raises ApiError invalid with the texts of Braze's table."""
    block = content_blocks.new(call.state, call.new_id("uuid"), call.body, call.now)
    _check(call, block)
    content_blocks.store(call.state, block)
    return {**_reference(block), "created_at": block["created_at"], "message": "success"}


def update_content_block(call: Call) -> dict[str, Any]:
    """{content_block_id, liquid_tag, created_at, updated_at, message}. What is not sent stays, but for the state.

    A request without `state` makes a draft active: documented as the default of this operation too.
    """
    before = _find(call, call.body["content_block_id"])
    changes = {name: call.body[name] for name in CHANGEABLE if name in call.body}
    block = {**before, "state": "active", **changes, "last_edited": clock.iso_ms(call.now)}
    _check_active(before, block)
    _check(call, block)
    content_blocks.store(call.state, block)
    dates = {"created_at": block["created_at"], "updated_at": block["last_edited"]}
    return {**_reference(block), **dates, "message": "success"}


def get_content_block(call: Call) -> dict[str, Any]:
    """The whole block; `inclusion_data` only when it is asked for (observed)."""
    block = _find(call, call.args["content_block_id"])
    variants = inclusions.of_blocks(call.state).get(block["name"], [])
    found = {
        **_summary(block, len(variants)),
        "content": block["content"],
        "description": block["description"],
        "message": "success",
    }
    if call.args.get("include_inclusion_data"):
        found["inclusion_data"] = variants
    return found


def list_content_blocks(call: Call) -> dict[str, Any]:
    """{count, content_blocks, message}: `limit` blocks from `offset` on, last edited between the two times."""
    after, before = _time(call, "after"), _time(call, "before")
    if after and before and after > before:
        raise _refused(
            "Modified after time must be earlier than or the same as modified before time.",
            f"modified_after is {after} and modified_before is {before}; exchange them",
        )
    found = [
        block
        for block in content_blocks.listed(call.state)
        if (not after or block["last_edited"] >= after) and (not before or block["last_edited"] <= before)
    ]
    included = inclusions.of_blocks(call.state)
    start = call.args.get("offset", 0)
    page = found[start : start + call.args.get("limit", DEFAULT_LIMIT)]
    return {
        "count": len(page),
        "content_blocks": [
            {**_reference(block), **_summary(block, len(included.get(block["name"], ())))} for block in page
        ],
        "message": "success",
    }


def _time(call: Call, side: str) -> str:
    """`modified_after` or `modified_before` as text that sorts by time, or nothing."""
    text = call.args.get(f"modified_{side}")
    if text is None:
        return ""
    try:
        return clock.read_time(text)
    except ValueError:
        advice = f"modified_{side} is '{text[:40]}'; write for example 2026-01-31T12:00:00Z"
        raise _refused(f"Modified {side} time is invalid", advice) from None


def _reference(block: Block) -> dict[str, Any]:
    return {
        "content_block_id": block["content_block_id"],
        "liquid_tag": f"{{{{content_blocks.${{{block['name']}}}}}}}",
    }


def _summary(block: Block, inclusion_count: int) -> dict[str, Any]:
    """What info and list both show."""
    return {
        "content_block_id": block["content_block_id"],
        "name": block["name"],
        "content_type": "html" if _TAG_LIKE.search(block["content"]) else "text",
        "inclusion_count": inclusion_count,
        "created_at": block["created_at"],
        "last_edited": block["last_edited"],
        "tags": block["tags"],
    }


def _find(call: Call, block_id: str) -> Block:
    block: Block | None = call.state.content_blocks.get(block_id)
    if block is None:
        advice = f"this workspace has no Content Block '{block_id[:60]}'; GET /content_blocks/list shows those it has"
        raise _refused("Content Block ID is invalid for this workspace", advice)
    if block["deleted"]:
        advice = f"the seed says that the block '{block['name']}' is deleted"
        raise _refused("Content Block has been deleted—content not available", advice)
    return block


def _check_active(before: Block, block: Block) -> None:
    """An active block keeps its name and its state."""
    if before["state"] != "active":
        return
    if block["name"] != before["name"]:
        advice = f"the block is active and stays '{before['name']}'; leave name out, or create another block"
        raise _refused("Content Block name cannot be updated for active Content Blocks", advice)
    if block["state"] != "active":
        advice = "leave state out, or create another block as a draft"
        raise _refused("Active Content Block can not be updated to Draft. Create a new Content Block.", advice)


def _check(call: Call, block: Block) -> None:
    """What the schema cannot decide, in the order of Braze's table of errors."""
    _check_content(block["content"], block["name"])
    holder = call.state.content_block_names.get(block["name"])
    if holder not in (None, block["content_block_id"]):
        advice = f"the block {holder} is called '{block['name']}'; choose another name"
        raise _refused("Content Block with this name already exists", advice)
    unknown = [tag for tag in block["tags"] if tag not in call.state.tags]
    if unknown:
        advice = f"this workspace has no tag {', '.join(map(repr, unknown))}; name it under tags in the seed"
        raise _refused("Some tags could not be found", advice)


def _check_content(content: str, name: str) -> None:
    size = len(content.encode())
    if size >= MAX_CONTENT_BYTES:
        raise _refused(
            "Content must be smaller than 50kb", f"the content has {size} bytes; send fewer than {MAX_CONTENT_BYTES}"
        )
    defect = balance.defect(content)
    if defect:
        raise _refused("Content contains malformed liquid", f"{defect}; correct the template")
    if re.search(rf"content_blocks\s*\.\s*\$\{{\s*{re.escape(name)}\s*\}}", content):
        raise _refused("Content Block cannot be referenced within itself", f"take '{name}' out of its own content")


def _refused(message: str, hint: str) -> ApiError:
    return ApiError("invalid", message=message, hint=hint)
