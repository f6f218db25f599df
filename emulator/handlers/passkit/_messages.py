"""Protobuf's JSON as PassKit's gateway reads and writes it, driven by the message definitions of the service.

Reading takes both spellings of a name, enum numbers, numbers as text, and null for unset; unknown fields are ignored.
Writing gives every field in the order of its message, defaults included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError

Record = dict[str, Any]
Schema = Mapping[str, Any]

RETIRED: Final = {
    "userDefinedId": "externalId",
    "userDefinedID": "externalId",
    "campaignName": "campaignId",
    "isVoided": "status",
}
"""Names of PassKit's earlier API, some of which the Braze page still mentions, and what took their place."""

LARGEST_WHOLE: Final = 2**53
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def received(call: Call, message: str) -> Record:
    """The body as a record: lower camel case names, enum names, instants in UTC; what is unset (null) is absent.

    Raises ApiError `invalid` for an instant that does not exist.
    """
    return _read_message(call, call.service.definitions[message], call.body, "")


def emitted(call: Call, message: str, record: Mapping[str, Any]) -> Record:
    """The record as PassKit answers it: every field, defaults included, in the message's order."""
    return _write_message(call, call.service.definitions[message], record)


def is_default(call: Call, message: str, field: str, value: Json) -> bool:
    """Whether protobuf cannot tell the value from an absent one."""
    schema = _resolved(call, call.service.definitions[message]["properties"][field])
    return not value or value == schema["default"]


def instant(text: str) -> str:
    """RFC 3339 text as protobuf writes it: UTC, and 0, 3, 6 or 9 digits of a second. Raises ValueError."""
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        raise ValueError(f"'{text}' is not RFC 3339 with a zone")
    try:
        at = clock.parse_instant(parts[1] + parts[3]).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"'{text}' lies outside of the years 1 to 9999") from None
    digits = (parts[2] or "").rstrip("0")
    fraction = f".{digits.ljust(-(-len(digits) // 3) * 3, '0')}" if digits else ""
    return f"{at.isoformat(timespec='seconds')}{fraction}Z"


def _resolved(call: Call, schema: Schema) -> Schema:
    found: Schema = call.service.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


Reader = Callable[[Call, Schema, Any, str], Json]


def _read(call: Call, schema: Schema, value: Json, pointer: str) -> Json:
    schema = _resolved(call, schema)
    reader = READERS.get(schema["x-proto"])
    return reader(call, schema, value, pointer) if reader else value


def _read_message(call: Call, schema: Schema, value: Mapping[str, Json], pointer: str) -> Record:
    found: Record = {}
    for name, item in value.items():
        field = schema["properties"].get(name)
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if field is None:
            call.fate(place, "passkit_unknown_field", item, _renamed(name))
        elif item is not None:
            found[_camel(name)] = _read(call, field, item, place)
    return found


def _renamed(name: str) -> str:
    return f"{name} belongs to PassKit's earlier API; send {RETIRED[name]}" if name in RETIRED else ""


def _read_list(call: Call, schema: Schema, value: list[Json], pointer: str) -> list[Json]:
    items = schema["items"]
    return [_read(call, items, item, f"{pointer}/{index}") for index, item in enumerate(value) if item is not None]


def _read_enum(call: Call, schema: Schema, value: Json, pointer: str) -> Json:
    if isinstance(value, str):
        return value
    return next(name for name, number in schema["x-numbers"].items() if number == value)


def _read_double(call: Call, schema: Schema, value: Json, pointer: str) -> float:
    return float(value)


def _read_integer(call: Call, schema: Schema, value: Json, pointer: str) -> int:
    return int(value)


def _read_wide_integer(call: Call, schema: Schema, value: Json, pointer: str) -> str:
    return str(int(value))


def _read_timestamp(call: Call, schema: Schema, value: str, pointer: str) -> str:
    try:
        return instant(value)
    except ValueError as error:
        message = f'invalid google.protobuf.Timestamp value "{value}"'
        raise ApiError("invalid", message=message, hint=f"{pointer}: {error}") from None


READERS: Final[dict[str, Reader]] = {
    "message": _read_message,
    "repeated": _read_list,
    "enum": _read_enum,
    "double": _read_double,
    "integer": _read_integer,
    "wide_integer": _read_wide_integer,
    "timestamp": _read_timestamp,
}
"""Kind of field (`x-proto` in definitions.json) -> how its JSON is read; the other kinds are taken as they are."""


def _write_message(call: Call, schema: Schema, record: Mapping[str, Any]) -> Record:
    out: Record = {}
    for name, field in schema["properties"].items():
        if "_" in name:  # the other spelling, which is only read
            continue
        if name in record and (record[name] or field.get("x-emit-empty", True)):
            out[name] = _write(call, _resolved(call, field), record[name])
        elif field.get("x-emit-empty", True):
            out[name] = _resolved(call, field)["default"]
    return out


def _write(call: Call, schema: Schema, value: Json) -> Json:
    kind = schema["x-proto"]
    if kind == "message":
        return _write_message(call, schema, value)
    if kind == "repeated":
        return [_write(call, _resolved(call, schema["items"]), item) for item in value]
    if kind == "double" and float(value).is_integer() and abs(value) < LARGEST_WHOLE:
        return int(value)  # Go prints 12, not 12.0
    return value
