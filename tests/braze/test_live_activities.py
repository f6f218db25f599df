"""Live Activities: who gets the push that starts, updates or ends one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client
from tests.messaging.sends import NOW, decisions, table

START, UPDATE = "/messages/live_activity/start", "/messages/live_activity/update"
BODY: dict[str, Any] = {
    "app_id": "ios", "activity_id": "match", "activity_attributes_type": "Match", "activity_attributes": {"home": "A"},
    "content_state": {"score": "{{0}}"}, "notification": {"alert": {"title": "t", "body": "b"}},
}  # fmt: skip
NEXT = {"app_id": "ios", "activity_id": "match", "content_state": {"score": 1}}


def phones(**more: Any) -> Client:
    token = {"app_id": "ios", "activity_attributes_type": "Match"}
    return client({
        "clock": {"now": NOW, "frozen": True},
        "profiles": [{"external_id": one, "push_subscribe": "unsubscribed"} for one in ("ada", "bob", "cid")],
        "segments": [{"id": "ab", "name": "AB", "filters": {"profiles": ["ada", "bob"]}}],
        "push_to_start_tokens": [{**token, "external_id": one, "token": f"start-{one}"} for one in ("ada", "cid")],
        **more,
    })  # fmt: skip


def start(braze: Client, *users: str, **more: Any) -> None:
    named = {"external_user_ids": list(users)} if users else {}
    assert braze.post(START, {**BODY, **named, **more}) == (201, {"message": "success"})


def update(braze: Client, **more: Any) -> None:
    assert braze.post(UPDATE, {**NEXT, **more}) == (201, {"message": "success"})


def pushes(braze: Client) -> list[tuple[str, str]]:
    """(event, user), oldest first."""
    return [(one["content"]["event"], one["external_id"]) for one in table(braze, "messages")]


def test_start_live_activity_reaches_whoever_registered_for_the_type() -> None:
    braze = phones()
    start(braze, "ada", "bob", stale_date="2026-01-01T14:00:00+0000")
    [message] = table(braze, "messages")
    assert (message["channel"], message["external_id"], message["recipient"]) == ("live_activity", "ada", ["start-ada"])
    assert message["content"] == {
        "event": "start", **BODY, "stale_date": "2026-01-01T14:00:00+0000", "apns_priority": 10,
    }  # fmt: skip
    assert [outcome for outcome, _ in decisions(braze)] == ["sent", "not_sent"]
    assert decisions(braze)[1][1] == "no push-to-start token for Match in the app ios; declare one in the seed"


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ({"segment_id": "ab"}, ["ada"]),
        (
            {"custom_audience": {"push_subscription_status": {"comparison": "is", "value": "unsubscribed"}}},
            ["ada", "cid"],
        ),
        ({"external_user_ids": ["cid"]}, ["cid"]),
    ],
)
def test_start_live_activity_for_a_segment_or_an_audience(who: dict[str, Any], found: list[str]) -> None:
    braze = phones()
    start(braze, **who)
    assert sorted(user for _, user in pushes(braze)) == found


def test_start_live_activity_tells_of_users_who_are_not_there() -> None:
    braze = phones()
    start(braze, "nobody")
    assert braze.fates == [("/external_user_ids/0", "no_match")]


def test_start_live_activity_at_low_priority_with_content_available() -> None:
    braze = phones()
    start(braze, "ada", notification={**BODY["notification"], "content-available": True})
    assert table(braze, "messages")[0]["content"]["apns_priority"] == 5


def test_update_live_activity_reaches_whoever_got_the_start() -> None:
    braze = phones()
    start(braze, "ada", "bob")
    start(braze, "cid")
    update(braze)
    assert pushes(braze)[2:] == [("update", "ada"), ("update", "cid")]
    assert table(braze, "messages")[2]["recipient"] != ["start-ada"]
    assert table(braze, "live_activities")[0]["content_state"] == {"score": 1}


def test_update_live_activity_ends_it() -> None:
    braze = phones()
    start(braze, "ada")
    update(braze, end_activity=True, dismissal_date="2025-01-01T00:00:00Z")
    assert pushes(braze)[-1] == ("end", "ada")
    assert table(braze, "messages")[-1]["content"]["dismissal_date"] == "2025-01-01T00:00:00Z"
    update(braze)
    assert (len(pushes(braze)), braze.fates) == (2, [("/activity_id", "live_activity_unknown")])
    start(braze, "ada")
    update(braze)
    assert pushes(braze)[2:] == [("start", "ada"), ("update", "ada")]


def test_update_live_activity_reaches_an_activity_that_the_app_launched() -> None:
    braze = phones(live_activities=[{"app_id": "ios", "activity_id": "match", "external_ids": ["bob"]}])
    update(braze)
    assert pushes(braze) == [("update", "bob")]


def test_update_live_activity_leaves_out_users_who_were_deleted() -> None:
    braze = phones()
    start(braze, "ada", "cid")
    assert braze.post("/users/delete", {"external_ids": ["ada"]})[0] == 201
    update(braze)
    assert pushes(braze)[2:] == [("update", "cid")]


@pytest.mark.parametrize("part", ["push_to_start_tokens", "live_activities"])
def test_a_seed_names_users_that_are_there(part: str) -> None:
    items = {
        "push_to_start_tokens": {"external_id": "x", "app_id": "a", "activity_attributes_type": "T", "token": "t"},
        "live_activities": {"external_ids": ["x"], "app_id": "a", "activity_id": "i"},
    }
    with pytest.raises(Exception, match=rf"seed\.{part}\[0\].* no profile 'x'"):
        client({part: [items[part]]})
