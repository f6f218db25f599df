"""The segments of a workspace: the list with its pages, what one says of itself, how large it was."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from tests.conftest import Client, client

NOW = "2026-01-31T12:00:00Z"
LIST, DETAILS, SERIES = "/segments/list", "/segments/details", "/segments/data_series"
UNKNOWN = "segment_id must be a string of the Segment api identifier"
LENGTH = "length must be an integer between 1 and 100"


def with_segments(*items: dict[str, Any], **more: Any) -> Client:
    segments = [{"name": item["id"].title(), **item} for item in items]
    return client({"clock": {"now": NOW, "frozen": True}, "segments": segments, **more})


def listed(braze: Client, query: str = "") -> list[str]:
    status, body = braze.get(LIST, query)
    assert (status, body["message"]) == (200, "success")
    return [one["id"] for one in body["segments"]]


def test_list_segments_without_any() -> None:
    assert client().get(LIST) == (200, {"message": "success", "segments": []})


def test_list_segments_shows_four_fields_and_no_more() -> None:
    braze = with_segments(
        {"id": "a", "tags": ["x"], "teams": ["t"], "description": "d", "analytics_tracking_enabled": False}
    )
    assert braze.get(LIST)[1]["segments"] == [
        {"id": "a", "name": "A", "analytics_tracking_enabled": False, "tags": ["x"]}
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["c", "a", "b"]),
        ("sort_direction=asc", ["c", "a", "b"]),
        ("sort_direction=desc", ["b", "a", "c"]),
        ("page=0", ["c", "a", "b"]),
        ("page=1", []),
    ],
)
def test_list_segments_by_the_time_of_creation(query: str, wanted: list[str]) -> None:
    braze = with_segments(
        {"id": "a"}, {"id": "gone", "archived": True}, {"id": "b"}, {"id": "c", "created_at": "2020-01-01"}
    )
    assert listed(braze, query) == wanted


def test_list_segments_in_pages_of_100() -> None:
    braze = with_segments(*({"id": f"s{number:03d}"} for number in range(201)))
    pages = [listed(braze, f"page={number}") for number in range(4)]
    assert [len(page) for page in pages] == [100, 100, 1, 0]
    assert [pages[0][0], pages[1][0], pages[2][0]] == ["s000", "s100", "s200"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=-1", "page must be a non-negative integer"),
        ("page=x", "page must be a non-negative integer"),
        ("sort_direction=up", "sort_direction must be either asc or desc"),
    ],
)
def test_list_segments_refuses(query: str, message: str) -> None:
    assert with_segments().get(LIST, query) == (400, {"message": message})


def test_get_segment_shows_it_whole() -> None:
    braze = with_segments(
        {
            "id": "a", "tags": ["x"], "teams": ["t"], "description": "Our best", "created_at": "2025-01-01",
            "updated_at": "2025-02-01T00:00:00+01:00", "filters": {"everyone": True},
        }
    )  # fmt: skip
    assert braze.get(DETAILS, "segment_id=a") == (
        200,
        {
            "message": "success", "name": "A", "description": "everyone", "text_description": "Our best",
            "created_at": "2025-01-01T00:00:00.000Z", "updated_at": "2025-01-31T23:00:00.000Z", "tags": ["x"],
            "teams": ["t"],
        },
    )  # fmt: skip


def test_get_segment_with_nothing_but_a_name() -> None:
    _, body = with_segments({"id": "a"}).get(DETAILS, "segment_id=a")
    assert (body["created_at"], body["updated_at"]) == ("2026-01-31T12:00:00.000Z",) * 2
    assert (body["text_description"], body["tags"], body["teams"]) == ("", [], [])


def test_get_segment_answers_an_archived_one() -> None:
    assert with_segments({"id": "a", "archived": True}).get(DETAILS, "segment_id=a")[0] == 200


@pytest.mark.parametrize("path", [DETAILS, SERIES])
@pytest.mark.parametrize("query", ["segment_id=nobody", "segment_id=", "", "segment_id[]=a"])
def test_get_segment_refuses_an_id_that_nobody_has(path: str, query: str) -> None:
    braze = with_segments({"id": "a"})
    assert braze.get(path, f"{query}&length=1") == (400, {"message": UNKNOWN})


def test_get_segment_says_which_segments_there_are() -> None:
    answer = with_segments({"id": "a"}, {"id": "b"}).send("GET", DETAILS, query="segment_id=c")
    assert answer.headers["X-Emulator-Hint"].endswith("there are: a, b")


PROFILES = [
    {"external_id": "old", "created_at": "2020-01-01T00:00:00Z", "custom_attributes": {"plan": "gold"}},
    {"external_id": "late", "created_at": "2026-01-30T23:59:59Z", "custom_attributes": {"plan": "gold"}},
    {"external_id": "new", "created_at": "2026-01-31T00:00:00Z", "custom_attributes": {"plan": "gold"}},
    {"external_id": "other", "created_at": "2026-01-30T00:00:00Z"},
]
GOLD = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}


@pytest.fixture
def gold() -> Client:
    return with_segments({"id": "gold", "filters": GOLD}, {"id": "all"}, profiles=PROFILES)


def series(braze: Client, query: str) -> list[tuple[str, int]]:
    status, body = braze.get(SERIES, query)
    assert (status, body["message"]) == (200, "success")
    return [(one["time"], one["size"]) for one in body["data"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("segment_id=gold&length=3", [("2026-01-29", 1), ("2026-01-30", 2), ("2026-01-31", 3)]),
        ("segment_id=all&length=2", [("2026-01-30", 3), ("2026-01-31", 4)]),
        ("segment_id=gold&length=1&ending_at=2026-01-30", [("2026-01-30", 2)]),
        ("segment_id=gold&length=1&ending_at=2026-01-30T23:00:00-02:00", [("2026-01-31", 3)]),
        ("segment_id=gold&length=2&ending_at=2019-03-01T00:00:00Z", [("2019-02-28", 0), ("2019-03-01", 0)]),
        ("segment_id=gold&length=1&ending_at=2030-01-01", [("2030-01-01", 3)]),
    ],
)
def test_get_segment_series_counts_who_was_there_by_the_end_of_a_day(
    gold: Client, query: str, wanted: list[tuple[str, int]]
) -> None:
    assert series(gold, query) == wanted
    assert gold.fates == [("/segment_id", "size_computed_now")]


def test_get_segment_series_follows_the_profiles(gold: Client) -> None:
    gold.post(
        "/users/track", {"attributes": [{"external_id": "old", "plan": "iron"}, {"external_id": "x", "plan": "gold"}]}
    )
    assert series(gold, "segment_id=gold&length=2") == [("2026-01-30", 1), ("2026-01-31", 3)]


def test_get_segment_series_of_100_days(gold: Client) -> None:
    found = series(gold, "segment_id=gold&length=100")
    assert (len(found), found[0][0], found[-1][0]) == (100, "2025-10-24", "2026-01-31")


def test_get_segment_series_without_analytics() -> None:
    braze = with_segments({"id": "a", "analytics_tracking_enabled": False})
    assert series(braze, "segment_id=a&length=3") == []
    assert braze.fates == [("/segment_id", "analytics_not_tracked")]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("length=0", LENGTH),
        ("length=101", LENGTH),
        ("length=x", LENGTH),
        ("", LENGTH),
        ("length=1&ending_at=soon", "ending_at is not a valid datetime"),
        ("length=1&ending_at=", "ending_at is not a valid datetime"),
        ("length=100&ending_at=0001-01-02", "ending_at is not a valid datetime"),
    ],
)
def test_get_segment_series_refuses(gold: Client, query: str, message: str) -> None:
    assert gold.get(SERIES, f"segment_id=gold&{query}") == (400, {"message": message})


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"id": ""}, r"segments\[0\].id"),
        ({"name": "S"}, "'id' is a required property"),
        ({"id": "a", "name": "S", "filter": {}}, r"'filter' was unexpected"),
        ({"id": "a", "name": "S", "created_at": "2026-99-01"}, r"segments\[0\].created_at"),
    ],
    ids=str,
)
def test_a_bad_segment_is_refused(item: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        client({"segments": [item]})


def test_the_tags_of_segments_are_tags_of_the_workspace() -> None:
    braze = with_segments({"id": "a", "tags": ["sale"]})
    block = {"name": "b", "content": "x", "tags": ["sale"]}
    assert braze.post("/content_blocks/create", block)[0] == 201
