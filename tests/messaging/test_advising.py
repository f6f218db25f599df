"""Advice on campaigns: every rule speaks where it should, and is silent where all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.messaging import advising
from emulator.pipeline import Emulator
from emulator.state import webhook_templates
from tests.messaging.sends import EVENT, out, started, table, track

JSON = {"Authorization": "Basic dTpw", "Content-Type": "application/json"}
KNOWN = {"standard_attribute": {"name": "external_id", "comparison": "exists"}}
INK: dict[str, Any] = {
    "id": "hook",
    "channel": "webhook",
    "url": "https://collector.movableink-dmz.com/behavioral/{{'key'}}",
    "request_method": "POST",
    "request_headers": JSON,
    "body": '{"type": "track", "event": "category_viewed", "user_id": "{{${user_id}}}"}',
}
INKIT = {**INK, "url": "https://internal.inkit.io/integrations/webhook", "body": '{"address_line_1": "x"}'}
PASSKIT = {**INK, "url": "https://api-pub1.passkit.io/coupon/singleUse/coupon", "body": '{"campaignId": "x"}'}
GOOD: dict[str, Any] = {
    "trigger": {"event": {"name": "Category Viewed"}}, "audience": {"AND": [KNOWN]}, "messages": [INK],
}  # fmt: skip
SEED: dict[str, Any] = {
    "custom_events": [{"name": "Category Viewed"}],
    "products": [{"name": "lamp"}],
    "segments": [{"id": "known", "name": "Known", "filters": KNOWN}],
}


def told(campaign: dict[str, Any], **seed: Any) -> dict[str, dict[str, str]]:
    """rule -> advice."""
    document = {**SEED, **seed, "campaigns": [{"id": "c", "name": "C", **campaign}]}
    view = Emulator(document).workspaces.default.view()
    return {one["rule"]: one for one in advising.advice(view, view.campaigns["c"])}


WELL: dict[str, dict[str, Any]] = {
    "as the page says": GOOD,
    "a segment of known users": {**GOOD, "audience": {"segment": {"segment_id": "known", "comparison": "is_in"}}},
    "either of two, both known": {**GOOD, "audience": {"OR": [KNOWN, {"AND": [KNOWN, {"everyone": True}]}]}},
    "an anonymous_id for all": {
        "trigger": GOOD["trigger"], "messages": [{**INK, "body": '{"event": "x", "anonymous_id": "y"}'}]},
    "another host": {
        "trigger": GOOD["trigger"], "delay": 60, "control_percentage": 10,
        "messages": [{**INK, "url": "https://example.com/x"}]},
    "no webhook": {"messages": [{"id": "m", "channel": "sms", "subscription_group_id": "g", "app_id": "a",
                                 "body": "x"}]},
    "an API campaign": {"is_api_campaign": True, "messages": [{"id": "m", "channel": "email"}]},
    "all in the control group": {"control_percentage": 100},
}  # fmt: skip
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a control group": ("control_group", {**GOOD, "control_percentage": 10}, "control_percentage is 10: the events"),
    "two variants": (
        "several_variants", {**GOOD, "messages": [INK, {**INK, "id": "b"}]}, "it has 2 variants"),
    "a delay": ("delay", {**GOOD, "delay": "5m"}, "the delay is 300 s"),
    "quiet hours": (
        "held_back", {**GOOD, "quiet_hours": {"start": "22:00", "end": "06:00"}}, "quiet_hours may hold it back"),
    "at a time": (
        "no_trigger", {**GOOD, "trigger": {"schedule": {"time": "2026-01-02"}}}, "nothing that a user does starts it"),
    "everybody's morning": (
        "local_time", {**GOOD, "trigger": {"schedule": {"time": "2026-01-02T09:00", "in_local_time": True}}},
        "it is sent in the users' local time zones"),
    "the user's morning": (
        "local_time", {**GOOD, "delay": {"days": 1, "at": "09:00", "local": True}},
        "it is sent in the users' local time zones"),
    "the next monday": (
        "delay", {**GOOD, "delay": {"next": "monday", "at": "09:00"}},
        "the delay is the next monday at 09:00, by the clock of the company"),
    "by API": ("no_trigger", {**GOOD, "trigger": {"api": True}}, "nothing that a user does starts it"),
    "everybody": ("unknown_users", {name: GOOD[name] for name in ("trigger", "messages")}, "it has no audience"),
    "others too": (
        "unknown_users", {**GOOD, "audience": {"OR": [KNOWN, {"everyone": True}]}},
        "the audience does not ask that external_id exists"),
    "who is not in a segment": (
        "unknown_users", {**GOOD, "audience": {"segment": {"segment_id": "known", "comparison": "is_not_in"}}},
        "the audience"),
    "an identify of anybody": (
        "unknown_users",
        {"trigger": GOOD["trigger"], "messages": [{**INK, "body": '{"type": "identify", "anonymous_id": "x"}'}]},
        "it has no audience"),
    "PassKit and everybody": ("unknown_users", {"messages": [PASSKIT]}, "it has no audience: PassKit calls"),
    "conversion events": (
        "conversion_events", {**GOOD, "conversion_events": [{"type": "Makes Any Purchase"}]},
        "it has 1 conversion events"),
    "the French header": (
        "no_authorization",
        {**GOOD, "messages": [{**INKIT, "request_headers": {"Autorisation": "x", "Content-Type": "y"}}]},
        "Variant 1 has no header Authorization, but Autorisation, Content-Type"),
    "no headers": (
        "no_content_type", {**GOOD, "messages": [{**INK, "request_headers": {}}]},
        "Variant 1 has no header Content-Type, but none at all"),
    "half of the users": (
        "uncovered", {**GOOD, "control_percentage": 10, "messages": [{**INK, "percentage": 40}]},
        "the variants and the control group take 50 of 100 users"),
    "nothing to send": ("no_messages", {"control_percentage": 10}, "it has no messages"),
    "the end first": (
        "ends_first", {**GOOD, "start": "2026-01-02", "end": "2026-01-01"}, "it starts at 2026-01-02"),
    "a long delay": (
        "outlasted", {**GOOD, "start": "2026-01-01", "end": "2026-01-02", "delay": "1d"},
        "the delay is 86400 s, and it is open for 86400 s"),
    "a delay of days": (
        "outlasted", {**GOOD, "start": "2026-01-01", "end": "2026-01-02", "delay": {"days": 2, "at": "09:00"}},
        "the delay is in 2 days at 09:00, by the clock of the company, and it is open for 86400 s"),
    "another spelling": (
        "never_tracked", {**GOOD, "trigger": {"event": {"name": "category_viewed"}}},
        "no event 'category_viewed' was ever tracked, did you mean 'Category Viewed'?"),
    "another form of the word": (
        "never_tracked", {**GOOD, "trigger": {"event": {"name": "Category Views"}}},
        "no event 'Category Views' was ever tracked, did you mean 'Category Viewed'?"),
    "a product nobody has": (
        "never_tracked", {**GOOD, "trigger": {"purchase": {"product_id": "sofa"}}},
        "no purchase 'sofa' was ever tracked: names"),
    "a conversion of that name": (
        "never_tracked",
        {**GOOD, "conversion_events": [{"type": "Performs Custom Event", "custom_event_name": "sold"}]},
        "no event 'sold'"),
    "Inkit's body to Movable Ink": (
        "of_another_partner", {**GOOD, "messages": [{**INK, "body": INKIT["body"]}]},
        "Variant 1 calls Movable Ink Customer Data API and looks like a message for Inkit"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_rule_speaks(name: str) -> None:
    rule, campaign, message = CASES[name]
    found = told(campaign)
    assert rule in found, found
    assert found[rule]["message"].startswith(message), found[rule]["message"]
    assert found[rule]["fix"] and found[rule]["source"]


@pytest.mark.parametrize("name", WELL)
def test_all_is_well(name: str) -> None:
    groups = [{"id": "g", "name": "G", "channel": "sms"}]
    assert told(WELL[name], subscription_groups=groups) == {}


CANVAS: dict[str, Any] = {"trigger": GOOD["trigger"], "audience": KNOWN, "steps": [{"message": INK}]}
CANVASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all is well": ({}, []),
    "no messages": ({"steps": [{"delay": "1d"}]}, ["no_messages"]),
    "a control group": ({"control_percentage": 5}, ["control_group"]),
    "half of the users": (
        {"steps": None, "variants": [{"name": "A", "percentage": 50, "steps": [{"message": INK}]}]}, ["uncovered"]),
    "two variants": (
        {"steps": None, "variants": [{"name": one, "steps": [{"message": {**INK, "id": one}}]} for one in "AB"]},
        ["several_variants"]),
    "an exit nobody tracks": ({"exit_criteria": {"event": {"name": "left"}}}, ["never_tracked"]),
    "no header": (
        {"steps": [{"delay": "1d"}, {"messages": [{**INK, "request_headers": {"Autorisation": "x"}}]}]},
        ["no_authorization", "no_content_type"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CANVASES)
def test_canvases_are_advised_too(name: str) -> None:
    fields, rules = CANVASES[name]
    canvas = {key: value for key, value in {**CANVAS, **fields}.items() if value is not None}
    view = Emulator({**SEED, "canvases": [{"id": "v", "name": "V", **canvas}]}).workspaces.default.view()
    assert [one["rule"] for one in advising.advice(view, view.canvases["v"])] == rules


def test_a_workspace_that_knows_no_event_yet_is_told_nothing_of_names() -> None:
    assert told({**GOOD, "trigger": {"event": {"name": "x"}}}, custom_events=[]) == {}


PRINTED = {"inkit/postcard_as_printed": ["no_content_type"]}
"""Template -> what is said of it beside the audience."""


@pytest.mark.parametrize(
    "name", [name for name, one in webhook_templates.built_in().items() if one.get("message", {}).get("url")]
)
def test_the_templates_of_the_pages_are_advised_only_where_they_are_printed_wrong(name: str) -> None:
    parameters = webhook_templates.built_in()[name]["example"].get("parameters", {})
    message = {"id": "hook", "template": name, "parameters": parameters}
    assert list(told({**GOOD, "messages": [message]})) == PRINTED.get(name, [])


def test_every_rule_is_written_somewhere_and_tried() -> None:
    named = {rule for page in advising.pages().values() for rule in page.rules}
    assert named == advising.CHECKS.keys()
    assert named == {rule for rule, _, _ in CASES.values()}


def test_the_page_names_every_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "eligibility.md").read_text(encoding="utf-8")
    assert [one for one in advising.CHECKS if f"`{one}`" not in page] == []


def test_a_webhook_of_a_canvas_tells_advice_too() -> None:
    step = {"message": {**INK, "request_headers": {"Content-Type": "application/json"}}}
    canvas = {"id": "v", "name": "V", "trigger": EVENT, "steps": [step], "control_percentage": 0, "audience": KNOWN}
    braze = started([], canvases=[canvas])
    track(braze)
    [entry] = out(braze)
    assert entry.note.count("advice:") == 1 and "has no header Authorization, but Content-Type" in entry.note


@pytest.mark.parametrize("service", advising.pages())
def test_rules_say_how_they_are_known(service: str) -> None:
    for words in advising.pages()[service].rules.values():
        assert words.keys() == {"why", "fix", "level", "source"}
        assert words["level"] in ("documented", "assumed") and all(words.values())
        assert words["level"] == "assumed" or words["source"].startswith("https://")


def test_a_webhook_tells_the_advice_of_the_partner_it_calls() -> None:
    braze = started({"messages": [INK], "audience": KNOWN, "control_percentage": 0, "delay": 60})
    track(braze)
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 60)
    [entry] = out(braze)
    said = "advice: the delay is 60 s: events should reach Movable Ink at once; leave delay out"
    assert said in entry.note
    [decision] = table(braze, "decisions")
    [row] = [one for one in decision["checks"] if one["check"] == "advice"]
    assert row == {"check": "advice", "verdict": "note", "reason": said.removeprefix("advice: ")}
