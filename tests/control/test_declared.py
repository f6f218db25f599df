"""Campaigns and webhook templates through the control API."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import create_app
from tests.conftest import Client
from tests.messaging.sends import BODY, EVENT, HOOK, advance, out, outcomes, started, table, track

DECLARED = {"name": "Late", "trigger": {"event": {"name": "late"}}, "messages": [HOOK], "reeligibility_seconds": 0}


def control(braze: Client, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    more = {} if body is None else {"json": body}
    answer = create_app(braze.emulator).test_client().open(f"/_emulator{path}", method=method, **more)
    assert answer.status_code == status, answer.text
    return answer.json


def put(braze: Client, body: dict[str, Any] = DECLARED, id: str = "late", status: int = 200) -> Any:
    return control(braze, "PUT", f"/campaigns/{id}", body, status)


def test_a_declared_campaign_sends_at_once_as_one_of_the_seed_does() -> None:
    braze = started([])
    assert put(braze)["messages"][0] == {"percentage": 100.0, **HOOK}
    track(braze, name="late", title="x")
    assert (outcomes(braze), len(out(braze))) == (["sent"], 1)
    assert control(braze, "GET", "/campaigns/late")["sent"]["count"] == 1
    assert [one["name"] for one in control(braze, "GET", "/campaigns")["campaigns"]] == ["Late"]


def test_a_declared_campaign_takes_the_place_of_another_and_of_its_receipts() -> None:
    braze = started({})
    track(braze)
    again = put(braze, {**DECLARED, "trigger": EVENT, "reeligibility_seconds": None}, "c")
    assert again["name"] == "Late"
    track(braze)
    track(braze, name="late")
    assert outcomes(braze) == ["sent", "not_sent"]
    assert [one["id"] for one in control(braze, "GET", "/campaigns")["campaigns"]] == ["c"]


def test_a_deleted_campaign_takes_its_conversions_along() -> None:
    bought = {"type": "Performs Custom Event", "custom_event_name": "bought"}
    braze = started([{"id": one, "conversion_events": [bought]} for one in ("c", "other")])
    track(braze)
    track(braze, name="bought")
    control(braze, "DELETE", "/campaigns/c")
    assert [one["campaign_id"] for one in table(braze, "conversions")] == ["other"]


def test_a_declaration_is_answered_with_advice() -> None:
    braze = started({})
    ink = {**HOOK, "url": "https://collector.movableink-dmz.com/behavioral/key"}
    told = put(braze, {**DECLARED, "messages": [ink], "control_percentage": 10})["advice"]
    assert [one["rule"] for one in told] == ["control_group", "unknown_users"]
    assert told[0]["fix"] == "leave control_percentage out"
    assert control(braze, "GET", "/campaigns/c")["advice"] == []


def test_only_the_newest_trigger_of_a_campaign_counts() -> None:
    braze = started({})
    put(braze, DECLARED, "c")
    track(braze)
    assert outcomes(braze) == []
    track(braze, name="late")
    assert outcomes(braze) == ["sent"]


def test_a_campaign_keeps_its_creation_when_another_takes_its_place() -> None:
    braze = started({})
    before = control(braze, "GET", "/campaigns/c")
    advance(braze, 60)
    after = put(braze, DECLARED, "c")
    assert after["created_at"] == before["created_at"] == before["updated_at"] < after["updated_at"]


def test_a_deleted_campaign_starts_no_more_and_its_receipts_are_gone() -> None:
    braze = started({"reeligibility_seconds": None})
    track(braze)
    assert control(braze, "DELETE", "/campaigns/c") == {"deleted": "c"}
    assert table(braze, "receipts") == table(braze, "campaign_sends") == []
    assert len(braze.emulator.workspaces.default.view().triggers) == 0
    track(braze)
    put(braze, {**DECLARED, "trigger": EVENT}, "c")
    track(braze)
    assert outcomes(braze) == ["sent", "sent"]


def test_a_message_of_a_deleted_campaign_is_not_sent() -> None:
    braze = started({"delay": 60})
    track(braze)
    control(braze, "DELETE", "/campaigns/c")
    advance(braze, 61)
    assert (outcomes(braze), out(braze)) == (["not_sent"], [])


def test_a_reset_returns_to_the_seed() -> None:
    braze = started({})
    put(braze)
    control(braze, "DELETE", "/campaigns/c")
    control(braze, "POST", "/reset", {})
    assert [one["id"] for one in control(braze, "GET", "/campaigns")["campaigns"]] == ["c"]
    track(braze, name="late")
    assert outcomes(braze) == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {**DECLARED, "mesages": []},
            "campaign: Additional properties are not allowed ('mesages' was unexpected); did you",
        ),
        ({**DECLARED, "id": "other"}, "id: the address says 'late' and the body 'other'; leave it out of the body"),
        ({**DECLARED, "delay": "soon"}, "campaign.delay: "),
        (
            {**DECLARED, "control_percentage": 101},
            "campaign.control_percentage: 101 is greater than the maximum of 100",
        ),
        (
            {**DECLARED, "messages": [{"id": "m", "template": "x"}]},
            "campaign.messages[0].template: there is no template 'x'",
        ),
        (
            {**DECLARED, "trigger": {"subscription": {"subscription_group_id": "g"}}},
            "campaign.trigger.subscription: no group 'g'",
        ),
        (
            {"messages": [{**HOOK, "percentage": 60}, {**HOOK, "id": "2", "percentage": 60}], "name": "n"},
            "campaign: variants and control group have 120 percent together; at most 100 are to be had",
        ),
    ],
)
def test_a_campaign_that_does_not_fit_is_refused_with_its_place_and_nothing_changes(
    body: dict[str, Any], detail: str
) -> None:
    braze = started({})
    before = braze.emulator.workspaces.default.state
    assert put(braze, body, status=400)["detail"].startswith(detail)
    assert braze.emulator.workspaces.default.state is before


def test_a_flawed_replacement_leaves_the_campaign_as_it_was() -> None:
    braze = started({})
    put(braze, {**DECLARED, "delay": "soon"}, "c", 400)
    track(braze)
    assert outcomes(braze) == ["sent"]


def test_a_declared_schedule_comes_and_goes_with_its_campaign() -> None:
    braze = started([])
    schedule = {**DECLARED, "trigger": {"schedule": {"time": "2026-01-01T13:00:00Z"}}}
    put(braze, schedule)
    put(braze, schedule)
    put(braze, schedule, "gone")
    control(braze, "DELETE", "/campaigns/gone")
    advance(braze, 3601)
    assert (outcomes(braze), len(out(braze))) == (["sent"], 1)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_campaign_that_is_not_there(method: str) -> None:
    told = control(started({}), method, "/campaigns/x", status=404)
    assert told["detail"] == "no campaign 'x'; GET /_emulator/campaigns lists them"


def test_the_api_shows_a_declared_campaign() -> None:
    braze = started([])
    put(braze)
    assert [one["id"] for one in braze.get("/campaigns/list")[1]["campaigns"]] == ["late"]
    assert braze.get("/campaigns/details", "campaign_id=late")[1]["name"] == "Late"


# Canvases


STEPS = [{"delay": "1h", "id": "wait"}, {"id": "step", "message": {k: v for k, v in HOOK.items() if k != "name"}}]
JOURNEY = {"name": "Journey", "trigger": EVENT, "steps": STEPS}


def test_a_declared_canvas_is_entered_at_once() -> None:
    braze = started([])
    assert list(control(braze, "PUT", "/canvases/v", JOURNEY)["steps"]) == ["wait", "step"]
    track(braze)
    advance(braze, 3601)
    assert len(out(braze)) == 1
    [shown] = control(braze, "GET", "/canvases")["canvases"]
    assert (shown["id"], "first_entry" in shown["entries"]) == ("v", True)
    assert control(braze, "GET", "/canvases/v") == shown


def test_a_journey_ends_where_the_canvas_in_its_place_has_no_such_step() -> None:
    braze = started([])
    control(braze, "PUT", "/canvases/v", JOURNEY)
    track(braze)
    control(braze, "PUT", "/canvases/v", {**JOURNEY, "steps": [{**STEPS[1], "id": "other"}]})
    advance(braze, 3601)
    [entry] = table(braze, "decisions")
    assert (entry["outcome"], entry["reason"]) == ("exited", "the Canvas has no such step any more")


def test_a_deleted_canvas_ends_its_journeys_and_forgets_who_entered() -> None:
    braze = started([])
    control(braze, "PUT", "/canvases/v", JOURNEY)
    track(braze)
    assert control(braze, "DELETE", "/canvases/v") == {"deleted": "v"}
    advance(braze, 3601)
    assert outcomes(braze) == ["exited"]
    assert [table(braze, name) for name in ("journeys", "canvas_entries", "send_counts")] == [[], [], []]
    track(braze)
    assert len(outcomes(braze)) == 1
    assert (
        control(braze, "GET", "/canvases/v", status=404)["detail"]
        == "no Canvas 'v'; GET /_emulator/canvases lists them"
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {**JOURNEY, "stepps": []},
            "canvas: Additional properties are not allowed ('stepps' was unexpected); did you mean",
        ),
        ({**JOURNEY, "variants": [{"steps": STEPS}]}, "canvas: it has steps and variants; write the steps into the"),
        (
            {**JOURNEY, "steps": [{"message": {"template": "x"}}]},
            "canvas.steps[0].message.template: there is no template",
        ),
    ],
)
def test_a_canvas_that_does_not_fit_is_refused_with_its_place(body: dict[str, Any], detail: str) -> None:
    braze = started([])
    assert control(braze, "PUT", "/canvases/v", body, 400)["detail"].startswith(detail)
    assert table(braze, "canvases") == []


def test_a_campaign_and_a_canvas_have_different_ids() -> None:
    braze = started({})
    told = control(braze, "PUT", "/canvases/c", JOURNEY, 400)["detail"]
    assert told == "canvas.id: there is a campaign 'c' already; choose another id"


# templates


def test_templates_are_listed_and_read() -> None:
    own = {"name": "own", "title": "Ours", "message": {"url": "https://a.b", "request_method": "POST", "body": BODY}}
    braze = started([], webhook_templates=[own])
    found = control(braze, "GET", "/webhook_templates")["webhook_templates"]
    assert found[0] == {"name": "own", "title": "Ours", "kind": "message", "parameters": {}}
    passkit = next(one for one in found if one["name"] == "passkit/smartpass_url")
    assert (passkit["kind"], list(passkit["parameters"])) == ("content_block", ["secret"])
    assert control(braze, "GET", "/webhook_templates/own") == own
    assert control(braze, "GET", "/webhook_templates/inkit/postcard")["message"]["request_method"] == "POST"
    told = control(braze, "GET", "/webhook_templates/inkit", status=404)["detail"]
    assert told == "no webhook template 'inkit'; GET /_emulator/webhook_templates lists them"


def test_a_campaign_is_a_copy_of_its_template() -> None:
    braze = started([])
    parameters = {"token": "tok", "template_id": "t1"}
    made = put(braze, {**DECLARED, "messages": [{"id": "m", "template": "inkit/postcard", "parameters": parameters}]})
    [message] = made["messages"]
    assert message["channel"] == "webhook" and '"api_token": "tok"' in message["body"]
    assert "template" not in message and "parameters" not in message
