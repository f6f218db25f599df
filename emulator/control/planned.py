"""What waits for its time, through the control API: what calls have scheduled, and what the dashboard has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.pipeline import Emulator
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

Given = dict[str, Any]
SHOWN: Final = ("kind", "about", "status", "schedule", "dispatch_id", "trace", "at")


def list_schedules(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """{schedules}, by their time: those that are over last."""
    view = workspace.view()
    found = [*_of_calls(view), *_of_the_dashboard(view)]
    wanted = [one for one in found if given.get("status") in (None, one["status"])]
    return {"schedules": sorted(wanted, key=lambda one: (one["status"] != "waiting", one["due"], one["id"]))}


def _of_calls(view: Draft) -> Iterator[dict[str, Json]]:
    for key, held in view.schedules.items():
        yield {"id": key, "due": clock.iso_ms(clock.at(held["due"])), **{name: held[name] for name in SHOWN}}


def _of_the_dashboard(view: Draft) -> Iterator[dict[str, Json]]:
    for key, held in view.plans.items():
        one = (view.campaigns if held["kind"] == "campaign" else view.canvases)[key]
        yield {
            "id": key,
            "due": clock.iso_ms(clock.at(held["due"])) if held["turn"] else "",
            "kind": held["kind"],
            "about": key,
            "status": "waiting" if held["turn"] else "over",
            "schedule": one["trigger"]["schedule"],
            "turn": held["turn"],
        }
