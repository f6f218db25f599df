"""Bounds of one rendering, so that a hostile template costs little and says which bound it ran into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from emulator import clock

CAPS: Final = {
    "template": 1_048_576,
    "tags": 10_000,
    "expression": 4_000,
    "words": 1_000,
    "nesting": 50,
    "iterations": 100_000,
    "items": 100_000,
    "text": 1_048_576,
    "made": 67_108_864,
    "output": 4_194_304,
    "integer": 4_096,
    "calls": 100,
    "steps": 2_000,
    "findings": 200,
}
"""Cap -> how much. `template`, `expression`, `text`, `output` and `made` (all values of filters and captures together)
are characters, `integer` is bits, `calls` are of Connected Content. What is over `steps` of the trace or `findings` is
counted and left out, and no error."""

MEANINGS: Final = {
    "template": "{} characters in a template",
    "tags": "{} tags and outputs in a template",
    "expression": "{} characters in one tag or output",
    "words": "{} words or options in one tag",
    "nesting": "blocks {} deep",
    "iterations": "{} turns of loops",
    "items": "{} items in an array or a range",
    "text": "{} characters in one value",
    "made": "{} characters in all values together",
    "output": "{} characters of output",
    "integer": "an integer of {} bits",
    "calls": "{} calls of Connected Content",
    "steps": "{} steps in a trace",
    "findings": "{} findings",
}
_PATIENCE: Final = 15


class CapReached(Exception):
    """A template wants more than it gets."""

    def __init__(self, cap: str, got: int | None = None) -> None:
        self.cap = cap
        more = "" if got is None else f", this one wants {got:,}"
        most = MEANINGS[cap].format(f"{CAPS[cap]:,}")
        super().__init__(f"Liquid error: Memory limits exceeded: a template gets {most}{more}")


class TimedOut(CapReached):
    """The work took too long; waiting for answers does not count."""

    def __init__(self, seconds: float) -> None:
        self.cap = "seconds"
        Exception.__init__(self, f"Liquid rendering timeout: a template gets {seconds:g} seconds of work")


class Meter:
    """Counts what one rendering uses. Every method raises CapReached."""

    __slots__ = ("_began", "_ends", "_iterations", "_made", "_seconds", "_spent", "_ticks", "_written", "calls")

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        self._seconds, self._spent = seconds, spent
        self._began, self._ends = clock.effort(), clock.stopwatch() + seconds - spent
        self._ticks = self._iterations = self._made = self._written = 0
        self.calls = 0

    def tick(self) -> None:
        """At every node and lookup: cheap, looks at the clock now and then."""
        self._ticks += 1
        if not self._ticks & _PATIENCE:
            self.look()

    def look(self) -> None:
        """Only work counts, also where other programs keep this one from it; but time is cheaper to look at."""
        if clock.stopwatch() > self._ends and self.worked + self._spent > self._seconds:
            raise TimedOut(self._seconds)

    @property
    def worked(self) -> float:
        return clock.effort() - self._began

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What somebody else does meanwhile does not count."""
        effort, time = clock.effort(), clock.stopwatch()
        try:
            yield
        finally:
            self._began += clock.effort() - effort
            self._ends += clock.stopwatch() - time

    def iterate(self) -> None:
        self._iterations += 1
        if self._iterations > CAPS["iterations"]:
            raise CapReached("iterations")
        self.tick()

    def write(self, length: int) -> None:
        self._written += length
        if self._written > CAPS["output"]:
            raise CapReached("output")

    def call(self) -> None:
        self.calls += 1
        if self.calls > CAPS["calls"]:
            raise CapReached("calls")

    def made(self, value: Any) -> None:
        """A value that a filter gave."""
        kind = type(value)
        if kind is str:
            weight = len(value)
            bound("text", weight)
        elif kind is list:
            weight = weigh(value)
        elif kind is int:
            bound("integer", value.bit_length())
            return
        else:
            return
        self._made += weight
        if self._made > CAPS["made"]:
            raise CapReached("made")


def bound(cap: str, wanted: int) -> None:
    if wanted > CAPS[cap]:
        raise CapReached(cap, wanted)


def weigh(value: Any) -> int:
    """Characters that a value would print, or more. Stops with CapReached before it has counted too long."""
    total = items = 0
    stack = [value]
    while stack:
        held = stack.pop()
        if isinstance(held, str):
            total += len(held)
        elif isinstance(held, (list, tuple)):
            items += len(held)
            bound("items", items)
            stack.extend(held)
        elif isinstance(held, dict):
            items += len(held)
            bound("items", items)
            stack.extend(held)
            stack.extend(held.values())
        else:
            total += 8
        bound("text", total)
    return total + 8 * items
