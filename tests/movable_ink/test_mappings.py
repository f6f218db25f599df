"""Which event schema an event fills, what is kept of it, and what is thrown away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.movable_ink.collector import KEY, collector, message, stored, track

SCHEMAS = {
    "Product": ["product_viewed", "Product Viewed"],
    "CartAdd": ["product_added", "Product Added", "cart_add"],
    "CartRemove": ["product_removed", "Product Removed"],
    "Category": ["category_viewed", "Category Viewed"],
    "Search": ["search", "product_searched", "Products Searched"],
    "Conversion": ["order_completed", "Order Completed", "conversion"],
}
EVENTS = [(event, schema) for schema, events in SCHEMAS.items() for event in events]


@pytest.mark.parametrize(("event", "schema"), EVENTS)
def test_collect_event_maps_the_usual_names(event: str, schema: str) -> None:
    calls = collector()
    properties = {
        "Search": {"query": "lamp"},
        "Conversion": {"products": [{"id": "sku-9"}]},
        "Category": {"id": "lighting"},
    }.get(schema, {"product_id": "sku-9", "name": "Lamp", "price": 24.5})
    message(calls, track(event, properties=properties), 200)
    assert [(found["schema"], found["mapping"]) for found in stored(calls)] == [(schema, event)]
    assert calls.fates == []


@pytest.mark.parametrize("event", ["logout", "Product viewed", "PRODUCT_VIEWED", "", None, ...])
def test_collect_event_refuses_what_no_mapping_takes(event: Any) -> None:
    calls = collector()
    assert message(calls, track(event)) == "Event mapping not found"
    assert "partners.movable_ink.mappings" in calls.entries[-1].note
    assert message(calls, {"events": [track(), track(event)]}) == "Event mapping not found"
    assert stored(calls) == []


def test_collect_event_keeps_the_fields_of_the_event_schema() -> None:
    calls = collector()
    categories = [{"id": "lighting", "url": "https://shop.example/c/lighting"}]
    sent = {
        "id": "sku-9",
        "title": "Lamp",
        "price": 24.5,
        "url": "u",
        "categories": categories,
        "meta": {"color": "black"},
    }
    message(calls, track(properties=sent, timezone="Europe/Paris", anonymous_id="an-1"), 200)
    assert stored(calls) == [
        {
            "key": KEY,
            "mapping": "product_viewed",
            "schema": "Product",
            "type": "track",
            "event": "product_viewed",
            "user_id": "u-1",
            "anonymous_id": "an-1",
            "timestamp": 1767225600000,
            "fields": {
                "Timezone": "Europe/Paris",
                "ID": "sku-9",
                "Title": "Lamp",
                "Price": 24.5,
                "URL": "u",
                "Categories": categories,
                "Meta": {"color": "black"},
            },
            "received_at": "2026-01-01T00:00:00.000Z",
        }
    ]


def test_collect_event_keeps_each_product_of_a_conversion() -> None:
    calls = collector()
    products = [{"id": "a", "price": 1, "quantity": 2}, {"product_id": "b", "name": "B", "brand": "Acme"}]
    message(calls, track("Order Completed", properties={"order_id": "o-1", "revenue": 3, "products": products}), 200)
    kept = [{"ID": "a", "Price": 1, "Quantity": 2}, {"ID": "b", "Title": "B"}]
    assert stored(calls)[0]["fields"] == {"ID": "o-1", "Revenue": 3, "Products": kept}
    assert calls.fates == [("/properties/products/1/brand", "movable_ink_field_not_mapped")]


THROWN_AWAY = [
    ({"id": "a", "color": "black"}, ["/properties/color"]),
    ({"id": "a", "a/b": {"deep": [1]}, "c~d": 0}, ["/properties/a~1b", "/properties/c~0d"]),
    ({"id": "a", "product_id": "b"}, ["/properties/product_id"]),
    ({"id": "", "product_id": "b"}, []),
    ({"id": "a", "nothing": None, "none": "", "no": [], "nil": {}}, []),
    ({"id": "a", "no": False, "zero": 0}, ["/properties/no", "/properties/zero"]),
]


@pytest.mark.parametrize(("properties", "pointers"), THROWN_AWAY)
def test_collect_event_tells_what_it_throws_away(properties: Any, pointers: list[str]) -> None:
    calls = collector()
    message(calls, track(properties=properties), 200)
    assert calls.fates == [(pointer, "movable_ink_field_not_mapped") for pointer in pointers]


def test_collect_event_batch_points_into_the_batch() -> None:
    calls = collector()
    rudder = {"type": "track", "event": "Product Viewed", "userId": "u-1", "anonymousId": "an-1", "messageId": "m-1"}
    rudder |= {
        "timestamp": 1767225600000,
        "properties": {"product_id": "sku-9"},
        "context": {"timezone": "UTC", "ip": "::1"},
    }
    message(calls, {"events": [track(), rudder]}, 200)
    assert [pointer for pointer, _ in calls.fates] == ["/events/1/messageId", "/events/1/context/ip"]
    assert [event["user_id"] for event in stored(calls)] == ["u-1", "u-1"]
    assert stored(calls)[1]["fields"] == {"Timezone": "UTC", "ID": "sku-9"}


def test_collect_event_takes_a_thousand_events() -> None:
    calls = collector()
    message(calls, {"events": [track()] * 1000}, 200)
    assert len(stored(calls)) == 1000


# mappings of a seed


def lamp(**more: Any) -> dict[str, Any]:
    return {"name": "lamp", "match": '.event == "lamp_lit"', "schema": "Product", **more}


def test_collect_event_uses_the_mappings_of_the_seed() -> None:
    fields = {"ID": [".properties.sku", "$.properties.code"], "Watts": '.properties."power in W"', "UserID": ".who.id"}
    calls = collector(mappings=[lamp(fields=fields)])
    body = track("lamp_lit", user_id=..., who={"id": 7}, properties={"code": "L", "power in W": 60, "price": 2})
    message(calls, body, 200)
    assert stored(calls)[0]["fields"] == {"ID": "L", "Watts": 60}
    assert stored(calls)[0]["user_id"] == "7"
    assert calls.fates == [("/properties/price", "movable_ink_field_not_mapped")]
    message(calls, track(), 200)


def test_collect_event_uses_the_default_paths_for_a_mapping_without_fields() -> None:
    calls = collector(mappings=[lamp(schema="Custom")])
    message(calls, track("lamp_lit", properties={"room": "hall"}), 200)
    assert stored(calls)[0]["fields"] == {"Properties": {"room": "hall"}}
    assert calls.fates == []


def test_collect_event_mapping_may_test_type_and_event() -> None:
    calls = collector(mappings=[lamp(match='.type=="track"   and .event == "lamp \\"lit\\" and off"')])
    message(calls, track('lamp "lit" and off'), 200)
    assert message(calls, track("lamp_lit")) == "Event mapping not found"


def test_collect_event_first_mapping_of_the_seed_wins() -> None:
    mappings = [{"name": "all", "match": '.type == "track"', "schema": "Custom"}, lamp()]
    calls = collector(mappings=mappings)
    message(calls, track("lamp_lit"), 200)
    message(calls, track("product_viewed"), 200)
    assert [event["mapping"] for event in stored(calls)] == ["all", "all"]
    assert message(calls, track(...)) == "Missing required field: event"


def test_collect_event_default_mapping_can_be_replaced_or_switched_off() -> None:
    off = {"name": "product_viewed", "active": False}
    assert message(collector(mappings=[off]), track()) == "Event mapping not found"
    other = {"name": "product_viewed", "match": '.event == "pv"', "schema": "Product"}
    assert message(collector(mappings=[other]), track()) == "Event mapping not found"
    assert message(collector(mappings=[other]), track("pv"), 200) == "OK"


def test_collect_event_custom_array_of_products() -> None:
    fields = {"Products": {"path": ".properties.lines", "each": {"ID": ".sku", "Price": ".cost"}}}
    calls = collector(mappings=[lamp(schema="Conversion", fields=fields)])
    message(calls, track("lamp_lit", properties={"lines": [{"sku": "a", "cost": "2", "id": 1}]}), 200)
    assert stored(calls)[0]["fields"] == {"Products": [{"ID": "a", "Price": "2"}]}
    assert calls.fates == [
        ("/properties/lines/0/cost", "movable_ink_number_as_text"),
        ("/properties/lines/0/id", "movable_ink_field_not_mapped"),
    ]
    told = message(calls, track("lamp_lit", properties={"lines": [{}]}))
    assert told == "Missing required field: properties.lines[0].sku"


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"All": ".properties", "Room": ".properties.room"}, {"All": {"room": "hall", "w": 60}, "Room": "hall"}),
        ({"Room": ".properties.room", "All": ".properties"}, {"Room": "hall", "All": {"room": "hall", "w": 60}}),
    ],
)
def test_collect_event_a_part_may_be_taken_twice(fields: dict[str, str], kept: dict[str, Any]) -> None:
    calls = collector(mappings=[lamp(schema="Custom", fields=fields)])
    message(calls, track("lamp_lit", properties={"room": "hall", "w": 60}), 200)
    assert stored(calls)[0]["fields"] == kept
    assert calls.fates == []


@pytest.mark.parametrize("value", ["2026-01-01", True, {"at": 1}])
def test_collect_event_custom_timestamp_must_be_a_number(value: Any) -> None:
    calls = collector(mappings=[lamp(fields={"ID": ".properties.id", "Timestamp": ".properties.at"})])
    told = message(calls, track("lamp_lit", properties={"id": "L", "at": value}))
    assert told.startswith("'/properties/at' must be a number of milliseconds since 1970, not ")


def test_collect_event_accepts_what_is_not_mapped_if_the_seed_says_so() -> None:
    calls = collector(unmapped="accept")
    message(calls, track("lamp_lit", properties={"room": "hall"}), 200)
    assert calls.fates == [("/event", "movable_ink_event_not_mapped")]
    assert stored(calls)[0]["schema"] == "Custom"
    message(calls, track(), 200)
    assert calls.fates == []
    assert message(calls, track("lamp_lit", timestamp=...)) == "Missing required field: timestamp"
