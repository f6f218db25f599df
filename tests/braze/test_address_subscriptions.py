"""What users and addresses have in all: /subscription/user/status and the hidden /users/subscription; double opt-in."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.control import consent
from emulator.errors import ConfigError
from tests.braze.calls import attributes, rules
from tests.braze.test_subscription_groups import CHAT, NEWS, SEED, TEXTS, V1, V2, entry, read, set_one, states
from tests.conftest import Client, client

USERS, ADDRESSES = "/subscription/user/status", "/users/subscription"
ADA_PHONE = "+14155552671"
NOBODY = {"message": "Either an external_id, an email address or a phone number should be provided."}
QUEUED = (202, {"status": "The emails and/or phone numbers have been queued for deletion", "message": "success"})
MOMENT = "2026-01-31T12:00:00.000Z"


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def users(braze: Client, query: str) -> tuple[int, list[Any]]:
    status, body = braze.get(USERS, query)
    assert (status, body["message"]) == (200, "success"), body
    return body["total_count"], body["users"]


def ids(braze: Client, query: str) -> tuple[int, list[str]]:
    count, found = users(braze, query)
    return count, [user["external_id"] for user in found]


# users


def test_get_user_subscriptions_lists_the_groups_with_a_state(braze: Client) -> None:
    set_one(braze, NEWS, "unsubscribed", external_id="eve")
    groups = [
        {"id": NEWS, "name": "News", "channel": "email", "status": "Unsubscribed"},
        {"id": TEXTS, "name": "Texts", "channel": "sms", "status": "Subscribed"},
    ]
    eve = {"phone": ADA_PHONE, "external_id": "eve", "subscription_groups": groups}
    assert users(braze, "external_id=eve") == (1, [eve])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("external_id=ada", (1, ["ada"])),
        ("external_id[]=eve&external_id[]=ada&external_id[]=zoe", (2, ["eve", "ada"])),
        ("email=Ada%40example.com", (2, ["ada", "bob"])),
        ("phone=%2B14155552671", (2, ["ada", "eve"])),
        ("external_id=bob&email=ada%40example.com", (2, ["bob", "ada"])),
        ("external_id=ada&email=ada%40example.com&phone=%2B14155552671", (3, ["ada", "bob", "eve"])),
        ("email=ada%40example.com&limit=1", (2, ["ada"])),
        ("email=ada%40example.com&limit=1&offset=1", (2, ["bob"])),
        ("email=ada%40example.com&offset=2", (2, [])),
        ("email=zoe%40example.com", (0, [])),
    ],
)
def test_get_user_subscriptions_finds_each_user_once(braze: Client, query: str, found: tuple[int, list[str]]) -> None:
    assert ids(braze, query) == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", NOBODY["message"]),
        ("limit=5", NOBODY["message"]),
        ("external_id=", NOBODY["message"]),
        ("external_id=ada&limit=101", "'limit' is not valid"),
        ("external_id=ada&offset=x", "'offset' is not valid"),
        ("external_id[]=x&" * 51, "The max number of ids per request was exceeded"),
    ],
    ids=lambda text: text[:30],
)
def test_get_user_subscriptions_refuses(braze: Client, query: str, message: str) -> None:
    assert braze.get(USERS, query) == (400, {"message": message})


# addresses


def test_list_address_subscriptions_tells_everything_of_an_address(braze: Client) -> None:
    set_one(braze, NEWS, "subscribed", email="ada@example.com")
    braze.post("/email/blocklist", {"email": "ada@example.com"})
    status, body = braze.get(ADDRESSES, "email=ada%40example.com&phone=%2B14155552671")
    assert status == 200
    news = {
        "subscription_group_id": NEWS,
        "subscription_group_event_date": MOMENT,
        "subscription_group_state": "Subscribed",
    }
    assert body["emails"] == [{
        "email": "ada@example.com",
        "email_subscribe": {"email_subscription_event_date": MOMENT, "email_subscription_state": "Unsubscribed"},
        "subscription_group": [news],
        "hard_bounced_at": MOMENT,
        "spam_at": None,
    }]  # fmt: skip
    assert body["phone"] == [{"phone": ADA_PHONE, "subscription_group": [{**news, "subscription_group_id": TEXTS}]}]


@pytest.mark.parametrize("path", [ADDRESSES, ADDRESSES + "/", ADDRESSES + "s"])
def test_list_address_subscriptions_leaves_out_what_nobody_knows(braze: Client, path: str) -> None:
    set_one(braze, NEWS, "subscribed", email="kept@example.com")
    braze.post("/email/blocklist", {"email": "blocked@example.com"})
    names = ("zoe", "blocked", "kept", "ada")
    query = "&".join(f"email[]={name}%40example.com" for name in names) + "&phone=%2B15550001111"
    body = braze.get(path, query)[1]
    assert [one["email"] for one in body["emails"]] == ["blocked@example.com", "kept@example.com", "ada@example.com"]
    assert body["emails"][2]["email_subscribe"]["email_subscription_event_date"] is None
    assert body["phone"] == []


def test_list_address_subscriptions_refuses(braze: Client) -> None:
    assert braze.get(ADDRESSES, "") == (400, NOBODY)


@pytest.mark.parametrize(
    "body",
    [{"email": "Ada@example.com", "phone": [ADA_PHONE]}, [{"phone": ADA_PHONE}, {"email": ["ada@example.com"]}]],
    ids=["object", "list"],
)
def test_delete_address_subscriptions_forgets_the_states(braze: Client, body: Any) -> None:
    set_one(braze, NEWS, "subscribed", external_id="ada")
    braze.post("/email/blocklist", {"email": "ada@example.com"})
    assert braze.call("DELETE", ADDRESSES, body) == QUEUED
    assert braze.fates == []
    assert states(braze, NEWS) == states(braze, TEXTS) == dict.fromkeys(("ada", "bob", "eve"), "unknown")
    assert braze.get("/email/unsubscribes", "email=ada%40example.com")[1]["emails"] == []
    assert braze.get("/email/hard_bounces", "email=ada%40example.com&end_date=2026-02-01")[1]["emails"] != []
    braze.call("DELETE", ADDRESSES, body)
    assert rules(braze) == ["nothing_to_remove"] * 2


def test_delete_address_subscriptions_forgets_what_was_kept(braze: Client) -> None:
    set_one(braze, NEWS, "subscribed", email="new@example.com")
    assert braze.call("DELETE", ADDRESSES, {"email": "new@example.com"}) == QUEUED
    assert braze.fates == []
    assert read(braze, NEWS, "email=new@example.com") == {"new@example.com": "unknown"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, NOBODY["message"]),
        ([], NOBODY["message"]),
        ([{}], NOBODY["message"]),
        ("x", NOBODY["message"]),
        ({"email": 5}, NOBODY["message"]),
        ({"email": ["a@b.co"] * 51}, "The max number of ids per request was exceeded"),
        ([{"email": "a@b.co"}] * 51, "The max number of ids per request was exceeded"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_delete_address_subscriptions_refuses(braze: Client, body: Any, message: str) -> None:
    if body == "x":
        body = b'"x"'
    assert braze.call("DELETE", ADDRESSES, body) == (400, {"message": message})


# an address that changes hands


@pytest.mark.parametrize(
    ("before", "joins", "after"),
    [
        ({}, "+14155552671", "Subscribed"),
        ({"phone": "+15550001111"}, "+14155552671", "Subscribed"),
        ({}, "+15550002222", "unknown"),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["set", "track"])
def test_set_subscription_status_is_inherited_with_a_number(
    braze: Client, before: dict[str, str], joins: str, after: str, by: str
) -> None:
    """Of a profile that has the number (documented); the others keep what they had."""
    attributes(braze, {"external_id": "zoe", "email": "zoe@example.com", **before})
    if by == "set":
        set_one(braze, TEXTS, "subscribed", phone=ADA_PHONE)
    attributes(braze, {"external_id": "zoe", "phone": joins})
    assert (("/attributes/0/phone", "inherited_state") in braze.fates) is (after != "unknown")
    assert read(braze, TEXTS, "external_id=zoe") == {"zoe": after}


def test_set_subscription_status_goes_along_to_a_new_number(braze: Client) -> None:
    attributes(braze, {"external_id": "eve", "phone": "+15550003333"})
    assert read(braze, TEXTS, "phone=%2B15550003333") == {"+15550003333": "Subscribed"}
    assert read(braze, TEXTS, "phone=%2B14155552671") == {ADA_PHONE: "unknown"}, "ada, who has it, has no state"


def test_set_subscription_status_of_a_number_leaves_email_groups_alone(braze: Client) -> None:
    set_one(braze, NEWS, "subscribed", external_id="eve")
    attributes(braze, {"external_id": "zoe", "phone": ADA_PHONE})
    assert read(braze, NEWS, "external_id=zoe") == {"zoe": "unknown"}


def test_set_subscription_status_stores_nothing_for_a_text_that_is_no_address(braze: Client) -> None:
    set_one(braze, NEWS, "subscribed", email=["no address"])
    assert braze.fates == [("/email/0", "bad_address")]
    assert read(braze, NEWS, "email=no%20address") == {"no address": "unknown"}


# double opt-in


def ask(braze: Client, way: str) -> None:
    double = {"use_double_opt_in_logic": True}
    if way == V1:
        set_one(braze, TEXTS, "subscribed", phone=ADA_PHONE, **double)
    elif way == V2:
        braze.post(V2, {"subscription_groups": [entry(TEXTS, external_ids=["ada"], **double)]})
    else:
        attributes(braze, {"external_id": "ada", "subscription_groups": [{**entry(TEXTS), **double}]})
    assert rules(braze) == ["double_opt_in"]


def confirm(braze: Client, **given: str) -> tuple[int, Any]:
    """The user's answer, through the control API."""
    workspace = braze.emulator.workspaces.default
    try:
        return 200, consent.confirm_opt_in(braze.emulator, workspace, given)
    except ConfigError as error:
        return 400, str(error)


def pending(braze: Client) -> list[tuple[str, str]]:
    entries = braze.emulator.workspaces.default.state["pending_opt_ins"].values()
    return [(one["subscription_group_id"], one["phone"]) for one in entries]


@pytest.mark.parametrize("way", [V1, V2, "/users/track"])
def test_set_subscription_status_v2_and_its_like_remember_the_question(braze: Client, way: str) -> None:
    ask(braze, way)
    assert pending(braze) == [(TEXTS, ADA_PHONE)]
    assert states(braze, TEXTS) == {"ada": "unknown", "bob": "unknown", "eve": "Subscribed"}


@pytest.mark.parametrize("state", ["subscribed", "unsubscribed"])
@pytest.mark.parametrize("who", [{"phone": ADA_PHONE}, {"external_id": "ada"}], ids=str)
def test_set_subscription_status_without_double_opt_in_settles_the_question(
    braze: Client, who: dict[str, str], state: str
) -> None:
    ask(braze, V1)
    set_one(braze, TEXTS, state, **who)
    assert pending(braze) == []
    assert states(braze, TEXTS)["ada"] == state.capitalize()


def test_set_subscription_status_with_double_opt_in_asks_nobody_without_a_number(braze: Client) -> None:
    attributes(
        braze, {"external_id": "bob", "subscription_groups": [{**entry(TEXTS), "use_double_opt_in_logic": True}]}
    )
    assert rules(braze) == ["nobody_to_ask"]
    assert pending(braze) == []


def test_set_subscription_status_of_a_chat_group_knows_no_double_opt_in(braze: Client) -> None:
    set_one(braze, CHAT, "subscribed", phone=ADA_PHONE, use_double_opt_in_logic=True)
    assert states(braze, CHAT)["ada"] == "Subscribed"


@pytest.mark.parametrize("given", [{"phone": "+1 415 555 2671"}, {"phone": ADA_PHONE, "subscription_group_id": TEXTS}])
def test_set_subscription_status_changes_with_the_answer(braze: Client, given: dict[str, str]) -> None:
    ask(braze, V1)
    assert confirm(braze, **given) == (200, {"confirmed": [TEXTS], "profiles": 2})
    assert states(braze, TEXTS) == {"ada": "Subscribed", "bob": "unknown", "eve": "Subscribed"}
    assert confirm(braze, **given) == (400, f"no double opt-in waits for an answer from {given['phone']}")


@pytest.mark.parametrize(("days", "status"), [(29.9, 200), (30, 400)])
def test_set_subscription_status_waits_30_days_for_the_answer(braze: Client, days: float, status: int) -> None:
    ask(braze, V1)
    braze.emulator.workspaces.default.clock.advance(days * 86400)
    assert confirm(braze, phone=ADA_PHONE)[0] == status
    assert (states(braze, TEXTS)["ada"] == "Subscribed") is (status == 200)


def test_set_subscription_status_knows_the_group_of_the_answer(braze: Client) -> None:
    ask(braze, V1)
    assert confirm(braze, phone=ADA_PHONE, subscription_group_id=CHAT)[0] == 400
    assert pending(braze) == [(TEXTS, ADA_PHONE)]
