"""Nested custom attributes and arrays of objects: what may be in them, merging, and the $ operators."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
import orjson

from emulator import clock
from emulator.call import Json

MAX_BYTES: Final = 102_400
"""Of one attribute, as JSON (documented as 100 KB)."""
MAX_TEXT: Final = 255
OPERATORS: Final = frozenset({"$add", "$remove", "$update"})


_VALUE: Final = {
    "type": ["string", "number", "boolean", "object", "array"],
    "maxLength": MAX_TEXT,
    "propertyNames": {"pattern": "^[^ .$]+$", "maxLength": MAX_TEXT},
    "additionalProperties": {"$ref": "#/$defs/value"},
    "items": {"$ref": "#/$defs/value"},
}
_INSIDE: Final = {name: _VALUE[name] for name in ("propertyNames", "additionalProperties", "items")}
_PLAIN: Final = jsonschema_rs.validator_for(
    {
        "$defs": {"value": _VALUE},
        "type": "array",
        "items": {"type": "object", "additionalProperties": _INSIDE},
    }
)


def all_plain(objects: Json) -> bool:
    """Whether `flaw` would find nothing in any value of these attributes objects, and no $time is inside.

    One look at all of them takes a tenth of the time of `flaw`, which then has to explain only what is not plain.
    """
    return bool(_PLAIN.is_valid(objects))


def flaw(value: Json) -> str:
    """Why an object or an array of objects cannot be stored, or nothing.

    Documented: null inside, a bad time, a key with a blank, a dot or a dollar sign, a text or key over 255 characters.
    """
    if type(value) is list:
        return next((reason for item in value if (reason := _flaw_of(item))), "")
    for key, item in value.items():
        if not _is_key(key) and not (key == "$time" and len(value) == 1):
            return f"the key '{key[:40]}' has a blank, a dot or a dollar sign, is empty or too long"
        reason = _time_flaw(item) if key == "$time" else _flaw_of(item)
        if reason:
            return reason
    return ""


def _flaw_of(item: Json) -> str:
    kind = type(item)
    if kind is str:
        return f"a text has {len(item)} characters; at most {MAX_TEXT} are taken" if len(item) > MAX_TEXT else ""
    if kind is dict or kind is list:
        return flaw(item)
    return "null inside a nested attribute" if item is None else ""


@lru_cache(maxsize=4096)
def _is_key(key: str) -> bool:
    return 0 < len(key) <= MAX_TEXT and not any(sign in key for sign in " .$")


def _time_flaw(text: Json) -> str:
    try:
        clock.read_time(text if isinstance(text, str) else "")
    except ValueError as error:
        return f"$time: {error}"
    return ""


def with_times(value: Json) -> Json:
    """The value with each {"$time": text} as a date, the form in which a date is stored; itself if there is none."""
    return _dated(value) if b'{"$time":' in orjson.dumps(value) else value  # dumping is the fastest way to look


def _dated(value: Json) -> Json:
    if type(value) is list:
        return [_dated(item) for item in value]
    if type(value) is not dict:
        return value
    if len(value) == 1 and "$time" in value:
        return clock.read_time(value["$time"])
    return {key: _dated(item) for key, item in value.items()}


def merged(old: Json, new: Mapping[str, Json]) -> dict[str, Json]:
    """`new` over `old`, object by object (documented for _merge_objects: true); neither is changed."""
    if not isinstance(old, dict):
        return dict(new)
    return {
        **old,
        **{key: merged(old.get(key), item) if isinstance(item, dict) else item for key, item in new.items()},
    }


def too_large(value: Json) -> bool:
    return len(orjson.dumps(value)) > MAX_BYTES


def operate(stored: list[Json], operation: Mapping[str, Json], merge: bool) -> list[Json] | str:
    """An array of objects after $add, $remove and $update, in this documented order; a text says why not."""
    if not all(isinstance(part, list) and all(isinstance(item, dict) for item in part) for part in operation.values()):
        return "$add, $remove and $update each take an array of objects"
    reason = next((reason for item in _stored_parts(operation) if (reason := flaw(item))), "")
    if reason:
        return reason
    items = [*stored, *map(with_times, operation.get("$add", ()))]
    for one in operation.get("$remove", ()):
        items = [item for item in items if not _is_meant(item, one)]
    for one in operation.get("$update", ()):
        new = with_times(one.get("$new_object", {}))
        items = [(merged(item, new) if merge else new) if _is_meant(item, one) else item for item in items]
    return items


def _stored_parts(operation: Mapping[str, Json]) -> list[Any]:
    return [*operation.get("$add", ()), *(one.get("$new_object") or {} for one in operation.get("$update", ()))]


def _is_meant(item: Json, one: Mapping[str, Json]) -> bool:
    key = one.get("$identifier_key")
    return isinstance(item, dict) and key in item and item[key] == one.get("$identifier_value")
