"""Custom attributes: one small function for each JSON type, and what Braze makes of the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.state import names, nested
from emulator.state.change import MISSING, Change

MAX_TEXT: Final = 255
MAX_ITEMS: Final = 500
LAST_YEAR: Final = "3000"

Kind = Callable[[Change, dict[str, Any], str, Any], None]
"""(change, the profile's custom attributes, name, value)."""


def assign(change: Change, held: dict[str, Any], name: str, value: Json) -> None:
    """Set, change or remove the custom attribute `name`, as the value's type demands."""
    advice = names.advice(name)
    if advice:
        change.note("became_custom_attribute", name, value, advice)
    if len(name) > MAX_TEXT:
        change.note("value_dropped", name[:40], None, f"a name has at most {MAX_TEXT} characters")
        return
    KINDS[type(value)](change, held, name, value)


def _store(change: Change, held: dict[str, Any], name: str, value: Json) -> None:
    old = held.get(name, MISSING)
    if type(old) is not type(value) or old != value:
        change.changed = True
    held[name] = value


def _remove(change: Change, held: dict[str, Any], name: str, value: None) -> None:
    if held.pop(name, MISSING) is MISSING:
        change.note("unchanged", name, None, "there was nothing to remove")
        return
    change.changed = True
    change.note("removed", name)


def _text(change: Change, held: dict[str, Any], name: str, value: str) -> None:
    if len(value) > MAX_TEXT:
        change.note("text_truncated", name, value, f"{len(value)} characters were sent, {MAX_TEXT} are kept")
        value = value[:MAX_TEXT]
    elif len(value) >= 8 and (value[2:3] == "/" or value[1:2] == "/" or value[4:5] == "-" or value[3:4] == " "):
        value = _as_date(change, name, value)
    _store(change, held, name, value)


def _as_date(change: Change, name: str, value: str) -> str:
    """Text in one of Braze's date formats becomes a date; a year over 3000 stays text (both documented)."""
    try:
        date = clock.read_time(value)
    except ValueError:
        return value
    if date[:4] > LAST_YEAR:
        return value
    if date != value:
        change.note("stored_as_date", name, value, f"stored as {date}")
    return date


def _array(change: Change, held: dict[str, Any], name: str, value: list[Any]) -> None:
    if any(type(item) in (dict, list) for item in value):
        _nested(change, held, name, value)
        return
    _store_bounded(change, held, name, _bounded(change, name, _unique(change, name, value)))


def _unique(change: Change, name: str, value: list[Any]) -> list[Any]:
    """Each value once, at its first place, and no null."""
    unique = list({(type(item), item if type(item) in _PLAIN else repr(item)): item for item in value}.values())
    if len(unique) != len(value):
        change.note("array_deduplicated", name, value, f"{len(value)} values were sent, {len(unique)} are different")
    if None in unique:
        change.note("value_dropped", name, value, "null in an array")
        unique.remove(None)
    return unique


def _bounded(change: Change, name: str, items: list[Any]) -> list[Any]:
    if len(items) <= MAX_ITEMS:
        return items
    change.note("array_overflow", name, None, f"the oldest {len(items) - MAX_ITEMS} of {len(items)} values are dropped")
    return items[-MAX_ITEMS:]


def _object(change: Change, held: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    """An object is a value, or an operation on what is stored: inc, add, remove, $add, $remove, $update."""
    keys = value.keys()
    if keys == _INCREMENT and type(value["inc"]) in (int, float):
        _increment(change, held, name, value["inc"])
    elif keys and keys <= _ARRAY_OPERATIONS:
        _operate(change, held, name, value)
    elif keys and keys <= nested.OPERATORS:
        _operate_on_objects(change, held, name, value)
    else:
        _nested(change, held, name, value)


def _increment(change: Change, held: dict[str, Any], name: str, amount: float) -> None:
    old = held.get(name, 0)
    if type(old) is not int or type(amount) is not int:
        change.note("operation_dropped", name, {"inc": amount}, "inc adds an integer to an integer attribute")
        return
    _store(change, held, name, old + amount)


def _operate(change: Change, held: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    """{"add": [...]} and {"remove": [...]}: what is added again moves to the end (documented)."""
    old = held.get(name, [])
    if type(old) is not list or not all(type(part) is list for part in value.values()):
        change.note("operation_dropped", name, value, "add and remove take an array and change an array attribute")
        return
    added = _unique(change, name, value["add"]) if "add" in value else []
    again = [item for item in added if item in old]
    if again:
        change.note("moved_to_end", name, again)
    gone = value.get("remove", ())
    items = [item for item in (*(item for item in old if item not in added), *added) if item not in gone]
    if items == old:
        change.note("unchanged", name, value)
    _store_bounded(change, held, name, _bounded(change, name, items))


def _operate_on_objects(change: Change, held: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    old = held.get(name, [])
    done = nested.operate(old, value, change.merge) if type(old) is list else "the attribute is no array of objects"
    if isinstance(done, str):
        change.note("nested_dropped", name, value, done)
    else:
        _store_bounded(change, held, name, done)


def _nested(change: Change, held: dict[str, Any], name: str, value: Any) -> None:
    """An object or an array of objects: replaces what is stored, or with _merge_objects is merged into it."""
    if change.profiles.plain and not change.merge:
        _store(change, held, name, value)
        return
    reason = nested.flaw(value)
    if reason:
        change.note("nested_dropped", name, value, reason)
        return
    dated = nested.with_times(value)
    if dated is not value:
        change.note("stored_as_date", name, value, "each $time is stored as a date")
    if change.merge and type(dated) is dict:
        dated = nested.merged(held.get(name), dated)
    _store_bounded(change, held, name, dated)


def _store_bounded(change: Change, held: dict[str, Any], name: str, value: Json) -> None:
    if nested.too_large(value):
        change.note("too_large", name, None, f"over {nested.MAX_BYTES} bytes")
    else:
        _store(change, held, name, value)


_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_INCREMENT: Final = {"inc"}
_ARRAY_OPERATIONS: Final = {"add", "remove"}

KINDS: Final[dict[type, Kind]] = {
    str: _text,
    int: _store,
    float: _store,
    bool: _store,
    type(None): _remove,
    list: _array,
    dict: _object,
}
