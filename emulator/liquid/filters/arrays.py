"""Filters of arrays. What is no array counts as an array of one, nothing as an empty one, a nested one is flattened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cmp_to_key
from typing import Any, Final

from emulator.liquid.filters import numbers
from emulator.liquid.limits import bound
from emulator.liquid.paths import item
from emulator.liquid.ruby import RubyError, equal, inspect, order, text, truthy


def items(value: Any) -> list[Any]:
    """What Ruby's InputIterator goes through."""
    if value is None:
        return []
    if isinstance(value, range):
        bound("items", max(0, value.stop - value.start))
        return list(value)
    return _flat(value) if isinstance(value, (list, tuple)) else [value]


def _flat(value: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for held in value:
        if isinstance(held, (list, tuple)):
            flat.extend(_flat(held))
        else:
            flat.append(held)
    return flat


def join(value: Any, glue: Any = " ") -> str:
    pieces, mark = [text(held) for held in items(value)], text(glue)
    bound("text", sum(map(len, pieces)) + len(mark) * len(pieces))
    return mark.join(pieces)


def first(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [list(pair) for pair in value.items()][0] if value else None
    return value[0] if isinstance(value, (list, tuple, range)) and len(value) else None


def last(value: Any) -> Any:
    return value[-1] if isinstance(value, (list, tuple, range)) and len(value) else None


def compact(value: Any, key: Any = None) -> list[Any]:
    return [held for held in items(value) if (held if key is None else item(held, text(key))) is not None]


def concat(value: Any, other: Any) -> list[Any]:
    if not isinstance(other, (list, tuple, range)):
        raise RubyError("concat filter requires an array argument")
    return items(value) + list(other)


def map_(value: Any, key: Any) -> list[Any]:
    return [item(held, text(key)) for held in items(value)]


def reverse(value: Any) -> list[Any]:
    return items(value)[::-1]


def size(value: Any) -> int:
    """An integer has the size of its machine word, as Ruby has it."""
    if isinstance(value, (str, list, tuple, range, Mapping)):
        return len(value)
    return 8 if isinstance(value, int) and not isinstance(value, bool) else 0


def _compare(left: Any, right: Any) -> int:
    """Values that are not set come last. Raises RubyError for values without an order."""
    if left is None or right is None:
        return int(left is None) - int(right is None)
    if isinstance(left, bool) or isinstance(right, bool):
        raise RubyError("cannot sort values of incompatible types")
    try:
        found = order(left, right)
    except RubyError:
        found = None
    if found is None:
        raise RubyError("cannot sort values of incompatible types")
    return found


def _sorted(held: list[Any], sought: Callable[[Any], Any]) -> list[Any]:
    kinds = {type(sought(one)) for one in held}
    if kinds <= {str} or kinds <= {int, float}:
        return sorted(held, key=sought)
    if len(held) > 10_000 and not kinds <= {str, int, float, type(None), datetime}:
        raise RubyError("cannot sort values of incompatible types")
    return sorted(held, key=cmp_to_key(lambda one, other: _compare(sought(one), sought(other))))


def sort(value: Any, key: Any = None) -> list[Any]:
    return _sorted(items(value), (lambda held: held) if key is None else lambda held: item(held, text(key)))


def sort_natural(value: Any, key: Any = None) -> list[Any]:
    """By letters, whatever their case."""

    def sought(held: Any) -> Any:
        found = held if key is None else item(held, text(key))
        return None if found is None else text(found).lower()

    return _sorted(items(value), sought)


def uniq(value: Any, key: Any = None) -> list[Any]:
    seen: dict[str, Any] = {}
    for held in items(value):
        sought = held if key is None else item(held, text(key))
        seen.setdefault(inspect(sought), held)
    return list(seen.values())


def where(value: Any, key: Any, target: Any = None) -> list[Any]:
    """Those whose property equals the target, or is set at all where no target is given."""
    name = text(key)
    if target is None:
        return [held for held in items(value) if truthy(item(held, name))]
    return [held for held in items(value) if equal(item(held, name), target)]


def sum_(value: Any, key: Any = None) -> int | float:
    total: int | float = 0
    for held in items(value):
        total = numbers.plus(total, held if key is None else item(held, text(key)))
    return total


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "join": join,
    "first": first,
    "last": last,
    "compact": compact,
    "concat": concat,
    "map": map_,
    "reverse": reverse,
    "size": size,
    "sort": sort,
    "sort_natural": sort_natural,
    "uniq": uniq,
    "where": where,
    "sum": sum_,
}
