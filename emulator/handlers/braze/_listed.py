"""Lists of campaigns and Canvases, and copies of one of them: what their operations have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.handlers.braze._recipients import invalid
from emulator.state import campaigns

Listed = Mapping[str, Any]
"""A campaign or a Canvas."""
PAGE: Final = 100
COPIED: Final = {"name": "name", "description": "description", "tag_names": "tags"}
"""Parameter of a copy -> what the original calls it."""
SCHEDULE_TYPES: Final = {"api": "api_triggered", "schedule": "time_based"}
"""Trigger -> schedule_type, where it is not action_based."""


def page(call: Call, among: Iterable[Listed]) -> list[Listed]:
    """A page of 100, without archived ones unless they are asked for."""
    newest = call.args.get("sort_direction") == "desc"
    since = _since(call)
    found = campaigns.listed(among, newest, call.args.get("include_archived", False))
    found = [one for one in found if one["updated_at"] > since]
    start = call.args.get("page", 0) * PAGE
    return found[start : start + PAGE]


def _since(call: Call) -> str:
    text = call.args.get("last_edit.time[gt]", "")
    try:
        return clock.read_time(text) if text else ""
    except ValueError:
        hint = f"last_edit.time is '{text[:40]}'; write for example 2026-01-31T12:00:00"
        raise invalid("last_edit.time is not a valid datetime", hint) from None


def summary(one: Listed, *names: str) -> dict[str, Json]:
    return {"last_edited": one["updated_at"], **{name: one[name] for name in names}}


def described(one: Listed) -> dict[str, Json]:
    """What details begin with."""
    names = ("created_at", "updated_at", "archived", "name", "description", "tags", "teams")
    return {
        "message": "success",
        **{name: one[name] for name in names},
        "draft": one["status"] == "draft",
        "enabled": one["status"] == "active" and not one["archived"],
        "schedule_type": SCHEDULE_TYPES.get(next(iter(one["trigger"])), "action_based"),
    }


def copied(call: Call) -> dict[str, Json]:
    """What a copy is to have of its own. Raises ApiError for tags that the workspace does not have."""
    body = call.body
    unknown = [tag for tag in body.get("tag_names", ()) if tag not in call.state.tags]
    if unknown:
        hint = f"this workspace has no tag {', '.join(map(repr, unknown))}; name it under tags in the seed"
        raise invalid("Some tags could not be found", hint)
    return {name: body[given] for given, name in COPIED.items() if given in body}
