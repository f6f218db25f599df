"""What a call costs while the workspace grows to a million profiles, in one process: `python -m bench.growth MOST`.

It runs in a process of its own, so that the memory it reports is that of one emulator. Prints a line of JSON a size.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OBJECTS = 75
PROBES = 1_000
HEADERS = {"authorization": "Bearer bench-key", "content-type": "application/json"}


@dataclass(frozen=True)
class Size:
    """With so many profiles: resident MB, seconds the loading took since the size before, and microseconds of a call
    that changes one profile and of one that makes a profile.
    """

    profiles: int
    megabytes: float
    loading: float
    change_median: float
    change_p99: float
    create_median: float


def measure(most: int) -> list[Size]:
    """Raises CalledProcessError where the process ends badly."""
    command = [sys.executable, "-m", "bench.growth", str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    return [Size(**json.loads(line)) for line in done.stdout.splitlines()]


def sizes(most: int) -> Iterator[Size]:
    """Load one emulator and look at it at each size."""
    from emulator.pipeline import Emulator

    emulator = Emulator({"settings": {"rate_limits": "count"}})
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # as `serve` has it
    held = 0
    for wanted in (size for size in SIZES if size <= most):
        started = time.perf_counter()
        while held < wanted:
            _track(emulator, [_profile(held + number) for number in range(OBJECTS)])
            held += OBJECTS
        loading = time.perf_counter() - started
        megabytes = _resident()
        for turn in range(PROBES):  # what the loading calls left to be freed is not the probes' cost
            _track(emulator, [_change(turn, held)])
        changes = sorted(_track(emulator, [_change(turn, held)]) for turn in range(PROBES))
        creates = [_track(emulator, [_profile(held + turn)]) for turn in range(PROBES)]
        held += PROBES
        yield Size(wanted, megabytes, loading, median(changes), changes[PROBES * 99 // 100], median(creates))


def _profile(number: int) -> dict[str, Any]:
    return {
        "external_id": f"bench-user-{number:08}",
        "first_name": f"First{number}",
        "email": f"user{number}@example.com",
        "country": "PT",
        "visits": number % 50,
        "plan": ("free", "basic", "pro")[number % 3],
    }


def _change(turn: int, held: int) -> dict[str, Any]:
    """One attribute of a profile from anywhere among those there are."""
    return {"external_id": f"bench-user-{turn * 7919 % held:08}", "visits": time.perf_counter_ns() % 10**9}


def _track(emulator: Any, attributes: list[dict[str, Any]]) -> float:
    """Microseconds of the call."""
    from emulator.call import Request

    body = json.dumps({"attributes": attributes}).encode()
    request = Request("POST", "/users/track", "", dict(HEADERS), body)
    started = time.perf_counter()
    status = emulator.answer(request).status
    spent = time.perf_counter() - started
    if status != 201:
        raise RuntimeError(f"users/track answered {status}")
    return spent * 1e6


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    for found in sizes(int(sys.argv[1])):
        print(json.dumps(asdict(found)), flush=True)
