"""A user's way through a Canvas: in, from step to step, and out; every decision on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.app import create_app
from emulator.messaging.dispatcher import MAX_CHAIN
from tests.conftest import Client
from tests.messaging.sends import HOOK, NOW, advance, bodies, out, started, table, track

DAY = 86_400
ENTRY = {"event": {"name": "joined"}}


def card(text: str = "{{${user_id}}}", **more: Any) -> dict[str, Any]:
    return {"channel": "content_card", "type": "CLASSIC", "title": "t", "description": text, "time_to_live": 60, **more}


def canvas(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    within = {} if "variants" in fields else {"steps": list(steps)}
    return {"id": "v", "name": "V", "trigger": ENTRY, **within, **fields}


def inside(*canvases: dict[str, Any], **seed: Any) -> Client:
    """An emulator with Canvases and Ada, and no campaigns."""
    return started([], canvases=list(canvases), **seed)


def join(braze: Client, user: str = "ada", **properties: Any) -> str:
    return track(braze, user, "joined", braze.emulator.workspaces.default.clock.now().isoformat(), **properties)


def texts(braze: Client) -> list[str]:
    return [one["content"]["description"] for one in table(braze, "messages") if one["channel"] == "content_card"]


def entries(braze: Client) -> list[tuple[str, str]]:
    """(outcome, reason) of the decisions on entries, oldest first."""
    return [(one["outcome"], one["reason"]) for one in table(braze, "decisions") if "step_id" not in one]


def trail(braze: Client) -> list[tuple[str, str]]:
    """(check, reason) of the first entry's decision, after the checks of the entry."""
    [decision, *_] = table(braze, "decisions")
    return [(one["check"], one["reason"]) for one in decision["checks"]][7:]


def profile(braze: Client, user: str = "ada") -> dict[str, Any]:
    _, answer = braze.post("/users/export/ids", {"external_ids": [user]})
    [found] = answer["users"]
    return dict(found)


# the way


def test_an_event_leads_over_a_delay_to_a_message_under_one_trace() -> None:
    hook = {**HOOK, "body": HOOK["body"].replace("event_properties", "context")}
    braze = inside(canvas({"delay": "2h"}, {"message": hook}))
    trace = join(braze, title="Wipes")
    assert out(braze) == [] and entries(braze) == [("waiting", "")]
    advance(braze, 7199)
    assert out(braze) == []
    advance(braze, 1)
    assert bodies(braze) == [{"attributes": [{"external_id": "ada-copy", "seen": "Wipes"}]}]
    assert {entry.trace for entry in braze.entries} == {trace}
    assert entries(braze) == [("finished", "")]
    assert trail(braze) == [
        ("step Delay", "until 2026-01-01T14:00:00.000Z"),
        ("step Message", "webhook: see the step's decision"),
        ("end", "the journey came to its end"),
    ]


def test_a_step_has_a_decision_for_each_of_its_channels() -> None:
    email = {"channel": "email", "app_id": "a", "from": "S <s@example.com>", "subject": "s", "body": "b"}
    braze = inside(canvas({"name": "Hello", "messages": [card(), email]}), profiles=[{"external_id": "ada"}])
    join(braze)
    told = [(one["step"], one["outcome"], one["reason"]) for one in table(braze, "decisions") if "step_id" in one]
    assert told == [("Hello", "sent", ""), ("Hello", "not_sent", "the profile has no e-mail address")]
    assert entries(braze) == [("finished", "")]


GONE: dict[str, Any] = {
    "aborted": card("{% abort_message('no') %}"),
    "in error": card("{% if %}"),
    "not reachable": {"channel": "sms", "subscription_group_id": "g", "app_id": "a", "body": "b"},
    "failed": {**HOOK, "url": "https://example.com"},
}


def test_a_message_that_waits_keeps_the_user_in_the_step() -> None:
    quiet = {"start": "12:00", "end": "14:00"}
    email = {"channel": "email", "app_id": "a", "from": "S <s@example.com>", "subject": "s", "body": "b"}
    braze = inside(canvas({"message": email}, {"delay": 60}, {"message": card("next")}, quiet_hours=quiet))
    join(braze)
    advance(braze, 3600)
    assert (entries(braze), table(braze, "messages")) == ([("waiting", "")], [])
    advance(braze, 3600)
    assert [one["channel"] for one in table(braze, "messages")] == ["email"]
    advance(braze, 60)
    assert texts(braze) == ["next"] and entries(braze) == [("finished", "")]


def test_of_several_messages_the_first_that_is_over_lets_the_user_go_on() -> None:
    failing = "{% connected_content https://nowhere.example.com :retry %}"
    braze = inside(canvas({"messages": [card(failing), card("b")]}, {"message": card("next")}))
    join(braze)
    assert texts(braze) == ["b", "next"] and entries(braze) == [("finished", "")]
    braze = inside(canvas({"message": card(failing)}, {"message": card("next")}))
    join(braze)
    assert texts(braze) == []
    advance(braze, 3600)
    assert texts(braze) == ["next"]


def test_who_does_not_pass_the_delivery_validations_leaves() -> None:
    step = {"name": "Gold", "message": card("gold"), "delivery_validations": GOLD}
    braze = inside(canvas(step, {"message": card("next")}), profiles=[
        {"external_id": "ada", "custom_attributes": {"plan": "gold"}}, {"external_id": "bob"}])  # fmt: skip
    join(braze)
    join(braze, "bob")
    assert texts(braze) == ["gold", "next"]
    [(_, _), (outcome, reason)] = entries(braze)
    assert outcome == "exited" and reason.startswith("delivery validations: not in the audience of the step: ")
    assert profile(braze, "bob")["canvases_received"][0]["last_exited"] == "2026-01-01T12:00:00.000Z"


def test_delivery_validations_are_looked_at_again_when_a_message_had_to_wait() -> None:
    quiet = {"start": "12:00", "end": "14:00"}
    email = {"channel": "email", "app_id": "a", "from": "S <s@example.com>", "subject": "s", "body": "b"}
    step = {"message": email, "delivery_validations": GOLD}
    gold = {"external_id": "ada", "email": "ada@example.com", "custom_attributes": {"plan": "gold"}}
    braze = inside(canvas(step, {"message": card("next")}, quiet_hours=quiet), profiles=[gold])
    join(braze)
    braze.post("/users/track", {"attributes": [{"external_id": "ada", "plan": "tin"}]})
    advance(braze, 7200)
    assert (table(braze, "messages"), [outcome for outcome, _ in entries(braze)]) == ([], ["exited"])
    assert entries(braze)[0][1].startswith("delivery validations: ")


@pytest.mark.parametrize("name", GONE)
def test_the_user_goes_on_whatever_becomes_of_a_message(name: str) -> None:
    braze = inside(canvas({"message": GONE[name]}, {"message": card("next")}))
    join(braze)
    assert "next" in texts(braze) and entries(braze) == [("finished", "")]


def test_a_webhook_has_its_effect_before_the_next_step() -> None:
    body = '{"attributes": [{"external_id": "{{${user_id}}}", "plan": "gold"}]}'
    braze = inside(canvas({"message": {**HOOK, "body": body}}, PATHS))
    join(braze)
    assert texts(braze) == ["gold"]


GOLD = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
NAMED = {"standard_attribute": {"name": "first_name", "comparison": "exists"}}
PATHS = {
    "audience_paths": [
        {"name": "Gold", "audience": GOLD, "steps": [{"message": card("gold")}]},
        {"audience": NAMED, "steps": [{"message": card("named")}, {"exit": True}]},
        {"steps": [{"message": card("else")}]},
    ]
}


@pytest.mark.parametrize(
    ("fields", "sent", "path"),
    [
        ({"custom_attributes": {"plan": "gold"}, "first_name": "A"}, ["gold", "after"], "Gold"),
        ({"first_name": "A"}, ["named"], "Group 2"),
        ({}, ["else", "after"], "Everyone Else"),
    ],
)
def test_the_first_path_that_fits_is_taken(fields: dict[str, Any], sent: list[str], path: str) -> None:
    braze = inside(canvas(PATHS, {"message": card("after")}), profiles=[{"external_id": "ada", **fields}])
    join(braze)
    assert texts(braze) == sent
    assert trail(braze)[0] == ("step Audience Paths", path)


def test_paths_look_at_the_user_as_he_is_after_the_delay() -> None:
    braze = inside(canvas({"delay": 60}, PATHS))
    join(braze)
    braze.post("/users/track", {"attributes": [{"external_id": "ada", "plan": "gold"}]})
    advance(braze, 60)
    assert texts(braze) == ["gold"]


def test_who_fits_no_path_goes_on_after_them() -> None:
    braze = inside(canvas({"audience_paths": [{"audience": GOLD, "steps": [{"exit": True}]}]}, {"message": card("a")}))
    join(braze)
    assert texts(braze) == ["a"] and trail(braze)[0][1] == "Everyone Else"


def test_a_canvas_without_steps_is_entered_and_over() -> None:
    braze = inside({"id": "v", "name": "V", "trigger": ENTRY})
    join(braze)
    assert entries(braze) == [("finished", "")]


def test_liquid_sees_the_canvas_and_the_step() -> None:
    text = (
        "{{canvas.${name}}}|{{canvas.${api_id}}}|{{canvas.${variant_name}}}|{{canvas.${variant_api_id}}}"
        "|{{campaign.${name}}}|{{campaign.${api_id}}}|{{campaign.${message_api_id}}}|{{context.${meta}.color}}"
        "|{{canvas_entry_properties.${meta}.color}}|{{event_properties.${meta}.color}}"
    )
    step = {"id": "s", "name": "Hello", "message": card(text, id="m")}
    braze = inside(canvas(variants=[{"id": "one", "name": "One", "steps": [step]}]))
    join(braze, meta={"color": "red"})
    assert texts(braze) == ["V|v|One|one|Hello|s|m|red|red|"]


# in


CHECKS: dict[str, tuple[dict[str, Any], str]] = {
    "stopped": ({"status": "stopped"}, "the Canvas's status is stopped"),
    "draft": ({"status": "draft"}, "the Canvas's status is draft"),
    "archived": ({"archived": True}, "the Canvas is archived"),
    "not yet": ({"start": "2026-01-02"}, "it starts at 2026-01-02T00:00:00.000Z, and it is 2026-01-01T12:00:00.000Z"),
    "over": ({"end": "2026-01-01"}, "it ended at 2026-01-01T00:00:00.000Z, and it is 2026-01-01T12:00:00.000Z"),
    "property": (
        {"trigger": {"event": {"name": "joined", "properties": [
            {"property": "level", "comparison": "equals", "value": "gold"}]}}},
        "level equals 'gold': the property is 'tin'",
    ),
    "audience": ({"audience": GOLD}, f"not in the audience: {GOLD}"),
    "no variant": ({"variants": [{"percentage": 0}]}, "no variant takes place"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_says_no_lets_nobody_in(name: str) -> None:
    fields, reason = CHECKS[name]
    braze = inside(canvas({"message": card()}, **fields))
    join(braze, level="tin")
    [(outcome, told)] = entries(braze)
    assert outcome == "not_sent" and told.startswith(reason), told
    assert texts(braze) == [] and "canvases_received" not in profile(braze)


def test_nobody_enters_twice() -> None:
    braze = inside(canvas({"message": card()}))
    join(braze)
    join(braze)
    told = "entered at 2026-01-01T12:00:00.000Z, and nobody becomes eligible again"
    assert entries(braze) == [("finished", ""), ("not_sent", told)]


def test_time_makes_eligible_again_counted_from_the_entry() -> None:
    braze = inside(canvas({"delay": "12h"}, {"message": card()}, reeligibility_seconds=DAY))
    join(braze)
    advance(braze, DAY - 1)
    join(braze)
    advance(braze, 1)
    join(braze)
    assert [outcome for outcome, _ in entries(braze)] == ["finished", "not_sent", "waiting"]


def test_the_control_group_enters_nothing_and_is_remembered() -> None:
    braze = inside(canvas({"message": card()}, control_percentage=100))
    join(braze)
    join(braze)
    assert [outcome for outcome, _ in entries(braze)] == ["control_group", "not_sent"]
    [shown] = profile(braze)["canvases_received"]
    assert shown["in_control"] is True and shown["last_entered_control_at"] == "2026-01-01T12:00:00.000Z"
    assert texts(braze) == []


def test_a_user_always_gets_the_same_variant() -> None:
    variants = [{"id": one, "steps": [{"message": card(one)}]} for one in ("a", "b")]
    braze = inside(canvas(variants=variants, reeligibility_seconds=0))
    for user in [f"user{number}" for number in range(20)] * 2:
        join(braze, user)
    assert texts(braze)[:20] == texts(braze)[20:] and set(texts(braze)) == {"a", "b"}


TRIGGERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a purchase": ({"purchase": {"product_id": "p"}}, {"purchases": [
        {"external_id": "ada", "product_id": "p", "currency": "EUR", "price": 1, "time": NOW}]}),
    "an attribute": ({"attribute": {"name": "plan", "to": "gold"}}, {"attributes": [
        {"external_id": "ada", "plan": "gold"}]}),
    "a subscription": ({"subscription": {"channel": "email", "to": "unsubscribed"}}, {"attributes": [
        {"external_id": "ada", "email_subscribe": "unsubscribed"}]}),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIGGERS)
def test_other_ways_in(name: str) -> None:
    trigger, body = TRIGGERS[name]
    braze = inside(canvas({"message": card("in")}, trigger=trigger))
    assert braze.post("/users/track", body)[0] == 201
    assert texts(braze) == ["in"]


def test_a_campaign_and_a_canvas_wait_for_the_same_event() -> None:
    braze = started(
        {"trigger": ENTRY, "messages": [{"id": "m", **card("campaign")}]},
        canvases=[canvas({"message": card("canvas")})],
    )
    join(braze)
    assert sorted(texts(braze)) == ["campaign", "canvas"]


# out


@pytest.mark.parametrize("name", TRIGGERS)
def test_what_occurs_meanwhile_ends_the_journey_with_the_step(name: str) -> None:
    trigger, body = TRIGGERS[name]
    braze = inside(canvas({"delay": "1h"}, {"message": card()}, exit_criteria=trigger))
    join(braze)
    advance(braze, 60)
    braze.post("/users/track", body)
    assert entries(braze) == [("waiting", "")]
    advance(braze, DAY)
    [(outcome, reason)] = entries(braze)
    assert outcome == "exited" and reason.startswith("exit criteria: ") and reason.endswith("2026-01-01T12:01:00.000Z")
    assert texts(braze) == []
    [shown] = profile(braze)["canvases_received"]
    assert shown["last_exited"] == "2026-01-01T13:00:00.000Z"


LEFT = {"event": {"name": "left", "properties": [{"property": "why", "comparison": "equals", "value": "price"}]}}


@pytest.mark.parametrize(("properties", "sent"), [({"why": "price"}, []), ({"why": "?"}, ["ada"]), ({}, ["ada"])])
def test_the_properties_of_an_exit_event_count(properties: dict[str, Any], sent: list[str]) -> None:
    braze = inside(canvas({"delay": 60}, {"message": card()}, exit_criteria=LEFT))
    join(braze)
    track(braze, "ada", "left", NOW, **properties)
    advance(braze, 60)
    assert texts(braze) == sent


def test_an_exit_event_counts_only_for_who_is_inside() -> None:
    criteria = {"event": {"name": "left"}}
    braze = inside(canvas({"delay": 60}, {"message": card()}, exit_criteria=criteria), profiles=[
        {"external_id": "ada"}, {"external_id": "bob"}])  # fmt: skip
    track(braze, "ada", "left")
    join(braze)
    track(braze, "bob", "left")
    advance(braze, 60)
    assert texts(braze) == ["ada"]


def test_an_event_that_lets_in_and_out_ends_only_the_earlier_journey() -> None:
    braze = inside(canvas({"delay": 60}, {"message": card()}, exit_criteria=ENTRY, reeligibility_seconds=0))
    join(braze)
    advance(braze, 30)
    join(braze)
    advance(braze, 60)
    assert [outcome for outcome, _ in entries(braze)] == ["exited", "finished"]


def test_who_is_in_the_audience_of_the_exit_criteria_leaves_after_the_delay() -> None:
    braze = inside(canvas({"delay": 60}, {"message": card()}, exit_criteria={"audience": GOLD}))
    join(braze)
    braze.post("/users/track", {"attributes": [{"external_id": "ada", "plan": "gold"}]})
    advance(braze, 60)
    assert entries(braze) == [("exited", f"exit criteria: in the audience {GOLD}")] and texts(braze) == []


def test_the_end_of_a_canvas_shuts_the_door_but_not_the_way() -> None:
    braze = inside(canvas({"delay": 60}, {"message": card()}, end="2026-01-01T12:00:30Z"))
    join(braze)
    advance(braze, 60)
    assert texts(braze) == ["ada"]


# users who change meanwhile


def waiting() -> Client:
    braze = inside(canvas({"delay": 60}, {"message": card()}), profiles=[
        {"external_id": "ada", "email": "a@example.com"}, {"external_id": "bob"}])  # fmt: skip
    join(braze)
    return braze


def test_the_journey_of_who_is_deleted_ends() -> None:
    braze = waiting()
    braze.post("/users/delete", {"external_ids": ["ada"]})
    advance(braze, 60)
    assert (entries(braze), texts(braze)) == ([("exited", "the user was deleted")], [])


def test_the_journey_of_who_is_merged_away_ends_and_the_entry_counts_for_who_stays() -> None:
    braze = waiting()
    ids = {one["external_id"]: one["braze_id"] for one in table(braze, "profiles")}
    update = {"identifier_to_merge": {"external_id": "ada"}, "identifier_to_keep": {"external_id": "bob"}}
    braze.post("/users/merge", {"merge_updates": [update]})
    advance(braze, 60)
    join(braze, "bob")
    told = "entered at 2026-01-01T12:00:00.000Z, and nobody becomes eligible again"
    assert entries(braze) == [("exited", f"the user was merged into {ids['bob']}"), ("not_sent", told)]
    assert texts(braze) == []


def test_who_is_renamed_goes_on() -> None:
    braze = waiting()
    renames = [{"current_external_id": "ada", "new_external_id": "eve"}]
    braze.post("/users/external_ids/rename", {"external_id_renames": renames})
    advance(braze, 60)
    assert texts(braze) == ["eve"]


def test_the_profile_shows_the_canvas_as_exports_do() -> None:
    braze = inside(canvas(variants=[{"name": "One", "steps": [
        {"id": "s", "name": "Hello", "message": card()}, {"delay": 60}]}]))  # fmt: skip
    join(braze)
    advance(braze, 60)
    assert profile(braze)["canvases_received"] == [{
        "name": "V", "api_canvas_id": "v", "last_entered": "2026-01-01T12:00:00.000Z", "in_control": False,
        "variation_name": "One", "last_received_message": "2026-01-01T12:00:00.000Z",
        "steps_received": [
            {"name": "Hello", "api_canvas_step_id": "s", "last_received": "2026-01-01T12:00:00.000Z"}],
        "last_exited": "2026-01-01T12:01:00.000Z",
    }]  # fmt: skip


def test_what_a_seed_says_of_a_canvas_is_kept() -> None:
    before = {"name": "V", "api_canvas_id": "v", "steps_received": [{"name": "Old"}], "extra": 1}
    other = {"name": "Other"}
    people = [{"external_id": "ada", "canvases_received": [before, other]}]
    braze = inside(canvas({"name": "Hello", "message": card()}), profiles=people)
    join(braze)
    first, second = profile(braze)["canvases_received"]
    assert first == other and second["extra"] == 1
    assert [one["name"] for one in second["steps_received"]] == ["Old", "Hello"]


def test_a_reset_forgets_who_was_inside() -> None:
    braze = waiting()
    braze.emulator.workspaces.default.reset()
    advance(braze, 60)
    assert (entries(braze), texts(braze), table(braze, "journeys")) == ([], [], [])


# together with the rest


def test_a_canvas_that_lets_its_users_in_again_and_again_is_cut() -> None:
    body = '{"events": [{"external_id": "{{${user_id}}}", "name": "joined", "time": "2026-01-01T12:00:00Z"}]}'
    braze = inside(canvas({"message": {**HOOK, "body": body}}, reeligibility_seconds=0))
    join(braze)
    assert "this looks like a loop" in out(braze)[-1].note
    assert len(out(braze)) <= MAX_CHAIN + 1


@pytest.mark.parametrize("local", [False, True])
def test_a_schedule_lets_everybody_in_the_audience_in(local: bool) -> None:
    schedule = {"time": "2026-01-02T09:00:00", "repeat": "daily", "in_local_time": local}
    people = [
        {"external_id": "ada", "time_zone": "Asia/Tokyo", "custom_attributes": {"plan": "gold"}},
        {"external_id": "bob", "time_zone": "America/New_York", "custom_attributes": {"plan": "gold"}},
        {"external_id": "eve"},
    ]
    fields: dict[str, Any] = {"trigger": {"schedule": schedule}, "audience": GOLD, "reeligibility_seconds": 0}
    braze = inside(canvas({"delay": 60}, {"message": card()}, **fields), profiles=people)
    advance(braze, 21 * 3600 + 60)
    assert sorted(texts(braze)) == (["ada"] if local else ["ada", "bob"])
    advance(braze, 8 * 3600)
    assert sorted(texts(braze)) == ["ada", "bob"]
    advance(braze, DAY)
    assert sorted(texts(braze)) == ["ada", "ada", "bob", "bob"]


def test_a_delay_may_end_at_a_time_of_the_day() -> None:
    braze = inside(canvas({"delay": {"days": 1, "at": "09:00"}}, {"message": card()}))
    join(braze)
    advance(braze, 21 * 3600 - 1)
    assert texts(braze) == []
    advance(braze, 1)
    assert texts(braze) == ["ada"]


def test_a_step_may_begin_with_a_webhook_template() -> None:
    message = {"template": "inkit/postcard", "parameters": {"token": "t", "template_id": "x"}}
    braze = inside(canvas({"message": message}, {"messages": [{**message, "id": "own"}]}))
    join(braze)
    assert [entry.path for entry in out(braze)] == ["https://internal.inkit.io/integrations/webhook"] * 2
    assert [one["message_id"] == "own" for one in table(braze, "messages")] == [False, True]


def test_the_webhooks_of_a_canvas_are_among_the_deliveries() -> None:
    braze = inside(canvas({"name": "Copy", "message": HOOK}))
    join(braze, title="x")
    answer = create_app(braze.emulator).test_client().get("/_emulator/deliveries?canvas=V").json
    assert answer is not None
    assert [(one["canvas"], one["step"], one["status"]) for one in answer["deliveries"]] == [("V", "Copy", 201)]


def test_frequency_caps_hold_in_a_canvas_and_the_user_goes_on() -> None:
    caps = {"frequency_caps": [{"channel": "webhook", "count": 1, "days": 1, "tag": "club"}]}
    braze = inside(
        canvas({"message": HOOK}, {"message": {**HOOK, "id": "b"}}, {"message": card()}, tags=["club"]), settings=caps
    )
    join(braze, title="x")
    assert len(out(braze)) == 1 and texts(braze) == ["ada"]
    reasons = [one["reason"] for one in table(braze, "decisions") if "step_id" in one]
    assert reasons[1].startswith("Frequency cap rule: 1 webhook message")


def test_a_snapshot_brings_a_journey_back() -> None:
    braze = waiting()
    workspace = braze.emulator.workspaces.default
    workspace.snapshot("inside")
    advance(braze, 60)
    workspace.restore("inside")
    assert (entries(braze), texts(braze)) == ([("waiting", "")], [])
    advance(braze, 60)
    assert (entries(braze), texts(braze)) == ([("finished", "")], ["ada"])


def test_the_activity_log_counts_by_step() -> None:
    aborting = card("{% abort_message('no') %}")
    braze = inside(
        canvas({"name": "One", "message": aborting}, {"name": "Two", "message": aborting}, reeligibility_seconds=0)
    )
    for _ in range(25):
        join(braze)
    found = [(one["canvas"], one["step"], one["reason"]) for one in table(braze, "message_activity")]
    assert found[:2] == [("V", "One", "description: no"), ("V", "Two", "description: no")] and len(found) == 40


def test_a_delivery_rate_limit_holds_for_all_steps_together() -> None:
    people = [{"external_id": f"u{number:02d}"} for number in range(12)]
    fields: dict[str, Any] = {"trigger": {"schedule": {"time": "2026-01-01T13:00:00"}}, "rate_limit": 10}
    braze = inside(canvas({"message": card()}, **fields), profiles=people)
    advance(braze, 3600)
    assert len(texts(braze)) == 10
    assert [outcome for outcome, _ in entries(braze)].count("waiting") == 2
    advance(braze, 60)
    assert len(texts(braze)) == 12 and {outcome for outcome, _ in entries(braze)} == {"finished"}


@pytest.mark.parametrize("render", [False, True])
def test_a_webhook_of_a_canvas_can_be_resent(render: bool) -> None:
    braze = inside(canvas({"message": {**HOOK, "body": HOOK["body"].replace("event_properties", "context")}}))
    join(braze, title="x")
    [key] = [key for key, _ in braze.emulator.workspaces.default.view().messages.items()]
    answer = create_app(braze.emulator).test_client().post(f"/_emulator/messages/{key}/resend", json={"render": render})
    assert answer.status_code == 200, answer.text
    assert bodies(braze)[0] == bodies(braze)[1] == {"attributes": [{"external_id": "ada-copy", "seen": "x"}]}


# any Canvas, against a reading of its lists that knows nothing of tables

TEXT = st.text("abc", min_size=1, max_size=2)
WHO = st.sampled_from([GOLD, NAMED, {"everyone": True}])
STEP = st.deferred(lambda: st.one_of(MESSAGE, DELAY, FORK))
MESSAGE = TEXT.map(lambda text: {"message": card(text)})
DELAY = st.sampled_from([{"delay": 60}, {"delay": "1d"}, {"delay": 0}])
WAY = st.lists(STEP, max_size=3)
ENDING = st.builds(lambda way, ends: [*way, {"exit": True}] if ends else way, WAY, st.booleans())
FORK = st.builds(
    lambda paths, rest: {"audience_paths": [*paths, *rest]},
    st.lists(st.fixed_dictionaries({"audience": WHO, "steps": ENDING}), min_size=1, max_size=2),
    st.lists(st.fixed_dictionaries({"steps": ENDING}), max_size=1),
)
FITS = {str(GOLD): "plan", str(NAMED): "first_name"}


class Left(Exception):
    """The journey came to an exit."""


def walked(steps: list[dict[str, Any]], known: set[str]) -> Iterator[str]:
    """The texts that a user gets of whom these fields are known."""
    for step in steps:
        if "exit" in step:
            raise Left
        if "message" in step:
            yield step["message"]["description"]
        for path in step.get("audience_paths", ()):
            if "audience" not in path or FITS.get(str(path["audience"]), "") in {"", *known}:
                yield from walked(path["steps"], known)
                break


@settings(max_examples=60, deadline=None)
@given(steps=ENDING, gold=st.booleans(), named=st.booleans())
def test_any_journey_goes_where_its_lists_lead(steps: list[dict[str, Any]], gold: bool, named: bool) -> None:
    known = {name for name, is_known in (("plan", gold), ("first_name", named)) if is_known}
    fields = {"custom_attributes": {"plan": "gold" if gold else "tin"}, **({"first_name": "A"} if named else {})}
    braze = inside(canvas(*steps), profiles=[{"external_id": "ada", **fields}])
    expected: list[str] = []
    with suppress(Left):
        for text in walked(steps, known):
            expected.append(text)
    join(braze)
    advance(braze, 100 * DAY)
    assert texts(braze) == expected
    assert entries(braze) == [("finished", "")]
    assert table(braze, "outbox") == [] and [one["open"] for one in table(braze, "journeys")] == [{}]
