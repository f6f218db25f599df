"""The collector of Movable Ink's Customer Data API: behavioural events, one by one or in a batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.movable_ink import _reading
from emulator.handlers.movable_ink._reading import Number, Reading
from emulator.state import movable_ink

SMALLEST_MILLISECONDS: Final = 10**11
"""A smaller timestamp is one in seconds: 10^11 ms is March 1973, 10^11 s the year 5138."""
MAX_NAMED: Final = 20
_NUMERAL: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,17})?")


def collect_event(call: Call) -> Json:
    """Accept one event or `{"events": […]}`, all or nothing, and answer {"message", "request_id"}.

    Raises ApiError `unmapped`, then `missing_field`, then `invalid`: that order is assumed.
    """
    mappings = movable_ink.mappings(call.state)
    readings = [_mapped(mappings, place, event) for place, event in _events(call.body)]
    missing = [name for reading in readings for name in _reading.missing(reading)]
    if missing:
        raise _missing_field(readings, missing)
    for reading in readings:
        _check_numbers(call, reading)
        _accept(call, reading)
    return {"message": "OK", "request_id": call.id}


def _events(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """(JSON pointer, event) for each event of a body."""
    if "events" not in body:
        yield "", body
    else:
        yield from ((f"/events/{index}", event) for index, event in enumerate(body["events"]))


def _mapped(mappings: list[dict[str, Any]], place: str, event: Mapping[str, Json]) -> Reading:
    for mapping in mappings:
        if all(event.get(name) == text for name, text in mapping["when"].items()):
            return _reading.read(place, event, mapping)
    raise ApiError("unmapped", hint=_unmapped_hint(place, event))


def _unmapped_hint(place: str, event: Mapping[str, Json]) -> str:
    if event.get("name") and not event.get("event"):
        return "an event with name and time is one of Braze's users/track; here it has type, event and timestamp"
    name = f"the event {event['event']!r}" if event.get("event") else f"an event without a name at {place or 'the top'}"
    return (
        f"no active mapping takes {name}; add one to the seed under partners.movable_ink.mappings, "
        "or set partners.movable_ink.unmapped: accept"
    )


def _missing_field(readings: list[Reading], missing: list[str]) -> ApiError:
    more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
    schemas = ", ".join(sorted({reading.schema for reading in readings}))
    return ApiError(
        "missing_field",
        message=", ".join(missing[:MAX_NAMED]) + more,
        hint=f"the event schema {schemas} needs a value there; an empty text counts as none",
    )


def _check_numbers(call: Call, reading: Reading) -> None:
    for number in reading.numbers:
        if isinstance(number.value, str) and number.value:
            _read_text(call, number)
        if number.name == "Timestamp":
            _check_timestamp(call, number)


def _read_text(call: Call, number: Number) -> None:
    text = number.value
    if call.lenient() and _NUMERAL.fullmatch(text):
        number.become(float(text) if "." in text else int(text))
        call.fate(number.pointer, "repaired", text, "the text of a number, read as the number")
    elif number.name != "Timestamp":
        call.fate(number.pointer, "movable_ink_number_as_text", text)


def _check_timestamp(call: Call, number: Number) -> None:
    value = number.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        fix = f"'{number.pointer}' must be a number of milliseconds since 1970, not {str(value)[:80]!r}"
        raise ApiError("invalid", message=fix, hint=fix)
    if value < SMALLEST_MILLISECONDS and call.lenient():
        number.become(value * 1000)
        call.fate(number.pointer, "repaired", value, "seconds, read as milliseconds")
    elif value < SMALLEST_MILLISECONDS:
        call.fate(number.pointer, "movable_ink_seconds", value, "multiply by 1000")


def _accept(call: Call, reading: Reading) -> None:
    for pointer, value in _reading.left(reading):
        call.fate(pointer, "movable_ink_field_not_mapped", value)
    if reading.mapping["name"] == movable_ink.UNMAPPED:
        call.fate(f"{reading.place}/event", "movable_ink_event_not_mapped", reading.event.get("event"))
    event = _stored(call, reading)
    if not event["user_id"] and movable_ink.owner(call.state, event):
        call.fate(reading.pointers["AnonymousID"], "movable_ink_user_id_left_out", event["anonymous_id"])
    movable_ink.add_event(call.state, event, call.now)
    if reading.schema == "Identify":
        _identify(call, reading, event)


def _stored(call: Call, reading: Reading) -> dict[str, Json]:
    fields = dict(reading.fields)
    return {
        "key": call.params["key"],
        "mapping": reading.mapping["name"],
        "schema": reading.schema,
        "type": fields.pop("Type"),
        "event": fields.pop("Event", None),
        "user_id": _identifier(fields.pop("UserID", None)),
        "anonymous_id": _identifier(fields.pop("AnonymousID", None)),
        "timestamp": fields.pop("Timestamp"),
        "fields": fields,
    }


def _identifier(value: Json) -> str | None:
    """A text or nothing, whatever a mapping of the seed takes it from."""
    return None if _reading.empty(value) else str(value)


def _identify(call: Call, reading: Reading, event: Mapping[str, Json]) -> None:
    anonymous_id, user_id = event["anonymous_id"], event["user_id"]
    outcome = movable_ink.identify(call.state, user_id, anonymous_id)
    if outcome == "merged":
        call.fate(reading.pointers["AnonymousID"], "movable_ink_merged", anonymous_id, f"into {user_id}")
    elif outcome == "taken":
        call.fate(reading.pointers["AnonymousID"], "movable_ink_already_merged", anonymous_id)
