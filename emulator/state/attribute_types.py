"""What a workspace knows of its custom attributes: the type of each, fixed by its first value or forced by the seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from emulator.call import Json
from emulator.state import names
from emulator.state.bounds import bound
from emulator.state.change import MISSING, Change
from emulator.state.draft import Draft

STRING: Final = "string"
NUMBER: Final = "number"
BOOLEAN: Final = "boolean"
DATE: Final = "date"
ARRAY: Final = "array"
OBJECT: Final = "object"
OBJECTS: Final = "array_of_objects"

MAX_NAME: Final = bound("attribute_name")
MAX_ITEMS: Final = bound("attribute_items")


class Known:
    """One attribute's record, read once a call. `odd` says that a value needs a look before its type is asked for."""

    __slots__ = ("type", "forced", "most", "odd")

    def __init__(self, name: str, record: Mapping[str, Any]) -> None:
        self.type: str = record.get("type", "")
        self.forced: bool = record.get("forced", False)
        self.most: int = record.get("max_items", MAX_ITEMS)
        blocked = record.get("blocklisted", False)
        self.odd = bool(self.forced or blocked or names.advice(name) or len(name) > MAX_NAME)


def plant(draft: Draft, item: Mapping[str, Any]) -> None:
    """Declare an attribute as the seed describes it. A declared type is a forced one."""
    record = {key: value for key, value in item.items() if key != "name"}
    draft.attribute_types[item["name"]] = {**record, "type": item.get("type", ""), "forced": "type" in item}


def look_up(change: Change, name: str) -> Known:
    """The attribute, remembered until the end of the call."""
    record = change.profiles.draft.attribute_types.get(name, {})
    found = change.profiles.attributes[name] = Known(name, record)
    return found


def admitted(change: Change, name: str, value: Json, known: Known) -> Json:
    """The value as it goes on, or MISSING where it is not kept."""
    table = change.profiles.draft.attribute_types
    if name in table and table[name].get("blocklisted"):
        change.note("attribute_blocklisted", name, value)
        return MISSING
    if len(name) > MAX_NAME:
        change.note("value_dropped", name[:40], None, f"a name has at most {MAX_NAME} characters")
        return MISSING
    advice = names.advice(name)
    if advice:
        change.note("became_custom_attribute", name, value, advice)
    return _coerced(change, name, value, known.type) if known.forced else value


def fix(change: Change, name: str, value: Json, known: Known, kind: str) -> bool:
    """Whether a value of a type that is not the known one may be stored: only the first, which fixes the type."""
    if known.type:
        change.note("type_conflict", name, value, f"the attribute is of type {known.type}, the value is {kind}")
        return False
    known.type = kind
    table = change.profiles.draft.attribute_types
    table[name] = {**table.get(name, {}), "type": kind}
    return True


def _coerced(change: Change, name: str, value: Json, kind: str) -> Json:
    """The value in the forced type where it can be converted (documented), else as it is."""
    coerce = _COERCIONS.get(kind)
    found = coerce(value) if coerce and value is not None and type(value) not in (dict, list) else MISSING
    if found is MISSING or (type(found) is type(value) and found == value):
        return value
    change.note("coerced_to_type", name, value, f"stored as {found!r}, of the forced type {kind}")
    return found


def _as_boolean(value: Json) -> Json:
    return _BOOLEANS.get(str(value).lower(), MISSING)


def _as_number(value: Json) -> Json:
    if type(value) is str:
        return orjson.loads(value) if _NUMERAL.fullmatch(value) else MISSING
    return MISSING if type(value) is bool else value


def _as_string(value: Json) -> Json:
    return str(value).lower() if type(value) is bool else str(value)


_NUMERAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_BOOLEANS: Final[dict[str, bool]] = {"1": True, "true": True, "t": True, "0": False, "false": False, "f": False}
_COERCIONS: Final[dict[str, Callable[[Json], Json]]] = {
    BOOLEAN: _as_boolean,
    NUMBER: _as_number,
    STRING: _as_string,
}
"""Forced type -> the value in it, or MISSING where the value cannot be converted."""
