"""The rights that visitors invoke."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ketch.acme import BASE, WHO, acme, path, rules

RIGHT: dict[str, Any] = {
    **BASE,
    **WHO,
    "jurisdictionCode": "gdpr",
    "rightCode": "delete",
    "user": {"email": "a@b.c", "firstName": "A", "lastName": "B"},
}


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_invoke_right_records_it_and_says_that_nothing_was_sent(version: str) -> None:
    client = acme()
    client.emulator.workspaces.default.clock.set(1_767_323_045, frozen=True)
    assert client.post(path("rights/invoke", version), RIGHT) == (200, {})
    assert rules(client) == [("/rightCode", "ketch_right_not_forwarded")]
    assert client.emulator.workspaces.default.view().ketch_rights.values() == [{**RIGHT, "invokedAt": 1_767_323_045}]
    assert client.emulator.journal.count(direction="out") == 0


@pytest.mark.parametrize("field", [name for name in RIGHT])
def test_invoke_right_needs_the_fields_of_the_published_types(field: str) -> None:
    status, answer = acme().post(path("rights/invoke"), {name: RIGHT[name] for name in RIGHT if name != field})
    assert status == 400 and field in answer["error"]["message"]


@pytest.mark.parametrize("more", [{"user": {}}, {"user": {"email": ""}}, {"rightCode": ""}, {"invokedAt": "now"}])
def test_invoke_right_needs_an_email_address_and_a_right(more: dict[str, Any]) -> None:
    assert acme().post(path("rights/invoke"), {**RIGHT, **more})[0] == 400


def test_invoke_right_keeps_each_of_several() -> None:
    client = acme()
    for code in ("delete", "access", "delete"):
        client.post(path("rights/invoke"), {**RIGHT, "rightCode": code})
    found = [right["rightCode"] for right in client.emulator.workspaces.default.view().ketch_rights.values()]
    assert found == ["delete", "access", "delete"]
