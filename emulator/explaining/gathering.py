"""Everything that is known of a trace, as JSON: its exchanges, decisions, messages, and what still waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from emulator import clock, inspection
from emulator.call import Json
from emulator.explaining.messages import about, shown
from emulator.journal import Journal
from emulator.state.draft import Draft
from emulator.workspaces import Workspaces


def told(journal: Journal, workspaces: Workspaces, trace: str) -> dict[str, Json]:
    """{trace, entries, decisions, messages, waiting: [{due, what}]}. Raises KeyError for a trace that no entry has."""
    entries = list(journal.stream(trace=trace))
    if not entries:
        raise KeyError(f"no journal entry and no trace {trace}")
    names = dict.fromkeys(entry.workspace for entry in entries)
    views = [workspaces.all[name].view() for name in names if name in workspaces.all]
    return {
        "trace": trace,
        "entries": [inspection.shown(entry) for entry in entries],
        "decisions": [{"id": key, **one} for key, one in _records(views, "decisions", trace)],
        "messages": [shown(key, one) for key, one in _records(views, "messages", trace)],
        "waiting": sorted(_waiting(views, trace), key=lambda one: str(one["due"])),
    }


def _records(views: Iterable[Draft], table: str, trace: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for view in views:
        yield from ((key, one) for key, one in getattr(view, table).items() if one["trace"] == trace)


def _waiting(views: Iterable[Draft], trace: str) -> Iterator[dict[str, Json]]:
    for view in views:
        for item in view.outbox.values():
            if item.get("trace") == trace:
                due = item["due"]
                at = clock.iso_ms(datetime.fromtimestamp(due, clock.UTC)) if due is not None else None
                yield {"due": at, "what": _what(view, item)}


def _what(view: Draft, item: Mapping[str, Any]) -> str:
    if "send" in item or "journey" in item:
        waiting = item.get("send") or item["journey"]
        decision = view.decisions.get(waiting["decision"], {})
        who = decision.get("external_id") or waiting["braze_id"]
        if "journey" in item:
            return f"the journey of {who} through {about(decision)}"
        return f"the message of {about(decision) or 'the call'} for {who}"
    if "url" in item:
        return f"attempt {item['attempt']} of {item['method']} {inspection.address(item['url'])}"
    return "what comes next"
