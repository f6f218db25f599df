"""The profiles of a seed document: kept as written, or refused with the field that would not be."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from tests.conftest import client

BRAZE_ID = "0123456789abcdef01234567"
ALIAS = {"alias_label": "shop", "alias_name": "42"}
GROUPS = [{"id": "news", "name": "News", "channel": "email"}]
ADA: dict[str, Any] = {
    "external_id": "ada",
    "braze_id": BRAZE_ID,
    "created_at": "2020-02-03",
    "email": "ada@example.com",
    "user_aliases": [ALIAS],
    "custom_attributes": {"firstName": "kept", "since": "2020-01-01", "deep": {"a": 1}},
    "subscription_groups": {"news": "unsubscribed"},
    "time_zone": "Europe/Paris",
}


def test_a_profile_is_found_by_each_of_its_identifiers() -> None:
    braze = client({"profiles": [ADA], "subscription_groups": GROUPS})
    for wanted in (
        {"external_ids": ["ada"]}, {"braze_id": BRAZE_ID}, {"user_aliases": [ALIAS]},
        {"email_address": "ADA@example.com"},
    ):  # fmt: skip
        (user,) = braze.post("/users/export/ids", wanted)[1]["users"]
        assert (user["braze_id"], user["created_at"]) == (BRAZE_ID, "2020-02-03T00:00:00.000Z")
    since = "2020-01-01T00:00:00.000Z"
    assert user["custom_attributes"] == {"firstName": "kept", "since": since, "deep": {"a": 1}}


def test_states_are_those_that_are_declared_whoever_shares_the_address() -> None:
    other = {"external_id": "bob", "email": "ada@example.com", "subscription_groups": {"news": "subscribed"}}
    braze = client({"profiles": [ADA, other], "subscription_groups": GROUPS})
    query = "subscription_group_id=news&external_id[]=ada&external_id[]=bob"
    assert braze.get("/subscription/status/get", query)[1]["status"] == {"ada": "Unsubscribed", "bob": "Subscribed"}


def test_the_same_seed_gives_the_same_ids() -> None:
    first, second = (client({"profiles": [{"external_id": "a"}]}) for _ in range(2))
    assert list(first.emulator.workspaces.default.state["external_ids"].items()) == list(
        second.emulator.workspaces.default.state["external_ids"].items()
    )


@pytest.mark.parametrize(
    ("profiles", "text"),
    [
        ([{"first_name": "nobody"}], "seed.profiles[0]"),
        ([{"external_id": "a", "fist_name": "x"}], "'fist_name' was unexpected"),
        ([{"external_id": "a", "country": "XQ"}], "seed.profiles[0].country"),
        ([{"external_id": "a", "time_zone": "Mars/X"}], "time_zone_ignored"),
        ([{"external_id": "a", "custom_attributes": {"x": {"y": None}}}], "seed.profiles[0].x"),
        ([{"external_id": "a", "subscription_groups": {"x": "subscribed"}}], "no group 'x'"),
        ([{"external_id": "a", "created_at": "2020-13-01"}], "month must be in 1..12"),
        ([{"external_id": "a"}, {"external_id": "a"}], "seed.profiles[1]: another profile has the identifier 'a'"),
        ([{"user_aliases": [ALIAS]}, {"user_aliases": [ALIAS]}], "'shop:42'"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_profile_that_would_not_be_kept_as_written_is_an_error(profiles: list[Any], text: str) -> None:
    with pytest.raises(ConfigError) as error:
        client({"profiles": profiles})
    assert text in str(error.value)


def test_an_unknown_app_of_a_push_token_is_an_error() -> None:
    profile = {"external_id": "a", "push_tokens": [{"app_id": "other", "token": "t"}]}
    with pytest.raises(ConfigError, match="BAD_PUSH_TOKEN_APP_ID"):
        client({"profiles": [profile], "apps": [{"id": "app", "name": "App"}]})
