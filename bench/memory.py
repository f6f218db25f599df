"""Resident memory over a long row of recorded requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.servers import NotStarted, Subject, running

WARM_UP = 30_000
"""More requests than the journal keeps, and than there are users: after it, nothing new has to be held."""


@dataclass(frozen=True)
class Memory:
    """MB after each step of as many requests, the first after warming up."""

    step: int
    samples: list[float]

    @property
    def growth(self) -> float:
        """Growth from the first to the last sample, as a share of the first."""
        return self.samples[-1] / self.samples[0] - 1


def samples(subject: Subject, size: str, steps: int, step: int, log: Path) -> Memory:
    """Raises NotStarted when a request was refused."""
    bodies = subject.bodies[size]
    with running(subject, log, size) as server:
        found = []
        for count in [WARM_UP] + [step] * steps:
            seen = load.run(server.url, subject.headers, bodies, count=count)
            if not seen.clean or seen.requests < count:
                raise NotStarted(f"{seen.requests} of {count} requests, {seen.refused} refused, {seen.broken} broken")
            found.append(server.rss())
    return Memory(step, found)
