"""Reading a request's body as JSON, and saying what is wrong with one that is not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from emulator.call import Json
from emulator.mending import Defect, Mender, Place

MAX_DUPLICATES: Final = 100
"""Duplicate keys named for one body; more would only make the answer to a hostile one expensive."""
MAX_STEP: Final = 200
"""Characters of one step of a duplicate key's pointer."""
MAX_DEPTH: Final = 240
"""Assumed: the services publish none; Ruby on Rails reads 100 levels, and an answer puts some around what was sent."""
_ORJSON_WRITES: Final = 254
_NOT_NUMBERS: Final = re.compile(r"NaN|[-+]?Infinity")


class Malformed(Exception):
    """The body is not JSON. `defects` are in the order of the text."""

    def __init__(self, defects: list[Defect]) -> None:
        super().__init__("; ".join(map(str, defects)))
        self.defects = defects


def parse(raw: bytes) -> tuple[Json, list[str]]:
    """The value, and the JSON pointers of keys that stand twice. Raises Malformed."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed([_defect(raw, error)]) from None
    try:
        repeats = _may_repeat(raw, value)
    except TypeError:  # orjson reads deeper than it writes, and what was read must be written into answers
        raise Malformed([Defect(1, 1, f"nested more than {MAX_DEPTH} deep", "send flatter JSON")]) from None
    return value, duplicate_keys(raw) if repeats else []


def _defect(raw: bytes, error: orjson.JSONDecodeError) -> Defect:
    """The parser's complaint in words that say what to do, where it is one of the usual ones."""
    if not raw.strip():
        return Defect(1, 1, "the body is empty", "send a JSON document")
    try:
        text = raw.decode()
    except UnicodeDecodeError as wrong:
        line, column = 1 + raw.count(b"\n", 0, wrong.start), wrong.start - raw.rfind(b"\n", 0, wrong.start)
        return Defect(line, column, f"the byte 0x{raw[wrong.start]:02x} is not UTF-8", "send the body as UTF-8")
    found = _NOT_NUMBERS.match(text, error.pos)
    if found:
        return Defect(error.lineno, error.colno, f"{found[0]} is not JSON", "send null, or leave the value out")
    return Defect(error.lineno, error.colno, error.msg.split(":")[0], "send valid JSON")


def _may_repeat(raw: bytes, value: Json) -> bool:
    """Whether reading lost a key: every key and text has two quotation marks, and an escaped one counts the same.

    Counting costs a tenth of reading again with a parser that notices, and it errs only towards reading again.
    Raises TypeError for a value nested deeper than MAX_DEPTH.
    """
    for _ in range(_ORJSON_WRITES - MAX_DEPTH):
        value = [value]
    return raw.count(b'"') != orjson.dumps(value).count(b'"') or b"\\u0022" in raw


class _Object(dict[str, Any]):
    """An object as read, and the names that stood in it more than once."""

    repeated: list[str]


def _noting(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    counts = Counter(name for name, _ in pairs) if len(found) != len(pairs) else {}
    found.repeated = [name for name, count in counts.items() if count > 1]
    return found


def duplicate_keys(raw: bytes) -> list[str]:
    """JSON pointers of the keys that stand twice in one object, at most MAX_DUPLICATES of them."""
    try:
        # the numbers stay texts: nobody looks at them, and Python refuses to read very long ones
        value = json.loads(raw, object_pairs_hook=_noting, parse_int=str, parse_float=str)
    except RecursionError:  # orjson reads a little deeper than json does
        return []
    found: list[str] = []
    for steps, item in _objects(value):
        found += [_pointer((steps, name)) for name in item.repeated]
        if len(found) >= MAX_DUPLICATES:
            break
    return found[:MAX_DUPLICATES]


def _objects(value: Json) -> Iterator[tuple[Any, _Object]]:
    """Every object of a value, outer ones first, each with (the steps to its parent, its last step).

    Links instead of texts, so that a long key is not copied for everything below it.
    """
    waiting: list[tuple[Any, Json]] = [((), value)]
    while waiting:
        steps, item = waiting.pop()
        if isinstance(item, _Object):
            yield steps, item
            waiting += [((steps, name), inner) for name, inner in reversed(item.items())]
        elif isinstance(item, list):
            waiting += [((steps, str(index)), item[index]) for index in range(len(item) - 1, -1, -1)]


def _pointer(steps: Any) -> str:
    found: list[str] = []
    while steps:
        steps, step = steps
        found.append(step[:MAX_STEP].replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in reversed(found))


MAX_REPAIR_BYTES: Final = 262_144
"""A longer body is refused as it is: nobody writes one by hand, and repairing reads it token by token."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of a text that is not JSON after the usual mistakes were taken out.

    `defects` lists the mistakes, in the order of the text, and `places` says where each value stands (its steps as in
    a JSON pointer). `value` is what could be read then, or None. `works` says that nothing had to be guessed for it.
    """

    works: bool
    value: Json
    defects: list[Defect]
    repeated: list[str] = field(default_factory=list)
    places: Mapping[tuple[str, ...], Place] = field(default_factory=dict)

    def place(self, steps: list[str]) -> Place:
        """Where a value stands, or the nearest that holds it."""
        known = (self.places.get(tuple(steps[:length])) for length in range(len(steps), -1, -1))
        return next(filter(None, known), (1, 1))


def repair(raw: bytes) -> Repaired:
    """Take out comment lines, trailing commas and Liquid that was not rendered, put in missing commas, name each."""
    if len(raw) > MAX_REPAIR_BYTES:
        return Repaired(False, None, [])
    try:
        mender = Mender(raw.decode())
    except UnicodeDecodeError:
        return Repaired(False, None, [])
    text = mender.mended()
    if not mender.defects:
        return Repaired(False, None, [])
    try:
        value, repeated = parse(text.encode())
    except Malformed as error:
        return Repaired(False, None, [*mender.defects, *error.defects])
    return Repaired(not mender.guessed, value, mender.defects, repeated, mender.places)
