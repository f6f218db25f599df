"""Attempts to deliver webhooks, through the control API: what was sent, byte for byte, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any
from urllib.parse import SplitResult, urlsplit

from emulator import inspection, redaction
from emulator.call import Json
from emulator.control.sent import is_about
from emulator.errors import ConfigError
from emulator.messaging import health, resending
from emulator.pipeline import Emulator
from emulator.state.draft import Draft
from emulator.state.sends import ABOUT
from emulator.workspaces import Workspace

Given = dict[str, Any]


def list_deliveries(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """{deliveries}, oldest first; of those that fit, the newest `limit`."""
    limit = given.get("limit", 100)
    found = list(_attempts(workspace.view(), given))[-limit:] if limit else []
    reveal = given.get("reveal", False)
    return {"deliveries": [_shown(emulator, *one, reveal) for one in found]}


def _attempts(view: Draft, given: Given) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    """(key of the message, message, place of the attempt)"""
    if given.get("message") is not None:
        chosen = [(given["message"], view.messages.get(given["message"]))]
    else:
        chosen = view.messages.items()
    for key, held in chosen:
        if held is not None and _fits(held, given):
            for place, attempt in enumerate(held["attempts"]):
                host = _parts(_request(held, attempt)["url"]).hostname
                if given.get("status") in (None, attempt["status"]) and given.get("host") in (None, host):
                    yield key, held, place


def _fits(held: Mapping[str, Any], given: Given) -> bool:
    return (
        given.get("trace") in (None, held["trace"])
        and is_about(held, given)
        and given.get("user") in (None, held["external_id"], held["braze_id"])
    )


def _parts(url: str) -> SplitResult:
    """Of an address; of what is none, nothing."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _request(held: Mapping[str, Any], attempt: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = attempt.get("request") or held["content"]
    return found


def _shown(emulator: Emulator, key: str, held: Mapping[str, Any], place: int, reveal: bool) -> Json:
    attempt = held["attempts"][place]
    request = _written(_request(held, attempt), reveal)
    return {
        "message": key,
        **{name: held[name] for name in ABOUT if name in held},
        "attempt": place + 1,
        "resent": "request" in attempt,
        "differs": _differences(_written(held["content"], reveal), request),
        **{name: attempt[name] for name in ("at", "status", "note", "next_due", "entry")},
        "request": request,
        "answer": _answer(emulator, attempt["entry"], reveal),
    }


def _written(request: Mapping[str, Any], reveal: bool) -> dict[str, Any]:
    """The request as it goes out; `body` is its very text, in UTF-8 on the wire."""
    parts = _parts(request["url"])
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    length = len(request["body"].encode())
    sized = {"Content-Length": str(length)} if length or request["request_method"] not in ("GET", "HEAD") else {}
    headers = {"Host": parts.netloc.rpartition("@")[2], **request["request_headers"], **sized}
    return {
        "url": request["url"] if reveal else inspection.address(request["url"]),
        "line": f"{request['request_method']} {target if reveal else inspection.address(target)} HTTP/1.1",
        "headers": headers if reveal else redaction.headers(headers),
        "body": request["body"] if reveal else redaction.text(request["body"]),
    }


def _answer(emulator: Emulator, number: int, reveal: bool) -> Json:
    """What the journal holds of it; None where nothing came, or where the entry fell out of the journal."""
    entry = emulator.journal.get(number) if number else None
    if entry is None or not entry.status:
        return None
    body = entry.response_body.decode("utf-8", "replace")
    return {
        "status": health.told(entry.status),
        "headers": entry.response_headers if reveal else redaction.headers(entry.response_headers),
        "body": body if reveal else redaction.text(body),
        "ms": round(entry.ms, 3),
    }


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What was sent otherwise than the message has it, in words."""
    found = [
        f"{name}: {_said(before[name])} -> {_said(after[name])}"
        for name in ("line", "url")
        if before[name] != after[name]
    ]
    names = [*before["headers"], *(name for name in after["headers"] if name not in before["headers"])]
    for name in names:
        held, sent = before["headers"].get(name), after["headers"].get(name)
        if held != sent and name not in ("Host", "Content-Length"):
            found.append(f"header {name}: {_said(held)} -> {_said(sent)}")
    return [*found, *_other_lines(before["body"], after["body"])]


def _other_lines(before: str, after: str) -> list[str]:
    """The first line of the body that is another one."""
    pairs = zip_longest(before.splitlines(keepends=True), after.splitlines(keepends=True))
    other = ((number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return [f"body, line {number}: {_said(old)} -> {_said(new)}" for number, old, new in islice(other, 1)]


def _said(value: str | None) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def resend_message(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Send a webhook once more, at once; answers the delivery. What is `given` stands in the place of what was sent,
    or, with `render`, of the templates.
    """
    changes: dict[str, Any] = {name: given[name] for name in resending.FIELDS if name in given}
    if not all(value is None or isinstance(value, str) for value in (changes.get("request_headers") or {}).values()):
        raise ConfigError("request_headers: each value is a text, or null to leave the header out")
    with workspace.transaction() as draft:
        key = resending.ask(draft, given["id"], changes, given.get("render", False), workspace.clock.seconds())
    emulator.dispatcher.run_due(workspace, patient=True)
    held = workspace.view().messages[key]
    newest = max(place for place, one in enumerate(held["attempts"]) if "request" in one)
    return _shown(emulator, key, held, newest, given.get("reveal", False))


def list_hosts(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {"hosts": health.shown(workspace.view(), workspace.clock.now())}
