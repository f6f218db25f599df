"""Who is in an audience: every comparison of every type, every kind of filter, and bad filters with their places."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from emulator.errors import ConfigError
from emulator.state import audience, conditions
from emulator.workspaces import Workspaces

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
MISSING = None

COMPARED: list[tuple[str, Any, list[Any], list[Any]]] = [
    # comparison, value of the filter, held values that fit, held values that do not
    ("exists", None, [0, False, "x", [1], {}], [MISSING, "", []]),
    ("does_not_exist", None, [MISSING, "", []], [0, False, "x", [1]]),
    ("equals", "gold", ["gold"], ["Gold", "gold ", MISSING, ["gold"]]),
    ("equals", "1", ["1"], [1, True]),
    ("equals", 5, [5, 5.0], ["5", 4, MISSING]),
    ("equals", 0, [0, 0.0, MISSING], [False, "", 1]),
    ("equals", 1, [1], [True, MISSING]),
    ("equals", True, [True], [1, "true", False, MISSING]),
    ("equals", False, [False], [0, MISSING]),
    ("not_equal", "gold", ["silver", "Gold", MISSING, 7], ["gold"]),
    ("not_equal", 5, [4, "5", MISSING], [5, 5.0]),
    ("not_equal", 0, [1], [0, MISSING]),
    ("not_equal", True, [False, MISSING, 1], [True]),
    ("matches_regex", "^go.d$", ["gold", "GOLD"], ["golden", "my gold", MISSING, 7]),
    ("matches_regex", "old", ["gold", ["silver", "Gold"]], ["silver", [], [7]]),
    ("does_not_match_regex", "old", ["silver", ["silver"]], ["Gold", ["silver", "gold"], MISSING, []]),
    ("includes_value", "pizza", [["sushi", "pizza"]], [["Pizza"], "pizza", MISSING, []]),
    ("includes_value", 1, [[1], [1.0]], [["1"], [True]]),
    ("does_not_include_value", "pizza", [["sushi"], MISSING, []], [["pizza"]]),
    ("greater_than", 5, [6, 5.5], [5, 4, "6", True, MISSING]),
    ("greater_than_or_equal_to", 5, [5, 6], [4.9, MISSING]),
    ("less_than", 5, [4, -1, MISSING], [5, "4"]),
    ("less_than_or_equal_to", 5, [5, 4, MISSING], [5.1]),
    ("less_than_x_days_ago", 2, ["2026-01-29T12:00:00.000Z", "2026-01-31"], ["2026-01-29T11:59:59Z", "2026-02-01"]),
    ("less_than_x_days_ago", 2, ["2026-01-31T12:00:00Z"], ["2026-01-31T12:00:01Z", "soon", 7, MISSING]),
    ("greater_than_x_days_ago", 2, ["2026-01-29T11:59:59Z", "1900-01-01"], ["2026-01-29T12:00:00Z", "2030-01-01"]),
    ("greater_than_x_days_ago", 2, [], ["", "soon", 7, MISSING]),
    ("less_than_x_days_in_the_future", 1, ["2026-02-01T12:00:00Z", "2026-02-01"], ["2026-02-01T12:00:01Z"]),
    ("less_than_x_days_in_the_future", 1, ["2026-01-31T12:00:00Z"], ["2026-01-31T11:59:59Z", MISSING]),
    ("greater_than_x_days_in_the_future", 1, ["2026-02-02"], ["2026-02-01", "2026-01-01", MISSING, "soon"]),
    ("after", "2026-01-01", ["2026-01-02", "2026-01-01T00:00:00.001Z"], ["2026-01-01", "2025-12-31", "x", MISSING]),
    ("after", "2026-01-01T01:00:00+0100", ["2026-01-01T00:00:01Z"], ["2026-01-01T00:00:00Z"]),
    ("before", "2026-01-01", ["2025-12-31"], ["2026-01-01", "2026-01-02", "", "x", 7, MISSING]),
]


@pytest.mark.parametrize(("comparison", "value", "fitting", "others"), COMPARED, ids=lambda value: str(value)[:30])
def test_a_comparison(comparison: str, value: Any, fitting: list[Any], others: list[Any]) -> None:
    fits = conditions.test({"comparison": comparison, "value": value}, NOW)
    assert [held for held in fitting if not fits(held)] == []
    assert [held for held in others if fits(held)] == []


def test_every_comparison_is_tested() -> None:
    assert {case[0] for case in COMPARED} == conditions.COMPARISONS.keys()


@pytest.mark.parametrize("year", [1, 8999])
def test_days_at_the_ends_of_the_calendar(year: int) -> None:
    now = datetime(year, 1, 1, tzinfo=timezone.utc)
    for comparison in (name for name in conditions.COMPARISONS if "_days_" in name):
        conditions.test({"comparison": comparison, "value": 36_500}, now)("2026-01-01")


GROUP = {"id": "news", "name": "News", "channel": "email"}
APPS = [
    {"name": "Shop", "last_used": "2026-01-20T00:00:00.000Z"},
    {"name": "Old", "last_used": "2025-01-01T00:00:00.000Z"},
]
PROFILES: list[dict[str, Any]] = [
    {
        "external_id": "ada", "braze_id": "a" * 24, "email": "ada@example.com", "country": "GB", "random_bucket": 0,
        "email_subscribe": "opted_in", "subscription_groups": {"news": "subscribed"}, "dob": "1980-12-21",
        "custom_attributes": {"plan": "gold", "visits": 3}, "apps": APPS, "total_revenue": 10,
        "custom_events": [{"name": "login", "first": "2025-01-01", "last": "2026-01-30T12:00:00Z", "count": 7}],
        "purchases": [
            {"name": "tea", "first": "2025-01-01", "last": "2025-01-01", "count": 2},
            {"name": "mug", "first": "2026-01-30", "last": "2026-01-30", "count": 1},
        ],
    },
    {
        "external_id": "bob", "braze_id": "b" * 24, "phone": "+14155552671", "random_bucket": 4999,
        "push_subscribe": "unsubscribed", "subscription_groups": {"news": "unsubscribed"},
        "date_of_last_session": "2026-01-25", "custom_attributes": {"plan": "gold"},
        "custom_events": [{"name": "login", "first": "2025-01-01", "last": "2025-01-02", "count": 1}],
    },
    {"braze_id": "c" * 24, "email": "eve@example.com", "random_bucket": 9999},
]  # fmt: skip


def attribute(name: str, comparison: str, *value: Any) -> dict[str, Any]:
    return {"custom_attribute": compared({"custom_attribute_name": name}, comparison, *value)}


def standard(name: str, comparison: str, *value: Any) -> dict[str, Any]:
    return {"standard_attribute": compared({"name": name}, comparison, *value)}


def compared(named: dict[str, Any], comparison: str, *value: Any, **more: Any) -> dict[str, Any]:
    return {**named, "comparison": comparison, **({"value": value[0]} if value else {}), **more}


GOLD, MANY = attribute("plan", "equals", "gold"), attribute("visits", "greater_than", 2)
EVERYBODY = "abc"
SEGMENTS = [{"id": "gold", "name": "Gold", "filters": GOLD}, {"id": "all", "name": "All"}]

AUDIENCES: list[tuple[dict[str, Any], str]] = [
    ({"everyone": True}, EVERYBODY),
    (GOLD, "ab"),
    (attribute("plan", "does_not_exist"), "c"),
    ({"AND": [GOLD, MANY]}, "a"),
    ({"OR": [MANY, attribute("plan", "does_not_exist")]}, "ac"),
    ({"AND": [GOLD, {"OR": [MANY, standard("phone", "exists")]}]}, "ab"),
    ({"AND": [GOLD, {"AND": [{"OR": [attribute("plan", "equals", "x")]}]}]}, ""),
    ({"email_subscription_status": {"comparison": "is", "value": "opted_in"}}, "a"),
    ({"email_subscription_status": {"comparison": "is", "value": "subscribed"}}, "bc"),
    ({"email_subscription_status": {"comparison": "is_not", "value": "unsubscribed"}}, EVERYBODY),
    ({"push_subscription_status": {"comparison": "is", "value": "unsubscribed"}}, "b"),
    ({"push_subscription_status": {"comparison": "is_not", "value": "unsubscribed"}}, "ac"),
    ({"last_used_app": {"comparison": "after", "value": "2026-01-15"}}, "ab"),
    ({"last_used_app": {"comparison": "before", "value": "2026-01-22T00:00:00Z"}}, "a"),
    (standard("external_id", "exists"), "ab"),
    (standard("external_id", "does_not_exist"), "c"),
    (standard("email", "exists"), "ac"),
    (standard("phone", "exists"), "b"),
    (standard("email", "matches_regex", "@EXAMPLE"), "ac"),
    (standard("country", "equals", "GB"), "a"),
    (standard("dob", "before", "1990-01-01"), "a"),
    (standard("total_revenue", "greater_than", 9), "a"),
    ({"custom_event": compared({"event_name": "login"}, "greater_than", 1)}, "a"),
    ({"custom_event": compared({"event_name": "login"}, "less_than", 2)}, "bc"),
    ({"custom_event": compared({"event_name": "login"}, "equals", 0)}, "c"),
    ({"custom_event": compared({"event_name": "login"}, "exists")}, "ab"),
    ({"custom_event": compared({"event_name": "login"}, "exists", in_last_days=1)}, "a"),
    ({"custom_event": compared({"event_name": "login"}, "does_not_exist", in_last_days=30)}, "bc"),
    ({"custom_event": compared({"event_name": "logout"}, "exists")}, ""),
    ({"purchase": compared({}, "greater_than_or_equal_to", 3)}, "a"),
    ({"purchase": compared({"product_id": "tea"}, "equals", 2)}, "a"),
    ({"purchase": compared({"product_id": "tea"}, "exists", in_last_days=30)}, ""),
    ({"purchase": compared({}, "exists", in_last_days=30)}, "a"),
    ({"subscription_group": {"subscription_group_id": "news", "comparison": "is", "value": "subscribed"}}, "a"),
    ({"subscription_group": {"subscription_group_id": "news", "comparison": "is_not", "value": "subscribed"}}, "bc"),
    ({"segment": {"segment_id": "gold", "comparison": "is_in"}}, "ab"),
    ({"segment": {"segment_id": "gold", "comparison": "is_not_in"}}, "c"),
    ({"segment": {"segment_id": "all", "comparison": "is_in"}}, EVERYBODY),
    ({"random_bucket": {"from": 0, "to": 4999}}, "ab"),
    ({"random_bucket": {"from": 5000, "to": 9999}}, "c"),
    ({"profiles": ["ada", "c" * 24, "nobody"]}, "ac"),
]


@pytest.mark.parametrize(("filters", "wanted"), AUDIENCES, ids=lambda value: str(value)[:60])
def test_an_audience(filters: dict[str, Any], wanted: str) -> None:
    """Planted as a segment, so that the schema of filters takes all of these."""
    segments = [*SEGMENTS, {"id": "this", "name": "This", "filters": filters}]
    view = seeded(segments=segments).default.view()
    inside = audience.members(view, view.segments["this"]["filters"], NOW)
    assert "".join(record["braze_id"][0] for record in inside) == wanted
    assert [record for record in inside if not audience.matches(view, record, filters, NOW)] == []


def seeded(**more: Any) -> Workspaces:
    return Workspaces({"subscription_groups": [GROUP], "profiles": PROFILES, "segments": SEGMENTS, **more})


def test_every_kind_of_filter_is_tested() -> None:
    assert {kind for filters, _ in AUDIENCES for kind in filters} == audience.KINDS.keys()


def test_without_filters_everybody_is_in() -> None:
    assert len(audience.members(seeded().default.view(), None, NOW)) == len(PROFILES)


NESTED = {"segment": {"segment_id": "one", "comparison": "is_in"}}
BAD: list[tuple[Any, str]] = [
    ([], "filters: [] is not of type 'object'"),
    ({}, "filters: {} should be non-empty"),
    ({**GOLD, "everyone": True}, "has too many properties"),
    ({"AND": []}, "filters.AND: [] should be non-empty"),
    (
        {"AND": [GOLD, {"gender": "F"}]},
        "filters.AND[1]: Additional properties are not allowed ('gender' was unexpected)",
    ),
    (
        {"OR": [{"AND": [attribute("a", "is", 1)]}]},
        "filters.OR[0].AND[0].custom_attribute.comparison: 'is' is not one of",
    ),
    (attribute("a", "equals"), "filters.custom_attribute: 'value' is a required property"),
    (attribute("a", "exists", 1), "filters.custom_attribute"),
    (attribute("a", "less_than", "1"), "filters.custom_attribute.value: '1' is not of type 'number'"),
    (attribute("a", "matches_regex", 1), "filters.custom_attribute.value: 1 is not of type 'string'"),
    (attribute("a", "matches_regex", "("), "filters.custom_attribute: '(' is not a regular expression"),
    (attribute("a", "less_than_x_days_ago", 1.5), "filters.custom_attribute.value: 1.5 is not of type 'integer'"),
    (attribute("a", "after", "2026-13-01"), "filters.custom_attribute: "),
    (standard("shoe_size", "exists"), "filters.standard_attribute.name: 'shoe_size' is not one of"),
    ({"last_used_app": {"comparison": "equals", "value": "2026-01-01"}}, "filters.last_used_app.comparison"),
    (
        {"custom_event": compared({"event_name": "e"}, "equals", 3, in_last_days=7)},
        "filters.custom_event.comparison: 'equals' is not one of ['exists', 'does_not_exist']",
    ),
    (
        {"subscription_group": {"subscription_group_id": "x", "comparison": "is", "value": "subscribed"}},
        "filters.subscription_group: no group 'x'; declare it in the same seed",
    ),
    ({"segment": {"segment_id": "x", "comparison": "is_in"}}, "filters.segment: no segment 'x'"),
    (NESTED, "filters.segment: the segment 'one' refers to another segment itself"),
    ({"random_bucket": {"from": 9, "to": 1}}, "filters.random_bucket: from 9 to 1 is no range"),
    (
        {"random_bucket": {"from": 0, "to": 10_000}},
        "filters.random_bucket.to: 10000 is greater than the maximum of 9999",
    ),
]


@pytest.mark.parametrize(("filters", "told"), BAD, ids=lambda value: str(value)[:50])
def test_a_bad_filter_is_an_error_that_names_the_place(filters: Any, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        Workspaces({"segments": [{"id": "one", "name": "One", "filters": filters}]})
    assert "seed.segments[0].filters" in str(error.value) and told in str(error.value)


def test_all_bad_filters_are_named() -> None:
    bad = attribute("a", "matches_regex", "(")
    items = [{"id": "one", "name": "One", "filters": {"OR": [bad, bad]}}, {"id": "two", "name": "Two", "filters": bad}]
    with pytest.raises(ConfigError) as error:
        Workspaces({"segments": items})
    places = [line.split(": ")[0] for line in str(error.value).splitlines()]
    assert places == [
        "seed.segments[0].filters.OR[0].custom_attribute",
        "seed.segments[0].filters.OR[1].custom_attribute",
        "seed.segments[1].filters.custom_attribute",
    ]


@pytest.mark.parametrize(
    ("group", "buckets"),
    [
        (None, []),
        ({}, []),
        ({"percentage": 0}, []),
        ({"percentage": 10}, [0, 999]),
        ({"percentage": 0.01}, [0]),
        ({"percentage": 100}, [0, 999, 1000, 9999]),
        ({"from": 999, "to": 1000}, [999, 1000]),
    ],
    ids=str,
)
def test_the_control_group_follows_the_random_bucket(group: Any, buckets: list[int]) -> None:
    records = [{"random_bucket": bucket} for bucket in (0, 999, 1000, 9999)]
    assert [one["random_bucket"] for one in records if audience.in_control_group(group, one)] == buckets


@pytest.mark.parametrize(
    "group", [{"from": 1}, {"percentage": 5, "from": 1, "to": 2}, {"percentage": 101}, {"size": 1}, {}], ids=str
)
def test_a_bad_control_group_is_refused(group: Any) -> None:
    with pytest.raises(ConfigError, match="seed.settings.global_control_group"):
        Workspaces({"settings": {"global_control_group": group}})


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (None, "No filters: all users"),
        ({"everyone": True}, "everyone"),
        ({"AND": [GOLD]}, "custom attribute plan equals gold"),
        (
            {"AND": [GOLD, {"OR": [attribute("vip_level", "greater_than_or_equal_to", 5), NESTED]}]},
            "(custom attribute plan equals gold and "
            "(custom attribute vip_level greater than or equal to 5 or segment one is in))",
        ),
        (
            {"custom_event": compared({"event_name": "log_in"}, "exists", in_last_days=7)},
            "custom event log_in exists in the last 7 days",
        ),
        ({"profiles": ["ada", "bob"]}, "profiles ada, bob"),
    ],
    ids=str,
)
def test_filters_in_words(filters: Any, words: str) -> None:
    assert audience.worded(filters) == words
