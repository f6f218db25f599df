"""What starts a campaign, and every check between that and a message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.messaging.sends import (
    EVENT,
    HOOK,
    advance,
    bodies,
    decisions,
    out,
    outcomes,
    started,
    table,
    track,
)

DAY = 86_400


def test_an_event_leads_to_a_webhook_under_one_trace() -> None:
    braze = started({})
    trace = track(braze, title="Wipes")
    assert bodies(braze) == [{"attributes": [{"external_id": "ada-copy", "seen": "Wipes"}]}]
    assert {entry.trace for entry in braze.entries} == {trace}
    assert [(entry.direction, entry.status) for entry in braze.entries] == [("in", 201), ("in", 201), ("out", 201)]
    assert outcomes(braze) == ["sent"]


def test_nothing_is_decided_for_events_nobody_waits_for() -> None:
    braze = started({})
    track(braze, name="Seen")
    assert (decisions(braze), out(braze)) == ([], [])


def test_an_event_that_is_refused_or_finds_nobody_starts_nothing() -> None:
    braze = started({})
    events = [
        {"external_id": "ada", "name": "seen", "time": "never"},
        {"braze_id": "0" * 24, "name": "seen", "time": "2026-01-01T12:00:00Z"},
    ]
    assert braze.post("/users/track", {"events": events, "attributes": [{"external_id": "x"}]})[0] == 201
    assert decisions(braze) == []


def test_a_rehearsal_sends_nothing() -> None:
    from emulator.call import Request

    braze = started({})
    body = b'{"events": [{"external_id": "ada", "name": "seen", "time": "2026-01-01T12:00:00Z"}]}'
    _, response = braze.emulator.rehearse(Request("POST", "/users/track", "", dict(braze.headers), body))
    assert response.status == 201
    assert (decisions(braze), out(braze)) == ([], [])


def test_each_event_of_a_call_counts() -> None:
    braze = started({"reeligibility_seconds": 0})
    events = [{"external_id": one, "name": "seen", "time": "2026-01-01T12:00:00Z"} for one in ("ada", "bob", "ada")]
    braze.post("/users/track", {"events": events})
    assert outcomes(braze) == ["sent"] * 3


CHECKS: dict[str, tuple[dict[str, Any], str]] = {
    "stopped": ({"status": "stopped"}, "the campaign's status is stopped"),
    "draft": ({"status": "draft"}, "the campaign's status is draft"),
    "archived": ({"archived": True}, "the campaign is archived"),
    "not yet": ({"start": "2026-01-02"}, "it starts at 2026-01-02T00:00:00.000Z, and it is 2026-01-01T12:00:00.000Z"),
    "over": ({"end": "2026-01-01"}, "it ended at 2026-01-01T00:00:00.000Z, and it is 2026-01-01T12:00:00.000Z"),
    "another property": (
        {"trigger": {"event": {"name": "seen", "properties": [
            {"property": "meta.color", "comparison": "equals", "value": "red"}]}}},
        "meta.color equals 'red': the property is 'green'",
    ),
    "no such property": (
        {"trigger": {"event": {"name": "seen", "properties": [{"property": "size", "comparison": "exists"}]}}},
        "size exists: there is no such property",
    ),
    "not in the audience": (
        {"audience": {"AND": [{"everyone": True}, {"standard_attribute": {"name": "phone", "comparison": "exists"}}]}},
        "not in the audience: {'standard_attribute': {'name': 'phone', 'comparison': 'exists'}}",
    ),
    "no messages": ({"messages": []}, "the campaign has no messages"),
    "no variant": ({"messages": [{**HOOK, "percentage": 0}]}, "no variant takes place"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_says_no_is_the_reason(name: str) -> None:
    fields, reason = CHECKS[name]
    braze = started(fields)
    track(braze, meta={"color": "green"})
    [(outcome, told)] = decisions(braze)
    assert outcome == "not_sent" and told.startswith(reason), told
    assert out(braze) == []


def test_an_event_from_before_the_start_does_not_count() -> None:
    braze = started({"start": "2026-01-01T11:00:00Z"})
    track(braze, time="2026-01-01T10:59:59Z")
    track(braze, time="2026-01-01T11:00:00Z")
    assert outcomes(braze) == ["not_sent", "sent"]


def test_every_check_is_told_and_the_first_that_fails_decides() -> None:
    braze = started({"status": "stopped", "end": "2026-01-01"})
    track(braze)
    [decision] = table(braze, "decisions")
    verdicts = {one["check"]: one["verdict"] for one in decision["checks"]}
    assert verdicts == {
        "status": "fail", "window": "fail", "trigger": "pass", "audience": "pass", "re_eligibility": "pass",
        "global_control_group": "pass", "variant": "pass",
    }  # fmt: skip
    assert decision["reason"] == "the campaign's status is stopped"


def test_who_is_in_the_audience_only_since_the_call_is_told_of_the_race() -> None:
    wanted = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    braze = started({"audience": wanted})
    event = {"external_id": "ada", "name": "seen", "time": "2026-01-01T12:00:00Z"}
    braze.post("/users/track", {"attributes": [{"external_id": "ada", "plan": "gold"}], "events": [event]})
    [decision] = table(braze, "decisions")
    told = next(one for one in decision["checks"] if one["check"] == "audience")
    assert told["verdict"] == "pass" and "since this very call" in told["reason"]


# once, again, never


def test_nobody_gets_it_twice() -> None:
    braze = started({})
    track(braze)
    track(braze)
    assert outcomes(braze) == ["sent", "not_sent"]
    assert decisions(braze)[1][1] == "received at 2026-01-01T12:00:00.000Z, and nobody becomes eligible again"


def test_time_makes_eligible_again_counted_from_the_receipt() -> None:
    braze = started({"reeligibility_seconds": DAY, "delay": "1h"})
    track(braze)
    advance(braze, 3600)
    advance(braze, DAY - 1)
    track(braze)
    advance(braze, 1)
    track(braze)
    advance(braze, 3600)
    assert outcomes(braze) == ["sent", "not_sent", "sent"]


def test_two_triggers_in_one_delay_are_one_message() -> None:
    braze = started({"delay": 60})
    track(braze)
    track(braze)
    advance(braze, 60)
    assert outcomes(braze) == ["sent", "not_sent"]


def test_a_message_that_was_aborted_may_come_again() -> None:
    aborting = {**HOOK, "body": "{% if event_properties.${ok} %}yes{% else %}{% abort_message('not ok') %}{% endif %}"}
    braze = started({"messages": [aborting]})
    track(braze)
    track(braze, ok=True)
    assert outcomes(braze) == ["aborted", "failed"]
    assert decisions(braze)[0][1] == "body: not ok"
    [entry] = [one for one in table(braze, "message_activity") if one["category"] == "aborted_message"]
    assert (entry["reason"], entry["abort_type"]) == ("body: not ok", "liquid_abort_message")


# control groups and variants


def test_the_control_group_gets_nothing_and_is_remembered() -> None:
    braze = started({"control_percentage": 100, "messages": []})
    track(braze)
    track(braze)
    assert [outcome for outcome, _ in decisions(braze)] == ["control_group", "not_sent"]
    assert out(braze) == []
    [receipt] = table(braze, "receipts")
    assert receipt["control"] is True
    _, answer = braze.post("/users/export/ids", {"external_ids": ["ada"]})
    assert answer["users"][0]["campaigns_received"][0]["in_control"] is True


def test_the_global_control_group_gets_nothing() -> None:
    braze = started({}, settings={"global_control_group": {"percentage": 100}})
    track(braze)
    assert decisions(braze)[0][1].endswith("is in the Global Control Group")


def test_a_user_always_gets_the_same_variant() -> None:
    other = {**HOOK, "id": "other", "name": "Other"}
    braze = started({"messages": [HOOK, other], "reeligibility_seconds": 0})
    for user in [f"user{number}" for number in range(20)] * 2:
        track(braze, user)
    chosen = [one["variant"] for one in table(braze, "decisions")]
    assert chosen[:20] == chosen[20:] and set(chosen) == {"hook", "other"}


# other triggers

TRIGGERS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "a purchase": ({"purchase": {}}, {"purchases": ["p"]}, True),
    "that product": ({"purchase": {"product_id": "p"}}, {"purchases": ["p"]}, True),
    "another product": ({"purchase": {"product_id": "q"}}, {"purchases": ["p"]}, False),
    "any change of an attribute": ({"attribute": {"name": "plan"}}, {"attributes": [{"plan": "gold"}]}, True),
    "a change to a value": ({"attribute": {"name": "plan", "to": "gold"}}, {"attributes": [{"plan": "gold"}]}, True),
    "to another value": ({"attribute": {"name": "plan", "to": "gold"}}, {"attributes": [{"plan": "tin"}]}, False),
    "no change": ({"attribute": {"name": "first_name"}}, {"attributes": [{"first_name": "Ada"}]}, False),
    "a standard attribute": ({"attribute": {"name": "first_name"}}, {"attributes": [{"first_name": "Eve"}]}, True),
    "a nested value": ({"attribute": {"name": "home.city"}}, {"attributes": [{"home": {"city": "Rome"}}]}, True),
    "an e-mail state": (
        {"subscription": {"channel": "email", "to": "unsubscribed"}},
        {"attributes": [{"email_subscribe": "unsubscribed"}]}, True),
    "the state it had": (
        {"subscription": {"channel": "email"}}, {"attributes": [{"email_subscribe": "subscribed"}]}, False),
    "a group": (
        {"subscription": {"subscription_group_id": "news", "to": "subscribed"}},
        {"attributes": [{"subscription_groups": [
            {"subscription_group_id": "news", "subscription_state": "subscribed"}]}]}, True),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIGGERS)
def test_other_triggers(name: str) -> None:
    trigger, body, starts = TRIGGERS[name]
    groups = [{"id": "news", "name": "News", "channel": "email"}]
    braze = started({"trigger": trigger}, subscription_groups=groups)
    body = {array: [_item(one) for one in items] for array, items in body.items()}
    status, _ = braze.post("/users/track", body)
    assert status == 201
    assert outcomes(braze) == (["sent"] if starts else [])


def _item(one: Any) -> dict[str, Any]:
    if isinstance(one, dict):
        return {"external_id": "ada", **one}
    return {"external_id": "ada", "product_id": one, "currency": "EUR", "price": 1, "time": "2026-01-01T12:00:00Z"}


def test_a_subscription_that_another_operation_sets_starts_a_campaign_too() -> None:
    braze = started({"trigger": {"subscription": {"channel": "email", "to": "unsubscribed"}}})
    assert braze.post("/email/status", {"email": "ada@example.com", "subscription_state": "unsubscribed"})[0] == 201
    assert outcomes(braze) == ["sent"]


def test_calls_that_take_effect_later_start_campaigns_then() -> None:
    braze = started({}, settings={"asynchrony": {"policy": "delay", "seconds": 5}})
    track(braze)
    assert outcomes(braze) == []
    advance(braze, 5)
    assert len(out(braze)) == 1


# delays


def test_a_delayed_message_is_judged_again() -> None:
    braze = started([
        {"id": "kept", "delay": "2h", "trigger": EVENT},
        {"id": "checked", "name": "D", "delay": "2h", "recheck_audience": True,
         "audience": {"email_subscription_status": {"comparison": "is", "value": "subscribed"}}},
    ])  # fmt: skip
    track(braze)
    assert outcomes(braze) == ["waiting", "waiting"]
    braze.post("/email/status", {"email": "ada@example.com", "subscription_state": "unsubscribed"})
    assert advance(braze, 7199) == 0
    advance(braze, 1)
    assert outcomes(braze) == ["sent", "not_sent"]
    assert out(braze)[0].time - braze.entries[0].time == 7200


def test_a_user_who_is_deleted_meanwhile_gets_nothing() -> None:
    braze = started({"delay": 60})
    track(braze)
    braze.post("/users/delete", {"external_ids": ["ada"]})
    advance(braze, 60)
    assert decisions(braze) == [("not_sent", "the user was deleted")]


def test_a_reset_forgets_what_was_sent() -> None:
    braze = started({})
    track(braze)
    braze.emulator.workspaces.default.reset()
    assert (decisions(braze), table(braze, "messages"), table(braze, "receipts")) == ([], [], [])
    track(braze)
    assert outcomes(braze) == ["sent"]
