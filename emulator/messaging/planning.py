"""A turn of a scheduled campaign or Canvas: its time has come, and it starts for everybody in its audience."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from emulator.call import Occurrence
from emulator.messaging.journeys import enter
from emulator.messaging.starting import SCHEDULE, Begin, Cause, start
from emulator.state import plans
from emulator.workspaces import Workspace

BEGINS: Final[dict[str, tuple[str, Begin]]] = {"campaign": ("campaigns", start), "canvas": ("canvases", enter)}
"""Kind of what is planned -> the table it stands in, and what is done for each user."""


def run(workspace: Workspace, item: Mapping[str, Any]) -> None:
    """Start the campaign for every profile, or let every profile into the Canvas, and let the next turn wait. One
    dispatch_id for all (documented).
    """
    now = workspace.clock.now()
    with workspace.transaction() as draft:
        held = draft.plans.get(item["plan"], {})
        if held.get("turn") != item["turn"]:
            return  # it was deleted, or declared anew, after this turn was taken from the outbox
        table, begin = BEGINS[held["kind"]]
        planned = getattr(draft, table)[item["plan"]]
        plans.wait(draft, held["kind"], planned["id"], planned["plan"], now, datetime.fromisoformat(item["turn"]))
        cause = Cause(draft, draft.profiles.frozen(), now, draft.new_id("uuid")[:13])
        data = {"dispatch_id": draft.new_id("hex32"), **({"wall": item["turn"]} if planned["plan"]["local"] else {})}
        for braze_id in draft.profiles:
            begin(cause, planned, Occurrence(SCHEDULE, braze_id, item["turn"], data))
