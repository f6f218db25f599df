"""A workspace with segments to export, and ways to begin an export and to read its archive."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from emulator.call import Request, Response
from tests.conftest import Client, client

NOW = "2026-01-31T12:00:00Z"
HOST = "127.0.0.1:27293"
SEGMENT, GROUP, CANCEL = "/users/export/segment", "/users/export/global_control_group", "/export/segment/cancel"
GOLD = [
    {
        "id": "gold",
        "name": "Gold",
        "filters": {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}},
    },
    {"id": "all", "name": "All"},
]
PROFILES: list[dict[str, Any]] = [
    {
        "external_id": "ada", "braze_id": "a" * 24, "random_bucket": 0, "email": "ada@example.com",
        "custom_attributes": {"plan": "gold", "city": "London", "size": 5},
        "custom_events": [
            {"name": "old", "first": "2020-01-01", "last": "2025-10-01", "count": 1},
            {"name": "recent", "first": "2020-01-01", "last": "2026-01-01", "count": 1},
        ],
        "campaigns_received": [
            {"name": "May", "last_received": "2025-05-01T00:00:00.000Z"},
            {"name": "June", "last_received": "2026-01-02T00:00:00.000Z"},
            {"name": "Undated"},
        ],
        "canvases_received": [
            {
                "name": "Welcome",
                "last_entered": "2025-01-01T00:00:00.000Z",
                "last_received_message": "2026-01-01T00:00:00.000Z",
            },
            {"name": "Farewell", "last_entered": "2025-01-01T00:00:00.000Z"},
        ],
    },
    {"external_id": "bob", "braze_id": "b" * 24, "random_bucket": 100, "custom_attributes": {"plan": "gold"}},
    {"external_id": "eve", "braze_id": "e" * 24, "random_bucket": 9999},
]  # fmt: skip
SEED = {"clock": {"now": NOW, "frozen": True}, "segments": GOLD, "profiles": PROFILES}


def seeded(settings: dict[str, Any] | None = None, **more: Any) -> Client:
    return client({**SEED, "settings": settings or {}, **more}, host=HOST)


def begin(braze: Client, **wanted: Any) -> tuple[int, Any]:
    return braze.post(SEGMENT, {"segment_id": "gold", "fields_to_export": ["external_id"], **wanted})


def url_of(braze: Client, **wanted: Any) -> str:
    status, body = begin(braze, **wanted)
    assert status == 201, body
    return str(body["url"])


def fetch(braze: Client, url: str, method: str = "GET", host: str = HOST) -> Response:
    """Without a credential, as a browser would."""
    return braze.emulator.answer(Request(method, unquote(urlsplit(url).path), headers={"host": host}))


def files(braze: Client, url: str) -> dict[str, list[Any]]:
    """name -> the users of a file in the archive."""
    answer = fetch(braze, url)
    assert answer.status == 200, answer.body
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        return {name: [orjson.loads(line) for line in packed.read(name).splitlines()] for name in packed.namelist()}


def users(braze: Client, url: str) -> list[Any]:
    return [user for lines in files(braze, url).values() for user in lines]
