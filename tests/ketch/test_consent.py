"""Consent as the official client reads and writes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ketch.acme import BASE, WHO, acme, path, rules

GDPR = {**BASE, **WHO, "jurisdictionCode": "gdpr"}
OPT_IN = {"legalBasisCode": "consent_optin"}


def consent(allowed: Any, **more: Any) -> dict[str, Any]:
    return {**GDPR, "purposes": {"analytics": {"allowed": allowed, **OPT_IN}}, **more}


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_update_consent_answers_the_request_as_it_was_stored(version: str) -> None:
    client = acme()
    body = consent("true", vendors=["7"], protocols={"gpp": "x"}, collectedAt=1_700_000_000)
    assert client.post(path("consent/update", version), body) == (200, body)
    assert rules(client) == []


@pytest.mark.parametrize(
    "sent, stored", [("true", "true"), ("false", "false"), ("granted", "true"), ("denied", "false")]
)
def test_update_consent_takes_both_vocabularies(sent: str, stored: str) -> None:
    client = acme()
    status, body = client.post(path("consent/update"), consent(sent))
    assert (status, body["purposes"]) == (200, {"analytics": {"allowed": stored, **OPT_IN}})
    assert rules(client) == ([] if sent == stored else [("/purposes/analytics/allowed", "ketch_allowed_word")])
    assert client.post(path("consent/get", "v3"), {**GDPR, "purposes": {"analytics": OPT_IN}})[1]["purposes"] == {
        "analytics": {"allowed": stored, **OPT_IN}
    }


def test_update_consent_says_when_it_was_collected() -> None:
    client = acme()
    client.emulator.workspaces.default.clock.set(1_767_323_045, frozen=True)
    assert client.post(path("consent/update"), consent("true"))[1]["collectedAt"] == 1_767_323_045
    assert client.post(path("consent/get"), {**GDPR, "purposes": {}})[1]["collectedAt"] == 1_767_323_045


@pytest.mark.parametrize(
    "body",
    [
        consent(True),
        consent("yes"),
        {**GDPR, "purposes": {"analytics": OPT_IN}},
        {**GDPR, "purposes": []},
        {**GDPR, "identities": {"email": 7}, "purposes": {}},
        {**GDPR, "purposes": {}, "collectedAt": "now"},
        GDPR,
        [],
    ],
)
def test_update_consent_refuses_what_it_cannot_store(body: Any) -> None:
    client = acme()
    response = client.send("POST", path("consent/update"), body)
    assert response.status == 400 and response.headers["Access-Control-Allow-Origin"] == "*"
    assert client.post(path("consent/update"), body)[1]["error"]["code"] == "invalid"
    assert client.emulator.workspaces.default.view().ketch_consents.values() == []


@pytest.mark.parametrize("field", sorted({*GDPR, "purposes"}))
@pytest.mark.parametrize("verb", ["get", "update"])
def test_consent_needs_the_fields_of_the_published_types(field: str, verb: str) -> None:
    body = {name: value for name, value in consent("true").items() if name != field}
    status, answer = acme().post(path(f"consent/{verb}"), body)
    assert status == 400 and field in answer["error"]["message"]


def test_get_consent_returns_what_was_asked_where_nothing_is_stored() -> None:
    body = {**GDPR, "purposes": {"analytics": OPT_IN}}
    assert acme().post(path("consent/get"), body) == (200, body)


def test_get_consent_keeps_the_purposes_that_are_not_stored_beside_those_that_are() -> None:
    client = acme()
    client.post(path("consent/update"), consent("false"))
    asked = {"ads": OPT_IN, "analytics": {"legalBasisCode": "other"}}
    answer = client.post(path("consent/get"), {**GDPR, "purposes": asked})[1]
    assert answer["purposes"] == {"ads": OPT_IN, "analytics": {"allowed": "false", **OPT_IN}}


def test_get_consent_answers_all_purposes_where_none_is_asked() -> None:
    client = acme()
    client.post(path("consent/update"), consent("true"))
    assert list(client.post(path("consent/get"), {**GDPR, "purposes": {}})[1]["purposes"]) == ["analytics"]


def test_get_consent_knows_people_apart_and_takes_the_newest_of_several_identities() -> None:
    client = acme()
    client.post(path("consent/update"), consent("true", identities={"email": "a@b.c"}))
    client.post(path("consent/update"), consent("false", identities={"visitor": "v1"}))

    def allowed(**identities: str) -> Any:
        body = {**GDPR, "identities": identities, "purposes": {"analytics": OPT_IN}}
        return client.post(path("consent/get"), body)[1]["purposes"]["analytics"].get("allowed")

    assert [allowed(email="a@b.c"), allowed(email="x@b.c"), allowed(visitor="a@b.c")] == ["true", None, None]
    assert [allowed(email="a@b.c", visitor="v1"), allowed(visitor="v1", email="a@b.c")] == ["false", "false"]


@pytest.mark.parametrize("identities", [{}, {"email": ""}])
def test_update_consent_tells_when_there_is_nobody_to_store_it_for(identities: dict[str, str]) -> None:
    client = acme()
    assert client.post(path("consent/update"), consent("true", identities=identities))[0] == 200
    assert rules(client) == [("/identities", "ketch_no_identity")]


def test_consent_finds_the_organization_in_the_path() -> None:
    client = acme()
    status, body = client.post("/web/v2/consent/other/get", consent("true"))
    assert (status, body["error"]["code"]) == (404, "not_found")
    assert client.post(path("consent/update"), consent("true", organizationCode="other"))[0] == 200
    assert rules(client) == [("/organizationCode", "ketch_organization_differs")]


def test_consent_is_not_carried_to_braze() -> None:
    client = acme()
    client.post(path("consent/update"), consent("true"))
    assert client.emulator.journal.count(direction="out") == 0
