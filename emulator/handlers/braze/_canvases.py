"""Finding the Canvas that a request names."""

from __future__ import annotations

from typing import Final

from emulator.call import Call
from emulator.handlers.braze import _named
from emulator.state.canvases import Canvas

UNKNOWN: Final = "canvas_id must be a string of the Canvas api identifier"
"""Observed."""


def find(call: Call, canvas_id: str) -> Canvas:
    """Raises ApiError for a Canvas that the workspace does not have."""
    canvas: Canvas = _named.find(call, "canvases", "Canvas", canvas_id, UNKNOWN)
    return canvas
