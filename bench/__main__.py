"""Run every benchmark, and write the results: `python -m bench [--quick] [--only NAME …]`."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bench import growth, liquid, load, machine, memory, payloads, peers, rates, ready, report, sending, servers, steps
from bench.report import Bound, Results
from bench.servers import Subject

RESULTS = Path(__file__).with_name("results")
SIZES = {"one": "one object", "batch": "75 objects"}
FLAT = 0.05
SAME = 1.5
Pair = tuple[rates.Rate, rates.Rate]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    length: rates.Length
    starts: int
    recorded: int
    """Requests over which memory is watched."""
    profiled: int
    profiles: int
    sent: int
    """Webhooks in a row."""
    liquid: float
    """Seconds for each figure of a template."""


FULL = Plan(
    rates.Length(rounds=3, seconds=8, warm_up=8),
    starts=11,
    recorded=100_000,
    profiled=2000,
    profiles=1_000_000,
    sent=1000,
    liquid=5,
)
QUICK = Plan(
    rates.Length(rounds=2, seconds=2, warm_up=2),
    starts=3,
    recorded=10_000,
    profiled=200,
    profiles=10_000,
    sent=200,
    liquid=0.2,
)


class Suite:
    """One run. Each measure adds to `results`; what cannot be had is skipped there, visibly."""

    def __init__(self, plan: Plan, results: Results) -> None:
        self.plan, self.results = plan, results
        self.log = peers.ROOM / "servers.log"
        self.log.write_bytes(b"")
        self.bodies = payloads.write(peers.ROOM / "payloads")
        self.ours = peers.emulator(self.bodies)
        self.answers: dict[str, bytes] = {}
        for size in SIZES:
            with servers.running(self.ours, self.log, size) as server:
                self.answers[size] = servers.check(server, size)

    def ready(self) -> None:
        bare = peers.bare(self.bodies, self.answers["one"])
        found = ready.times([self.ours, bare], self.log, self.plan.starts)
        self.results.ready |= found
        ratio = ready.ratio(found[self.ours.name], found[bare.name])
        self._bound(
            "ready: cold process to first answer, against bare Flask", "bound", "≤ 1.25 ×", ratio, ratio <= 1.25
        )

    def flask(self) -> None:
        for size in SIZES:
            pair = self._duel(size, peers.bare(self.bodies, self.answers[size]))
            if size == "one":
                self._ratio("one object, against a bare Flask view", "bound", 0.5, pair)
                continue
            what, asked = "75 objects: validated, applied, recorded", "1,000 /s"
            if pair is None:
                self._unmeasured(what, "aim", asked)
            else:
                passed = pair[0].median >= 1000 and pair[0].clean
                self._bound(what, "aim", asked, f"{pair[0].median:,.0f} /s", passed)

    def prism(self) -> None:
        for quiet, how in ((False, "both as they come, with a log"), (True, "both without a log")):
            for size, title in SIZES.items():
                peer = peers.prism(self.bodies, peers.openapi_document(self.answers[size]), quiet=quiet)
                pair = self._duel(size, peer, self.ours if quiet else peers.emulator(self.bodies, quiet=False))
                self._ratio(f"{title}, against Prism, {how}", "bound", 5, pair)

    def wiremock(self) -> None:
        for size, title in SIZES.items():
            pair = self._duel(size, peers.wiremock(self.bodies, peers.schema(), self.answers[size]))
            self._ratio(f"{title}, against WireMock with matchesJsonSchema", "aim", 1, pair)

    def mountebank(self) -> None:
        for size in SIZES:
            self._duel(size, peers.mountebank(self.bodies, self.answers[size]))

    def moto(self) -> None:
        for size in SIZES:
            self._duel(size, peers.moto(self.bodies))

    def memory(self) -> None:
        found = memory.measure(self.ours, "one", self.plan.recorded, self.plan.recorded // 10, self.log)
        self.results.memory["one"] = found
        what = f"memory over {found.requests:,} recorded requests"
        self._bound(what, "bound", f"flat: grows by less than {FLAT:.0%}", f"{found.growth:+.1%}", found.growth < FLAT)

    def growth(self) -> None:
        found = growth.measure(self.plan.profiles)
        self.results.growth = found
        first, last = found[0], found[-1]
        what, ratio = f"{last.profiles:,} profiles in one process", last.change_median / first.change_median
        self._bound(what, "bound", "≤ 4 GB", f"{last.megabytes / 1000:.2f} GB", last.megabytes <= 4000)
        self._bound(
            f"one more call at {last.profiles:,} profiles, against {first.profiles:,}",
            "bound", f"the same: ≤ {SAME:g} ×", ratio, ratio <= SAME,
        )  # fmt: skip

    def liquid(self) -> None:
        self.results.liquid = liquid.measure(self.plan.liquid)

    def steps(self) -> None:
        for size in SIZES:
            self.results.steps[size] = steps.profile(self.bodies[size], self.plan.profiled)

    def sending(self) -> None:
        found = sending.measure(self.plan.sent, self.log)
        self.results.sending = found
        for way in found.ways:
            reached = f"{way.median:.2f} ms median, {way.p99:.2f} ms p99"
            self._bound(f"from an event to its webhook recorded, {way.name}", "aim", "≤ 5 ms", reached, way.median <= 5)

    def _duel(self, size: str, peer: Subject, ours: Subject | None = None) -> Pair | None:
        """None, with the reason in the results, where one of the two could not be measured."""
        try:
            pair = rates.duel(ours or self.ours, peer, size, self.plan.length, self.log)
        except EXPECTED as error:
            self._skip(f"{peer.name}, {SIZES[size]}", error)
            return None
        self.results.pairs.append(pair)
        print(f"  {size}: ours {pair[0].median:,.0f} /s, {peer.name} {pair[1].median:,.0f} /s", flush=True)
        return pair

    def _ratio(self, what: str, kind: str, least: float, pair: Pair | None) -> None:
        if pair is None:
            self._unmeasured(what, kind, f"≥ {least:g} ×")
            return
        ratio = pair[0].median / pair[1].median
        self._bound(what, kind, f"≥ {least:g} ×", ratio, ratio >= least and pair[0].clean and pair[1].clean)

    def _bound(self, what: str, kind: str, asked: str, reached: float | str, passed: bool) -> None:
        shown = reached if isinstance(reached, str) else f"{reached:.2f} ×"
        self.results.bounds.append(Bound(what, kind, asked, shown, passed))
        print(f"  {what}: {shown} ({kind} {asked})", flush=True)

    def _unmeasured(self, what: str, kind: str, asked: str) -> None:
        self.results.bounds.append(Bound(what, kind, asked, "", None))

    def _skip(self, what: str, error: Exception) -> None:
        self.results.skipped[what] = str(error).replace("\n", " ")
        print(f"  not measured: {what}: {error}", flush=True)

    def run(self, name: str) -> None:
        """One measure; the suite goes on when it cannot be had."""
        print(name, flush=True)
        try:
            getattr(self, name)()
        except EXPECTED as error:
            self._skip(name, error)
            self._unmeasured(name, "", "")


MEASURES = (
    "ready",
    "flask",
    "prism",
    "wiremock",
    "mountebank",
    "moto",
    "memory",
    "growth",
    "liquid",
    "steps",
    "sending",
)
EXPECTED: tuple[type[Exception], ...] = (
    servers.NotStarted,
    sending.NotSent,
    load.LoadFailed,
    subprocess.SubprocessError,
    OSError,
)
"""What a measure may end with; the suite goes on, and the results say so."""


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped on the way out
    missing = peers.install()
    plan = QUICK if options.quick else FULL
    now = datetime.now(timezone.utc)
    results = Results(
        now.isoformat(" ", "minutes"), options.quick, machine.facts(), machine.versions(), skipped=missing
    )
    suite = Suite(plan, results)
    for name in options.only or MEASURES:
        suite.run(name)
    folder = peers.ROOM if options.quick or options.only else RESULTS
    page = report.write(results, folder, now.strftime("%Y-%m-%d"))
    print(f"\n{page.read_text()}\nwritten to {page}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds each; the page goes to bench/.peers")
    parser.add_argument("--only", nargs="+", choices=MEASURES, help="only these; the page goes to bench/.peers")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
