"""Why a value is what it is, what a call would do, and how two snapshots differ: through the control API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator.app import create_app
from emulator.pipeline import Emulator

KEY = {"Authorization": "Bearer test-key"}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator({"profiles": [{"external_id": "seeded", "custom_attributes": {"plan": "free"}}]})


@pytest.fixture
def client(emulator: Emulator) -> FlaskClient:
    return create_app(emulator).test_client()


def track(client: FlaskClient, **arrays: list[dict[str, Any]]) -> None:
    assert client.post("/users/track", json=arrays, headers=KEY).status_code == 201


def why(client: FlaskClient, profile: str, field: str) -> dict[str, Any]:
    answer = client.get(f"/_emulator/profiles/{profile}/why", query_string={"field": field})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_why_tells_each_write_with_what_was_sent(client: FlaskClient) -> None:
    track(client, attributes=[{"external_id": "u1", "plan": "free"}, {"external_id": "u2", "plan": "other"}])
    track(client, attributes=[{"external_id": "u2"}, {"external_id": "u1", "plan": "pro"}])
    track(client, attributes=[{"external_id": "u1", "seats": 3}])
    told = why(client, "u1", "plan")
    assert told["value"] == "pro"
    first, second = told["because"]
    assert (first["entry"], first["after"], first["sent"]) == (
        1,
        "free",
        [{"pointer": "/attributes/0/plan", "value": "free"}],
    )
    assert "before" not in first and [rule["rule"] for rule in first["rules"]] == ["created_profile"]
    assert (second["entry"], second["before"], second["after"]) == (2, "free", "pro")
    assert second["sent"] == [{"pointer": "/attributes/1/plan", "value": "pro"}]


def test_why_tells_the_write_that_was_dropped(client: FlaskClient) -> None:
    track(client, attributes=[{"external_id": "u1", "gender": "M"}])
    track(client, attributes=[{"external_id": "u1", "gender": "male"}])
    dropped = why(client, "u1", "gender")["because"][1]
    assert [rule["rule"] for rule in dropped["rules"]] == ["value_dropped"]
    assert dropped["sent"] == [{"pointer": "/attributes/0/gender", "value": "male"}] and "after" not in dropped


@pytest.mark.parametrize("users", [["u1"], ["u1", "u2"]], ids=str)
def test_why_tells_that_a_value_was_unchanged_beside_one_that_changed(client: FlaskClient, users: list[str]) -> None:
    for seats in (1, 2):
        track(client, attributes=[{"external_id": user, "plan": "pro", "seats": seats} for user in users])
    for user in users:
        assert [rule["rule"] for rule in why(client, user, "plan")["because"][1]["rules"]] == ["unchanged"]
        assert why(client, user, "seats")["because"][1]["rules"] == []


def test_why_follows_events_nested_values_and_removals(client: FlaskClient) -> None:
    event = {"external_id": "u1", "name": "bought", "time": "2026-01-02T03:04:05Z"}
    track(client, attributes=[{"external_id": "u1", "home": {"city": "Porto"}}], events=[event])
    track(client, attributes=[{"external_id": "u1", "home": None}], events=[event])
    counts = [one["after"]["count"] for one in why(client, "u1", "custom_events.bought")["because"]]
    assert counts == [1, 2]
    told = why(client, "u1", "home.city")
    assert "value" not in told
    assert [(one.get("before"), one.get("after")) for one in told["because"]] == [(None, "Porto"), ("Porto", None)]


def test_why_follows_a_merge_into_the_profile_that_went(client: FlaskClient) -> None:
    track(client, attributes=[{"external_id": "old", "plan": "free"}, {"external_id": "new", "seats": 1}])
    track(client, attributes=[{"external_id": "old", "plan": "pro"}])
    merge = {"identifier_to_merge": {"external_id": "old"}, "identifier_to_keep": {"external_id": "new"}}
    assert client.post("/users/merge", json={"merge_updates": [merge]}, headers=KEY).status_code == 202
    told = why(client, "new", "plan")["because"][-1]
    assert (told["operation"], told["after"]) == ("merge_users", "pro")
    assert "merged_into" in {rule["rule"] for rule in told["rules"]}
    assert [one["after"] for one in told["merged"][0]["because"]] == ["free", "pro"]
    assert why(client, "old", "plan")["because"][-1]["before"] == "pro"


def test_why_tells_what_a_merge_has_lost(client: FlaskClient) -> None:
    track(client, attributes=[{"external_id": "old", "plan": "free"}, {"external_id": "new", "plan": "pro"}])
    merge = {"identifier_to_merge": {"external_id": "old"}, "identifier_to_keep": {"external_id": "new"}}
    client.post("/users/merge", json={"merge_updates": [merge]}, headers=KEY)
    told = why(client, "new", "plan")["because"][-1]
    assert "merge_kept_own" in {rule["rule"] for rule in told["rules"]} and "after" not in told


def merge(client: FlaskClient, gone: str, stays: str) -> None:
    update = {"identifier_to_merge": {"external_id": gone}, "identifier_to_keep": {"external_id": stays}}
    assert client.post("/users/merge", json={"merge_updates": [update]}, headers=KEY).status_code == 202


def test_why_tells_of_a_merge_only_what_concerns_the_field(client: FlaskClient) -> None:
    track(client, attributes=[{"external_id": one, "plan": one, "email": f"{one}@x.de"} for one in ("a", "b")])
    merge(client, "b", "a")
    (rule, gone) = why(client, "a", "plan")["because"][-1]["rules"]
    assert (rule["rule"], rule["value"], gone["rule"]) == ("merge_kept_own", "b", "merged_into")
    assert [rule["rule"] for rule in why(client, "a", "nothing")["because"][-1]["rules"]] == ["merged_into"]


def test_why_tells_which_alias_a_merge_has_lost(client: FlaskClient) -> None:
    aliases = [{"external_id": one, "alias_label": "l", "alias_name": one} for one in ("a", "b")]
    track(client, attributes=[{"external_id": one, "plan": "same"} for one in ("a", "b")])
    client.post("/users/alias/new", json={"user_aliases": aliases}, headers=KEY)
    merge(client, "b", "a")
    notes = [rule["note"] for rule in why(client, "a", "user_aliases")["because"][-1]["rules"]]
    assert [note for note in notes if note.startswith("user_aliases.l: ") and note.endswith("stays")]


def test_why_ends_where_merges_follow_merges(client: FlaskClient) -> None:
    """Each profile that went had taken over another one before."""
    for number in range(40):
        track(client, attributes=[{"external_id": f"u{number}", "plan": str(number)}])
    for number in range(39):
        merge(client, f"u{number}", f"u{number + 1}")
    told, depth = why(client, "u39", "plan"), 0
    while "because" in told:
        depth += 1
        told = next(one for one in told["because"] if "merged" in one)["merged"][0]
    assert depth == 11 and told["note"].startswith("ask for the reasons of this profile")
    assert why(client, told["profile"], "plan")["because"]


def test_why_of_a_seeded_value_and_of_one_that_never_was(client: FlaskClient) -> None:
    assert why(client, "seeded", "plan")["note"] == "it is as the seed planted it"
    assert why(client, "seeded", "colour")["note"] == "no recorded call touched it"
    unknown = client.get("/_emulator/profiles/nobody/why?field=plan")
    assert unknown.status_code == 404 and "nobody" in unknown.get_json()["detail"]
    assert client.get("/_emulator/profiles/seeded/why").status_code == 400


def test_why_says_when_no_recorded_call_changed_it(client: FlaskClient, emulator: Emulator) -> None:
    track(client, attributes=[{"external_id": "u1", "plan": "free"}])
    with emulator.workspaces.default.transaction() as draft:
        braze_id = draft.external_ids["u1"]
        draft.profiles[braze_id] = {**draft.profiles[braze_id], "custom_attributes": {"plan": "odd"}}
    told = why(client, "u1", "plan")["because"]
    assert told[1]["note"].startswith("changed without a recorded call") and told[1]["after"] == "odd"


def test_why_says_when_the_exchange_is_no_longer_kept(client: FlaskClient, emulator: Emulator) -> None:
    track(client, attributes=[{"external_id": "u1", "plan": "free"}])
    emulator.journal.clear()
    assert "no longer keeps" in why(client, "u1", "plan")["because"][0]["note"]


def test_what_if_answers_and_keeps_nothing(client: FlaskClient, emulator: Emulator) -> None:
    body = {"attributes": [{"external_id": "seeded", "plan": "pro", "Email": "x"}]}
    told = client.post("/_emulator/what-if", json={"path": "/users/track", "body": body}).get_json()
    assert (told["status"], told["body"]["attributes_processed"]) == (201, 1)
    assert {"table": "profiles", "field": "custom_attributes.plan", "before": "free", "after": "pro"}.items() <= next(
        one for one in told["changes"] if one["field"] == "custom_attributes.plan"
    ).items()
    assert "became_custom_attribute" in {fate["rule"] for fate in told["fates"]}
    assert client.get("/_emulator/profiles/seeded").get_json()["custom_attributes"] == {"plan": "free"}
    assert emulator.journal.last == 0


@pytest.mark.parametrize(
    ("given", "status", "text"),
    [({"path": "/users/track", "body": "{"}, 400, "parsing"), ({"path": "/nowhere"}, 404, "Not Found"),
     ({"method": "get", "path": "/content_blocks/list?limit=1"}, 200, "content_blocks")],
)  # fmt: skip
def test_what_if_of_calls_that_change_nothing(
    client: FlaskClient, given: dict[str, Any], status: int, text: str
) -> None:
    told = client.post("/_emulator/what-if", json=given).get_json()
    assert (told["status"], told["changes"]) == (status, []) and text in str(told["body"])


def test_what_if_names_the_profiles_that_would_go(client: FlaskClient) -> None:
    given = {"path": "/users/delete", "body": {"external_ids": ["seeded"]}}
    told = client.post("/_emulator/what-if", json=given).get_json()
    assert told["complete"] and ("seeded", "") in {(one.get("external_id"), one["field"]) for one in told["changes"]}


def test_what_if_takes_place_in_the_chosen_workspace(client: FlaskClient) -> None:
    client.post("/_emulator/workspaces", json={"name": "other"})
    given = {"path": "/users/track", "body": {"attributes": [{"external_id": "seeded", "plan": "x"}]}}
    told = client.post("/_emulator/what-if", json={**given, "workspace": "other"}).get_json()
    assert "created_profile" in {fate["rule"] for fate in told["fates"]}


def test_snapshots_are_compared_profile_by_profile(client: FlaskClient) -> None:
    client.post("/_emulator/snapshots", json={"name": "before"})
    track(client, attributes=[{"external_id": "seeded", "plan": "pro"}])
    client.post("/_emulator/snapshots", json={"name": "between"})
    track(client, attributes=[{"external_id": "seeded", "plan": "team"}])
    found = client.get("/_emulator/snapshots/before/compare").get_json()
    assert [(one["external_id"], one["field"], one["before"], one["after"]) for one in found["differences"]
            if one["table"] == "profiles"] == [("seeded", "custom_attributes.plan", "free", "team")]  # fmt: skip
    found = client.get("/_emulator/snapshots/before/compare?with=between").get_json()
    assert "pro" in [one.get("after") for one in found["differences"]] and found["complete"]
    assert client.get("/_emulator/snapshots/before/compare?limit=0").get_json()["complete"] is False
    assert client.get("/_emulator/snapshots/none/compare").status_code == 404
