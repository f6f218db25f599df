"""Requests per second of two servers, loaded in turn: A B A B."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import load
from bench.load import Load
from bench.servers import Running, Subject, running


@dataclass(frozen=True)
class Length:
    """How long to measure: rounds for each server, seconds of each round, seconds of warming up before the first."""

    rounds: int
    seconds: int
    warm_up: int


@dataclass(frozen=True)
class Rate:
    """One server under one size of body."""

    name: str
    size: str
    loads: list[Load] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    """Milliseconds of processor time a request, for each load."""

    @property
    def median(self) -> float:
        return median(one.rate for one in self.loads)

    @property
    def clean(self) -> bool:
        return all(one.clean for one in self.loads)

    def latency(self) -> tuple[float, float]:
        """Medians over the rounds of the 50th and the 99th percentile, in milliseconds."""
        return median(one.p50_ms for one in self.loads), median(one.p99_ms for one in self.loads)


def duel(ours: Subject, theirs: Subject, size: str, length: Length, log: Path) -> tuple[Rate, Rate]:
    """Both servers are up, and only one is loaded at a time. Raises NotStarted."""
    with running(ours, log, size) as one, running(theirs, log, size) as other:
        pair = (one, other)
        rates = (Rate(ours.name, size), Rate(theirs.name, size))
        for server in pair:
            _load(server, size, length.warm_up * server.subject.slow_to_warm)
        for _ in range(length.rounds):
            for server, rate in zip(pair, rates, strict=True):
                before = server.cpu()
                rate.loads.append(_load(server, size, length.seconds))
                rate.cpu_ms.append((server.cpu() - before) / rate.loads[-1].requests * 1000)
    return rates


def _load(server: Running, size: str, seconds: int) -> Load:
    server.subject.prepare(server.port)
    return load.run(server.url, server.subject.headers, server.subject.bodies[size], seconds)
