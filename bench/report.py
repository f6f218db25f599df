"""The results as a Markdown page and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from bench.growth import Size
from bench.liquid import Speed
from bench.memory import Memory
from bench.rates import Rate
from bench.sending import Sending


@dataclass(frozen=True)
class Bound:
    """What was asked and what was reached. `kind` is `bound` or `aim`; `passed` is None where it was not measured."""

    what: str
    kind: str
    asked: str
    reached: str
    passed: bool | None


@dataclass
class Results:
    """Everything of one run on one machine."""

    date: str
    quick: bool
    machine: dict[str, str]
    versions: dict[str, str]
    bounds: list[Bound] = field(default_factory=list)
    pairs: list[tuple[Rate, Rate]] = field(default_factory=list)
    ready: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    growth: list[Size] = field(default_factory=list)
    liquid: list[Speed] = field(default_factory=list)
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    """Size -> step -> milliseconds a call."""
    sending: Sending | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    """What was not measured -> why."""


def write(results: Results, folder: Path, name: str) -> Path:
    """Write NAME.json and NAME.md; gives the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(asdict(results), indent=2) + "\n")
    page = folder / f"{name}.md"
    page.write_text(markdown(results))
    return page


def markdown(results: Results) -> str:
    note = "\n\n**A quick run, for trying the benchmark: its figures say little.**" if results.quick else ""
    sections = [
        _section(f"# Benchmark of {results.date}{note}", ("machine", ""), results.machine.items()),
        _section("## Asked and reached", ("what", "kind", "asked", "reached", "pass"), map(_bound_row, results.bounds)),
        _section("## Not measured", ("what", "why"), results.skipped.items()),
        _section(f"## Requests per second\n\n{_PAIRS}", _PAIR_HEAD, map(_pair_row, results.pairs)),
        _section(f"## Ready\n\n{_READY}", ("server", "median s", "each"), map(_ready_row, results.ready.items())),
        _section(
            f"## Memory\n\n{_MEMORY}",
            ("body", "MB at so many requests", "growth"),
            map(_memory_row, results.memory.items()),
        ),
        _section(f"## Growth\n\n{_GROWTH}", _GROWTH_HEAD, map(_growth_row, results.growth)),
        _section(f"## Liquid\n\n{_LIQUID}", _LIQUID_HEAD, map(_liquid_row, results.liquid)),
        *(
            _section(f"## Where the time goes: {_SIZES[size]}\n\n{_STEPS}", _STEP_HEAD, _step_rows(found))
            for size, found in results.steps.items()
        ),
        *(_sending(results.sending) if results.sending else ()),
        _section("## Versions", ("", ""), results.versions.items()),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _section(top: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A heading with its text and its table, or nothing where there are no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"{top}\n", f"| {' | '.join(head)} |", "| --- " * len(head) + "|", *lines])


_SIZES = {"one": "one object", "batch": "75 objects"}
_PAIRS = (
    "Each row is a pair that was loaded in turn (ours, the peer, ours, the peer, …) with 8 connections; medians of the"
    " rounds. The ratio is ours to the peer's. `!` marks a load in which a request failed."
)
_PAIR_HEAD = (
    *("peer", "body", "ours/s", "peer/s", "ratio", "ours p50 / p99 ms", "peer p50 / p99 ms"),
    *("processor time a request, ms: ours / peer", "ours, each round"),
)
_READY = "From the start of the process to the answer to its first `users/track` of one object."
_MEMORY = "Resident memory of all processes of the server, at the end of a warm-up of 30,000 requests and after it."
_GROWTH = (
    "In process: profiles are loaded with `users/track`, 75 a call; at each size single calls change one profile"
    " anywhere, and make new ones."
)
_GROWTH_HEAD = ("profiles", "resident MB", "loading s", "change one µs, median / p99", "create one µs, median")
_LIQUID = (
    "In process, in one thread: how often a second the templates of the partners' pages are parsed for the first time,"
    " rendered with trace and findings, and rendered without a trace, as a message does with each of its texts."
)
_LIQUID_HEAD = ("template", "characters", "parsed /s", "rendered /s", "untraced /s")
_STEPS = (
    "In process, in one thread, without HTTP: mean milliseconds a call, each step without what it calls that has a row"
    " of its own. The clocks themselves cost some; `all` is the same call without them."
)
_STEP_HEAD = ("step", "ms", "share")
_SENDING = (
    "One call of `users/track` after the other, each with an event that starts a webhook campaign: milliseconds from"
    " the call to its answer, which comes when the emulated partner has recorded the webhook."
)
_SENDING_HEAD = ("way", "calls", "median ms", "p99 ms")
_SENDING_STEPS = (
    "In process, mean milliseconds a call, each step without what it calls that has a row of its own. Means are higher"
    " than medians: they hold the garbage collector's work and what else the machine did."
)


def _sending(found: Sending) -> list[str]:
    ways = [(way.name, f"{way.turns:,}", f"{way.median:.2f}", f"{way.p99:.2f}") for way in found.ways]
    total = sum(found.steps.values())
    steps = [
        (label, f"{spent:.3f}", f"{spent / total:.0%}")
        for label, spent in sorted(found.steps.items(), key=lambda item: -item[1])
    ]
    return [
        _section(f"## From an event to a webhook\n\n{_SENDING}", _SENDING_HEAD, ways),
        _section(f"## Where the time of a webhook goes\n\n{_SENDING_STEPS}", _STEP_HEAD, steps),
    ]


def _bound_row(bound: Bound) -> tuple[str, ...]:
    verdict = {True: "yes", False: "**no**", None: "not measured"}[bound.passed]
    return bound.what, bound.kind, bound.asked, bound.reached, verdict


def _pair_row(pair: tuple[Rate, Rate]) -> tuple[str, ...]:
    ours, theirs = pair
    each = " ".join(f"{one.rate:,.0f}" for one in ours.loads)
    return (
        *(theirs.name, _SIZES[ours.size], _rate(ours), _rate(theirs), f"{ours.median / theirs.median:.2f} ×"),
        *("{:.2f} / {:.2f}".format(*rate.latency()) for rate in pair),
        " / ".join(f"{median(rate.cpu_ms):.3f}" for rate in pair),
        each,
    )


def _rate(rate: Rate) -> str:
    return f"{rate.median:,.0f}" + ("" if rate.clean else " !")


def _ready_row(item: tuple[str, list[float]]) -> tuple[str, ...]:
    name, seconds = item
    return name, f"{median(seconds):.3f}", " ".join(f"{one:.2f}" for one in seconds)


def _memory_row(item: tuple[str, Memory]) -> tuple[str, ...]:
    size, memory = item
    samples = ", ".join(f"{megabytes:.0f} at {requests:,}" for requests, megabytes in memory.samples)
    return _SIZES[size], samples, f"{memory.growth:+.1%}"


def _growth_row(size: Size) -> tuple[str, ...]:
    change = f"{size.change_median:.0f} / {size.change_p99:.0f}"
    return (
        *(f"{size.profiles:,}", f"{size.megabytes:,.0f}", f"{size.loading:.1f}"),
        *(change, f"{size.create_median:.0f}"),
    )


def _liquid_row(speed: Speed) -> tuple[str, ...]:
    figures = (speed.characters, speed.parsed, speed.rendered, speed.untraced)
    return speed.template, *(f"{figure:,.0f}" for figure in figures)


def _step_rows(steps: dict[str, float]) -> list[tuple[str, ...]]:
    total = sum(spent for label, spent in steps.items() if label != "all")
    rows = [
        (label, f"{spent:.4f}", f"{spent / total:.0%}")
        for label, spent in sorted(steps.items(), key=lambda item: -item[1])
        if label != "all"
    ]
    return [*rows, ("sum of the rows", f"{total:.4f}", ""), ("`all`", f"{steps['all']:.4f}", "")]
