"""Phone numbers that take no SMS: listed by range, number and reason, and removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client

LIST, REMOVE = "/sms/invalid_phone_numbers", "/sms/invalid_phone_numbers/remove"
ADA, BOB, EVE = "+14155552671", "+442071838750", "+551155256325"
JANUARY = "start_date=2026-01-01&end_date=2026-02-01"
SUCCESS = (201, {"message": "success"})
SEED = {
    "clock": {"now": "2026-01-31T12:00:00Z", "frozen": True},
    "invalid_phone_numbers": [
        {"phone": ADA, "reason": "deactivated", "at": "2026-01-10T10:00:00Z"},
        {"phone": BOB, "at": "2026-01-20"},
        {"phone": EVE, "reason": "invalid_format"},
    ],
}
NO_RANGE = "'phone_numbers', or 'start_date' and 'end_date', are required"


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def numbers(braze: Client, query: str) -> list[str]:
    status, body = braze.get(LIST, query)
    assert (status, body["message"]) == (200, "success"), body
    return [one["phone"] for one in body["sms"]]


def test_list_invalid_phone_numbers_tells_when_and_why(braze: Client) -> None:
    status, body = braze.get(LIST, JANUARY)
    assert status == 200
    assert body["sms"] == [
        {"phone": EVE, "invalid_detected_at": "2026-01-31 12:00:00 +0000", "reason": "invalid_format"},
        {"phone": BOB, "invalid_detected_at": "2026-01-20 00:00:00 +0000", "reason": "provider_error"},
        {"phone": ADA, "invalid_detected_at": "2026-01-10 10:00:00 +0000", "reason": "deactivated"},
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (JANUARY + "&limit=1&offset=1", [BOB]),
        (JANUARY + "&reason=deactivated", [ADA]),
        ("start_date=2026-01-20&end_date=2026-01-21", [BOB]),
        ("phone_numbers[]=%2B14155552671", [ADA]),
        ("phone_numbers[]=14155552671", [ADA]),
        ("phone_numbers[]=+14155552671&phone_numbers[]=%2B15550001111", [ADA]),
        ("phone_numbers=%2B14155552671", [ADA]),
        ("phone_numbers[]=14155552671&reason=provider_error", []),
        (f"{JANUARY}&phone_numbers[]=%2B442071838750", [BOB]),
        ("start_date=x&end_date=y&phone_numbers[]=442071838750", [BOB]),
    ],
)
def test_list_invalid_phone_numbers_by_range_number_and_reason(braze: Client, query: str, found: list[str]) -> None:
    assert numbers(braze, query) == found


def test_list_invalid_phone_numbers_tells_that_the_last_day_is_not_listed(braze: Client) -> None:
    assert numbers(braze, "start_date=2026-01-15&end_date=2026-01-31") == [BOB]
    assert braze.fates == [("/end_date", "end_date_midnight")]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", NO_RANGE),
        ("end_date=2026-01-01", NO_RANGE),
        (JANUARY + "&reason=landline", "reason must be 'provider_error', 'deactivated', or 'invalid_format'"),
        (JANUARY + "&limit=501", "'limit' is not valid"),
        ("start_date=2026-02-01&end_date=2026-01-01", "start_date must be before end_date"),
        ("start_date=2026-13-01&end_date=2026-01-01", "start_date is not a valid date"),
        ("phone_numbers[]=", "'phone_numbers' is not valid"),
    ],
)
def test_list_invalid_phone_numbers_refuses(braze: Client, query: str, message: str) -> None:
    assert braze.get(LIST, query) == (400, {"message": message})


def test_remove_invalid_phone_numbers_takes_them_off_the_list(braze: Client) -> None:
    assert braze.post(REMOVE, {"phone_numbers": [ADA, "+1 (555) 000-1111", "442071838750"]}) == SUCCESS
    assert braze.fates == [("/phone_numbers/1", "nothing_to_remove")]
    assert numbers(braze, JANUARY) == [EVE]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "'phone_numbers' is required"),
        ({"phone_number": [ADA]}, "'phone_numbers' is required"),
        ({"phone_numbers": []}, "'phone_numbers' is not valid"),
        ({"phone_numbers": ADA}, "'phone_numbers' is not valid"),
        ({"phone_numbers": [5]}, "'phone_numbers' is not valid"),
        ({"phone_numbers": [ADA] * 51}, "The max number of ids per request was exceeded"),
    ],
    ids=str,
)
def test_remove_invalid_phone_numbers_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post(REMOVE, body) == (400, {"message": message})


def test_remove_invalid_phone_numbers_takes_50(braze: Client) -> None:
    assert braze.post(REMOVE, {"phone_numbers": [f"+1415555{n:04}" for n in range(50)]}) == SUCCESS
