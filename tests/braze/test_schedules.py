"""What the API plans for later: made, changed, deleted, and sent when its time comes."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import operations
from emulator.app import create_app
from emulator.control import planned
from tests.conftest import Client, client
from tests.messaging.sends import HOOK, NOW, advance, decisions, out, outcomes, started, table

CREATE, UPDATE, DELETE = (f"/messages/schedule/{verb}" for verb in ("create", "update", "delete"))
OF_CAMPAIGN = tuple(f"/campaigns/trigger/schedule/{verb}" for verb in ("create", "update", "delete"))
LIST = "/messages/scheduled_broadcasts"
LOADED = operations.load()
DAY = 86_400
NINE = {"time": "2026-01-03T09:00:00Z"}
NINE_BY_EVERYBODY = {"time": "2026-01-03T09:00:00", "in_local_time": True}
CARD = {"type": "CLASSIC", "title": "Hi", "description": "{{${user_id}}}", "time_to_live": 60}
USERS = [
    {"external_id": "auckland", "time_zone": "Pacific/Auckland"},
    {"external_id": "kiritimati", "time_zone": "Pacific/Kiritimati"},
    {"external_id": "new york", "time_zone": "Eastern Time (US & Canada)"},
    {"external_id": "nowhere"},
    {"external_id": "paris", "time_zone": "Europe/Paris"},
]


def api(**seed: Any) -> Client:
    """A campaign that the API triggers, and users around the world."""
    one = {"trigger": {"api": True}, "messages": [{"id": "card", "channel": "content_card", **CARD}]}
    return started(one, **{"profiles": USERS, **seed})


def made(braze: Client, path: str, **body: Any) -> dict[str, Any]:
    status, answer = braze.post(path, body)
    assert status == 201, answer
    return dict(answer)


def messages(braze: Client, schedule: dict[str, Any] = NINE, **body: Any) -> str:
    named = {} if "broadcast" in body else {"external_user_ids": ["paris"]}
    found: str = made(braze, CREATE, schedule=schedule, messages={"content_card": CARD}, **named, **body)["schedule_id"]
    return found


def campaign(braze: Client, schedule: dict[str, Any] = NINE, **body: Any) -> str:
    named = {} if "broadcast" in body else {"recipients": [{"external_user_id": "paris"}]}
    found: str = made(braze, OF_CAMPAIGN[0], campaign_id="c", schedule=schedule, **named, **body)["schedule_id"]
    return found


def sent(braze: Client) -> list[tuple[str, str]]:
    """(user, minute), in order."""
    return [(one["external_id"], one["at"][:16]) for one in table(braze, "messages")]


# planned

SAME = {
    "schedule_messages": ("send_messages", {"override_frequency_capping", "override_messaging_limits"}),
    "schedule_campaign": ("trigger_campaign", {"attachments"}),
    "schedule_canvas": ("trigger_canvas", set()),
}
"""Operation -> the one that sends the same at once, and what only one of the two has."""


@pytest.mark.parametrize("name", SAME)
def test_schedule_takes_what_can_be_sent(name: str) -> None:
    other, different = SAME[name]
    taken, sent_at_once = (
        LOADED.find("braze", one).data["request"]["properties"] for one in (name, other)
    )  # fmt: skip
    assert taken.keys() ^ sent_at_once.keys() == {"schedule", *different}
    assert all(taken[key] == sent_at_once[key] for key in taken.keys() & sent_at_once.keys())


@pytest.mark.parametrize("plan", [messages, campaign])
def test_schedule_at_an_instant(plan: Any) -> None:
    braze = api()
    plan(braze)
    assert (braze.fates, decisions(braze)) == ([], [])
    advance(braze, 45 * 3600 - 1)
    assert sent(braze) == []
    advance(braze, 1)
    assert sent(braze) == [("paris", "2026-01-03T09:00")]


def test_schedule_messages_sends_what_messages_send_would_send() -> None:
    braze = api()
    answer = made(braze, CREATE, schedule=NINE, messages={"content_card": CARD}, external_user_ids=["paris", "eve"])
    advance(braze, 3 * DAY)
    [message] = table(braze, "messages")
    created = braze.entries[0]
    assert message["dispatch_id"] == answer["dispatch_id"]
    assert message["content"]["description"] == "paris"
    assert message["trace"] == created.trace == table(braze, "decisions")[0]["trace"]
    assert [(fate.pointer, fate.rule) for fate in created.fates] == [("/external_user_ids/1", "no_match")]


def test_schedule_campaign_finds_the_recipients_when_the_time_comes() -> None:
    braze = api()
    recipients = [
        {"external_user_id": "late", "trigger_properties": {"a": 1}},
        {"external_user_id": "new", "send_to_existing_only": False, "attributes": {"country": "nowhere"}},
    ]
    made(braze, OF_CAMPAIGN[0], campaign_id="c", schedule=NINE, recipients=recipients)
    assert len(table(braze, "profiles")) == 5
    braze.post("/users/track", {"attributes": [{"external_id": "late"}]})
    advance(braze, 2 * DAY)
    assert sorted(sent(braze)) == [("late", "2026-01-03T09:00"), ("new", "2026-01-03T09:00")]
    assert [fate.rule for fate in braze.entries[0].fates] == ["created_profile", "country_unknown"]


def test_schedule_campaign_carries_a_webhook_under_the_trace_of_the_call() -> None:
    braze = started({"trigger": {"api": True}, "messages": [HOOK]})
    made(braze, OF_CAMPAIGN[0], campaign_id="c", schedule=NINE, recipients=[{"external_user_id": "ada"}])
    advance(braze, 2 * DAY)
    [entry] = out(braze)
    assert {one.trace for one in braze.entries} == {entry.trace}
    assert outcomes(braze) == ["sent"]


def test_schedule_campaign_in_an_audience_of_that_time() -> None:
    braze = api()
    audience = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    campaign(braze, broadcast=True, audience=audience)
    braze.post("/users/track", {"attributes": [{"external_id": "nowhere", "plan": "gold"}]})
    advance(braze, 2 * DAY)
    assert sent(braze) == [("nowhere", "2026-01-03T09:00")]


def test_schedule_messages_may_override_frequency_caps() -> None:
    braze = api(settings={"frequency_caps": [{"count": 1, "weeks": 1}]})
    hook = {name: HOOK[name] for name in ("url", "request_method", "request_headers", "body")}
    body = {"external_user_ids": ["paris"], "schedule": NINE, "messages": {"webhook": hook}}
    for more in ({}, {}, {"override_messaging_limits": True}):
        made(braze, CREATE, **body, **more)
    advance(braze, 2 * DAY)
    assert outcomes(braze) == ["sent", "not_sent", "sent"]


HOURS = {
    "kiritimati": "2026-01-02T19:00",
    "auckland": "2026-01-02T20:00",
    "paris": "2026-01-03T08:00",
    "nowhere": "2026-01-03T09:00",
    "new york": "2026-01-03T14:00",
}


@pytest.mark.parametrize("plan", [messages, campaign])
@pytest.mark.parametrize("flag", ["in_local_time", "at_optimal_time"])
def test_schedule_at_the_local_time_of_each_user(plan: Any, flag: str) -> None:
    braze = api()
    plan(braze, {"time": "2026-01-03T09:00:00", flag: True}, broadcast=True)
    told = [("/schedule/at_optimal_time", "optimal_time_unknown")] if flag == "at_optimal_time" else []
    assert braze.fates == told
    advance(braze, 3 * DAY)
    assert sent(braze) == list(HOURS.items())
    assert len({one["dispatch_id"] for one in table(braze, "messages")}) == 1


def test_schedule_takes_users_without_a_zone_in_the_companys() -> None:
    braze = api(settings={"time_zone": "Asia/Tokyo"})
    campaign(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 3 * DAY)
    assert dict(sent(braze))["nowhere"] == "2026-01-03T00:00"


def test_schedule_on_short_notice_leaves_out_who_is_over_an_hour_past() -> None:
    braze = api(settings={"time_zone": "America/Los_Angeles"})
    campaign(braze, {"time": "2026-01-01T12:30:00", "in_local_time": True}, broadcast=True)
    assert braze.fates == [("/schedule/time", "short_notice")]
    assert dict(zip([one["external_id"] for one in table(braze, "decisions")], outcomes(braze), strict=True)) == {
        "auckland": "not_sent", "kiritimati": "not_sent", "paris": "sent", "new york": "waiting", "nowhere": "waiting",
    }  # fmt: skip
    told = dict(decisions(braze))["not_sent"]
    assert told.startswith("2026-01-01T12:30:00 in Pacific/") and told.endswith(", more than an hour ago")
    advance(braze, DAY)
    assert sent(braze)[1:] == [("new york", "2026-01-01T17:30"), ("nowhere", "2026-01-01T20:30")]


def test_schedule_looks_at_the_audience_of_a_campaign_twice_for_a_local_time() -> None:
    audience = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "exists"}}
    users = [{**one, "custom_attributes": {"plan": "gold"}} for one in USERS]
    braze = started({"trigger": {"api": True}, "audience": audience,
                     "messages": [{"id": "card", "channel": "content_card", **CARD}]}, profiles=users)  # fmt: skip
    campaign(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 32 * 3600)
    braze.post("/users/track", {"attributes": [{"external_id": "paris", "plan": None}]})
    advance(braze, DAY)
    assert [user for user, _ in sent(braze)] == ["kiritimati", "auckland", "nowhere", "new york"]


BAD_TIMES = {
    "no time": "soon",
    "an hour that there is not": "2026-01-03T25:00:00Z",
    "past": "2026-01-01T11:59:59Z",
    "before the calendar": "0001-01-01T00:00:00+14:00",
    "after the calendar": "9999-12-31T23:59:59-12:00",
    "too far": "2026-04-02T00:00:00Z",
}


@pytest.mark.parametrize("name", BAD_TIMES)
@pytest.mark.parametrize("local", [True, False])
def test_schedule_refuses_a_time_that_cannot_be(name: str, local: bool) -> None:
    braze = api()
    schedule = {"time": BAD_TIMES[name], "in_local_time": local}
    for path, body in ((CREATE, {"external_user_ids": ["paris"], "messages": {"content_card": CARD}}),
                       (OF_CAMPAIGN[0], {"campaign_id": "c", "broadcast": True})):  # fmt: skip
        assert braze.post(path, {**body, "schedule": schedule}) == (400, {"message": "Bad Request"})
        assert braze.entries[-1].note.startswith("schedule.time")
    assert table(braze, "schedules") == []


def test_a_call_that_is_refused_when_its_time_comes_says_so() -> None:
    braze = api(segments=[{"id": "s", "name": "S", "filters": {"everyone": True}}])
    messages(braze, segment_id="s")
    with braze.emulator.workspaces.default.transaction() as draft:
        del draft.segments["s"]
    advance(braze, 3 * DAY)
    assert [fate.rule for fate in braze.entries[0].fates] == ["refused_later"]


# Canvases

OF_CANVAS = tuple(f"/canvas/trigger/schedule/{verb}" for verb in ("create", "update", "delete"))
STEPS = [
    {"name": "Hello", "message": {"channel": "content_card", **CARD, "description": "{{context.${city}}}"}},
    {"name": "A day", "delay": "1d"},
    {"name": "Bye", "message": {"channel": "content_card", **CARD}},
]


def with_canvas(**fields: Any) -> Client:
    return started([], profiles=USERS, canvases=[{"id": "v", "name": "V", "steps": STEPS, **fields}])


def canvas(braze: Client, schedule: dict[str, Any] = NINE, **body: Any) -> str:
    named = {} if "broadcast" in body else {"recipients": [{"external_user_id": "paris", "context": {"city": "Paris"}}]}
    found: str = made(braze, OF_CANVAS[0], canvas_id="v", schedule=schedule, **named, **body)["schedule_id"]
    return found


def test_schedule_canvas_lets_recipients_in_at_the_time() -> None:
    braze = with_canvas()
    canvas(braze)
    trace = braze.entries[0].trace
    advance(braze, 4 * DAY)
    assert sent(braze) == [("paris", "2026-01-03T09:00"), ("paris", "2026-01-04T09:00")]
    assert [one["content"]["description"] for one in table(braze, "messages")] == ["Paris", "paris"]
    assert {one["trace"] for one in table(braze, "messages")} == {trace}


def test_schedule_canvas_at_the_local_time_of_each_user() -> None:
    braze = with_canvas()
    canvas(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 5 * DAY)
    assert [one for one in sent(braze) if one[1] in HOURS.values()][:5] == list(HOURS.items())
    assert len(sent(braze)) == 10


def test_update_scheduled_canvas_puts_the_entry_off() -> None:
    braze = with_canvas()
    key = canvas(braze)
    made(braze, OF_CANVAS[1], canvas_id="v", schedule_id=key, schedule={"time": "2026-01-04T09:00:00Z"})
    advance(braze, 3 * DAY)
    assert sent(braze) == [("paris", "2026-01-04T09:00")]


def test_delete_scheduled_canvas_keeps_out_who_has_not_entered() -> None:
    braze = with_canvas()
    key = canvas(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 32 * 3600)
    made(braze, OF_CANVAS[2], canvas_id="v", schedule_id=key)
    advance(braze, 9 * DAY)
    assert [user for user, _ in sent(braze)] == ["kiritimati", "auckland"] * 2
    assert decisions(braze).count(("not_sent", "the schedule was deleted")) == 3


def test_schedule_canvas_looks_at_the_audience_twice_for_a_local_time() -> None:
    plan = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "exists"}}
    users = [{**one, "custom_attributes": {"plan": "gold"}} for one in USERS]
    braze = started([], profiles=users, canvases=[{"id": "v", "name": "V", "steps": STEPS[:1], "audience": plan}])
    canvas(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 32 * 3600)
    assert "canvases_received" not in braze.post("/users/export/ids", {"external_ids": ["paris"]})[1]["users"][0]
    braze.post("/users/track", {"attributes": [{"external_id": "paris", "plan": None}]})
    braze.post("/users/delete", {"external_ids": ["nowhere"]})
    advance(braze, DAY)
    assert [user for user, _ in sent(braze)] == ["kiritimati", "auckland", "new york"]
    told = {one["external_id"]: one["reason"] for one in table(braze, "decisions") if one["outcome"] == "not_sent"}
    assert told == {"paris": f"not in the audience: {plan}", "nowhere": "the user was deleted"}
    [seen] = braze.post("/users/export/ids", {"external_ids": ["new york"]})[1]["users"]
    assert seen["canvases_received"][0]["last_entered"] == "2026-01-03T14:00:00.000Z"


def test_a_canvas_with_a_schedule_of_its_own_is_listed_and_shown() -> None:
    schedule = {"time": "2026-01-02T09:00:00", "repeat": "daily", "in_local_time": True}
    braze = with_canvas(trigger={"schedule": schedule}, reeligibility_seconds=0, tags=["t"])
    assert braze.get(LIST, "end_time=2026-01-09")[1]["scheduled_broadcasts"] == [
        {"name": "V", "id": "v", "type": "Canvas", "tags": ["t"], "next_send_time": "2026-01-02T09:00:00",
         "schedule_type": "local_time_zones"}
    ]  # fmt: skip
    [shown] = planned.list_schedules(braze.emulator, braze.emulator.workspaces.default, {})["schedules"]
    assert (shown["kind"], shown["schedule"], shown["due"]) == ("canvas", schedule, "2026-01-01T19:00:00.000Z")
    advance(braze, 3 * DAY)
    assert [minute for user, minute in sent(braze) if user == "paris"][:3] == [
        "2026-01-02T08:00", "2026-01-03T08:00", "2026-01-03T08:00"]  # fmt: skip


# changed and deleted


def test_update_scheduled_messages_changes_only_what_it_names() -> None:
    braze = api()
    key = messages(braze)
    assert made(braze, UPDATE, schedule_id=key, messages={"content_card": {**CARD, "title": "Ho"}}) == {
        "message": "success"
    }
    made(braze, UPDATE, schedule_id=key, schedule={"time": "2026-01-02T09:00:00Z"})
    assert braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, DAY) == 0
    assert sent(braze) == [("paris", "2026-01-02T09:00")]
    assert table(braze, "messages")[0]["content"]["title"] == "Ho"
    advance(braze, 3 * DAY)
    assert len(sent(braze)) == 1


def test_update_scheduled_messages_looks_at_the_variants_of_the_campaign() -> None:
    mail = {"app_id": "a", "from": "B <b@example.com>", "subject": "s", "body": "b", "message_variation_id": "m"}
    announced = {"id": "c", "name": "C", "is_api_campaign": True, "messages": [{"id": "m", "channel": "email"}]}
    braze = client({"profiles": USERS, "campaigns": [announced], "clock": {"now": NOW, "frozen": True}})
    body = {"external_user_ids": ["paris"], "campaign_id": "c", "messages": {"email": mail}, "schedule": NINE}
    key = made(braze, CREATE, **body)["schedule_id"]
    other = {"schedule_id": key, "messages": {"email": {**mail, "message_variation_id": "x"}}}
    assert braze.post(UPDATE, other) == (400, {"message": "Invalid Message Variant"})
    made(braze, UPDATE, schedule_id=key, messages={"email": mail})


def test_update_scheduled_campaign_replaces_the_whole_schedule() -> None:
    braze = api()
    key = campaign(braze, NINE_BY_EVERYBODY, broadcast=True)
    made(braze, OF_CAMPAIGN[1], campaign_id="c", schedule_id=key, schedule={"time": "2026-01-03T10:00:00"})
    advance(braze, 3 * DAY)
    assert {minute for _, minute in sent(braze)} == {"2026-01-03T10:00"}


def test_update_scheduled_campaign_comes_too_late_once_a_zone_has_the_time() -> None:
    braze = api()
    key = campaign(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 32 * 3600)
    made(braze, OF_CAMPAIGN[1], campaign_id="c", schedule_id=key, schedule={"time": "2026-01-09T10:00:00"})
    assert braze.fates == [("/schedule_id", "schedule_begun")]
    advance(braze, 9 * DAY)
    assert sent(braze) == list(HOURS.items())


def test_delete_scheduled_campaign_keeps_it_from_the_zones_that_are_left() -> None:
    braze = api()
    key = campaign(braze, NINE_BY_EVERYBODY, broadcast=True)
    advance(braze, 32 * 3600)
    assert made(braze, OF_CAMPAIGN[2], campaign_id="c", schedule_id=key) == {"message": "success"}
    advance(braze, 9 * DAY)
    assert sent(braze) == list(HOURS.items())[:2]
    assert decisions(braze).count(("not_sent", "the schedule was deleted")) == 3


def test_delete_scheduled_messages_sends_nothing() -> None:
    braze = api()
    key = messages(braze)
    other = messages(braze, {"time": "2026-01-03T10:00:00Z"})
    made(braze, DELETE, schedule_id=key)
    advance(braze, 9 * DAY)
    assert sent(braze) == [("paris", "2026-01-03T10:00")]
    for gone, told in (
        (key, "was deleted"),
        (other, "was sent at 2026-01-03T10:00:00.000Z"),
        ("x", "these wait: none"),
    ):
        assert braze.post(DELETE, {"schedule_id": gone}) == (400, {"message": "Invalid Schedule ID"})
        assert told in braze.entries[-1].note


def test_delete_scheduled_messages_is_not_for_campaigns() -> None:
    braze = api()
    key = campaign(braze)
    assert braze.post(DELETE, {"schedule_id": key})[0] == 400
    assert braze.post(OF_CAMPAIGN[2], {"campaign_id": "d", "schedule_id": key})[0] == 400
    assert made(braze, OF_CAMPAIGN[2], campaign_id="c", schedule_id=key)


def test_where_nothing_was_decided_yet_the_schedule_is_told() -> None:
    braze = api()
    key = campaign(braze)
    campaign(braze, {"time": "2026-01-05T09:00:00Z"})
    control = create_app(braze.emulator).test_client()

    def why() -> str:
        return str(control.get("/_emulator/decisions?campaign=C").json["why"])  # type: ignore[index]

    assert why().endswith(": the API has scheduled it for 2026-01-03T09:00:00.000Z.")
    made(braze, OF_CAMPAIGN[2], campaign_id="c", schedule_id=key)
    assert why().endswith(": the API has scheduled it for 2026-01-05T09:00:00.000Z.")


def test_schedules_follow_the_state() -> None:
    braze = api()
    workspace = braze.emulator.workspaces.default
    workspace.snapshot("before")
    key = messages(braze)
    workspace.snapshot("planned")
    made(braze, DELETE, schedule_id=key)
    workspace.restore("planned")
    branch = braze.emulator.workspaces.branch(workspace, "branch")
    advance(braze, 3 * DAY)
    assert len(sent(braze)) == 1
    braze.emulator.dispatcher.advance(branch, 3 * DAY)
    assert len(branch.view().messages) == 1
    workspace.restore("before")
    advance(braze, 3 * DAY)
    assert sent(braze) == []
    workspace.reset()
    assert table(braze, "schedules") == []


# the list


def listed(braze: Client, end: str) -> list[tuple[str, str]]:
    status, answer = braze.get(LIST, f"end_time={end}")
    assert status == 200
    return [(one["id"], one["next_send_time"]) for one in answer["scheduled_broadcasts"]]


def test_list_scheduled_broadcasts_has_the_next_turn_of_each() -> None:
    every = {"schedule": {"time": "2025-06-01T09:00:00", "repeat": "daily"}}
    braze = started([
        {"id": "daily", "trigger": every},
        {"id": "local", "trigger": {"schedule": {"time": "2026-01-05T18:00:00", "in_local_time": True}}},
        {"id": "clever", "trigger": {"schedule": {"time": "2026-01-06T18:00:00", "at_optimal_time": True}}},
        {"id": "over", "trigger": {"schedule": {"time": "2025-01-05T18:00:00"}}},
        {"id": "draft", "status": "draft", "trigger": every},
        {"id": "gone", "archived": True, "trigger": every},
        {"id": "api", "trigger": {"api": True}},
    ], settings={"time_zone": "Europe/Paris"})  # fmt: skip
    campaigns = [
        ("daily", "2026-01-02T09:00:00+01:00"), ("local", "2026-01-05T18:00:00"), ("clever", "2026-01-06T18:00:00")
    ]  # fmt: skip
    _, answer = braze.get(LIST, "end_time=2026-02-01")
    kinds = ["Europe/Paris", "local_time_zones", "intelligent_delivery"]
    assert [one["schedule_type"] for one in answer["scheduled_broadcasts"]] == kinds
    assert listed(braze, "2026-02-01") == campaigns
    assert listed(braze, "2026-01-05T23:00:00Z") == campaigns[:1]
    assert listed(braze, "2026-01-02") == []
    advance(braze, DAY)
    assert listed(braze, "2026-01-04") == [("daily", "2026-01-03T09:00:00+01:00")]
    advance(braze, 8 * DAY)
    assert listed(braze, "2027-01-01") == [("daily", "2026-01-11T09:00:00+01:00")]


def test_list_scheduled_broadcasts_has_only_what_the_dashboard_planned() -> None:
    braze = api()
    campaign(braze)
    assert listed(braze, "2027-01-01") == []
    _, details = braze.get("/campaigns/details", "campaign_id=c")
    assert details["schedule_type"] == "api_triggered"
