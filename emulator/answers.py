"""From what happened to the answer: the service's envelope for an error, its headers for both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import blake2b
from typing import Any, Final

import orjson

from emulator import clock
from emulator.call import Call, Json, Response
from emulator.errors import ApiError
from emulator.operations import Service

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def success(call: Call, result: Json | Response) -> Response:
    """A handler's return value as the answer: its own Response, or JSON with the operation's success status."""
    assert call.operation is not None
    if isinstance(result, Response):
        return result
    headers = {"Content-Type": "application/json", **call.answer_headers}
    return Response(call.operation.success, headers, orjson.dumps(result))


def example(call: Call) -> Response:
    """The fixed answer of an operation that needs no code."""
    assert call.operation is not None
    fixed = call.operation.data["example"]
    body = fixed.get("body")
    headers = {"Content-Type": "application/json"} if body is not None else {}
    return Response(fixed["status"], {**headers, **fixed.get("headers", {})}, _encoded(filled(body, _always(call))))


def queued(call: Call) -> Response:
    """What the service answers while it is in maintenance, to a call that it applies afterwards."""
    fixed = call.service.data["maintenance"]
    return Response(fixed["status"], {"Content-Type": "application/json"}, orjson.dumps(fixed["body"]))


def failure(call: Call, error: ApiError) -> Response:
    """The service's own words for the client's fault, from the operation's error table or the service's."""
    call.hint = error.hint
    own = call.operation.data.get("errors", {}) if call.operation else {}
    entry = own.get(error.kind) or call.service.errors[error.kind]
    details = {**_always(call), **error.details}
    headers = {name: str(filled(text, details)) for name, text in entry.get("headers", {}).items()}
    if "known" in error.details:
        headers["X-Emulator-Known"] = error.details["known"]
    if "text" in entry:
        return Response(entry["status"], headers, str(filled(entry["text"], details)).encode())
    return Response(
        entry["status"], {"Content-Type": "application/json", **headers}, _encoded(filled(entry.get("body"), details))
    )


def _always(call: Call) -> dict[str, Json]:
    return {"request_id": call.id, "path": call.request.path, "method": call.request.method, "message": ""}


def _encoded(body: Json) -> bytes:
    return b"" if body is None else orjson.dumps(body)


def filled(template: Json, details: Mapping[str, Json]) -> Json:
    """A template with its placeholders filled in; a text of exactly one placeholder becomes the detail itself."""
    if isinstance(template, dict):
        return {key: filled(value, details) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, details) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACEHOLDER.fullmatch(template)
    if whole and whole[1] in details:
        return details[whole[1]]
    return _PLACEHOLDER.sub(lambda found: str(details.get(found[1], found[0])), template)


def complete(call: Call, response: Response, started: float, limit_headers: Mapping[str, str]) -> None:
    """Add the headers that the service puts on every answer, and ours, which all begin with X-Emulator-."""
    static, computed = _headers(call.service, response.status < 400)
    headers = response.headers = {**static, **response.headers}
    for name, compute in computed:
        if name not in headers:
            headers[name] = compute(call, response, started)
    headers.update(limit_headers)
    if call.fates:
        headers["X-Emulator-Fates"] = ", ".join(sorted({fate.rule for fate in call.fates}))
    if call.hint:
        headers["X-Emulator-Hint"] = _one_line(call.hint)


Compute = Callable[[Call, Response, float], str]
COMPUTED: Final[dict[str, Compute]] = {
    "{request_id}": lambda call, response, started: call.id,
    "{runtime}": lambda call, response, started: f"{clock.stopwatch() - started:.6f}",
    "{etag}": lambda call, response, started: f'W/"{blake2b(response.body, digest_size=16).hexdigest()}"',
}
"""What a header of a service's table may be beside a fixed text."""


@cache
def _headers(service: Service, good: bool) -> tuple[dict[str, str], list[tuple[str, Compute]]]:
    """The service's header table split into texts that never change and those that are computed."""
    table: dict[str, Any] = service.data["headers"]
    every = {**table.get("always", {}), **table.get("success" if good else "error", {})}
    fixed = {name: text for name, text in every.items() if text not in COMPUTED}
    return fixed, [(name, COMPUTED[text]) for name, text in every.items() if text in COMPUTED]


def _one_line(text: str) -> str:
    """A header value: printable Latin-1 on one line, cut where it would become a burden."""
    return re.sub(r"[^\x20-\x7e\xa0-\xff]+", " ", text.replace("…", "..."))[:500]
