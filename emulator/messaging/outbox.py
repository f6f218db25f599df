"""Work that waits in a workspace's state for its time: put there by a call, taken by the dispatcher."""

from __future__ import annotations

from typing import Any

import orjson

from emulator.call import Call, Work
from emulator.state.draft import Draft


def put(call: Call) -> None:
    """Move the call's work into the outbox of its draft; it is there only if the call commits."""
    for work in call.works:
        add(call.state, work, sender=call.service.name, trace=call.request.trace, now=call.now.timestamp())


def add(draft: Draft, work: Work, sender: str, trace: str, now: float, attempt: int = 1) -> None:
    number = draft.next("outbox")
    draft.outbox[f"{number:012d}"] = {
        "due": now + work.delay,
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


def take(draft: Draft, now: float) -> dict[str, Any] | None:
    """Remove and return the work that has been due longest, or None."""
    due = [(item["due"], item.get("rank", 0), key) for key, item in _timed(draft) if item["due"] <= now]
    if not due:
        return None
    key = min(due)[2]
    item: dict[str, Any] = draft.outbox[key]
    del draft.outbox[key]
    return item


def next_due(draft: Draft) -> float | None:
    """When the next work is due, in epoch seconds of the workspace's clock."""
    return min((item["due"] for _, item in _timed(draft)), default=None)


def _timed(draft: Draft) -> list[tuple[str, dict[str, Any]]]:
    """Without the accepted calls that wait for somebody's word."""
    return [(key, item) for key, item in draft.outbox.items() if item["due"] is not None]
