"""POST /users/merge: every field has a rule, and what cannot be merged is accepted and left alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import clock, seed
from emulator.state import attributes, merging, names, profiles
from tests.braze.calls import MOMENT, count, export, only, rules, track
from tests.conftest import Client, client

MERGE = "/users/merge"
NEWS = "11111111-1111-4111-8111-111111111111"
CLOCK = {"now": MOMENT, "frozen": True}
GROUPS = [{"id": NEWS, "name": "News", "channel": "email"}]
A, B, C = (
    "2026-01-01T00:00:00.000Z",
    "2026-01-10T00:00:00.000Z",
    "2026-01-20T00:00:00.000Z",
)


def merged(gone: dict[str, Any], kept: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The record that comes of two seeded profiles, and the rules that were told."""
    seeded = [{"external_id": "gone", **gone}, {"external_id": "kept", **kept}]
    braze = client({"clock": CLOCK, "subscription_groups": GROUPS, "profiles": seeded})
    assert merge(braze, {"external_id": "gone"}, {"external_id": "kept"}) == []
    table = braze.emulator.workspaces.default.view().profiles
    (record,) = table.values()
    told = [rule for rule in rules(braze) if rule != "merged_into"]
    braze.emulator.journal.close()
    return record, told


def merge(braze: Client, gone: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    """The rules that kept the two from being merged."""
    body = {"merge_updates": [{"identifier_to_merge": gone, "identifier_to_keep": kept}]}
    assert braze.post(MERGE, body) == (202, {"message": "success"})
    return [] if "merged_into" in rules(braze) else rules(braze)


def summary(first: str, last: str, times: int, name: str = "e") -> dict[str, Any]:
    return {"name": name, "first": first, "last": last, "count": times}


KEPT_OWN: dict[str, tuple[Any, Any]] = {
    "first_name": ("Alex", "Al"),
    "last_name": ("Sterling", "S."),
    "gender": ("M", "F"),
    "dob": ("1990-01-01", "1991-01-01"),
    "time_zone": ("Europe/Paris", "Europe/Rome"),
    "home_city": ("Paris", "Rome"),
    "country": ("FR", "IT"),
    "language": ("fr", "it"),
    "phone": ("+14155552671", "+14155552672"),
    "email": ("a@e.co", "b@e.co"),
    "image_url": ("https://a.co/1", "https://a.co/2"),
    "current_location": (
        {"longitude": 1.5, "latitude": 2},
        {"longitude": 2, "latitude": 2},
    ),
    "push_subscribe": ("opted_in", "unsubscribed"),
    "email_open_tracking_disabled": (True, False),
}


@pytest.mark.parametrize("field", KEPT_OWN)
def test_merge_users_keeps_own_values(field: str) -> None:
    gone, kept = KEPT_OWN[field]
    record, told = merged({field: gone}, {field: kept})
    assert (record[field], told) == (kept, ["merge_kept_own"])


@pytest.mark.parametrize("field", KEPT_OWN)
def test_merge_users_fills_what_is_empty(field: str) -> None:
    gone, _ = KEPT_OWN[field]
    record, told = merged({field: gone}, {})
    assert (record[field], told) == (gone, [])


@pytest.mark.parametrize("field", KEPT_OWN)
def test_merge_users_says_nothing_of_equal_values(field: str) -> None:
    gone, _ = KEPT_OWN[field]
    assert merged({field: gone}, {field: gone})[1] == []


TOKEN = {"app_id": "web", "token": "t1", "device_id": "device-1"}
OTHER_TOKEN = {"app_id": "web", "token": "t2", "device_id": "device-2"}
ALIASES = [
    {"alias_label": "l", "alias_name": "1"},
    {"alias_label": "l", "alias_name": "2"},
]
MORE = {"alias_label": "m", "alias_name": "1"}
COMBINED: dict[str, tuple[str, Any, Any, Any, list[str]]] = {
    "counts add up, dates span both": (
        "custom_events", [summary(A, B, 2)], [summary(B, C, 3)], {"e": summary(A, C, 5)}, []),
    "purchases too, each by itself": (
        "purchases", [summary(B, C, 1, "p")], [summary(A, A, 2, "q")],
        {"q": summary(A, A, 2, "q"), "p": summary(B, C, 1, "p")}, []),
    "revenue adds up": ("total_revenue", 0.1, 0.2, 0.3, []),
    "the earlier first session": ("date_of_first_session", A, B, A, []),
    "the later last session": ("date_of_last_session", A, B, B, []),
    "the later report of spam": ("marked_email_as_spam_at", B, A, B, []),
    "custom attributes one by one": (
        "custom_attributes", {"plan": "a", "tier": 1, "tags": ["x"]}, {"plan": "b", "tags": ["x"]},
        {"plan": "b", "tags": ["x"], "tier": 1}, ["merge_kept_own"]),
    "an object is one value": (
        "custom_attributes", {"home": {"city": "a", "zip": 1}}, {"home": {"city": "b"}}, {"home": {"city": "b"}},
        ["merge_kept_own"]),
    "push tokens of both": ("push_tokens", [TOKEN], [OTHER_TOKEN], [OTHER_TOKEN, TOKEN], []),
    "one alias for a label": (
        "user_aliases", [ALIASES[0], MORE], [ALIASES[1]], [ALIASES[1], MORE], ["merge_kept_own"]),
    "group states": ("subscription_groups", {NEWS: "unsubscribed"}, {}, {NEWS: "unsubscribed"}, []),
    "own group states": (
        "subscription_groups", {NEWS: "unsubscribed"}, {NEWS: "subscribed"}, {NEWS: "subscribed"}, ["merge_kept_own"]),
}  # fmt: skip


@pytest.mark.parametrize("what", COMBINED)
def test_merge_users_combines(what: str) -> None:
    field, gone, kept, wanted, fates = COMBINED[what]
    record, told = merged({field: gone}, {field: kept})
    assert (record[field], told) == (wanted, fates)


@pytest.mark.parametrize(
    ("gone", "kept", "state", "fates"),
    [
        (
            {"email": "a@e.co", "email_subscribe": "unsubscribed"},
            {},
            "unsubscribed",
            [],
        ),
        (
            {"email": "a@e.co", "email_subscribe": "unsubscribed"},
            {"email": "b@e.co"},
            None,
            ["merge_kept_own"] * 2,
        ),
        ({"email_subscribe": "unsubscribed"}, {}, "unsubscribed", []),
        (
            {"email_subscribe": "opted_in"},
            {"email_subscribe": "opted_in"},
            "opted_in",
            [],
        ),
    ],
    ids=[
        "the address moves",
        "the own address decides",
        "nobody has an address",
        "the same",
    ],
)
def test_merge_users_keeps_the_email_state_with_its_address(
    gone: dict[str, Any], kept: dict[str, Any], state: str | None, fates: list[str]
) -> None:
    record, told = merged(gone, kept)
    assert (record.get("email_subscribe"), told) == (state, fates)


@pytest.mark.parametrize("field", ["braze_id", "created_at", "random_bucket"])
def test_merge_users_leaves_the_identity_of_the_kept_profile(field: str) -> None:
    seeded = [
        {"external_id": "gone", "created_at": A},
        {"external_id": "kept", "created_at": B},
    ]
    braze = client({"clock": CLOCK, "profiles": seeded})
    before = only(braze, external_ids=["kept"])
    merge(braze, {"external_id": "gone"}, {"external_id": "kept"})
    assert only(braze, external_ids=["kept"])[field] == before[field]


def test_merge_users_days_of_activity_are_those_of_both() -> None:
    room = profiles.Profiles(
        client({"clock": CLOCK}).emulator.workspaces.default.view(),
        clock.parse_instant(MOMENT),
    )
    gone, kept = (room.create(active_days=days).record["braze_id"] for days in ({A: ["x"], B: ["y"]}, {A: ["z"]}))
    merging.merge(room, kept, gone, lambda *_: None)
    assert room.read(kept)["active_days"] == {A: ["z", "x"], B: ["y"]}


# indexes


def test_merge_users_leads_every_identifier_to_the_kept_profile() -> None:
    gone = {
        "email": "a@e.co",
        "phone": "+14155552671",
        "user_aliases": [MORE],
        "push_tokens": [TOKEN],
    }
    seeded = [{"external_id": "gone", **gone}, {"external_id": "kept"}]
    braze = client({"clock": CLOCK, "profiles": seeded})
    kept = only(braze, external_ids=["kept"])["braze_id"]
    merge(braze, {"external_id": "gone"}, {"external_id": "kept"})
    for wanted in (
        {"email_address": "a@e.co"},
        {"phone": "+14155552671"},
        {"user_aliases": [MORE]},
    ):
        assert only(braze, **wanted)["braze_id"] == kept
    assert only(braze, device_id="device-1")["braze_id"] == kept
    assert export(braze, external_ids=["gone"]) == []
    assert braze.emulator.workspaces.default.view().push_tokens.values() == [kept]


def test_merge_users_frees_what_goes_with_the_profile() -> None:
    seeded = [{"external_id": "gone", "email": "a@e.co", "user_aliases": ALIASES[:1]},
              {"external_id": "kept", "email": "b@e.co", "user_aliases": ALIASES[1:]}]  # fmt: skip
    braze = client({"clock": CLOCK, "profiles": seeded})
    merge(braze, {"external_id": "gone"}, {"external_id": "kept"})
    assert (
        export(
            braze,
            external_ids=["gone"],
            user_aliases=ALIASES[:1],
            email_address="a@e.co",
        )
        == []
    )
    track(braze, attributes=[{"external_id": "gone"}])
    assert rules(braze) == ["created_profile"]


def test_merge_users_chains_in_the_order_given() -> None:
    braze = client({"clock": CLOCK, "profiles": [{"external_id": name} for name in "abc"]})
    pairs = [("a", "b"), ("b", "c"), ("a", "c")]
    body = [
        {
            "identifier_to_merge": {"external_id": x},
            "identifier_to_keep": {"external_id": y},
        }
        for x, y in pairs
    ]
    assert braze.post(MERGE, {"merge_updates": body})[0] == 202
    assert braze.fates[-1] == ("/merge_updates/2/identifier_to_merge", "no_match")
    assert count(braze) == 1


# what is not merged

SAM = {"email": "sam@e.co"}
PEOPLE = [{"external_id": "ada", **SAM}, SAM, SAM, {"external_id": "bob"}]


@pytest.mark.parametrize(
    ("gone", "kept", "rule"),
    [
        ({"external_id": "nobody"}, {"external_id": "bob"}, "no_match"),
        ({"external_id": "bob"}, {"user_alias": MORE}, "no_match"),
        ({"external_id": "bob"}, {"external_id": "bob"}, "unchanged"),
        (
            {"external_id": "bob"},
            {**SAM, "prioritization": ["unidentified"]},
            "ambiguous_match",
        ),
        ({**SAM, "prioritization": []}, {"external_id": "bob"}, "ambiguous_match"),
        ({**SAM, "prioritization": ["identified"]}, {"external_id": "bob"}, ""),
        (
            {**SAM, "prioritization": ["unidentified", "least_recently_updated"]},
            {"external_id": "bob"},
            "",
        ),
    ],
)
def test_merge_users_accepts_what_it_does_not_do(gone: dict[str, Any], kept: dict[str, Any], rule: str) -> None:
    braze = client({"clock": CLOCK, "profiles": PEOPLE})
    before = braze.emulator.workspaces.default.state
    assert merge(braze, gone, kept) == ([rule] if rule else [])
    assert (braze.emulator.workspaces.default.state is before) == bool(rule)


@pytest.mark.parametrize(
    ("numbers", "rule"),
    [("1 2", "invalid_phones"), ("1 +14155552671", ""), ("1", ""), ("", "")],
)
def test_merge_users_does_not_merge_two_invalid_phone_numbers(numbers: str, rule: str) -> None:
    braze = client({"clock": CLOCK, "profiles": [{"external_id": "a"}, {"external_id": "b"}]})
    for name, phone in zip("ab", numbers.split(), strict=False):
        track(braze, attributes=[{"external_id": name, "phone": phone}])
    assert merge(braze, {"external_id": "a"}, {"external_id": "b"}) == ([rule] if rule else [])


def test_merge_users_does_not_merge_numbers_on_the_list_of_invalid_ones() -> None:
    numbers = [f"+1415555267{digit}" for digit in range(2)]
    seeded = [{"external_id": name, "phone": phone} for name, phone in zip("ab", numbers, strict=True)]
    invalid = [{"phone": phone, "reason": "provider_error"} for phone in numbers]
    for listed, wanted in ((invalid, ["invalid_phones"]), (invalid[:1], [])):
        braze = client({"clock": CLOCK, "profiles": seeded, "invalid_phone_numbers": listed})
        assert merge(braze, {"external_id": "a"}, {"external_id": "b"}) == wanted


WRONG = (
    "identifiers must be objects with an 'external_id' property that is a string, 'user_alias' property that is an "
    "object, 'email' property that is a string, or 'phone' property that is a string"
)
ARRAY = "'merge_updates' must be an array of objects"
ONLY = "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"
BOB = {"external_id": "bob"}
PAIR = {"identifier_to_merge": BOB, "identifier_to_keep": BOB}
REFUSED: list[tuple[Any, str]] = [
    ({}, ARRAY),
    ([], ARRAY),
    ({"merge_updates": {}}, ARRAY),
    ({"merge_updates": []}, ARRAY),
    ({"merge_updates": ["x"]}, ARRAY),
    ({"merge_updates": [PAIR] * 51}, "a single request may not contain more than 50 merge updates"),
    ({"merge_updates": [{**PAIR, "merge_behavior": "none"}]}, ONLY),
    ({"merge_updates": [{"identifier_to_merge": BOB}]}, ONLY),
    *(
        ({"merge_updates": [{**PAIR, "identifier_to_keep": one}]}, WRONG)
        for one in ("bob", {}, {"braze_id": "x"}, {"external_id": 1}, {"external_id": ""}, {"user_alias": "x"},
                    {"user_alias": {"alias_name": "x"}}, {"email": "a@e.co"}, {"phone": 1, "prioritization": []},
                    {**BOB, "email": "a@e.co", "prioritization": []})
    ),
    ({"merge_updates": [{**PAIR, "identifier_to_keep": {**SAM, "prioritization": ["identified", "unidentified"]}}]},
     "'prioritization' may only contain one of 'identified' and 'unidentified'"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_merge_users_refuses(braze_client: Client, body: Any, message: str) -> None:
    assert braze_client.post(MERGE, body) == (400, {"message": message})


# every field has a rule


def written() -> Iterator[tuple[str, str]]:
    """(file, field) of every field that code puts into a profile's record under its own name."""
    root = Path(profiles.__file__).parent.parent
    for path in [*root.glob("state/*.py"), *root.glob("handlers/braze/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from ((path.stem, name) for name in _names(node))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Constant):
        if "record" in (getattr(node.value, "id", ""), getattr(node.value, "attr", "")):
            yield str(node.slice.value)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("part", "put") and node.args:
        if isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create":
        yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def test_every_field_that_is_written_has_a_rule() -> None:
    assert sorted({(where, name) for where, name in written() if name not in merging.RULES}) == []
    assert {"custom_attributes", "total_revenue", "external_id", "email_subscribe"} <= {name for _, name in written()}


def test_every_reserved_field_and_every_field_of_a_seed_has_a_rule() -> None:
    seeded = seed.schema()["properties"]["profiles"]["items"]["properties"].keys()
    reserved = attributes.FIELDS.keys() - names.CONTROLS
    assert sorted((seeded | reserved) - merging.RULES.keys()) == []


def test_every_rule_is_for_a_field_that_a_profile_has(braze_client: Client) -> None:
    track(braze_client, attributes=[{"external_id": "u"}])
    record = braze_client.emulator.workspaces.default.view().profiles.values()[0]
    assert record.keys() <= merging.RULES.keys()
