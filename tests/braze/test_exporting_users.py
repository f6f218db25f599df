"""users/export/ids: who is found, what is named as unknown, and the exact shape of a profile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client

NOW = "2026-01-31T12:00:00Z"
ALIAS = {"alias_label": "shop", "alias_name": "42"}
PROFILES: list[dict[str, Any]] = [
    {"external_id": "bare"},
    {
        "external_id": "full", "email": "ada@example.com", "phone": "+14155552671", "dob": "1980-12-21", "gender": "F",
        "current_location": {"longitude": -0.1, "latitude": 51.5}, "email_subscribe": "opted_in", "total_revenue": 9.5,
        "custom_attributes": {"plan": "gold"},
        "custom_events": [
            {"name": "old", "first": "2020-01-01", "last": "2025-11-02T11:59:59Z", "count": 2},
            {"name": "recent", "first": "2020-01-01", "last": "2025-11-02T12:00:00Z", "count": 3},
        ],
        "purchases": [{"name": "sku", "first": "2026-01-01", "last": "2026-01-01", "count": 1}],
        "push_tokens": [{"app_id": "app-1", "token": "tok", "device_id": "device-0001"}],
    },
    {"email": "ADA@example.com", "user_aliases": [ALIAS]},
]  # fmt: skip


@pytest.fixture
def braze() -> Client:
    apps = [{"id": "app-1", "name": "Shop", "platform": "iOS"}]
    return client({"clock": {"now": NOW, "frozen": True}, "apps": apps, "profiles": PROFILES})


def ask(braze: Client, **wanted: Any) -> dict[str, Any]:
    status, body = braze.post("/users/export/ids", wanted)
    assert (status, body["message"]) == (201, "success")
    return dict(body)


def test_export_users_by_id_shows_a_bare_profile(braze: Client) -> None:
    (user,) = ask(braze, external_ids=["bare"])["users"]
    assert user.pop("braze_id") == user.pop("appboy_id")
    assert 0 <= user.pop("random_bucket") < 10_000
    assert user == {
        "created_at": "2026-01-31T12:00:00.000Z",
        "external_id": "bare",
        "user_aliases": [],
        "total_revenue": 0.0,
        "push_subscribe": "subscribed",
        "email_subscribe": "subscribed",
    }


def test_export_users_by_id_shows_a_full_profile(braze: Client) -> None:
    (user,) = ask(braze, external_ids=["full"])["users"]
    assert user["dob"] == "1980-12-21T00:00:00.000Z"
    assert user["last_coordinates"] == [-0.1, 51.5]
    assert user["custom_attributes"] == {"plan": "gold"}
    assert (user["email_subscribe"], user["total_revenue"], user["gender"]) == ("opted_in", 9.5, "F")
    assert user["push_tokens"] == [
        {
            "app": "Shop", "platform": "iOS", "token": "tok", "device_id": "device-0001",
            "notifications_enabled": True,
        }
    ]  # fmt: skip
    assert "current_location" not in user
    assert "subscription_groups" not in user


def test_export_users_by_id_lists_the_last_90_days_with_lifetime_counts(braze: Client) -> None:
    (user,) = ask(braze, external_ids=["full"])["users"]
    assert user["custom_events"] == [
        {"name": "recent", "first": "2020-01-01T00:00:00.000Z", "last": "2025-11-02T12:00:00.000Z", "count": 3}
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"external_ids": ["full", "bare", "full"]}, ["full", "bare"]),
        ({"user_aliases": [ALIAS]}, [None]),
        ({"email_address": "ada@EXAMPLE.com"}, ["full", None]),
        ({"phone": "+1 415 555 2671"}, ["full"]),
        ({"device_id": "device-0001"}, ["full"]),
        ({"external_ids": ["full"], "email_address": "ada@example.com"}, ["full", None]),
    ],
    ids=str,
)
def test_export_users_by_id_finds(braze: Client, wanted: dict[str, Any], found: list[Any]) -> None:
    answer = ask(braze, **wanted)
    assert [user.get("external_id") for user in answer["users"]] == found
    assert "invalid_user_ids" not in answer


@pytest.mark.parametrize(
    ("wanted", "unknown"),
    [
        ({"external_ids": ["x", "y"]}, ["x", "y"]),
        ({"external_ids": [5]}, ["5"]),
        ({"user_aliases": [{"alias_label": "shop", "alias_name": "43"}]}, ["43"]),
        ({"braze_id": "0" * 24}, ["0" * 24]),
        ({"email_address": "nobody@example.com"}, ["nobody@example.com"]),
        ({"phone": "+10000000"}, ["+10000000"]),
        ({"device_id": "none"}, ["none"]),
    ],
    ids=str,
)
def test_export_users_by_id_names_whom_it_does_not_know(
    braze: Client, wanted: dict[str, Any], unknown: list[str]
) -> None:
    assert ask(braze, **wanted) == {"message": "success", "users": [], "invalid_user_ids": unknown}


def test_export_users_by_id_answers_only_the_fields_that_are_wanted(braze: Client) -> None:
    wanted = ["external_id", "first_name", "custom_attributes", "apps", "customEvents"]
    answer = ask(braze, external_ids=["full"], fields_to_export=wanted)
    assert answer["users"] == [{"external_id": "full", "custom_attributes": {"plan": "gold"}}]
    assert braze.fates == [("/fields_to_export/4", "ignored")]
    assert "did you mean 'custom_events'?" in braze.entries[-1].fates[0].note


TOO_MANY = "The max number of external_ids and aliases per request was exceeded"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "One of external_ids, user_aliases, device_id, braze_id, email_address or phone is required"),
        ({"external_ids": "full"}, "external_ids must be an array of strings"),
        ({"external_ids": [None]}, "external_ids must be an array of strings"),
        ({"external_ids": ["x"] * 51}, TOO_MANY),
        ({"external_ids": ["x"] * 26, "user_aliases": [ALIAS] * 25}, TOO_MANY),
        ({"email_address": "a", "phone": "b"}, "Only one of device_id, email_address and phone is allowed"),
        ({"external_ids": ["x"], "fields_to_export": "email"}, "fields_to_export must be an array of strings"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_export_users_by_id_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post("/users/export/ids", body) == (400, {"message": message})


def test_export_users_by_id_takes_50(braze: Client) -> None:
    answer = ask(braze, external_ids=["bare"] * 25, user_aliases=[ALIAS] * 25)
    assert len(answer["users"]) == 2
