"""Resident memory over a long row of recorded requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bench import load
from bench.servers import NotStarted, Running, Subject, running

WARM_UP = 30_000
"""More requests than the journal keeps, and than there are bodies: after it, nothing new has to be held."""
SECONDS = 1
"""Of load between two looks at what has been sent."""


@dataclass(frozen=True)
class Memory:
    """MB by the number of requests since the end of the warm-up."""

    samples: list[tuple[int, float]] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.samples[-1][0]

    @property
    def growth(self) -> float:
        """From the first to the last sample, as a share of the first."""
        return self.samples[-1][1] / self.samples[0][1] - 1


def measure(subject: Subject, size: str, requests: int, step: int, log: Path) -> Memory:
    """Memory at the end of the warm-up and after each `step` requests or somewhat more. Raises NotStarted."""
    with running(subject, log, size) as server:
        _send(server, size, WARM_UP)
        memory, sent = Memory([(0, server.rss())]), 0
        while sent < requests:
            sent += _send(server, size, step)
            memory.samples.append((sent, server.rss()))
    return memory


def _send(server: Running, size: str, least: int) -> int:
    sent = 0
    while sent < least:
        seen = load.run(server.url, server.subject.headers, server.subject.bodies[size], SECONDS)
        if not seen.clean:
            raise NotStarted(f"{seen.requests} requests, {seen.refused} refused, {seen.broken} broken")
        sent += seen.requests
    return sent
