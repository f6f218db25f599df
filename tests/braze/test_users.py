"""users/track and users/export/ids: identifiers, refusals, counters, events, purchases, and the exported profile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.calls import (
    ALIAS,
    EARLIER,
    EVENT,
    IDENTIFIER,
    MOMENT,
    NOTHING_VALID,
    NOW,
    PURCHASE,
    attributes,
    count,
    export,
    only,
    rules,
    track,
)
from tests.conftest import Client, client


@pytest.fixture
def braze() -> Client:
    return client({"clock": {"now": NOW, "frozen": True}})


# the envelope


def test_track_users_counts_only_what_was_sent(braze: Client) -> None:
    assert track(braze, events=[EVENT, EVENT]) == {"message": "success", "events_processed": 2}
    assert track(braze, attributes=[], purchases=[PURCHASE]) == {"message": "success", "purchases_processed": 1}


def test_track_users_names_each_refused_object_in_its_own_array(braze: Client) -> None:
    answer = track(
        braze,
        attributes=[{"external_id": "a", "x": 1}, {"x": 1}],
        events=[{"name": "e"}, EVENT],
        purchases=[{**PURCHASE, "quantity": 101}],
    )
    assert answer == {
        "message": "success",
        "attributes_processed": 1,
        "events_processed": 1,
        "purchases_processed": 0,
        "errors": [
            {"type": IDENTIFIER, "input_array": "attributes", "index": 1},
            {"type": IDENTIFIER, "input_array": "events", "index": 0},
            {"type": "'quantity' is not valid", "input_array": "purchases", "index": 0},
        ],
    }
    assert [pointer for pointer, rule in braze.fates if rule == "refused"] == [
        "/attributes/1", "/events/0", "/purchases/0",
    ]  # fmt: skip


def test_track_users_refuses_everything_with_the_errors_beside_the_message(braze: Client) -> None:
    status, body = braze.post("/users/track", {"attributes": [{"external_id": "a", "email": "no"}]})
    text = "The value provided for the 'email' field is not a valid email."
    errors = [{"type": text, "input_array": "attributes", "index": 0}]
    assert (status, body) == (400, {"message": NOTHING_VALID, "errors": errors})
    assert count(braze) == 0


@pytest.mark.parametrize("body", [{}, {"attributes": []}, {"attributes": {}}, [], "x", {"events": None}], ids=str)
def test_track_users_without_anything(braze: Client, body: Any) -> None:
    raw = body if not isinstance(body, str) else b'"x"'
    assert braze.post("/users/track", raw) == (400, {"message": NOTHING_VALID})


@pytest.mark.parametrize(("per_array", "status"), [((25, 25, 25), 201), ((26, 25, 25), 400), ((76, 0, 0), 400)])
def test_track_users_takes_75_objects(braze: Client, per_array: tuple[int, ...], status: int) -> None:
    a, e, p = per_array
    body = {"attributes": [{"external_id": "u", "x": 1}] * a, "events": [EVENT] * e, "purchases": [PURCHASE] * p}
    found, answer = braze.post("/users/track", body)
    assert (found, answer["message"]) == (status, "success" if status == 201 else "Max Input Length Exceeded")
    assert count(braze) == (1 if status == 201 else 0)


def test_track_users_tells_of_fields_that_no_request_has(braze: Client) -> None:
    track(braze, attributes=[{"external_id": "u", "x": 1}], attribute=[], api_key="old", partner="me")
    assert ("/attribute", "ignored") in braze.fates
    assert "did you mean 'attributes'?" in braze.entries[-1].fates[-1].note


# identifiers


def test_track_users_creates_a_profile_for_an_unknown_external_id_once(braze: Client) -> None:
    attributes(braze, {"external_id": "a", "x": 1}, {"external_id": "a", "y": 2})
    assert braze.fates == [("/attributes/0/external_id", "created_profile")]
    assert only(braze, external_ids=["a"])["custom_attributes"] == {"x": 1, "y": 2}


@pytest.mark.parametrize("external_id", [7, 7.0])
def test_track_users_takes_a_number_as_external_id(braze: Client, external_id: float) -> None:
    attributes(braze, {"external_id": external_id, "x": 1})
    assert "coerced_to_text" in rules(braze)
    assert only(braze, external_ids=[7])["external_id"] == "7"


def test_track_users_is_case_sensitive_in_external_ids(braze: Client) -> None:
    attributes(braze, {"external_id": "a", "x": 1}, {"external_id": "A", "x": 1})
    assert count(braze) == 2


NO_MATCH: list[tuple[dict[str, Any], str]] = [
    ({"external_id": "a", "_update_existing_only": True}, "external_id"),
    ({"external_id": "a", "_update_existing_only": 1}, "external_id"),
    ({"user_alias": ALIAS}, "user_alias"),
    ({"user_alias": ALIAS, "_update_existing_only": None}, "user_alias"),
    ({"braze_id": "0" * 24}, "braze_id"),
    ({"email": "a@b.co", "_update_existing_only": True}, "email"),
    ({"phone": "12"}, "phone"),
]


@pytest.mark.parametrize(("who", "name"), NO_MATCH, ids=str)
@pytest.mark.parametrize("array", ["attributes", "events", "purchases"])
def test_track_users_does_nothing_for(braze: Client, array: str, who: dict[str, Any], name: str) -> None:
    rest = {"attributes": {"x": 1}, "events": EVENT, "purchases": PURCHASE}[array]
    item = {key: value for key, value in rest.items() if key != "external_id"}
    assert track(braze, **{array: [{**item, **who}]})["message"] == "success"
    assert (count(braze), braze.fates) == (0, [(f"/{array}/0/{name}", "no_match")])


def test_track_users_does_not_find_a_profile_by_a_number_that_is_not_valid(braze: Client) -> None:
    attributes(braze, {"external_id": "a", "phone": "12"})
    attributes(braze, {"phone": "12", "x": 1})
    assert braze.fates == [("/attributes/0/phone", "no_match")]
    assert "custom_attributes" not in only(braze, external_ids=["a"])


def test_track_users_creates_an_alias_only_profile_when_told(braze: Client) -> None:
    attributes(braze, {"user_alias": ALIAS, "_update_existing_only": False, "x": 1})
    track(braze, events=[{"user_alias": ALIAS, "name": "visited", "time": EARLIER}])
    found = only(braze, user_aliases=[ALIAS])
    assert (found["user_aliases"], found.get("external_id")) == ([ALIAS], None)
    assert found["custom_events"][0]["count"] == 1


def test_track_users_finds_by_braze_id(braze: Client) -> None:
    attributes(braze, {"external_id": "a", "x": 1})
    braze_id = only(braze, external_ids=["a"])["braze_id"]
    attributes(braze, {"braze_id": braze_id, "y": 2})
    assert only(braze, braze_id=braze_id)["custom_attributes"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("name", "key", "first", "again"),
    [
        ("email", "email_address", "Ada@Example.com", "ada@example.com"),
        ("phone", "phone", "+14155552671", "+1 (415) 555-2671"),
    ],
)
def test_track_users_keeps_a_profile_by_address_alone(
    braze: Client, name: str, key: str, first: str, again: str
) -> None:
    attributes(braze, {name: first, "x": 1})
    assert [rule for rule in rules(braze) if rule != "email_lowercased"] == ["created_profile"]
    attributes(braze, {name: again, "y": 2})
    found = only(braze, **{key: again})
    assert (found[name], found["custom_attributes"]) == (first.lower(), {"x": 1, "y": 2})
    assert "external_id" not in found


def test_track_users_by_email_writes_the_phone_beside_it(braze: Client) -> None:
    attributes(braze, {"email": "a@b.co", "phone": "+14155552671"})
    assert only(braze, phone="+14155552671")["email"] == "a@b.co"


def test_track_users_with_an_external_id_makes_a_duplicate_of_an_address(braze: Client) -> None:
    attributes(braze, {"email": "a@b.co"}, {"external_id": "u", "email": "a@b.co"})
    assert len(export(braze, email_address="a@b.co")) == 2


def test_track_users_prefers_the_latest_updated_profile_with_an_external_id(braze: Client) -> None:
    attributes(
        braze,
        {"external_id": "one", "email": "a@b.co"},
        {"external_id": "two", "email": "a@b.co"},
        {"user_alias": ALIAS, "_update_existing_only": False, "email": "a@b.co"},
        {"external_id": "one", "x": 1},
    )
    attributes(braze, {"email": "a@b.co", "won": True})
    assert ("/attributes/0/email", "several_match") in braze.fates
    winners = [user["external_id"] for user in export(braze, email_address="a@b.co") if "won" in str(user)]
    assert winners == ["one"]


def test_track_users_takes_null_in_place_of_an_identifier_as_absent(braze: Client) -> None:
    attributes(braze, {"external_id": "a", "user_alias": None, "braze_id": None, "x": 1})
    assert count(braze) == 1
    assert rules(braze).count("null_ignored") == 2


# events and purchases


def test_track_users_sums_up_events_and_never_drops_a_repetition(braze: Client) -> None:
    times = ["2026-01-20T00:00:00Z", "2026-01-10 00:00:00 -0500", "2026-01-20T00:00:00Z"]
    track(braze, events=[{**EVENT, "time": time} for time in times])
    assert only(braze, external_ids=["u"])["custom_events"] == [
        {"name": "visited", "first": "2026-01-10T05:00:00.000Z", "last": "2026-01-20T00:00:00.000Z", "count": 3}
    ]


def test_track_users_counts_each_unit_of_a_purchase(braze: Client) -> None:
    track(braze, purchases=[PURCHASE, {**PURCHASE, "quantity": 3}, {**PURCHASE, "product_id": 7, "quantity": None}])
    assert rules(braze) == ["created_profile", "coerced_to_text"]
    found = only(braze, external_ids=["u"])
    assert {one["name"]: one["count"] for one in found["purchases"]} == {"sku": 4, "7": 1}
    assert found["total_revenue"] == 12.5


def test_track_users_moves_a_future_event_to_now(braze: Client) -> None:
    track(braze, events=[{**EVENT, "time": "2026-01-31T12:00:01Z"}])
    assert ("/events/0/time", "future_time") in braze.fates
    assert only(braze, external_ids=["u"])["custom_events"][0]["last"] == MOMENT


def test_track_users_applies_attributes_before_events_before_purchases(braze: Client) -> None:
    alias_event = {"user_alias": ALIAS, "name": "e", "time": EARLIER}
    alias = {"user_alias": ALIAS, "_update_existing_only": False, "x": 1}
    track(braze, events=[alias_event], attributes=[alias])
    assert rules(braze) == ["created_profile"]


def test_track_users_tells_what_of_an_event_is_not_kept(braze: Client) -> None:
    properties = {"ok": "x" * 255, "$bad": 1, "": 1, "long": "x" * 256, "n" * 256: 1, "a/b": None}
    track(braze, events=[{**EVENT, "event_name": "x", "email": "a@b.co", "properties": properties}])
    told = [pointer for pointer, rule in braze.fates if rule in ("property_dropped", "ignored")]
    assert told == [
        "/events/0/properties/$bad",
        "/events/0/properties",
        "/events/0/properties/long",
        f"/events/0/properties/{'n' * 40}",
        "/events/0/event_name",
        "/events/0/email",
    ]


def test_track_users_tells_that_a_currency_is_not_converted(braze: Client) -> None:
    track(braze, purchases=[{**PURCHASE, "currency": "EUR"}])
    assert ("/purchases/0/currency", "currency_not_converted") in braze.fates


# storage


def test_track_users_never_changes_a_stored_record_in_place(braze: Client) -> None:
    item = {"external_id": "u", "email": "a@b.co", "tags": ["a"], "deep": {"a": {"b": 1}}, "n": 1}
    track(braze, attributes=[item], events=[EVENT], purchases=[PURCHASE])
    before = braze.emulator.workspaces.default.state
    (record,) = before["profiles"].values()
    kept = repr((record, before["emails"], before["external_ids"]))
    change = {
        "external_id": "u", "email": "c@d.eu", "tags": {"add": ["b"]}, "deep": {"a": {"c": 2}}, "n": {"inc": 1},
        "_merge_objects": True,
    }  # fmt: skip
    track(braze, attributes=[change] * 25, events=[EVENT] * 25, purchases=[PURCHASE] * 25)
    assert repr((record, before["emails"], before["external_ids"])) == kept
    after = only(braze, external_ids=["u"])
    assert (after["custom_attributes"]["n"], after["custom_attributes"]["deep"]) == (26, {"a": {"b": 1, "c": 2}})


def test_track_users_gives_the_same_state_for_the_same_calls() -> None:
    states = []
    for _ in range(2):
        braze = client({"clock": {"now": NOW, "frozen": True}})
        track(braze, attributes=[{"external_id": "a", "x": 1}], events=[EVENT])
        states.append(sorted(braze.emulator.workspaces.default.state["profiles"].items()))
    assert states[0] == states[1]


def test_track_users_takes_null_for_an_array_that_is_not_sent(braze_client: Client) -> None:
    body = {"attributes": [{"external_id": "a", "n": 1}], "events": None, "purchases": None}
    assert braze_client.post("/users/track", body) == (201, {"message": "success", "attributes_processed": 1})
    assert [fate for fate in braze_client.fates if fate[1] == "null_ignored"] == [
        ("/events", "null_ignored"),
        ("/purchases", "null_ignored"),
    ]
    assert braze_client.post("/users/track", {"events": None})[0] == 400
