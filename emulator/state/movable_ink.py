"""Movable Ink's part of a seed document: endpoint keys and event mappings; and what is kept of events and people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson

from emulator import clock, resources
from emulator.errors import ConfigError
from emulator.state.credential import Credential
from emulator.state.draft import Draft

UNMAPPED: Final = "(unmapped)"
"""The name of the mapping that takes what no other takes, where the seed says `unmapped: accept`."""

_TEST: Final = re.compile(r'\s*\.(type|event)\s*==\s*("(?:[^"\\]|\\.)*")\s*')
_PATH: Final = re.compile(r'\$?(?:\.[A-Za-z_][\w-]*|\."[^"]+")+')
_STEP: Final = re.compile(r'\.(?:"([^"]+)"|([\w-]+))')

Record = dict[str, Any]


def plant(draft: Draft, part: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables of a draft from the checked part of a seed document. Raises ConfigError for a bad mapping."""
    for order, raw in enumerate(part.get("mappings", ())):
        if raw["name"] in draft.movable_ink_mappings:
            raise _refusal(raw["name"], "the name stands twice")
        draft.movable_ink_mappings[raw["name"]] = {**mapping(raw), "order": order}
    if part.get("unmapped") == "accept":
        catch_all = {"name": UNMAPPED, "when": {}, "schema": "Custom", "fields": _fields(UNMAPPED, "Custom", None)}
        draft.movable_ink_mappings[UNMAPPED] = {**catch_all, "active": True, "order": -1}


def credentials(part: Mapping[str, Any]) -> Iterator[Credential]:
    yield from (Credential("movable_ink", item["key"], data=item) for item in part.get("endpoints", ()))


def own(part: Mapping[str, Any], name: str, braze_key: str) -> dict[str, Any]:
    """The part with an endpoint key, made for the workspace `name` unless the part declares one."""
    return {
        **part,
        "endpoints": part.get("endpoints") or [{"key": f"mi-{name}", "username": "user", "password": f"pass-{name}"}],
    }


# event mappings


@cache
def tables() -> Record:
    """schemas/movable_ink/mappings.json: the envelope, the event schemas and the default mappings."""
    found: Record = orjson.loads((resources.folder("schemas") / "movable_ink" / "mappings.json").read_bytes())
    return found


def event_schema(name: str) -> Record:
    found: Record = tables()["schemas"][name]
    return event_schema(found["like"]) if "like" in found else found


@cache
def _defaults() -> tuple[Record, ...]:
    return tuple(map(mapping, tables()["mappings"]))


def mappings(draft: Draft) -> list[Record]:
    """The active mappings of a workspace, in the order in which they are tried."""
    table = draft.movable_ink_mappings
    if not len(table):
        return list(_defaults())
    own = sorted(table.values(), key=lambda record: int(record["order"]))
    ours = [record for record in own if record["active"] and record["name"] != UNMAPPED]
    rest = [record for record in own if record["name"] == UNMAPPED]
    return [*ours, *(record for record in _defaults() if record["name"] not in table), *rest]


def mapping(raw: Mapping[str, Any]) -> Record:
    """A mapping as it is used: `when` and paths taken apart. Raises ConfigError, which names the mapping.

    {"name", "schema", "active", "when": {"type" | "event": text}, "fields": {name: {"paths": [[step]], "each"?: …}}}
    """
    name, schema, active = raw["name"], raw.get("schema", "Custom"), raw.get("active", True)
    return {
        "name": name,
        "schema": schema,
        "active": active,
        "when": _conditions(name, raw["match"]) if "match" in raw else {},
        "fields": _fields(name, schema, raw.get("fields")),
    }


def _refusal(name: str, why: str) -> ConfigError:
    return ConfigError(f"partners.movable_ink.mappings '{name}': {why}")


def _conditions(name: str, expression: str) -> dict[str, str]:
    """`.type == "track" and .event == "x"` as {"type": "track", "event": "x"}."""
    found: dict[str, str] = {}
    position = 0
    while (test := _TEST.match(expression, position)) and test[1] not in found:
        found[test[1]] = _text(name, test[2])
        position = test.end()
        if position == len(expression):
            return found
        if not expression.startswith("and", position):
            break
        position += len("and")
    raise _refusal(
        name,
        f'match: {expression!r} is not understood; this emulator reads .type == "…" and .event == "…", '
        "each at most once, combined with 'and'",
    )


def _text(name: str, quoted: str) -> str:
    try:
        return str(orjson.loads(quoted))
    except orjson.JSONDecodeError as error:
        raise _refusal(name, f"match: {quoted} is not a JSON text: {error.msg}") from error


def _fields(name: str, schema: str, own: Mapping[str, Any] | None) -> Record:
    shape = event_schema(schema)
    raw = {**tables()["envelope"], **(shape["fields"] if own is None else own)}
    extra = sorted(raw.keys() - tables()["envelope"].keys() - shape["fields"].keys())
    if shape["custom"] is not None and len(extra) > shape["custom"]:
        known = ", ".join([*shape["fields"], *tables()["envelope"]])
        most = f"at most {shape['custom']} fields" if shape["custom"] else "no fields"
        raise _refusal(name, f"the schema {schema} takes {most} beside {known}; found {', '.join(extra)}")
    lacking = [field for field in shape["required"] if not _has(raw, *field.split("."))]
    if lacking:
        raise _refusal(name, f"the schema {schema} requires {', '.join(lacking)}: give a path for it under fields")
    return {field: _field(name, value) for field, value in raw.items()}


def _has(fields: Mapping[str, Any], field: str, inside: str = "") -> bool:
    return field in fields and (not inside or (isinstance(fields[field], dict) and inside in fields[field]["each"]))


def _field(name: str, raw: Any) -> Record:
    if not isinstance(raw, dict):
        return {"paths": _paths(name, raw)}
    return {
        "paths": _paths(name, raw["path"]),
        "each": {field: _field(name, path) for field, path in raw["each"].items()},
    }


def _paths(name: str, raw: str | list[str]) -> list[list[str]]:
    paths = [raw] if isinstance(raw, str) else raw
    for path in paths:
        if not _PATH.fullmatch(path):
            raise _refusal(name, f'the path {path!r} is not understood; write .properties.sku or .properties."my sku"')
    return [[quoted or plain for quoted, plain in _STEP.findall(path)] for path in paths]


# events and people


def add_event(draft: Draft, event: Record, at: datetime) -> None:
    """Keep an accepted event and count it for its profile.

    `event` has key, mapping, schema, type, event, user_id, anonymous_id, timestamp and fields.
    """
    number = draft.next("movable_ink_events")
    draft.movable_ink_events[f"{number:012d}"] = {**event, "received_at": clock.iso_ms(at)}
    _touch(draft, owner(draft, event), event, at)


def owner(draft: Draft, event: Mapping[str, Any]) -> str:
    """The user_id of an event, or the one its anonymous id was merged into, or nothing."""
    return str(event["user_id"] or draft.movable_ink_aliases.get(event["anonymous_id"]) or "")


def _touch(draft: Draft, user_id: str, event: Mapping[str, Any], at: datetime) -> None:
    key = user_id or _anonymous(event["anonymous_id"])
    fresh: Record = {"user_id": user_id or None, "anonymous_ids": [], "events": 0, "first_seen": clock.iso_ms(at)}
    known = draft.movable_ink_profiles.get(key, fresh)
    draft.movable_ink_profiles[key] = {**known, "events": known["events"] + 1, "last_seen": clock.iso_ms(at)}


def _anonymous(anonymous_id: str) -> str:
    """The key of the profile of somebody who is not known yet: NUL before it, as in no user_id that people write."""
    return f"\0{anonymous_id}"


def identify(draft: Draft, user_id: str, anonymous_id: str) -> str:
    """Merge the history under an anonymous id into a profile that has an event.

    Answers `merged`, `known` for a pair that was merged before, or `taken` where another profile has the id.
    """
    known = draft.movable_ink_aliases.get(anonymous_id)
    if known is not None:
        return "known" if known == user_id else "taken"
    draft.movable_ink_aliases[anonymous_id] = user_id
    profile = draft.movable_ink_profiles[user_id]
    merged = {**profile, "anonymous_ids": [*profile["anonymous_ids"], anonymous_id]}
    waiting = draft.movable_ink_profiles.get(_anonymous(anonymous_id))
    if waiting is not None:
        del draft.movable_ink_profiles[_anonymous(anonymous_id)]
        merged["events"] += waiting["events"]
        merged["first_seen"] = min(profile["first_seen"], waiting["first_seen"])
    draft.movable_ink_profiles[user_id] = merged
    return "merged"


def history(draft: Draft, user_id: str) -> list[Record]:
    """The events of a profile in the order they came, those of its anonymous ids included."""
    return [event for event in draft.movable_ink_events.values() if owner(draft, event) == user_id]
