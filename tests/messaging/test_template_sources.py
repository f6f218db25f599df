"""What the seed holds for templates: catalogs, promotion codes, credentials, shopping carts."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from tests.conftest import Client, client

SEED: dict[str, Any] = {
    "clock": {"now": "2026-01-01T12:00:00Z", "frozen": True},
    "profiles": [{"external_id": "ada", "email": "ada@example.com"}, {"external_id": "bob", "email": "b@example.com"}],
    "catalogs": [
        {
            "name": "games",
            "items": [
                {"id": "chess", "title": "Chess", "price": 20},
                {"id": "go", "title": "Go", "price": 30},
                {"id": "dice", "title": "Dice"},
            ],
            "selections": [
                {"name": "dear", "filters": [{"field": "price", "comparison": "greater_than", "value": 10}],
                 "sort_field": "price", "sort_order": "desc"},
                {"name": "first", "sort_field": "title", "limit": 1},
            ],
        }
    ],
    "promotion_codes": [{"name": "spring", "codes": ["A1", "B2"]}],
    "connected_content_credentials": [
        {"name": "shop", "username": "me", "password": "secret"},
        {"name": "anywhere", "token": "t1"},
        {"name": "passkit", "token": "t2", "header": "X-Token", "allowed_domain": "passkit.io"},
        {"name": "elsewhere", "token": "t3", "header": "X-Token", "allowed_domain": "kit.io"},
    ],
    "shopping_carts": [{"id": "c1", "products": [{"name": "Chess"}]}, {"id": "c2", "abandoned": False, "products": []}],
}  # fmt: skip


def sent(body: str, users: tuple[str, ...] = ("ada",), braze: Client | None = None) -> list[str]:
    """The bodies of an e-mail to the users, where it was sent."""
    braze = braze or client(SEED)
    message = {"app_id": "app", "from": "S <s@example.com>", "subject": "s", "body": body}
    status, _ = braze.post("/messages/send", {"external_user_ids": list(users), "messages": {"email": message}})
    assert status == 201
    return [one["content"]["body"] for one in braze.emulator.workspaces.default.view().messages.values()]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% catalog_items games go chess %}{{ items[0].title }}, {{ items[1].price }}", "Go, 20"),
        ("{% catalog_items games none %}{{ items.size }}", "0"),
        ("{% catalog_selection_items games dear %}{% for i in items %}{{ i.id }} {% endfor %}", "go chess "),
        ("{% catalog_selection_items games first %}{% for i in items %}{{ i.id }} {% endfor %}", "chess "),
        ("{% catalog_selection_items games other %}{{ items.size }}", "0"),
        ("{% promotion('spring') %} {% promotion('spring') %}", "A1 A1"),
        ("{% shopping_cart c1 %}{{ shopping_cart.products[0].name }}", "Chess"),
    ],
)
def test_templates_see_what_the_seed_declares(template: str, text: str) -> None:
    assert sent(template) == [text]


def test_each_message_uses_a_promotion_code_up_and_without_one_it_is_not_sent() -> None:
    braze = client({**SEED, "profiles": [*SEED["profiles"], {"external_id": "eve", "email": "e@example.com"}]})
    assert sent("{% promotion('spring') %}", ("ada", "bob", "eve"), braze) == ["A1", "B2"]
    outcomes = [(one["outcome"], one["reason"]) for one in braze.emulator.workspaces.default.view().decisions.values()]
    assert outcomes[-1] == ("aborted", "body: no promotion code is left in the list 'spring'")


def test_a_message_that_is_aborted_uses_no_code_up() -> None:
    braze = client(SEED)
    assert sent("{% promotion('spring') %}{% abort_message %}", braze=braze) == []
    assert sent("{% promotion('spring') %}", braze=braze) == ["A1"]


def test_a_cart_that_is_not_abandoned_aborts() -> None:
    assert sent("{% shopping_cart c2 %}x") == []
    assert sent("{% shopping_cart c2 :abort_if_not_abandoned false %}x") == ["x"]


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        (":basic_auth shop", "authorization", "Basic bWU6c2VjcmV0"),
        (":auth_credentials anywhere", "authorization", "t1"),
        (":auth_credentials passkit", "x-token", "t2"),
        (":auth_credentials elsewhere", "x-token", None),
    ],
)
def test_connected_content_signs_with_a_stored_credential(options: str, header: str, value: str | None) -> None:
    braze = client(SEED)
    sent(f"{{% connected_content https://api-pub1.passkit.io/coupon/x {options} :save y %}}", braze=braze)
    [entry] = braze.emulator.journal.find(operation="connected_content")
    assert entry.request_headers.get(header) == value


@pytest.mark.parametrize("options", [":basic_auth nobody", ":basic_auth passkit", ":auth_credentials shop"])
def test_a_credential_that_is_not_there_or_of_another_kind_aborts_the_message(options: str) -> None:
    assert sent(f"{{% connected_content https://api-pub1.passkit.io/x {options} %}}x") == []


def test_a_selection_that_cannot_be_evaluated_stops_the_start() -> None:
    bad = {"name": "s", "filters": [{"field": "a", "comparison": "matches_regex", "value": "("}]}
    with pytest.raises(ConfigError, match=r"seed.catalogs\[0\].selections\[0\].filters\[0\]: '\(' is not a regular"):
        Emulator({"catalogs": [{"name": "c", "selections": [bad]}]})


def test_a_credential_is_a_password_or_a_token() -> None:
    with pytest.raises(ConfigError, match=r"seed.connected_content_credentials\[0\]"):
        Emulator({"connected_content_credentials": [{"name": "c", "username": "u"}]})


def test_the_links_of_the_e_mail_lists_name_the_state_and_the_user() -> None:
    [body] = sent(
        "{% for x in (1..1) %}{{${set_user_to_unsubscribed_url}}} {{${set_user_to_opted_in_url}}}{% endfor %}"
    )
    [ada] = [one for one in client(SEED).emulator.workspaces.default.view().profiles.values() if one["email"][0] == "a"]
    lists = "https://email-lists.invalid"
    assert body == f"{lists}/unsubscribed/{ada['braze_id']} {lists}/opted_in/{ada['braze_id']}"


def test_the_app_version_is_that_of_the_app_used_last() -> None:
    apps = [
        {"name": "new", "version": "2.0", "last_used": "2026-01-01T00:00:00Z"},
        {"name": "old", "version": "1.0", "last_used": "2025-01-01T00:00:00Z"},
    ]
    braze = client({**SEED, "profiles": [{"external_id": "ada", "email": "a@example.com", "apps": apps}]})
    assert sent("{{${most_recent_app_version}}}", braze=braze) == ["2.0"]
    braze = client({**SEED, "profiles": [{"external_id": "ada", "email": "a@example.com"}]})
    assert sent("[{{${most_recent_app_version}}}]", braze=braze) == ["[]"]
