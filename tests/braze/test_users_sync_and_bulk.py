"""users/track/sync and users/track/bulk: what differs from users/track. The rest is the same code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import ALIAS, EARLIER, EVENT, IDENTIFIER, NOTHING_VALID, NOW, PURCHASE, only, rules
from tests.conftest import Client, client

EARLIER_MS = "2026-01-30T08:00:00.000Z"


@pytest.fixture
def braze() -> Client:
    keys = [{"key": "test-key"}, {"key": "weak", "permissions": ["users.track"]}]
    return client({"clock": {"now": NOW, "frozen": True}, "api_keys": keys})


def sync(braze: Client, **arrays: Any) -> list[dict[str, Any]]:
    status, body = braze.post("/users/track/sync", arrays)
    assert (status, body["message"], body.keys()) == (201, "success", {"users", "message"})
    return list(body["users"])


@pytest.mark.parametrize("path", ["/users/track/sync", "/users/track/bulk"])
def test_track_users_sync_and_bulk_need_permissions_of_their_own(braze: Client, path: str) -> None:
    weak = Client(braze.emulator, {**braze.headers, "authorization": "Bearer weak"})
    assert weak.post(path, {"attributes": [{"external_id": "a", "x": 1}]})[0] == 403


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ({"external_id": "a"}, {"external_id": "a"}),
        ({"external_id": 7}, {"external_id": 7}),
        ({"email": "A@b.co"}, {"email": "A@b.co"}),
        ({"phone": "+14155552671"}, {"phone": "+14155552671"}),
        ({"user_alias": ALIAS, "_update_existing_only": False}, {"user_alias": ALIAS}),
        ({"external_id": "a", "email": "a@b.co"}, {"external_id": "a"}),
    ],
    ids=str,
)
def test_track_users_sync_shows_the_identifier_that_was_sent(
    braze: Client, who: dict[str, Any], shown: dict[str, Any]
) -> None:
    assert sync(braze, attributes=[{**who, "x": 1}]) == [{**shown, "custom_attributes": {"x": 1}}]


def test_track_users_sync_shows_what_the_object_named_as_it_is_now(braze: Client) -> None:
    sync(braze, attributes=[{"external_id": "a", "x": 1, "gone": 1, "other": 1, "tags": ["a"]}])
    item = {"external_id": "a", "first_name": "Ada", "x": "text", "gone": None, "tags": {"add": ["b"]}, "n": {"inc": 2}}
    assert sync(braze, attributes=[item]) == [
        {"external_id": "a", "custom_attributes": {"x": 1, "tags": ["a", "b"], "n": 2}}
    ]
    assert "type_conflict" in rules(braze)
    assert sync(braze, attributes=[{"external_id": "a", "first_name": "Eve"}]) == [{"external_id": "a"}]


def test_track_users_sync_shows_the_event_and_the_purchase(braze: Client) -> None:
    times = {"first": EARLIER_MS, "last": EARLIER_MS}
    for count in (1, 2):
        (user,) = sync(braze, events=[EVENT])
        assert user == {"external_id": "u", "custom_events": [{"name": "visited", **times, "count": count}]}
    (user,) = sync(braze, purchases=[{**PURCHASE, "product_id": 7.0, "quantity": 3}])
    assert user == {"external_id": "u", "purchase_events": [{"product_id": "7", **times, "count": 3}]}


@pytest.mark.parametrize(
    "item",
    [
        {"external_id": "a", "_update_existing_only": True, "x": 1},
        {"user_alias": ALIAS, "x": 1},
        {"braze_id": "0" * 24, "x": 1},
        {"push_token_import": True, "push_tokens": [{"app_id": "app", "token": "t"}]},
    ],
    ids=str,
)
def test_track_users_sync_shows_nobody(braze: Client, item: dict[str, Any]) -> None:
    assert sync(braze, attributes=[item]) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"attributes": [{"external_id": "a", "x": 1}] * 2}, "Max Input Length Exceeded"),
        ({"events": [EVENT], "purchases": [PURCHASE]}, "Max Input Length Exceeded"),
        ({"attributes": {"external_id": "a", "x": 1}}, NOTHING_VALID),
        ({"attributes": []}, NOTHING_VALID),
        ({}, NOTHING_VALID),
    ],
    ids=str,
)
def test_track_users_sync_takes_one_object(braze: Client, body: dict[str, Any], message: str) -> None:
    assert braze.post("/users/track/sync", body) == (400, {"message": message})


def test_track_users_sync_names_the_reason(braze: Client) -> None:
    status, body = braze.post("/users/track/sync", {"events": [{"name": "e", "time": EARLIER}]})
    errors = [{"type": IDENTIFIER, "input_array": "events", "index": 0}]
    assert (status, body) == (400, {"message": NOTHING_VALID, "errors": errors})


def test_track_users_bulk_takes_a_thousand_objects(braze: Client) -> None:
    body = {"attributes": [{"external_id": f"u{n}", "x": n} for n in range(900)], "events": [EVENT] * 100}
    assert braze.post("/users/track/bulk", body)[1] == {
        "message": "success",
        "attributes_processed": 900,
        "events_processed": 100,
    }
    assert only(braze, external_ids=["u899"])["custom_attributes"] == {"x": 899}
    body["attributes"].append({"external_id": "one-more", "x": 1})
    assert braze.post("/users/track/bulk", body) == (400, {"message": "Max Input Length Exceeded"})


@pytest.mark.parametrize(
    "who",
    [{"external_id": "u"}, {"email": "a@b.co"}, {"user_alias": ALIAS, "_update_existing_only": False}],
    ids=str,
)
def test_track_users_bulk_takes_a_hundred_objects_of_one_user(braze: Client, who: dict[str, Any]) -> None:
    event = {"name": "visited", "time": EARLIER, **who}
    others = [{"external_id": f"u{n}", "x": 1} for n in range(200)]
    body = {"attributes": [*others, *([{**who, "x": 1}] * 50)], "events": [event] * 50}
    assert braze.post("/users/track/bulk", body)[0] == 201
    body["events"].append(event)
    assert braze.post("/users/track/bulk", body) == (400, {"message": "Max Input Length Exceeded"})


def test_track_users_bulk_names_refused_objects(braze: Client) -> None:
    attributes = [{"external_id": "a", "x": 1}, {"x": 1}, "text", {"user_alias": {"alias_name": "n"}, "x": 1}]
    status, body = braze.post("/users/track/bulk", {"attributes": attributes})
    assert (status, body["attributes_processed"]) == (201, 1)
    assert [error["index"] for error in body["errors"]] == [1, 2, 3]


def test_track_users_bulk_takes_two_megabytes(braze: Client) -> None:
    body = b'{"attributes": [{"external_id": "a", "x": 1}]}'
    whole = 2 * 1024 * 1024
    assert braze.post("/users/track/bulk", body + b" " * (whole - len(body)))[0] == 201
    assert braze.post("/users/track/bulk", body + b" " * (whole - len(body) + 1))[0] == 400
