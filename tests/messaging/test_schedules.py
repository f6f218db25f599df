"""Campaigns of a seed that are sent at planned times, and delays that end at a time of the day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.app import create_app
from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from emulator.state.places import RAILS_ZONES
from emulator.state.recurrence import turns
from emulator.state.zones import instant, named
from tests.conftest import Client
from tests.messaging.sends import advance, decisions, started, table, track

DAY = 86_400
CARD = {
    "id": "card",
    "channel": "content_card",
    "type": "CLASSIC",
    "title": "t",
    "description": "d",
    "time_to_live": 60,
}
USERS = [
    {"external_id": "adelaide", "time_zone": "Adelaide"},
    {"external_id": "new york", "time_zone": "America/New_York"},
    {"external_id": "nowhere"},
]


def planned(
    schedule: dict[str, Any], zone: str = "Europe/Paris", now: str = "2026-01-01T12:00:00Z", **more: Any
) -> Client:
    one = {"trigger": {"schedule": schedule}, "messages": [CARD], "reeligibility_seconds": 0, **more}
    return started(one, profiles=USERS, settings={"time_zone": zone}, clock={"now": now, "frozen": True})


def sent(braze: Client, user: str = "nowhere") -> list[str]:
    """The minutes at which a user got a message."""
    return [one["at"][:16] for one in table(braze, "messages") if one["external_id"] == user]


# turns


def test_once_at_the_companys_time() -> None:
    braze = planned({"time": "2026-01-02T09:00:00"})
    advance(braze, 9 * DAY)
    assert [sent(braze, one["external_id"]) for one in USERS] == [["2026-01-02T08:00"]] * 3
    [first, *_] = table(braze, "decisions")
    assert first["trigger"] == {"kind": "schedule", "name": "2026-01-02T09:00:00"}
    assert len({one["dispatch_id"] for one in table(braze, "decisions")}) == 1
    assert len({one["trace"] for one in table(braze, "decisions")}) == 1


def test_once_at_an_instant() -> None:
    braze = planned({"time": "2026-01-02T09:00:00-05:00"})
    advance(braze, 9 * DAY)
    assert sent(braze) == ["2026-01-02T14:00"]


def test_what_was_over_before_is_not_sent() -> None:
    braze = planned({"time": "2026-01-01T12:59:59"})
    advance(braze, 9 * DAY)
    assert (decisions(braze), braze.emulator.workspaces.default.view().plans["c"]["turn"]) == ([], "")


def test_three_days_are_three_turns_for_each_user_at_his_hour() -> None:
    braze = planned({"time": "2025-12-01T09:00:00", "repeat": "daily", "in_local_time": True})
    advance(braze, 3 * DAY)
    assert sent(braze, "adelaide") == ["2026-01-01T22:30", "2026-01-02T22:30", "2026-01-03T22:30"]
    assert sent(braze, "nowhere") == ["2026-01-02T08:00", "2026-01-03T08:00", "2026-01-04T08:00"]
    assert sent(braze, "new york") == ["2026-01-01T14:00", "2026-01-02T14:00", "2026-01-03T14:00"]
    times = [one["at"] for one in table(braze, "messages")]
    assert times == sorted(times)


def test_a_user_is_messaged_once_unless_he_is_re_eligible() -> None:
    braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"}, reeligibility_seconds=2 * DAY)
    advance(braze, 4 * DAY)
    assert sent(braze) == ["2026-01-02T08:00", "2026-01-04T08:00"]
    braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"}, reeligibility_seconds=None)
    advance(braze, 4 * DAY)
    assert sent(braze) == ["2026-01-02T08:00"]


def test_the_audience_is_that_of_the_time() -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "exists"}}
    braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"}, audience=gold)
    advance(braze, DAY)
    braze.post("/users/track", {"attributes": [{"external_id": "new york", "plan": "gold"}]})
    advance(braze, DAY)
    assert [one["external_id"] for one in table(braze, "messages")] == ["new york"]
    assert [one["outcome"] for one in table(braze, "decisions")].count("not_sent") == 5


def test_a_campaign_that_is_not_active_has_no_turns() -> None:
    for more in ({"status": "stopped"}, {"status": "draft"}, {"archived": True}):
        braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"}, **more)
        advance(braze, 4 * DAY)
        assert decisions(braze) == []


SERIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "every other day": ({"repeat": "daily", "every": 2}, ["01-05", "01-07", "01-09", "01-11"]),
    "until a day, which counts": ({"repeat": "daily", "end": "2026-01-07"}, ["01-05", "01-06", "01-07"]),
    "weekly": ({"repeat": "weekly"}, ["01-05", "01-12", "01-19", "01-26"]),
    "weekly on days": ({"repeat": "weekly", "on": ["friday", "monday"]}, ["01-05", "01-09", "01-12", "01-16"]),
    "not before the first": ({"repeat": "weekly", "on": ["sunday"]}, ["01-11", "01-18", "01-25", "02-01"]),
    "every third week": ({"repeat": "weekly", "every": 3, "on": ["wednesday"]}, ["01-07", "01-28", "02-18", "03-11"]),
    "monthly": ({"repeat": "monthly"}, ["01-05", "02-05", "03-05", "04-05"]),
    "the last of a month": ({"repeat": "monthly", "on": ["last", 15]}, ["01-15", "01-31", "02-15", "02-28"]),
    "a day that a month lacks": ({"repeat": "monthly", "on": [30]}, ["01-30", "02-28", "03-30", "04-30"]),
    "twice the same day": ({"repeat": "monthly", "on": [30, 31], "every": 2}, ["01-30", "01-31", "03-30", "03-31"]),
}


@pytest.mark.parametrize("name", SERIES)
def test_it_comes_again(name: str) -> None:
    fields, expected = SERIES[name]
    braze = planned({"time": "2026-01-05T09:00:00", **fields})
    advance(braze, 200 * DAY)
    assert [minute[5:10] for minute in sent(braze)][:4] == expected
    assert {minute[11:] for minute in sent(braze) if minute < "2026-03-29"} == {"08:00"}


MOMENTS = st.datetimes(datetime(1999, 1, 1), datetime(2031, 1, 1))
FIELDS = st.fixed_dictionaries({
    "time": MOMENTS.map(lambda at: at.replace(microsecond=0).isoformat()),
    "repeat": st.sampled_from(["daily", "weekly", "monthly"]),
    "every": st.integers(1, 40),
    "end": st.sampled_from(["", "2030-06-30"]),
    "on": st.just([]),
})  # fmt: skip


@given(FIELDS, MOMENTS)
@settings(max_examples=60, deadline=None)
def test_turns_after_a_time_are_the_tail_of_all_turns(schedule: dict[str, Any], after: datetime) -> None:
    def until_2040(since: datetime) -> list[datetime]:
        found = []
        for turn in turns(schedule, since):
            if turn.year >= 2040:
                break
            found.append(turn)
        return found

    assert until_2040(after) == [turn for turn in until_2040(datetime.min) if turn > after]


# the clock

STEPS = st.lists(st.integers(1, 4 * 86_400), min_size=1, max_size=6)


@given(STEPS)
@settings(max_examples=15, deadline=None)
def test_any_split_of_an_advance_sends_the_same(steps: list[int]) -> None:
    def messages(advances: list[int]) -> list[Any]:
        braze = planned({"time": "2026-01-02T09:30:00", "repeat": "daily", "in_local_time": True})
        for seconds in advances:
            advance(braze, seconds)
        return [(one["at"], one["external_id"], one["dispatch_id"]) for one in table(braze, "messages")]

    assert messages(steps) == messages([sum(steps)])


DST: dict[str, tuple[str, str, str, list[str]]] = {
    "spring, before the hour that is left out": (
        "America/New_York", "2026-03-07T01:30:00", "2026-03-06T12:00:00Z", ["07T06:30", "08T06:30", "09T05:30"]),
    "spring, in the hour that is left out": (
        "America/New_York", "2026-03-07T02:30:00", "2026-03-06T12:00:00Z", ["07T07:30", "08T07:30", "09T06:30"]),
    "autumn, in the hour that comes twice": (
        "America/New_York", "2026-10-31T01:30:00", "2026-10-30T12:00:00Z", ["31T05:30", "01T05:30", "02T06:30"]),
    "half an hour of summer time": (
        "Australia/Lord_Howe", "2026-10-03T09:00:00", "2026-10-02T12:00:00Z", ["02T22:30", "03T22:00", "04T22:00"]),
}  # fmt: skip


@pytest.mark.parametrize("name", DST)
@pytest.mark.parametrize("local", [True, False])
def test_the_hour_stays_when_summer_time_begins_or_ends(name: str, local: bool) -> None:
    zone, time, now, expected = DST[name]
    braze = planned({"time": time, "repeat": "daily", "in_local_time": local}, zone, now)
    advance(braze, 4 * DAY)
    assert [minute[8:] for minute in sent(braze)][:3] == expected


def test_a_clock_that_jumps_sends_what_is_due_and_not_what_was_missed() -> None:
    braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"})
    workspace = braze.emulator.workspaces.default
    workspace.clock.set(workspace.clock.seconds() + 10 * DAY, frozen=True)
    braze.emulator.dispatcher.run_due(workspace)
    assert sent(braze) == ["2026-01-11T12:00"]
    advance(braze, DAY)
    assert sent(braze)[1:] == ["2026-01-12T08:00"]


def test_turns_follow_the_state() -> None:
    braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"})
    workspace = braze.emulator.workspaces.default
    advance(braze, 2 * DAY)
    workspace.snapshot("two")
    branch = braze.emulator.workspaces.branch(workspace, "other")
    advance(braze, 2 * DAY)
    assert len(sent(braze)) == 4
    workspace.restore("two")
    assert len(sent(braze)) == 2
    advance(braze, DAY)
    assert sent(braze)[-1] == "2026-01-04T08:00"
    braze.emulator.dispatcher.advance(branch, DAY)
    assert len(branch.view().messages) == 9
    workspace.reset()
    advance(braze, DAY)
    assert sent(braze) == ["2026-01-02T08:00"]


def test_a_campaign_that_is_declared_anew_or_deleted_has_no_old_turns() -> None:
    braze = planned({"time": "2026-01-02T09:00:00", "repeat": "daily"})
    control = create_app(braze.emulator).test_client()
    other = {"id": "c", "name": "C", "messages": [CARD], "trigger": {"schedule": {"time": "2026-01-03T10:00:00"}}}
    assert control.put("/_emulator/campaigns/c", json=other).status_code == 200
    advance(braze, 4 * DAY)
    assert sent(braze) == ["2026-01-03T09:00"]
    later = {"time": "2026-01-07T10:00:00", "in_local_time": True}
    control.put("/_emulator/campaigns/c", json={**other, "trigger": {"schedule": later}})
    assert control.delete("/_emulator/campaigns/c").status_code == 200
    advance(braze, 4 * DAY)
    assert (len(sent(braze)), read(braze, "/schedules")) == (1, {"schedules": []})


# delays that end at a time of the day. 2026-01-01, noon in UTC, is a Thursday

DELAYS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "on the next friday": ({"next": "friday", "at": "09:00"}, {"nowhere": "01-02T08:00", "new york": "01-02T08:00"}),
    "a week from today": ({"next": "thursday", "at": "15:00"}, {"nowhere": "01-08T14:00"}),
    "by the user's clock": (
        {"next": "friday", "at": "09:00", "local": True},
        {"nowhere": "01-02T08:00", "new york": "01-02T14:00", "adelaide": "01-01T22:30"}),
    "in two days": ({"days": 2, "at": "09:15"}, {"nowhere": "01-03T08:15"}),
    "tomorrow by the user's clock": ({"days": 1, "at": "00:30", "local": True}, {"adelaide": "01-01T14:00"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DELAYS)
def test_a_delay_ends_at_a_time_of_the_day(name: str) -> None:
    delay, expected = DELAYS[name]
    braze = started({"delay": delay, "messages": [CARD]}, profiles=USERS, settings={"time_zone": "Europe/Paris"})
    for user in expected:
        track(braze, user)
    assert [outcome for outcome, _ in decisions(braze)] == ["waiting"] * len(expected)
    advance(braze, 9 * DAY)
    assert {user: sent(braze, user) for user in expected} == {user: [f"2026-{at}"] for user, at in expected.items()}


@given(st.integers(0, 7 * 24 * 60), st.sampled_from(["monday", "saturday"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_next_weekday_is_within_a_week_and_never_today(minutes: int, day: str, local: bool) -> None:
    delay = {"next": day, "at": "12:00", "local": local}
    braze = started({"delay": delay, "messages": [CARD]}, profiles=USERS, settings={"time_zone": "Europe/Paris"})
    advance(braze, minutes * 60)
    began = braze.emulator.workspaces.default.clock.now()
    track(braze, "new york", time=began.strftime("%Y-%m-%dT%H:%M:%SZ"))
    advance(braze, 8 * DAY)
    zone = named("America/New_York" if local else "Europe/Paris")
    at = datetime.fromisoformat(f"{sent(braze, 'new york')[0]}:00+00:00").astimezone(zone)
    assert (at.strftime("%A").lower(), at.hour, at.minute) == (day, 12, 0)
    assert timedelta(0) < at.date() - began.astimezone(zone).date() <= timedelta(days=7)


# what a seed may say

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no time": ({}, "'time' is a required property"),
    "no time in words": ({"time": "2026-01-01Tx"}, "seed.campaigns[0].trigger.schedule: '2026-01-01Tx' is not a time"),
    "no day": ({"time": "2026-01-01", "repeat": "daily", "end": "2026-02-30"}, "seed.campaigns[0].trigger.schedule"),
    "before all schedules": ({"time": "0001-01-01"}, "the year is between 1970 and 8999"),
    "a local time with a zone": (
        {"time": "2026-01-01T09:00:00Z", "in_local_time": True}, "has no zone; write 2026-01-01T09:00:00"),
    "days of no week": ({"time": "2026-01-01", "repeat": "weekly", "on": [1]}, "1 is not one of ['monday'"),
    "days of no month": ({"time": "2026-01-01", "repeat": "monthly", "on": [32]}, "on[0]: 32 is not valid"),
    "days of daily": ({"time": "2026-01-01", "repeat": "daily", "on": ["monday"]}, "on: there are no days to choose"),
    "an end of once": ({"time": "2026-01-01", "end": "2026-02-01"}, "'repeat' is a dependency of 'end'"),
    "a word for repeat": ({"time": "2026-01-01", "repeat": "yearly"}, "'yearly' is not one of"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_schedule_that_cannot_be_is_named(name: str) -> None:
    schedule, told = BAD[name]
    with pytest.raises(ConfigError) as error:
        Emulator({"campaigns": [{"id": "c", "name": "C", "trigger": {"schedule": schedule}}]})
    assert told in str(error.value), str(error.value)


BAD_DELAYS: dict[str, tuple[dict[str, Any], str]] = {
    "no time": ({"next": "monday"}, "'at' is a required property"),
    "no day": ({"at": "09:00"}, "delay"),
    "two days": ({"at": "09:00", "next": "monday", "days": 1}, "delay"),
    "a time that there is not": ({"at": "24:00", "days": 1}, "'24:00' does not match"),
    "today": ({"at": "09:00", "days": 0}, "0 is less than the minimum of 1"),
}


@pytest.mark.parametrize("name", BAD_DELAYS)
def test_a_delay_that_cannot_be_is_named(name: str) -> None:
    delay, told = BAD_DELAYS[name]
    with pytest.raises(ConfigError) as error:
        Emulator({"campaigns": [{"id": "c", "name": "C", "delay": delay}]})
    assert told in str(error.value), str(error.value)


def test_a_scheduled_campaign_has_no_delay() -> None:
    with pytest.raises(ConfigError, match=r"seed\.campaigns\[0\]\.delay: a scheduled campaign has none"):
        planned({"time": "2026-01-02"}, delay=60)


def test_every_zone_of_rails_is_one_of_the_world() -> None:
    for name in RAILS_ZONES:
        assert instant(datetime(2026, 1, 1), named(name)).utcoffset() == timedelta(0)


# the control API


def read(braze: Client, path: str) -> Any:
    answer = create_app(braze.emulator).test_client().get(f"/_emulator{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_schedules_are_shown() -> None:
    braze = planned({"time": "2026-01-02T09:00:00", "in_local_time": True, "repeat": "daily", "end": "2026-01-03"})
    body = {"external_user_ids": ["nowhere"], "schedule": {"time": "2026-01-05"}, "messages": {"content_card": CARD}}
    _, answer = braze.post("/messages/schedule/create", body)
    first, second = read(braze, "/schedules")["schedules"]
    assert (first["id"], first["due"], first["turn"]) == ("c", "2026-01-01T19:00:00.000Z", "2026-01-02T09:00:00")
    assert (second["id"], second["due"], second["kind"]) == (
        answer["schedule_id"], "2026-01-05T00:00:00.000Z", "messages")  # fmt: skip
    advance(braze, 9 * DAY)
    assert [one["status"] for one in read(braze, "/schedules")["schedules"]] == ["over", "started"]
    assert read(braze, "/schedules?status=waiting") == {"schedules": []}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "its time is 2026-01-02T08:00:00.000Z"),
        ({"status": "draft"}, "its status is draft"),
        ({"archived": True}, "it is archived"),
        ({"trigger": {"schedule": {"time": "2025-01-01"}}}, "its times are over"),
    ],
)
def test_where_nothing_was_decided_the_time_is_told(more: dict[str, Any], why: str) -> None:
    braze = planned({"time": "2026-01-02T09:00:00"}, **more)
    assert read(braze, "/decisions?campaign=C")["why"].endswith(f": {why}.")


def test_the_api_calls_it_time_based() -> None:
    braze = planned({"time": "2026-01-02T09:00:00"})
    assert braze.get("/campaigns/details", "campaign_id=c")[1]["schedule_type"] == "time_based"
    recipients = [{"external_user_id": "nowhere"}]
    assert braze.post("/campaigns/trigger/send", {"campaign_id": "c", "recipients": recipients})[0] == 400
