"""Subscription groups: set by external_id, e-mail or phone in both versions, read back, kept for later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client

NEWS, TEXTS, CHAT = "news", "texts", "chat"
V1, V2, GET = "/subscription/status/set", "/v2/subscription/status/set", "/subscription/status/get"
SUCCESS = (201, {"message": "success"})
UNKNOWN = (400, {"message": "Invalid subscription group ID"})
BOTH = (400, {"message": "Either an email address or a phone number should be provided, but not both."})
NOBODY = (400, {"message": "Either an external_id, an email address or a phone number should be provided."})
BAD_STATE = (400, {"message": "subscription_state must be 'subscribed' or 'unsubscribed'"})
TOO_MANY = (400, {"message": "The max number of ids per request was exceeded"})
SEED = {
    "clock": {"now": "2026-01-31T12:00:00Z", "frozen": True},
    "subscription_groups": [
        {"id": NEWS, "name": "News", "channel": "email"},
        {"id": TEXTS, "name": "Texts", "channel": "sms"},
        {"id": CHAT, "name": "Chat", "channel": "whatsapp"},
    ],
    "profiles": [
        {"external_id": "ada", "email": "ada@example.com", "phone": "+14155552671"},
        {"external_id": "bob", "email": "ADA@example.com"},
        {"external_id": "eve", "phone": "+14155552671", "subscription_groups": {TEXTS: "subscribed"}},
    ],
}


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def set_one(braze: Client, group: str, state: str, **who: Any) -> tuple[int, Any]:
    return braze.post(V1, {"subscription_group_id": group, "subscription_state": state, **who})


def entry(group: str, state: str = "subscribed", **who: Any) -> dict[str, Any]:
    return {"subscription_group_id": group, "subscription_state": state, **who}


def read(braze: Client, group: str, query: str) -> dict[str, str]:
    status, body = braze.get(GET, f"subscription_group_id={group}&{query}")
    assert (status, body["message"]) == (200, "success")
    return dict(body["status"])


def states(braze: Client, group: str) -> dict[str, str]:
    return read(braze, group, "external_id[]=ada&external_id[]=bob&external_id[]=eve")


# version 1


@pytest.mark.parametrize(
    ("group", "who", "subscribed"),
    [
        (NEWS, {"external_id": ["ada"]}, ["ada", "bob"]),
        (NEWS, {"external_id": "ada"}, ["ada", "bob"]),
        (NEWS, {"external_id": "eve"}, ["eve"]),
        (NEWS, {"email": "Ada@Example.com"}, ["ada", "bob"]),
        (NEWS, {"email": ["ada@example.com"]}, ["ada", "bob"]),
        (TEXTS, {"phone": "+14155552671"}, ["ada", "eve"]),
        (CHAT, {"phone": ["+14155552671"]}, ["ada", "eve"]),
        (TEXTS, {"external_id": ["bob"]}, ["bob", "eve"]),
    ],
    ids=str,
)
def test_set_subscription_status_reaches_everybody_with_the_address(
    braze: Client, group: str, who: dict[str, Any], subscribed: list[str]
) -> None:
    assert set_one(braze, group, "subscribed", **who) == SUCCESS
    assert [name for name, state in states(braze, group).items() if state == "Subscribed"] == subscribed


def test_set_subscription_status_tells_of_the_others(braze: Client) -> None:
    set_one(braze, NEWS, "unsubscribed", external_id=["ada"])
    assert braze.fates == [("/external_id/0", "shared_address")]
    set_one(braze, NEWS, "unsubscribed", email="ada@example.com")
    assert braze.fates == [("/email", "unchanged")]


def test_set_subscription_status_does_nothing_for_an_unknown_user(braze: Client) -> None:
    assert set_one(braze, NEWS, "subscribed", external_id=["ada", "zoe"]) == SUCCESS
    assert braze.fates == [("/external_id/0", "shared_address"), ("/external_id/1", "no_match")]


@pytest.mark.parametrize(
    ("group", "who"), [(NEWS, {"phone": "+14155552671"}), (TEXTS, {"email": "ada@example.com"})], ids=str
)
def test_set_subscription_status_by_the_address_of_another_channel(
    braze: Client, group: str, who: dict[str, Any]
) -> None:
    before = states(braze, group)
    assert set_one(braze, group, "unsubscribed", **who) == SUCCESS
    assert [rule for _, rule in braze.fates] == ["wrong_channel"]
    assert states(braze, group) == before


def test_set_subscription_status_prefers_the_external_id(braze: Client) -> None:
    set_one(braze, NEWS, "subscribed", external_id=["eve"], email="ada@example.com")
    assert braze.fates == [("/email", "ignored")]
    assert states(braze, NEWS) == {"ada": "unknown", "bob": "unknown", "eve": "Subscribed"}


@pytest.mark.parametrize("external_id", [77, 77.0, [77]])
def test_set_subscription_status_reads_an_integer_as_external_id(braze: Client, external_id: Any) -> None:
    braze.post("/users/track", {"attributes": [{"external_id": 77}]})
    assert set_one(braze, NEWS, "subscribed", external_id=external_id) == SUCCESS
    assert [rule for _, rule in braze.fates] == ["coerced_to_text"]
    assert read(braze, NEWS, "external_id=77") == {"77": "Subscribed"}
    group = entry(NEWS, "unsubscribed", external_ids=external_id)
    assert braze.post(V2, {"subscription_groups": [group]}) == SUCCESS
    assert read(braze, NEWS, "external_id=77") == {"77": "Unsubscribed"}


REFUSED: list[tuple[dict[str, Any], tuple[int, Any]]] = [
    (entry("other", external_id=["ada"]), UNKNOWN),
    (entry("", external_id=["ada"]), UNKNOWN),
    ({"subscription_state": "subscribed", "external_id": ["ada"]}, UNKNOWN),
    (entry(NEWS, email="a@b.co", phone="+14155552671"), BOTH),
    (entry(NEWS), NOBODY),
    (entry(NEWS, "opted_in", external_id="ada"), BAD_STATE),
    (entry(NEWS, email=["a@b.co"] * 51), TOO_MANY),
    (entry(TEXTS, phone=["+14155552671"] * 51), TOO_MANY),
    (entry(TEXTS, phone="4155552671"), (400, {"message": "Invalid phone number"})),
    (entry(TEXTS, phone=["+14155552671\n"]), (400, {"message": "Invalid phone number"})),
    (entry(TEXTS, phone=5), (400, {"message": "Invalid phone number"})),
    (entry(TEXTS, phone=[]), NOBODY),
    *[(entry(NEWS, email=email), NOBODY) for email in ("", [], [""], 5, {}, None)],
    *[(entry(NEWS, external_id=external_id), NOBODY) for external_id in ("", [], [""], [None], {}, True, 1.5)],
    (entry(NEWS, external_id="ada", use_double_opt_in_logic="yes"),
     (400, {"message": "'use_double_opt_in_logic' is not valid"})),
]  # fmt: skip


@pytest.mark.parametrize(("body", "answer"), REFUSED, ids=lambda value: str(value)[:60])
def test_set_subscription_status_refuses(braze: Client, body: dict[str, Any], answer: tuple[int, Any]) -> None:
    assert braze.post(V1, body) == answer
    assert "shared_address" not in str(braze.fates)


def test_set_subscription_status_says_how_to_make_a_group_known(braze: Client) -> None:
    response = braze.send("POST", V1, entry("other", external_id=["ada"]))
    hint = response.headers["X-Emulator-Hint"]
    assert "declare it in the seed under subscription_groups" in hint
    assert "chat, news, texts" in hint


# kept for later


def test_set_subscription_status_is_kept_for_a_profile_that_comes_later(braze: Client) -> None:
    set_one(braze, NEWS, "unsubscribed", email="New@example.com")
    assert braze.fates == [("/email", "stored_for_later")]
    assert read(braze, NEWS, "email=new@example.com") == {"new@example.com": "Unsubscribed"}
    braze.post("/users/track", {"attributes": [{"external_id": "new", "email": "new@example.com"}]})
    assert ("/attributes/0/email", "inherited_state") in braze.fates
    assert read(braze, NEWS, "external_id=new") == {"new": "Unsubscribed"}
    assert len(braze.emulator.workspaces.default.state["orphan_states"]) == 0


@pytest.mark.parametrize(("days", "state"), [(29.9, "Unsubscribed"), (30, "unknown")])
def test_set_subscription_status_is_kept_for_30_days(braze: Client, days: float, state: str) -> None:
    set_one(braze, TEXTS, "unsubscribed", phone="+15550001111")
    braze.emulator.workspaces.default.clock.advance(days * 86400)
    assert read(braze, TEXTS, "phone=%2B15550001111") == {"+15550001111": state}
    braze.post("/users/track", {"attributes": [{"phone": "+15550001111"}, {"external_id": "x"}]})
    assert read(braze, TEXTS, "phone=%2B15550001111") == {"+15550001111": state}


def test_set_subscription_status_is_kept_for_the_first_that_gets_the_address(braze: Client) -> None:
    """Whether it is created with it or was there before; nothing is kept any longer for a second one."""
    set_one(braze, NEWS, "subscribed", email="new@example.com")
    braze.post("/users/track", {"attributes": [{"external_id": "eve", "email": "new@example.com"}]})
    assert braze.fates == [("/attributes/0/email", "inherited_state")]
    assert read(braze, NEWS, "external_id=eve") == {"eve": "Subscribed"}
    braze.post("/users/track", {"attributes": [{"external_id": "eve", "email": None}]})
    braze.post("/users/track", {"attributes": [{"external_id": "zoe", "email": "new@example.com"}]})
    assert read(braze, NEWS, "external_id=zoe") == {"zoe": "unknown"}


# double opt-in


@pytest.mark.parametrize(
    ("group", "state", "phone_or_email", "rules"),
    [
        (TEXTS, "subscribed", {"phone": "+14155552671"}, ["double_opt_in"]),
        (TEXTS, "subscribed", {"phone": "+15550001111"}, ["no_match"]),
        (TEXTS, "unsubscribed", {"phone": "+15550001111"}, ["stored_for_later"]),
        (NEWS, "subscribed", {"email": "eve@example.com"}, ["no_double_opt_in", "stored_for_later"]),
        (NEWS, "unsubscribed", {"email": "eve@example.com"}, ["stored_for_later"]),
        (TEXTS, "subscribed", {"external_id": "bob"}, ["nobody_to_ask"]),
        (TEXTS, "subscribed", {"external_id": "ada"}, ["double_opt_in"]),
    ],
    ids=str,
)
def test_set_subscription_status_with_double_opt_in(
    braze: Client, group: str, state: str, phone_or_email: dict[str, Any], rules: list[str]
) -> None:
    assert set_one(braze, group, state, use_double_opt_in_logic=True, **phone_or_email) == SUCCESS
    assert [found for _, found in braze.fates] == rules
    assert states(braze, TEXTS) == {"ada": "unknown", "bob": "unknown", "eve": "Subscribed"}


# version 2


def test_set_subscription_status_v2_sets_several_groups(braze: Client) -> None:
    groups = [
        entry(NEWS, "unsubscribed", external_ids=["ada", "eve"]),
        entry(TEXTS, external_id=["bob"]),
        entry(CHAT, external_ids="bob"),
    ]
    assert braze.post(V2, {"subscription_groups": groups}) == SUCCESS
    assert braze.fates == [("/subscription_groups/0/external_ids/0", "shared_address")]
    assert states(braze, NEWS) == dict.fromkeys(("ada", "bob", "eve"), "Unsubscribed")
    assert states(braze, TEXTS)["bob"] == states(braze, CHAT)["bob"] == "Subscribed"


@pytest.mark.parametrize(
    ("group", "who", "subscribed"),
    [
        (NEWS, {"emails": "ada@example.com"}, ["ada", "bob"]),
        (NEWS, {"emails": ["ada@example.com"]}, ["ada", "bob"]),
        (CHAT, {"phones": ["+14155552671"]}, ["ada", "eve"]),
    ],
    ids=str,
)
def test_set_subscription_status_v2_by_address(
    braze: Client, group: str, who: dict[str, Any], subscribed: list[str]
) -> None:
    assert braze.post(V2, {"subscription_groups": [entry(group, **who)]}) == SUCCESS
    assert [name for name, state in states(braze, group).items() if state == "Subscribed"] == subscribed


REFUSED_V2: list[tuple[Any, tuple[int, Any]]] = [
    ({}, (400, {"message": "subscription_groups must be an array of objects"})),
    ({"subscription_groups": []}, (400, {"message": "subscription_groups must be an array of objects"})),
    ({"subscription_groups": [entry(NEWS)]}, NOBODY),
    ({"subscription_groups": [entry("other", external_ids=["ada"])]}, UNKNOWN),
    ({"subscription_groups": [entry(NEWS, emails=["a@b.co"], phones=["+14155552671"])]}, BOTH),
    ({"subscription_groups": [entry(NEWS, emails=["a@b.co"]), entry(TEXTS, phones=["+14155552671"])]}, BOTH),
    ({"subscription_groups": [entry(TEXTS, phones=["0155"])]}, (400, {"message": "Invalid phone number"})),
    ({"subscription_groups": [entry(NEWS, external_ids=["x"] * 51)]}, TOO_MANY),
]


@pytest.mark.parametrize(("body", "answer"), REFUSED_V2, ids=lambda value: str(value)[:60])
def test_set_subscription_status_v2_refuses(braze: Client, body: Any, answer: tuple[int, Any]) -> None:
    assert braze.post(V2, body) == answer


def test_set_subscription_status_v2_does_all_or_nothing(braze: Client) -> None:
    groups = [entry(NEWS, external_ids=["ada"]), entry("other", external_ids=["ada"])]
    assert braze.post(V2, {"subscription_groups": groups}) == UNKNOWN
    assert states(braze, NEWS)["ada"] == "unknown"


# reading


@pytest.mark.parametrize(
    ("group", "query", "found"),
    [
        (TEXTS, "external_id=eve", {"eve": "Subscribed"}),
        (TEXTS, "external_id=ada", {"ada": "unknown"}),
        (TEXTS, "external_id=zoe", {"zoe": "unknown"}),
        (TEXTS, "external_id[]=eve&external_id[]=zoe", {"eve": "Subscribed", "zoe": "unknown"}),
        (TEXTS, "external_id=eve&external_id=zoe", {"eve": "Subscribed", "zoe": "unknown"}),
        (TEXTS, "phone=%2B14155552671", {"+14155552671": "Subscribed"}),
        (TEXTS, "external_id=ada&phone=%2B14155552671", {"ada": "unknown"}),
        (TEXTS, "external_id=eve&phone=1&email=a", {"eve": "Subscribed"}),
        (NEWS, "email=nobody@example.com", {"nobody@example.com": "unknown"}),
    ],
)
def test_get_subscription_status_answers(braze: Client, group: str, query: str, found: dict[str, str]) -> None:
    assert read(braze, group, query) == found


def test_get_subscription_status_tells_that_a_plus_became_a_blank(braze: Client) -> None:
    assert read(braze, TEXTS, "phone=+14155552671") == {" 14155552671": "unknown"}
    assert braze.fates == [("/phone", "plus_became_blank")]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("", UNKNOWN),
        ("subscription_group_id=other&external_id=eve", UNKNOWN),
        (f"subscription_group_id={NEWS}", NOBODY),
        (f"subscription_group_id={NEWS}&email=a&phone=b", BOTH),
        (f"subscription_group_id={NEWS}" + "&external_id[]=x" * 51, TOO_MANY),
    ],
    ids=lambda value: str(value)[:50],
)
def test_get_subscription_status_refuses(braze: Client, query: str, answer: tuple[int, Any]) -> None:
    assert braze.get(GET, query) == answer


def test_get_subscription_status_is_not_touched_by_the_global_state(braze: Client) -> None:
    braze.post("/users/track", {"attributes": [{"external_id": "eve", "email_subscribe": "unsubscribed"}]})
    assert read(braze, TEXTS, "external_id=eve") == {"eve": "Subscribed"}
