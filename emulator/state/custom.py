"""Custom attributes: one small function for each JSON type, and what Braze makes of the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.state import attribute_types, nested
from emulator.state.attribute_types import ARRAY, BOOLEAN, DATE, NUMBER, OBJECT, OBJECTS, STRING, Known
from emulator.state.bounds import bound
from emulator.state.change import MISSING, Change

MAX_TEXT: Final = bound("attribute_text")
LAST_YEAR: Final = str(bound("last_year"))
_64_BITS: Final = range(-(2**63), 2**63)
"""Assumed: no JSON reader takes more, and the real service's numbers are of this size."""

Kind = Callable[[Change, dict[str, Any], str, Any, Known], None]
"""(change, the profile's custom attributes, name, value, what is known of the attribute)."""


def assign(change: Change, held: dict[str, Any], name: str, value: Json, known: Known) -> None:
    """Set, change or remove a custom attribute that is `odd`. For all others KINDS[type(value)] does it at once."""
    value = attribute_types.admitted(change, name, value, known)
    if value is not MISSING:
        KINDS[type(value)](change, held, name, value, known)


def _store(change: Change, held: dict[str, Any], name: str, value: Json, known: Known, kind: str) -> None:
    """Store a value whose form is right, if its type is the attribute's."""
    if known.type != kind and not attribute_types.fix(change, name, value, known, kind):
        return
    old = held.get(name, MISSING)
    if old == value and type(old) is type(value):
        change.same.append(name)
    else:
        change.changed = True
    held[name] = value


def _remove(change: Change, held: dict[str, Any], name: str, value: None, known: Known) -> None:
    if held.pop(name, MISSING) is MISSING:
        change.note("unchanged", name, None, "there was nothing to remove")
        return
    change.changed = True
    change.note("removed", name)


def _number(change: Change, held: dict[str, Any], name: str, value: float, known: Known) -> None:
    _store(change, held, name, value, known, NUMBER)


def _boolean(change: Change, held: dict[str, Any], name: str, value: bool, known: Known) -> None:
    _store(change, held, name, value, known, BOOLEAN)


def _text(change: Change, held: dict[str, Any], name: str, value: str, known: Known) -> None:
    if len(value) > MAX_TEXT:
        change.note("text_too_long", name, value, f"{len(value)} characters; at most {MAX_TEXT} are taken")
    elif len(value) < 8 or value[0] not in _DATES_BEGIN or known.type == STRING:
        _store(change, held, name, value, known, STRING)
    else:
        _date(change, held, name, value, known)


def _date(change: Change, held: dict[str, Any], name: str, value: str, known: Known) -> None:
    """Text in one of Braze's date formats becomes a date; a year over 3000 stays text (both documented)."""
    try:
        date = clock.read_time(value)
    except ValueError:
        _store(change, held, name, value, known, STRING)
        return
    if date[:4] > LAST_YEAR:
        change.note("kept_as_text", name, value)
        _store(change, held, name, value, known, STRING)
        return
    if date != value and known.type in ("", DATE):
        change.note("stored_as_date", name, value, f"stored as {date}")
    _store(change, held, name, date, known, DATE)


def _array(change: Change, held: dict[str, Any], name: str, value: list[Any], known: Known) -> None:
    kinds = {*map(type, value)}
    if dict not in kinds and list not in kinds:
        items = _bounded(change, name, _unique(change, name, value), known)
        # an array with nothing in it is of both kinds, and fixes neither
        kind = ARRAY if value or known.type not in ("", OBJECTS) else known.type
        _store_bounded(change, held, name, items, known, kind)
    elif kinds == {dict}:
        _nested(change, held, name, value, known, OBJECTS)
    else:
        change.note("nested_dropped", name, value, "an array holds plain values, or objects only")


def _unique(change: Change, name: str, value: list[Any]) -> list[Any]:
    """Each value once, at its first place, and no null."""
    unique = list({(type(item), item if type(item) in _PLAIN else repr(item)): item for item in value}.values())
    if len(unique) != len(value):
        change.note("array_deduplicated", name, value, f"{len(value)} values were sent, {len(unique)} are different")
    if None in unique:
        change.note("value_dropped", name, value, "null in an array")
        unique.remove(None)
    return unique


def _bounded(change: Change, name: str, items: list[Any], known: Known) -> list[Any]:
    over = len(items) - known.most
    if over <= 0:
        return items
    change.note("array_overflow", name, None, f"the oldest {over} of {len(items)} values are dropped")
    return items[over:]


def _object(change: Change, held: dict[str, Any], name: str, value: dict[str, Any], known: Known) -> None:
    """An object is a value, or an operation on what is stored: inc, add, remove, $add, $remove, $update."""
    keys = value.keys()
    if _OPERATIONS.isdisjoint(value):
        _nested(change, held, name, value, known, OBJECT)
    elif keys == _INCREMENT and type(value["inc"]) in (int, float):
        _increment(change, held, name, value["inc"], known)
    elif keys <= _ARRAY_OPERATIONS:
        _operate(change, held, name, value, known)
    elif keys <= nested.OPERATORS:
        _operate_on_objects(change, held, name, value, known)
    else:
        _nested(change, held, name, value, known, OBJECT)


def _increment(change: Change, held: dict[str, Any], name: str, amount: float, known: Known) -> None:
    """Integers only (documented); an attribute that is not set begins at nothing (assumed)."""
    if known.type not in ("", NUMBER):
        attribute_types.fix(change, name, {"inc": amount}, known, NUMBER)
        return
    old = held.get(name, 0)
    if type(old) is not int or type(amount) is not int or old + amount not in _64_BITS:
        change.note("operation_dropped", name, {"inc": amount}, "inc adds an integer to an integer attribute")
        return
    if name not in held:
        change.note("increment_from_nothing", name, {"inc": amount}, f"stored as {amount}")
    _store(change, held, name, old + amount, known, NUMBER)


def _operate(change: Change, held: dict[str, Any], name: str, value: dict[str, Any], known: Known) -> None:
    """{"add": [...]} and {"remove": [...]}: what is added again moves to the end (documented)."""
    if known.type not in ("", ARRAY):
        attribute_types.fix(change, name, value, known, ARRAY)
        return
    old = held.get(name, [])
    parts = [item for part in value.values() for item in (part if type(part) is list else [{}])]
    if type(old) is not list or any(type(item) in (dict, list) for item in parts):
        note = "add and remove take an array of plain values and change an array attribute"
        change.note("operation_dropped", name, value, note)
        return
    added = _unique(change, name, value["add"]) if "add" in value else []
    again = [item for item in added if item in old]
    if again:
        change.note("moved_to_end", name, again)
    gone = value.get("remove", ())
    items = [item for item in (*(item for item in old if item not in added), *added) if item not in gone]
    _store_bounded(change, held, name, _bounded(change, name, items, known), known, ARRAY)


def _operate_on_objects(change: Change, held: dict[str, Any], name: str, value: dict[str, Any], known: Known) -> None:
    if known.type not in ("", OBJECTS):
        attribute_types.fix(change, name, value, known, OBJECTS)
        return
    old = held.get(name, [])
    times: list[str] = []
    done = nested.operate(old, value, change.merge, times) if type(old) is list else "no array of objects is stored"
    if isinstance(done, str):
        change.note("nested_dropped", name, value, done)
    else:
        _tell_times(change, name, value, times)
        _store_bounded(change, held, name, done, known, OBJECTS)


def _nested(change: Change, held: dict[str, Any], name: str, value: Any, known: Known, kind: str) -> None:
    """An object or an array of objects: replaces what is stored, or with _merge_objects is merged into it."""
    if change.profiles.plain and not change.merge:
        _store(change, held, name, value, known, kind)
        return
    reason = nested.flaw(value)
    if reason:
        change.note("nested_dropped", name, value, reason)
        return
    times: list[str] = []
    dated = nested.with_times(value, times)
    _tell_times(change, name, value, times)
    if dated is nested.NOTHING:
        return
    if change.merge and type(dated) is dict:
        dated = nested.merged(held.get(name), dated)
    _store_bounded(change, held, name, dated, known, DATE if type(dated) is str else kind)


def _tell_times(change: Change, name: str, value: Json, times: list[str]) -> None:
    """`times` are the dates that stand where $time was, and nothing for each that is left out."""
    if "" in times:
        change.note("nested_year_dropped", name, value)
    if any(times):
        change.note("stored_as_date", name, value, "each $time is stored as a date")


def _store_bounded(change: Change, held: dict[str, Any], name: str, value: Json, known: Known, kind: str) -> None:
    if nested.too_large(value):
        change.note("too_large", name, None, f"over {nested.MAX_BYTES} bytes")
    else:
        _store(change, held, name, value, known, kind)


_DATES_BEGIN: Final = frozenset("0123456789MTWFS")
"""A digit, or the first letter of a day of the week."""
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_INCREMENT: Final = {"inc"}
_ARRAY_OPERATIONS: Final = {"add", "remove"}
_OPERATIONS: Final = nested.OPERATORS | _INCREMENT | _ARRAY_OPERATIONS

KINDS: Final[dict[type, Kind]] = {
    str: _text,
    int: _number,
    float: _number,
    bool: _boolean,
    type(None): _remove,
    list: _array,
    dict: _object,
}
