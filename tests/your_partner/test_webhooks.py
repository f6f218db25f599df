"""The template partner: pure data, so its tests are about what the template page promises."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.operations import load
from tests.conftest import Client, client

HOOK = "/partners/your_partner/webhook"
SEED = {"partners": {"your_partner": {"tokens": ["partner-token"]}}}


@pytest.fixture
def partner() -> Client:
    return client(SEED, authorization="Bearer partner-token")


def test_receive_webhook_records_and_answers(partner: Client) -> None:
    status, body = partner.post(HOOK, {"external_id": "ada"})
    (entry,) = partner.entries
    assert (status, body["status"]) == (202, "accepted")
    assert (entry.operation, entry.request_body) == ("receive_webhook", b'{"external_id":"ada"}')


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer partner-token", 202),
        ("bearer partner-token", 202),
        ("Bearer other", 401),
        ("partner-token", 401),
        ("", 401),
    ],
)
def test_receive_webhook_demands_the_bearer_token(partner: Client, authorization: str, status: int) -> None:
    assert partner.post(HOOK, {}, authorization=authorization)[0] == status


@pytest.mark.parametrize(("body", "status"), [("{", 400), ([], 422), ("1", 422), ({}, 202), ({"a": {"b": [1]}}, 202)])
def test_receive_webhook_takes_any_json_object(partner: Client, body: Any, status: int) -> None:
    assert partner.post(HOOK, body)[0] == status


def test_receive_webhook_needs_no_code() -> None:
    assert "example" in load().find("your_partner", "receive_webhook").data


def test_receive_webhook_of_a_newcomer_takes_any_token() -> None:
    assert client().post(HOOK, {})[0] == 202
