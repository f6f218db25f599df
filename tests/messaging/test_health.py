"""A host that fails too often is not called for a minute; Braze answers 598 itself meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import faults
from emulator.messaging import health
from tests.conftest import Client
from tests.messaging.sends import HOOK, advance, out, outcomes, started, table, track

TARGET = "https://rest.iad-01.braze.com/users/alias/new"
HOST = "rest.iad-01.braze.com"
PAGES = (
    "{% connected_content https://rest.iad-01.braze.com/users/export/ids :method post :content_type application/json"
    """ :headers {"Authorization": "Bearer k"} :body {"external_ids":["ada"]} :save x :no_cache %}[{{x.message}}]"""
)


def failing(after: int = 3, retries: list[float] | None = None, **fields: Any) -> Client:
    """A campaign whose host always answers 503."""
    settings = {"webhooks": {"unhealthy_after": after, "retry_seconds": retries or []}}
    braze = started({"messages": [{**HOOK, "url": TARGET, **fields}], "reeligibility_seconds": 0}, settings=settings)
    break_braze(braze, 503)
    return braze


def break_braze(braze: Client, status: int, operation: str = "create_alias", **more: Any) -> None:
    fault = faults.parse({"when": {"operation": operation}, "status": status, "times": None, **more}, "down")
    braze.emulator.workspaces.default.faults[:] = [fault]


def statuses(braze: Client) -> list[int]:
    return [entry.status for entry in out(braze)]


def hosts(braze: Client) -> list[dict[str, Any]]:
    space = braze.emulator.workspaces.default
    return health.shown(space.view(), space.clock.now())


def test_more_failures_than_are_borne_pause_the_host_for_a_minute() -> None:
    braze = failing(after=3)
    for _ in range(6):
        track(braze)
    assert statuses(braze) == [503] * 4 + [598] * 2
    assert len([one for one in braze.entries if one.direction == "in" and one.operation == "create_alias"]) == 4
    assert out(braze)[3].note.endswith(
        f"; {HOST} is unhealthy: 4 failures in a minute, and 3 are borne; paused until 2026-01-01T12:01:00.000Z"
    )
    paused = f"; not sent: 598 Host Unhealthy: {HOST} is paused until 2026-01-01T12:01:00.000Z"
    assert out(braze)[4].note.endswith(paused)
    assert table(braze, "decisions")[-1]["reason"] == "answered 598 Host Unhealthy"


def test_the_limit_is_the_documented_one_without_the_setting() -> None:
    assert (health.LIMIT, health.MINUTE, health.SHARE) == (3_000, 60.0, 0.9)
    braze = started({"messages": [{**HOOK, "url": TARGET}], "reeligibility_seconds": 0})
    break_braze(braze, 503)
    for _ in range(5):
        track(braze)
    assert statuses(braze) == [503] * 5


def test_after_the_minute_a_healthy_host_is_called_at_full_speed() -> None:
    braze = failing(after=1)
    for _ in range(3):
        track(braze)
    advance(braze, 59)
    track(braze)
    advance(braze, 1)
    braze.emulator.workspaces.default.faults.clear()
    for _ in range(3):
        track(braze)
    assert statuses(braze) == [503, 503, 598, 598, 400, 400, 400]
    [host] = hosts(braze)
    assert host["healthy"] and host["paused_until"] is None


def test_a_host_that_still_fails_is_paused_again_at_once() -> None:
    braze = failing(after=2)
    for _ in range(4):
        track(braze)
    for _ in range(2):
        advance(braze, 60)
        track(braze)
        track(braze)
    assert statuses(braze) == [503, 503, 503, 598, 503, 598, 503, 598]
    assert "it still answers 503" in out(braze)[4].note


def test_the_window_moves() -> None:
    braze = failing(after=2)
    for wait in (0, 30, 29, 2, 28):
        advance(braze, wait)
        track(braze)
    assert statuses(braze) == [503, 503, 503, 598, 598]
    braze = failing(after=2)
    for wait in (0, 30, 30, 30, 30):
        advance(braze, wait)
        track(braze)
    assert statuses(braze) == [503] * 5


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 529])
def test_what_counts(status: int) -> None:
    braze = failing(after=0)
    break_braze(braze, status)
    track(braze)
    track(braze)
    assert statuses(braze) == [status, 598]


@pytest.mark.parametrize("status", [200, 301, 400, 404, 500, 501, 598, 599])
def test_what_does_not_count(status: int) -> None:
    braze = failing(after=0)
    break_braze(braze, status)
    track(braze)
    track(braze)
    assert statuses(braze) == [status, status]


def test_a_halted_webhook_is_tried_again() -> None:
    braze = failing(after=0, retries=[10, 100])
    track(braze)
    advance(braze, 10)
    braze.emulator.workspaces.default.faults.clear()
    assert outcomes(braze) == ["sending"]
    advance(braze, 100)
    assert statuses(braze) == [503, 598, 400]
    [message] = table(braze, "messages")
    assert [one["status"] for one in message["attempts"]] == [503, 598, 400]


def test_another_workspace_still_calls_the_host() -> None:
    braze = failing(after=0)
    track(braze)
    document = {"campaigns": [{"id": "c", "name": "C", "trigger": {"event": {"name": "seen"}},
                               "messages": [{**HOOK, "url": TARGET}]}], "api_keys": [{"key": "other"}],
                "profiles": [{"external_id": "ada"}]}  # fmt: skip
    braze.emulator.workspaces.mint("other", document)
    braze.headers["authorization"] = "Bearer other"
    track(braze)
    assert [entry.workspace for entry in out(braze)] == ["default", "other"]
    assert out(braze)[1].status != 598


def test_connected_content_goes_on_as_with_an_error() -> None:
    braze = failing(after=1, url="https://rest.iad-01.braze.com/users/track", body=PAGES)
    break_braze(braze, 503, "export_users_by_id")
    for _ in range(3):
        track(braze)
    fetched = [entry for entry in out(braze) if entry.operation == "connected_content"]
    assert [entry.status for entry in fetched] == [503, 503, 598]
    assert [entry.request_body for entry in out(braze) if entry.operation == "webhook"] == [b"[]"] * 3
    assert [(one["kind"], one["healthy"]) for one in hosts(braze)] == [("connected_content", False)]


def test_connected_content_needs_nine_in_ten_too() -> None:
    braze = failing(after=1, url="https://rest.iad-01.braze.com/users/track", body=PAGES)
    break_braze(braze, 200, "export_users_by_id")
    track(braze)
    break_braze(braze, 503, "export_users_by_id")
    for _ in range(9):
        track(braze)
    fetched = [entry.status for entry in out(braze) if entry.operation == "connected_content"]
    assert fetched == [200] + [503] * 9
    track(braze)
    track(braze)
    fetched = [entry.status for entry in out(braze) if entry.operation == "connected_content"]
    assert fetched[-2:] == [503, 598]


def test_a_reset_and_a_snapshot_know_the_health() -> None:
    braze = failing(after=0)
    space = braze.emulator.workspaces.default
    space.snapshot("healthy")
    track(braze)
    assert hosts(braze)[0]["healthy"] is False
    space.restore("healthy")
    assert hosts(braze) == []


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MOST", 3)
    braze = failing(after=100)
    space = braze.emulator.workspaces.default
    for number in range(6):
        health.count(space, {"sender": "braze", "about": "webhook"}, f"host-{number}", 503)
        advance(braze, 1)
    assert [one["host"] for one in hosts(braze)] == ["host-3", "host-4", "host-5"]
    for _ in range(500):
        health.count(space, {"sender": "braze", "about": "webhook"}, "host-5", 503)
        advance(braze, 1)
    [held] = [one for one in table(braze, "host_health") if one["host"] == "host-5"]
    assert len(held["seconds"]) <= 60


def test_what_others_send_is_not_watched() -> None:
    braze = failing(after=0)
    space = braze.emulator.workspaces.default
    for item in ({"sender": "ketch", "about": "webhook"}, {"sender": "braze", "about": "a callback"}):
        assert health.count(space, item, "x", 503) == ""
        assert health.halted(space, item, "x") == ""
    assert hosts(braze) == []
