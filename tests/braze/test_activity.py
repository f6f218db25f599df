"""Events and purchases: times, properties, blocklists, apps, the list of products, active days, series."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from emulator.errors import ConfigError
from emulator.state import properties, series
from tests.braze.calls import EARLIER, EVENT, MOMENT, NOW, PURCHASE, only, rules, track
from tests.conftest import Client, client

SEED: dict[str, Any] = {"clock": {"now": NOW, "frozen": True}}


@pytest.fixture
def braze() -> Client:
    return client(SEED)


def record(braze: Client) -> Any:
    (found,) = braze.emulator.workspaces.default.state["profiles"].values()
    return found


def fates_of(braze: Client, array: str, sent: Any) -> list[tuple[str, str]]:
    item = {**(EVENT if array == "events" else PURCHASE), "properties": sent}
    track(braze, **{array: [item]})
    return [fate for fate in braze.fates if fate[1] != "created_profile"]


# times


def test_track_users_tells_once_that_times_are_older_than_exports_reach(braze: Client) -> None:
    old = "2025-11-02T11:59:59Z"
    track(braze, events=[EVENT, {**EVENT, "time": old}, {**EVENT, "time": old}], purchases=[{**PURCHASE, "time": old}])
    assert braze.fates == [
        ("/events/0/external_id", "created_profile"),
        ("/events/1/time", "old_time"),
        ("/purchases/0/time", "old_time"),
    ]
    assert only(braze, external_ids=["u"])["custom_events"][0]["count"] == 3
    assert "purchases" not in only(braze, external_ids=["u"])


@pytest.mark.parametrize(
    ("time", "kept"),
    [
        ("2025-11-02T12:00:00Z", "2025-11-02T12:00:00.000Z"),
        (NOW, MOMENT),
        ("2026-01-31T12:00:00.001Z", MOMENT),
        ("2026-01-30T10:00:00:123Z", "2026-01-30T10:00:00.123Z"),
        ("2026-01-30 10:00:00", "2026-01-30T10:00:00.000Z"),
    ],
)
def test_track_users_keeps_the_time(braze: Client, time: str, kept: str) -> None:
    track(braze, events=[{**EVENT, "time": time}])
    assert only(braze, external_ids=["u"])["custom_events"][0]["last"] == kept
    assert ("future_time" in rules(braze)) == (time > NOW and "001" in time)


def test_track_users_exports_lifetime_sums_of_what_happened_in_90_days(braze: Client) -> None:
    times = ["2020-01-01T00:00:00Z", EARLIER]
    track(braze, events=[{**EVENT, "time": time} for time in times], purchases=[{**PURCHASE, "time": times[0]}])
    found = only(braze, external_ids=["u"])
    first, last = (time.replace("Z", ".000Z") for time in times)
    assert found["custom_events"] == [{"name": "visited", "first": first, "last": last, "count": 2}]
    assert "purchases" not in found


# properties


PROPERTIES: list[tuple[Any, list[tuple[str, str]]]] = [
    ({}, []),
    (None, []),
    ({"text": "x" * 255, "n" * 255: 1, "deep": {"a": [{"b": 1}]}, "date": EARLIER, "yes": True}, []),
    ({"text": "x" * 256}, [("text", "property_dropped")]),
    ({"deep": {"a": ["x" * 256]}}, [("deep", "property_dropped")]),
    ({"n" * 256: 1}, [("n" * 40, "property_dropped")]),
    ({"$a": 1}, [("$a", "property_dropped")]),
    ({"a$": 1}, []),
    ({"none": None}, [("none", "null_ignored")]),
    ({"list": ["2026-01-01", "x"]}, [("list", "date_in_array")]),
    ({"list": [{"at": EARLIER}]}, []),
    ({"list": ["2026", "2026-99-99"]}, []),
    ({f"p{number}": 1 for number in range(257)}, [("p256", "property_dropped")]),
    ({f"p{number}": 1 for number in range(256)}, []),
]


@pytest.mark.parametrize("array", ["events", "purchases"])
@pytest.mark.parametrize(("sent", "told"), PROPERTIES, ids=lambda value: str(value)[:30])
def test_track_users_checks_properties(braze: Client, array: str, sent: Any, told: list[tuple[str, str]]) -> None:
    assert fates_of(braze, array, sent) == [(f"/{array}/0/properties/{name}", rule) for name, rule in told]


@pytest.mark.parametrize(("array", "most"), properties.MAX_BYTES.items())
@pytest.mark.parametrize("over", [0, 1])
def test_track_users_checks_the_size_of_properties(braze: Client, array: str, most: int, over: int) -> None:
    sent: dict[str, Any] = {"l": [1] * (most // 2 - 50)}
    sent["n" * (most + over - len(orjson.dumps(sent)) - len(',"":1'))] = 1
    found = fates_of(braze, array, sent)
    assert found == ([(f"/{array}/0/properties", "properties_too_large")] if over else [])


@pytest.mark.parametrize("array", ["events", "purchases"])
@pytest.mark.parametrize("key", ["time", "event_name", "product_id", "quantity", "price", "currency"])
def test_track_users_refuses_reserved_property_names(braze: Client, array: str, key: str) -> None:
    item = {**(EVENT if array == "events" else PURCHASE), "properties": {key: 1}}
    status, body = braze.post("/users/track", {array: [item]})
    reserved = array == "purchases" or key in ("time", "event_name")
    assert status == (400 if reserved else 201)
    if reserved:
        assert body["errors"] == [{"type": "Invalid 'properties' field", "input_array": array, "index": 0}]


# what the dashboard and the seed say


BLOCKED = {
    **SEED,
    "custom_events": [{"name": "visited", "blocklisted": True}, {"name": "other"}],
    "products": [{"name": "sku", "blocklisted": True}],
}


@pytest.mark.parametrize(
    ("array", "place", "rule"),
    [("events", "name", "event_blocklisted"), ("purchases", "product_id", "product_blocklisted")],
)
def test_track_users_does_not_record_what_is_blocklisted(array: str, place: str, rule: str) -> None:
    braze = client(BLOCKED)
    item = EVENT if array == "events" else PURCHASE
    other = {**item, place: "other"}
    answer = track(braze, **{array: [item, other, item]})
    assert answer == {"message": "success", f"{array}_processed": 3}
    assert [fate for fate in braze.fates if fate[1] == rule] == [
        (f"/{array}/0/{place}", rule),
        (f"/{array}/2/{place}", rule),
    ]
    found = only(braze, external_ids=["u"])["custom_events" if array == "events" else "purchases"]
    assert [one["name"] for one in found] == ["other"]


def test_track_users_counts_a_product_that_the_full_list_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "MAX_PRODUCTS", 2)
    braze = client(SEED)
    track(braze, purchases=[{**PURCHASE, "product_id": product} for product in ("a", "b", "c", "a", "c")])
    assert [fate for fate in braze.fates if fate[1] == "product_not_listed"] == [
        ("/purchases/2/product_id", "product_not_listed"),
        ("/purchases/4/product_id", "product_not_listed"),
    ]
    assert braze.get("/purchases/product_list")[1]["products"] == ["a", "b"]
    assert braze.get("/purchases/quantity_series", "length=2")[1]["data"][0]["purchase_quantity"] == 5


def test_track_users_records_an_event_of_an_unknown_app_without_it() -> None:
    braze = client({**SEED, "apps": [{"id": "ios", "name": "Shop"}]})
    track(
        braze, events=[{**EVENT, "app_id": "tv"}, {**EVENT, "app_id": "ios"}], purchases=[{**PURCHASE, "app_id": None}]
    )
    assert [fate for fate in braze.fates if fate[1] != "created_profile"] == [("/events/0/app_id", "app_unknown")]
    assert record(braze)["active_days"] == {"2026-01-30": ["ios"]}


def test_track_users_tells_of_a_currency_once_a_call(braze: Client) -> None:
    track(braze, purchases=[{**PURCHASE, "currency": currency} for currency in ("EUR", "USD", "EUR", "GBP")])
    assert [pointer for pointer, rule in braze.fates if rule == "currency_not_converted"] == [
        "/purchases/0/currency", "/purchases/3/currency",
    ]  # fmt: skip


@pytest.mark.parametrize(("price", "revenue"), [(0, 0.0), (-2.5, -2.5), (1e-9, 0.0), (0.1 + 0.2, 0.3)])
def test_track_users_takes_any_price(braze: Client, price: float, revenue: float) -> None:
    track(braze, purchases=[{**PURCHASE, "price": price}])
    assert only(braze, external_ids=["u"])["total_revenue"] == revenue


def test_a_seed_with_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed.settings.time_zone: 'Mars' is no IANA name"):
        client({"settings": {"time_zone": "Mars"}})


# active days


def test_track_users_keeps_the_days_and_the_apps(braze: Client) -> None:
    track(braze, events=[EVENT, {**EVENT, "app_id": "ios"}, {**EVENT, "app_id": "ios"}, {**EVENT, "time": NOW}])
    track(braze, purchases=[{**PURCHASE, "app_id": "web"}])
    assert record(braze)["active_days"] == {"2026-01-30": ["ios", "web"], "2026-01-31": []}


def test_track_users_keeps_series_by_month_and_never_changes_a_record_in_place(braze: Client) -> None:
    track(braze, events=[EVENT, {**EVENT, "time": "2025-12-31T23:59:59Z"}], purchases=[PURCHASE, PURCHASE])
    before = braze.emulator.workspaces.default.state["series"]
    kept = repr(sorted(before.items()))
    track(braze, events=[EVENT], purchases=[PURCHASE])
    after = braze.emulator.workspaces.default.state["series"]
    assert repr(sorted(before.items())) == kept
    assert dict(after) == {
        "event\0\x002025-12\0\0visited": {"2025-12-31T23": 1},
        "event\0\x002026-01\0\0visited": {"2026-01-30T08": 2},
        "purchase\0\x002026-01\0\0sku": {"2026-01-30T08": [3, 7.5]},
    }


def test_track_users_gives_the_same_series_for_one_call_and_for_many() -> None:
    items = [
        {**EVENT, "name": f"e{number % 3}", "time": f"2026-01-{1 + number:02}T0{number % 10}:00:00Z"}
        for number in range(25)
    ]
    bought = [{**PURCHASE, "product_id": f"p{number % 4}", "quantity": 1 + number % 5} for number in range(25)]
    together, apart = client(SEED), client(SEED)
    track(together, events=items, purchases=bought)
    for one, other in zip(items, bought, strict=True):
        track(apart, events=[one], purchases=[other])
    tables = [sorted(one.emulator.workspaces.default.state["series"].items()) for one in (together, apart)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Kolkata", "2026-01-30T13"), ("America/New_York", "2026-01-30T03")])
def test_series_hours_are_the_company_s(zone: str, hour: str) -> None:
    braze = client({**SEED, "settings": {"time_zone": zone}})
    track(braze, events=[EVENT])
    (counts,) = braze.emulator.workspaces.default.state["series"].values()
    assert list(counts) == [hour]
