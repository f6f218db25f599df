"""Global e-mail states, hard bounces and spam reports: set, listed, removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import attributes, export, only, rules
from tests.conftest import Client, client

STATUS, BLOCK, BLACK = "/email/status", "/email/blocklist", "/email/blacklist"
BOUNCE, SPAM = "/email/bounce/remove", "/email/spam/remove"
BOUNCES, UNSUBSCRIBES = "/email/hard_bounces", "/email/unsubscribes"
SUCCESS = (201, {"message": "success"})
TOO_MANY = "The max number of ids per request was exceeded"
NO_EMAIL, BAD_EMAIL = "'email' is required", "'email' is not valid"
SEED = {
    "clock": {"now": "2026-01-31T12:00:00.250Z", "frozen": True},
    "subscription_groups": [{"id": "news", "name": "News", "channel": "email"}],
    "profiles": [
        {"external_id": "ada", "email": "ada@example.com"},
        {"external_id": "bob", "email": "ADA@example.com"},
        {"external_id": "eve", "email": "eve@example.com"},
    ],
    "hard_bounces": [{"email": "Eve@example.com", "at": "2026-01-10T10:00:00Z"}, {"email": "x@example.com"}],
    "spam_reports": [{"email": "eve@example.com", "at": "2026-01-11"}],
}
JANUARY = "start_date=2026-01-01&end_date=2026-02-01"


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def states(braze: Client) -> dict[str, str]:
    users = export(braze, external_ids=["ada", "bob", "eve"])
    return {user["external_id"]: user["email_subscribe"] for user in users}


def listed(braze: Client, path: str, query: str = JANUARY) -> list[Any]:
    status, body = braze.get(path, query)
    assert (status, body["message"]) == (200, "success"), body
    return list(body["emails"])


def addresses(braze: Client, path: str, query: str = JANUARY) -> list[str]:
    return [one["email"] for one in listed(braze, path, query)]


def put(braze: Client, email: Any, state: str = "unsubscribed") -> tuple[int, Any]:
    return braze.post(STATUS, {"email": email, "subscription_state": state})


# the global state


@pytest.mark.parametrize("state", ["unsubscribed", "opted_in"])
@pytest.mark.parametrize("email", ["ada@example.com", ["Ada@Example.com"]], ids=str)
def test_set_email_status_reaches_every_profile_with_the_address(braze: Client, email: Any, state: str) -> None:
    assert put(braze, email, state) == SUCCESS
    assert states(braze) == {"ada": state, "bob": state, "eve": "subscribed"}


def test_set_email_status_tells_what_became_of_each_address(braze: Client) -> None:
    put(braze, "eve@example.com")
    assert put(braze, ["ada@example.com", "eve@example.com", "new@example.com", "no address"]) == SUCCESS
    assert braze.fates == [
        ("/email/0", "shared_address"),
        ("/email/1", "unchanged"),
        ("/email/2", "stored_for_address"),
        ("/email/3", "bad_address"),
    ]


@pytest.mark.parametrize("days", [1, 400])
@pytest.mark.parametrize("there", [True, False])
def test_set_email_status_is_kept_for_whoever_gets_the_address(braze: Client, days: int, there: bool) -> None:
    """Unlike the states of groups: for a profile that was there before too, and without an end."""
    put(braze, "New@example.com")
    braze.emulator.workspaces.default.clock.advance(days * 86400)
    attributes(braze, {"external_id": "eve" if there else "new", "email": "new@example.com"})
    assert "inherited_state" in rules(braze)
    assert only(braze, email_address="new@example.com")["email_subscribe"] == "unsubscribed"


def test_set_email_status_does_not_touch_the_groups(braze: Client) -> None:
    group = {"subscription_group_id": "news", "subscription_state": "subscribed", "external_id": ["eve"]}
    braze.post("/subscription/status/set", group)
    put(braze, "eve@example.com")
    status = braze.get("/subscription/status/get", "subscription_group_id=news&external_id=eve")[1]["status"]
    assert status == {"eve": "Subscribed"}


REFUSED = [
    (STATUS, {"email": "a@b.co"}, "subscription_state must be 'subscribed', 'unsubscribed', or 'opted_in'"),
    (STATUS, {"subscription_state": "subscribed"}, NO_EMAIL),
    (STATUS, {"email": "a@b.co", "subscription_state": "Subscribed"},
     "subscription_state must be 'subscribed', 'unsubscribed', or 'opted_in'"),
    (STATUS, {"email": ["a@b.co"] * 51, "subscription_state": "subscribed"}, TOO_MANY),
    *[(path, {"email": ["a@b.co"] * 51}, TOO_MANY) for path in (BLOCK, BLACK, BOUNCE, SPAM)],
    *[(path, {}, NO_EMAIL) for path in (BLOCK, BLACK, BOUNCE, SPAM)],
    *[(path, [], NO_EMAIL) for path in (BLOCK, SPAM)],
    *[(BOUNCE, {"email": email}, BAD_EMAIL) for email in ("", [], [""], 5, None, {}, [None])],
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_set_email_status_and_its_like_refuse(braze: Client, path: str, body: Any, message: str) -> None:
    status, answer = braze.post(path, body)
    assert status == 400
    if body:
        assert answer == {"message": message}


@pytest.mark.parametrize("path", [BLOCK, BLACK, BOUNCE, SPAM])
def test_set_email_status_and_its_like_take_50(braze: Client, path: str) -> None:
    assert braze.post(path, {"email": [f"a{n}@b.co" for n in range(50)]}) == SUCCESS


# what users/track says of the same


@pytest.mark.parametrize("state", ["unsubscribed", "opted_in", "subscribed"])
def test_list_unsubscribes_holds_what_track_said(braze: Client, state: str) -> None:
    attributes(braze, {"external_id": "ada", "email_subscribe": state})
    assert ("/attributes/0/email_subscribe", "shared_address") in braze.fates
    assert states(braze) == {"ada": state, "bob": state, "eve": "subscribed"}
    entry = {"email": "ada@example.com", "unsubscribed_at": "2026-01-31 12:00:00 +0000"}
    assert listed(braze, UNSUBSCRIBES) == ([entry] if state == "unsubscribed" else [])


def test_list_unsubscribes_holds_the_address_of_the_same_object(braze: Client) -> None:
    """The state that an object names wins over the one that its address brings along, whatever the order."""
    put(braze, "new@example.com", "opted_in")
    attributes(braze, {"external_id": "new", "email_subscribe": "unsubscribed", "email": "new@example.com"})
    assert addresses(braze, UNSUBSCRIBES) == ["new@example.com"]
    assert only(braze, external_ids=["new"])["email_subscribe"] == "unsubscribed"


def test_list_unsubscribes_goes_along_to_a_new_address(braze: Client) -> None:
    attributes(braze, {"external_id": "eve", "email_subscribe": "unsubscribed"})
    braze.emulator.workspaces.default.clock.advance(60)
    attributes(braze, {"external_id": "eve", "email": "later@example.com"})
    assert {one["unsubscribed_at"] for one in listed(braze, UNSUBSCRIBES)} == {"2026-01-31 12:00:00 +0000"}
    assert addresses(braze, UNSUBSCRIBES) == ["eve@example.com", "later@example.com"]


def test_list_unsubscribes_holds_a_state_that_was_there_before_the_address(braze: Client) -> None:
    attributes(braze, {"external_id": "zoe", "email_subscribe": "unsubscribed"})
    assert addresses(braze, UNSUBSCRIBES) == []
    attributes(braze, {"external_id": "zoe", "email": "zoe@example.com"})
    assert addresses(braze, UNSUBSCRIBES) == ["zoe@example.com"]


def test_set_email_status_of_another_profile_is_inherited_with_its_address(braze: Client) -> None:
    put(braze, "ada@example.com")
    attributes(braze, {"external_id": "eve", "email": "ada@example.com"})
    assert braze.fates == [("/attributes/0/email", "inherited_state")]
    assert states(braze)["eve"] == "unsubscribed"
    attributes(braze, {"external_id": "eve", "email": "free@example.com"})
    assert states(braze)["eve"] == "unsubscribed", "nobody knows the new address: the state goes along"


def test_track_users_null_removes_the_state_from_the_address(braze: Client) -> None:
    put(braze, "ada@example.com")
    attributes(braze, {"external_id": "ada", "email_subscribe": None})
    assert states(braze)["bob"] == "subscribed"
    assert addresses(braze, UNSUBSCRIBES) == []


def test_track_users_state_reaches_100_others() -> None:
    profiles = [{"external_id": f"u{n}", "email": "a@b.co"} for n in range(103)]
    braze = client({"profiles": profiles})
    attributes(braze, {"external_id": "u50", "email_subscribe": "unsubscribed"})
    assert rules(braze) == ["shared_address", "fanout_limit"]
    view = braze.emulator.workspaces.default.view().profiles.values()
    left = [one["external_id"] for one in view if "email_subscribe" not in one]
    assert sorted(left) == ["u0", "u1"], "the latest updated ones were reached"
    put(braze, "a@b.co", "opted_in")
    assert {one["email_subscribe"] for one in braze.emulator.workspaces.default.view().profiles.values()} == {
        "opted_in"
    }, "a call for the address reaches everybody"


# the lists


@pytest.mark.parametrize("path", [BLOCK, BLACK])
def test_blocklist_emails_and_blacklist_emails_unsubscribe_and_bounce(braze: Client, path: str) -> None:
    assert braze.post(path, {"email": ["Ada@example.com", "eve@example.com"]}) == SUCCESS
    assert states(braze) == dict.fromkeys(("ada", "bob", "eve"), "unsubscribed")
    assert addresses(braze, UNSUBSCRIBES) == ["ada@example.com", "eve@example.com"]
    assert listed(braze, BOUNCES) == [
        {"email": "ada@example.com", "hard_bounced_at": "2026-01-31 12:00:00 +0000"},
        {"email": "x@example.com", "hard_bounced_at": "2026-01-31 12:00:00 +0000"},
        {"email": "eve@example.com", "hard_bounced_at": "2026-01-10 10:00:00 +0000"},
    ]


def test_blocklist_emails_is_blacklist_emails(braze: Client) -> None:
    for path in (BLOCK, BLACK):
        braze.post(path, {"email": "zoe@example.com"})
        assert rules(braze) == ["stored_for_address"]
        braze.post(BOUNCE, {"email": "zoe@example.com"})


def test_blacklist_emails_of_the_same_address_changes_nothing(braze: Client) -> None:
    braze.post(BLACK, {"email": "eve@example.com"})
    braze.post(BLACK, {"email": "eve@example.com"})
    assert rules(braze) == ["unchanged"]


def test_remove_hard_bounces_leaves_the_state(braze: Client) -> None:
    braze.post(BLOCK, {"email": "ada@example.com"})
    assert braze.post(BOUNCE, {"email": ["ADA@example.com", "eve@example.com", "zoe@example.com"]}) == SUCCESS
    assert braze.fates == [("/email/2", "nothing_to_remove")]
    assert addresses(braze, BOUNCES) == ["x@example.com"]
    assert states(braze)["ada"] == "unsubscribed"


def test_remove_spam_reports_takes_the_mark_of_the_profiles_along(braze: Client) -> None:
    attributes(braze, {"external_id": "ada", "marked_email_as_spam_at": "2026-01-30"})
    assert braze.post(SPAM, {"email": ["ada@example.com", "eve@example.com", "zoe@example.com"]}) == SUCCESS
    assert braze.fates == [("/email/2", "nothing_to_remove")]
    state = braze.emulator.workspaces.default.state
    assert len(state["spam_reports"]) == 0
    assert not [one for one in state["profiles"].values() if "marked_email_as_spam_at" in one]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (JANUARY, ["x@example.com", "eve@example.com"]),
        (JANUARY + "&limit=1", ["x@example.com"]),
        (JANUARY + "&limit=1&offset=1", ["eve@example.com"]),
        (JANUARY + "&limit=0", []),
        (JANUARY + "&offset=2", []),
        ("start_date=2026-01-01&end_date=2026-01-10", []),
        ("start_date=2026-01-10&end_date=2026-01-11", ["eve@example.com"]),
        ("start_date=2026-01-10T10:00:00Z&end_date=2026-01-10T10:00:01Z", ["eve@example.com"]),
        ("start_date=2026-01-10T12:00:00%2B02:00&end_date=2026-01-11", ["eve@example.com"]),
        ("email=EVE@example.com&end_date=2000-01-01", ["eve@example.com"]),
        ("email=EVE@example.com&end_date=2000-01-01&offset=1", []),
        ("email[]=eve@example.com&email[]=zoe@example.com&end_date=2026-02-01", ["eve@example.com"]),
        ("email=zoe@example.com&start_date=no&end_date=no", []),
    ],
)
def test_list_hard_bounces_by_range_or_address(braze: Client, query: str, found: list[str]) -> None:
    assert addresses(braze, BOUNCES, query) == found


def test_list_hard_bounces_bears_the_habits_of_real_clients(braze: Client) -> None:
    """A slash at the end, a body of null, a content type on GET, or none."""
    for path, body, kind in (
        (BOUNCES + "/", "null", "application/json"),
        (BOUNCES, None, ""),
        (BOUNCES + "/", b"", ""),
    ):
        status, answer = braze.call("GET", path, body, query=JANUARY, content_type=kind)
        assert (status, len(answer["emails"])) == (200, 2)


def test_list_hard_bounces_tells_that_the_last_day_is_not_listed(braze: Client) -> None:
    assert addresses(braze, BOUNCES, "start_date=2026-01-01&end_date=2026-01-31") == ["eve@example.com"]
    assert braze.fates == [("/end_date", "end_date_midnight")]


@pytest.mark.parametrize("query", ["email=a+b@example.com&end_date=2026-02-01", "email=a+b@example.com"])
def test_list_unsubscribes_tells_that_a_plus_became_a_blank(braze: Client, query: str) -> None:
    put(braze, "a+b@example.com")
    assert addresses(braze, UNSUBSCRIBES, query) == []
    assert braze.fates == [("/email", "plus_became_blank")]
    assert addresses(braze, UNSUBSCRIBES, query.replace("+", "%2B")) == ["a+b@example.com"]


@pytest.mark.parametrize("direction", ["asc", "desc", ""])
def test_list_unsubscribes_in_both_directions(direction: str) -> None:
    names = ["first@example.com", "second@example.com", "third@example.com"]
    entries = [{"email": name, "state": "unsubscribed", "at": f"2026-01-0{n}"} for n, name in enumerate(names, 1)]
    braze = client({"email_states": entries})
    query = JANUARY + (f"&sort_direction={direction}" if direction else "")
    found = addresses(braze, UNSUBSCRIBES, query)
    assert found == (names if direction == "asc" else names[::-1])
    pages = [addresses(braze, UNSUBSCRIBES, f"{query}&limit=2&offset={start}") for start in (0, 2, 4)]
    assert pages == [found[:2], found[2:], []]


def test_list_unsubscribes_forgets_who_came_back(braze: Client) -> None:
    put(braze, "eve@example.com")
    put(braze, "eve@example.com", "subscribed")
    assert addresses(braze, UNSUBSCRIBES, "email=eve@example.com") == []


NO_RANGE = "'email', or 'start_date' and 'end_date', are required"


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        (BOUNCES, "start_date=2026-01-01", "'end_date' is required"),
        (BOUNCES, "email=a@b.co", "'end_date' is required"),
        (BOUNCES, "end_date=2026-01-01", NO_RANGE),
        (UNSUBSCRIBES, "", NO_RANGE),
        (UNSUBSCRIBES, "start_date=2026-01-01", NO_RANGE),
        (BOUNCES, "start_date=2026-02-01&end_date=2026-01-01", "start_date must be before end_date"),
        (BOUNCES, "start_date=2026-02-01&end_date=2026-02-01", "start_date must be before end_date"),
        (UNSUBSCRIBES, "start_date=2026-02-30&end_date=2026-03-01", "start_date is not a valid date"),
        (UNSUBSCRIBES, "start_date=2026-02-01&end_date=tomorrow", "end_date is not a valid date"),
        (UNSUBSCRIBES, "start_date[]=2026-02-01&end_date=2026-03-01", "'start_date' is not valid"),
        (UNSUBSCRIBES, JANUARY + "&limit=501", "'limit' is not valid"),
        (UNSUBSCRIBES, JANUARY + "&limit=ten", "'limit' is not valid"),
        (UNSUBSCRIBES, JANUARY + "&offset=-1", "'offset' is not valid"),
        (UNSUBSCRIBES, JANUARY + "&sort_direction=ASC", "sort_direction must be 'asc' or 'desc'"),
    ],
)
def test_list_unsubscribes_and_list_hard_bounces_refuse(braze: Client, path: str, query: str, message: str) -> None:
    assert braze.get(path, query) == (400, {"message": message})


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", STATUS, "email.status"),
        ("POST", BLOCK, "email.blacklist"),
        ("POST", BLACK, "email.blacklist"),
        ("POST", BOUNCE, "email.bounce.remove"),
        ("POST", SPAM, "email.spam.remove"),
        ("GET", BOUNCES, "email.hard_bounces"),
        ("GET", UNSUBSCRIBES, "email.unsubscribe"),
    ],
)
def test_set_email_status_and_its_like_need_their_permission(method: str, path: str, permission: str) -> None:
    for granted, refused in ([permission], False), (["users.track"], True):
        braze = client({"api_keys": [{"key": "test-key", "permissions": granted}]})
        assert (braze.call(method, path, {})[0] == 403) is refused
