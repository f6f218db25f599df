"""Reading the journal for people and tests: an entry as JSON, what nearly matched, a command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime

from emulator import bodies, clock, fates, redaction
from emulator.call import Fate, Json
from emulator.journal import Entry, Journal
from emulator.matching import differences


def shown(entry: Entry, reveal: bool = False) -> dict[str, Json]:
    """An entry as JSON, its credentials cut short unless `reveal`."""
    cleaned = dict if reveal else redaction.headers
    return {
        "id": entry.seq,
        "trace": entry.trace,
        "time": clock.iso_ms(datetime.fromtimestamp(entry.time, clock.UTC)),
        "workspace": entry.workspace,
        "direction": entry.direction,
        "service": entry.service,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "request": {"headers": cleaned(entry.request_headers), "body": body(entry.request_body)},
        "response": {"headers": cleaned(entry.response_headers), "body": body(entry.response_body)},
        "fates": [shown_fate(fate) for fate in entry.fates],
        "ms": round(entry.ms, 3),
        "note": entry.note,
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


def nearest(journal: Journal, wanted: Mapping[str, Json], limit: int = 3, within: int = 500) -> list[dict[str, Json]]:
    """The recent entries that match most of `wanted`, best first, each with what differs."""
    scored = []
    for entry in journal.find(limit=within, newest=True, workspace=wanted.get("workspace")):
        misses = [text for name, value in wanted.items() if (text := _miss(entry, name, value))]
        if len(misses) < len([name for name in wanted if name != "workspace"]):
            scored.append((len(misses), -entry.seq, entry, misses))
    return [{"entry": shown(entry), "differs": misses} for _, _, entry, misses in sorted(scored)[:limit]]


def _miss(entry: Entry, name: str, value: Json) -> str:
    if name in ("workspace", "after"):
        return ""
    if name == "body":
        found = differences(value, body(entry.request_body))
        return f"body{found[0]}" if found else ""
    if name == "fate":
        return "" if any(fate.rule == value for fate in entry.fates) else f"fate: no {value}"
    actual = bool(entry.operation) if name == "matched" else getattr(entry, name)
    return "" if actual == value else f"{name}: expected {value!r}, found {actual!r}"


def silent_losses(entries: list[Entry]) -> list[tuple[Entry, Fate]]:
    """Every value of an accepted request that was lost without the client being told."""
    return [
        (entry, fate)
        for entry in entries
        if 200 <= entry.status < 400
        for fate in entry.fates
        if fates.is_loss(fate.rule)
    ]


def violations(entries: list[Entry], unused_faults: list[str]) -> list[str]:
    """What a strict run does not forgive: unmatched requests, silent losses, faults that never fired."""
    unmatched = [f"no operation: {line(entry)}" for entry in entries if not entry.operation]
    lost = [f"lost silently: {loss(entry, fate)}" for entry, fate in silent_losses(entries)]
    return [*unmatched, *lost, *(f"armed, but never fired: {name}" for name in unused_faults)]


def loss(entry: Entry, fate: Fate) -> str:
    """`#7 POST /users/track /attributes/0/Email: … (rule)`."""
    sentence = fates.rules()[fate.rule].sentence
    note = f" {fate.note}" if fate.note else ""
    return f"#{entry.seq} {entry.method} {entry.path} {fate.pointer or '(body)'}: {sentence}{note} ({fate.rule})"


def line(entry: Entry) -> str:
    """One exchange on one line, for logs and failures."""
    what = f"{entry.service}/{entry.operation}" if entry.operation else entry.service
    told = f"  {', '.join(sorted({fate.rule for fate in entry.fates}))}" if entry.fates else ""
    note = f"  ({entry.note.strip().splitlines()[-1]})" if entry.note.strip() else ""
    arrow = "→" if entry.direction == "out" else "←"
    return f"#{entry.seq} {arrow} {entry.status} {entry.method} {entry.path}  {what}{told}{note}"


def curl(entry: Entry, url: str, reveal: bool = False) -> str:
    """A command that repeats the request."""
    kept = entry.request_headers if reveal else redaction.headers(entry.request_headers)
    parts = ["curl", "-X", entry.method, f"{url}{entry.path}{'?' if entry.query else ''}{entry.query}"]
    for name in ("authorization", "content-type"):
        if name in kept:
            parts += ["-H", f"{name}: {kept[name]}"]
    if entry.request_body:
        parts += ["--data-raw", entry.request_body.decode("utf-8", "replace")]
    return shlex.join(parts)
