"""Canvases through the API: listing them, what one says, and letting users in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client
from tests.messaging.sends import HOOK, started, table

LIST, DETAILS, TRIGGER = "/canvas/list", "/canvas/details", "/canvas/trigger/send"
TEXT = "{{${user_id}}}/{{context.${code}}}/{{canvas_entry_properties.${code}}}/{{custom_attribute.${plan}}}"
CARD = {"channel": "content_card", "type": "CLASSIC", "title": "t", "description": TEXT, "time_to_live": 60}
STEPS = [{"id": "s", "name": "Hello", "message": {"id": "m", **CARD}}]


def api(**fields: Any) -> Client:
    """A Canvas that the API triggers, whose message shows what it was given."""
    steps = {} if "variants" in fields else {"steps": STEPS}
    return started([], canvases=[{"id": "v", "name": "V", **steps, **fields}])


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


# numbers


def numbers(braze: Client, path: str, query: str = "length=1") -> dict[str, Any]:
    more = "&include_variant_breakdown=true&include_step_breakdown=true"
    status, answer = braze.get(f"/canvas/{path}", f"canvas_id=v&{query}{more}")
    assert status == 200, answer
    return dict(answer["data"])


def test_get_canvas_series_counts_entries_and_messages_on_their_days() -> None:
    hook = {name: value for name, value in HOOK.items() if name not in ("id", "name")}
    bad = {**hook, "id": "bad", "url": "https://example.com"}
    steps = [*STEPS, {"delay": "1d"}, {"id": "hooks", "name": "Hooks", "messages": [{**hook, "id": "good"}, bad]}]
    braze = api(variants=[{"id": "one", "name": "One", "steps": steps}], reeligibility_seconds=0)
    trigger(braze, {"external_user_id": "ada"})
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 86_400)
    first, second = numbers(braze, "data_series", "length=2")["stats"]
    assert (first["time"], second["time"]) == ("2026-01-01", "2026-01-02")
    assert [one["total_stats"]["entries"] for one in (first, second)] == [1, 0]
    assert [one["variant_stats"]["one"]["entries"] for one in (first, second)] == [1, 0]
    assert [one["step_stats"]["s"]["messages"]["content_cards"][0]["sent"] for one in (first, second)] == [1, 0]
    assert second["step_stats"]["hooks"]["messages"]["webhook"] == [{"sent": 1, "errors": 0}, {"sent": 1, "errors": 1}]


def test_get_canvas_summary_adds_the_days_up_without_the_control_group() -> None:
    braze = api(reeligibility_seconds=0)
    trigger(braze, {"external_user_id": "ada"})
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 86_400)
    trigger(braze, {"external_user_id": "ada"})
    found = numbers(braze, "data_summary", "starting_at=2026-01-01")
    assert found["total_stats"] == {"revenue": 0.0, "conversions": 0, "conversions_by_entry_time": 0, "entries": 2}
    assert found["step_stats"]["s"]["messages"]["content_cards"][0]["sent"] == 2
    braze = api(control_percentage=100)
    trigger(braze, {"external_user_id": "ada"})
    assert numbers(braze, "data_summary")["total_stats"]["entries"] == 0


def test_get_canvas_series_counts_conversions_from_the_entry() -> None:
    lamp = {"type": "Makes Specific Purchase", "product": "lamp"}
    events = [{"type": "Makes Any Purchase"}, {"type": "Performs Custom Event", "custom_event_name": "seen"}, lamp]
    braze = api(variants=[{"id": "one", "name": "One", "steps": STEPS}], conversion_events=events)
    trigger(braze, {"external_user_id": "ada"})
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 86_400)
    item = {"external_id": "ada", "product_id": "rug", "currency": "EUR", "price": 2.5, "time": "2026-01-02T12:00:00Z"}
    braze.post("/users/track", {"purchases": [item, item]})
    braze.post("/users/track", {"events": [{"external_id": "ada", "name": "seen", "time": "2026-01-02T12:00:00Z"}]})
    first, second = numbers(braze, "data_series", "length=2")["stats"]
    none = {f"conversions{place}{by}": 0 for place in ("", 1, 2) for by in ("", "_by_entry_time")}
    entered = {"conversions_by_entry_time": 1, "conversions1_by_entry_time": 1, "entries": 1}
    converted = {"conversions": 1, "conversions1": 1, "revenue": 5.0, "entries": 0}
    assert first["total_stats"] == {**none, "revenue": 0.0, **entered}
    assert second["total_stats"] == {**none, **converted}
    assert second["variant_stats"]["one"] == {"name": "One", **none, **converted}
    assert second["step_stats"]["s"]["conversions"] == 0


def test_get_canvas_series_has_no_conversions_of_the_control_group_nor_after_the_window() -> None:
    events = [{"type": "Makes Any Purchase", "window": 60}]
    for more, wait in (({"control_percentage": 100}, 0), ({}, 60)):
        braze = api(conversion_events=events, **more)
        trigger(braze, {"external_user_id": "ada"})
        braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, wait)
        time = f"2026-01-01T12:{wait // 60:02d}:00Z"
        item = {"external_id": "ada", "product_id": "rug", "currency": "EUR", "price": 1, "time": time}
        braze.post("/users/track", {"purchases": [item]})
        found = numbers(braze, "data_series")["stats"][0]["total_stats"]
        assert (found["conversions"], found["revenue"]) == (0, 0.0)


def test_get_canvas_series_has_the_days_of_the_company() -> None:
    canvas = {"id": "v", "name": "V", "steps": STEPS}
    settings = {"time_zone": "Pacific/Kiritimati"}
    braze = started([], canvases=[canvas], settings=settings)
    trigger(braze, {"external_user_id": "ada"})
    [day] = numbers(braze, "data_series")["stats"]
    assert (day["time"], day["total_stats"]["entries"]) == ("2026-01-02", 1)


# copies


def test_duplicate_canvas_makes_a_draft_with_ids_of_its_own() -> None:
    paths = [{"name": "Gold", "audience": {"everyone": True}, "steps": [{"id": "x", "message": {"id": "y", **CARD}}]}]
    braze = api(variants=[{"id": "one", "steps": [*STEPS, {"id": "p", "audience_paths": paths}]}])
    assert braze.post("/canvas/duplicate", {"canvas_id": "v", "name": "W"}) == (202, {"message": "success"})
    [copy] = [one for one in braze.get(LIST)[1]["canvases"] if one["name"] == "W"]
    old, new = (braze.get(DETAILS, f"canvas_id={one}")[1] for one in ("v", copy["id"]))
    assert new["draft"] is True and new["created_at"] == "2026-01-01T12:00:00.000Z"
    assert [one["name"] for one in new["steps"]] == [one["name"] for one in old["steps"]]
    ids = [{one["variants"][0]["id"], *(step["id"] for step in one["steps"])} for one in (old, new)]
    assert not ids[0] & ids[1]
    first, second, third = new["steps"]
    assert first["next_paths"] == [{"name": None, "next_step_id": second["id"]}]
    assert second["next_paths"] == [{"name": "Gold", "next_step_id": third["id"]}]
    assert list(third["messages"]) != ["y"] and next(iter(third["messages"].values()))["channel"] == "content_cards"


def test_duplicate_canvas_applies_later_where_that_is_asked() -> None:
    settings = {"asynchrony": {"policy": "delay", "seconds": 5}}
    braze = started([], canvases=[{"id": "v", "name": "V"}], settings=settings)
    braze.post("/canvas/duplicate", {"canvas_id": "v", "name": "W"})
    assert len(braze.get(LIST)[1]["canvases"]) == 1
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 5)
    assert len(braze.get(LIST)[1]["canvases"]) == 2
