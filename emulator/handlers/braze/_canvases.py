"""Finding the Canvas that a request names."""

from __future__ import annotations

from typing import Final

from emulator.call import Call
from emulator.errors import ApiError
from emulator.state.canvases import Canvas

UNKNOWN: Final = "canvas_id must be a string of the Canvas api identifier"
"""Observed."""


def find(call: Call, canvas_id: str) -> Canvas:
    """Raises ApiError for a Canvas that the workspace does not have."""
    canvas: Canvas | None = call.state.canvases.get(canvas_id)
    if canvas is None:
        known = ", ".join(call.state.canvases) or "none"
        hint = f"no Canvas '{canvas_id[:60]}'; declare it in the seed under canvases; there are: {known}"
        raise ApiError("invalid", message=UNKNOWN, hint=hint)
    return canvas
