"""users/track: every object that is refused, with the text that names the reason. The others are applied."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import EVENT, IDENTIFIER, PURCHASE, attributes, count
from tests.conftest import Client, client

STATES = "must be 'subscribed', 'unsubscribed', or 'opted_in'"
DEVICE = "token import with 'device_id' must have a device_id less than 255 bytes and at least 8 bytes"
CURRENCY = "'currency' must be an ISO 4217 currency"
SEED = {
    "clock": {"now": "2026-01-31T12:00:00Z", "frozen": True},
    "apps": [{"id": "app", "name": "App"}],
    "subscription_groups": [{"id": "group", "name": "News", "channel": "email"}],
}


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def in_group(**membership: str) -> dict[str, Any]:
    return {"external_id": "a", "subscription_groups": [membership]}


REFUSALS = [
    ({"external_id": ""}, IDENTIFIER),
    ({"external_id": None}, IDENTIFIER),
    ({"email": None}, IDENTIFIER),
    ("text", IDENTIFIER),
    ({"external_id": "a", "braze_id": "b"}, "You must specify only one of 'external_id', 'user_alias' or 'braze_id'"),
    ({"external_id": "a" * 988}, "EXTERNAL_USER_ID_TOO_LARGE"),
    ({"external_id": "é" * 494}, "EXTERNAL_USER_ID_TOO_LARGE"),
    ({"user_alias": {"alias_name": "n"}}, "'user_alias' is not valid"),
    ({"user_alias": {"alias_name": "é" * 119, "alias_label": "l"}}, "'user_alias' is not valid"),
    ({"external_id": "a", "email": "a b@c.de"}, "The value provided for the 'email' field is not a valid email."),
    ({"external_id": "a", "email": "a@b.c\n"}, "The value provided for the 'email' field is not a valid email."),
    ({"external_id": "a", "email_subscribe": "yes"}, f"'email_subscribe' {STATES}"),
    ({"external_id": "a", "push_subscribe": "yes"}, f"'push_subscribe' {STATES}"),
    ({"external_id": "a", "current_location": {"longitude": 1}}, "BAD_LOCATION_UPDATE"),
    ({"external_id": "a", "current_location": [1, 2]}, "BAD_LOCATION_UPDATE"),
    ({"external_id": "a", "email_subscription_info": {}}, "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO"),
    ({"external_id": "a", "subscription_groups": {}}, "BAD_SUBSCRIPTION_GROUP_ARRAY"),
    ({"external_id": "a", "subscription_groups": [1]}, "BAD_SUBSCRIPTION_GROUP_HASH"),
    (in_group(subscription_group_id="x"), "BAD_SUBSCRIPTION_GROUP_HASH"),
    (in_group(subscription_group_id="group", subscription_state="x"), "BAD_SUBSCRIPTION_GROUP_STATE"),
    (in_group(subscription_group_id="x", subscription_state="subscribed"), "BAD_SUBSCRIPTION_GROUP_ID"),
    ({"external_id": "a", "push_tokens": "x"}, "BAD_PUSH_TOKEN_VALUE"),
    ({"external_id": "a", "push_tokens": ["x"]}, "BAD_PUSH_TOKEN_VALUE"),
    ({"external_id": "a", "push_tokens": [{"app_id": "app", "token": 1}]}, "BAD_PUSH_TOKEN_STRING"),
    ({"external_id": "a", "push_tokens": [{"app_id": "other", "token": "t"}]}, "BAD_PUSH_TOKEN_APP_ID"),
    (
        {"external_id": "a", "push_tokens": [{"app_id": "app", "token": "t", "device_id": "short"}]},
        DEVICE,
    ),
    ({"push_token_import": True}, "BAD_PUSH_TOKEN_IMPORT"),
    ({"push_token_import": True, "push_tokens": []}, "BAD_PUSH_TOKEN_IMPORT"),
    ({"external_id": "a", "push_tokens": [{"app_id": "app", "token": "t", "device_id": "é" * 128}]}, DEVICE),
    ({"push_token_import": True, "external_id": "a", "push_tokens": []}, "BAD_PUSH_TOKEN_IMPORT"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "text"), REFUSALS, ids=lambda value: str(value)[:60])
def test_track_users_refuses_an_attributes_object(braze: Client, item: Any, text: str) -> None:
    answer = attributes(braze, {"external_id": "good", "x": 1}, item)
    assert answer["errors"] == [{"type": text, "input_array": "attributes", "index": 1}]
    assert count(braze) == 1, "a refused object makes no profile"


BAD_ACTIVITY: list[tuple[str, dict[str, Any], str]] = [
    ("events", {"name": None}, "'name' is not valid"),
    ("events", {"name": ""}, "'name' is not valid"),
    ("events", {"time": "yesterday"}, "'time' is not valid"),
    ("events", {"time": "2026-13-01T00:00:00Z"}, "'time' is not valid"),
    ("events", {"time": 1_700_000_000}, "'time' is not valid"),
    ("events", {"properties": []}, "Invalid 'properties' field"),
    ("events", {"properties": {"event_name": 1}}, "Invalid 'properties' field"),
    ("purchases", {"properties": {"currency": "USD"}}, "Invalid 'properties' field"),
    ("purchases", {"currency": "usd"}, CURRENCY),
    ("purchases", {"currency": "XYZ"}, CURRENCY),
    ("purchases", {"price": "9.99"}, "'price' is not valid"),
    ("purchases", {"product_id": ""}, "'product_id' is not valid"),
    ("purchases", {"product_id": "x" * 256}, "'product_id' is not valid"),
    ("purchases", {"quantity": 0}, "'quantity' is not valid"),
    ("purchases", {"quantity": 1.5}, "'quantity' is not valid"),
    ("purchases", {"time": ""}, "'time' is not valid"),
]


@pytest.mark.parametrize(("array", "change", "text"), BAD_ACTIVITY, ids=lambda value: str(value)[:40])
def test_track_users_refuses_an_event_or_a_purchase(
    braze: Client, array: str, change: dict[str, Any], text: str
) -> None:
    item = {**(EVENT if array == "events" else PURCHASE), **change}
    status, body = braze.post("/users/track", {array: [item]})
    assert (status, body["errors"]) == (400, [{"type": text, "input_array": array, "index": 0}])
    assert count(braze) == 0


@pytest.mark.parametrize(
    ("array", "name"),
    [("events", "name"), ("events", "time"), *(("purchases", n) for n in ("product_id", "price", "time"))],
)
def test_track_users_names_what_is_missing(braze: Client, array: str, name: str) -> None:
    item = {key: value for key, value in (EVENT if array == "events" else PURCHASE).items() if key != name}
    _, body = braze.post("/users/track", {array: [item]})
    assert body["errors"][0]["type"] == f"'{name}' is required"
