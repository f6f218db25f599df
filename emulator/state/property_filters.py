"""Whether the properties of an event or a purchase are what a campaign waits for.

Source: Braze's pages on nested event properties. `songs[].album.year` looks at every element of the array; one that
fits is enough, and a denial (`not_equal` and the like) needs that none is otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from emulator.state import conditions

Filter = Mapping[str, Any]
"""{property, comparison, value}."""

DENIALS: Final = frozenset({"not_equal", "does_not_match_regex", "does_not_include_value", "does_not_exist"})


def failing(filters: Sequence[Filter], properties: Any, now: datetime) -> Filter | None:
    """The first filter that the properties do not fit, or None. Raises ValueError for a value that cannot be used."""
    return next((one for one in filters if not _fits(one, properties, now)), None)


def _fits(wanted: Filter, properties: Any, now: datetime) -> bool:
    fits = conditions.test(wanted, now)
    found = list(values(properties, wanted["property"])) or [None]
    return all(map(fits, found)) if wanted["comparison"] in DENIALS else any(map(fits, found))


def values(held: Any, path: str) -> Iterator[Any]:
    """What stands at `a.b`, `a[0].b` or, for every element, `a[].b`. A name that has a dot itself wins over a path."""
    if not path:
        yield held
    elif isinstance(held, Mapping) and path in held:
        yield held[path]
    elif path.startswith("["):
        index, _, rest = path[1:].partition("]")
        yield from _elements(held, index, rest.removeprefix("."))
    elif isinstance(held, Mapping):
        name, rest = _first(path)
        if name in held:
            yield from values(held[name], rest)


def _elements(held: Any, index: str, rest: str) -> Iterator[Any]:
    if not isinstance(held, list):
        return
    for place, one in enumerate(held):
        if index in ("", str(place)):
            yield from values(one, rest)


def _first(path: str) -> tuple[str, str]:
    """`songs[].album` as `songs` and `[].album`."""
    for place, sign in enumerate(path):
        if sign == ".":
            return path[:place], path[place + 1 :]
        if sign == "[":
            return path[:place], path[place:]
    return path, ""


def words(one: Filter) -> str:
    """A filter as people say it."""
    value = f" {one['value']!r}" if "value" in one else ""
    return f"{one['property']} {one['comparison'].replace('_', ' ')}{value}"
