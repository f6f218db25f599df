"""POST /users/identify, /users/alias/new and /users/alias/update: who gets which name, and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import EARLIER, MOMENT, count, export, only, rules, track
from tests.conftest import Client, client

IDENTIFY, NEW, UPDATE = "/users/identify", "/users/alias/new", "/users/alias/update"
ALIAS = {"alias_label": "shop", "alias_name": "42"}
OTHER = {"alias_label": "shop", "alias_name": "43"}
LATEST, EARLIEST = ["most_recently_updated"], ["least_recently_updated"]
SEED: dict[str, Any] = {
    "clock": {"now": MOMENT, "frozen": True},
    "apps": [{"id": "web", "name": "Shop", "platform": "Web"}],
    "profiles": [
        {"external_id": "ada", "first_name": "Ada", "email": "ada@e.co"},
        {"external_id": "bob", "user_aliases": [OTHER]},
        {
            "user_aliases": [ALIAS],
            "first_name": "A.",
            "home_city": "Rome",
            "custom_attributes": {"plan": "gold"},
            "push_tokens": [{"app_id": "web", "token": "t1", "device_id": "device-1"}],
        },
        {"email": "eve@e.co", "last_name": "one"},
        {"email": "EVE@e.co", "last_name": "two"},
        {"phone": "+14155552671"},
    ],
}


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def by_alias(external_id: Any, alias: dict[str, str] = ALIAS, **more: Any) -> dict[str, Any]:
    return {
        "aliases_to_identify": [{"external_id": external_id, "user_alias": alias}],
        **more,
    }


def by_email(external_id: str, prioritization: list[str], email: str = "eve@e.co") -> dict[str, Any]:
    return {
        "emails_to_identify": [
            {
                "external_id": external_id,
                "email": email,
                "prioritization": prioritization,
            }
        ]
    }


def identify(braze: Client, body: dict[str, Any], *wanted: str) -> None:
    """Identify, and look at the rules of the fates."""
    aliases = len(body.get("aliases_to_identify", ()))
    assert braze.post(IDENTIFY, body) == (
        201,
        {"aliases_processed": aliases, "message": "success"},
    )
    assert sorted(rules(braze)) == sorted(wanted)


# identify


def test_identify_users_gives_an_unknown_external_id_to_the_profile(
    braze: Client,
) -> None:
    before = only(braze, user_aliases=[ALIAS])
    identify(braze, by_alias("new"))
    assert only(braze, external_ids=["new"]) == {**before, "external_id": "new"}


def test_identify_users_combines_with_the_known_user_and_removes_the_anonymous_profile(
    braze: Client,
) -> None:
    known, gone = (
        only(braze, external_ids=["ada"])["braze_id"],
        only(braze, user_aliases=[ALIAS])["braze_id"],
    )
    identify(braze, by_alias("ada"), "merge_kept_own", "merged_into")
    found = only(braze, user_aliases=[ALIAS])
    assert (found["braze_id"], found["first_name"], found["home_city"]) == (
        known,
        "Ada",
        "Rome",
    )
    assert (found["custom_attributes"], found["push_tokens"][0]["token"]) == (
        {"plan": "gold"},
        "t1",
    )
    assert export(braze, braze_id=gone) == []
    assert count(braze) == len(SEED["profiles"]) - 1


def test_identify_users_tells_what_was_lost(braze: Client) -> None:
    identify(braze, by_alias("ada"), "merge_kept_own", "merged_into")
    fate = next(fate for fate in braze.entries[-1].fates if fate.rule == "merge_kept_own")
    assert (fate.pointer, fate.value, fate.note) == (
        "/aliases_to_identify/0",
        "A.",
        "first_name: 'Ada' stays",
    )


def test_identify_users_repeated_counts_and_changes_nothing(braze: Client) -> None:
    identify(braze, by_alias("new"))
    identify(braze, by_alias("new"), "unchanged")


LEFT_ALONE = {
    "nobody has the alias": (by_alias("ada", {**ALIAS, "alias_name": "4"}), "no_match"),
    "capitals count in an alias": (
        by_alias("ada", {**ALIAS, "alias_label": "Shop"}),
        "no_match",
    ),
    "the alias is of another user": (by_alias("ada", OTHER), "already_identified"),
    "both have an alias of the label": (by_alias("bob"), "alias_collision"),
    "nobody has the address": (by_email("ada", LATEST, "no@e.co"), "no_match"),
    "two profiles are left": (by_email("ada", ["unidentified"]), "ambiguous_match"),
    "none of the profiles is identified": (by_email("ada", ["identified"]), "no_match"),
    "the address is of another user": (
        by_email("bob", LATEST, "ada@e.co"),
        "already_identified",
    ),
    "the address is of this user": (by_email("ada", [], "ada@e.co"), "unchanged"),
}


@pytest.mark.parametrize("why", LEFT_ALONE)
def test_identify_users_leaves_alone(braze: Client, why: str) -> None:
    before = braze.emulator.workspaces.default.state
    body, rule = LEFT_ALONE[why]
    identify(braze, body, rule)
    assert braze.emulator.workspaces.default.state is before


@pytest.mark.parametrize(("prioritization", "name"), [(LATEST, "two"), (EARLIEST, "one")])
def test_identify_users_takes_the_one_that_prioritization_leaves(
    braze: Client, prioritization: list[str], name: str
) -> None:
    identify(
        braze,
        by_email("ada", ["unidentified", *prioritization], "Eve@e.co"),
        "merge_kept_own",
        "merged_into",
    )
    assert only(braze, external_ids=["ada"])["last_name"] == name
    assert len(export(braze, email_address="eve@e.co")) == 1


def test_identify_users_looks_at_prioritization_in_its_order(braze: Client) -> None:
    track(braze, attributes=[{"external_id": "new", "email": "eve@e.co"}])
    identify(braze, by_email("ada", [*LATEST, "unidentified"]), "no_match")
    identify(
        braze,
        by_email("ada", ["unidentified", *LATEST]),
        "merge_kept_own",
        "merged_into",
    )


def test_identify_users_by_phone_however_it_is_written(braze: Client) -> None:
    body = {
        "external_id": "new",
        "phone": "+1 (415) 555-2671",
        "prioritization": ["unidentified"],
    }
    identify(braze, {"phone_numbers_to_identify": [body]})
    assert only(braze, external_ids=["new"])["phone"] == "+14155552671"


def test_identify_users_takes_a_number_as_external_id(braze: Client) -> None:
    identify(braze, by_alias(7), "coerced_to_text")
    assert only(braze, user_aliases=[ALIAS])["external_id"] == "7"


@pytest.mark.parametrize("value", ["merge", None])
def test_identify_users_combines_by_default(braze: Client, value: str | None) -> None:
    identify(braze, by_alias("ada", merge_behavior=value), "merge_kept_own", "merged_into")


def test_identify_users_with_merge_behavior_none_moves_aliases_and_push_tokens_only(
    braze: Client,
) -> None:
    track(braze, events=[{"user_alias": ALIAS, "name": "visited", "time": EARLIER}])
    identify(braze, by_alias("ada", merge_behavior="none"), "orphaned", "merged_into")
    fate = next(fate for fate in braze.entries[-1].fates if fate.rule == "orphaned")
    assert {"custom_attributes", "custom_events", "first_name", "home_city"} <= {*fate.value}
    found = only(braze, external_ids=["ada"])
    assert (found["user_aliases"], found["push_tokens"][0]["token"]) == ([ALIAS], "t1")
    assert not {"home_city", "custom_attributes", "custom_events"} & found.keys()


def test_identify_users_finds_the_user_by_a_deprecated_id(braze: Client) -> None:
    pair = {"current_external_id": "ada", "new_external_id": "ada-2"}
    braze.post("/users/external_ids/rename", {"external_id_renames": [pair]})
    identify(braze, by_alias("ada"), "deprecated_id", "merge_kept_own", "merged_into")
    assert only(braze, user_aliases=[ALIAS])["external_id"] == "ada-2"


ONE_OF = "One of aliases_to_identify, emails_to_identify or phone_numbers_to_identify is required"
PRIORITIES = "'identified', 'unidentified', 'most_recently_updated', 'least_recently_updated'"
BAD_IDENTIFY: list[tuple[Any, str]] = [
    ([], ONE_OF),
    ({}, ONE_OF),
    ({"aliases_to_identify": []}, ONE_OF),
    ({"aliases_to_identify": None, "emails_to_identify": None}, ONE_OF),
    ({"aliases_to_identify": {}}, ONE_OF),
    ({"aliases_to_identify": ["ada"]}, "'aliases_to_identify' must be an array of objects"),
    ({"aliases_to_identify": [{"user_alias": ALIAS}]}, "'external_id' is required"),
    ({"aliases_to_identify": [{"external_id": "ada"}]}, "'user_alias' is not valid"),
    (by_alias("ada", {"alias_name": "42"}), "'user_alias' is not valid"),
    (by_alias("ada", {"alias_name": "42", "alias_label": "é" * 119}), "'user_alias' is not valid"),
    (by_alias(""), "'external_id' is not valid"),
    (by_alias(True), "'external_id' is not valid"),
    (by_alias("x" * 988), "EXTERNAL_USER_ID_TOO_LARGE"),
    (by_alias("é" * 494), "EXTERNAL_USER_ID_TOO_LARGE"),
    (by_alias("ada", merge_behavior="all"), "'merge_behavior' must be 'none' or 'merge'"),
    (by_email("ada", ["newest"]), f"'prioritization' must be an array of {PRIORITIES}"),
    (by_email("ada", ["identified", "unidentified"]),
     "'prioritization' may only contain one of 'identified' and 'unidentified'"),
    ({"emails_to_identify": [{"external_id": "a", "email": "e@e.co"}]}, "'prioritization' is required"),
    ({"emails_to_identify": [{"external_id": "a", "prioritization": []}]}, "'email' is required"),
    ({"phone_numbers_to_identify": [{"external_id": "a", "prioritization": []}]}, "'phone' is required"),
    ({"aliases_to_identify": by_alias("a")["aliases_to_identify"] * 51},
     "The max number of external_ids and aliases per request was exceeded"),
    ({"emails_to_identify": by_email("a", [])["emails_to_identify"] * 51},
     "The max number of ids per request was exceeded"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), BAD_IDENTIFY)
def test_identify_users_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post(IDENTIFY, body) == (400, {"message": message})


# alias/new


def new(braze: Client, *items: dict[str, Any]) -> list[str]:
    assert braze.post(NEW, {"user_aliases": items}) == (
        201,
        {"aliases_processed": len(items), "message": "success"},
    )
    return rules(braze)


def test_create_alias_for_a_known_user(braze: Client) -> None:
    alias = {"alias_label": "crm", "alias_name": "1"}
    assert new(braze, {"external_id": "bob", **alias}) == []
    assert only(braze, user_aliases=[alias])["user_aliases"] == [OTHER, alias]


def test_create_alias_makes_an_alias_only_user(braze: Client) -> None:
    alias = {"alias_label": "crm", "alias_name": "1"}
    assert new(braze, alias) == ["created_profile"]
    found = only(braze, user_aliases=[alias])
    assert (found["user_aliases"], "external_id" in found) == ([alias], False)


def test_create_alias_takes_the_nested_form(braze: Client) -> None:
    alias = {"alias_label": "crm", "alias_name": "1"}
    assert new(braze, {"external_id": "ada", "user_alias": alias}) == []
    assert only(braze, external_ids=["ada"])["user_aliases"] == [alias]


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        ({"external_id": "bob", **OTHER}, "unchanged"),
        (ALIAS, "unchanged"),
        ({"external_id": "ada", **ALIAS}, "alias_collision"),
        (
            {"external_id": "bob", "alias_label": "shop", "alias_name": "44"},
            "alias_collision",
        ),
        (
            {"external_id": "nobody", "alias_label": "crm", "alias_name": "1"},
            "no_match",
        ),
    ],
)
def test_create_alias_counts_what_changes_nothing(braze: Client, item: dict[str, str], rule: str) -> None:
    before = braze.emulator.workspaces.default.state
    assert new(braze, item) == [rule]
    assert braze.emulator.workspaces.default.state is before


UA, PAIR = (
    "'user_aliases' must be an array of objects",
    "'alias_name' and 'alias_label' are required",
)
BAD_NEW: list[tuple[Any, str]] = [
    ({}, UA),
    ([], UA),
    ({"user_aliases": []}, UA),
    ({"user_aliases": ["x"]}, UA),
    ({"user_aliases": [{}]}, PAIR),
    ({"user_aliases": [{"alias_name": "1"}]}, PAIR),
    (
        {"user_aliases": [{"alias_name": "", "alias_label": "l"}]},
        "'user_alias' is not valid",
    ),
    (
        {"user_aliases": [{"alias_name": 1, "alias_label": "l"}]},
        "'user_alias' is not valid",
    ),
    (
        {"user_aliases": [{"alias_name": "é" * 119, "alias_label": "l"}]},
        "'user_alias' is not valid",
    ),
    (
        {"user_aliases": [{"user_alias": {"alias_name": "1"}}]},
        "'user_alias' is not valid",
    ),
    (
        {"user_aliases": [ALIAS] * 51},
        "The max number of external_ids and aliases per request was exceeded",
    ),
]


@pytest.mark.parametrize(("body", "message"), BAD_NEW)
def test_create_alias_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post(NEW, body) == (400, {"message": message})


# alias/update


def update(braze: Client, old: str, new_name: str, label: str = "shop") -> list[str]:
    item = {"alias_label": label, "old_alias_name": old, "new_alias_name": new_name}
    assert braze.post(UPDATE, {"alias_updates": [item]}) == (
        201,
        {"message": "success"},
    )
    return rules(braze)


def test_update_alias_gives_another_name(braze: Client) -> None:
    assert update(braze, "43", "53") == []
    renamed = {"alias_label": "shop", "alias_name": "53"}
    assert only(braze, user_aliases=[renamed, OTHER]) == {
        **only(braze, external_ids=["bob"]),
        "user_aliases": [renamed],
    }


@pytest.mark.parametrize(
    ("old", "new_name", "label", "rule"),
    [("1", "2", "shop", "no_match"), ("43", "44", "Shop", "no_match"), ("43", "42", "shop", "alias_collision"),
     ("43", "43", "shop", "unchanged")],
)  # fmt: skip
def test_update_alias_leaves_alone(braze: Client, old: str, new_name: str, label: str, rule: str) -> None:
    before = braze.emulator.workspaces.default.state
    assert update(braze, old, new_name, label) == [rule]
    assert braze.emulator.workspaces.default.state is before


def test_update_alias_frees_the_old_name(braze: Client) -> None:
    update(braze, "43", "53")
    assert new(braze, OTHER) == ["created_profile"]


@pytest.mark.parametrize("name", ["alias_label", "old_alias_name", "new_alias_name"])
@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "required"), (1, "not valid"), ("", "not valid"), ("x" * 237, "not valid")],
)
def test_update_alias_refuses(braze: Client, name: str, value: Any, text: str) -> None:
    item = {
        "alias_label": "l",
        "old_alias_name": "1",
        "new_alias_name": "2",
        name: value,
    }
    item = {key: one for key, one in item.items() if one is not None}
    assert braze.post(UPDATE, {"alias_updates": [item]}) == (
        400,
        {"message": f"'{name}' is {text}"},
    )
