"""The load: wrk with eight connections and one thread, sending prepared bodies in turn."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8
SCRIPT = Path(__file__).with_name("load.lua")


class LoadFailed(Exception):
    """wrk could not do its work; it has said why."""


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw. `refused` are answers with a status of 400 or more, `broken` failures of a socket."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def clean(self) -> bool:
        return self.requests > 0 and self.refused == 0 and self.broken == 0


def run(url: str, headers: dict[str, str], bodies: Path, seconds: int) -> Load:
    """Load `url` for some seconds. Raises LoadFailed."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    command += [url, "--", str(bodies)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    if done.returncode:
        raise LoadFailed(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    return Load(**json.loads(done.stdout.strip().splitlines()[-1]))
