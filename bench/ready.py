"""How long a server takes from a cold process to its first answer."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from bench.servers import NotStarted, Subject, post, spawn, stop

PATIENCE = 30


def times(subjects: list[Subject], log: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds to the first answer of one object, in alternation; the first start of each fills the caches uncounted."""
    found: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for counted in [False] + [True] * rounds:
        for subject in subjects:
            seconds = _first_answer(subject, log)
            if counted:
                found[subject.name].append(seconds)
    return found


def ratio(ours: list[float], theirs: list[float]) -> float:
    return median(ours) / median(theirs)


def _first_answer(subject: Subject, log: Path) -> float:
    with subject.bodies["one"].open() as file:
        body = file.readline().rstrip("\n")
    started = time.perf_counter()
    server = spawn(subject, log, limited=False)
    try:
        while time.perf_counter() - started < PATIENCE:
            try:
                status, _ = post(server.port, subject.path, subject.headers, body)
            except OSError:  # not listening yet
                time.sleep(0.001)
                continue
            if status != subject.status:
                raise NotStarted(f"{subject.name} answered {status}; see {log}")
            return time.perf_counter() - started
        raise NotStarted(f"{subject.name} did not answer within {PATIENCE} s; see {log}")
    finally:
        stop(server)
