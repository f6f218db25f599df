"""What a request without a good credential is told: the usual ways to lose one have names."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from emulator.call import Request
from emulator.pipeline import Emulator

SEED = {
    "api_keys": [{"key": "key"}],
    "partners": {
        "inkit": {"tokens": ["tok"]},
        "movable_ink": {"endpoints": [{"key": "k", "username": "u", "password": "p"}]},
        "passkit": {"tokens": ["pk"]},
        "your_partner": {"tokens": ["t"]},
    },
}
PATHS = {
    "braze": ("POST", "/users/track"),
    "inkit": ("POST", "/integrations/webhook"),
    "movable_ink": ("POST", "/behavioral/k"),
    "passkit": ("PUT", "/coupon/singleUse/coupon"),
    "your_partner": ("POST", "/partners/your_partner/webhook"),
}
FORMS = {
    "braze": "Authorization: Bearer <key>",
    "inkit": "Authorization: Basic base64(<token>), without colon",
    "movable_ink": "Authorization: Basic base64(<user>:<password>)",
    "passkit": "Authorization: Bearer <long-lived token>",
    "your_partner": "Authorization: Bearer <key>",
}
"""Service -> how to send its credential."""


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator(SEED)


def hint(emulator: Emulator, service: str, headers: dict[str, str], body: bytes = b"{}") -> str:
    method, path = PATHS[service]
    response = emulator.answer(Request(method, path, "", {"content-type": "application/json", **headers}, body))
    assert response.status == 401
    return response.headers["X-Emulator-Hint"]


@pytest.mark.parametrize("service", PATHS)
def test_a_request_without_a_credential_is_told_how_to_send_one(emulator: Emulator, service: str) -> None:
    assert hint(emulator, service, {}) == f"send the header {FORMS[service]}"


@pytest.mark.parametrize("service", PATHS)
def test_the_translated_name_of_the_header_is_named(emulator: Emulator, service: str) -> None:
    told = hint(emulator, service, {"autorisation": "Bearer key"})
    assert told.startswith("the header is named Authorization") and told.endswith(FORMS[service])


@pytest.mark.parametrize(
    ("service", "value", "told"),
    [
        ("inkit", "Basique dG9r", "the scheme is not Basique"),
        ("movable_ink", "Basique dTpw", "the scheme is not Basique"),
        ("movable_ink", "Basic {{authorization}}", "placeholder"),
        ("braze", "Basic a2V5", "the scheme is not Basic"),
        ("braze", 'Bearer "key"', "quotation marks"),
        ("passkit", "Bearer <PASSKIT_LONG_LIVED_TOKEN>", "placeholder"),
        ("your_partner", "Bearer [PARTNER_AUTHORIZATION_HEADER]", "placeholder"),
        ("your_partner", "Bearer other", "no workspace has this credential"),
        ("passkit", f"Bearer {base64.b64encode(b'pk').decode()}", "base64-encoded; send it as it is"),
        ("passkit", f"Bearer {base64.b64encode(b'other').decode()}", "no workspace has this credential"),
    ],
)
def test_a_credential_in_the_wrong_form_is_named(emulator: Emulator, service: str, value: str, told: str) -> None:
    assert told in hint(emulator, service, {"authorization": value})


def test_a_key_is_never_part_of_the_advice(emulator: Emulator) -> None:
    for value in ("secret-key", "Bearer secret-key", "Basic secret-key"):
        assert "secret" not in hint(emulator, "braze", {"authorization": value})


@pytest.mark.parametrize("body", [b'{"api_key": "key", "attributes": []}'])
def test_the_old_place_of_brazes_key_is_named(emulator: Emulator, body: bytes) -> None:
    assert hint(emulator, "braze", {}, body).startswith("api_key in the body is not read")


def test_partner_placeholders_do_not_stop_a_known_credential() -> None:
    """While no key is declared every credential is known, a placeholder too."""
    document: dict[str, Any] = {}
    request = Request("POST", PATHS["your_partner"][1], "", {"authorization": "Bearer [KEY]"}, b"{}")
    assert Emulator(document).answer(request).status == 202
