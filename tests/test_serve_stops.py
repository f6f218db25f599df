"""Stopping the real server, and what happens when nobody reads what it prints."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator import clock

COMMAND = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--json"]


@contextmanager
def server(*arguments: str, **more: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process group of its own, and its address."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True, **more
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def track(url: str, times: int) -> list[int]:
    with requests.Session() as session:
        body = {"attributes": [{"external_id": "ada"}]}
        headers = {"Authorization": "Bearer k"}
        return [session.post(f"{url}/users/track", json=body, headers=headers).status_code for _ in range(times)]


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]])
def test_a_signal_to_the_whole_group_stops_the_server_at_once(signals: list[int]) -> None:
    """What a terminal does on Ctrl-C."""
    with server("--quiet") as (process, _):
        clock.pause(0.4)  # the two processes wait in different places by then
        for number in signals:
            os.killpg(process.pid, number)
        assert process.wait(timeout=4) == 0


def test_what_was_recorded_is_written_before_the_server_stops(tmp_path: Path) -> None:
    with server("--journal", str(tmp_path / "journal.db"), stderr=subprocess.PIPE) as (process, url):
        track(url, 5)
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert len(process.stderr.read().splitlines()) == 5
    with closing(sqlite3.connect(tmp_path / "journal.db")) as file:
        assert file.execute("SELECT count(*) FROM entries").fetchone() == (5,)


def test_the_worker_does_not_outlive_a_killed_parent() -> None:
    with server("--quiet") as (process, url):
        process.kill()
        process.wait(timeout=10)
        end = clock.stopwatch() + 10
        with pytest.raises(requests.ConnectionError):
            while clock.stopwatch() < end:
                requests.get(f"{url}/_emulator/health", timeout=5)
                clock.pause(0.05)


def test_nobody_reads_the_log() -> None:
    """Neither a closed pipe nor a full one may cost an answer."""
    reader, writer = os.pipe()
    with server(stderr=writer) as (_, url):
        os.close(writer)
        assert set(track(url, 400)) == {201}
        os.close(reader)
        assert set(track(url, 200)) == {201}
        assert requests.get(f"{url}/_emulator/journal?limit=1", timeout=5).json()["kept"] == 600


def test_a_seed_that_cannot_be_planted_is_told_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("clock: {now: '2026-13-45'}\n")
    found = subprocess.run(
        [*COMMAND, "--seed", str(tmp_path / "seed.yaml")], capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, "Traceback" in found.stderr) == (3, False)
    assert f"{tmp_path / 'seed.yaml'}, line 1: clock.now: " in found.stderr
