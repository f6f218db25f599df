"""A small house beside the real one: a Braze of seven operations and a partner, to test the pipeline and nothing else.

Its schemas and handlers lie in this folder; steps, state, journal and dispatcher are the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from emulator.handlers import registry
from emulator.pipeline import Emulator
from tests.conftest import Client
from tests.toy import handlers

SCHEMAS = Path(__file__).parent / "schemas"
HEADERS = {"content-type": "application/json", "authorization": "Bearer test-key"}
FROZEN: dict[str, Any] = {"clock": {"now": "2026-01-02T12:00:10Z", "frozen": True}}
"""A seed document in which no time passes."""


@contextmanager
def emulators() -> Iterator[type[Emulator]]:
    """While this is open, emulators on SCHEMAS find their handlers in this folder."""
    with mock.patch.object(registry, "handlers", handlers):
        yield Emulator


def client(document: dict[str, Any] | None = None, **more: Any) -> Client:
    with emulators():
        return Client(Emulator(FROZEN if document is None else document, schemas=SCHEMAS, **more), dict(HEADERS))
