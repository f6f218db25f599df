"""What is done with an item of the outbox that is no delivery, by the key that says what it is.

Each is imported when the first such item comes: together, with all of rendering, they are 10 ms of the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.liquid.values import Fetcher
from emulator.workspaces import Workspace

Item = Mapping[str, Any]


def send(workspace: Workspace, item: Item, fetch: Fetcher) -> None:
    from emulator.messaging import sending

    sending.send(workspace, item, fetch)


def resend(workspace: Workspace, item: Item, fetch: Fetcher) -> None:
    from emulator.messaging import resending

    resending.resend(workspace, item, fetch)


def plan(workspace: Workspace, item: Item) -> None:
    from emulator.messaging import planning

    planning.run(workspace, item)


def journey(workspace: Workspace, item: Item) -> None:
    from emulator.messaging import journeys

    journeys.walk(workspace, item)
