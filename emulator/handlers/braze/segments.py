"""Braze segments: which there are, what they say, and how large they were."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _segments
from emulator.state import audience, segments
from emulator.state.segments import Segment

PAGE: Final = 100


def list_segments(call: Call) -> Json:
    """A page of 100; one past the end is empty (observed)."""
    found = segments.listed(call.state, newest_first=call.args.get("sort_direction") == "desc")
    start = call.args.get("page", 0) * PAGE
    return {"message": "success", "segments": [_summary(one) for one in found[start : start + PAGE]]}


def _summary(segment: Segment) -> Json:
    return {name: segment[name] for name in ("id", "name", "analytics_tracking_enabled", "tags")}


def get_segment(call: Call) -> Json:
    """`description` is the filters in words, `text_description` what somebody wrote about the segment."""
    segment = _segments.find(call, call.args["segment_id"])
    return {
        "message": "success",
        **{name: segment[name] for name in ("created_at", "updated_at", "name")},
        "description": audience.worded(segment.get("filters")),
        "text_description": segment["description"],
        "tags": segment["tags"],
        "teams": segment["teams"],
    }


def get_segment_series(call: Call) -> Json:
    """{time, size} a day, the oldest first; nothing for a segment whose analytics are not tracked (assumed)."""
    segment, last = _segments.find(call, call.args["segment_id"]), _ending(call)
    if not segment["analytics_tracking_enabled"]:
        call.fate("/segment_id", "analytics_not_tracked", segment["id"])
        return {"message": "success", "data": []}
    call.fate("/segment_id", "size_computed_now", segment["id"])
    try:
        data = segments.series(call.state, segment, last, call.args["length"], call.now)
    except OverflowError:
        raise _no_time(f"{call.args['length']} days before ending_at there is no calendar") from None
    return {"message": "success", "data": data}


def _ending(call: Call) -> datetime:
    text = call.args.get("ending_at")
    if text is None:
        return call.now
    try:
        return clock.parse_instant(clock.read_time(text))
    except ValueError:
        hint = f"ending_at is '{text[:40]}'; write for example 2026-01-31T12:00:00Z, and %2B for a plus"
        raise _no_time(hint) from None


def _no_time(hint: str) -> ApiError:
    return ApiError("invalid", message="ending_at is not a valid datetime", hint=hint)
