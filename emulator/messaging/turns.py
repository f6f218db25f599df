"""Whose turn it is to send for a workspace: one thread's at a time, so that nothing is sent twice or out of order.

A thread that sends for another workspace already does not wait, or two of them could wait for each other; and nobody
who is impatient waits for an outside host. What they leave is not forgotten: whoever has the turn looks again before it
ends.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from emulator.messaging import outbox
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

SHORT: Final = 1.0
"""Seconds that an impatient thread waits at most; in process, a message takes milliseconds unless a fault delays it."""


class Turn:
    """The turn of one workspace."""

    def __init__(self) -> None:
        self.outside = False
        """Whether the holder is waiting for a host that may be slow."""
        self.caused: Counter[str] = Counter()
        """Trace -> messages that messages caused at once, in this turn."""
        self._changed = threading.Condition()
        self._holder = 0
        self._left = False
        self._known: tuple[object, float | None] = (None, None)

    def next_due(self, draft: Draft) -> float | None:
        """As outbox.next_due, but looked for only when the outbox is another than the last time."""
        waiting = draft.outbox.frozen()
        if self._known[0] is not waiting:
            self._known = waiting, outbox.next_due(draft)
        return self._known[1]

    @property
    def taken(self) -> bool:
        return self._holder != 0

    def take(self) -> bool:
        """True: the turn is this thread's. False: another, or a caller of this one, has it and will look again."""
        with self._changed:
            self._left = True
            if self._holder:
                return False
            self._holder = threading.get_ident()
            return True

    def wait(self, patient: bool) -> None:
        """Until it may be free. Nobody who is impatient waits for an outside host."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._holder or (self.outside and not patient), None if patient else SHORT
            )

    def again(self) -> bool:
        """For whoever has the turn: whether there may be something to send; if not, the turn is over."""
        with self._changed:
            left, self._left = self._left, False
            if not left:
                self.end()
            return left

    def end(self) -> None:
        with self._changed:
            self._holder = 0
            self.caused.clear()
            self._changed.notify_all()

    def be_outside(self, outside: bool) -> None:
        with self._changed:
            self.outside = outside
            self._changed.notify_all()


class Turns:
    """The turns of all workspaces. `blocking` stands around whatever keeps a thread of the server from answering."""

    def __init__(self, blocking: Callable[[], AbstractContextManager[None]]) -> None:
        self._blocking = blocking
        self._all: weakref.WeakKeyDictionary[Workspace, Turn] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._local = threading.local()

    def of(self, workspace: Workspace) -> Turn:
        with self._lock:
            return self._all.setdefault(workspace, Turn())

    @contextmanager
    def taken(self, workspace: Workspace, patient: bool) -> Iterator[Turn | None]:
        """The turn, if this thread got it; it ends at the latest with the block."""
        turn, held = self.of(workspace), self._held()
        if not self._take(turn, patient, nested=bool(held)):
            yield None
            return
        held.append(turn)
        try:
            yield turn
        except BaseException:
            turn.end()
            raise
        finally:
            held.pop()

    def _take(self, turn: Turn, patient: bool, nested: bool) -> bool:
        if turn.take():
            return True
        if nested:
            return False
        with self._blocking():
            turn.wait(patient)
            while not turn.take():
                if not patient:
                    return False
                turn.wait(patient)
        return True

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Around the call of a host that may be slow: nobody has to wait for the turns that this thread has."""
        held = self._held()
        for turn in held:
            turn.be_outside(True)
        try:
            with self._blocking():
                yield
        finally:
            for turn in held:
                turn.be_outside(False)

    def _held(self) -> list[Turn]:
        found: list[Turn] = self._local.__dict__.setdefault("held", [])
        return found
