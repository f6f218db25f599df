"""The recording: every filter, what falls out is told, readers see what was just recorded, nothing is lost."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from emulator import journal as journal_module
from emulator.call import Fate
from emulator.errors import ConfigError
from emulator.journal import BATCH, FILTERS, PAGE, Entry, Journal


def entry(**changes: Any) -> Entry:
    made = Entry(
        trace="t1",
        time=1_767_355_200.0,
        workspace="default",
        direction="in",
        service="braze",
        operation="track_users",
        method="POST",
        path="/users/track",
        query="a=1",
        status=201,
        request_headers={"content-type": "application/json"},
        request_body=b'{"attributes":[{"external_id":"u1","age":7}],"partner":"x"}',
        response_headers={"ETag": "W/1"},
        response_body=b'{"message":"success"}',
        fates=[Fate("/attributes/0/age", "duplicate_key", 7, "twice")],
        ms=1.5,
        note="a note",
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


OTHERS: dict[str, Any] = {
    "trace": "t2",
    "workspace": "other",
    "direction": "out",
    "service": "inkit",
    "operation": "send_mailing",
    "method": "GET",
    "path": "/users/export/ids",
    "status": 400,
}
"""field -> a value that the other entry of a filter test has."""

FOUND: dict[str, list[Any]] = {
    "trace": ["t1"],
    "workspace": ["default"],
    "direction": ["in"],
    "service": ["braze"],
    "operation": ["track_users"],
    "method": ["POST"],
    "path": ["/users/track", "/users/*k", "*track", "*/t*"],
    "status": [201],
    "body": [
        {},
        {"partner": "x"},
        {"attributes": [{"external_id": "u1"}]},
        {"attributes": [{"age": "{{number}}"}], "nothing": "{{absent}}"},
    ],
    "fate": ["duplicate_key"],
    "matched": [True],
    "after": [1],
}
"""filter -> values that find the second of two entries and not the first."""

DIFFERENT: dict[str, dict[str, Any]] = {
    **{name: {name: value} for name, value in OTHERS.items()},
    "body": {"request_body": b"not JSON"},
    "fate": {"fates": [Fate("/a", "refused")]},
    "matched": {"operation": ""},
    "after": {},
}
"""filter -> how the entry that it must not find differs."""

CASES = [pytest.param(name, value, id=f"{name}={value}") for name, values in FOUND.items() for value in values]


def test_every_filter_has_a_case() -> None:
    assert FOUND.keys() == DIFFERENT.keys() == FILTERS


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_filter_finds_what_it_names(name: str, value: Any) -> None:
    journal = Journal()
    journal.record(entry(**DIFFERENT[name]))
    wanted = journal.record(entry())
    assert [found.seq for found in journal.find(**{name: value})] == [wanted]
    assert journal.count(**{name: value}) == 1


def test_filters_are_joined_and_none_is_no_filter() -> None:
    journal = Journal()
    for status in (201, 400):
        for method in ("GET", "POST"):
            journal.record(entry(status=status, method=method))
    assert journal.count(status=201, method="GET", path=None) == 1
    assert journal.count() == 4


@pytest.mark.parametrize(
    "body",
    [
        {"attributes": [{"external_id": "u2"}]},
        {"attributes": []},
        {"a": None},
        [],
        "x",
        {"attributes": [{"age": True}]},
    ],
)
def test_a_body_that_is_no_subset_is_not_found(body: Any) -> None:
    journal = Journal()
    journal.record(entry())
    assert journal.find(body=body) == []


def test_unmatched_requests_are_found() -> None:
    journal = Journal()
    journal.record(entry())
    unmatched = journal.record(entry(operation="", status=404))
    assert [found.seq for found in journal.find(matched=False)] == [unmatched]


@pytest.mark.parametrize("name", ["time", "seq2", "request_body", "x; DROP TABLE entries"])
def test_an_unknown_filter_names_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is not a filter; use one of after, body, direction"):
        Journal().find(**{name: 1})


def test_a_filter_value_is_never_part_of_the_query() -> None:
    journal = Journal()
    journal.record(entry())
    assert journal.find(path="' OR 1=1 --") == []
    assert journal.find(path="*' OR 1=1 --") == []


# how much a reader loads


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the entries that readers made from rows, in that order."""
    made, make = list[int](), journal_module._entry

    def counted(row: Any) -> Entry:
        made.append(row[0])
        return make(row)

    monkeypatch.setattr(journal_module, "_entry", counted)
    return made


@pytest.mark.parametrize(("name", "value"), CASES)
def test_counting_loads_no_entry(name: str, value: Any, loaded: list[int]) -> None:
    journal = Journal()
    journal.record(entry(**DIFFERENT[name]))
    wanted = journal.record(entry())
    assert (journal.count(**{name: value}), journal.ids(**{name: value}), loaded) == (1, [wanted], [])


def test_a_stream_loads_a_page_at_a_time_and_sees_what_comes_meanwhile(loaded: list[int]) -> None:
    journal = Journal()
    for number in range(PAGE * 2 + 10):
        journal.record(entry(status=201 if number % 2 else 400))
    streamed = journal.stream(status=201, after=2)
    assert (next(streamed).seq, len(loaded)) == (4, PAGE)
    journal.record(entry(trace="new"))
    assert [found.seq for found in streamed] == [*range(6, PAGE * 2 + 11, 2), PAGE * 2 + 11]
    assert list(journal.stream(status=500)) == []


# reading back


def test_an_entry_comes_back_as_it_was() -> None:
    journal, given = Journal(), entry()
    number = journal.record(given)
    assert journal.get(number) == given


def test_there_is_no_entry_zero() -> None:
    assert Journal().get(0) is None
    assert Journal().get(1) is None


def test_a_reader_sees_what_was_just_recorded() -> None:
    journal = Journal()
    for number in range(1, BATCH * 2 + 3):
        assert journal.record(entry()) == number
        assert journal.find(newest=True, limit=1)[0].seq == number == journal.last


def test_order_and_limit() -> None:
    journal = Journal()
    for _ in range(5):
        journal.record(entry())
    assert [found.seq for found in journal.find(limit=2)] == [1, 2]
    assert [found.seq for found in journal.find(limit=2, newest=True)] == [5, 4]
    assert [found.seq for found in journal.find(limit=2, after=3)] == [4, 5]
    assert len(journal.find(limit=-1)) == 5


@pytest.mark.parametrize(
    "value", [10**30, {1, 2}, {"a": object}, float("nan"), b"bytes", {1: 2}], ids=lambda value: type(value).__name__
)
def test_a_fate_that_json_cannot_hold_does_not_cost_the_batch(value: Any) -> None:
    journal = Journal()
    journal.record(entry(fates=[]))
    journal.record(entry(fates=[Fate("/a", "refused", value)]))
    journal.record(entry(fates=[]))
    assert [[fate.pointer for fate in found.fates] for found in journal.find()] == [[], ["/a"], []]


def test_bodies_are_kept_byte_for_byte() -> None:
    journal = Journal()
    journal.record(entry(request_body=bytes(range(256)), response_body=b"\x00"))
    found = journal.find()[0]
    assert (found.request_body, found.response_body) == (bytes(range(256)), b"\x00")


# bounds


def test_the_oldest_fall_out_by_count_and_that_is_told() -> None:
    journal = Journal(max_entries=100)
    for _ in range(250):
        journal.record(entry())
    stats = journal.stats()
    assert (stats["kept"], stats["evicted"]) == (100, 150)
    assert [found.seq for found in journal.find(limit=1)] == [151]
    assert journal.get(150) is None


def test_the_oldest_fall_out_by_bytes_and_that_is_told() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(200):
        journal.record(entry(request_body=b"x" * 2000))
    stats = journal.stats()
    assert stats["bytes"] <= 100_000
    assert stats["kept"] == len(journal.find(limit=-1)) > 30
    assert stats["kept"] + stats["evicted"] == 200


def test_headers_count_as_bytes_too() -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(20):
        journal.record(entry(request_headers={"x-big": "a" * 30_000}))
    assert (journal.stats()["kept"], journal.stats()["evicted"]) == (3, 17)


def test_an_entry_larger_than_the_journal_falls_out_at_once() -> None:
    journal = Journal(max_bytes=1000)
    journal.record(entry(request_body=b"x" * 2000))
    assert journal.stats() == {"kept": 0, "bytes": 0, "evicted": 1}


def test_the_numbers_go_on_after_eviction_and_clearing() -> None:
    journal = Journal(max_entries=1)
    for _ in range(3):
        journal.record(entry())
    journal.clear()
    assert journal.record(entry()) == 4


def test_clear_forgets_one_workspace_or_all() -> None:
    journal = Journal()
    for workspace in ("a", "b", "a"):
        journal.record(entry(workspace=workspace))
    journal.clear("a")
    assert [found.workspace for found in journal.find()] == ["b"]
    journal.clear()
    assert journal.stats()["kept"] == journal.stats()["bytes"] == 0


# the file


def test_a_journal_in_a_file_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = Journal(path)
    for _ in range(3):
        first.record(entry())
    first.close()
    second = Journal(path)
    assert [found.seq for found in second.find()] == [1, 2, 3]
    assert second.record(entry()) == 4
    assert second.stats()["kept"] == 4


def test_the_bounds_hold_for_a_file_that_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = Journal(path)
    for _ in range(10):
        first.record(entry())
    first.close()
    second = Journal(path, max_entries=4)
    second.record(entry())
    assert [found.seq for found in second.find()] == [8, 9, 10, 11]


def test_a_file_belongs_to_one_journal_and_one_user(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = Journal(path)
    assert path.stat().st_mode & 0o077 == 0, "it holds credentials"
    with pytest.raises(ConfigError, match="another emulator writes into"):
        Journal(path)
    first.close()
    Journal(path).close()


@pytest.mark.parametrize(
    ("content", "said"), [(b"hello, this is not a database at all", "not a journal"), (None, "cannot be written")]
)
def test_a_file_that_cannot_be_used_is_told(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.db" if content else tmp_path
    if content:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        Journal(path)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="its format is 99"):
        Journal(tmp_path / "journal.db")


def test_what_an_earlier_run_left_is_told_apart(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal.db")
    first.record(entry())
    first.close()
    second = Journal(tmp_path / "journal.db", max_entries=2)
    assert second.opened == 1
    for _ in range(3):
        second.record(entry())
    assert (second.stats()["evicted"], second.newest_evicted) == (2, 2)


# listeners and threads


def test_listeners_get_every_entry_once_and_in_order() -> None:
    journal, heard = Journal(), []
    journal.listeners.append(lambda batch: heard.extend(found.seq for found in batch))
    for _ in range(BATCH + 5):
        journal.record(entry())
    journal.flush()
    journal.flush()
    assert heard == list(range(1, BATCH + 6))


def test_nothing_is_lost_when_many_write_and_read() -> None:
    journal, gate = Journal(), threading.Barrier(32)

    def work(index: int) -> list[int]:
        gate.wait()
        numbers = []
        for _ in range(40):
            numbers.append(journal.record(entry(trace=f"t{index}")))
            if len(numbers) % 10 == 0:
                assert journal.count(trace=f"t{index}") == len(numbers)
        return numbers

    with ThreadPoolExecutor(32) as pool:
        numbers = sorted(number for found in pool.map(work, range(32)) for number in found)
    assert numbers == list(range(1, 32 * 40 + 1))
    assert [found.seq for found in journal.find(limit=-1)] == numbers
