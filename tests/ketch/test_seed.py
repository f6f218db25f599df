"""What a seed may say of Ketch, the permissions of a connection's key, and the credentials of a minted workspace."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from emulator.state import ketch
from tests.ketch.acme import NEWS, acme, document, news, update

TWICE = [{"code": "c", "braze_key": "k"}, {"code": "c", "braze_key": "k"}]
CONTROL = {"code": "t", "opt_out": "denied", "connection": "x"}


def test_the_permissions_are_the_eight_of_the_page() -> None:
    assert sorted(ketch.PERMISSIONS) == [
        "email.blacklist",
        "email.unsubscribe",
        "subscription.status.get",
        "subscription.status.set",
        "users.alias.new",
        "users.delete",
        "users.export.ids",
        "users.track",
    ]


@pytest.mark.parametrize(
    "organizations, text",
    [
        ([{"code": "a"}, {"code": "a"}], "organization code 'a' stands twice"),
        ([{"code": "a", "connections": TWICE}], "connection code (it must be unique over all connections) 'c'"),
        ([{"code": "a", "connections": TWICE[:1]}, {"code": "b", "connections": TWICE[:1]}], "'c' stands twice"),
        ([{"code": "a", "topics": [{"code": "t"}, {"code": "t"}]}], "code in topics of 'a' 't' stands twice"),
        (
            [{"code": "a", "topics": [{"code": "t", "channels": {"email": {"connection": "x"}}}]}],
            "organization 'a' uses the connection 'x', but declares none",
        ),
        (
            [
                {
                    "code": "a",
                    "connections": TWICE[:1],
                    "controls": [{"code": "t", "opt_out": "denied", "connection": "x"}],
                }
            ],
            "uses the connection 'x', but declares c",
        ),
        ([{"code": ""}], "partners.ketch.organizations[0].code"),
        ([{"code": "a", "connections": [{"code": "c"}]}], "'braze_key' is a required property"),
        ([{"code": "a", "controls": [{"code": "c"}]}], "'opt_out' is a required property"),
        ([{"code": "a", "connections": [{**TWICE[0], "identity": {}}]}], "identity"),
        ([{"code": "a", "connections": [{**TWICE[0], "endpoint": "rest.iad-01.braze.com"}]}], "endpoint"),
        ([{"code": "a", "colour": "red"}], "colour"),
    ],
)
def test_a_seed_that_contradicts_itself_is_refused(organizations: Any, text: str) -> None:
    with pytest.raises(ConfigError, match="ketch") as caught:
        Emulator({"partners": {"ketch": {"organizations": organizations}}})
    assert text in str(caught.value)


def test_a_minted_workspace_gets_a_connection_with_a_key_of_the_eight_permissions() -> None:
    emulator = Emulator()
    workspace = emulator.workspaces.mint("w1", {})
    found = {(service, account.credential): account for service, account in emulator.workspaces.credentials(workspace)}
    (organization,) = workspace.view().ketch_organizations.values()
    key = organization["connections"][0]["braze_key"]
    assert ("ketch:org", "ketch-w1") in found
    assert found["braze", key].permissions == frozenset(ketch.PERMISSIONS)
    assert [account.permissions for (service, _), account in found.items() if service == "braze"].count(None) == 1


def test_a_minted_workspace_keeps_the_organization_that_its_seed_declares() -> None:
    emulator = Emulator()
    workspace = emulator.workspaces.mint("w1", document())
    assert list(workspace.view().ketch_organizations) == ["acme"]
    assert [key["key"] for key in workspace.view().api_keys.values()] == ["app-key", "ketch-key"]


def test_minted_workspaces_do_not_see_each_other() -> None:
    client = acme()
    client.emulator.workspaces.mint("w1", {})
    body = {"identities": {"email": "a@b.c"}, "topics": news("denied")}
    assert client.post("/web/v2/subscriptions/ketch-w1/update", body) == (200, {})
    assert client.emulator.workspaces.default.view().ketch_subscriptions.values() == []
    assert client.post("/web/v2/subscriptions/acme/get", body)[1]["topics"] == {}


def test_a_reset_forgets_settings_and_keeps_the_organization() -> None:
    client = acme()
    update(client, news("denied"))
    client.emulator.workspaces.default.reset()
    view = client.emulator.workspaces.default.view()
    assert view.ketch_subscriptions.values() == [] and view.ketch_organizations["acme"]["topics"][0]["code"] == "news"
    update(client, news("denied"))
    assert client.emulator.journal.count(direction="out", body={"subscription_group_id": NEWS}) == 2
