"""Liquid in process, in one thread: how often a second the templates of the partners' pages are read, and rendered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from emulator.composer import cases
from emulator.composer.cases import Case, Stub
from emulator.liquid.engine import Engine
from emulator.liquid.limits import Meter
from emulator.liquid.render import render
from emulator.liquid.values import RENDERED, Options

PAGES = Path(__file__).parent.parent / "tests" / "liquid" / "cases" / "pages.yaml"
WHOLE = (
    "Inkit: the body",
    "Movable Ink: product viewed",
    "Movable Ink: category viewed",
    "Movable Ink: identify",
    "PassKit: the data of a pass",
    "PassKit: the pass is read back",
    "PassKit: message and block together, as the page puts them",
)
"""The cases that are a whole text of a message."""
ROUNDS = 5
UNBOUND = 1e9


@dataclass(frozen=True)
class Speed:
    """Medians, a second. `parsed`: a template that was never seen; `rendered`: one that was, with trace and findings;
    `untraced`: the same without a trace.
    """

    template: str
    characters: int
    parsed: float
    rendered: float
    untraced: float


def measure(seconds: float) -> list[Speed]:
    """Every whole template of the partners' pages, so many seconds for each figure."""
    return [_speed(case, seconds) for case in cases.load(PAGES) if case.name in WHOLE]


def _speed(case: Case, seconds: float) -> Speed:
    context, engine = dict(case.context), Engine()
    options = Options(fetch=Stub(context.pop("connected_content", [])), expects=case.expects)
    quiet = Options(fetch=options.fetch, expects=case.expects, trace=False)
    found = render(case.template, context, options)
    if found.outcome != RENDERED:
        raise OSError(f"{case.name}: {found.reason}")
    return Speed(
        case.name,
        len(case.template),
        _per_second(lambda: engine.parse_anew(case.template, Meter(UNBOUND)), seconds),
        _per_second(lambda: render(case.template, context, options), seconds),
        _per_second(lambda: render(case.template, context, quiet), seconds),
    )


def _per_second(work: Callable[[], object], seconds: float) -> float:
    return median(_round(work, seconds / ROUNDS) for _ in range(ROUNDS))


def _round(work: Callable[[], object], seconds: float) -> float:
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        work()
        count += 1
    return count / spent
