"""The bodies that are sent: made from a counter, so that every run on every machine sends the same bytes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

USERS = 5_000
USERS_A_BATCH = 25
TURNS = 2
"""How often each user occurs before the bodies begin again, with other values each time: no body is without effect."""
CITIES = ("Porto", "Lyon", "Kyoto", "Quito", "Oslo", "Accra", "Austin")


def one(number: int) -> dict[str, Any]:
    """One object: the attributes of one user."""
    turn, user = divmod(number, USERS)
    return {"attributes": [_attributes(user, turn, nested=False)]}


def batch(number: int) -> dict[str, Any]:
    """75 objects of 25 users, about 20 KB: for each user attributes with nested values, an event and a purchase."""
    turn, first = divmod(number * USERS_A_BATCH, USERS)
    users = range(first, first + USERS_A_BATCH)
    return {
        "attributes": [_attributes(user, turn, nested=True) for user in users],
        "events": [_event(user) for user in users],
        "purchases": [_purchase(user) for user in users],
    }


def _attributes(user: int, turn: int, *, nested: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "external_id": f"bench-user-{user:06}",
        "first_name": f"First{user}",
        "email": f"user{user}@example.com",
        "country": "PT",
        "visits": user % 50 + turn,
        "plan": ("free", "basic", "pro")[user % 3],
    }
    if nested:
        found["preferences"] = {
            "language": "pt",
            "home": {"city": CITIES[user % len(CITIES)], "point": [user % 90, user % 180]},
            "colours": ["red", "green", "blue"],
            "newsletter": {"weekly": user % 2 == 0, "hour": (user + turn) % 24},
        }
        found["pets"] = [{"id": 1, "kind": "cat", "name": f"Tom{user}"}, {"id": 2, "kind": "dog", "name": f"Rex{user}"}]
    return found


def _event(user: int) -> dict[str, Any]:
    return {
        "external_id": f"bench-user-{user:06}",
        "name": "watched_trailer",
        "time": f"2025-03-{1 + user % 28:02}T10:{user % 60:02}:00Z",
        "properties": {
            "title": f"Film {user % 100}",
            "seconds": user % 180,
            "device": {"kind": "phone", "os": "ios"},
            "from": "https://example.com/films/new",
        },
    }


def _purchase(user: int) -> dict[str, Any]:
    return {
        "external_id": f"bench-user-{user:06}",
        "product_id": f"sku-{user % 500}",
        "currency": "EUR",
        "price": 5 + user % 100 + 0.5,
        "quantity": 1 + user % 5,
        "time": f"2025-03-{1 + user % 28:02}T11:{user % 60:02}:00Z",
        "properties": {"colour": "red", "size": "M", "gift": {"wrapped": user % 2 == 0, "text": "Have a good day"}},
    }


MAKERS = {"one": (one, TURNS * USERS), "batch": (batch, TURNS * USERS // USERS_A_BATCH)}
"""Size -> how body number n is made, and how many there are before they begin again."""


def write(folder: Path) -> dict[str, Path]:
    """A file for each size, one body a line, plus the same objects as records for moto's Kinesis (`kinesis-…`)."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for size, (make, count) in MAKERS.items():
        files[size] = _write(folder / f"{size}.jsonl", map(make, range(count)))
        files[f"kinesis-{size}"] = _write(folder / f"kinesis-{size}.jsonl", map(_records, map(make, range(count))))
    return files


def _records(body: dict[str, Any]) -> dict[str, Any]:
    objects = [value for part in body.values() for value in part]
    data = [(value["external_id"], base64.b64encode(json.dumps(value).encode()).decode()) for value in objects]
    return {"StreamName": "bench", "Records": [{"PartitionKey": key, "Data": text} for key, text in data]}


def _write(path: Path, bodies: Iterator[dict[str, Any]]) -> Path:
    with path.open("w") as file:
        file.writelines(json.dumps(body, separators=(",", ":")) + "\n" for body in bodies)
    return path
