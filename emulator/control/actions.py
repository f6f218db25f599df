"""What the control API can do, one small function each: (emulator, workspace, what was given) -> a JSON value."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from emulator import clock, fates, faults, inspection, openapi, seed, workspaces
from emulator.call import Json
from emulator.clock import parse_duration, parse_instant
from emulator.errors import ConfigError
from emulator.explaining import gathering
from emulator.journal import FILTERS, NOBODY, Entry
from emulator.messaging import outbox
from emulator.pipeline import Emulator
from emulator.state.tables import TABLES
from emulator.workspaces import DEFAULT, Workspace

Given = dict[str, Any]
MAX_WAIT: Final = 60.0


class NotMet(Exception):
    """What was to be verified or waited for is not so; `told` says what was found instead."""

    def __init__(self, detail: str, told: dict[str, Json]) -> None:
        super().__init__(detail)
        self.told = told


@cache
def alive() -> Json:
    """All that a caller learns who may not use the control API."""
    from importlib.metadata import PackageNotFoundError, version  # 10 ms that no other action needs

    try:
        return {"status": "ok", "version": version("braze-emulator")}
    except PackageNotFoundError:  # a checkout that was not installed
        return {"status": "ok", "version": "unknown"}


def health(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {**alive(), "operations": len(emulator.operations.all), "workspaces": sorted(emulator.workspaces.all)}


def list_operations(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    wanted = given.get("service")
    return [
        {
            "service": operation.service.name,
            "tag": operation.tag,
            "id": operation.id,
            "method": operation.method,
            "path": operation.data["path"],
            "summary": operation.data["summary"],
        }
        for operation in emulator.operations
        if wanted in (None, operation.service.name)
    ]


def describe_services(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return openapi.document(emulator.operations, given.get("service"))


def list_rules(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {
        rule.id: {"service": rule.service, "sentence": rule.sentence, "level": rule.level, "source": rule.source,
                  "loss": rule.loss}
        for rule in fates.rules().values()
    }  # fmt: skip


def read_schema(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return seed.published(given["name"])


# journal


def _filters(workspace: Workspace, given: Given) -> dict[str, Any]:
    found = {name: given[name] for name in FILTERS if name in given and name != "workspace"}
    return found if _every(given) else {**found, "workspace": _names(workspace)}


def _every(given: Given) -> bool:
    return bool(given.get("workspace") == "*")


def _names(workspace: Workspace) -> tuple[str, ...]:
    """The default workspace shows what belongs to nobody too: a newcomer's first calls are often refused."""
    return (workspace.name, NOBODY) if workspace.name == DEFAULT else (workspace.name,)


def _strangers(given: Given, known: set[str]) -> None:
    strange = given.keys() - FILTERS - known
    if strange:
        raise ConfigError(f"'{min(strange)}' is not a filter; use one of {', '.join(sorted(FILTERS | known))}")


def read_journal(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    _strangers(given, {"limit", "newest", "reveal"})
    filters = _filters(workspace, given)
    found = emulator.journal.find(given.get("limit", 100), given.get("newest", False), **filters)
    shown = [inspection.shown(entry, given.get("reveal", False)) for entry in found]
    return {"entries": shown, **emulator.journal.stats()}


def read_entry(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    entry = _entry(emulator, given["id"])
    if entry is None:
        raise KeyError(f"no journal entry {given['id']}; it may have been evicted ({emulator.journal.evicted} were)")
    return inspection.shown(entry, given.get("reveal", False))


def _entry(emulator: Emulator, id: str) -> Entry | None:
    """The entry whose number this text is, if it is one."""
    return emulator.journal.get(int(id)) if re.fullmatch(r"[0-9]{1,18}", id) else None


def clear_journal(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    emulator.journal.clear(*() if _every(given) else _names(workspace))
    return emulator.journal.stats()


def verify(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    _strangers(given, {"count", "at_least", "at_most"})
    filters = _filters(workspace, given)
    found = emulator.journal.ids(**filters)
    if not _enough(len(found), given):
        near = inspection.nearest(emulator.journal, filters)
        raise NotMet(f"{_wanted(given)} expected, {len(found)} found", {"found": len(found), "nearest": near})
    return {"found": len(found), "ids": found}


def _enough(found: int, given: Given) -> bool:
    if "count" in given:
        return found == int(given["count"])
    return int(given.get("at_least", 0 if "at_most" in given else 1)) <= found <= int(given.get("at_most", found))


def _wanted(given: Given) -> str:
    said = [f"{name.replace('_', ' ')} {given[name]}" for name in ("count", "at_least", "at_most") if name in given]
    return f"{' and '.join(said) or 'at least 1'} matching entries"


def wait(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    _strangers(given, {"count", "timeout"})
    filters, wanted = _filters(workspace, given), int(given.get("count", 1))
    patience = min(parse_duration(given.get("timeout", 5)), MAX_WAIT)
    if not emulator.waiters.acquire(blocking=False):
        raise NotMet("as many callers wait already as there are threads to spare; start with more --threads", {})
    try:
        with emulator.spare.blocking():
            found = inspection.awaited(emulator.journal, wanted, patience, **filters)
    finally:
        emulator.waiters.release()
    if len(found) < wanted:
        near = inspection.nearest(emulator.journal, filters)
        raise NotMet(f"{len(found)} of {wanted} entries came within {patience:g} s", {"nearest": near})
    return {"entries": [inspection.shown(entry) for entry in found[:wanted]]}


def explain(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Everything under the trace of an entry, in order."""
    entry = _entry(emulator, given["id"])
    trace = entry.trace if entry else str(given["id"])
    return gathering.told(emulator.journal, emulator.workspaces, trace)


def list_violations(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """What a strict run does not forgive, since the emulator started."""
    chosen = list(emulator.workspaces) if _every(given) else [workspace]
    unused = [fault.id for one in chosen for fault in one.faults if not fault.fired]
    entries = emulator.journal.stream(after=emulator.journal.opened, **_filters(workspace, given))
    found = inspection.violations(entries, unused)
    missed = emulator.journal.newest_evicted - emulator.journal.opened
    if missed > 0:
        found.append(f"not judged: {missed} exchanges fell out of the journal; raise journal_entries or journal_bytes")
    return {"violations": found}


# faults


def list_faults(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return [_shown_fault(fault) for fault in workspace.faults]


def arm_fault(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    with workspace.transaction() as draft:
        wanted = {name: value for name, value in given.items() if name != "workspace"}
        fault = faults.parse(wanted, f"fault-{draft.next('faults')}")
    workspace.faults.append(fault)
    return _shown_fault(fault)


def disarm_fault(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    for fault in workspace.faults:
        if fault.id == given["id"]:
            workspace.faults.remove(fault)
            return _shown_fault(fault)
    raise KeyError(f"no fault {given['id']} is armed in workspace {workspace.name}")


def disarm_all(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    workspace.faults.clear()
    return []


def _shown_fault(fault: faults.Fault) -> Json:
    return {name: getattr(fault, name) for name in fault.__dataclass_fields__ if name != "seen"}


# clock


def read_clock(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {
        "now": clock.iso_ms(workspace.clock.now()),
        "epoch": workspace.clock.seconds(),
        "frozen": workspace.clock.frozen,
        "next_due": outbox.next_due(workspace.view()),
    }


def freeze_clock(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    at = _instant(given["at"]) if "at" in given else workspace.clock.seconds()
    workspace.clock.set(at, frozen=True)
    return read_clock(emulator, workspace, given)


def resume_clock(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    workspace.clock.resume()
    return read_clock(emulator, workspace, given)


def advance_clock(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    seconds = parse_duration(given["by"])
    if seconds < 0:
        raise ConfigError("by: time only goes forward; freeze the clock at an earlier instant instead")
    made = emulator.dispatcher.advance(workspace, seconds)
    return {**read_clock(emulator, workspace, given), "attempts": made}


def _instant(text: str) -> float:
    try:
        return parse_instant(text).timestamp()
    except ValueError:
        raise ConfigError(f"at: '{text}' is not an ISO 8601 time such as 2026-01-02T03:04:05Z") from None


def settle(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {
        "attempts": emulator.dispatcher.run_due(workspace, patient=True),
        "next_due": outbox.next_due(workspace.view()),
    }


# workspaces, seed, state


def list_workspaces(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return [_shown_workspace(emulator, one) for one in emulator.workspaces]


def mint_workspace(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    name = given.get("name") or workspaces.new_name()
    return _shown_workspace(emulator, emulator.workspaces.mint(name, given.get("seed") or {}))


def branch_workspace(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    source = _named(emulator, given["name"])
    return _shown_workspace(emulator, emulator.workspaces.branch(source, given.get("as") or workspaces.new_name()))


def read_workspace(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return _shown_workspace(emulator, _named(emulator, given["name"]))


def delete_workspace(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    _named(emulator, given["name"])
    emulator.workspaces.delete(given["name"])
    return {"deleted": given["name"]}


def _named(emulator: Emulator, name: str) -> Workspace:
    if name not in emulator.workspaces.all:
        raise KeyError(f"no workspace '{name}'; GET /_emulator/workspaces lists them")
    return emulator.workspaces.all[name]


def _shown_workspace(emulator: Emulator, workspace: Workspace) -> Json:
    held: dict[str, list[Json]] = {}
    for service, account in emulator.workspaces.credentials(workspace):
        granted = None if account.permissions is None else sorted(account.permissions)
        held.setdefault(service, []).append({"credential": account.credential, "permissions": granted})
    return {"name": workspace.name, "credentials": held}


def read_seed(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return workspace.document


def plant_seed(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    emulator.workspaces.plant(workspace, given)
    return _shown_workspace(emulator, workspace)


def reset(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    workspace.reset()
    emulator.journal.clear(*_names(workspace))
    return {"reset": workspace.name}


def list_snapshots(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return sorted(workspace.snapshots)


def take_snapshot(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    workspace.snapshot(given["name"])
    return {"snapshot": given["name"]}


def restore_snapshot(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    if given["name"] not in workspace.snapshots:
        raise KeyError(f"no snapshot '{given['name']}' of workspace {workspace.name}")
    workspace.restore(given["name"])
    return {"restored": given["name"]}


def list_tables(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {name: {"about": about, "records": len(workspace.state[name])} for name, about in TABLES.items()}


def read_table(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    if given["table"] not in TABLES:
        raise KeyError(f"no table '{given['table']}'; GET /_emulator/state lists them")
    table = getattr(workspace.view(), given["table"])
    return dict(table.items()[: given.get("limit", 1000)])


def read_profile(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    view = workspace.view()
    wanted = given["id"]
    found = view.profiles.get(view.external_ids.get(wanted, wanted))
    if found is None:
        raise KeyError(f"no profile has the external_id or braze_id '{wanted}' in workspace {workspace.name}")
    return found
