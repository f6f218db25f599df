"""Waiting for exchanges: each is looked at once, none is missed, none comes twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from emulator import clock, inspection
from emulator.journal import Entry, Journal


def entry(n: int = 1, **changes: Any) -> Entry:
    made = Entry(
        "t", 0.0, "default", "in", "braze", "track_users", "POST", "/users/track", "", 201,
        {}, b'{"n": %d}' % n, {}, b"{}",
    )  # fmt: skip
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_what_is_there_already_counts() -> None:
    journal = Journal()
    journal.record(entry())
    assert [found.seq for found in inspection.awaited(journal, 1, 0.0, service="braze")] == [1]
    assert inspection.awaited(journal, 2, 0.0, service="inkit") == []


def test_nothing_is_missed_and_nothing_comes_twice() -> None:
    journal = Journal()

    def write() -> None:
        for number in range(300):
            journal.record(entry(number % 2))
            clock.pause(0.0005)

    writer = threading.Thread(target=write)
    writer.start()
    found = inspection.awaited(journal, 150, 30.0, body={"n": 1})
    writer.join()
    assert [one.seq for one in found][:150] == [*range(2, 301, 2)]


def test_no_entry_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal()
    for number in range(5):
        journal.record(entry(number))
    asked: list[int] = []
    find = journal.find
    monkeypatch.setattr(journal, "find", lambda **query: asked.append(query["after"]) or find(**query))
    assert len(inspection.awaited(journal, 2, 0.05, body={"n": 3})) == 1
    assert asked[:3] == [0, 5, 5]


def test_after_says_where_to_begin() -> None:
    journal = Journal()
    for _ in range(3):
        journal.record(entry())
    assert [found.seq for found in inspection.awaited(journal, 1, 0.0, after=2)] == [3]
