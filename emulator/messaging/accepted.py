"""Calls that were answered and wait in the outbox to take effect, beside the messages that wait to be sent."""

from __future__ import annotations

from typing import Any

from emulator import asynchrony
from emulator.call import Call
from emulator.messaging import outbox
from emulator.state.draft import Draft


def put(call: Call, draft: Draft, entry: int) -> None:
    """Let the call wait; `entry` is its number in the journal."""
    request, account = call.request, call.account
    assert account is not None
    due = asynchrony.due(call, draft)
    draft.queue(
        {
            "due": due,
            "chain": outbox.chain(delay=due is None or due > call.now.timestamp()),
            "rank": asynchrony.rank(call, draft),
            "entry": entry,
            "credential": account.credential,
            "request": {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "headers": {**request.headers, "x-emulator-trace": request.trace},
                "body": request.body.decode(),
            },
        }
    )


def release(draft: Draft, now: float, count: int | None = None) -> int:
    """Make calls that wait for somebody's word due now, the first `count` in their order or all; answers how many."""
    waiting = sorted((item["rank"], key) for key, item in draft.outbox.items() if item["due"] is None)[:count]
    for _, key in waiting:
        item: dict[str, Any] = draft.outbox[key]
        draft.outbox[key] = {**item, "due": now}
    return len(waiting)
