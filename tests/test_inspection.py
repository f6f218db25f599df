"""Waiting for exchanges: each is looked at once, none is missed, none comes twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from emulator import clock, inspection
from emulator.call import Fate
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


# credentials in addresses

KEY = "/behavioral/secret-secret"
LINK = "data=e30&sig=0123456789abcdef"


def secret_entry(**changes: Any) -> Entry:
    hint = {"X-Emulator-Hint": f"nothing at {KEY}/x"}
    return entry(path=f"{KEY}/x", query=LINK, response_headers=hint, note=f"nothing at {KEY}/x", **changes)


def test_credentials_in_an_address_are_cut_like_those_in_headers() -> None:
    """Also where no operation was found: what is declared of a path counts for everything below it."""
    told = inspection.shown(secret_entry(operation=""))
    assert (told["path"], told["query"]) == ("/behavioral/secr…/x", "data=e30&sig=0123…")
    for text in (str(told), inspection.line(secret_entry()), str(inspection.head(secret_entry()))):
        assert "secret-secret" not in text and "0123456789" not in text
        assert "/behavioral/secr…/x" in text
    fate = Fate("/a", "duplicate_key")
    assert "POST /behavioral/secr…/x /a:" in inspection.loss(secret_entry(), fate)


def test_they_are_revealed_with_the_others() -> None:
    told = inspection.shown(secret_entry(), reveal=True)
    assert (told["path"], told["query"], told["note"]) == (f"{KEY}/x", LINK, f"nothing at {KEY}/x")
    assert told["response"]["headers"]["X-Emulator-Hint"] == f"nothing at {KEY}/x"


def test_the_journal_is_asked_for_the_real_address() -> None:
    journal = Journal()
    journal.record(secret_entry())
    assert journal.count(path=f"{KEY}/x") == journal.count(path="/behavioral/*") == 1
    assert journal.count(path="/behavioral/secr…/x") == 0


@pytest.mark.parametrize(
    ("wanted", "differs"),
    [
        ({"path": f"{KEY}/x", "status": 500}, ["status: expected 500, found 201"]),
        (
            {"path": "/behavioral/other", "status": 201},
            ["path: expected '/behavioral/other', found '/behavioral/secr…/x'"],
        ),
        ({"body": {"token": "secret-secret"}, "status": 500}, ["status: expected 500, found 201"]),
        ({"path": "/behavioral/secr…/x", "status": 201}, ["path: differs"]),
    ],
)
def test_near_misses_compare_the_real_values_and_tell_none(wanted: dict[str, Any], differs: list[str]) -> None:
    journal = Journal()
    journal.record(secret_entry(request_body=b'{"token": "secret-secret"}'))
    (found,) = inspection.nearest(journal, wanted)
    assert found["differs"] == differs
    assert "secret-secret" not in str(found)
