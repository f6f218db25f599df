"""A trace as a sequence: who called whom, what was answered, how long it took, and why things went as they did.

`told` is what GET /_emulator/explain/<id> answers; see `gathering.told`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from emulator import entries
from emulator.explaining.messages import about

APP: Final = "your app"
BRAZE: Final = "Braze"
WEBHOOK: Final = "webhook"
MOST: Final = 12
"""Notes of one kind at one place; more of them are counted."""
MOVED: Final = 1.0
"""Seconds between two exchanges that are worth a line."""
Told = Mapping[str, Any]


class Arrow(NamedTuple):
    """A request and its answer; nothing was sent where `sent` is False. `opens` as in a Note."""

    start: str
    end: str
    label: str
    answer: str
    sent: bool = True
    opens: bool = True


class Note(NamedTuple):
    """What happened at one place; `opens` what comes next, if it does not belong to what came before."""

    at: str
    text: str
    opens: bool = False


class Gap(NamedTuple):
    """Time that passed on the workspace's clock."""

    text: str


Step = Arrow | Note | Gap


def title(told: Told) -> str:
    shown = told["entries"]
    count = f"{len(shown)} {'entry' if len(shown) == 1 else 'entries'}"
    return f"trace {told['trace']}, {count}, {shown[0]['time'][:19].replace('T', ' ')} UTC"


def steps(told: Told) -> Iterator[Step]:
    """In order. What one side sent and the other received is one arrow."""
    by_id = {one["id"]: one for one in told["entries"]}
    pairs = {one["id"]: by_id.get(_received(one)) for one in told["entries"]}
    inner = {other["id"] for other in pairs.values() if other is not None}
    line = [one for one in told["entries"] if one["id"] not in inner]
    notes = _placed(told, line)
    now = _time(line[0]["time"])
    for one in line:
        now, gap = _passed(now, _time(one["time"]))
        yield from gap
        yield from _exchange(told, one, pairs[one["id"]])
        for at, note in notes.get(one["id"], ()):
            now, gap = _passed(now, at)
            yield from gap
            yield note
    for item in told["waiting"]:
        until = item["due"][:19].replace("T", " ") if item["due"] else "somebody says so"
        yield Note(BRAZE, f"waits until {until}: {item['what']}")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _passed(now: datetime, then: datetime) -> tuple[datetime, list[Gap]]:
    seconds = (then - now).total_seconds()
    if seconds < MOVED:
        return max(now, then), []
    day = f" on {then:%Y-%m-%d}" if then.date() != now.date() else ""
    return then, [Gap(f"{_duration(seconds)} later, at {then:%H:%M:%S}{day}")]


def _duration(seconds: float) -> str:
    """90 s, 2h, 3d4h."""
    if seconds < 120:
        return f"{seconds:g} s"
    left, found = round(seconds), ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        found += f"{count}{unit}" if count else ""
    return found


def _received(entry: Told) -> int:
    """The number of the other side's entry of what was sent, where the emulator answered it itself; else 0."""
    if entry["direction"] != "out":
        return 0
    headers = {name.lower(): value for name, value in entry["response"]["headers"].items()}
    return int(headers.get("x-emulator-entry", 0))


def _named(service: str) -> str:
    return service.replace("_", " ").title()


def _exchange(told: Told, one: Told, other: Told | None) -> Iterator[Step]:
    """What led to it, an arrow, what the callee says of it (its fates and hints), and what the caller makes of it."""
    out = one["direction"] == "out"
    start = _named(one["service"]) if out else APP
    callee = other or one
    end = _named(callee["service"]) if other or not out else _address(one["path"])[0]
    numbers = f"#{one['id']}" + (f" = #{other['id']}" if other else "")
    origin = next((message for message in told["messages"] if _attempt(message, one)), None) if out else None
    if origin is not None:
        yield Note(start, _cause(origin, one), opens=True)
        yield from _limited(start, origin["findings"] if _attempt(origin, one) == 1 else [])
    sent = not (out and "not sent:" in one["note"])
    yield Arrow(start, end, f"{_label(callee)}  {numbers}{_purpose(one)}", str(one["status"]), sent, origin is None)
    yield from _limited(end, _said(callee) if other or not out else [])
    if out:
        said = "; ".join(origin["findings"]) if origin is not None else ""
        yield from (Note(start, text) for line in _lines(one) if (text := line.replace(said, "").strip("; ")))


def _label(entry: Told) -> str:
    """Method and path; of what went to a host outside, too."""
    path = _address(entry["path"])[1] if entry["direction"] == "out" else entry["path"]
    return entries.address({**entry, "path": path})


def _address(url: str) -> tuple[str, str]:
    """Host and path; of what is no address, nowhere and all of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "nowhere", url
    return (parts.hostname, parts.path or "/") if parts.hostname else ("nowhere", url)


def _purpose(entry: Told) -> str:
    known = entry["direction"] == "in" or entry["operation"] in ("", WEBHOOK)
    return "" if known else f"  {entry['operation'].replace('_', ' ')}"


def _attempt(message: Told, entry: Told) -> int:
    """Which attempt of a message an entry is, from 1; 0 for none."""
    return next((number for number, one in enumerate(message["attempts"], 1) if one["entry"] == entry["id"]), 0)


def _cause(message: Told, entry: Told) -> str:
    number = _attempt(message, entry)
    what = f"{about(message) or 'the message of the call'} for {message['external_id'] or message['braze_id']}"
    if message["attempts"][number - 1]["resent"]:
        return f"resent by hand: {what}"
    return f"rendered: {what}" if number == 1 else f"attempt {number}: {what}"


def _said(entry: Told) -> list[str]:
    """What the callee says: the fates of values, and the hint, where no fate has it."""
    fates = list(map(_fate, entry["fates"]))
    return [*fates, *(line for line in _lines(entry) if not any(line in fate for fate in fates))]


def _lines(entry: Told) -> list[str]:
    """The note of an entry: its last line, where it is the text of a bug."""
    found: list[str] = entry["note"].strip("; \n").splitlines()
    return found[-1:]


def _fate(fate: Told) -> str:
    told = f"{fate['pointer'] or '(body)'}  {'lost: ' if fate['loss'] else ''}{fate['sentence']}"
    return f"{told} {fate['note']}".rstrip() + f" [{fate['level']}]"


def _limited(at: str, texts: list[str]) -> Iterator[Note]:
    yield from (Note(at, text) for text in texts[:MOST])
    if len(texts) > MOST:
        yield Note(at, f"… and {len(texts) - MOST} more")


# decisions and messages, between the exchanges


def _placed(told: Told, line: list[Told]) -> dict[int, list[tuple[datetime, Note]]]:
    """Entry number -> what is told after it: decisions after the call that led to them, messages at their time.
    Webhooks are told by their arrows.
    """
    said: dict[tuple[int, str], list[tuple[datetime, str]]] = {}
    for one in told["decisions"]:
        said.setdefault((_caused(one, line), "decisions"), []).append((_time(one["at"]), _decision(one)))
    for one in told["messages"]:
        if one["channel"] != WEBHOOK:
            said.setdefault((_made(one, line), "messages"), []).append((_time(one["at"]), _message(one)))
    found: dict[int, list[tuple[datetime, Note]]] = {}
    for (place, name), texts in said.items():
        found.setdefault(place, []).extend((at, Note(BRAZE, text)) for at, text in texts[:MOST])
        if len(texts) > MOST:
            more = f"… and {len(texts) - MOST} more: GET /_emulator/{name}?trace={told['trace']}"
            found[place].append((texts[-1][0], Note(BRAZE, more)))
    return {place: sorted(notes, key=lambda pair: pair[0]) for place, notes in found.items()}


def _caused(one: Told, line: list[Told]) -> int:
    """Where a decision stands: after the first call of its time that names what led to it, else at the beginning of its
    time.
    """
    name = one["trigger"]["name"]
    calls = [entry for entry in line if entry["time"] == one["at"] and entry["direction"] == "in"]
    cause = next((entry for entry in calls if name and name in str(entry["request"]["body"])), None)
    return (
        int(cause["id"])
        if cause is not None
        else _last(entry for entry in line if entry["time"] < one["at"]) or line[0]["id"]
    )


def _made(one: Told, line: list[Told]) -> int:
    """Where a message stands: after all that happened by then, such as what Connected Content asked."""
    return _last(entry for entry in line if entry["time"] <= one["at"]) or line[0]["id"]


def _last(found: Iterator[Told]) -> int:
    return max((int(entry["id"]) for entry in found), default=0)


def _decision(one: Told) -> str:
    who = one["external_id"] or one["braze_id"]
    what = about(one) or "a message of the call"
    reason = f": {one['reason']}" if one["reason"] else ""
    return f"{who}, {what}: {one['outcome'].replace('_', ' ')}{reason}"


def _message(one: Told) -> str:
    content = one["content"]
    text = content.get("subject") or content.get("title") or content.get("alert") or content.get("body") or ""
    return f"{one['channel']} to {one['recipient']}: {str(text)[:80]}"
