"""Reading the journal for people and tests: an entry as JSON, waiting for one, what nearly matched, what is lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from emulator import bodies, clock, entries, fates, operations, redaction
from emulator.call import Fate, Json
from emulator.journal import Entry, Journal

POLL: Final = 0.02
"""Seconds between two looks for an exchange that somebody waits for."""


def shown(entry: Entry, reveal: bool = False) -> dict[str, Json]:
    """An entry as JSON, its credentials cut short unless `reveal`."""
    told = {
        "request": {"headers": entry.request_headers, "body": body(entry.request_body)},
        "response": {"headers": entry.response_headers, "body": body(entry.response_body)},
    }
    if not reveal:
        for side in told.values():
            side.update(headers=_headers(entry, side["headers"]), body=redaction.body(side["body"]))
    return {**head(entry, reveal), **told}


def _headers(entry: Entry, given: Mapping[str, str]) -> dict[str, str]:
    """Headers without credentials; our own, such as a hint, may repeat the path."""
    found, path = redaction.headers(given), _addresses().path(entry.path)
    return found if path == entry.path else {name: text.replace(entry.path, path) for name, text in found.items()}


def address(url: str) -> str:
    """A URL or the target of a request, its credentials cut short."""
    return _addresses().path(url)


@cache
def _addresses() -> redaction.Addresses:
    """Of all services, read when the first entry is shown."""
    return redaction.Addresses(*operations.secrets())


def head(entry: Entry, reveal: bool = False) -> dict[str, Json]:
    """An entry without its headers and bodies."""
    return {**summary(entry, reveal), "fates": [shown_fate(fate) for fate in entry.fates]}


def summary(entry: Entry, reveal: bool = False) -> dict[str, Json]:
    """An entry without headers, bodies and fates, the credentials in its address cut short unless `reveal`."""
    path = entry.path if reveal else _addresses().path(entry.path)
    return {
        "id": entry.seq,
        "trace": entry.trace,
        "time": clock.iso_ms(datetime.fromtimestamp(entry.time, clock.UTC)),
        "workspace": entry.workspace,
        "direction": entry.direction,
        "service": entry.service,
        "operation": entry.operation,
        "method": entry.method,
        "path": path,
        "query": entry.query if reveal else _addresses().query(entry.query),
        "status": entry.status,
        "ms": round(entry.ms, 3),
        "note": entry.note if path == entry.path else entry.note.replace(entry.path, path),
    }


def shown_fate(fate: Fate) -> dict[str, Json]:
    rule = fates.rules()[fate.rule]
    return {
        "pointer": fate.pointer,
        "rule": fate.rule,
        "value": fate.value,
        "note": fate.note,
        "sentence": rule.sentence,
        "level": rule.level,
        "loss": rule.loss,
    }


def body(raw: bytes) -> Json:
    """A body as JSON where it is JSON, else as text; bytes that are neither are replaced."""
    if not raw:
        return None
    try:
        return bodies.parse(raw)[0]
    except bodies.Malformed:
        return raw.decode("utf-8", "replace")


def awaited(journal: Journal, count: int, patience: float, **wanted: Any) -> list[Entry]:
    """The matching entries as soon as there are `count`; fewer when `patience` seconds of real time have passed.

    No entry is looked at twice: with a full journal and a body to compare, that would keep everybody else waiting.
    """
    end, after, found = clock.stopwatch() + patience, int(wanted.pop("after", None) or 0), list[Entry]()
    while True:
        last = journal.last
        found += journal.find(limit=-1, after=after, **wanted)
        if len(found) >= count or clock.stopwatch() > end:
            return found
        after = max(after, last, found[-1].seq if found else 0)
        clock.pause(POLL)


def nearest(journal: Journal, wanted: Mapping[str, Json], limit: int = 3, within: int = 500) -> list[dict[str, Json]]:
    """The recent entries that match most of `wanted`, best first, each with what differs."""
    most = len(wanted.keys() - {"workspace", "after"})
    scored = []
    for entry in journal.find(limit=within, newest=True, workspace=wanted.get("workspace")):
        differs = _differences(wanted, entry)
        if len(differs) < most:
            scored.append({"entry": shown(entry), "differs": differs})
    return sorted(scored, key=lambda one: len(one["differs"]))[:limit]


def _differences(wanted: Mapping[str, Json], entry: Entry) -> list[str]:
    """What is compared are the real values; what is told of them holds no credentials."""
    real, told = shown(entry, reveal=True), shown(entry)
    wrong = [name for name, value in wanted.items() if entries.misses({name: value}, real)]
    return [(entries.misses({name: wanted[name]}, told) or [f"{name}: differs"])[0] for name in wrong]


def silent_losses(found: Iterable[Entry], allowed: Collection[str] = ()) -> list[tuple[Entry, Fate]]:
    """Every value of an accepted request that was lost without the client being told, unless its rule is allowed."""
    return [
        (entry, fate)
        for entry in found
        if 200 <= entry.status < 400
        for fate in entry.fates
        if fates.is_loss(fate.rule) and fate.rule not in allowed
    ]


def violations(found: Iterable[Entry], unused_faults: list[str], allowed: Collection[str] = ()) -> list[str]:
    """What a strict run does not forgive: unmatched requests, silent losses by rules that are not allowed, faults that
    never fired.
    """
    unmatched, lost = list[str](), list[str]()
    for entry in found:  # once: they may come from the journal one by one
        if is_unmatched(entry):
            unmatched.append(f"no operation: {line(entry)}")
        lost += [f"lost silently: {loss(entry, fate)}" for _, fate in silent_losses([entry], allowed)]
    return [*unmatched, *lost, *(f"armed, but never fired: {name}" for name in unused_faults)]


def is_unmatched(entry: Entry) -> bool:
    """A request for nothing that the emulator has; what it sent itself has no operation to find."""
    return entry.direction == "in" and not entry.operation


def loss(entry: Entry, fate: Fate) -> str:
    """`#7 POST /users/track /attributes/0/Email: … (rule)`."""
    sentence = fates.rules()[fate.rule].sentence
    note = f" {fate.note}" if fate.note else ""
    path = _addresses().path(entry.path)
    return f"#{entry.seq} {entry.method} {path} {fate.pointer or '(body)'}: {sentence}{note} ({fate.rule})"


def line(entry: Entry) -> str:
    """One exchange on one line, for logs and failures."""
    return entries.line(head(entry))
