"""The order of the collector's checks, and what it refuses."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from emulator.call import Request, Response
from emulator.pipeline import Emulator
from tests.conftest import client
from tests.movable_ink.collector import KEY, PATH, SECONDS, basic, collector, identify, message, stored, track

UNKNOWN = [
    ("GET", "", None),
    ("POST", orjson.dumps(track()), basic("collector:s3cret")),
    ("POST", b"// no JSON", None),
    ("PUT", b"\xff\x00", "Bearer nonsense"),
    ("DELETE", b"x" * 2_000_000, basic("no colon")),
    ("OPTIONS", b"[" * 2_000, None),
]


@pytest.mark.parametrize(("method", "body", "credentials"), UNKNOWN, ids=lambda value: str(value)[:12])
@pytest.mark.parametrize("host", ["127.0.0.1", "collector.movableink-dmz.com", "collector.micpn.com"])
def test_collect_event_looks_the_key_up_before_anything_else(
    method: str, body: bytes, credentials: str | None, host: str
) -> None:
    headers = {"host": host} | ({"authorization": credentials} if credentials else {})
    response = collector().emulator.answer(Request(method, "/behavioral/other", "", headers, body or b""))
    request_id = response.headers["x-request-id"]
    assert (response.status, response.headers["Content-Type"]) == (404, "application/json")
    assert orjson.loads(response.body) == {"message": "Behavioral endpoint key not found", "request_id": request_id}


def test_collect_event_then_looks_at_the_method() -> None:
    response = collector().send("PUT", PATH, b"// no JSON", authorization="")
    assert (response.status, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        "Basic",
        basic("collector:wrong"),
        basic("collector"),
        basic(":s3cret"),
        "Bearer s3cret",
        "Basic collector:s3cret",
    ],
)
def test_collect_event_then_looks_at_the_credentials(credentials: str) -> None:
    response = collector().send("POST", PATH, b"// no JSON", authorization=credentials)
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Basic")
    assert orjson.loads(response.body)["message"] == "Unauthorized"


def test_collect_event_takes_credentials_with_colons_and_any_case_of_basic() -> None:
    calls = client({"partners": {"movable_ink": {"endpoints": [{"key": KEY, "username": "a", "password": "b:c"}]}}})
    for credentials in (basic("a:b:c"), basic("a:b:c").replace("Basic", "basic")):
        assert calls.post(PATH, track(), authorization=credentials)[0] == 200


def test_collect_event_without_seed_knows_every_key_but_wants_credentials() -> None:
    calls = client(None)
    assert calls.post("/behavioral/anything", track(), authorization=basic("any:body"))[0] == 200
    assert calls.post("/behavioral/anything", track())[0] == 401


def test_collect_event_then_looks_at_the_size() -> None:
    calls, body = collector(), b"// no JSON" + b" " * 1_000_000
    assert calls.send("POST", PATH, body).status == 413
    assert calls.send("POST", PATH, body, authorization="").status == 401


STEPS = [
    (b"[1", 400, "Invalid JSON: "),
    ({"type": "alias", "event": "nobody maps this"}, 400, "'type' must be track or identify"),
    ({"type": "track", "event": "nobody maps this"}, 400, "Event mapping not found"),
    ({"event": "product_viewed"}, 400, "Missing required field: type, timestamp, "),
    (track(), 200, "OK"),
]


@pytest.mark.parametrize(("body", "status", "text"), STEPS, ids=["json", "types", "mapping", "fields", "fine"])
def test_collect_event_then_reads_json_then_types_then_mapping_then_fields(body: Any, status: int, text: str) -> None:
    assert message(collector(), body, status).startswith(text)


def refusals() -> list[tuple[str, Response]]:
    calls = collector()
    bodies = [b"", b"\xff", b"[]", b'"x"', orjson.dumps({"events": []}), orjson.dumps(track()), b"[" * 2000]
    return [("POST", calls.send("POST", PATH, body)) for body in bodies] + [
        ("PATCH", calls.send("PATCH", PATH)),
        ("POST", calls.send("POST", PATH, authorization="x")),
        ("POST", calls.send("POST", "/behavioral/other")),
    ]


def test_collect_event_answers_always_in_one_envelope() -> None:
    for _, response in refusals():
        body = orjson.loads(response.body)
        assert body.keys() == {"message", "request_id"}
        assert body["request_id"] == response.headers["x-request-id"]


def test_collect_event_refusals_are_recorded_where_the_key_belongs() -> None:
    calls = collector()
    calls.send("POST", PATH, authorization="x")
    calls.send("PUT", PATH)
    calls.send("POST", "/behavioral/other")
    assert [(entry.status, entry.workspace) for entry in calls.entries] == [
        (401, "default"),
        (405, "default"),
        (404, ""),
    ]


@pytest.mark.parametrize("path", ["/", "/behavioral", "/behavioral/", f"{PATH}/events", "/users/track", "/health"])
@pytest.mark.parametrize("host", ["collector.movableink-dmz.com", "collector.micpn-eu.com"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_paths_of_the_hosts_are_text(path: str, host: str, method: str) -> None:
    response = collector().send(method, path, b"{}", host=host)
    assert (response.status, response.body) == (404, b"404 page not found")
    assert response.headers["Content-Type"] == "text/plain"
    assert response.headers["x-request-id"]


# types


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "the body must be one event"),
        ("text", "the body must be one event"),
        (track(timestamp="1767225600"), SECONDS),
        (track(timestamp="2026-01-01T00:00:00Z"), SECONDS),
        (track(timestamp=True), SECONDS),
        (track(type="page"), "'type' must be track or identify"),
        (track(user_id=7), "'user_id' must be a text"),
        (track(event=["x"]), "'event' must be a text"),
        (track(properties=[]), "'properties' must be an object"),
        ({"events": {}}, "'events' must be an array"),
        ({"events": []}, "'events' must not be empty"),
        ({"events": [track(timestamp="1")]}, SECONDS),
        ({"events": [track()] * 1001}, "'events' has more than 1000 events"),
    ],
)
def test_collect_event_refuses_wrong_types(body: Any, text: str) -> None:
    assert message(collector(), orjson.dumps(body)).startswith(text)


def test_collect_event_lenient_reads_small_timestamps_as_seconds() -> None:
    calls = collector("lenient")
    for sent, kept in ((1767225600, 1767225600000), (1767225600.5, 1767225600500), (10**11, 10**11)):
        message(calls, track(timestamp=sent), 200)
        assert stored(calls)[-1]["timestamp"] == kept
        assert calls.fates == ([("/timestamp", "repaired")] if sent != kept else [])


def test_collect_event_lenient_makes_numbers_only_where_a_number_is_wanted() -> None:
    calls = collector("lenient")
    assert message(calls, track(timestamp="1767225600000", properties="5")) == "'properties' must be an object"
    assert calls.fates == [("/timestamp", "repaired")]
    message(calls, track(timestamp="1767225600000", user_id="5"), 200)
    assert stored(calls)[0]["user_id"] == "5"


def test_collect_event_takes_a_timestamp_in_seconds_for_milliseconds_and_says_so() -> None:
    calls = collector()
    message(calls, track(timestamp=1767225600), 200)
    assert calls.fates == [("/timestamp", "movable_ink_seconds")]
    assert stored(calls)[0]["timestamp"] == 1767225600
    message(calls, track(timestamp=10**11), 200)
    assert calls.fates == []


@pytest.mark.parametrize(
    ("value", "kept"), [("24.5", 24.5), ("24", 24), ("-1", -1), ("about 24", "about 24"), ("", "")]
)
def test_collect_event_text_of_a_number(value: str, kept: Any) -> None:
    body = track(properties={"id": "sku-9", "price": value})
    strict, lenient = collector(), collector("lenient")
    message(strict, body, 200)
    message(lenient, body, 200)
    assert stored(strict)[0]["fields"]["Price"] == value
    assert stored(lenient)[0]["fields"]["Price"] == kept
    told = [("/properties/price", "movable_ink_number_as_text")] if value else []
    assert strict.fates == told
    assert lenient.fates == ([("/properties/price", "repaired")] if kept != value else told)


# required fields


MISSING = [
    (track(user_id=...), "user_id or userId or anonymous_id or anonymousId"),
    (track(user_id="", anonymous_id=None), "user_id or userId or anonymous_id or anonymousId"),
    (track(timestamp=...), "timestamp"),
    (track(timestamp=None), "timestamp"),
    (track(type=...), "type"),
    (track(properties={"title": "Lamp"}), "properties.id or properties.product_id"),
    (track(properties={"id": ""}), "properties.id or properties.product_id"),
    (track(properties=...), "properties.id or properties.product_id"),
    (track("Product Added", properties={"name": "Lamp"}), "properties.id or properties.product_id"),
    (track("product_removed", properties={}), "properties.id or properties.product_id"),
    (track("search", properties={"url": "/"}), "properties.query"),
    (track("Products Searched", properties={}), "properties.query"),
    (track("category_viewed", properties={}), "properties.id or properties.category_id or properties.product_id"),
    (track("order_completed", properties={"id": "o-1"}), "properties.products"),
    (track("order_completed", properties={"products": []}), "properties.products"),
    (track("order_completed", properties={"products": "sku-9"}), "properties.products"),
    (
        track("order_completed", properties={"products": [{"id": "a"}, {"title": "b"}, 7]}),
        "properties.products[1].id or properties.products[1].product_id, "
        "properties.products[2].id or properties.products[2].product_id",
    ),
    ({**identify(), "anonymous_id": ""}, "anonymous_id or anonymousId"),
    ({**identify(), "user_id": None}, "user_id or userId"),
    ({**identify(), "user_id": "", "anonymous_id": ""}, "user_id or userId, anonymous_id or anonymousId"),
    (
        {"events": [track(), track(timestamp=...), track("search", properties={})]},
        "events[1].timestamp, events[2].properties.query",
    ),
]


@pytest.mark.parametrize(("body", "names"), MISSING, ids=range(len(MISSING)))
def test_collect_event_names_every_required_field_that_is_missing(body: Any, names: str) -> None:
    calls = collector()
    assert message(calls, body) == f"Missing required field: {names}"
    assert stored(calls) == []


def test_collect_event_does_not_name_thousands_of_missing_fields() -> None:
    told = message(collector(), {"events": [track(timestamp=...)] * 1000})
    assert told.endswith("events[19].timestamp and 980 more")


# all or nothing, and where


def test_collect_event_stays_in_the_workspace_of_its_key() -> None:
    emulator = Emulator()
    emulator.workspaces.mint("a", {})
    request = Request("POST", "/behavioral/mi-a", "", {"authorization": basic("user:pass-a")}, orjson.dumps(track()))
    assert emulator.answer(request).status == 200
    assert len(emulator.workspaces.all["a"].view().movable_ink_events) == 1
    assert len(emulator.workspaces.default.view().movable_ink_events) == 0
