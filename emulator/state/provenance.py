"""How the present state came about: the last calls that changed it, each with the state before and after.

States are persistent and share what they have in common, so keeping one costs only what its call has changed.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from emulator.state.draft import State

KEPT_CALLS: Final = 1_000
KEPT_BYTES: Final = 8_000_000
"""Of request bodies. What a call changes in memory is a small multiple of what it sent."""


class Step(NamedTuple):
    """One call's change; `entry` is its number in the journal."""

    before: State
    after: State
    entry: int
    size: int


class Provenance:
    """The newest steps of one workspace, oldest first; `forgotten` counts those that fell out."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque()
        self.forgotten = 0
        self._bytes = 0

    def add(self, step: Step) -> None:
        self.steps.append(step)
        self._bytes += step.size
        while len(self.steps) > KEPT_CALLS or (self._bytes > KEPT_BYTES and len(self.steps) > 1):
            self._bytes -= self.steps.popleft().size
            self.forgotten += 1

    def clear(self) -> None:
        self.steps.clear()
        self.forgotten = self._bytes = 0
