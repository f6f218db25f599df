"""From a changed setting to the call that a connection makes to Braze."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from emulator import fates
from emulator.call import Response
from emulator.handlers.ketch import followups
from emulator.journal import Entry
from tests.conftest import Client
from tests.ketch.acme import NEWS, TEXTS, acme, connection_state, news, notes, rules, update

SET, TRACK = "/subscription/status/set", "/users/track"
EMAIL_ROUTE = {"connection": "braze", "subscription_group_id": NEWS}


def sent(client: Client) -> list[Entry]:
    return client.emulator.journal.find(limit=-1, direction="out", service="ketch")


def bodies(client: Client) -> list[Any]:
    return [orjson.loads(entry.request_body) for entry in sent(client)]


def topic(**channels: Any) -> list[dict[str, Any]]:
    return [{"code": "news", "channels": channels}]


def connection(**more: Any) -> list[dict[str, Any]]:
    return [{"code": "braze", "braze_key": "ketch-key", **more}]


@pytest.mark.parametrize("status, state", [("granted", "subscribed"), ("denied", "unsubscribed")])
def test_a_change_sets_the_subscription_group_with_the_key_of_the_connection(status: str, state: str) -> None:
    client = acme()
    update(client, news(status))
    assert rules(client) == []
    (entry,) = sent(client)
    assert entry.path == "https://rest.iad-01.braze.com" + SET
    assert (entry.method, entry.operation) == ("POST", "forward_subscription")
    assert entry.request_headers == {"authorization": "Bearer ketch-key", "content-type": "application/json"}
    expected = {"subscription_group_id": NEWS, "subscription_state": state, "email": ["a@b.c"]}
    assert orjson.loads(entry.request_body) == expected


def test_a_change_travels_under_the_trace_of_the_call_that_made_it() -> None:
    client = acme()
    body = {"identities": {"email": "a@b.c"}, "topics": news("denied")}
    client.send("POST", "/web/v2/subscriptions/acme/update", body, x_emulator_trace="trace-7")
    found = [(entry.service, entry.direction) for entry in client.emulator.journal.find(limit=-1, trace="trace-7")]
    assert found == [("ketch", "in"), ("braze", "in"), ("ketch", "out")]


def test_each_channel_goes_to_its_own_group() -> None:
    client = acme()
    both = {"news": {"email": {"status": "denied"}, "sms": {"status": "granted"}}}
    update(client, both, identities={"email": "a@b.c", "phone": "+15125550100"})
    assert bodies(client) == [
        {"subscription_group_id": NEWS, "subscription_state": "unsubscribed", "email": ["a@b.c"]},
        {"subscription_group_id": TEXTS, "subscription_state": "subscribed", "phone": ["+15125550100"]},
    ]


@pytest.mark.parametrize(
    "channel, mapping, identities, expected",
    [
        ("email", None, {"email": "a@b.c", "external_id": "u1"}, {"email": ["a@b.c"]}),
        ("email", None, {"external_id": "u1"}, {"external_id": ["u1"]}),
        ("email", None, {"email": "", "external_id": "u1"}, {"external_id": ["u1"]}),
        ("email", {"external_id": "account_id"}, {"email": "a@b.c", "account_id": "u1"}, {"external_id": ["u1"]}),
        ("email", {"email": "mail"}, {"mail": "a@b.c"}, {"email": ["a@b.c"]}),
        ("sms", None, {"email": "a@b.c", "phone": "+1"}, {"phone": ["+1"]}),
        ("sms", None, {"email": "a@b.c", "external_id": "u1"}, {"external_id": ["u1"]}),
        ("email", None, {"phone": "+1"}, None),
        ("email", None, {"visitor": "v1"}, None),
        ("email", {"external_id": "account_id"}, {"email": "a@b.c"}, None),
        ("email", {"phone": "tel"}, {"tel": "+1"}, None),
        ("sms", None, {"email": "a@b.c"}, None),
    ],
)
def test_the_mapping_of_the_connection_says_who_it_is(
    channel: str, mapping: Any, identities: dict[str, str], expected: Any
) -> None:
    client = acme(connections=connection(**({"identity": mapping} if mapping else {})))
    update(client, news("denied", channel), identities=identities)
    if expected is None:
        assert bodies(client) == [] and rules(client) == [(f"/topics/news/{channel}/status", "ketch_not_forwarded")]
        assert "connection 'braze' finds people by" in notes(client)
    else:
        (body,) = bodies(client)
        del body["subscription_group_id"], body["subscription_state"]
        assert body == expected and rules(client) == []


@pytest.mark.parametrize(
    "topics, note",
    [
        ([], "topic 'news' is not configured; declare it in the seed under partners.ketch.organizations"),
        (topic(), "channel 'email' of topic 'news' has no connection and no subscription_group_id"),
        (topic(sms=EMAIL_ROUTE), "channel 'email' of topic 'news' has no connection and no subscription_group_id"),
        (topic(email={"connection": "braze"}), "channel 'email' of topic 'news' has no subscription_group_id"),
        (topic(email={"subscription_group_id": NEWS}), "channel 'email' of topic 'news' has no connection;"),
    ],
)
def test_a_change_that_nothing_carries_names_what_is_missing(topics: Any, note: str) -> None:
    client = acme(topics=topics)
    update(client, news("denied"))
    assert rules(client) == [("/topics/news/email/status", "ketch_not_forwarded")] and note in notes(client)
    assert bodies(client) == [] and fates.is_loss("ketch_not_forwarded")


def test_only_changes_are_sent() -> None:
    client = acme()
    for status in ("granted", "granted", "denied", "denied", "granted"):
        update(client, news(status))
    assert [body["subscription_state"] for body in bodies(client)] == ["subscribed", "unsubscribed", "subscribed"]


def test_another_identity_of_the_same_person_is_no_change() -> None:
    client = acme()
    update(client, news("denied"), identities={"email": "a@b.c", "visitor": "v1"})
    update(client, news("denied"), identities={"email": "a@b.c"})
    update(client, news("denied"), identities={"email": "other@b.c"})
    assert [body["email"] for body in bodies(client)] == [["a@b.c"], ["other@b.c"]]


@pytest.mark.parametrize(
    "opt_out, status, state",
    [
        ("granted", "granted", "unsubscribed"),
        ("granted", "denied", "subscribed"),
        ("denied", "denied", "unsubscribed"),
        ("denied", "granted", "subscribed"),
    ],
)
def test_a_control_travels_as_the_global_email_state(opt_out: str, status: str, state: str) -> None:
    client = acme(controls=[{"code": "all", "opt_out": opt_out, "connection": "braze"}])
    update(client, controls={"all": {"status": status}})
    assert [entry.path for entry in sent(client)] == ["https://rest.iad-01.braze.com" + TRACK]
    assert sent(client)[0].operation == "forward_control"
    assert bodies(client) == [{"attributes": [{"email": "a@b.c", "email_subscribe": state}]}]


@pytest.mark.parametrize("controls", [[], [{"code": "all", "opt_out": "denied"}]])
def test_a_control_without_connection_stays_at_ketch(controls: Any) -> None:
    client = acme(controls=controls)
    update(client, controls={"all": {"status": "denied"}})
    assert rules(client) == [("/controls/all/status", "ketch_not_forwarded")]
    assert "control 'all' has no connection" in notes(client) and bodies(client) == []


def test_the_connection_has_an_endpoint_of_its_own() -> None:
    client = acme(connections=connection(endpoint="https://rest.fra-01.braze.eu/"))
    update(client, news("denied"))
    assert sent(client)[0].path == "https://rest.fra-01.braze.eu" + SET and sent(client)[0].status != 0


def test_a_connection_is_untested_before_its_first_call() -> None:
    assert connection_state(acme()) == {"status": "untested", "last_outcome": None}


@pytest.mark.parametrize(
    "status, expected",
    [
        (200, "ok"),
        (201, "ok"),
        (202, "ok"),
        (400, "error"),
        (401, "error"),
        (403, "error"),
        (500, "error"),
        (0, "error"),
    ],
)
def test_a_connection_remembers_how_the_last_call_went(status: int, expected: str) -> None:
    workspace = acme().emulator.workspaces.default
    with workspace.transaction() as draft:
        data = {"organization": "acme", "connection": "braze", "change": "/topics/news/email/status"}
        followups.connection_answered(draft, data, Response(status))
    (found,) = workspace.view().ketch_connections.values()
    assert found == {
        "status": expected,
        "last_outcome": {"status": status, "change": "/topics/news/email/status"},
    }


def test_a_wrong_key_makes_the_connection_fail() -> None:
    client = acme(connections=connection(braze_key="wrong"))
    update(client, news("denied"))
    assert connection_state(client)["status"] == "error"


def test_an_endpoint_outside_is_not_called() -> None:
    client = acme(connections=connection(endpoint="https://braze.example.com"))
    update(client, news("denied"))
    assert sent(client)[0].status == 0 and "nothing leaves this machine" in sent(client)[0].note
    assert connection_state(client) == {
        "status": "error",
        "last_outcome": {"status": 0, "change": "/topics/news/email/status"},
    }
