"""Why a field of a profile has its value: each recorded call that touched it, with what was sent and by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

from emulator import inspection
from emulator.call import Fate, Json
from emulator.journal import Entry, Journal
from emulator.state import comparison
from emulator.state.comparison import MISSING
from emulator.state.provenance import Step
from emulator.workspaces import Workspace

Profile = Mapping[str, Any]
NAMING: Final = frozenset({
    "external_id", "external_ids", "braze_id", "braze_ids", "email", "phone", "alias_name", "current_external_id",
    "new_external_id", "email_address", "emails", "phones", "user_aliases",
})  # fmt: skip
"""Fields of requests that name profiles."""
UNRECORDED: Final = "changed without a recorded call: by the control API or by a message that the emulator sent"
MERGED: Final = "merged_into"
"""The rule whose value is the braze_id of the profile that went."""
KEPT_OWN: Final = "merge_kept_own"
"""The rule of a merge whose note begins with the field: `custom_attributes.plan: 'gold' stays`."""
DEEPEST: Final = 10
"""Merges of merges that are followed: a chain of hundreds could be neither written nor read."""
FURTHER: Final = "ask for the reasons of this profile by its braze_id"
FORGOTTEN: Final = "earlier calls are no longer kept; this is what is known of the last ones"


def find(workspace: Workspace, wanted: str) -> str:
    """The braze_id of a profile that is there, or was, by external_id or braze_id. Raises KeyError."""
    for state in (workspace.state, *(step.before for step in reversed(workspace.provenance.steps))):
        braze_id: str = state["external_ids"].get(wanted, wanted)
        if braze_id in state["profiles"]:
            return braze_id
    raise KeyError(f"no profile has the external_id or braze_id '{wanted}' in workspace {workspace.name}")


def told(workspace: Workspace, journal: Journal, braze_id: str, path: str) -> dict[str, Json]:
    """{profile, field, value, because: [...], complete}. Each reason has the entry, what was sent, before and after."""
    present = workspace.state["profiles"].get(braze_id)
    value = comparison.field(present, path)
    because = list(_reasons(workspace, journal, braze_id, path))
    known: dict[str, Json] = {"profile": braze_id, "field": path, "because": because}
    if value is not MISSING:
        known["value"] = value
    if not because:
        known["note"] = "no recorded call touched it" if value is MISSING else "it is as the seed planted it"
    if workspace.provenance.forgotten:
        known["note"] = FORGOTTEN
    return known


def _reasons(
    workspace: Workspace, journal: Journal, braze_id: str, path: str, before_entry: float = inf, depth: int = 0
) -> Iterator[dict[str, Json]]:
    """With `before_entry`, only what earlier entries did: how a profile stood when merged, `depth` merges ago."""
    last: Profile | None = None
    steps = [step for step in workspace.provenance.steps if step.entry < before_entry]
    for number, step in enumerate(steps):
        before, after = step.before["profiles"].get(braze_id), step.after["profiles"].get(braze_id)
        if number and (changed := _sides(last, before, path)):
            yield {"note": UNRECORDED, **changed}
        last = after
        if before is not after:
            for reason in _reason(journal.get(step.entry), step, (before, after), path):
                yield {**reason, **_merged(workspace, journal, reason, path, depth)}
    present = workspace.state["profiles"].get(braze_id)
    if steps and before_entry == inf and (changed := _sides(last, present, path)):
        yield {"note": UNRECORDED, **changed}


def _merged(workspace: Workspace, journal: Journal, reason: dict[str, Any], path: str, depth: int) -> dict[str, Json]:
    """{merged: what made the value of the profiles that went into this one}, where the reason is a merge."""
    gone = [fate["value"] for fate in reason.get("rules", ()) if fate["rule"] == MERGED]
    if depth == DEEPEST:
        told = [{"profile": one, "note": FURTHER} for one in gone]
    else:
        deeper = (path, reason["entry"], depth + 1)
        told = [{"profile": one, "because": list(_reasons(workspace, journal, one, *deeper))} for one in gone]
    return {"merged": told} if told else {}


def _sides(before: Profile | None, after: Profile | None, path: str) -> dict[str, Json]:
    """{before, after} where the field differs, without the side that does not have it; else nothing."""
    was, became = comparison.field(before, path), comparison.field(after, path)
    if type(was) is type(became) and was == became:
        return {}
    return {name: value for name, value in (("before", was), ("after", became)) if value is not MISSING}


def _reason(
    entry: Entry | None, step: Step, sides: tuple[Profile | None, Profile | None], path: str
) -> Iterator[dict[str, Json]]:
    changed = _sides(*sides, path)
    if entry is None:
        if changed:
            yield {"entry": step.entry, "note": "the journal no longer keeps this exchange", **changed}
        return
    fates, sent = [], []
    for pointer, item in _objects(inspection.body(entry.request_body), _names(sides)):
        sent += _sent(pointer, item, path)
        fates += [fate for fate in entry.fates if _concerns(fate, pointer, path)]
    if changed or sent or fates:
        told = inspection.head(entry)
        yield {
            "entry": entry.seq,
            **{name: told[name] for name in ("time", "operation", "trace")},
            "sent": sent,
            "rules": [inspection.shown_fate(fate) for fate in fates],
            **changed,
        }


def _names(sides: tuple[Profile | None, Profile | None]) -> set[str]:
    """Every text by which a request can have meant the profile."""
    found: set[str] = set()
    for record in sides:
        if record is not None:
            found |= {str(record[name]) for name in ("braze_id", "external_id", "email", "phone") if record.get(name)}
            found |= {alias["alias_name"] for alias in record["user_aliases"]}
    return found | {name.lower() for name in found}


def _objects(body: Json, names: set[str]) -> Iterator[tuple[str, Json]]:
    """(pointer, object) for the objects of a request's arrays that name the profile, else the whole body."""
    if not isinstance(body, dict):
        return
    lists = {name: items for name, items in body.items() if isinstance(items, list)}
    within = [
        (f"/{name}/{index}", item)
        for name, items in lists.items()
        for index, item in enumerate(items)
        if isinstance(item, dict) and _mentions(item, names)
    ]
    if within:
        yield from within
    elif _mentions(body, names):
        yield "", body


def _mentions(item: Json, names: set[str], naming: bool = False) -> bool:
    if isinstance(item, dict):
        return any(_mentions(value, names, naming or name in NAMING) for name, value in item.items())
    if isinstance(item, list):
        return any(_mentions(value, names, naming) for value in item)
    return naming and item is not None and (str(item) in names or str(item).lower() in names)


def _sent(pointer: str, item: Json, path: str) -> list[dict[str, Json]]:
    """What an object has for the field: the field itself, or the whole event or purchase of that name."""
    first, _, rest = path.partition(".")
    if first in ("custom_events", "purchases") and rest in (item.get("name"), item.get("product_id")):
        return [{"pointer": pointer, "value": item}]
    for name in (path, first):
        if name in item:
            return [{"pointer": f"{pointer}/{name}", "value": item[name]}]
    return []


def _concerns(fate: Fate, pointer: str, path: str) -> bool:
    """Whether a fate is of the whole object, or of the field in it."""
    first = path.partition(".")[0]
    array, _, index = pointer.rpartition("/")
    if fate.pointer == array and fate.rule == "unchanged" and isinstance(fate.value, dict):
        return first in fate.value.get(index, ())  # the fields of each object, see Change.end
    if fate.rule == KEPT_OWN:
        return fate.pointer == pointer and _begins(fate.note, path)
    if fate.pointer == pointer:
        return not isinstance(fate.value, list) or fate.rule != "unchanged" or first in fate.value
    inner = fate.pointer.removeprefix(pointer + "/")
    if first in ("custom_events", "purchases"):
        return inner != fate.pointer
    return inner != fate.pointer and inner.split("/")[0] in (path, first, *NAMING)


def _begins(note: str, path: str) -> bool:
    """Whether a note tells of the field, of one inside it, or of the one it is in."""
    told = note.removeprefix("custom_attributes.")
    return told.startswith((f"{path}:", f"{path}.", f"{path.partition('.')[0]}:"))
