"""The recording of every exchange, in a SQLite file that is temporary unless a place is given.

Entries wait in memory until a reader, a full batch or the clockwork of `serve` writes them. Whoever reads, writes
first, so a reader never misses what was recorded. Count and bytes are bounded; what fell out is counted and told.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import orjson

from emulator import matching
from emulator.call import Fate, Json
from emulator.errors import ConfigError

BATCH: Final = 64
PAGE: Final = 256
"""Entries that a reader of all of them has in memory at once."""
_COLUMNS: Final = ("seq", "trace", "time", "workspace", "direction", "service", "operation", "method", "path", "status")
_OVERHEAD: Final = 256
"""Bytes that an entry takes beside its bodies and the part that is written as JSON, headers included."""
FILTERS: Final = frozenset(_COLUMNS[1:]) - {"time"} | {"body", "after", "fate", "matched"}
"""What a query may name. `body` is a JSON subset, `after` a sequence number, `path` may hold `*`, `workspace` may be a
tuple of names.
"""
NOBODY: Final = ""
"""The workspace of requests whose caller is not known."""
FORMAT: Final = 1
"""Of the file; it grows when what is written changes, so that an older file is refused instead of misread."""


@dataclass(slots=True)
class Entry:
    """One exchange: matched or not, ours or theirs. `time` is the workspace's, in epoch seconds; `ms` is real time."""

    trace: str
    time: float
    workspace: str
    direction: str
    service: str
    operation: str
    method: str
    path: str
    query: str
    status: int
    request_headers: dict[str, str]
    request_body: bytes
    response_headers: dict[str, str]
    response_body: bytes
    fates: list[Fate] = field(default_factory=list)
    ms: float = 0.0
    note: str = ""
    """Why it went as it did: our hint, the fault that fired, or the text of a bug of ours."""
    seq: int = 0


class Journal:
    """All entries of one emulator. Every method may be called from any thread.

    Raises ConfigError for a file that cannot be written, is something else, or belongs to an emulator that runs.
    """

    def __init__(self, path: Path | None = None, max_entries: int = 20_000, max_bytes: int = 256_000_000) -> None:
        self.max_entries, self.max_bytes = max_entries, max_bytes
        self.evicted = 0
        self.newest_evicted = 0
        self._waiting: list[Entry] = []
        self._lock = threading.RLock()
        self._next = 1
        owned = _own(path) if path else None
        self._db = _open(path, owned)
        self._release = weakref.finalize(self, _release, self._db, owned)  # also where nobody closes the journal
        self._count, self._bytes = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM entries").fetchone()
        self.opened: int = self._db.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0]
        """The newest entry of those that an earlier run left in the file."""
        self._next += self.opened
        self.listeners: list[Callable[[list[Entry]], None]] = []
        """Called with each batch as it is written, for example to print a line an exchange."""

    def record(self, entry: Entry) -> int:
        """Take an entry and give it its sequence number, which is also its id."""
        with self._lock:
            entry.seq = self._next
            self._next += 1
            self._waiting.append(entry)
            if len(self._waiting) >= BATCH:
                self.flush()
        return entry.seq

    def amend(self, seq: int, fates: list[Fate]) -> None:
        """Add fates to an entry: what became of a call that was applied after it was answered."""
        with self._lock:
            entry = self.get(seq)
            if entry is not None:
                entry.fates += fates
                self._db.execute("UPDATE entries SET rest = ? WHERE seq = ?", (_row(entry)[-1], seq))

    @property
    def last(self) -> int:
        """The newest entry's sequence number."""
        return self._next - 1

    def flush(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
            if not batch:
                return
            with self._db:
                rows = [_row(entry) for entry in batch]
                self._db.executemany(f"INSERT INTO entries VALUES ({','.join('?' * 14)})", rows)
                self._count += len(rows)
                self._bytes += sum(row[len(_COLUMNS)] for row in rows)
                self._evict()
        for listener in self.listeners:
            listener(batch)

    def _evict(self) -> None:
        over, surplus = self._count - self.max_entries, self._bytes - self.max_bytes
        if over <= 0 and surplus <= 0:
            return
        last = 0
        for seq, size in self._db.execute("SELECT seq, size FROM entries ORDER BY seq"):
            if over <= 0 and surplus <= 0:
                break
            over, surplus, last = over - 1, surplus - size, seq
            self._count, self._bytes, self.evicted = self._count - 1, self._bytes - size, self.evicted + 1
        self.newest_evicted = last
        self._db.execute("DELETE FROM entries WHERE seq <= ?", (last,))

    def get(self, seq: int) -> Entry | None:
        found = self.find(limit=1, seq=seq)
        return found[0] if found else None

    def find(self, limit: int = 100, newest: bool = False, **filters: Json) -> list[Entry]:
        """Entries that match every filter, oldest first (or newest first). See FILTERS; None means no filter."""
        where, values = _where(filters)
        order = "DESC" if newest else "ASC"
        with self._rows(f"* {where} ORDER BY seq {order} LIMIT ?", (*values, limit)) as rows:
            return [_entry(row) for row in rows]

    def stream(self, **filters: Json) -> Iterator[Entry]:
        """As `find` without a limit, oldest first, but a PAGE at a time: others record while the caller looks."""
        after = int(filters.pop("after", None) or 0)
        while page := self.find(limit=PAGE, after=after, **filters):
            yield from page
            after = page[-1].seq

    def ids(self, **filters: Json) -> list[int]:
        """The sequence numbers of what `find` would find; no entry is loaded."""
        where, values = _where(filters)
        with self._rows(f"seq {where} ORDER BY seq", values) as rows:
            return [seq for (seq,) in rows]

    def count(self, **filters: Json) -> int:
        """How many `find` would find. A body is compared inside SQLite, row by row; no entry is loaded."""
        where, values = _where(filters)
        with self._rows(f"count(*) {where}", values) as rows:
            return int(next(rows)[0])

    @contextmanager
    def _rows(self, what: str, values: Sequence[Json]) -> Iterator[Iterator[Any]]:
        with self._lock:
            self.flush()
            yield self._db.execute(f"SELECT {what}", values)

    def clear(self, *workspaces: str) -> None:
        """Forget the entries of these workspaces, or all."""
        where = f"WHERE workspace IN ({_marks(workspaces)})" if workspaces else ""
        with self._lock:
            self.flush()
            with self._db:
                self._db.execute(f"DELETE FROM entries {where}", workspaces)
            total = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM entries").fetchone()
            self._count, self._bytes = total

    def stats(self) -> dict[str, int]:
        with self._lock:
            self.flush()
            return {"kept": self._count, "bytes": self._bytes, "evicted": self.evicted}

    def close(self) -> None:
        with self._lock:
            self.flush()
            self._release()


def _open(path: Path | None, owned: int | None) -> sqlite3.Connection:
    # the empty name is SQLite's private temporary file: it spills to disk and is gone with the connection
    db = sqlite3.connect(str(path or ""), check_same_thread=False)
    try:
        _prepare(db)
    except sqlite3.DatabaseError as error:
        _release(db, owned)
        raise ConfigError(f"journal: {path} is not a journal of this version: {error}; choose another file") from error
    db.create_function("json_subset", 2, _json_subset, deterministic=True)
    db.create_function("has_fate", 2, _has_fate, deterministic=True)
    return db


def _own(path: Path) -> int:
    """A descriptor of the file: readable for this user alone, because it holds credentials, and locked while open."""
    try:
        owned = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(owned, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(owned)
        raise ConfigError(f"journal: another emulator writes into {path}; choose another file") from None
    except OSError as error:
        raise ConfigError(f"journal: {path} cannot be written: {error.strerror}") from error
    return owned


def _release(db: sqlite3.Connection, owned: int | None) -> None:
    db.close()
    if owned is not None:
        os.close(owned)


def _prepare(db: sqlite3.Connection) -> None:
    db.executescript(
        """PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -16000;
        CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, trace, time, workspace, direction, service,
            operation, method, path, status, size, request_body BLOB, response_body BLOB, rest BLOB);"""
    )
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, FORMAT):
        raise sqlite3.DatabaseError(f"its format is {found}, not {FORMAT}")
    db.execute(f"PRAGMA user_version = {FORMAT}")


def _json_subset(expected: str, actual: bytes) -> bool:
    try:
        return matching.matches(orjson.loads(expected), orjson.loads(actual))
    except orjson.JSONDecodeError:
        return False


def _has_fate(rest: bytes, rule: str) -> bool:
    return any(fate[1] == rule for fate in orjson.loads(rest)["fates"])


def _where(filters: dict[str, Json]) -> tuple[str, list[Json]]:
    """The rest of a SELECT behind its columns, and its values. None means no filter."""
    clauses, values = ["1"], []
    for name, value in filters.items():
        if value is not None:
            clause, wanted = _clause(name, value)
            clauses.append(clause)
            values.extend(wanted)
    return f"FROM entries WHERE {' AND '.join(clauses)}", values


def _clause(name: str, value: Json) -> tuple[str, list[Json]]:
    if name == "body":
        return "json_subset(?, request_body)", [orjson.dumps(value).decode()]
    if name == "after":
        return "seq > ?", [value]
    if name == "fate":
        return "has_fate(rest, ?)", [value]
    if name == "matched":
        return ("operation != ''" if value else "operation = ''"), []
    if name == "workspace" and isinstance(value, tuple):
        return f"workspace IN ({_marks(value)})", [*value]
    if name == "path" and "*" in value:
        return "path GLOB ?", [value]
    if name not in FILTERS and name != "seq":
        raise ValueError(f"'{name}' is not a filter; use one of {', '.join(sorted(FILTERS))}")
    return f"{name} = ?", [value]


def _marks(values: tuple[str, ...]) -> str:
    return ",".join("?" * len(values))


_columns: Final = attrgetter(*_COLUMNS)


def _row(entry: Entry) -> tuple[Any, ...]:
    rest = {
        "query": entry.query,
        "request_headers": entry.request_headers,
        "response_headers": entry.response_headers,
        "fates": [*map(tuple, entry.fates)],
        "ms": entry.ms,
        "note": entry.note,
    }
    written = _written(rest)
    size = len(entry.request_body) + len(entry.response_body) + len(written) + _OVERHEAD
    return (*_columns(entry), size, entry.request_body, entry.response_body, written)


def _written(rest: dict[str, Any]) -> bytes:
    """JSON at any price: one value that JSON cannot hold must not cost the whole batch of entries."""
    try:
        return orjson.dumps(rest, default=repr, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a number over 64 bits
        return json.dumps(rest, default=repr).encode()


def _entry(row: Iterable[Any]) -> Entry:
    *columns, _, request_body, response_body, raw = row
    rest = orjson.loads(raw)
    rest["fates"] = [Fate(*fate) for fate in rest["fates"]]
    return Entry(
        **dict(zip(_COLUMNS, columns, strict=True)), request_body=request_body, response_body=response_body, **rest
    )
