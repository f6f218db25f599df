"""Protobuf's JSON, and that definitions.json is complete and in step with itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator import operations
from emulator.handlers.passkit._messages import READERS, instant
from tests.conftest import client

DEFINITIONS = operations.load().services["passkit"].definitions
MESSAGES = {name: part for name, part in DEFINITIONS.items() if "properties" in part}
COUPON = "/coupon/singleUse/coupon"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2020-05-10T00:00:00Z", "2020-05-10T00:00:00Z"),
        ("2020-05-10T00:00:00+02:00", "2020-05-09T22:00:00Z"),
        ("2020-05-10T00:00:00.5Z", "2020-05-10T00:00:00.500Z"),
        ("2020-05-10T00:00:00.123456789Z", "2020-05-10T00:00:00.123456789Z"),
        ("2020-05-10T00:00:00.1234Z", "2020-05-10T00:00:00.123400Z"),
        ("2020-05-10T00:00:00.000Z", "2020-05-10T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_instants_are_written_in_utc(text: str, written: str) -> None:
    assert instant(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020-05-10",
        "2020-05-10 00:00:00Z",
        "2020-05-10T00:00:00",
        "2020-05-10T00:00:60Z",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_instants_need_date_time_and_zone(text: str) -> None:
    with pytest.raises(ValueError):
        instant(text)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_field_has_both_spellings(name: str) -> None:
    fields = MESSAGES[name]["properties"]
    camel = [field for field in fields if "_" not in field]
    snake = {re.sub(r"[A-Z]+", lambda found: f"_{found[0].lower()}", field) for field in camel}
    assert set(fields) == {*camel, *snake}
    assert list(fields)[: len(camel)] == camel, "answers follow the order of the message"


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_every_definition_says_its_default_and_kind(name: str) -> None:
    part = DEFINITIONS[name]
    assert "default" in part
    assert part["x-proto"] in {*READERS, "string", "bool", "map"}
    if part["x-proto"] == "enum":
        assert part["enum"] == [*part["x-numbers"], *part["x-numbers"].values(), None]


def overrides() -> dict[str, Any]:
    return {
        "locations": [{"lat": "22.5", "lon": 114, "lockScreenMessage": "Hello", "alt": "7"}, None],
        "links": [{"url": "https://example.com", "type": 1, "usage": ["USAGE_APPLE_WALLET", 2]}],
        "app_store_identifiers": [1, "2"],
        "imageIds": None,
        "colors": {"text_color": "#000000"},
    }


def test_nested_messages_are_read_and_written_in_full() -> None:
    emulated = client()
    body = {"offerId": "offer", "campaignId": "camp", "passOverrides": overrides()}
    id = emulated.post(COUPON, body)[1]["id"]
    found = emulated.get(f"{COUPON}/{id}")[1]["passOverrides"]
    assert found["locations"] == [
        {
            "id": "",
            "name": "",
            "lat": 22.5,
            "lon": 114,
            "alt": 7,
            "lockScreenMessage": "Hello",
            "localizedLockScreenMessage": None,
            "position": 0,
        }
    ]
    assert (found["links"][0]["type"], found["links"][0]["usage"]) == (
        "URI_WEB",
        ["USAGE_APPLE_WALLET", "USAGE_GOOGLE_PAY"],
    )
    assert found["appStoreIdentifiers"] == ["1", "2"], "64-bit integers are texts"
    assert found["imageIds"] is None and found["colors"]["textColor"] == "#000000" and found["beacons"] == []


@pytest.mark.parametrize(
    ("amount", "written"), [(12.5, b"12.5"), (12.0, b"12"), ("12.50", b"12.5"), (1e300, b"1e+300"), (-0.0, b"0")]
)
def test_whole_numbers_have_no_decimals(amount: Any, written: bytes) -> None:
    emulated = client()
    body = {"offerId": "offer", "campaignId": "camp", "redemptionDetails": {"transactionAmount": amount}}
    id = emulated.post(COUPON, body)[1]["id"]
    assert b'"transactionAmount":%s}' % written in emulated.send("GET", f"{COUPON}/{id}").body


def test_redemption_details_have_meta_data_where_it_is_set() -> None:
    emulated = client()
    body = {"offerId": "offer", "campaignId": "camp", "redemptionDetails": {"metaData": {"till": "4"}}}
    id = emulated.post(COUPON, body)[1]["id"]
    assert emulated.get(f"{COUPON}/{id}")[1]["redemptionDetails"]["metaData"] == {"till": "4"}
