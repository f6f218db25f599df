"""Finding what a request names by its id: a campaign, a Canvas, a segment of the workspace."""

from __future__ import annotations

from typing import Any

from emulator.call import Call
from emulator.errors import ApiError


def find(call: Call, table: str, what: str, item_id: str, message: str) -> Any:
    """The record of the table; `what` is its kind in words. Raises ApiError with `message` where there is none."""
    held = getattr(call.state, table)
    found = held.get(item_id)
    if found is None:
        known = ", ".join(held) or "none"
        hint = f"no {what} '{item_id[:60]}'; declare it in the seed under {table}; there are: {known}"
        raise ApiError("invalid", message=message, hint=hint)
    return found
