"""The user's side of an SMS double opt-in, through the control API: no API of the service can give the answer."""

from __future__ import annotations

from typing import Any

from emulator.call import Json
from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from emulator.state import opt_ins
from emulator.state.profiles import Profiles
from emulator.workspaces import Workspace


def confirm_opt_in(emulator: Emulator, workspace: Workspace, given: dict[str, Any]) -> Json:
    """Say yes to the questions that wait for an answer from a number. Raises ConfigError where none waits."""
    phone, wanted = given["phone"], given.get("subscription_group_id")
    with workspace.transaction() as draft:
        room = Profiles(draft, workspace.clock.now())
        groups = [draft.subscription_groups[one] for one in opt_ins.waiting(room, phone) if wanted in (None, one)]
        if not groups:
            raise ConfigError(f"no double opt-in waits for an answer from {phone}")
        reached = [opt_ins.confirm(room, group, phone) for group in groups]
        room.close()
    return {"confirmed": [group["id"] for group in groups], "profiles": max(reached)}
