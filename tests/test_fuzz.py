"""Every operation is sent its own examples with one thing changed: no bug of ours, and every answer as described."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jsonschema_rs
import orjson
import pytest

from emulator import operations
from emulator.call import Request
from emulator.operations import Operation
from emulator.pipeline import Emulator
from tests.mutations import Mutations
from tests.test_operations import request_of, with_definitions

LOADED = operations.load()
MOST = 2_500
"""Requests an operation; where there would be more, they are taken evenly."""


@pytest.mark.parametrize("operation", LOADED.all, ids=lambda operation: str(operation.key))
def test_no_input_finds_a_bug_and_every_answer_is_described(operation: Operation) -> None:
    document = operation.data.get("given") or {}
    emulator = Emulator({**document, "settings": {**document.get("settings", {}), "rate_limits": "off"}})
    described = _described(operation)
    wrong: list[str] = []
    sent = 0
    for request in _requests(operation):
        asked = f"{request.method} {request.path}?{request.query} {request.body[:300]!r}"
        try:
            response = emulator.answer(request)
        except Exception as error:
            raise AssertionError(f"a bug of ours: {asked}") from error
        sent += 1
        if _other(emulator, request, operation):  # what was changed is the path itself
            continue
        if response.status not in described:
            wrong.append(f"{response.status} is not described: {asked}")
        elif described[response.status] and not described[response.status].is_valid(orjson.loads(response.body)):
            errors = [error.message for error in described[response.status].iter_errors(orjson.loads(response.body))]
            wrong.append(f"{asked}\n  answered {response.status} {response.body[:300]!r}\n  {errors[:2]}")
    emulator.journal.close()
    assert not wrong, "\n".join(wrong[:5])
    assert sent, "no example to begin with"


def _other(emulator: Emulator, request: Request, operation: Operation) -> bool:
    found = emulator.operations.match(request.method, request.path, request.host).operation
    return found is None or found.key != operation.key


def _described(operation: Operation) -> dict[int, Any]:
    """status -> a validator of the body, or None where any body will do."""
    found: dict[int, Any] = {entry["status"]: None for entry in operation.service.errors.values()}
    for status, answer in operation.data["responses"].items():
        schema = answer.get("schema")
        found[int(status)] = schema and jsonschema_rs.validator_for(with_definitions(operation.service, schema))
    return found


def _requests(operation: Operation) -> Iterator[Request]:
    """The good examples, each as it is and with its changes, at most MOST of them."""
    found = list(_all(operation))
    step = max(1, len(found) // MOST)
    return islice(iter(found), 0, None, step)


def _all(operation: Operation) -> Iterator[Request]:
    schema = operation.data.get("request", {})
    mutations = Mutations(operation.service.definitions)
    for example in operation.data["examples"]:
        request = request_of(operation, example)
        if example["response"]["status"] >= 400 or request.method != operation.method:
            continue
        yield request
        if operation.body == "none":
            for args in mutations.of(schema, dict(parse_qsl(request.query)), depth=2):
                yield _with(request, query=_query(args))
        elif "body" in example["request"]:
            for body in mutations.of(schema, example["request"]["body"]):
                yield _with(request, body=_bytes(body))


def _with(request: Request, query: str | None = None, body: bytes | None = None) -> Request:
    """Each request is its own: the pipeline writes into it."""
    return Request(
        request.method,
        request.path,
        request.query if query is None else query,
        dict(request.headers),
        request.body if body is None else body,
    )


def _query(args: Any) -> str:
    if not isinstance(args, dict):
        return ""
    return urlencode({name: _text(value) for name, value in args.items()}, doseq=True)


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(one) for one in value]
    return (
        value if isinstance(value, str) else orjson.dumps(value, default=str).decode() if _small(value) else str(value)
    )


def _bytes(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()


def _small(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) < 2**63
