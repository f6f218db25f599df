"""Topics and controls as the official client reads and writes them."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import fates
from emulator.pipeline import Emulator
from tests.conftest import Client
from tests.ketch.acme import BASE, WHO, acme, news, notes, path, rules, update


def read(client: Client, **identities: str) -> Any:
    status, body = client.post(path("subscriptions/get"), {**BASE, "identities": identities or WHO["identities"]})
    assert status == 200
    return body


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_update_subscriptions_answers_an_empty_object(version: str) -> None:
    client = acme()
    body = {**BASE, **WHO, "topics": news("granted"), "controls": {"global_unsubscribe": {"status": "denied"}}}
    response = client.send("POST", path("subscriptions/update", version), body)
    assert (response.status, response.body) == (200, b"{}")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    answer = read(client)
    assert answer["topics"] == news("granted")
    assert answer["controls"] == {"global_unsubscribe": {"status": "denied"}}


def test_get_subscriptions_echoes_the_request_without_the_organization() -> None:
    answer = read(acme())
    assert answer == {
        "propertyCode": "web",
        "environmentCode": "production",
        "identities": {"email": "a@b.c"},
        "topics": {},
        "controls": {},
    }


def test_get_subscriptions_says_when_they_were_collected() -> None:
    client = acme()
    client.emulator.workspaces.default.clock.set(1_767_323_045, frozen=True)
    update(client, news("granted"))
    assert read(client)["collectedAt"] == 1_767_323_045
    update(client, news("denied"), collectedAt=1_700_000_000)
    assert read(client)["collectedAt"] == 1_700_000_000


def test_get_subscriptions_keeps_what_later_updates_do_not_name() -> None:
    client = acme()
    update(client, news("granted"))
    update(client, news("denied", "sms"))
    assert read(client)["topics"] == {"news": {"email": {"status": "granted"}, "sms": {"status": "denied"}}}


def test_get_subscriptions_takes_the_newest_of_several_identities() -> None:
    client = acme()
    update(client, news("granted"), identities={"email": "a@b.c"})
    update(client, news("denied"), identities={"phone": "+1"})
    assert read(client, email="a@b.c")["topics"] == news("granted")
    assert read(client, email="a@b.c", phone="+1")["topics"] == news("denied")
    update(client, {"offers": {"email": {"status": "denied"}}}, identities={"email": "a@b.c"})
    assert read(client, email="a@b.c", phone="+1")["topics"]["news"] == news("denied")["news"]


@pytest.mark.parametrize("setting", [{"status": "subscribed"}, {"status": "GRANTED"}, {"status": ""}, {}])
def test_update_subscriptions_records_what_it_cannot_read_as_denied(setting: dict[str, str]) -> None:
    client = acme()
    update(client, {"news": {"email": setting}}, {"global_unsubscribe": setting})
    assert rules(client) == [
        ("/topics/news/email/status", "ketch_unreadable_status"),
        ("/controls/global_unsubscribe/status", "ketch_unreadable_status"),
    ]
    assert read(client)["topics"] == news("denied")
    assert fates.is_loss("ketch_unreadable_status")


def test_update_subscriptions_tells_what_was_so_before() -> None:
    client = acme()
    update(client, news("granted"))
    update(
        client, {"news": {"email": {"status": "granted"}, "sms": {"status": "granted"}}}, identities=WHO["identities"]
    )
    assert ("/topics/news/email/status", "ketch_unchanged") in rules(client)
    assert not fates.is_loss("ketch_unchanged")


@pytest.mark.parametrize("identities", [None, {}, {"email": ""}])
def test_update_subscriptions_tells_when_there_is_nobody_to_store_it_for(identities: Any) -> None:
    client = acme()
    body = {**BASE, "topics": news("denied")} | ({} if identities is None else {"identities": identities})
    assert client.post(path("subscriptions/update"), body) == (200, {})
    assert rules(client) == [("/identities", "ketch_no_identity")]
    assert "captur" in notes(client) and fates.is_loss("ketch_no_identity")
    view = client.emulator.workspaces.default.view()
    assert view.ketch_subscriptions.values() == [] and client.emulator.journal.count(direction="out") == 0


@pytest.mark.parametrize(
    "body",
    [
        {"topics": []},
        {"topics": {"news": "granted"}},
        {"topics": {"news": {"email": "granted"}}},
        {"topics": {"news": {"email": {"status": True}}}},
        {"controls": {"global_unsubscribe": {"status": None}}},
        {"identities": {"email": ["a@b.c"]}},
        {"identities": "a@b.c"},
        {"organizationCode": 7},
        [],
        7,
    ],
)
@pytest.mark.parametrize("verb", ["get", "update"])
def test_subscriptions_refuse_what_has_another_shape(body: Any, verb: str) -> None:
    status, answer = acme().post(path(f"subscriptions/{verb}"), body)
    assert (status, answer["error"]["code"], answer["error"]["status"]) == (400, "invalid", 400)


@pytest.mark.parametrize("verb", ["get", "update"])
def test_subscriptions_need_the_organization_of_the_path_only(verb: str) -> None:
    assert acme().post(path(f"subscriptions/{verb}"), {"identities": {"email": "a@b.c"}})[0] == 200


def test_subscriptions_refuse_a_body_that_is_no_json() -> None:
    status, answer = acme().post(path("subscriptions/update"), '{"topics": {,}}')
    assert status == 400 and "line 1" in answer["error"]["message"]


def test_subscriptions_know_every_organization_while_none_is_seeded() -> None:
    client = Client(Emulator(), {})
    update(client, news("denied"))
    assert rules(client) == [("/topics/news/email/status", "ketch_not_forwarded")]
    assert read(client)["topics"] == news("denied")


@pytest.mark.parametrize(
    "method, where, status",
    [
        ("GET", "/web/v2/subscriptions/acme/get", 405),
        ("POST", "/web/v2/subscriptions/acme/delete", 404),
        ("POST", "/web/v1/subscriptions/acme/get", 404),
        ("GET", "/web/v2/nothing", 404),
    ],
)
def test_subscriptions_answer_wrong_paths_and_methods(method: str, where: str, status: int) -> None:
    assert acme().send(method, where, {}, host="global.ketchcdn.com").status == status


def test_subscriptions_are_found_by_the_real_host_name() -> None:
    assert acme().post(path("subscriptions/get"), WHO, host="global.ketchcdn.com")[0] == 200
