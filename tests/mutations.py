"""From a JSON Schema and a value that fits it to many values at and beyond its edges, always the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

Schema = Mapping[str, Any]
WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e300, 2**70, "", " ", "x", "é\u0000", "{{x}}"),
    *("2026-02-30", "x" * 300, [], [[]], [None], {}, {"": None}, {"$add": [1]}),
)
"""A value of every type, and the odd ones among them."""
KEYWORDS = ("anyOf", "oneOf", "allOf")


class Mutations:
    """`definitions` are what `#/$defs/…` refers to."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def of(self, schema: Schema, value: Any, depth: int = 6) -> Iterator[Any]:
        """Variants of `value`, each with one change: of its own, or of a part of it."""
        shape = self._resolved(schema)
        yield from WRONG
        yield from shape.get("enum", ())
        yield from self._edges(shape, value)
        if depth and isinstance(value, dict):
            yield from self._objects(shape, value, depth)
        elif depth and isinstance(value, list) and value:
            for part in self.of(shape.get("items", {}), value[0], depth - 1):
                yield [part, *value[1:]]

    def _objects(self, shape: Schema, value: dict[str, Any], depth: int) -> Iterator[Any]:
        known: Mapping[str, Schema] = shape.get("properties", {})
        missing = [name for name in known if name not in value]
        for name in value:
            yield {key: part for key, part in value.items() if key != name}
            for part in self.of(known.get(name, {}), value[name], depth - 1):
                yield {**value, name: part}
        for name in missing:
            sample = self.sample(known[name])
            yield {**value, name: sample}
            for part in self.of(known[name], sample, depth - 2 if depth > 1 else 0):
                yield {**value, name: part}
        for one, other in combinations(missing, 2):
            yield {**value, one: self.sample(known[one]), other: self.sample(known[other])}
        yield {**value, "unheard_of": 1}

    @staticmethod
    def _edges(shape: Schema, value: Any) -> Iterator[Any]:
        """Just inside and just outside of every bound."""
        for name, step in (("minLength", -1), ("maxLength", 1)):
            if name in shape:
                yield from ("x" * shape[name], "x" * max(0, shape[name] + step))
        for name, step in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
            if name in shape:
                yield from (shape[name], shape[name] + step)
        for name, step in (("minItems", -1), ("maxItems", 1)):
            if name in shape and isinstance(value, list) and value and shape[name] < 2000:
                yield from ((value * shape[name])[: shape[name]], (value * (shape[name] + 1))[: shape[name] + step])

    def sample(self, schema: Schema) -> Any:
        """Some value that fits, or nearly."""
        shape = self._resolved(schema)
        for name in ("default", "const"):
            if name in shape:
                return shape[name]
        if shape.get("enum"):
            return shape["enum"][0]
        for name in KEYWORDS:
            if shape.get(name) and "type" not in shape:
                return self.sample(shape[name][0])
        kind = shape.get("type", "string")
        return self._sample_of(kind[0] if isinstance(kind, list) else kind, shape)

    def _sample_of(self, kind: str, shape: Schema) -> Any:
        if kind == "object":
            known = shape.get("properties", {})
            return {name: self.sample(known.get(name, {})) for name in shape.get("required", ())}
        if kind == "array":
            return [self.sample(shape.get("items", {}))] * max(1, shape.get("minItems", 1))
        plain = {"integer": shape.get("minimum", 1), "number": shape.get("minimum", 1), "boolean": True, "null": None}
        return plain.get(kind, "2026-01-02T03:04:05Z"[: shape.get("maxLength", 20)])

    def _resolved(self, schema: Any) -> Schema:
        if not isinstance(schema, Mapping):  # true and false are schemas too
            return {}
        while "$ref" in schema:
            schema = {**self._definitions[schema["$ref"].rpartition("/")[2]], **_without_ref(schema)}
        return schema


def _without_ref(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "$ref"}
