"""Looking into a value: by key, by index, by the names size, first and last, and by a whole path in one `${…}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from emulator.liquid.values import instant

_STEP: Final = re.compile(r"[^.\[\]]+")


def item(held: Any, key: Any) -> Any:
    """None where there is nothing. Never looks at anything but the values of arrays and mappings."""
    if isinstance(held, Mapping):
        return value(_of_mapping(held, key))
    if isinstance(held, (list, tuple, range)):
        return value(_of_array(held, key))
    if isinstance(held, str) and key == "size":
        return len(held)
    return None


def _of_mapping(held: Mapping[Any, Any], key: Any) -> Any:
    if isinstance(key, (str, int)) and key in held:
        return held[key]
    if key == 0 and not isinstance(key, bool):
        return held  # Braze lets an object stand for an array of one
    if not isinstance(key, str):
        return None
    if key == "size":
        return len(held)
    if key == "first":
        return next(([name, one] for name, one in held.items()), None)
    return walk(held, key) if "." in key or "[" in key else None


def _of_array(held: Any, key: Any) -> Any:
    if isinstance(key, int) and not isinstance(key, bool):
        return held[key] if -len(held) <= key < len(held) else None
    if key == "size":
        return len(held)
    if key in ("first", "last") and len(held):
        return held[0 if key == "first" else -1]
    return None


def walk(held: Any, path: str) -> Any:
    """`address.city` or `songs[0].name` inside one pair of braces."""
    steps = _STEP.findall(path)
    if len(steps) < 2:
        return None
    for step in steps:
        held = item(held, int(step) if step.isdigit() and len(step) < 10 else step)
    return held


def value(held: Any) -> Any:
    """An attribute of type time is a time; all else is what it is."""
    if type(held) is dict and len(held) == 1 and "$time" in held:
        return moment(held["$time"])
    return held


def moment(held: Any) -> datetime | Any:
    try:
        return instant(held) or held
    except ValueError:
        return held
