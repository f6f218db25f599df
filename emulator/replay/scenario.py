"""The format of scenarios: a YAML file as checked steps, and the captures that stand in their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from emulator import clock, documents, seed
from emulator.call import Json
from emulator.documents import Document
from emulator.errors import ConfigError

KINDS: Final = ("call", "advance", "fault", "recorded", "message")
_CAPTURE: Final = re.compile(r"(?P<liquid>\{\{.*?\}\}|\{%.*?%\})|\$\$\{|\$\{(?P<name>\w*)\}", re.DOTALL)
"""Liquid is left alone, because Braze writes `{{${first_name}}}`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `data` holds what stands under its kind; `pointer` leads to it in the document."""

    kind: str
    data: Any
    name: str
    means: str
    expect: Mapping[str, Any]
    save: Mapping[str, str]
    pointer: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A file that has been read and checked."""

    title: str
    about: str
    given: Mapping[str, Any]
    steps: list[Step]
    document: Document

    @property
    def path(self) -> Path:
        return self.document.path


def load(path: Path) -> Scenario:
    """Raises ConfigError that names file, line and key for everything that does not fit."""
    document = documents.read(path)
    if not _decider().is_valid(document.value):
        raise ConfigError("\n".join(documents.explained(document, schema())))
    raw = document.value
    steps = [_step(item, f"/steps/{index}") for index, item in enumerate(raw["steps"])]
    _check_durations(document, steps)
    _check_captures(document, steps)
    return Scenario(raw["scenario"], raw.get("about", "").strip(), raw.get("given") or {}, steps, document)


def _step(raw: Mapping[str, Any], pointer: str) -> Step:
    kind = next(kind for kind in KINDS if kind in raw)
    name = raw.get("name") or _described(kind, raw[kind])
    return Step(kind, raw[kind], name, raw.get("means", ""), raw.get("expect", {}), raw.get("save", {}), pointer)


def _described(kind: str, data: Any) -> str:
    """A name for a step that has none."""
    if kind == "call":
        what = data.get("method", data.get("service", "GET"))
        return f"{what} {data.get('path', data.get('operation', data.get('url')))}"
    if kind == "advance":
        return f"{data} later"
    if kind == "fault":
        return f"a fault: {data.get('status', data.get('delay'))}"
    return f"{kind}: " + ", ".join(f"{name} {_text(value)}" for name, value in data.items())


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema."""
    found: dict[str, Any] = seed.published("scenario")
    return found


@cache
def _decider() -> Any:
    import jsonschema_rs  # as in seed

    return jsonschema_rs.validator_for(schema())


def _check_durations(document: Document, steps: list[Step]) -> None:
    for step in steps:
        if step.kind == "advance":
            try:
                clock.parse_duration(step.data)
            except ConfigError as error:
                raise document.error(f"{step.pointer}/advance", f"advance: {error}") from None


def _check_captures(document: Document, steps: list[Step]) -> None:
    """Every capture that is used was saved by an earlier step."""
    saved: set[str] = set()
    for step in steps:
        for part in (step.kind, "expect"):
            value = step.data if part == step.kind else step.expect
            for pointer, name in _used(value, f"{step.pointer}/{part}"):
                if name not in saved:
                    known = f"saved until here: {', '.join(sorted(saved)) or 'nothing'}"
                    raise document.error(pointer, f"${{{name}}}: no earlier step saves '{name}'; {known}")
        saved.update(step.save)


def _used(value: Json, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield from ((pointer, name) for found in _CAPTURE.finditer(value) if (name := found["name"]) is not None)
    elif isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            yield from _used(item, documents.joined(pointer, [key]))


def filled(value: Json, captures: Mapping[str, Json]) -> Json:
    """The value with its captures filled in; a text of exactly one capture becomes what was saved, of any type."""
    if isinstance(value, dict):
        return {key: filled(item, captures) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, captures) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    whole = _CAPTURE.fullmatch(value)
    if whole and whole["name"] is not None:
        return captures[whole["name"]]
    return _CAPTURE.sub(lambda found: _replaced(found, captures), value)


def _replaced(found: re.Match[str], captures: Mapping[str, Json]) -> str:
    if found["name"] is not None:
        return _text(captures[found["name"]])
    return found["liquid"] or "${"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
