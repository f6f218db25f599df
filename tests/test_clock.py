"""Virtual time: frozen, advanced, restored; instants and durations as texts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from emulator import clock
from emulator.clock import UTC, Clock
from emulator.errors import ConfigError

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def test_a_clock_runs_with_real_time() -> None:
    running = Clock()
    first = running.seconds()
    clock.pause(0.002)
    assert first < running.seconds() < first + 60


def test_a_frozen_clock_stands_still() -> None:
    still = Clock()
    still.freeze()
    first = still.seconds()
    clock.pause(0.002)
    assert (still.seconds(), still.frozen) == (first, True)


def test_a_clock_set_to_an_instant_goes_on_from_there() -> None:
    moved = Clock()
    moved.set(NOON.timestamp(), frozen=False)
    assert timedelta(0) <= moved.now() - NOON < timedelta(seconds=60)


@pytest.mark.parametrize("frozen", [True, False])
def test_advance_moves_on_and_keeps_the_clock_frozen_or_running(frozen: bool) -> None:
    moved = Clock()
    moved.set(NOON.timestamp(), frozen=frozen)
    moved.advance(3600)
    assert moved.frozen is frozen
    assert timedelta(hours=1) <= moved.now() - NOON < timedelta(hours=1, seconds=60)


def test_resume_goes_on_from_the_frozen_instant() -> None:
    resumed = Clock(frozen=NOON.timestamp())
    resumed.resume()
    assert not resumed.frozen
    assert timedelta(0) <= resumed.now() - NOON < timedelta(seconds=60)


def test_a_reading_restores_the_clock() -> None:
    first = Clock(frozen=NOON.timestamp())
    reading = first.reading()
    first.advance(10)
    first.resume()
    first.restore(reading)
    assert (first.now(), first.frozen) == (NOON, True)


INSTANTS = {
    "2026-01-02T12:00:00Z": NOON,
    "2026-01-02T12:00:00z": NOON,
    " 2026-01-02T12:00:00Z ": NOON,
    "2026-01-02 12:00:00": NOON,
    "2026-01-02T12:00": NOON,
    "2026-01-02T14:30:00+02:30": NOON,
    "2026-01-02T14:30:00+0230": NOON,
    "2026-01-02T07:00:00-05": NOON,
    "2026-01-02T12:00:00.5Z": NOON + timedelta(milliseconds=500),
    "2026-01-02T12:00:00.123456789Z": NOON + timedelta(microseconds=123456),
    "2026-01-02": NOON - timedelta(hours=12),
}


@pytest.mark.parametrize("text", INSTANTS)
def test_an_instant_is_read(text: str) -> None:
    assert clock.parse_instant(text) == INSTANTS[text]


NO_INSTANTS = [
    "",
    "noon",
    "2026",
    "2026-13-01",
    "2026-02-30",
    "2026-01-02T25:00",
    "20260102",
    "2026-W01-1",
    "2026-01-02T12:00:00Zz",
    "0001-01-01T00:00:00+10:00",
    "٢٠٢٦-01-02",
]


@pytest.mark.parametrize("text", NO_INSTANTS)
def test_no_instant_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse_instant(text)


DURATIONS = {
    90: 90.0,
    0: 0.0,
    1.5: 1.5,
    "90s": 90.0,
    "1.5s": 1.5,
    "250ms": 0.25,
    "1h30m": 5400.0,
    "1h 30m": 5400.0,
    "2d": 172800.0,
}


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_is_read(text: str | float) -> None:
    assert clock.parse_duration(text) == DURATIONS[text]


NO_TEXTS = ["", "90", "s", "1.5", "1x", "-1s", "5s!", "1h, 2m", "9" * 400 + "d"]
NO_DURATIONS = [*NO_TEXTS, None, True, [], {}, float("inf"), float("nan"), 1e300]


@pytest.mark.parametrize("text", NO_DURATIONS, ids=lambda text: repr(text)[:20])
def test_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration; write for example 90s, 15m, 1h30m or 2d"):
        clock.parse_duration(text)


@pytest.mark.parametrize("year", [1, 999, 9001])
def test_a_clock_stays_where_every_day_has_days_around_it(year: int) -> None:
    still = Clock()
    with pytest.raises(ConfigError, match="between the years 1000 and 9000"):
        still.set(datetime(year, 1, 2, tzinfo=UTC).timestamp(), frozen=True)
    still.set(datetime(1000, 1, 2, tzinfo=UTC).timestamp(), frozen=True)
    assert still.now().year == 1000


def test_instants_are_written_in_utc() -> None:
    at = NOON + timedelta(microseconds=678901)
    assert (clock.iso(at), clock.iso_ms(at)) == ("2026-01-02T12:00:00Z", "2026-01-02T12:00:00.678Z")


def test_later_is_later() -> None:
    assert clock.later(NOON, 1.5) - NOON == timedelta(seconds=1.5)
