"""What a seed may declare of campaigns, and the errors for what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from emulator.state import campaigns, property_filters

HOOK = {"id": "hook", "channel": "webhook", "url": "https://example.com", "request_method": "POST"}
NOW = Emulator().workspaces.default.clock.now()


def planted(**fields: Any) -> dict[str, Any]:
    emulator = Emulator({"campaigns": [{"id": "c", "name": "C", **fields}]})
    found: dict[str, Any] = emulator.workspaces.default.state["campaigns"]["c"]
    return found


def test_an_id_and_a_name_are_enough() -> None:
    assert planted()["trigger"] == {"api": True}
    assert planted()["status"] == "active"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a field that there is not": ({"delays": 3}, "'delays' was unexpected"),
    "a webhook without address": ({"messages": [{"id": "m", "channel": "webhook"}]}, "'url' is a required property"),
    "a field of another channel": ({"messages": [{**HOOK, "subject": "x"}]}, "'subject' was unexpected"),
    "an SMS without group": ({"messages": [{"id": "m", "channel": "sms", "body": "x", "app_id": "a"}]}, "required"),
    "two triggers": ({"trigger": {"api": True, "event": {"name": "x"}}}, "too many properties"),
    "a bad pattern": (
        {"trigger": {"event": {"name": "x", "properties": [
            {"property": "a", "comparison": "matches_regex", "value": "("}]}}},
        "seed.campaigns[0].trigger.event.properties[0]: '(' is not a regular expression",
    ),
    "over a hundred": ({"control_percentage": 60, "messages": [{**HOOK, "percentage": 50}]}, "110 percent together"),
    "an id twice": ({"messages": [HOOK, HOOK]}, "the id 'hook' stands twice"),
    "no duration": ({"delay": "soon"}, "seed.campaigns[0].delay: 'soon' is not a duration"),
    "a negative delay": ({"delay": -1}, "a message does not come before what starts it"),
    "no such group": ({"trigger": {"subscription": {"subscription_group_id": "g"}}}, "no group 'g'"),
    "no such segment": ({"audience": {"segment": {"segment_id": "s", "comparison": "is_in"}}}, "audience"),
    "no time": ({"start": "tomorrow"}, "seed.campaigns[0].start"),
    "exceptions without a delay": (
        {"exception_events": [{"event": {"name": "x"}}]},
        "seed.campaigns[0].exception_events: they count while a message waits; give the campaign a delay",
    ),
    "an exception of another kind": (
        {"delay": 1, "exception_events": [{"attribute": {"name": "x"}}]}, "'attribute' was unexpected"),
    "a bad pattern of an exception": (
        {"delay": 1, "exception_events": [{"event": {"name": "x", "properties": [
            {"property": "a", "comparison": "matches_regex", "value": "("}]}}]},
        "seed.campaigns[0].exception_events[0].event.properties[0]: '(' is not a regular expression",
    ),
    "quiet hours of no length": (
        {"quiet_hours": {"start": "22:00", "end": "22:00"}},
        "seed.campaigns[0].quiet_hours: start and end are both 22:00"),
    "quiet hours without an end": ({"quiet_hours": {"start": "22:00"}}, "'end' is a required property"),
    "an hour that no day has": ({"quiet_hours": {"start": "24:00", "end": "06:00"}}, "quiet_hours.start: '24:00'"),
    "an hour in another form": ({"quiet_hours": {"start": "10pm", "end": "06:00"}}, "$'; it must look like 22:30"),
    "quiet hours and then": (
        {"quiet_hours": {"start": "22:00", "end": "06:00", "then": "drop"}}, "quiet_hours.then: 'drop' is not one of"),
    "too slow": ({"rate_limit": 9}, "rate_limit: 9 is less than the minimum of 10"),
    "too fast": ({"rate_limit": 500_001}, "rate_limit: 500001 is greater than the maximum"),
    "a long window": (
        {"conversion_events": [{"type": "Makes Any Purchase", "window": 2_592_001}]}, "window: 2592001 is greater"),
    "five conversion events": ({"conversion_events": [{"type": "Makes Any Purchase"}] * 5}, "is too long"),
    "a purchase of what": (
        {"conversion_events": [{"type": "Makes Specific Purchase"}]}, "'product' is a required property"),
    "an event of what name": (
        {"conversion_events": [{"type": "Performs Custom Event"}]}, "'custom_event_name' is a required property"),
    "a trigger of an API campaign": ({"is_api_campaign": True, "trigger": {"api": True}}, "seed.campaigns[0].trigger"),
}  # fmt: skip


MAIL: dict[str, Any] = {"id": "m", "channel": "email", "app_id": "a", "from": "a@b.co", "subject": "s", "body": "b"}
SAID_ALONE: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt field": ({**MAIL, "subjct": "x"}, "[0]: 'subjct' was unexpected; did you mean 'subject'?"),
    "a field of no message": ({**HOOK, "title": "x"}, "[0]: 'title' was unexpected; there are: id, name, percentage, "
                              "channel, url, request_method, request_headers, body, message_variation_id"),
    "a wrong value": ({**HOOK, "request_headers": {"X": 1}}, "[0].request_headers.X: 1 is not of type 'string'"),
    "no channel": ({"id": "m", "body": "x"}, "[0]: 'channel' is a required property"),
    "no body": ({k: v for k, v in MAIL.items() if k != "body"}, "; it needs one of body, email_template_id"),
    "a long value": ({**HOOK, "percentage": "9" * 5000}, f"[0].percentage: '{'9' * 199}… is not of type 'number'"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID_ALONE)
def test_a_message_that_does_not_fit_is_told_in_one_line(name: str) -> None:
    message, told = SAID_ALONE[name]
    with pytest.raises(ConfigError) as error:
        planted(messages=[message])
    assert str(error.value).startswith("seed.campaigns[0].messages[0]") and str(error.value).endswith(told)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_named(name: str) -> None:
    fields, told = BAD[name]
    with pytest.raises(ConfigError) as error:
        planted(**fields)
    assert told in str(error.value)


CAP: dict[str, Any] = {"channel": "email", "count": 1, "days": 1}
BAD_CAPS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "eleven": ([CAP] * 11, "frequency_caps: "),
    "of nothing": ([{"count": 1}], "; it needs exactly one of minutes, days, weeks"),
    "of two times": ([{**CAP, "weeks": 1}], "; it needs exactly one of minutes, days, weeks"),
    "none at all": ([{**CAP, "count": 0}], "count: 0 is less than the minimum of 1"),
    "over 30 days": ([{**CAP, "days": 31}], "days: 31 is greater than the maximum of 30"),
    "over four weeks": ([{"count": 1, "weeks": 5}], "weeks: 5 is greater than the maximum of 4"),
    "of a channel that is never capped": (
        [{**CAP, "channel": "content_card"}],
        "channel: 'content_card' is not one of",
    ),
}


@pytest.mark.parametrize("name", BAD_CAPS)
def test_frequency_caps_that_do_not_fit_are_named(name: str) -> None:
    rules, told = BAD_CAPS[name]
    with pytest.raises(ConfigError) as error:
        Emulator({"settings": {"frequency_caps": rules}})
    assert "seed.settings.frequency_caps" in str(error.value) and told in str(error.value)


def test_ten_frequency_caps_are_taken() -> None:
    Emulator({"settings": {"frequency_caps": [CAP] * 9 + [{"count": 2, "minutes": 43_200, "tag": "promo"}]}})


def test_a_campaign_stands_once() -> None:
    with pytest.raises(ConfigError, match="'c' stands twice"):
        Emulator({"campaigns": [{"id": "c", "name": "C"}, {"id": "c", "name": "D"}]})


def test_variants_of_an_api_campaign_need_no_content() -> None:
    assert planted(is_api_campaign=True, messages=[{"id": "m", "channel": "email"}])["messages"][0]["id"] == "m"


def test_silent_variants_share_what_is_left() -> None:
    found = planted(control_percentage=20, messages=[{**HOOK, "percentage": 40}, {**HOOK, "id": "b"},
                                                     {**HOOK, "id": "c"}])  # fmt: skip
    assert [one["percentage"] for one in found["messages"]] == [40, 20, 20]


def test_users_keep_their_variant_and_are_spread_by_the_percentages() -> None:
    campaign = planted(control_percentage=25, messages=[{**HOOK, "percentage": 25}, {**HOOK, "id": "b"}])
    users = [f"user{number}" for number in range(4000)]
    control = [one for one in users if campaigns.is_control(campaign, one)]
    assert control == [one for one in users if campaigns.is_control(campaign, one)]
    got = [campaigns.variant(campaign, one) for one in users if one not in control]
    first = sum(one is not None and one["id"] == "hook" for one in got)
    assert 900 < len(control) < 1100 and 900 < first < 1100 and None not in got


def test_a_trigger_is_found_by_its_name() -> None:
    view = Emulator({"campaigns": [
        {"id": "e", "name": "E", "trigger": {"event": {"name": "seen"}}},
        {"id": "any", "name": "Any", "trigger": {"purchase": {}}},
        {"id": "one", "name": "One", "trigger": {"purchase": {"product_id": "p"}}},
    ]}).workspaces.default.view()  # fmt: skip

    def started(kind: str, name: str) -> list[str]:
        return [one["id"] for one in campaigns.started_by(view, kind, name)]

    assert started("event", "seen") == ["e"] and started("event", "Seen") == []
    assert started("purchase", "p") == ["one", "any"] and started("purchase", "q") == ["any"]


SONGS = {"songs": [{"title": "a", "album": {"year": 1999}}, {"title": "b", "album": {"year": 2005}}], "a.b": 1, "n": ""}
CASES = [
    ("songs[].album.year", "equals", 2005, True),
    ("songs[].album.year", "equals", 2001, False),
    ("songs[].album.year", "not_equal", 2001, True),
    ("songs[].album.year", "not_equal", 1999, False),
    ("songs[0].album.year", "equals", 1999, True),
    ("songs[0].album.year", "equals", 2005, False),
    ("songs[2].title", "exists", None, False),
    ("songs[].title", "matches_regex", "^B$", True),
    ("a.b", "equals", 1, True),
    ("n", "does_not_exist", None, True),
    ("nothing.here", "does_not_exist", None, True),
    ("nothing.here", "greater_than", 1, False),
    ("songs", "exists", None, True),
    ("songs[].nothing", "does_not_exist", None, True),
]


@pytest.mark.parametrize(("path", "comparison", "value", "fits"), CASES)
def test_a_property_filter_looks_into_nested_values(path: str, comparison: str, value: Any, fits: bool) -> None:
    wanted = {"property": path, "comparison": comparison, **({} if value is None else {"value": value})}
    assert (property_filters.failing([wanted], SONGS, NOW) is None) is fits
