"""Rate limits: windows on the workspace's clock, three headers, 429, and the settings that change it."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import operations
from tests import toy
from tests.conftest import Client

MAKE = "/things/make"  # three calls in the window of a minute; the frozen clock stands at 10 seconds past noon
NOON = 1_767_355_200


def quick(mode: str = "enforce") -> Client:
    return toy.client({**toy.FROZEN, "settings": {"rate_limits": mode}})


def make(client: Client, **headers: str) -> tuple[int, tuple[str, ...]]:
    response = client.send("POST", MAKE, {"name": "one"}, **headers)
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    return response.status, tuple(response.headers[name] for name in names if name in response.headers)


def test_the_headers_count_down_to_429() -> None:
    client, end = quick(), str(NOON + 60)
    assert [make(client) for _ in range(5)] == [
        (201, ("3", "2", end)),
        (201, ("3", "1", end)),
        (201, ("3", "0", end)),
        (429, ("3", "0", end)),
        (429, ("3", "0", end)),
    ]


def test_a_429_says_what_to_do() -> None:
    client = quick()
    for _ in range(3):
        make(client)
    response = client.send("POST", MAKE, {"name": "one"})
    assert response.body == b'{"message":"slow down"}'
    assert "3 requests in 60 s are allowed; wait, advance the clock" in response.headers["X-Emulator-Hint"]


@pytest.mark.parametrize(("seconds", "status"), [(49, 429), (50, 201), (60, 201)])
def test_the_window_is_aligned_to_the_clock(seconds: float, status: int) -> None:
    client = quick()
    for _ in range(4):
        make(client)
    client.emulator.workspaces.default.clock.advance(seconds)
    assert make(client)[0] == status


def test_a_new_window_starts_full() -> None:
    client = quick()
    for _ in range(4):
        make(client)
    client.emulator.workspaces.default.clock.advance(50)
    assert make(client) == (201, ("3", "2", str(NOON + 120)))


def test_buckets_are_separate() -> None:
    client = quick()
    for _ in range(4):
        make(client)
    response = client.send("GET", "/things/list")
    assert (response.status, response.headers["X-RateLimit-Limit"]) == (200, "1000")
    assert response.headers["X-RateLimit-Reset"] == str(NOON + 3600)


def test_operations_without_a_bucket_share_the_default_one() -> None:
    client = quick()
    client.send("GET", "/things/list")
    assert client.send("POST", "/things/make_many", {"things": []}).headers["X-RateLimit-Remaining"] == "998"


def test_a_refused_request_counts_too() -> None:
    client = quick()
    statuses = [client.send("POST", MAKE, body).status for body in ({}, "{", {}, {"name": "one"})]
    assert statuses == [400, 400, 400, 429]


@pytest.mark.parametrize("mode", ["count", "off"])
def test_count_and_off_never_answer_429(mode: str) -> None:
    client = quick(mode)
    assert [make(client)[0] for _ in range(5)] == [201] * 5


def test_count_has_the_headers_and_off_has_none() -> None:
    assert make(quick("count"))[1] == ("3", "2", str(NOON + 60))
    assert make(quick("off"))[1] == ()


def test_the_headers_are_there_and_empty_when_the_caller_is_not_known() -> None:
    client = toy.client({**toy.FROZEN, "api_keys": [{"key": "known"}]})
    assert make(client) == (401, ("", "", ""))


def test_an_unknown_path_has_no_headers() -> None:
    assert "X-RateLimit-Limit" not in quick().send("GET", "/nowhere").headers


def test_a_service_without_limits_has_no_headers() -> None:
    assert "X-RateLimit-Limit" not in quick().send("POST", "/partner/x", b"").headers


def test_a_reset_gives_back_the_window() -> None:
    client = quick()
    for _ in range(4):
        make(client)
    client.emulator.workspaces.default.reset()
    assert make(client)[0] == 201


def test_workspaces_do_not_share_windows() -> None:
    client = quick()
    client.emulator.workspaces.mint("other", {**toy.FROZEN, "api_keys": [{"key": "other-key"}]})
    for _ in range(4):
        make(client)
    assert make(client, authorization="Bearer other-key") == (201, ("3", "2", str(NOON + 60)))


DOCUMENTED: dict[str, tuple[int, int]] = {
    "default": (250_000, 3600),
    "users_track": (3000, 3),
    "users_export_ids": (250, 60),
    "subscription_status_set": (5000, 60),
}


@pytest.mark.parametrize("bucket", DOCUMENTED)
def test_brazes_documented_buckets(bucket: str) -> None:
    found: dict[str, Any] = operations.load().services["braze"].data["rate_limits"][bucket]
    assert (found["limit"], found["seconds"]) == DOCUMENTED[bucket]
