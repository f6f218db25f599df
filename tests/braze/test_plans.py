"""Contracts: windows, bursts and header dialects of the plans `legacy` and `mau`."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.call import Response
from emulator.pipeline import Emulator
from tests.conftest import Client

NOON = 1_767_355_200
HEADERS = {"content-type": "application/json", "authorization": "Bearer test-key"}
NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Ratelimit-Retry-After")


def client(**settings: Any) -> Client:
    document = {"clock": {"now": "2026-01-02T12:00:10Z", "frozen": True}, "settings": settings}
    return Client(Emulator(document), dict(HEADERS))


def track(client: Client) -> Response:
    return client.send("POST", "/users/track", {"attributes": [{"external_id": "u"}]})


def told(response: Response) -> tuple[int, dict[str, str]]:
    return response.status, {name: response.headers[name] for name in NAMES if name in response.headers}


@pytest.mark.parametrize(
    ("plan", "limit", "reset"),
    [(None, "3000", NOON + 12), ("legacy", "50000", NOON + 60), ("mau", "250000", 3590)],
)
def test_each_plan_has_its_window_and_its_way_to_name_the_end(plan: str | None, limit: str, reset: int) -> None:
    answer = told(track(client(**({"plan": plan} if plan else {}))))
    left = str(int(limit) - 1)
    assert answer == (201, dict(zip(NAMES[:3], (limit, left, str(reset)), strict=True)))


def test_export_by_id_has_a_wider_window_in_legacy_contracts() -> None:
    body = {"external_ids": ["u"]}
    assert told(client(plan="legacy").send("POST", "/users/export/ids", body))[1]["X-RateLimit-Limit"] == "2500"
    assert told(client().send("POST", "/users/export/ids", body))[1]["X-RateLimit-Limit"] == "250"


@pytest.mark.parametrize(
    ("fields", "limit"),
    [(["email"], "40"), ([], "40"), (["email", "campaigns_received"], "250"), (None, "250"), ("email", "250")],
)
def test_an_export_of_some_fields_has_a_window_of_a_second(fields: Any, limit: str) -> None:
    body = {"external_ids": ["u"], "fields_to_export": fields}
    assert told(client().send("POST", "/users/export/ids", body))[1]["X-RateLimit-Limit"] == limit
    assert told(client(plan="legacy").send("POST", "/users/export/ids", body))[1]["X-RateLimit-Limit"] == "2500"


SMALL = {"users_track": {"limit": 5, "seconds": 3600, "burst": {"limit": 2, "seconds": 3}}}


def test_a_burst_of_three_seconds_is_refused_with_one_header() -> None:
    made = client(plan="mau", rate_limit_values=SMALL)
    assert [told(track(made)) for _ in range(3)] == [
        (201, dict(zip(NAMES[:3], ("5", "4", "3590"), strict=True))),
        (201, dict(zip(NAMES[:3], ("5", "3", "3590"), strict=True))),
        (429, {"X-Ratelimit-Retry-After": "2"}),
    ]
    made.emulator.workspaces.default.clock.advance(2)
    assert told(track(made))[0] == 201


def test_the_long_window_outlasts_the_burst() -> None:
    made = client(plan="mau", rate_limit_values=SMALL)
    for _ in range(5):
        track(made)
        made.emulator.workspaces.default.clock.advance(3)
    assert told(track(made)) == (429, {"X-Ratelimit-Retry-After": "3575"})


def test_other_plans_keep_their_three_headers_on_a_429() -> None:
    made = client(plan="legacy", rate_limit_values={"users_track": {"limit": 1, "seconds": 60}})
    track(made)
    assert told(track(made)) == (429, dict(zip(NAMES[:3], ("1", "0", str(NOON + 60)), strict=True)))


def test_values_of_a_bucket_hold_for_that_bucket_only() -> None:
    made = client(rate_limit_values={"users_track": {"limit": 0, "seconds": 60}})
    assert track(made).status == 429
    assert made.send("POST", "/users/export/ids", {"external_ids": ["u"]}).status == 201


def arrays(attributes: int, events: int) -> dict[str, Any]:
    event = {"external_id": "u", "name": "e", "time": "2026-01-01T00:00:00Z"}
    return {"attributes": [{"external_id": "u", "n": n} for n in range(attributes)], "events": [event] * events}


@pytest.mark.parametrize(
    ("plan", "attributes", "events", "status"),
    [("legacy", 75, 75, 201), ("legacy", 76, 0, 400), ("mau", 40, 36, 400), ("mau", 40, 35, 201), (None, 40, 36, 400)],
)
def test_legacy_contracts_count_each_array_and_others_all_objects(
    plan: str | None, attributes: int, events: int, status: int
) -> None:
    made = client(**({"plan": plan} if plan else {}))
    answer = made.send("POST", "/users/track", arrays(attributes, events))
    assert answer.status == status
    assert status == 201 or b"Max Input Length Exceeded" in answer.body
