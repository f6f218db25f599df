"""HEAD: what the GET of the path answers, without the body. Other services do not have it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator.app import create_app
from emulator.pipeline import Emulator

LIST = "/content_blocks/list"
KEY = {"Authorization": "Bearer known"}
DOCUMENT = {"api_keys": [{"key": "known", "permissions": ["content_blocks.list"]}, {"key": "poor", "permissions": []}]}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(DOCUMENT)


@pytest.fixture
def web(emulator: Emulator) -> FlaskClient:
    return create_app(emulator).test_client()


def test_head_answers_as_get_without_the_body(emulator: Emulator, web: FlaskClient) -> None:
    got, asked = web.get(LIST, headers=KEY), web.head(LIST, headers=KEY)
    assert (asked.status_code, asked.data, len(got.data) > 2) == (200, b"", True)
    for name in ("Content-Type", "Content-Length", "ETag", "X-RateLimit-Limit"):
        assert asked.headers[name] == got.headers[name]
    assert int(asked.headers["X-RateLimit-Remaining"]) == int(got.headers["X-RateLimit-Remaining"]) - 1
    [entry] = emulator.journal.find(method="HEAD")
    assert (entry.operation, entry.status) == ("list_content_blocks", 200)


CASES: dict[str, tuple[str, dict[str, Any], int, str | None]] = {
    "a key that nobody has": (LIST, {"Authorization": "Bearer nobody"}, 401, None),
    "a key without the permission": (LIST, {"Authorization": "Bearer poor"}, 403, None),
    "a path that is only posted to": ("/users/track", KEY, 404, None),
    "a path that is not there": ("/content_blocks/lists", KEY, 404, "unknown-path"),
    "a GET that is not emulated": ("/nothing/yet", KEY, 404, "not-emulated"),
    "another service": ("/partners/your_partner/webhook", KEY, 405, None),
}


@pytest.mark.parametrize("name", CASES)
def test_head_is_refused_as_get_would_be(emulator: Emulator, web: FlaskClient, name: str) -> None:
    path, headers, status, known = CASES[name]
    if name == "a GET that is not emulated":
        object.__setattr__(emulator.operations.services["braze"], "not_emulated", frozenset({("GET", path)}))
    answer = web.head(path, headers=headers)
    assert (answer.status_code, answer.data, answer.headers.get("X-Emulator-Known")) == (status, b"", known)
