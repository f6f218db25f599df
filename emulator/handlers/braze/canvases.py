"""Braze Canvases: which there are, what they say, letting users in, and how many there were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.handlers.braze import (
    _campaign_details,
    _canvas_numbers,
    _canvases,
    _listed,
    _periods,
    _recipients,
    _sends,
)
from emulator.handlers.braze._campaign_details import shown_channel
from emulator.state import canvases
from emulator.state.bounds import bound
from emulator.state.canvas_steps import MESSAGE, Step
from emulator.state.canvases import Canvas

ARCHIVED: Final = "The Canvas is archived. Unarchive the Canvas to ensure trigger requests will take effect."
PAUSED: Final = "The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect."
MOST_DAYS: Final = bound("canvas_days")


def list_canvases(call: Call) -> Json:
    """Stopped ones are in it (documented)."""
    found = _listed.page(call, call.state.canvases.values())
    return {"message": "success", "canvases": [_listed.summary(one, "id", "name", "tags") for one in found]}


def get_canvas(call: Call) -> Json:
    """The Canvas with its variants and the steps that they lead to."""
    one = _canvases.find(call, call.args["canvas_id"])
    entries = call.state.canvas_entries.get(one["id"], {})
    channels = (item["channel"] for step in one["steps"].values() for item in step.get("messages", ()))
    return {
        **_listed.described(one),
        **{name: entries[name] for name in ("first_entry", "last_entry") if name in entries},
        "has_post_launch_draft": False,
        "channels": list(dict.fromkeys(map(shown_channel, channels))),
        "variants": [_variant(item) for item in one["variants"]],
        "steps": [_step(call, one["steps"], step) for step in one["steps"].values()],
    }


def _variant(item: Mapping[str, Any]) -> Json:
    """The deprecated first_step_id stands beside a single first step (documented)."""
    alone = {"first_step_id": item["first"]} if item["first"] else {}
    return {"name": item["name"], "id": item["id"], "first_step_ids": list(alone.values()), **alone}


def _step(call: Call, steps: Mapping[str, Step], step: Step) -> Json:
    held, following = step.get("messages", ()), steps.get(step["next"], {})
    paths = step.get("paths", [{"name": None, "next": step["next"]}])
    shown = {
        "name": step["name"],
        "type": step["type"],
        "id": step["id"],
        "next_paths": [{"name": one["name"], "next_step_id": one["next"]} for one in paths if one["next"]],
        "channels": list(dict.fromkeys(shown_channel(one["channel"]) for one in held)),
        "messages": _campaign_details.described(held, call.args.get("include_has_translatable_content", False)),
    }
    if held:  # a message step names the next one where that is a message step too (documented)
        shown["next_step_ids"] = [following["id"]] if following.get("type") == MESSAGE else []
    return shown


def trigger_canvas(call: Call) -> Json:
    """Let recipients, or everybody in an audience, into an API-triggered Canvas."""
    canvas = _sends.canvas(call)
    recipients, errors = _recipients.called(call, _sends.CONTEXT)
    dispatch_id, common = call.new_id("hex32"), _recipients.properties(call.body, _sends.CONTEXT)
    for braze_id, own in recipients.items():
        call.occurred("canvas", braze_id, canvas["id"], properties={**common, **own}, dispatch_id=dispatch_id)
    answer = {"dispatch_id": dispatch_id, "message": "success", **_notice(call, canvas)}
    return {**answer, **({"errors": errors} if errors else {})}


def _notice(call: Call, canvas: Canvas) -> Mapping[str, str]:
    """What the answer says of a Canvas that lets nobody in (documented)."""
    if not canvas["archived"] and canvas["status"] == "active":
        return {}
    return {"notice": ARCHIVED if canvas["archived"] else PAUSED}


def duplicate_canvas(call: Call) -> Json:
    """Make a draft with the same steps under another name."""
    original = _canvases.find(call, call.body["canvas_id"])
    canvases.duplicate(call.state, original, call.now, **_listed.copied(call))
    return {"message": "success"}


def get_canvas_series(call: Call) -> Json:
    """Each day with its numbers, the oldest first."""
    canvas, days = _asked(call)
    stats = [{"time": day, **_canvas_numbers.numbers(call, canvas, [day])} for day in days]
    return {"message": "success", "data": {"name": canvas["name"], "stats": stats}}


def get_canvas_summary(call: Call) -> Json:
    """The numbers of all days together."""
    canvas, days = _asked(call)
    return {"message": "success", "data": {"name": canvas["name"], **_canvas_numbers.numbers(call, canvas, days)}}


def _asked(call: Call) -> tuple[Canvas, list[str]]:
    return _canvases.find(call, call.args["canvas_id"]), _periods.between(call, MOST_DAYS)
