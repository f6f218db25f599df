"""Fields of a request that its operation does not have, where the schema lists what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from emulator.call import Json

_ALTERNATIVES: Final = ("allOf", "anyOf", "oneOf")
_BRANCHES: Final = ("if", "then", "else")


class Shape(NamedTuple):
    """The names that a schema lists, and the shapes inside. No names: anything may be there."""

    names: frozenset[str]
    inside: Mapping[str, Shape]
    items: list[Shape]
    """One at most; a list, because a recursive definition is filled in after it was begun."""


def shape(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Shape:
    """Read once an operation. `additionalProperties: true` in a schema: the handler looks at the rest itself."""
    return _shape(schema, definitions, {})


def _shape(schema: Mapping[str, Any], definitions: Mapping[str, Any], begun: dict[str, Shape]) -> Shape:
    reference = schema.get("$ref", "")
    if reference in begun:
        return begun[reference]
    parts = list(_parts(schema, definitions))
    inside: dict[str, Shape] = {}
    items: list[Shape] = []
    if any(part.get("additionalProperties", False) is not False for part in parts):
        return Shape(frozenset(), inside, items)
    names = {name for part in parts for name in (*part.get("properties", ()), *part.get("required", ()))}
    found = Shape(frozenset(names), inside, items)
    if reference:
        begun = {**begun, reference: found}
    for part in parts:
        for name, inner in part.get("properties", {}).items():
            _add(inside, name, _shape(inner, definitions, begun))
        if not items and isinstance(part.get("items"), Mapping):
            items.append(_shape(part["items"], definitions, begun))
    return found


def _add(inside: dict[str, Shape], name: str, found: Shape) -> None:
    """The first part that says something of a field; the others repeat its name in a condition."""
    if name not in inside and (found.names or found.items):
        inside[name] = found


def _parts(schema: Any, definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schema and all that apply to the same value."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    if "$ref" in schema:
        yield from _parts(definitions.get(schema["$ref"].removeprefix("#/$defs/")), definitions)
    for key in _ALTERNATIVES:
        for part in schema.get(key, ()):
            yield from _parts(part, definitions)
    for key in _BRANCHES:
        yield from _parts(schema.get(key), definitions)


def find(known: Shape, subject: Json, place: str = "") -> Iterator[tuple[str, Json, frozenset[str]]]:
    """(JSON pointer, value, the names that there are) of each unknown field."""
    if isinstance(subject, dict):
        for name in sorted(subject.keys() - known.names) if known.names else ():
            yield f"{place}/{_escaped(name)}", subject[name], known.names
        for name, inner in known.inside.items():
            yield from find(inner, subject.get(name), f"{place}/{_escaped(name)}")
    elif isinstance(subject, list) and known.items:
        for index, item in enumerate(subject):
            yield from find(known.items[0], item, f"{place}/{index}")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
