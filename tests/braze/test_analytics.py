"""The analytics operations: lists in pages, series in days and hours, computed from what was tracked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.braze.calls import EVENT, PURCHASE, attributes, track
from tests.conftest import Client, client

NOW = "2026-01-31T12:30:00Z"
SEED: dict[str, Any] = {"clock": {"now": NOW, "frozen": True}}
HEADERS = {"authorization": "Bearer test-key"}


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def event(user: str, time: str, **more: Any) -> dict[str, Any]:
    return {"external_id": user, "name": "visited", "time": time, **more}


def purchase(product: str, time: str, **more: Any) -> dict[str, Any]:
    return {"external_id": "u", "product_id": product, "currency": "USD", "price": 1.5, "time": time, **more}


def series(braze: Client, path: str, query: str) -> dict[str, Any]:
    """time -> number."""
    status, body = braze.get(path, query)
    assert (status, body["message"]) == (200, "success"), body
    return {row.pop("time"): next(iter(row.values())) for row in body["data"]}


# series of events


def test_get_event_series_fills_every_day_oldest_first(braze: Client) -> None:
    track(braze, events=[event("a", "2026-01-29T10:00:00Z"), event("a", "2026-01-31T00:00:00Z"), event("b", NOW)])
    found = series(braze, "/events/data_series", "event=visited&length=3")
    assert list(found.items()) == [("2026-01-29", 1), ("2026-01-30", 0), ("2026-01-31", 2)]


@pytest.mark.parametrize(
    ("ending_at", "last"),
    [
        ("2026-01-30", "2026-01-30"),
        ("2026-01-30T23:59:59Z", "2026-01-30"),
        ("2026-01-30T23:59:59-05:00", "2026-01-31"),
        ("2026-01-30T23:59:59-5:00", "2026-01-31"),
        ("2026-01-31T03:00:00 05:00", "2026-01-30"),
        ("2026-01-31T03:00:00%2B05:00", "2026-01-30"),
        ("2026-01-31 12:00", "2026-01-31"),
        ("2027-03-01", "2027-03-01"),
    ],
)
def test_get_event_series_ends_with_the_day_that_holds_ending_at(braze: Client, ending_at: str, last: str) -> None:
    assert list(series(braze, "/events/data_series", f"event=e&length=2&ending_at={ending_at}"))[-1] == last


@pytest.mark.parametrize(
    ("ending_at", "last"), [("2026-01-30", "2026-01-30T23:00:00Z"), ("2026-01-30T07:59:59Z", "2026-01-30T07:00:00Z")]
)
def test_get_event_series_by_the_hour(braze: Client, ending_at: str, last: str) -> None:
    found = series(braze, "/events/data_series", f"event=e&length=100&unit=hour&ending_at={ending_at}")
    assert (len(found), list(found)[-1]) == (100, last)


BAD = [
    ("length=1", "event must be the name of a custom event"),
    ("event=e", "length must be an integer between 1 and 100"),
    ("event=e&length=0", "length must be an integer between 1 and 100"),
    ("event=e&length=1.5", "length must be an integer between 1 and 100"),
    ("event=e&length=1&unit=month", "unit must be 'day' or 'hour'"),
    ("event=e&length=1&ending_at=2026-02-30", "ending_at is not a valid datetime"),
    ("event=e&length=100&ending_at=0001-01-05", "ending_at is not a valid datetime"),
    ("event=e&length=100&unit=hour&ending_at=0001-01-02", "ending_at is not a valid datetime"),
    ("event=e&length=1&ending_at=9999-12-31T23:59:59-05:00", "ending_at is not a valid datetime"),
    ("event=e&length=1&ending_at=a&ending_at=b", "ending_at is not a valid datetime"),
    ("event=e&length=1&segment_id=no", "segment_id must be a string of the Segment api identifier"),
]


@pytest.mark.parametrize(("query", "text"), BAD)
def test_get_event_series_refuses(braze: Client, query: str, text: str) -> None:
    assert braze.get("/events/data_series", query) == (400, {"message": text})


def test_get_event_series_in_the_time_zone_of_the_company() -> None:
    braze = client({**SEED, "settings": {"time_zone": "America/New_York"}})
    track(braze, events=[event("a", "2026-01-31T04:59:59Z"), event("a", "2026-01-31T05:00:00Z")])
    days = series(braze, "/events/data_series", "event=visited&length=2")
    assert days == {"2026-01-30": 1, "2026-01-31": 1}
    hours = series(braze, "/events/data_series", "event=visited&length=1&unit=hour&ending_at=2026-01-31T05:10:00Z")
    assert hours == {"2026-01-31T00:00:00-05:00": 1}
    assert series(braze, "/kpi/dau/data_series", "length=2") == {"2026-01-30": 1, "2026-01-31": 1}


def test_get_event_series_of_one_app_and_of_all() -> None:
    braze = client({**SEED, "apps": [{"id": "ios", "name": "Shop"}, {"id": "web", "name": "Shop"}]})
    track(braze, events=[event("a", NOW, app_id="ios"), event("a", NOW, app_id="web"), event("a", NOW)])
    counts = [
        series(braze, "/events/data_series", f"event=visited&length=1{app}")["2026-01-31"]
        for app in ("", "&app_id=ios", "&app_id=web")
    ]
    assert counts == [3, 1, 1]
    assert braze.get("/events/data_series", "event=visited&length=1&app_id=tv")[0] == 400


def test_get_event_series_of_a_segment_counts_who_was_in_it_after_the_call() -> None:
    filters = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    quiet = {"id": "quiet", "name": "Quiet", "analytics_tracking_enabled": False}
    braze = client({**SEED, "segments": [{"id": "gold", "name": "Gold", "filters": filters}, quiet]})
    gold = [{"external_id": "a", "plan": "gold"}]
    track(braze, attributes=gold, events=[event("a", NOW), event("b", NOW)], purchases=[purchase("p", NOW)])
    attributes(braze, {"external_id": "a", "plan": "none"})
    track(braze, events=[event("a", NOW)])
    query = "event=visited&length=1"
    assert series(braze, "/events/data_series", query) == {"2026-01-31": 3}
    assert series(braze, "/events/data_series", f"{query}&segment_id=gold") == {"2026-01-31": 1}
    assert series(braze, "/events/data_series", f"{query}&segment_id=quiet") == {}
    assert braze.fates == [("/segment_id", "analytics_not_tracked")]


def test_get_event_series_needs_its_permission() -> None:
    braze = client({"api_keys": [{"key": "test-key", "permissions": ["events.list"]}]})
    assert braze.get("/events/data_series", "event=e&length=1")[0] == 403
    assert braze.get("/events/list")[0] == 200


def test_get_event_series_is_not_touched_by_a_call_that_is_refused(braze: Client) -> None:
    status, _ = braze.post("/users/track", {"events": [{**EVENT, "time": "never"}]})
    assert (status, braze.get("/events/list")[1]["events"]) == (400, [])


# series of purchases


def test_get_quantity_series_counts_units(braze: Client) -> None:
    track(braze, purchases=[purchase("p", NOW, quantity=3), purchase("q", NOW), purchase("p", NOW)])
    track(braze, purchases=[purchase("p", NOW, quantity=5)])
    assert series(braze, "/purchases/quantity_series", "length=1") == {"2026-01-31": 10}
    assert series(braze, "/purchases/quantity_series", "length=1&product=p") == {"2026-01-31": 9}
    assert series(braze, "/purchases/quantity_series", "length=1&product=r") == {"2026-01-31": 0}


def test_get_revenue_series_has_cents(braze: Client) -> None:
    track(braze, purchases=[purchase("p", "2026-01-30T00:00:00Z", price=0.1)] * 3 + [purchase("q", NOW, quantity=2)])
    assert series(braze, "/purchases/revenue_series", "length=2") == {"2026-01-30": 0.3, "2026-01-31": 3.0}
    hours = series(braze, "/purchases/revenue_series", "length=2&unit=hour&product=q")
    assert hours == {"2026-01-31T11:00:00Z": 0.0, "2026-01-31T12:00:00Z": 3.0}


# series of users


ACTIVE = [event("a", "2026-01-01T10:00:00Z"), event("a", "2026-01-31T10:00:00Z"), event("b", "2026-01-31T11:00:00Z")]


def test_get_dau_series_counts_a_user_once_a_day(braze: Client) -> None:
    track(braze, events=[*ACTIVE, *ACTIVE], purchases=[{**PURCHASE, "external_id": "c", "time": NOW}])
    attributes(braze, {"external_id": "d", "date_of_last_session": "2026-01-31T09:00:00Z"})
    assert series(braze, "/kpi/dau/data_series", "length=2") == {"2026-01-30": 0, "2026-01-31": 4}


def test_get_mau_series_looks_back_30_days_with_the_day_itself(braze: Client) -> None:
    track(braze, events=ACTIVE)
    query = "length=3&ending_at=2026-03-02"
    assert series(braze, "/kpi/mau/data_series", "length=2&ending_at=2026-01-31") == {"2026-01-30": 1, "2026-01-31": 2}
    assert series(braze, "/kpi/mau/data_series", query) == {"2026-02-28": 2, "2026-03-01": 2, "2026-03-02": 0}


def test_get_session_series_has_one_session_a_user_and_day(braze: Client) -> None:
    track(braze, events=[*ACTIVE, *ACTIVE])
    attributes(braze, {"external_id": "a", "date_of_last_session": "2026-01-31T09:20:00Z"})
    assert series(braze, "/sessions/data_series", "length=1") == {"2026-01-31": 2}
    hours = series(braze, "/sessions/data_series", "length=24&unit=hour&ending_at=2026-01-31")
    assert {time: count for time, count in hours.items() if count} == {
        "2026-01-31T00:00:00Z": 1,
        "2026-01-31T09:00:00Z": 1,
    }


def test_get_session_series_of_a_segment() -> None:
    filters = {"standard_attribute": {"name": "email", "comparison": "exists"}}
    braze = client({**SEED, "segments": [{"id": "mail", "name": "With an address", "filters": filters}]})
    track(braze, attributes=[{"external_id": "a", "email": "a@b.co"}], events=ACTIVE)
    assert series(braze, "/sessions/data_series", "length=1&segment_id=mail") == {"2026-01-31": 1}


def test_get_new_users_series_counts_profiles_by_their_creation(braze: Client) -> None:
    attributes(braze, {"external_id": "a", "x": 1}, {"email": "a@b.co"})
    braze.emulator.workspaces.default.clock.advance(86_400)
    attributes(braze, {"external_id": "b", "x": 1}, {"external_id": "a", "x": 2})
    assert series(braze, "/kpi/new_users/data_series", "length=2") == {"2026-01-31": 2, "2026-02-01": 1}


def test_get_new_users_series_of_an_app() -> None:
    braze = client(SEED)
    track(braze, events=[event("a", NOW, app_id="ios"), event("b", NOW)])
    attributes(braze, {"external_id": "c", "push_tokens": [{"app_id": "ios", "token": "t"}]})
    assert series(braze, "/kpi/new_users/data_series", "length=1&app_id=ios") == {"2026-01-31": 2}
    assert series(braze, "/kpi/dau/data_series", "length=1&app_id=ios") == {"2026-01-31": 1}


@pytest.mark.parametrize("key", ["new_users", "dau", "mau", "uninstalls"])
def test_series_of_users_have_no_hours(braze: Client, key: str) -> None:
    found = series(braze, f"/kpi/{key}/data_series", "length=2&unit=hour")
    assert (list(found), braze.fates) == (["2026-01-30", "2026-01-31"], [("/unit", "ignored")])


def test_get_uninstall_series_is_what_the_seed_says() -> None:
    profiles = [{"external_id": "a", "uninstalled_at": "2026-01-30T10:00:00Z"}, {"external_id": "b"}]
    braze = client({**SEED, "profiles": profiles})
    assert series(braze, "/kpi/uninstalls/data_series", "length=2") == {"2026-01-30": 1, "2026-01-31": 0}


# lists


def test_list_event_names_has_250_a_page_by_name() -> None:
    seeded = {"external_id": "a", "custom_events": [{"name": "m", "first": NOW, "last": NOW, "count": 1}]}
    names = [f"e{number:03}" for number in range(250)]
    braze = client({**SEED, "custom_events": [{"name": name} for name in names], "profiles": [seeded]})
    track(braze, events=[event("a", NOW, name="a")])
    pages = [braze.get("/events/list", f"page={page}")[1]["events"] for page in (0, 1, 2)]
    assert pages == [["a", *names[:249]], ["e249", "m"], []]
    assert braze.get("/events/list", "page=-1") == (400, {"message": "page must be a non-negative integer"})


def test_list_products_has_what_was_bought(braze: Client) -> None:
    track(braze, purchases=[purchase("tea", NOW), purchase("cup", NOW), {**PURCHASE, "product_id": 7}])
    assert braze.get("/purchases/product_list") == (200, {"products": ["7", "cup", "tea"], "message": "success"})
    assert braze.get("/purchases/product_list", "page=1")[1]["products"] == []


def walked(braze: Client, path: str, key: str) -> list[list[str]]:
    """The names of all pages, by the header Link."""
    pages, query = [], ""
    while True:
        response = braze.send("GET", path, query=query)
        body = braze.get(path, query)[1]
        pages.append([one["name"] for one in body[key]])
        following = re.search(r'<[^>]*\?([^>]*)>; rel="next"', response.headers.get("Link", ""))
        if following is None:
            return pages
        query = following[1]


def test_list_events_is_walked_by_its_links() -> None:
    names = [f"e{number:03}" for number in range(101)]
    braze = client({**SEED, "custom_events": [{"name": name} for name in names]})
    assert walked(braze, "/events", "events") == [names[:50], names[50:100], names[100:]]
    last = braze.send("GET", "/events", query="cursor=c2tpcDoxMDA")
    assert re.findall(r'rel="(\w+)"', last.headers["Link"]) == ["prev"]
    assert "Link" not in braze.send("GET", "/custom_attributes").headers


def test_list_events_takes_the_cursor_of_the_documentation(braze: Client) -> None:
    track(braze, events=[EVENT])
    assert braze.get("/events", "cursor=c2tpcDow") == braze.get("/events")


@pytest.mark.parametrize("cursor", ["", "x", "c2tpcDotMQ", "%ff", "c2tpcDow&cursor=c2tpcDow", "c2tpcDo5OTk5OTk5OTk5OQ"])
def test_list_events_refuses_another_cursor(braze: Client, cursor: str) -> None:
    assert braze.get("/events", f"cursor={cursor}") == (400, {"message": "cursor is not valid"})


def test_list_custom_attributes_names_the_type_of_the_first_value(braze: Client) -> None:
    values = {"s": "x", "n": 1.5, "b": True, "d": "2026-01-01", "a": ["x"], "o": {"x": 1}, "l": [{"x": 1}]}
    attributes(braze, {"external_id": "a", **values})
    found = braze.get("/custom_attributes")[1]["attributes"]
    assert {one["name"]: (one["data_type"], one["array_length"]) for one in found} == {
        "a": ("Array", 500), "b": ("Boolean", None), "d": ("Time", None), "l": ("Object Array", None),
        "n": ("Number", None), "o": ("Object", None), "s": ("String", None),
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/custom_attributes", "/events", "/events/list", "/purchases/product_list", "/purchases/revenue_series"]
)
def test_list_products_and_others_share_1000_calls_an_hour(braze: Client, path: str) -> None:
    response = braze.send("GET", path, query="length=1")
    assert response.headers["X-RateLimit-Limit"] == "1000"
