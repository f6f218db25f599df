"""How long an event takes to become a webhook that its partner has recorded: `users/track` to Movable Ink's collector.

The campaign has the webhook template of Movable Ink's product view. A call is answered only when the webhook was sent,
so the time of a call is the whole way: the event is stored, the campaign decides, the message is rendered and sent, the
collector checks and records it.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from bench import peers, servers
from bench.steps import Clock

USERS = 500
WARM_UP = 100
KEY = "bench-movable-ink"
PARAMETERS = {"key": KEY, "username": "bench", "password": "secret"}
SEED: dict[str, Any] = {
    **peers.SEED,
    "api_keys": [{"key": "bench-key"}],
    "campaigns": [
        {
            "id": "bench",
            "name": "Product viewed",
            "trigger": {"event": {"name": "Product Viewed"}},
            "audience": {"standard_attribute": {"name": "external_id", "comparison": "exists"}},
            "reeligibility_seconds": 0,
            "messages": [{"id": "hook", "template": "movable_ink/product_viewed", "parameters": PARAMETERS}],
        }
    ],
    "partners": {"movable_ink": {"endpoints": [PARAMETERS]}},
}

HANDLERS = (
    ("the call: store the event", "braze/users/track_users"),
    ("the collector: map, check and keep the event", "movable_ink/behavioral/collect_event"),
)
"""Label -> the operation whose handler it is."""


class NotSent(Exception):
    """A call was refused, or a webhook did not arrive."""


@dataclass(frozen=True)
class Way:
    """Milliseconds from the call to its answer, over `turns` calls in a row."""

    name: str
    turns: int
    median: float
    p99: float


@dataclass(frozen=True)
class Sending:
    """`steps` is where the time goes in process: step -> mean milliseconds a call, each without the others."""

    ways: list[Way]
    steps: dict[str, float]


def measure(turns: int, log: Path) -> Sending:
    """Raises NotStarted for a server that does not start, and NotSent."""
    return Sending([_in_process(turns), _over_http(turns, log)], _steps(turns))


def body(number: int) -> bytes:
    """An event as the page of Movable Ink shows it, of one user after the other."""
    event = {
        "external_id": f"bench-user-{number % USERS:06}",
        "name": "Product Viewed",
        "time": "2025-03-01T10:00:00Z",
        "properties": {
            "categories": [{"id": "Bathroom", "url": "https://example.com/cat/bathroom"}],
            "meta": {"color": "green"},
            "title": f"Wipes {number}",
            "price": 1.99,
            "id": str(number),
            "url": "https://www.example.com/variants_id/5f08cb918dcc595aa74b0fbc",
        },
    }
    return json.dumps({"events": [event]}).encode()


def _way(name: str, turns: int, send: Callable[[bytes], int]) -> Way:
    """One call after the other; what the first ones cost once is left out."""
    spent: list[float] = []
    for number in range(WARM_UP + turns):
        raw = body(number)
        started = time.perf_counter()
        status = send(raw)
        spent.append((time.perf_counter() - started) * 1000)
        if status != 201:
            raise NotSent(f"users/track answered {status}")
    measured = sorted(spent[WARM_UP:])
    return Way(name, turns, median(measured), measured[turns * 99 // 100])


def _in_process(turns: int) -> Way:
    from emulator.pipeline import Emulator

    emulator = Emulator(SEED)
    found = _way("in process", turns, _caller(emulator))
    _check(len(emulator.journal.ids(service="movable_ink", status=200, direction="in")), turns)
    return found


def _caller(emulator: Any) -> Callable[[bytes], int]:
    from emulator.call import Request

    headers = {name.lower(): text for name, text in servers.TRACK_HEADERS.items()}

    def send(raw: bytes) -> int:
        status: int = emulator.answer(Request("POST", "/users/track", "", dict(headers), raw)).status
        return status

    return send


def _check(arrived: int, turns: int) -> None:
    if arrived != WARM_UP + turns:
        raise NotSent(f"{arrived} of {WARM_UP + turns} webhooks were accepted")


def _over_http(turns: int, log: Path) -> Way:
    with servers.running(peers.emulator(_first(), seed=SEED), log) as server:
        connection = http.client.HTTPConnection(servers.HOST, server.port, timeout=20)

        def send(raw: bytes) -> int:
            connection.request("POST", "/users/track", raw, servers.TRACK_HEADERS)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        found = _way("over HTTP, one connection", turns, send)
        query = {"service": "movable_ink", "status": 200, "direction": "in", "at_least": WARM_UP + turns}
        status, told = servers.post(
            server.port, "/_emulator/verify", {"Content-Type": "application/json"}, json.dumps(query)
        )
        if status != 200:
            raise NotSent(f"webhooks are missing: {told[:300]!r}")
        return found


def _first() -> dict[str, Path]:
    file = peers.ROOM / "event.jsonl"
    file.write_bytes(body(0) + b"\n")
    return {"one": file}


def _steps(turns: int) -> dict[str, float]:
    from emulator.pipeline import Emulator

    clock = Clock()
    with _timed(clock):
        emulator = Emulator(SEED)
        handlers = emulator._handlers
        for label, key in HANDLERS:
            handlers[key] = clock.wrap(label, handlers[key])
        send = clock.wrap("the call: everything around", _caller(emulator))
        for number in range(WARM_UP):
            send(body(number))
        clock.spent = dict.fromkeys(clock.spent, 0.0)
        for number in range(turns):
            send(body(number))
    return {label: seconds / turns * 1000 for label, seconds in clock.spent.items()}


@contextmanager
def _timed(clock: Clock) -> Iterator[None]:
    from emulator.journal import Journal
    from emulator.messaging import composing, dispatcher, sending, triggers

    steps: tuple[tuple[str, Any, str], ...] = (
        ("decide: who gets which campaign, and why", triggers, "put"),
        ("send: the last checks, and what is kept of the message", sending, "send"),
        ("render: url, headers, body", composing, "render"),
        ("deliver: the attempt, and what is kept of it", dispatcher.Dispatcher, "_attempt"),
        ("the collector: everything around", dispatcher.Dispatcher, "_mirror"),
        ("record: write a batch to SQLite", Journal, "flush"),
    )
    with ExitStack() as stack:
        for label, owner, name in steps:
            stack.enter_context(mock.patch.object(owner, name, clock.wrap(label, getattr(owner, name))))
        yield
