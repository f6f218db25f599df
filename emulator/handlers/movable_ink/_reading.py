"""What a mapping takes from an event, what it leaves, and what the event schema misses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.call import Json
from emulator.state import movable_ink

Used = dict[str, Any]
"""The parts of an event that were taken: step -> the same for what is inside, or None where all of it was."""


@dataclass
class Number:
    """A field that the event schema wants as a number: where its value is kept, and where it stands in the body."""

    fields: dict[str, Json]
    name: str
    pointer: str

    @property
    def value(self) -> Json:
        return self.fields[self.name]

    def become(self, value: Json) -> None:
        self.fields[self.name] = value


@dataclass
class Reading:
    """One event as its mapping reads it. `place` is the event's JSON pointer in the body."""

    place: str
    event: Mapping[str, Json]
    mapping: Mapping[str, Any]
    fields: dict[str, Json] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    numbers: list[Number] = field(default_factory=list)
    used: Used = field(default_factory=dict)

    @property
    def schema(self) -> str:
        return str(self.mapping["schema"])

    def wire_name(self, name: str, inside: str = "") -> str:
        """A field as the sender writes it: `properties.id or properties.product_id`, in a batch `events[3].…`."""
        wanted = self.mapping["fields"][name]
        prefix = f"events[{self.place.rpartition('/')[2]}]." if self.place else ""
        if inside:
            array, _, child = inside.partition(".")
            prefix += f"{'.'.join(wanted['paths'][0])}[{array}]."
            wanted = wanted["each"][child]
        return " or ".join(prefix + ".".join(path) for path in wanted["paths"])


def read(place: str, event: Mapping[str, Json], mapping: Mapping[str, Any]) -> Reading:
    """Take the mapped fields out of an event."""
    reading = Reading(place, event, mapping)
    reading.fields = _taken(reading, mapping["fields"], event, place, reading.used)
    return reading


def _taken(reading: Reading, fields: Mapping[str, Any], source: Json, place: str, used: Used) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, wanted in fields.items():
        path = _path(source, wanted["paths"])
        if path is None:
            continue
        value, pointer = _at(source, path), place + "".join(map(_step, path))
        reading.pointers.setdefault(name, pointer)
        if "each" in wanted and isinstance(value, list):
            parts = [_mark(used, [*path, str(index)], {}) for index in range(len(value))]
            found[name] = [
                _taken(reading, wanted["each"], item, f"{pointer}/{index}", parts[index])
                for index, item in enumerate(value)
            ]
            continue
        _mark(used, path, None)
        found[name] = value
        if name in movable_ink.tables()["numbers"]:
            reading.numbers.append(Number(found, name, pointer))
    return found


def _path(source: Json, paths: list[list[str]]) -> list[str] | None:
    """The first path with a value; else the first that is there at all, with null or an empty text; else None."""
    there = [path for path in paths if _at(source, path, missing=source) is not source]
    return next((path for path in there if not empty(_at(source, path))), there[0] if there else None)


def _at(source: Json, path: list[str], missing: Json = None) -> Json:
    for step in path:
        if not isinstance(source, dict) or step not in source:
            return missing
        source = source[step]
    return source


def _mark(used: Used, path: list[str], what: Used | None) -> Any:
    *way, last = path
    for step in way:
        inner = used.setdefault(step, {})
        if inner is None:
            return what
        used = inner
    used[last] = what
    return what


def empty(value: Json) -> bool:
    """Whether a value is none: null, or a text, array or object with nothing in it."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def _step(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def missing(reading: Reading) -> Iterator[str]:
    """The required fields that an event has no value for, as the sender writes them."""
    shape = movable_ink.event_schema(reading.schema)
    fields = reading.fields
    for name in [*movable_ink.tables()["required"], *shape["required"]]:
        parent, _, child = name.partition(".")
        if child:
            yield from _missing_inside(reading, parent, child)
        elif _lacks(reading, name):
            yield reading.wire_name(name)
    if fields.get("Type") == "track" and empty(fields.get("Event")):
        yield reading.wire_name("Event")
    if empty(fields.get("UserID")) and empty(fields.get("AnonymousID")) and "UserID" not in shape["required"]:
        yield f"{reading.wire_name('UserID')} or {reading.wire_name('AnonymousID')}"


def _lacks(reading: Reading, name: str) -> bool:
    value = reading.fields.get(name)
    return empty(value) or ("each" in reading.mapping["fields"][name] and not isinstance(value, list))


def _missing_inside(reading: Reading, parent: str, child: str) -> Iterator[str]:
    items = reading.fields.get(parent)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if empty(item.get(child)):
            yield reading.wire_name(parent, f"{index}.{child}")


def left(reading: Reading) -> Iterator[tuple[str, Json]]:
    """(JSON pointer, value) of everything in an event that the mapping does not take."""
    yield from _left(reading.event, reading.used, reading.place)


def _left(value: Json, used: Used | None, pointer: str) -> Iterator[tuple[str, Json]]:
    if used is None or empty(value):
        return
    if not used:
        yield pointer, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _left(inner, used.get(name, {}), pointer + _step(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _left(inner, used.get(str(index), {}), f"{pointer}/{index}")
