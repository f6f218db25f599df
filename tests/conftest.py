"""What most tests need: an emulator, and a client that calls it in process."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from emulator.call import Request, Response
from emulator.journal import Entry
from emulator.pipeline import Emulator


@dataclass
class Client:
    """Calls an emulator in process; `headers` go with every call. Answers are (status, parsed body) or a Response."""

    emulator: Emulator
    headers: dict[str, str]

    def send(self, method: str, path: str, body: Any = None, *, query: str = "", **headers: str) -> Response:
        """`body` bytes and text go as they are, everything else as JSON. Header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else orjson.dumps(body)
        raw = b"" if body is None else raw
        return self.emulator.answer(Request(method, path, query, {**self.headers, **named}, raw))

    def call(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        response = self.send(method, path, body, **more)
        return response.status, orjson.loads(response.body) if response.body else None

    def post(self, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        return self.call("POST", path, body, **more)

    def get(self, path: str, query: str = "", **more: str) -> tuple[int, Any]:
        return self.call("GET", path, None, query=query, **more)

    @property
    def entries(self) -> list[Entry]:
        return self.emulator.journal.find(limit=-1)

    @property
    def fates(self) -> list[tuple[str, str]]:
        """(pointer, rule) of the newest entry."""
        return [(fate.pointer, fate.rule) for fate in self.entries[-1].fates]


def client(document: dict[str, Any] | None = None, allowed_hosts: Collection[str] = (), **headers: str) -> Client:
    named = {"content-type": "application/json", "authorization": "Bearer test-key"}
    named.update({name.replace("_", "-"): value for name, value in headers.items()})
    return Client(Emulator(document, allowed_hosts=allowed_hosts), named)


@pytest.fixture
def braze_client() -> Iterator[Client]:
    """A client of a fresh emulator with no seed: every key is known and may do everything."""
    yield client()
