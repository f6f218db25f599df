"""Both sides of the integration: a choice made at Ketch arrives in Braze, with the permissions of the connection."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import faults
from tests.conftest import Client
from tests.ketch.acme import NEWS, TEXTS, acme, connection_state, document, news, update

APP, KETCH = "Bearer app-key", "Bearer ketch-key"


def state(client: Client, group: str = NEWS, **who: str) -> Any:
    (name, value), *_ = who.items() or [("email", "a@b.c")]
    query = f"subscription_group_id={group}&{name}={value.replace('+', '%2B')}"
    status, body = client.get("/subscription/status/get", query, authorization=APP)
    assert status == 200
    return body["status"][value]


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_an_opt_out_reaches_braze_and_is_read_back(version: str) -> None:
    client = acme()
    update(client, news("granted"), version=version)
    assert state(client) == "Subscribed"
    update(client, news("denied"), version=version)
    assert state(client) == "Unsubscribed"
    assert connection_state(client)["status"] == "ok"
    assert connection_state(client)["last_outcome"]["status"] == 201


def test_an_opt_out_has_one_trace_over_all_three_exchanges() -> None:
    client = acme()
    update(client, news("denied"))
    trace = client.entries[0].trace
    found = [(entry.service, entry.direction, entry.operation, entry.status) for entry in client.entries]
    assert found == [
        ("ketch", "in", "update_subscriptions", 200),
        ("braze", "in", "set_subscription_status", 201),
        ("ketch", "out", "forward_subscription", 201),
    ]
    assert {entry.trace for entry in client.entries} == {trace}


def test_an_opt_out_by_text_message_goes_by_phone() -> None:
    client = acme()
    update(client, news("denied", "sms"), identities={"email": "a@b.c", "phone": "+15125550100"})
    assert state(client, TEXTS, phone="+15125550100") == "Unsubscribed"


def test_an_opt_out_goes_by_external_id_where_the_connection_maps_it() -> None:
    mapped = [{"code": "braze", "braze_key": "ketch-key", "identity": {"external_id": "account_id"}}]
    given = {**document(connections=mapped), "profiles": [{"external_id": "u1", "email": "a@b.c"}]}
    client = acme(given)
    update(client, news("denied"), identities={"email": "a@b.c", "account_id": "u1"})
    assert state(client, external_id="u1") == "Unsubscribed"


def test_a_global_opt_out_becomes_the_email_state_of_the_profile() -> None:
    client = acme({**document(), "profiles": [{"external_id": "u1", "email": "a@b.c"}]})
    update(client, controls={"global_unsubscribe": {"status": "granted"}})
    body = {"external_ids": ["u1"], "fields_to_export": ["email_subscribe"]}
    status, answer = client.post("/users/export/ids", body, authorization=APP)
    assert (status, answer["users"][0]["email_subscribe"]) == (201, "unsubscribed")


@pytest.mark.parametrize(
    "key, status, expected",
    [("ketch-key", 201, "ok"), ("narrow-key", 403, "error"), ("nobody", 401, "error")],
)
def test_the_key_of_the_connection_decides(key: str, status: int, expected: str) -> None:
    given = document(connections=[{"code": "braze", "braze_key": key}])
    given["api_keys"].append({"key": "narrow-key", "permissions": ["users.track"]})
    client = acme(given)
    update(client, news("denied"))
    assert client.entries[-1].status == status
    assert connection_state(client)["status"] == expected
    assert state(client) == ("Unsubscribed" if status == 201 else "unknown")


def test_a_group_that_braze_does_not_have_makes_the_connection_fail() -> None:
    given = document()
    given["subscription_groups"] = []
    client = acme(given)
    update(client, news("denied"))
    assert (client.entries[-1].status, connection_state(client)["status"]) == (400, "error")


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("POST", "/subscription/status/set", {}, 400),
        ("POST", "/users/track", {}, 400),
        ("POST", "/users/export/ids", {}, 400),
        ("POST", "/content_blocks/create", {"name": "a", "content": "b"}, 403),
        ("GET", "/content_blocks/list", None, 403),
        ("POST", "/email/status", {"email": "a@b.c", "subscription_state": "unsubscribed"}, 403),
    ],
)
def test_the_eight_permissions_open_some_doors_only(method: str, path: str, body: Any, status: int) -> None:
    response = acme().send(method, path, body, authorization=KETCH)
    assert response.status == status


def test_a_minted_workspace_carries_an_opt_out_with_its_own_key() -> None:
    client = acme()
    own = {"topics": document()["partners"]["ketch"]["organizations"][0]["topics"]}
    workspace = client.emulator.workspaces.mint("w1", {"subscription_groups": document()["subscription_groups"]})
    organization = dict(workspace.view().ketch_organizations["ketch-w1"])
    code = organization["connections"][0]["code"]
    own["topics"][0]["channels"]["email"]["connection"] = code
    with workspace.transaction() as draft:
        draft.ketch_organizations["ketch-w1"] = {**organization, **own}
    body = {"identities": {"email": "a@b.c"}, "topics": news("denied")}
    assert client.post("/web/v2/subscriptions/ketch-w1/update", body) == (200, {})
    assert [(entry.workspace, entry.status) for entry in client.entries] == [("w1", 200), ("w1", 201), ("w1", 201)]


def test_a_later_attempt_can_still_arrive() -> None:
    client = acme()
    workspace = client.emulator.workspaces.default
    fault = {"when": {"operation": "set_subscription_status"}, "status": 429}
    workspace.faults.append(faults.parse(fault, "f1"))
    update(client, news("denied"))
    assert (state(client), connection_state(client)["status"]) == ("unknown", "error")
    client.emulator.dispatcher.advance(workspace, 60)
    assert (state(client), connection_state(client)["status"]) == ("Unsubscribed", "ok")
