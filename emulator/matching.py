"""How an expected JSON value is compared with an actual one: the rule of scenarios, journal queries and tests.

Objects may hold more than expected, arrays are compared item by item, everything else must be equal. The text `{{any}}`
accepts every value and `{{text}}`, `{{number}}`, `{{uuid}}` accept every value of that form; `{{absent}}` demands that
the key is not there.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

_MISSING: Final = object()
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
PLACEHOLDERS: Final = {
    "{{any}}": lambda value: value is not _MISSING,
    "{{text}}": lambda value: isinstance(value, str),
    "{{number}}": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "{{uuid}}": lambda value: isinstance(value, str) and _UUID.fullmatch(value) is not None,
    "{{absent}}": lambda value: value is _MISSING,
}


class Difference(NamedTuple):
    """`pointer` says where; `expected` and `actual` are texts for people."""

    pointer: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the value'}: expected {self.expected}, found {self.actual}"


def differences(expected: Any, actual: Any, pointer: str = "") -> list[Difference]:
    """Every place where `actual` does not hold what is expected; an empty list means that it matches."""
    if isinstance(expected, str) and expected in PLACEHOLDERS:
        return [] if PLACEHOLDERS[expected](actual) else [_difference(pointer, expected, actual)]
    if isinstance(expected, dict) and isinstance(actual, dict):
        pairs = ((f"{pointer}/{key}", value, actual.get(key, _MISSING)) for key, value in expected.items())
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = ((f"{pointer}/{i}", value, actual[i]) for i, value in enumerate(expected))
    else:
        return [] if _equal(expected, actual) else [_difference(pointer, expected, actual)]
    return [found for place, left, right in pairs for found in differences(left, right, place)]


def matches(expected: Any, actual: Any) -> bool:
    return not differences(expected, actual)


def _equal(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1, but 1 is 1.0."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _difference(pointer: str, expected: Any, actual: Any) -> Difference:
    return Difference(pointer, _shown(expected), "nothing" if actual is _MISSING else _shown(actual))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
