"""The properties of events and purchases: what breaks a documented limit. Only the journal keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import jsonschema_rs
import orjson

from emulator import clock
from emulator.call import Json
from emulator.state.bounds import bound
from emulator.state.change import Change

MAX_PROPERTIES: Final = bound("event_properties")
MAX_NAME: Final = bound("property_name")
MAX_TEXT: Final = bound("property_text")
MAX_BYTES: Final = {"events": bound("event_properties_bytes"), "purchases": bound("purchase_properties_bytes")}
"""By array."""

_VALUE: Final = {
    "type": ["string", "number", "boolean", "object", "array"],
    "maxLength": MAX_TEXT,
    "additionalProperties": {"$ref": "#/$defs/value"},
    "items": {"allOf": [{"$ref": "#/$defs/value"}, {"not": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}"}}]},
}
_PROPERTIES: Final = {
    "type": "object",
    "maxProperties": MAX_PROPERTIES,
    "patternProperties": {rf"^[^$][\s\S]{{0,{MAX_NAME - 1}}}$": {"$ref": "#/$defs/value"}},
    "additionalProperties": False,
}
_FIELDS: Final = {
    "events": ("name",),
    "purchases": ("product_id", "currency", "price", "quantity"),
}
_EVERYWHERE: Final = ("external_id", "user_alias", "braze_id", "app_id", "time", "_update_existing_only")


@cache
def _plain(array: str) -> Any:
    """Made at the first event or purchase: both take 4 ms, which a start need not pay."""
    names = (*_EVERYWHERE, *_FIELDS[array])
    one = {
        "type": "object",
        "properties": {**dict.fromkeys(names, True), "properties": _PROPERTIES},
        "additionalProperties": False,
    }
    return jsonschema_rs.validator_for({"$defs": {"value": _VALUE}, "type": "array", "items": one})


def all_plain(array: str, objects: Json, size: int) -> bool:
    """Whether `check` would find nothing in any of these objects, and none has a field that it does not know.

    One look at all of them; `size` is that of the whole body.
    """
    return size <= MAX_BYTES[array] and bool(_plain(array).is_valid(objects))


def check(change: Change, properties: Mapping[str, Json]) -> None:
    """Say what of an object's properties breaks a limit."""
    most = MAX_BYTES[change.array]
    if len(orjson.dumps(properties)) > most:
        change.note("properties_too_large", "properties", None, f"over {most} bytes")
        return
    for name, value in properties.items():
        for rule, note in _flaws(name, value):
            change.note(rule, name[:40], value, note, "properties")
    for name in list(properties)[MAX_PROPERTIES:]:
        note = f"an event has at most {MAX_PROPERTIES} properties"
        change.note("property_dropped", name[:40], properties[name], note, "properties")


def _flaws(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """(rule, note) for one property; the first flaw of each rule inside a nested value."""
    if not name or name[0] == "$" or len(name) > MAX_NAME:
        yield "property_dropped", f"a name has 1 to {MAX_NAME} characters and no leading $"
        return
    if value is None:
        yield "null_ignored", "null is no value of a property"
        return
    found = dict(_inside(value))
    yield from found.items()


def _inside(value: Json, in_array: bool = False) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            yield "property_dropped", f"a text has {len(value)} characters; at most {MAX_TEXT} are taken"
        elif in_array and _is_time(value):
            yield "date_in_array", f"'{value}' stays text"
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item, in_array=True)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _inside(item)


def _is_time(text: str) -> bool:
    if not text[:4].isdecimal():
        return False
    try:
        clock.read_time(text)
    except ValueError:
        return False
    return True
