"""A browser asks before it posts."""

from __future__ import annotations

import pytest

from emulator import operations
from tests.ketch.acme import acme

KETCH = [operation for operation in operations.load() if operation.service.name == "ketch"]
POSTED = sorted({path for operation in KETCH if operation.method == "POST" for path in operation.paths})


@pytest.mark.parametrize("path", POSTED)
def test_answer_preflight_allows_every_call(path: str) -> None:
    headers = {"origin": "https://www.example.com", "access_control_request_method": "POST"}
    response = acme().send("OPTIONS", path.replace("{org}", "acme"), **headers)
    assert (response.status, response.body) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Headers"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


def test_answer_preflight_lets_the_browser_see_that_an_organization_is_unknown() -> None:
    client = acme()
    assert client.send("OPTIONS", "/web/v2/consent/other/get").status == 204
    response = client.send("POST", "/web/v2/consent/other/get", {})
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (404, "*")
