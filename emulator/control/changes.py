"""What calls change, through the control API: why a value is as it is, what a call would do, how two states differ."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import orjson

from emulator import inspection, seed
from emulator.call import Json, Request
from emulator.control import why
from emulator.errors import ConfigError
from emulator.messaging import accepted
from emulator.pipeline import Emulator
from emulator.state import comparison
from emulator.state.draft import State
from emulator.workspaces import Workspace

Given = dict[str, Any]
MOST: Final = 1_000
"""Differences that are told unless `limit` says otherwise."""
NOW: Final = "now"


def explain_value(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Each recorded call that touched the field of a profile."""
    return why.told(workspace, emulator.journal, why.find(workspace, given["id"]), given["field"])


def what_if(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """The answer, the fates and the changes of a call that is not kept."""
    call, response = emulator.rehearse(_request(emulator, workspace, given))
    found = call.transaction
    changes, complete = _told(found.before, found.after, MOST) if found is not None else ([], True)
    return {
        "status": response.status,
        "headers": response.headers,
        "body": inspection.body(response.body),
        "hint": call.hint,
        "fates": [inspection.shown_fate(fate) for fate in call.fates],
        "changes": changes,
        "complete": complete,
    }


def _request(emulator: Emulator, workspace: Workspace, given: Given) -> Request:
    path, _, query = given["path"].partition("?")
    if not path.startswith("/"):
        raise ConfigError(f"path: '{path}' must begin with /, for example /users/track")
    headers = {"content-type": "application/json", "x-emulator-workspace": workspace.name}
    headers["authorization"] = f"Bearer {_key(emulator, workspace)}"
    headers.update({name.lower(): str(value) for name, value in given.get("headers", {}).items()})
    body = given.get("body")
    raw = b"" if body is None else body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Request(given.get("method", "POST").upper(), path, query, headers, raw)


def _key(emulator: Emulator, workspace: Workspace) -> str:
    """A key of the workspace, so that a rehearsal needs none."""
    keys = [one.credential for service, one in emulator.workspaces.credentials(workspace) if service == "braze"]
    return keys[0] if keys else "any"


def apply_accepted(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Let accepted calls take effect that wait for it, the first `count` or all."""
    with workspace.transaction() as draft:
        released = accepted.release(draft, workspace.clock.seconds(), given.get("count"))
    emulator.dispatcher.run_due(workspace, patient=True)
    return {"applied": released}


def change_settings(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Set settings until the next reset; null takes one back. When maintenance ends, what was queued is applied."""
    wanted = {name: value for name, value in given.items() if name != "workspace"}
    seed.check({"settings": {name: value for name, value in wanted.items() if value is not None}}, "the body")
    over = bool(workspace.settings().get("maintenance")) and not wanted.get("maintenance", True)
    with workspace.transaction() as draft:
        for name, value in wanted.items():
            if value is None and name in draft.settings:
                del draft.settings[name]
            elif value is not None:
                draft.settings[name] = value
    if over:
        apply_accepted(emulator, workspace, {})
    return dict(sorted(workspace.settings().items()))


def compare_snapshot(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """What differs between a snapshot and another one, or the present state; profiles by their external_id."""
    before, after = _state(workspace, given["name"]), _state(workspace, given.get("with", NOW))
    limit = given.get("limit", MOST)
    told, complete = _told(before, after, limit)
    return {"from": given["name"], "to": given.get("with", NOW), "differences": told, "complete": complete}


def _state(workspace: Workspace, name: str) -> State:
    if name in workspace.snapshots:
        return workspace.snapshots[name][0]
    if name == NOW:
        return workspace.state
    raise KeyError(f"no snapshot '{name}' of workspace {workspace.name}; GET /_emulator/snapshots lists them")


def _told(before: State, after: State, limit: int) -> tuple[list[comparison.Difference], bool]:
    """The first differences, and whether these are all."""
    found = list(islice(comparison.compare(before, after), limit + 1))
    return [_readable(one, before, after) for one in found[:limit]], len(found) <= limit


def _readable(one: comparison.Difference, before: State, after: State) -> comparison.Difference:
    """With the external_id beside the key of a profile."""
    if one["table"] != "profiles":
        return one
    record = after["profiles"].get(one["key"]) or before["profiles"][one["key"]]
    return {"table": "profiles", "external_id": record.get("external_id"), **one}
