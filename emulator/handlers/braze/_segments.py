"""Finding the segment that a request names."""

from __future__ import annotations

from typing import Final

from emulator.call import Call
from emulator.handlers.braze import _named
from emulator.state.segments import Segment

UNKNOWN: Final = "segment_id must be a string of the Segment api identifier"
"""Assumed: what was observed for an unknown Canvas, with the other word."""


def find(call: Call, segment_id: str) -> Segment:
    """Raises ApiError for a segment that the workspace does not have."""
    segment: Segment = _named.find(call, "segments", "segment", segment_id, UNKNOWN)
    return segment
