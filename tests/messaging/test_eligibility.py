"""Between the trigger and the message: exception events, quiet hours, frequency caps, delivery rate limits, and users
and campaigns that are other ones when the message is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emulator.messaging.eligibility import ABORT_TYPES, AFTER_DELAY, DUE, ENTRY, LOCAL_TIME, RECHECK
from emulator.state import frequency, quiet_hours, sends
from tests.conftest import Client
from tests.messaging.sends import EVENT, HOOK, NOW, advance, decisions, out, outcomes, started, table, track

DAY = 86_400
CARD = {"id": "card", "channel": "content_card", "type": "CLASSIC", "title": "t", "description": "d", "time_to_live": 9}
MAIL = {"id": "mail", "channel": "email", "app_id": "a", "from": "B <b@example.com>", "subject": "s", "body": "b"}
FAILING = {**HOOK, "url": "https://example.com/"}
ALWAYS = {"reeligibility_seconds": 0}
PARIS = {"external_id": "ada", "email": "ada@example.com", "time_zone": "Europe/Paris"}


def checks(braze: Client, number: int = -1) -> dict[str, str]:
    """check -> verdict of a decision."""
    return {one["check"]: one["verdict"] for one in table(braze, "decisions")[number]["checks"]}


def aborts(braze: Client) -> list[tuple[str, str]]:
    """(abort_type, log text) of the Message Activity Log."""
    return [(one["abort_type"], one["reason"]) for one in table(braze, "message_activity")]


def waits(braze: Client) -> list[float]:
    """Seconds from the start to each message, in order."""
    return [entry.time - braze.entries[0].time for entry in out(braze)]


# exception events

BUYS = {"purchase": {"product_id": "lamp"}}
EXCEPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the event": ({"event": {"name": "left"}}, {"name": "left"}, True),
    "another event": ({"event": {"name": "left"}}, {"name": "right"}, False),
    "a property that fits": (
        {"event": {"name": "left", "properties": [{"property": "n", "comparison": "equals", "value": 1}]}},
        {"name": "left", "n": 1}, True),
    "a property that does not": (
        {"event": {"name": "left", "properties": [{"property": "n", "comparison": "equals", "value": 1}]}},
        {"name": "left", "n": 2}, False),
    "another user": ({"event": {"name": "left"}}, {"name": "left", "user": "bob"}, False),
}  # fmt: skip


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_event_keeps_a_waiting_message_back(name: str) -> None:
    exception, event, kept_back = EXCEPTIONS[name]
    braze = started({"delay": 60, "exception_events": [exception]})
    track(braze)
    track(braze, **event)
    assert outcomes(braze) == (["not_sent"] if kept_back else ["waiting"])
    advance(braze, 60)
    assert len(out(braze)) == (not kept_back)
    if kept_back:
        assert decisions(braze)[0][1] == "the exception event 'left' occurred while the message waited"
        assert checks(braze)["exception event"] == "fail"


def test_a_purchase_is_an_exception_and_the_user_stays_eligible() -> None:
    braze = started({"delay": 60, "exception_events": [BUYS]})
    track(braze)
    item = {"external_id": "ada", "product_id": "lamp", "currency": "EUR", "price": 1, "time": NOW}
    braze.post("/users/track", {"purchases": [item]})
    track(braze)
    advance(braze, 60)
    assert outcomes(braze) == ["not_sent", "sent"]


def test_the_trigger_as_exception_puts_the_message_off() -> None:
    braze = started({"delay": 600, "exception_events": [EVENT]})
    track(braze)
    advance(braze, 300)
    track(braze)
    advance(braze, 599)
    assert (outcomes(braze), out(braze)) == (["not_sent", "waiting"], [])
    advance(braze, 1)
    assert (outcomes(braze), waits(braze)) == (["not_sent", "sent"], [900])


def test_what_was_sent_is_not_called_back() -> None:
    braze = started({"delay": 60, "exception_events": [BUYS, {"event": {"name": "left"}}]})
    track(braze)
    advance(braze, 60)
    track(braze, name="left")
    assert outcomes(braze) == ["sent"]


# while the message waits


def test_a_campaign_that_ends_meanwhile_sends_nothing() -> None:
    braze = started({"delay": "1h", "end": "2026-01-01T12:30:00Z"})
    track(braze)
    advance(braze, 3600)
    assert outcomes(braze) == ["not_sent"]
    assert aborts(braze)[0][0] == "no_longer_in_availability_window"


def changed(braze: Client, campaign: dict[str, Any] | None) -> None:
    with braze.emulator.workspaces.default.transaction() as draft:
        held = draft.campaigns["c"]
        if campaign is None:
            del draft.campaigns["c"]
        else:
            draft.campaigns["c"] = {**held, **campaign}


MEANWHILE: dict[str, tuple[dict[str, Any] | None, str, str]] = {
    "stopped": ({"status": "stopped"}, "the campaign's status is stopped", "campaign_disabled"),
    "archived": ({"archived": True}, "the campaign is archived", "campaign_disabled"),
    "deleted": (None, "the campaign is not there any more", "campaign_does_not_exist"),
    "emptied": ({"messages": []}, "the campaign has no such message any more", "message_variation_does_not_exist"),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_a_campaign_that_is_another_when_the_message_is_due(name: str) -> None:
    campaign, reason, abort_type = MEANWHILE[name]
    braze = started({"delay": 60})
    track(braze)
    changed(braze, campaign)
    advance(braze, 60)
    assert decisions(braze) == [("not_sent", reason)]
    assert aborts(braze) == [(abort_type, reason)]
    assert table(braze, "decisions")[0]["abort_type"] == abort_type


def test_who_left_the_audience_is_not_in_the_segment() -> None:
    wanted = {"email_subscription_status": {"comparison": "is", "value": "subscribed"}}
    braze = started({"delay": 60, "audience": wanted, "recheck_audience": True})
    track(braze)
    braze.post("/email/status", {"email": "ada@example.com", "subscription_state": "unsubscribed"})
    advance(braze, 60)
    assert aborts(braze)[0][0] == "user_not_in_segment"


# users who are merged


def merge(braze: Client, gone: str, kept: str) -> None:
    pair = {"identifier_to_merge": {"external_id": gone}, "identifier_to_keep": {"external_id": kept}}
    assert braze.post("/users/merge", {"merge_updates": [pair]})[0] == 202


def test_a_user_who_is_merged_while_the_message_waits() -> None:
    braze = started({"delay": 60})
    track(braze)
    track(braze, "bob", name="other")
    merge(braze, "ada", "bob")
    kept = braze.emulator.workspaces.default.view().external_ids["bob"]
    advance(braze, 60)
    assert decisions(braze) == [("not_sent", f"the user was merged into {kept}")]


def test_receipts_follow_a_merge() -> None:
    braze = started({})
    for user in ("ada", "bob"):
        track(braze, user)
        advance(braze, 60)
    track(braze, "eve", name="other")
    merge(braze, "ada", "bob")
    merge(braze, "bob", "eve")
    view = braze.emulator.workspaces.default.view()
    [receipt] = table(braze, "receipts")
    assert (receipt["at"], receipt["count"]) == ("2026-01-01T12:01:00.000Z", 2)
    track(braze, "eve")
    assert decisions(braze)[-1][1].startswith("received at 2026-01-01T12:01:00.000Z")
    first = table(braze, "decisions")[0]["braze_id"]
    assert sends.current(view, first) == view.external_ids["eve"]


# quiet hours

NIGHT = {"start": "22:00", "end": "06:00"}
QUIET: dict[str, tuple[dict[str, Any], str, float]] = {
    "outside": (NIGHT, "2026-01-01T20:59:00Z", 0),
    "the first minute": (NIGHT, "2026-01-01T21:00:00Z", 8 * 3600),
    "after midnight": (NIGHT, "2026-01-02T04:30:00Z", 1800),
    "the end": (NIGHT, "2026-01-02T05:00:00Z", 0),
    "within a day": ({"start": "12:00", "end": "14:30"}, "2026-01-01T11:30:00Z", 2 * 3600),
    "the day when clocks go forward": ({"start": "01:00", "end": "02:30"}, "2026-03-29T00:30:00Z", 3600),
    "the day when clocks go back": ({"start": "01:00", "end": "04:00"}, "2026-10-25T00:30:00Z", 2.5 * 3600),
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_quiet_hours_are_the_users_and_the_message_waits_for_their_end(name: str) -> None:
    quiet, now, wait = QUIET[name]
    braze = started({"quiet_hours": quiet}, profiles=[PARIS], clock={"now": now, "frozen": True})
    track(braze, time=now)
    if wait:
        assert outcomes(braze) == ["waiting"] and checks(braze)["quiet hours"] == "wait"
        assert decisions(braze)[0][1].startswith(f"quiet hours are from {quiet['start']} to {quiet['end']}, and it is ")
        advance(braze, wait - 1)
        assert out(braze) == []
        advance(braze, 1)
    assert (len(out(braze)), waits(braze)) == (1, [wait])


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
@pytest.mark.parametrize("quiet", [("22:00", "06:00"), ("01:00", "02:30"), ("02:15", "02:45"), ("00:00", "23:59")])
def test_quiet_hours_end_later_and_are_then_over_on_every_day_of_the_year(zone: str, quiet: tuple[str, str]) -> None:
    hours = dict(zip(("start", "end"), quiet, strict=True))
    for number in range(365 * 24 * 2):
        at = datetime(2026, 1, 1, 0, 7, tzinfo=timezone.utc) + timedelta(minutes=30 * number)
        until = quiet_hours.end(hours, at.astimezone(ZoneInfo(zone)))
        if until is not None:
            assert at < until <= at + timedelta(hours=25)
            assert quiet_hours.end(hours, until.astimezone(ZoneInfo(zone))) is None, at


def test_quiet_hours_may_end_a_message() -> None:
    braze = started({"quiet_hours": {"start": "12:00", "end": "13:00", "then": "abort"}})
    track(braze)
    assert decisions(braze) == [("not_sent", "quiet hours are from 12:00 to 13:00, and it is 12:00 in UTC")]
    assert aborts(braze)[0][0] == "quiet_hours"
    advance(braze, 3600)
    track(braze)
    assert outcomes(braze) == ["not_sent", "sent"]


def test_the_company_has_a_time_zone_for_who_has_none() -> None:
    braze = started({"quiet_hours": NIGHT}, settings={"time_zone": "America/New_York"},
                    clock={"now": "2026-01-01T04:00:00Z", "frozen": True})  # fmt: skip
    track(braze)
    assert decisions(braze)[0][1].startswith("quiet hours are from 22:00 to 06:00, and it is 23:00 in America/New_York")


# frequency caps

CAPS: dict[str, tuple[list[dict[str, Any]], list[float], list[str]]] = {
    # rules; seconds between the triggers; outcomes
    "one a day, the day of the user": ([{"count": 1, "days": 1}], [0, 10 * 3600, 3600], ["sent", "not_sent", "sent"]),
    "two a week": (
        [{"count": 2, "weeks": 1}],
        [0, DAY, DAY, 4 * DAY, DAY],
        ["sent", "sent", "not_sent", "not_sent", "sent"],
    ),
    "by the minute": ([{"count": 1, "minutes": 10}], [0, 599, 1], ["sent", "not_sent", "sent"]),
    "e-mails": ([{"channel": "email", "count": 1, "days": 1}], [0, 1], ["sent", "not_sent"]),
    "another channel": ([{"channel": "sms", "count": 1, "days": 1}], [0, 1], ["sent", "sent"]),
    "its tag": ([{"tag": "promo", "count": 1, "days": 1}], [0, 1], ["sent", "not_sent"]),
    "another tag": ([{"tag": "news", "count": 1, "days": 1}], [0, 1], ["sent", "sent"]),
    "the strictest rule": ([{"count": 3, "days": 1}, {"count": 1, "minutes": 1}], [0, 1], ["sent", "not_sent"]),
}


@pytest.mark.parametrize("name", CAPS)
def test_frequency_caps(name: str) -> None:
    rules, times, wanted = CAPS[name]
    braze = started({"messages": [MAIL], "tags": ["promo"], **ALWAYS}, profiles=[PARIS],
                    settings={"frequency_caps": rules})  # fmt: skip
    for wait in times:
        advance(braze, wait)
        track(braze)
    assert outcomes(braze) == wanted


def test_the_abort_has_brazes_words() -> None:
    braze = started({"messages": [MAIL], **ALWAYS},
                    settings={"frequency_caps": [{"channel": "email", "count": 1, "weeks": 1}]})  # fmt: skip
    for _ in range(2):
        track(braze)
    assert aborts(braze) == [("frequency_capped", "Frequency cap rule: 1 email message every 1 week")]
    assert checks(braze)["frequency cap"] == "fail"


WORDS: dict[str, dict[str, Any]] = {
    "5 email messages every 1 week": {"channel": "email", "count": 5, "weeks": 1},
    "1 message every 2 days": {"count": 1, "days": 2},
    "2 push messages with the tag promo every 30 minutes": {"channel": "push", "count": 2, "minutes": 30,
                                                            "tag": "promo"},
}  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_rules_in_words(words: str) -> None:
    assert frequency.words(WORDS[words]) == words


ONE: dict[str, Any] = {"settings": {"frequency_caps": [{"count": 1, "days": 1}]}}
FREE: dict[str, tuple[dict[str, Any], list[str]]] = {
    # the first campaign's fields; outcomes of the first, the second and the first again
    "as others": ({}, ["sent", "not_sent", "not_sent"]),
    "free, and not counted": ({"ignore_frequency_cap": True}, ["sent", "sent", "sent"]),
    "free, and counted": (
        {"ignore_frequency_cap": True, "count_toward_frequency_cap": True}, ["sent", "not_sent", "sent"]),
    "a card": ({"messages": [CARD]}, ["sent", "sent", "sent"]),
    "an abort": ({"messages": [{**MAIL, "body": "{% abort_message %}"}]}, ["aborted", "sent", "not_sent"]),
    "a webhook": ({"messages": [FAILING]}, ["failed", "not_sent", "not_sent"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FREE)
def test_what_counts_and_what_is_capped(name: str) -> None:
    fields, wanted = FREE[name]
    braze = started([
        {"id": "a", **ALWAYS, "messages": [MAIL], **fields},
        {"id": "b", **ALWAYS, "messages": [MAIL], "trigger": {"event": {"name": "second"}}},
    ], **ONE)  # fmt: skip
    for event in ("seen", "second", "seen"):
        track(braze, name=event)
    assert outcomes(braze) == wanted


def send(braze: Client, **more: Any) -> None:
    mail = {name: value for name, value in MAIL.items() if name not in ("id", "channel")}
    body = {"external_user_ids": ["ada"], "messages": {"email": mail}, **more}
    assert braze.post("/messages/send", body)[0] == 201


def test_messages_by_api_obey_caps_unless_they_override_them() -> None:
    braze = started({}, **ONE)
    send(braze)
    send(braze)
    send(braze, override_frequency_capping=True)
    assert outcomes(braze) == ["sent", "not_sent", "sent"]


def test_a_message_that_overrides_caps_does_not_count() -> None:
    braze = started({}, **ONE)
    send(braze, override_frequency_capping=True)
    send(braze)
    assert outcomes(braze) == ["sent", "sent"]


def test_the_channels_of_one_call_are_one_message_of_any_channel() -> None:
    braze = started({}, **ONE)
    mail = {name: value for name, value in MAIL.items() if name not in ("id", "channel")}
    hook = {"url": "https://example.com/", "request_method": "GET"}
    body = {"external_user_ids": ["ada"], "messages": {"webhook": hook, "email": mail}}
    braze.post("/messages/send", body)
    braze.post("/messages/send", body)
    assert outcomes(braze) == ["failed", "sent", "not_sent", "not_sent"]


def test_a_tag_counts_as_campaigns_have_it_now() -> None:
    braze = started({"messages": [MAIL], "tags": ["promo"], **ALWAYS},
                    settings={"frequency_caps": [{"count": 1, "days": 1, "tag": "promo"}]})  # fmt: skip
    track(braze)
    changed(braze, {"tags": []})
    track(braze)
    changed(braze, {"tags": ["promo"]})
    track(braze)
    assert outcomes(braze) == ["sent", "sent", "not_sent"]


def test_caps_follow_a_merge() -> None:
    braze = started({"messages": [MAIL], **ALWAYS}, **ONE)
    track(braze)
    track(braze, "bob", name="other")
    merge(braze, "ada", "bob")
    track(braze, "bob")
    assert decisions(braze)[-1][1] == "Frequency cap rule: 1 message every 1 day"


def test_only_so_many_messages_of_a_user_are_remembered_and_only_so_long() -> None:
    braze = started({})
    with braze.emulator.workspaces.default.transaction() as draft:
        for number in range(frequency.MOST + 5):
            sent = {"at": f"2026-01-01T12:{number % 60:02d}:00.000Z", "channel": "email", "campaign_id": "",
                    "dispatch_id": str(number)}  # fmt: skip
            frequency.remember(draft, "ada", sent)
        assert len(draft.counted_sends["ada"]) == frequency.MOST
        frequency.remember(draft, "ada", {**sent, "at": "2026-03-01T00:00:00.000Z"})
        assert len(draft.counted_sends["ada"]) == 1


# delivery rate limits


def crowd(braze: Client, users: int) -> None:
    events = [{"external_id": f"user{one:03d}", "name": "seen", "time": NOW} for one in range(users)]
    assert braze.post("/users/track", {"events": events})[0] == 201


def test_messages_are_spread_over_minutes() -> None:
    braze = started({"rate_limit": 10, "messages": [FAILING]})
    crowd(braze, 25)
    assert len(out(braze)) == 10
    assert outcomes(braze).count("waiting") == 15
    assert decisions(braze)[-1][1] == (
        "10 messages a minute: full for 120 s; waits until 2026-01-01T12:02:00.000Z"
    )  # fmt: skip
    advance(braze, 3600)
    assert waits(braze) == [0] * 10 + [60] * 10 + [120] * 5


def test_a_message_that_would_wait_for_three_days_is_dropped() -> None:
    braze = started({"rate_limit": 10, "messages": [CARD]})
    with braze.emulator.workspaces.default.transaction() as draft:
        begins = braze.emulator.workspaces.default.clock.seconds() + 72 * 3600 - 60
        draft.send_minutes["c"] = {"begins": begins, "used": 9}
    crowd(braze, 2)
    assert outcomes(braze) == ["waiting", "not_sent"]
    assert aborts(braze) == [("rate_limit", "10 messages a minute: it would wait for 72 hours or longer")]


def test_an_aborted_message_has_used_its_place() -> None:
    braze = started({"rate_limit": 10, "messages": [{**CARD, "title": "{% abort_message %}"}]})
    crowd(braze, 11)
    assert outcomes(braze) == ["aborted"] * 10 + ["waiting"]


def test_the_control_group_needs_no_place() -> None:
    braze = started({"rate_limit": 10, "control_percentage": 100, "messages": []})
    crowd(braze, 30)
    assert set(outcomes(braze)) == {"control_group"}


def test_a_message_that_is_rendered_again_takes_a_new_place() -> None:
    fetch = "{% connected_content https://example.com/x :save y :retry %}{{y}}"
    braze = started({"rate_limit": 10, "messages": [{**CARD, "title": fetch}]})
    crowd(braze, 10)
    advance(braze, 30)
    assert set(outcomes(braze)) == {"waiting"}
    assert len([entry for entry in out(braze) if entry.operation == "connected_content"]) == 10
    advance(braze, 30)
    assert len([entry for entry in out(braze) if entry.operation == "connected_content"]) == 20


def test_after_quiet_hours_messages_stand_in_line() -> None:
    braze = started({"rate_limit": 10, "messages": [FAILING], "quiet_hours": {"start": "12:00", "end": "13:00"}})
    crowd(braze, 11)
    advance(braze, 7200)
    assert waits(braze) == [3600] * 10 + [3660]


def test_a_campaign_that_is_stopped_stops_what_waits_for_its_minute() -> None:
    braze = started({"rate_limit": 10, "messages": [CARD]})
    crowd(braze, 11)
    changed(braze, {"status": "stopped"})
    advance(braze, 60)
    assert outcomes(braze)[-1] == "not_sent"


def test_the_page_names_every_check_and_every_abort_type() -> None:
    page = (Path(__file__).parents[2] / "docs" / "eligibility.md").read_text(encoding="utf-8")
    checks = {*ENTRY, *LOCAL_TIME, *AFTER_DELAY, *RECHECK, *DUE, *ABORT_TYPES, *ABORT_TYPES.values()}
    assert [one for one in sorted(checks) if f"`{one}`" not in page] == []


def test_the_order_of_checks_of_a_message_that_is_due() -> None:
    braze = started({"delay": 60, "recheck_audience": True, "audience": {"everyone": True}, "rate_limit": 10,
                     "quiet_hours": NIGHT, "messages": [MAIL]}, **ONE)  # fmt: skip
    track(braze)
    entry = list(checks(braze))
    advance(braze, 60)
    assert list(checks(braze))[len(entry) :] == [
        "status when due", "window when due", "re_eligibility when due", "audience when due", "reachable",
        "quiet hours", "frequency cap", "rate limit", "rendering",
    ]  # fmt: skip
    assert set(checks(braze).values()) == {"pass"}
    assert ABORT_TYPES.keys() >= {"quiet hours", "frequency cap", "rate limit"}
