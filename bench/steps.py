"""Where the time of one call goes: the pipeline's steps in process, each without what it calls that is listed too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from emulator import answers, bodies, limits, validation
from emulator.call import Request
from emulator.journal import Journal
from emulator.pipeline import Emulator

HANDLE = "handle: compute on a draft"


class Clock:
    """Time by step; while a step runs inside another, only the inner one's clock runs."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._running: list[str] = []
        self._since = 0.0

    def wrap(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        self.spent.setdefault(label, 0.0)

        def timed(*args: Any, **kwargs: Any) -> Any:
            self._switch(label)
            try:
                return function(*args, **kwargs)
            finally:
                self._switch(None)

        return timed

    def _switch(self, label: str | None) -> None:
        now = time.perf_counter()
        if self._running:
            self.spent[self._running[-1]] += now - self._since
        if label is None:
            self._running.pop()
        else:
            self._running.append(label)
        self._since = now


STEPS: tuple[tuple[str, Any, str], ...] = (
    ("receive: find the operation", Emulator, "_receive"),
    ("authenticate", Emulator, "_authenticate"),
    ("limit", limits, "take"),
    ("validate: read the JSON", bodies, "parse"),
    ("validate: the schema decides", validation, "check"),
    ("handle: draft, commit, outbox", Emulator, "_handle"),
    ("answer: envelope", answers, "success"),
    ("answer: headers", answers, "complete"),
    ("record: make the entry", Emulator, "_record"),
    ("record: write a batch to SQLite", Journal, "flush"),
)
"""Label -> where the function lives."""


def profile(body_file: Path, calls: int) -> dict[str, float]:
    """Label -> milliseconds a call, the mean over `calls`; and `all`: the whole call without the clocks."""
    requests = [Request("POST", "/users/track", "", dict(_HEADERS), line) for line in _bodies(body_file)]
    whole = _milliseconds(_emulator(), requests, calls)
    clock = Clock()
    with _timed(clock):
        emulator = _emulator()
        handlers = emulator._handlers
        key = next(operation.key for operation in emulator.operations if operation.id == "track_users")
        handlers[key] = clock.wrap(HANDLE, handlers[key])
        _milliseconds(emulator, requests, 50)
        clock.spent = dict.fromkeys(clock.spent, 0.0)
        _milliseconds(emulator, requests, calls)
    return {label: seconds / calls * 1000 for label, seconds in clock.spent.items()} | {"all": whole}


_HEADERS = {"authorization": "Bearer bench-key", "content-type": "application/json"}


def _bodies(file: Path) -> list[bytes]:
    return [line.rstrip(b"\n") for line in file.read_bytes().splitlines()]


def _emulator() -> Emulator:
    return Emulator({"settings": {"rate_limits": "count"}})


def _milliseconds(emulator: Emulator, requests: list[Request], calls: int) -> float:
    started = time.perf_counter()
    for number in range(calls):
        request = requests[number % len(requests)]
        request.trace = ""
        status = emulator.answer(request).status
        if status != 201:
            raise RuntimeError(f"users/track answered {status}")
    return (time.perf_counter() - started) / calls * 1000


@contextmanager
def _timed(clock: Clock) -> Iterator[None]:
    with ExitStack() as stack:
        for label, owner, name in STEPS:
            stack.enter_context(mock.patch.object(owner, name, clock.wrap(label, getattr(owner, name))))
        yield
