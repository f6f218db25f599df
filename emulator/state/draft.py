"""A draft: a cheap, mutable view of a workspace's state that becomes the next state, or is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immutables import Map

from emulator import ids
from emulator.state.tables import TABLES

State = Map[str, Any]
"""table name -> Map of that table's records. Records are JSON-able mappings that are never changed in place."""

EMPTY: State = Map({name: Map() for name in TABLES})


def numbered(number: int) -> str:
    """A number as a key that sorts as it does."""
    return f"{number:012d}"


class Table:
    """One table of a draft. Reads go to the persistent map until the first write."""

    __slots__ = ("_map", "changed")

    def __init__(self, base: Any) -> None:
        self._map = base
        self.changed = False

    def get(self, key: str, default: Any = None) -> Any:
        return self._map.get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._map[key]

    def __contains__(self, key: str) -> bool:
        return key in self._map

    def __len__(self) -> int:
        return len(self._map)

    def __setitem__(self, key: str, value: Any) -> None:
        if not self.changed:
            self._map, self.changed = self._map.mutate(), True
        self._map[key] = value

    def __delitem__(self, key: str) -> None:
        if not self.changed:
            self._map, self.changed = self._map.mutate(), True
        del self._map[key]

    def opened(self) -> Any:
        """The map itself, open for writing: for many writes in a row."""
        if not self.changed:
            self._map, self.changed = self._map.mutate(), True
        return self._map

    def frozen(self) -> Any:
        """The table as a persistent map; the draft goes on from there."""
        if not self.changed:
            return self._map
        done = self._map.finish()
        self._map = done.mutate()
        return done

    def items(self) -> list[tuple[str, Any]]:
        """Key order is by key, so that what is listed does not depend on hashing."""
        return sorted(self.frozen().items())

    def values(self) -> list[Any]:
        return [value for _, value in self.items()]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.frozen()))


class Draft:
    """`draft.profiles`, `draft.content_blocks`, …: the tables of `state.tables.TABLES`."""

    def __init__(self, base: State, seed: str) -> None:
        self._base = base
        self._seed = seed
        self._tables: dict[str, Table] = {}
        self.touched: set[str] = set()
        """braze_ids of the profiles that were opened for writing and stored."""

    def __getattr__(self, name: str) -> Table:
        if name.startswith("_") or name not in TABLES:
            raise AttributeError(f"no table '{name}'; the tables are in emulator/state/tables.py")
        table = Table(self._base[name])
        self.__dict__[name] = self._tables[name] = table  # the next look-up finds it without this method
        return table

    def new_id(self, kind: str) -> str:
        count = self.counters.get("ids", 0) + 1
        self.counters["ids"] = count
        return ids.draw(self._seed, count, kind)

    def chance(self) -> float:
        """A number from 0 to 1, drawn from the workspace's generator."""
        return int(ids.draw(f"{self._seed}/chance", self.next("chances"), "hex24")[:8], 16) / 2**32

    def next(self, name: str) -> int:
        """1, 2, 3 … for a counter of that name."""
        count: int = self.counters.get(name, 0) + 1
        self.counters[name] = count
        return count

    def queue(self, item: Any) -> str:
        """Put work in the outbox; answers its key, and the keys are in the order in which work came."""
        key = numbered(self.next("outbox"))
        self.outbox[key] = item
        return key

    def commit(self) -> State:
        """The draft as the next state; the untouched tables are shared with the previous one."""
        changed = {name: table.frozen() for name, table in self._tables.items() if table.changed}
        return self._base.update(changed) if changed else self._base
