"""What differs between two states of a workspace, record by record and field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.state.draft import State
from emulator.state.tables import TABLES

Difference = dict[str, Any]
"""{table, key, field, before, after}; `before` or `after` is left out where there is none, `field` for a whole record
that came or went."""

PLUMBING: Final = frozenset({"counters", "export_contents"})
"""Tables in which nobody is interested: every call changes them, or they repeat profiles."""
UNTOLD: Final = frozenset({"updated"})
"""Fields of records that only order them."""
MISSING: Final = object()


def compare(before: State, after: State) -> Iterator[Difference]:
    """All differences, table by table in the order of TABLES, by key. Costs nothing for tables that both share."""
    for table in TABLES:
        if table not in PLUMBING and before[table] is not after[table]:
            yield from _tables(table, before[table], after[table])


def _tables(table: str, before: Any, after: Any) -> Iterator[Difference]:
    keys = {key for key, value in before.items() if after.get(key, MISSING) is not value}
    keys.update(key for key in after if key not in before)
    for key in sorted(keys):
        for found in fields(before.get(key, MISSING), after.get(key, MISSING)):
            yield {"table": table, "key": key, **found}


def fields(before: Any, after: Any, place: str = "") -> Iterator[Difference]:
    """The differences of two records; a field inside an object is named with dots."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted(before.keys() | after.keys()):
            if name not in UNTOLD:
                inner = f"{place}.{name}" if place else name
                yield from fields(before.get(name, MISSING), after.get(name, MISSING), inner)
    elif before is MISSING or after is MISSING or type(before) is not type(after) or before != after:
        sides = {"before": before, "after": after}
        yield {"field": place, **{name: value for name, value in sides.items() if value is not MISSING}}


def field(record: Mapping[str, Any] | None, path: str) -> Any:
    """The value at `preferences.home.city` of a profile, custom attributes beside the standard ones; or MISSING."""
    if record is None:
        return MISSING
    whole = {**record.get("custom_attributes", {}), **record}
    if path in whole:
        return whole[path]
    found: Any = whole
    for step in path.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return MISSING
        found = found[step]
    return found
