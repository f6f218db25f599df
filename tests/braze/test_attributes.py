"""The attributes of users/track: what each value becomes, and which fate tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import ALIAS, NOW, attributes, count, export, only, rules, track
from tests.conftest import Client, client

ABSENT: Any = "{{absent}}"
UPDATE = {"$update": [{"$identifier_key": "id", "$identifier_value": 1, "$new_object": {"b": 2}}]}


@pytest.fixture
def braze() -> Client:
    apps = [{"id": "app", "name": "App", "platform": "Android"}]
    return client({"clock": {"now": NOW, "frozen": True}, "apps": apps, "profiles": [{"external_id": "u"}]})


def written(braze: Client, *values: dict[str, Any]) -> dict[str, Any]:
    """The profile after some attributes objects for it, each in a call of its own."""
    for value in values:
        attributes(braze, {"external_id": "u", **value})
    record: dict[str, Any] = braze.emulator.workspaces.default.state["profiles"].values()
    (profile,) = record
    return dict(profile)


def told(braze: Client) -> list[tuple[str, str]]:
    return [(pointer.removeprefix("/attributes/0"), rule) for pointer, rule in braze.fates]


STANDARD: list[tuple[str, Any, Any, list[str]]] = [
    ("first_name", "Ada", "Ada", []),
    ("first_name", "", "", []),
    ("first_name", 7, "7", ["coerced_to_text"]),
    ("first_name", True, ABSENT, ["value_dropped"]),
    ("home_city", ["Paris"], ABSENT, ["value_dropped"]),
    ("email", "a@b.co", "a@b.co", []),
    ("email", "A@B.co", "a@b.co", ["email_lowercased"]),
    ("email_subscribe", "opted_in", "opted_in", []),
    ("push_subscribe", "unsubscribed", "unsubscribed", []),
    ("email_open_tracking_disabled", True, True, []),
    ("email_open_tracking_disabled", 1, True, ["coerced_to_boolean"]),
    ("email_click_tracking_disabled", 0, False, ["coerced_to_boolean"]),
    ("email_click_tracking_disabled", 2, ABSENT, ["value_dropped"]),
    ("email_click_tracking_disabled", "yes", ABSENT, ["value_dropped"]),
    ("country", "GB", "GB", []),
    ("country", "gb", "GB", ["country_mapped"]),
    ("country", "United Kingdom", "GB", ["country_mapped"]),
    ("country", "USA", "US", ["country_mapped"]),
    ("country", "Narnia", ABSENT, ["country_unknown"]),
    ("country", 1, ABSENT, ["country_unknown"]),
    ("language", "en", "en", []),
    ("language", "English", ABSENT, ["value_dropped"]),
    ("time_zone", "Europe/Paris", "Europe/Paris", []),
    ("time_zone", "Eastern Time (US & Canada)", "Eastern Time (US & Canada)", []),
    ("time_zone", "Mars/Olympus", ABSENT, ["time_zone_ignored"]),
    ("time_zone", "../../etc/passwd", ABSENT, ["time_zone_ignored"]),
    ("gender", "P", "P", []),
    ("gender", "female", ABSENT, ["value_dropped"]),
    ("gender", ["F"], ABSENT, ["value_dropped"]),
    ("dob", "1980-12-21", "1980-12-21", []),
    ("dob", "1980-12-21T00:00:00Z", "1980-12-21", ["stored_as_date"]),
    ("dob", "21.12.1980", ABSENT, ["value_dropped"]),
    ("date_of_first_session", "2020-01-01", "2020-01-01T00:00:00.000Z", ["stored_as_date"]),
    ("date_of_last_session", "2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z", []),
    ("marked_email_as_spam_at", 5, ABSENT, ["value_dropped"]),
    ("image_url", "https://example.com/a.png", "https://example.com/a.png", []),
    ("image_url", "x" * 1025, ABSENT, ["value_dropped"]),
    ("phone", "+14155552671", "+14155552671", []),
    ("phone", "415-2671", "415-2671", ["phone_not_e164"]),
    ("phone", 14155552671, "14155552671", ["coerced_to_text", "phone_not_e164"]),
    ("current_location", {"longitude": 1.5, "latitude": 2}, {"longitude": 1.5, "latitude": 2}, []),
    ("facebook", {"id": "1", "likes": ["tea"]}, {"id": "1", "likes": ["tea"]}, []),
    ("twitter", "ada", ABSENT, ["value_dropped"]),
    (
        "twitter",
        {"id": 7, "screen_name": "ada", "followers_count": 1},
        {"id": 7, "screen_name": "ada", "followers_count": 1},
        [],
    ),
]


@pytest.mark.parametrize(("name", "value", "stored", "fates"), STANDARD, ids=lambda value: str(value)[:40])
def test_track_users_writes_a_standard_attribute(
    braze: Client, name: str, value: Any, stored: Any, fates: list[str]
) -> None:
    found = written(braze, {name: value, "custom": 1})
    assert found.get(name, ABSENT) == stored
    assert told(braze) == [(f"/{name}", rule) for rule in fates]
    assert found["custom_attributes"] == {"custom": 1}, "no standard attribute is a custom one"


@pytest.mark.parametrize(
    "name", ["first_name", "email", "phone", "country", "dob", "gender", "current_location", "email_subscribe"]
)
def test_track_users_removes_with_null(braze: Client, name: str) -> None:
    good = {one: value for one, value, stored, _ in STANDARD if stored is not ABSENT and value != ""}
    found = written(braze, {name: good[name]}, {name: None})
    assert name not in found
    assert told(braze) == [(f"/{name}", "removed")]
    written(braze, {name: None})
    assert ("/" + name, "unchanged") in told(braze)


@pytest.mark.parametrize(
    ("name", "value", "stored", "fate"),
    [
        ("facebook", {"id": 7, "num_friends": 3}, {"num_friends": 3}, ("/facebook/id", "value_dropped")),
        ("facebook", {"id": "7", "likes": ["a", 1]}, {"id": "7"}, ("/facebook/likes", "value_dropped")),
        ("twitter", {"id": 7, "name": "ada"}, {"id": 7}, ("/twitter/name", "value_dropped")),
        ("twitter", {"id": True}, {}, ("/twitter/id", "value_dropped")),
        (
            "current_location",
            {"longitude": 1, "latitude": 2, "altitude": 3},
            {"longitude": 1, "latitude": 2},
            ("/current_location/altitude", "ignored"),
        ),
    ],
    ids=str,
)
def test_track_users_leaves_out_of_an_object_what_it_does_not_have(
    braze: Client, name: str, value: Any, stored: Any, fate: tuple[str, str]
) -> None:
    assert written(braze, {name: value})[name] == stored
    assert told(braze) == [fate]


def test_track_users_moves_the_index_with_an_address(braze: Client) -> None:
    written(braze, {"email": "a@b.co"}, {"email": "c@d.eu"})
    assert export(braze, email_address="a@b.co") == []
    assert only(braze, email_address="c@d.eu")["external_id"] == "u"


def test_track_users_keeps_what_the_unknown_country_replaces_as_null(braze: Client) -> None:
    assert "country" not in written(braze, {"country": "GB"}, {"country": "Narnia"})


def test_track_users_says_that_nothing_changed(braze: Client) -> None:
    value = {"first_name": "Ada", "n": 1, "tags": ["a"], "deep": {"a": [1]}, "email": "a@b.co"}
    written(braze, value, value)
    assert told(braze) == [("", "unchanged")]
    written(braze, {**value, "n": 1.0})
    (fate,) = braze.entries[-1].fates
    assert (fate.rule, fate.value) == ("unchanged", ["first_name", "tags", "deep", "email"]), "1.0 is not 1"


def test_track_users_names_what_was_unchanged_in_many_objects_once(braze: Client) -> None:
    people = [{"external_id": f"u{n}", "first_name": "Ada", "n": 1, "plan": "gold"} for n in range(3)]
    attributes(braze, *people)
    attributes(braze, people[0], {**people[1], "n": 2}, {**people[2], "plan": "free"})
    assert [(fate.pointer, fate.rule, fate.value) for fate in braze.entries[-1].fates] == [
        ("/attributes/0", "unchanged", None),
        ("/attributes", "unchanged", {"1": ["first_name", "plan"], "2": ["first_name", "n"]}),
    ]


CUSTOM: list[tuple[list[Any], Any, list[str]]] = [
    (["x"], "x", []),
    ([""], "", []),
    ([1], 1, []),
    ([1.5], 1.5, []),
    ([False], False, []),
    ([1, None], ABSENT, ["removed"]),
    (["x" * 255], "x" * 255, []),
    (["x", "x" * 256], "x", ["text_too_long"]),
    # dates
    (["2013-07-16T19:20:30+01:00"], "2013-07-16T18:20:30.000Z", ["stored_as_date"]),
    (["2013-07-16"], "2013-07-16T00:00:00.000Z", ["stored_as_date"]),
    (["07/16/2013"], "2013-07-16T00:00:00.000Z", ["stored_as_date"]),
    (["2013-07-16T00:00:00.000Z"], "2013-07-16T00:00:00.000Z", []),
    (["12-1-2021"], "2021-12-01T00:00:00.000Z", ["stored_as_date"]),
    (["2013-07-16 19:20:30"], "2013-07-16T19:20:30.000Z", ["stored_as_date"]),
    (["2013-07-16T19:20:30:123Z"], "2013-07-16T19:20:30.123Z", ["stored_as_date"]),
    (["Tue 07 16 19:20:30.+0100 2013"], "2013-07-16T18:20:30.000Z", ["stored_as_date"]),
    (["3000-12-31"], "3000-12-31T00:00:00.000Z", ["stored_as_date"]),
    (["3001-01-01"], "3001-01-01", ["kept_as_text"]),
    (["2013-07-16x"], "2013-07-16x", []),
    (["07/99/2013"], "07/99/2013", []),
    (["Monday is best"], "Monday is best", []),
    # arrays
    ([["a", "b"]], ["a", "b"], []),
    ([[]], [], []),
    ([["hotdog", "hotdog", "hotdog", "pizza"]], ["hotdog", "pizza"], ["array_deduplicated"]),
    ([[1, "1", True, 1.0]], [1, "1", True, 1.0], []),
    ([["a", None]], ["a"], ["value_dropped"]),
    ([["a", "2013-07-16"]], ["a", "2013-07-16"], []),
    ([[str(n) for n in range(501)]], [str(n) for n in range(1, 501)], ["array_overflow"]),
    ([["a", "b"], {"add": ["a", "c"]}], ["b", "a", "c"], ["moved_to_end"]),
    ([["a", "b"], {"remove": ["a", "x"]}], ["b"], []),
    ([["a"], {"remove": ["x"]}], ["a"], ["unchanged"]),
    ([["a", "b"], {"add": ["c"], "remove": ["a"]}], ["b", "c"], []),
    ([{"add": ["a"]}], ["a"], []),
    ([["a"], ["b"]], ["b"], []),
    ([[str(n) for n in range(500)], {"add": ["new"]}], [*(str(n) for n in range(1, 500)), "new"], ["array_overflow"]),
    ([["a"], {"add": "b"}], ["a"], ["operation_dropped"]),
    ([["a"], {"add": [{"b": 1}]}], ["a"], ["operation_dropped"]),
    ([["a"], {"remove": [["b"]]}], ["a"], ["operation_dropped"]),
    ([["a", ["b"]]], ABSENT, ["nested_dropped"]),
    ([["a", {"b": 1}]], ABSENT, ["nested_dropped"]),
    # increments
    ([{"inc": 5}], 5, ["increment_from_nothing"]),
    ([2, {"inc": 5}], 7, []),
    ([2, {"inc": -5}], -3, []),
    ([2, {"inc": 0}], 2, ["unchanged"]),
    ([2**63 - 1, {"inc": 1}], 2**63 - 1, ["operation_dropped"]),
    ([1.5, {"inc": 1}], 1.5, ["operation_dropped"]),
    ([2, {"inc": 1.5}], 2, ["operation_dropped"]),
    # objects
    ([{"a": {"b": [1, {"c": "d"}]}}], {"a": {"b": [1, {"c": "d"}]}}, []),
    ([{}], {}, []),
    ([{"a": 1}, {"b": 2}], {"b": 2}, []),
    ([{"inc": "text", "other": 1}], {"inc": "text", "other": 1}, []),
    ([{"at": {"$time": "2020-01-01"}}], {"at": "2020-01-01T00:00:00.000Z"}, ["stored_as_date"]),
    ([{"at": {"$time": "soon"}, "b": 1}], ABSENT, ["nested_dropped"]),
    ([{"at": {"$time": None}}], ABSENT, ["nested_dropped"]),
    ([{"at": {"$time": "3000-12-31"}}], {"at": "3000-12-31T00:00:00.000Z"}, ["stored_as_date"]),
    ([{"at": {"$time": "3001-01-01"}, "b": 1}], {"b": 1}, ["nested_year_dropped"]),
    ([{"at": [{"$time": "3001-01-01"}, {"$time": "2020-01-01"}]}], {"at": ["2020-01-01T00:00:00.000Z"]},
     ["nested_year_dropped", "stored_as_date"]),
    ([{"$time": "3001-01-01"}], ABSENT, ["nested_year_dropped"]),
    ([{"a": 1}, {"b": None}], {"a": 1}, ["nested_dropped"]),
    ([{"a b": 1}], ABSENT, ["nested_dropped"]),
    ([{"a.b": 1}], ABSENT, ["nested_dropped"]),
    ([{"a": {"$b": 1}}], ABSENT, ["nested_dropped"]),
    ([{"a": "x" * 256}], ABSENT, ["nested_dropped"]),
    ([{"a": ["x" * 250] * 500}], ABSENT, ["too_large"]),
    # arrays of objects
    ([[{"id": 1}, {"id": 1}]], [{"id": 1}, {"id": 1}], []),
    ([[{"id": 1, "x": None}]], ABSENT, ["nested_dropped"]),
    ([[{"id": 1}], {"$add": [{"id": 2}]}], [{"id": 1}, {"id": 2}], []),
    ([[{"id": 1}, {"id": 2}], {"$remove": [{"$identifier_key": "id", "$identifier_value": 1}]}], [{"id": 2}], []),
    ([[{"id": 1, "a": 1}, {"id": 2}], UPDATE], [{"b": 2}, {"id": 2}], []),
    ([[{"id": 1}], {"$add": [{"id": 2}], "$remove": [{"$identifier_key": "id", "$identifier_value": 2}]}],
     [{"id": 1}], ["unchanged"]),
    ([[{"id": 1}], {"$add": [{"id": 2, "at": {"$time": "2020-01-01"}}]}],
     [{"id": 1}, {"id": 2, "at": "2020-01-01T00:00:00.000Z"}], ["stored_as_date"]),
    ([[{"id": 9}], UPDATE], [{"id": 9}], ["unchanged"]),
    ([[{"id": 1}], {"$add": [{"id": None}]}], [{"id": 1}], ["nested_dropped"]),
    ([[{"id": 1}], {"$update": [{"$identifier_key": "id", "$identifier_value": 1, "$new_object": "x"}]}],
     [{"id": 1}], ["nested_dropped"]),
    ([[{"id": 1}], {"$update": [{"$new_object": {}}]}], [{"id": 1}], ["nested_dropped"]),
    ([[{"id": 1}], {"$remove": ["id"]}], [{"id": 1}], ["nested_dropped"]),
    ([[{"id": 1}], {"$add": [{"$time": "2020-01-01"}]}], [{"id": 1}], ["nested_dropped"]),
    ([{"$add": [{"id": 2}]}], [{"id": 2}], []),
    ([{"$add": {"id": 2}}], ABSENT, ["nested_dropped"]),
    ([[{"id": "x" * 200}] * 450, {"$add": [{"id": "x" * 200}] * 40}], [{"id": "x" * 200}] * 450, ["too_large"]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "stored", "fates"), CUSTOM, ids=lambda value: str(value)[:50])
def test_track_users_writes_a_custom_attribute(braze: Client, values: list[Any], stored: Any, fates: list[str]) -> None:
    found = written(braze, *({"thing": value} for value in values))["custom_attributes"].get("thing", ABSENT)
    assert (found, type(found)) == (stored, type(stored))
    assert rules(braze) == fates


@pytest.mark.parametrize(
    ("stored", "sent", "result"),
    [
        ({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}, "b": 1}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ([{"id": 1, "a": 1}], UPDATE, [{"id": 1, "a": 1, "b": 2}]),
    ],
    ids=str,
)
def test_track_users_merges_objects_when_told(braze: Client, stored: Any, sent: Any, result: Any) -> None:
    found = written(braze, {"thing": stored}, {"thing": sent, "_merge_objects": True})
    assert found["custom_attributes"] == {"thing": result}


def test_track_users_tells_where_a_custom_attribute_with_a_strange_name_stands(braze: Client) -> None:
    written(braze, {"a/b~c": [1, 1]})
    assert told(braze) == [("/a~1b~0c", "array_deduplicated")]
    written(braze, {"n" * 256: 1})
    assert told(braze)[0][1] == "value_dropped"


def test_track_users_keeps_only_the_good_nested_attribute(braze: Client) -> None:
    found = written(braze, {"good": {"a": 1}, "bad": {"a": None}})
    assert found["custom_attributes"] == {"good": {"a": 1}}


def test_track_users_survives_deep_nesting(braze: Client) -> None:
    deep: Any = 1
    for _ in range(200):  # Braze publishes no limit; a body may be 240 deep
        deep = {"a": deep}
    assert written(braze, {"deep": deep})["custom_attributes"] == {"deep": deep}
    assert written(braze, {"deep": {"a": [deep, None]}})["custom_attributes"] == {"deep": deep}
    assert told(braze) == [("/deep", "nested_dropped")]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("First_Name", "did you mean 'first_name'?"),
        ("externalId", "did you mean 'external_id'?"),
        ("external_user_id", "did you mean 'external_id'?"),
        ("Email", "did you mean 'email'?"),
        ("custom_attributes", "custom attributes stand beside"),
    ],
)
def test_track_users_asks_whether_a_reserved_name_was_meant(braze: Client, name: str, advice: str) -> None:
    assert name in written(braze, {name: "x"})["custom_attributes"]
    (fate,) = braze.entries[-1].fates
    assert (fate.rule, fate.pointer) == ("became_custom_attribute", f"/attributes/0/{name}")
    assert fate.note.startswith(advice)


def test_track_users_knows_that_an_alias_is_an_object(braze: Client) -> None:
    written(braze, {"alias_name": "a"})
    assert told(braze)[0] == ("/alias_name", "ignored")


# push tokens

TOKEN = {"app_id": "app", "token": "tok"}


def tokens(braze: Client, external_id: str) -> list[str]:
    return [one["token"] for one in only(braze, external_ids=[external_id]).get("push_tokens", [])]


def test_track_users_gives_a_push_token_to_one_profile(braze: Client) -> None:
    written(braze, {"push_tokens": [TOKEN, {**TOKEN, "token": "second", "device_id": "device-0001"}]})
    attributes(braze, {"external_id": "other", "push_tokens": [TOKEN]})
    assert ("/attributes/0/push_tokens/0", "token_moved") in braze.fates
    assert (tokens(braze, "u"), tokens(braze, "other")) == (["second"], ["tok"])


def test_track_users_imports_tokens_for_anonymous_profiles(braze: Client) -> None:
    imported = {"push_token_import": True, "push_tokens": [TOKEN, {**TOKEN, "token": "second"}]}
    attributes(braze, imported)
    assert (count(braze), rules(braze)) == (3, ["created_profile"] * 2)
    attributes(braze, imported)
    assert (count(braze), rules(braze)) == (3, ["token_known"] * 2)


def test_track_users_removes_the_temporary_profile_when_its_token_gets_a_user(braze: Client) -> None:
    attributes(braze, {"push_token_import": True, "push_tokens": [TOKEN, {**TOKEN, "token": "second"}]})
    attributes(braze, {"external_id": "u", "push_tokens": [TOKEN]})
    assert rules(braze) == ["temporary_profile_removed", "token_moved"]
    assert (count(braze), tokens(braze, "u")) == (2, ["tok"])
    attributes(braze, {"push_token_import": True, "push_tokens": [TOKEN]})
    assert (count(braze), rules(braze)) == (2, ["token_known"])


# subscription groups inside attributes


def test_track_users_sets_groups_for_everybody_with_the_address() -> None:
    groups = [{"id": "news", "name": "News", "channel": "email"}, {"id": "texts", "name": "Texts", "channel": "sms"}]
    profiles = [
        {"external_id": "a", "email": "a@b.co", "phone": "+14155552671"},
        {"external_id": "b", "email": "A@b.co"},
    ]
    braze = client({"subscription_groups": groups, "profiles": profiles})
    news = {"subscription_group_id": "news", "subscription_state": "unsubscribed"}
    texts = {"subscription_group_id": "texts", "subscription_state": "subscribed", "use_double_opt_in_logic": True}
    attributes(braze, {"external_id": "a", "subscription_groups": [news, texts]})
    assert braze.fates == [
        ("/attributes/0/subscription_groups/0", "shared_address"),
        ("/attributes/0/subscription_groups/1", "double_opt_in"),
    ]
    records = braze.emulator.workspaces.default.state["profiles"].values()
    assert [record["subscription_groups"] for record in records] == [{"news": "unsubscribed"}] * 2
    status = braze.get("/subscription/status/get", "subscription_group_id=news&external_id=b")
    assert status == (200, {"message": "success", "status": {"b": "Unsubscribed"}})


def test_track_users_sets_groups_after_an_address_of_the_same_object() -> None:
    groups = [{"id": "news", "name": "News", "channel": "email"}]
    braze = client({"subscription_groups": groups, "profiles": [{"external_id": "a", "email": "a@b.co"}]})
    news = {"subscription_group_id": "news", "subscription_state": "unsubscribed"}
    double = {"subscription_group_id": "news", "subscription_state": "subscribed", "use_double_opt_in_logic": True}
    attributes(braze, {"external_id": "c", "subscription_groups": [double]})
    place = "/attributes/0/subscription_groups/0/use_double_opt_in_logic"
    assert (place, "no_double_opt_in") in braze.fates
    attributes(braze, {"external_id": "b", "subscription_groups": [news], "email": "a@b.co"})
    assert ("/attributes/0/subscription_groups/0", "shared_address") in braze.fates


def test_track_users_by_alias_writes_attributes(braze: Client) -> None:
    track(braze, attributes=[{"user_alias": ALIAS, "_update_existing_only": False, "first_name": "Ada"}])
    assert only(braze, user_aliases=[ALIAS])["first_name"] == "Ada"
