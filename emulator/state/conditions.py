"""How a filter of a segment compares one value of a profile: a table of comparisons, a small function each.

Source of the rules unless said otherwise: https://www.braze.com/docs/user_guide/data/activation/custom_data/data_types
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock

Test = Callable[[Any], bool]
"""A held value, None for none -> whether it fits."""
Maker = Callable[[Any, datetime], Test]
"""(value of the filter, now) -> Test. Raises ValueError for a value that cannot be used."""


def test(spec: Mapping[str, Any], now: datetime) -> Test:
    """The test of {comparison, value}. Raises ValueError for a bad pattern or time."""
    return COMPARISONS[spec["comparison"]](spec.get("value"), now)


def _exists(wanted: Any, now: datetime) -> Test:
    return _filled


def _does_not_exist(wanted: Any, now: datetime) -> Test:
    return lambda held: not _filled(held)


def _filled(held: Any) -> bool:
    """An empty text and an empty array count as no value (documented)."""
    return held is not None and held != "" and held != []


def _equals(wanted: Any, now: datetime) -> Test:
    """Texts with their capitals. 'Exactly 0' takes profiles without a value too (documented)."""
    if _kind(wanted) is float and wanted == 0:
        return lambda held: held is None or _same(held, 0)
    return lambda held: _same(held, wanted)


def _not_equal(wanted: Any, now: datetime) -> Test:
    """The contrary of equals: a profile without a value is taken (documented), but not for 0 (assumed)."""
    equals = _equals(wanted, now)
    return lambda held: not equals(held)


def _same(held: Any, wanted: Any) -> bool:
    return _kind(held) is _kind(wanted) and bool(held == wanted)


def _kind(value: Any) -> type:
    """The type as Braze sees it: whole numbers and others are one, true is no number."""
    return float if type(value) is int else type(value)


def _ordered(compare: Callable[[float, float], bool], absent: bool) -> Maker:
    """A comparison of numbers; `absent` is what it says of a profile without a value."""

    def make(wanted: Any, now: datetime) -> Test:
        return lambda held: absent if held is None else _kind(held) is float and compare(held, wanted)

    return make


def _matches_regex(wanted: str, now: datetime) -> Test:
    """Anywhere in the text, whatever the capitals; in an array, any of its texts."""
    search = _pattern(wanted)
    return lambda held: any(search(text) for text in _texts(held))


def _does_not_match_regex(wanted: str, now: datetime) -> Test:
    """Only for a profile that has a value (documented)."""
    search = _pattern(wanted)
    return lambda held: bool(_texts(held)) and not any(search(text) for text in _texts(held))


def _pattern(text: str) -> Callable[[str], Any]:
    try:
        return re.compile(text, re.IGNORECASE).search
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text[:40]!r} is not a regular expression: {error}") from None


def _texts(held: Any) -> list[str]:
    return [one for one in (held if isinstance(held, list) else [held]) if isinstance(one, str)]


def _includes_value(wanted: Any, now: datetime) -> Test:
    return lambda held: isinstance(held, list) and any(_same(one, wanted) for one in held)


def _does_not_include_value(wanted: Any, now: datetime) -> Test:
    """Also a profile without the array (documented: it does not have the value)."""
    includes = _includes_value(wanted, now)
    return lambda held: not includes(held)


def _between(first: int, last: int) -> Maker:
    """Times from `first` to `last`, each a number of days from now per day that the filter says; 0 is now."""

    def make(wanted: int, now: datetime) -> Test:
        start, end = moved(now, first * wanted), moved(now, last * wanted)
        return lambda held: start <= _time(held) <= end

    return make


def _earlier_than_days_ago(wanted: int, now: datetime) -> Test:
    edge = moved(now, -wanted)
    return lambda held: "" < _time(held) < edge


def _later_than_days_ahead(wanted: int, now: datetime) -> Test:
    edge = moved(now, wanted)
    return lambda held: _time(held) > edge


def _after(wanted: str, now: datetime) -> Test:
    edge = clock.read_time(wanted)
    return lambda held: _time(held) > edge


def _before(wanted: str, now: datetime) -> Test:
    edge = clock.read_time(wanted)
    return lambda held: "" < _time(held) < edge


def moved(now: datetime, days: int) -> str:
    """A day is 24 hours (documented). Outside the calendar, a text before or after all times."""
    try:
        return clock.iso_ms(now + timedelta(days=days))
    except OverflowError:
        return "0" if days < 0 else "~"


def _time(held: Any) -> str:
    """A held time as text that sorts by time; nothing for what is no time."""
    try:
        return clock.read_time(held) if isinstance(held, str) else ""
    except ValueError:
        return ""


COMPARISONS: Final[dict[str, Maker]] = {
    "exists": _exists,
    "does_not_exist": _does_not_exist,
    "equals": _equals,
    "not_equal": _not_equal,
    "matches_regex": _matches_regex,
    "does_not_match_regex": _does_not_match_regex,
    "includes_value": _includes_value,
    "does_not_include_value": _does_not_include_value,
    "greater_than": _ordered(operator.gt, absent=False),
    "greater_than_or_equal_to": _ordered(operator.ge, absent=False),
    "less_than": _ordered(operator.lt, absent=True),  # documented: takes profiles without a value
    "less_than_or_equal_to": _ordered(operator.le, absent=True),  # assumed: as less_than
    "less_than_x_days_ago": _between(-1, 0),
    "greater_than_x_days_ago": _earlier_than_days_ago,
    "less_than_x_days_in_the_future": _between(0, 1),
    "greater_than_x_days_in_the_future": _later_than_days_ahead,
    "after": _after,
    "before": _before,
}
"""The comparisons of Connected Audience filters (documented names)."""
