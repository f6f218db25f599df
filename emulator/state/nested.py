"""Nested custom attributes and arrays of objects: what may be in them, merging, and the $ operators."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
import orjson

from emulator import clock
from emulator.call import Json
from emulator.state.bounds import bound

MAX_BYTES: Final = bound("attribute_bytes")
"""Of one attribute, as JSON."""
MAX_TEXT: Final = bound("nested_text")
LAST_YEAR: Final = str(bound("last_year"))
OPERATORS: Final = frozenset({"$add", "$remove", "$update"})
NOTHING: Final = object()
"""In the place of a date that is not stored."""


# names as patternProperties and not as propertyNames, which takes twice the time
_INSIDE: Final = {
    "patternProperties": {f"^[^ .$]{{1,{MAX_TEXT}}}$": {"$ref": "#/$defs/value"}},
    "additionalProperties": False,
    "items": {"$ref": "#/$defs/value"},
}
_VALUE: Final = {"type": ["string", "number", "boolean", "object", "array"], "maxLength": MAX_TEXT, **_INSIDE}
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


def with_times(value: Json, times: list[str]) -> Json:
    """The value with each {"$time": text} as a date, the form in which a date is stored; itself if there is none.

    `times` gets each date. One after the year 3000 is not stored (documented): it is left out, and stands as "".
    """
    return _dated(value, times) if b'{"$time":' in orjson.dumps(value) else value  # the fastest way to look


def _dated(value: Json, times: list[str]) -> Json:
    if type(value) is list:
        return [dated for item in value if (dated := _dated(item, times)) is not NOTHING]
    if type(value) is not dict:
        return value
    if len(value) == 1 and "$time" in value:
        date = clock.read_time(value["$time"])
        times.append(date if date[:4] <= LAST_YEAR else "")
        return times[-1] or NOTHING
    return {key: dated for key, item in value.items() if (dated := _dated(item, times)) is not NOTHING}


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


def operate(stored: list[Json], operation: Mapping[str, Json], merge: bool, times: list[str]) -> list[Json] | str:
    """An array of objects after $add, $remove and $update, in this documented order; a text says why not."""
    reason = _malformed(operation) or next((flawed for item in _new_parts(operation) if (flawed := flaw(item))), "")
    if reason:
        return reason
    items = [*stored, *_dated(operation.get("$add", []), times)]
    for one in operation.get("$remove", ()):
        items = [item for item in items if not _is_meant(item, one)]
    for one in operation.get("$update", ()):
        new = _dated(one["$new_object"], times)
        items = [(merged(item, new) if merge else new) if _is_meant(item, one) else item for item in items]
    return items


def _malformed(operation: Mapping[str, Json]) -> str:
    for name, parts in operation.items():
        if type(parts) is not list or not all(type(part) is dict for part in parts):
            return f"{name} takes an array of objects"
        if name != "$add" and not all(type(part.get("$identifier_key")) is str for part in parts):
            return f"each object of {name} has a text $identifier_key and an $identifier_value"
        if name == "$update" and not all(_is_element(part.get("$new_object")) for part in parts):
            return "each object of $update has an object $new_object"
        if name == "$add" and not all(map(_is_element, parts)):
            return "$time stands inside an object, not in its place"
    return ""


def _is_element(value: Json) -> bool:
    return type(value) is dict and "$time" not in value


def _new_parts(operation: Mapping[str, Json]) -> list[Any]:
    return [*operation.get("$add", ()), *(one["$new_object"] for one in operation.get("$update", ()))]


def _is_meant(item: Json, one: Mapping[str, Json]) -> bool:
    key = one.get("$identifier_key")
    return isinstance(item, dict) and key in item and item[key] == one.get("$identifier_value")
