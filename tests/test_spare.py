"""Parked threads go to work while others block."""

from __future__ import annotations

import threading

import pytest

from emulator import spare
from emulator.app import create_app
from emulator.pipeline import Emulator
from emulator.spare import Spare


def parked(reserve: Spare, monkeypatch: pytest.MonkeyPatch) -> threading.Thread:
    """A thread in `park`, as a parking request would have put it there."""
    monkeypatch.setattr(spare, "SLICE", 30.0)
    reserve._parked = reserve.count
    thread = threading.Thread(target=reserve.park, daemon=True)
    thread.start()
    return thread


def test_a_parked_thread_stays_until_a_call_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Spare(1)
    thread = parked(reserve, monkeypatch)
    thread.join(0.1)
    assert thread.is_alive()
    with reserve.blocking():
        thread.join(5)
        assert not thread.is_alive()


def test_a_thread_is_parked_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare, "SLICE", 0.01)
    reserve = Spare(1)
    reserve._parked = 1
    reserve.park()  # returns by itself


def test_a_pause_counts_as_blocking() -> None:
    reserve, seen = Spare(1), []
    thread = threading.Thread(target=reserve.pause, args=(0.2,))
    thread.start()
    with reserve._changed:
        reserve._changed.wait_for(lambda: reserve._blocked == 1, 5)
        seen.append(reserve._blocked)
    thread.join()
    assert (seen, reserve._blocked) == ([1], 0)


def test_only_the_server_itself_may_park_its_threads() -> None:
    emulator = Emulator(spare=Spare(1))
    web = create_app(emulator).test_client()
    assert web.get(spare.PATH).status_code == 404
    assert web.get(spare.PATH, headers={"X-Emulator-Park": "guess"}).status_code == 404
    emulator.spare._parked = 2  # one too many: nothing to wait for
    assert web.get(spare.PATH, headers={"X-Emulator-Park": emulator.spare.token}).status_code == 204
