"""Work that waits in a workspace's state for its time: put there by a call, taken by the dispatcher."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import orjson

from emulator.call import Call, Work
from emulator.state.draft import Draft, numbered

_chain: Final[ContextVar[int]] = ContextVar("chain", default=0)


@contextmanager
def chained(chain: int) -> Iterator[None]:
    """Whatever is put in the outbox meanwhile, by this thread, was caused by so many messages one after the other."""
    before = _chain.set(chain)
    try:
        yield
    finally:
        _chain.reset(before)


def chain(delay: float) -> int:
    """How many messages led to this one, each caused at once by the one before; a delay begins a new chain."""
    return 0 if delay else _chain.get()


def put(call: Call) -> None:
    """Move the call's work into the outbox of its draft; it is there only if the call commits."""
    for work in call.works:
        add(call.state, work, sender=call.service.name, trace=call.request.trace, now=call.now.timestamp())


def add(draft: Draft, work: Work, sender: str, trace: str, now: float, attempt: int = 1) -> None:
    draft.queue(
        {
            "due": now + work.delay,
            "chain": chain(work.delay),
            "sender": sender,
            "trace": trace,
            "attempt": attempt,
            "method": work.method,
            "url": work.url,
            "headers": dict(work.headers),
            "body": work.body if isinstance(work.body, str) else orjson.dumps(work.body).decode(),
            "about": work.about,
            "then": work.then,
            "data": dict(work.data),
        }
    )


def next_due(draft: Draft) -> float | None:
    """When the next work is due, in epoch seconds of the workspace's clock."""
    due = (item["due"] for item in draft.outbox.frozen().values())
    return min((at for at in due if at is not None), default=None)


class Line:
    """What waits in a workspace, in the order of its due time, its rank and then its number.

    It is read once, and then follows what is added to the outbox and taken from it; so n items cost O(n log n). Where
    the outbox was replaced meanwhile, by a reset for example, it is read again. Accepted calls that wait for somebody's
    word have no due time and do not stand in line.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, float, str]] = []
        self._newest = self._size = -1
        """The number of the newest item that is known here, and how many items there were."""

    def first(self, draft: Draft) -> float | None:
        """When the first is due, in epoch seconds of the workspace's clock."""
        newest, size = draft.counters.get("outbox", 0), len(draft.outbox)
        if self._size >= 0 and 0 <= newest - self._newest == size - self._size:
            self._append(draft, newest)
        else:
            self._read(draft)
        if self._heap and not self._stands(draft, self._heap[0]):
            self._read(draft)
        self._newest, self._size = newest, size
        return self._heap[0][0] if self._heap else None

    def take(self, draft: Draft) -> dict[str, Any]:
        """Remove and return the first, after a look at it."""
        *_, key = heapq.heappop(self._heap)
        item: dict[str, Any] = draft.outbox[key]
        del draft.outbox[key]
        self._size -= 1
        return item

    def _append(self, draft: Draft, newest: int) -> None:
        for key in map(numbered, range(self._newest + 1, newest + 1)):
            place = _place(key, draft.outbox.get(key))
            if place is not None:
                heapq.heappush(self._heap, place)

    def _read(self, draft: Draft) -> None:
        places = (_place(key, item) for key, item in draft.outbox.frozen().items())
        self._heap = [place for place in places if place is not None]
        heapq.heapify(self._heap)

    def _stands(self, draft: Draft, place: tuple[float, float, str]) -> bool:
        return _place(place[2], draft.outbox.get(place[2])) == place


def _place(key: str, item: Mapping[str, Any] | None) -> tuple[float, float, str] | None:
    if item is None or (due := item["due"]) is None:
        return None
    return due, item.get("rank", 0.0), key
