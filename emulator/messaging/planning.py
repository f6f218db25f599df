"""A turn of a scheduled campaign: its time has come, and it starts for everybody in its audience."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator.call import Occurrence
from emulator.messaging.starting import SCHEDULE, Cause, start
from emulator.state import plans
from emulator.workspaces import Workspace


def run(workspace: Workspace, item: Mapping[str, Any]) -> None:
    """Start the campaign for every profile, and let its next turn wait. One dispatch_id for all (documented)."""
    now = workspace.clock.now()
    with workspace.transaction() as draft:
        campaign = draft.campaigns.get(item["plan"])
        if campaign is None or draft.plans.get(item["plan"], {}).get("turn") != item["turn"]:
            return  # it was deleted, or declared anew, after this turn was taken from the outbox
        plans.wait(draft, "campaign", campaign["id"], campaign["plan"], now, datetime.fromisoformat(item["turn"]))
        cause = Cause(draft, draft.profiles.frozen(), now, draft.new_id("uuid")[:13])
        data = {"dispatch_id": draft.new_id("hex32"), **({"wall": item["turn"]} if campaign["plan"]["local"] else {})}
        for braze_id in draft.profiles:
            start(cause, campaign, Occurrence(SCHEDULE, braze_id, item["turn"], data))
