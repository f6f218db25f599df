"""Finding the segment that a request names."""

from __future__ import annotations

from typing import Final

from emulator.call import Call
from emulator.errors import ApiError
from emulator.state.segments import Segment

UNKNOWN: Final = "segment_id must be a string of the Segment api identifier"
"""Assumed: what was observed for an unknown Canvas, with the other word."""


def find(call: Call, segment_id: str) -> Segment:
    """Raises ApiError for a segment that the workspace does not have."""
    segment: Segment | None = call.state.segments.get(segment_id)
    if segment is None:
        known = ", ".join(call.state.segments) or "none"
        hint = f"no segment '{segment_id[:60]}'; declare it in the seed under segments; there are: {known}"
        raise ApiError("invalid", message=UNKNOWN, hint=hint)
    return segment
