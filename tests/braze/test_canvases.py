"""Canvases through the API: listing them, what one says, and letting users in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client
from tests.messaging.sends import started, table

LIST, DETAILS, TRIGGER = "/canvas/list", "/canvas/details", "/canvas/trigger/send"
CARD = {
    "channel": "content_card", "type": "CLASSIC", "title": "t", "time_to_live": 60,
    "description": "{{${user_id}}}/{{context.${code}}}/{{canvas_entry_properties.${code}}}/{{custom_attribute.${plan}}}",
}  # fmt: skip
STEPS = [{"id": "s", "name": "Hello", "message": {"id": "m", **CARD}}]


def api(**fields: Any) -> Client:
    """A Canvas that the API triggers, whose message shows what it was given."""
    return started([], canvases=[{"id": "v", "name": "V", "steps": STEPS, **fields}])


def trigger(braze: Client, *recipients: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"canvas_id": "v", **({"recipients": list(recipients)} if recipients else {}), **more}
    status, answer = braze.post(TRIGGER, body)
    assert status == 201, answer
    assert answer["message"] == "success"
    return dict(answer)


def texts(braze: Client) -> list[str]:
    return [one["content"]["description"] for one in table(braze, "messages")]


def outcomes(braze: Client) -> list[str]:
    return [one["outcome"] for one in table(braze, "decisions") if "step_id" not in one]


def test_list_canvases_in_pages_of_100() -> None:
    braze = client({"canvases": [{"id": f"v{number:03d}", "name": "V"} for number in range(101)]})
    found = [[one["id"] for one in braze.get(LIST, query)[1]["canvases"]] for query in ("", "page=1", "page=2")]
    assert (len(found[0]), found[1:]) == (100, [["v100"], []])


def test_get_canvas_shows_when_it_was_entered() -> None:
    braze = api(reeligibility_seconds=0)
    assert "first_entry" not in braze.get(DETAILS, "canvas_id=v")[1]
    trigger(braze, {"external_user_id": "ada"})
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 60)
    trigger(braze, {"external_user_id": "ada"})
    _, answer = braze.get(DETAILS, "canvas_id=v")
    assert (answer["first_entry"], answer["last_entry"]) == ("2026-01-01T12:00:00.000Z", "2026-01-01T12:01:00.000Z")


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"status": "draft"}, {"draft": True, "enabled": False}),
        ({"archived": True}, {"archived": True, "enabled": False}),
        ({"trigger": {"schedule": {"time": "2027-01-01T00:00:00Z"}}}, {"schedule_type": "time_based", "enabled": True}),
    ],
)
def test_get_canvas_shows_its_state(fields: dict[str, Any], shown: dict[str, Any]) -> None:
    _, answer = api(**fields).get(DETAILS, "canvas_id=v")
    assert {name: answer[name] for name in shown} == shown


def test_get_canvas_names_the_next_message_step() -> None:
    steps = [*STEPS, {"id": "next", "message": CARD}]
    [first, last] = api(steps=steps).get(DETAILS, "canvas_id=v")[1]["steps"]
    assert (first["next_step_ids"], last["next_step_ids"]) == (["next"], [])


def test_trigger_canvas_gives_the_context_under_both_names() -> None:
    braze = api()
    answer = trigger(braze, {"external_user_id": "ada", "context": {"code": "A1"}})
    assert texts(braze) == ["ada/A1/A1/"]
    [entry, _] = table(braze, "decisions")
    assert entry["trigger"] == {"kind": "canvas", "name": "v"} and entry["dispatch_id"] == answer["dispatch_id"]


@pytest.mark.parametrize(
    ("body", "own", "code"),
    [
        ({"context": {"code": 1}}, {}, "1"),
        ({"canvas_entry_properties": {"code": 1}}, {}, "1"),
        ({"canvas_entry_properties": {"code": 1}, "context": {"code": 2}}, {}, "2"),
        ({"context": {"code": 1}}, {"canvas_entry_properties": {"code": 2}}, "2"),
        ({"context": {"other": 1}}, {"context": {"code": 2}}, "2"),
    ],
)
def test_trigger_canvas_prefers_the_recipients_own_context(body: Any, own: Any, code: str) -> None:
    braze = api()
    trigger(braze, {"external_user_id": "ada", **own}, **body)
    assert texts(braze) == [f"ada/{code}/{code}/"]


@pytest.mark.parametrize("name", ["context", "canvas_entry_properties"])
def test_trigger_canvas_takes_so_many_bytes(name: str) -> None:
    for body in ({name: {"a": "x" * 51_200}}, {"recipients": [{"external_user_id": "a", name: {"a": "x" * 51_200}}]}):
        status, answer = api().post(TRIGGER, {"canvas_id": "v", "broadcast": "recipients" not in body, **body})
        assert (status, answer["message"]) == (400, f"'{name}' is not valid")


def test_trigger_canvas_writes_attributes_first_and_makes_users() -> None:
    braze = api()
    new = {"external_user_id": "new", "send_to_existing_only": False, "attributes": {"plan": "tin"}}
    trigger(braze, new, {"external_user_id": "ada", "attributes": {"plan": "gold"}})
    assert texts(braze) == ["new///tin", "ada///gold"]


def test_trigger_canvas_lets_an_audience_in() -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    people = [
        {"external_id": name, "custom_attributes": {"plan": plan}} for name, plan in (("a", "gold"), ("b", "tin"))
    ]
    braze = started([], canvases=[{"id": "v", "name": "V", "steps": STEPS}], profiles=people)
    trigger(braze, broadcast=True, audience=gold)
    assert texts(braze) == ["a///gold"]


@pytest.mark.parametrize("fields", [{"status": "stopped"}, {"archived": True}])
def test_trigger_canvas_says_that_nobody_enters(fields: dict[str, Any]) -> None:
    braze = api(**fields)
    assert trigger(braze, {"external_user_id": "ada"})["notice"].startswith("The Canvas is ")
    assert (braze.fates, outcomes(braze)) == ([("/canvas_id", "canvas_lets_nobody_in")], ["not_sent"])


def test_trigger_canvas_counts_broadcasts_in_a_bucket_of_their_own() -> None:
    braze = api()
    assert braze.send("POST", TRIGGER, {"canvas_id": "v", "broadcast": True}).headers["X-RateLimit-Limit"] == "250"
