"""POST /users/delete, /users/external_ids/rename and /users/external_ids/remove."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import MOMENT, count, export, only, rules, track
from tests.conftest import Client, client

DELETE, RENAME, REMOVE = (
    "/users/delete",
    "/users/external_ids/rename",
    "/users/external_ids/remove",
)
NEWS = "11111111-1111-4111-8111-111111111111"
ALIAS = {"alias_label": "shop", "alias_name": "42"}
ADA, SAM = "a" * 24, "b" * 24
TOKEN = {"app_id": "web", "token": "t1", "device_id": "device-1"}
SEED: dict[str, Any] = {
    "clock": {"now": MOMENT, "frozen": True},
    "subscription_groups": [{"id": NEWS, "name": "News", "channel": "email"}],
    "profiles": [
        {"external_id": "ada", "braze_id": ADA, "email": "ada@e.co", "phone": "+14155552671", "push_tokens": [TOKEN],
         "user_aliases": [ALIAS], "subscription_groups": {NEWS: "subscribed"}, "email_subscribe": "unsubscribed"},
        {"external_id": "bob", "email": "sam@e.co"},
        {"braze_id": SAM, "email": "sam@e.co"},
        {"external_id": "5"},
    ],
}  # fmt: skip


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def delete(braze: Client, **body: Any) -> tuple[int, list[str]]:
    """How many are gone, and the rules."""
    before = count(braze)
    (given,) = body.values()
    assert braze.post(DELETE, body) == (
        201,
        {"deleted": len(given), "message": "success"},
    )
    return before - count(braze), rules(braze)


# delete


@pytest.mark.parametrize(
    ("body", "gone", "fates"),
    [
        ({"external_ids": ["ada", "bob"]}, 2, []),
        ({"external_ids": ["ada", "nobody", "ada"]}, 1, ["nobody_deleted", "nobody_deleted"]),
        ({"external_ids": [5]}, 1, ["coerced_to_text"]),
        ({"user_aliases": [ALIAS, {**ALIAS, "alias_name": "43"}]}, 1, ["nobody_deleted"]),
        ({"braze_ids": [ADA, "x"]}, 1, ["nobody_deleted"]),
        ({"email_addresses": [{"email": "ADA@e.co", "prioritization": []}]}, 1, []),
        ({"email_addresses": ["ada@e.co"]}, 1, []),
        ({"email_addresses": ["sam@e.co"]}, 0, ["ambiguous_match"]),
        ({"email_addresses": [{"email": "sam@e.co", "prioritization": ["identified"]}]}, 1, []),
        ({"email_addresses": [{"email": "sam@e.co", "prioritization": ["most_recently_updated"]}]}, 1, []),
        ({"email_addresses": [{"email": "sam@e.co", "prioritization": ["most_recently_updated", "identified"]}]},
         0, ["nobody_deleted"]),
        ({"phone_numbers": [{"phone": "+1 415 555 2671", "prioritization": ["identified"]}]}, 1, []),
        ({"phone_numbers": [{"phone": "+14155552671", "prioritization": ["unidentified"]}]}, 0, ["nobody_deleted"]),
        ({"phone_numbers": ["+14155552671"]}, 1, []),
    ],
)  # fmt: skip
def test_delete_users_by(braze: Client, body: dict[str, Any], gone: int, fates: list[str]) -> None:
    assert delete(braze, **body) == (gone, fates)


def test_delete_users_takes_the_profile_out_of_every_index(braze: Client) -> None:
    delete(braze, external_ids=["ada"])
    for wanted in (
        {"external_ids": ["ada"]}, {"user_aliases": [ALIAS]}, {"email_address": "ada@e.co"}, {"device_id": "device-1"},
        {"phone": "+14155552671"}, {"braze_id": ADA},
    ):  # fmt: skip
        assert export(braze, **wanted) == []
    view = braze.emulator.workspaces.default.view()
    assert [
        len(view.aliases),
        len(view.phones),
        len(view.push_tokens),
        ADA in view.profiles,
    ] == [0, 0, 0, False]


def test_delete_users_leaves_others_with_the_address(braze: Client) -> None:
    delete(braze, external_ids=["bob"])
    assert [one["braze_id"] for one in export(braze, email_address="sam@e.co")] == [SAM]


def test_delete_users_forgets_the_state_of_an_address_that_nobody_else_has(
    braze: Client,
) -> None:
    delete(braze, external_ids=["ada"])
    track(braze, attributes=[{"external_id": "new", "email": "ada@e.co"}])
    assert only(braze, external_ids=["new"])["email_subscribe"] == "subscribed"
    query = f"subscription_group_id={NEWS}&email=ada@e.co"
    assert braze.get("/subscription/status/get", query)[1]["status"] == {"ada@e.co": "unknown"}


def test_delete_users_by_a_deprecated_id_deletes_the_whole_profile(
    braze: Client,
) -> None:
    rename(braze, ("ada", "ada-2"))
    assert delete(braze, external_ids=["ada"]) == (1, ["deprecated_id"])
    assert export(braze, external_ids=["ada-2", "ada"]) == []
    assert "ada-2" not in braze.emulator.workspaces.default.view().external_ids


NONE = "One of external_ids, user_aliases, braze_ids, email_addresses or phone_numbers is required"
TWO = "Only one of external_ids, user_aliases, braze_ids, email_addresses or phone_numbers can be included in a request"
BAD_DELETE: list[tuple[Any, str]] = [
    ({}, NONE),
    ([], NONE),
    ({"external_ids": []}, NONE),
    ({"external_ids": None}, NONE),
    ({"external_ids": ["ada"], "user_aliases": [ALIAS]}, TWO),
    ({"email_addresses": ["a@e.co"], "phone_numbers": ["1"]}, TWO),
    ({"external_ids": [None]}, "external_ids must be an array of strings"),
    ({"user_aliases": ["x"]}, "user_aliases must be an array of user alias objects"),
    ({"braze_ids": [1]}, "braze_ids must be an array of strings"),
    ({"email_addresses": [{"email": "a@e.co"}]}, "'prioritization' is required"),
    ({"email_addresses": [{"email": "a@e.co", "prioritization": ["least_recently_updated"]}]},
     "'prioritization' must be an array of 'identified', 'unidentified', 'most_recently_updated'"),
    ({"phone_numbers": [True]}, "'phone_numbers' must be an array of objects with 'phone' and 'prioritization'"),
    ({"external_ids": ["x"] * 51}, "The max number of external_ids and aliases per request was exceeded"),
    ({"braze_ids": ["x"] * 51}, "The max number of ids per request was exceeded"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), BAD_DELETE)
def test_delete_users_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post(DELETE, body) == (400, {"message": message})


def test_delete_users_takes_empty_arrays_for_absent_ones(braze: Client) -> None:
    assert braze.post(DELETE, {"external_ids": ["ada"], "braze_ids": [], "user_aliases": None})[0] == 201


# rename


def rename(braze: Client, *pairs: tuple[Any, Any]) -> list[Any]:
    """The errors; all pairs without one are echoed."""
    items = [{"current_external_id": old, "new_external_id": new} for old, new in pairs]
    status, body = braze.post(RENAME, {"external_id_renames": items})
    failed = {index for index, _ in body["rename_errors"]}
    good = [item for index, item in enumerate(items) if index not in failed]
    assert (status, body["message"], body["external_ids"]) == (201, "success", good)
    return list(body["rename_errors"])


def test_rename_external_ids_keeps_the_profile_and_both_ids(braze: Client) -> None:
    before = only(braze, external_ids=["ada"])
    assert rename(braze, ("ada", "ada-2")) == []
    after = {**before, "external_id": "ada-2"}
    assert export(braze, external_ids=["ada"]) == [after] == export(braze, external_ids=["ada-2"])
    assert export(braze, external_ids=["ada", "ada-2"]) == [after]


@pytest.mark.parametrize("array", ["attributes", "events", "purchases"])
def test_rename_external_ids_leaves_the_old_id_to_write_by(braze: Client, array: str) -> None:
    rename(braze, ("ada", "ada-2"))
    more = {
        "name": "e",
        "time": MOMENT,
        "product_id": "p",
        "price": 1,
        "currency": "USD",
    }
    item = {
        "external_id": "ada",
        **(more if array != "attributes" else {"first_name": "Ada"}),
    }
    before = count(braze)
    track(braze, **{array: [item]})
    assert (count(braze), "deprecated_id" in rules(braze)) == (before, True)


def test_rename_external_ids_again_and_again(braze: Client) -> None:
    assert rename(braze, ("ada", "ada-2"), ("ada-2", "ada-3")) == []
    found = {only(braze, external_ids=[name])["external_id"] for name in ("ada", "ada-2", "ada-3")}
    assert found == {"ada-3"}


IN_USE = "new_external_id is already in use"
CANNOT: list[tuple[tuple[Any, Any], str]] = [
    (("old", "x"), "current_external_id is a deprecated external_id"),
    (("nobody", "x"), "current_external_id does not exist"),
    (("ada", "ada"), "current_external_id and new_external_id must not be the same"),
    (("ada", "bob"), IN_USE),
    (("ada", "old"), IN_USE),
    (("now", "old"), IN_USE),
    (("ada", ""), "new_external_id must not be empty"),
    (("ada", None), "new_external_id must be a string"),
    (("ada", "x" * 988), "EXTERNAL_USER_ID_TOO_LARGE"),
    (("ada", "é" * 494), "EXTERNAL_USER_ID_TOO_LARGE"),
]


@pytest.mark.parametrize(("pair", "text"), CANNOT)
def test_rename_external_ids_names_what_cannot_be(braze: Client, pair: tuple[Any, Any], text: str) -> None:
    rename(braze, ("bob", "old"), ("old", "now"), ("5", "bob"))
    before = braze.emulator.workspaces.default.state
    assert rename(braze, pair) == [[0, text]]
    assert rules(braze) == ["refused"]
    assert braze.emulator.workspaces.default.state is before


def test_rename_external_ids_does_the_others(braze: Client) -> None:
    assert rename(braze, ("nobody", "x"), ("ada", "ada-2"), ("bob", "ada-2")) == [
        [0, "current_external_id does not exist"],
        [2, IN_USE],
    ]


def test_rename_external_ids_takes_numbers(braze: Client) -> None:
    items = [{"current_external_id": 5, "new_external_id": 6}]
    body = braze.post(RENAME, {"external_id_renames": items})[1]
    assert body["external_ids"] == [{"current_external_id": "5", "new_external_id": "6"}]
    assert rules(braze) == ["coerced_to_text", "coerced_to_text"]


RENAMES = "external_id_renames must be an array of objects"
MOST = "The max number of ids per request was exceeded"


@pytest.mark.parametrize(
    ("body", "message"),
    [({}, RENAMES), ({"external_id_renames": []}, RENAMES), ({"external_id_renames": {}}, RENAMES),
     ({"external_id_renames": [{}] * 51}, MOST)],
)  # fmt: skip
def test_rename_external_ids_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post(RENAME, body) == (400, {"message": message})


# remove

STRINGS = "external_ids must be an array of strings"


def remove(braze: Client, *ids: Any) -> tuple[list[str], list[Any]]:
    status, body = braze.post(REMOVE, {"external_ids": ids})
    assert (status, body["message"]) == (201, "success")
    return body["removed_ids"], body["removal_errors"]


def test_remove_external_ids_takes_deprecated_ones(braze: Client) -> None:
    rename(braze, ("ada", "ada-2"), ("ada-2", "ada-3"))
    assert remove(braze, "ada") == (["ada"], [])
    assert export(braze, external_ids=["ada"]) == []
    assert [one["external_id"] for one in export(braze, external_ids=["ada-2", "ada-3"])] == ["ada-3"]


def test_remove_external_ids_frees_the_id(braze: Client) -> None:
    rename(braze, ("ada", "ada-2"))
    remove(braze, "ada")
    assert rename(braze, ("ada-2", "ada")) == []


def test_remove_external_ids_names_what_cannot_be(braze: Client) -> None:
    rename(braze, ("ada", "ada-2"))
    removed, errors = remove(braze, "ada-2", "ada", "nobody", None, "ada")
    assert removed == ["ada"]
    assert errors == [
        [
            0,
            "external_id is a primary external_id; only deprecated ones can be removed",
        ],
        [2, "external_id does not exist"],
        [3, "external_id must be a string"],
        [4, "external_id does not exist"],
    ]
    assert rules(braze) == ["refused"] * 4


@pytest.mark.parametrize("merged", ["ada", "ada-2"])
def test_remove_external_ids_after_a_merge_there_is_nothing_left(braze: Client, merged: str) -> None:
    rename(braze, ("ada", "ada-2"))
    pair = {
        "identifier_to_merge": {"external_id": merged},
        "identifier_to_keep": {"external_id": "bob"},
    }
    assert braze.post("/users/merge", {"merge_updates": [pair]})[0] == 202
    assert remove(braze, "ada", "ada-2")[0] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [({}, STRINGS), ({"external_ids": []}, STRINGS), ({"external_ids": "ada"}, STRINGS),
     ({"external_ids": ["x"] * 51}, MOST)],
)  # fmt: skip
def test_remove_external_ids_refuses(braze: Client, body: Any, message: str) -> None:
    assert braze.post(REMOVE, body) == (400, {"message": message})
