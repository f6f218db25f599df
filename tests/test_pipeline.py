"""The life of a request: the order of its steps, all or nothing, what is recorded; and bad input to every service."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from emulator import faults, operations
from emulator.call import Request, Response
from emulator.operations import Operation, Service
from emulator.pipeline import MAX_HEADER_BYTES, Emulator
from tests import toy
from tests.conftest import Client

CLOSED: dict[str, Any] = {
    **toy.FROZEN,
    "api_keys": [{"key": "all"}, {"key": "none", "permissions": []}, {"key": "track", "permissions": ["users.track"]}],
}
MAKE = "/things/make"


@pytest.fixture
def client() -> Client:
    return toy.client(CLOSED)


def use_up(client: Client) -> None:
    """The bucket of MAKE takes three calls a minute."""
    for _ in range(3):
        client.post(MAKE, {"name": "one"}, authorization="Bearer track")


def arm(client: Client, **fault: Any) -> None:
    client.emulator.workspaces.default.faults.append(faults.parse({"status": 503, "times": None, **fault}, "fault-1"))


def table(client: Client) -> dict[str, Any]:
    return dict(client.emulator.workspaces.default.state["tags"])


# the order of the steps: each case breaks two of them, and the earlier one answers

BAD_KEY = {"authorization": "Bearer nobody"}
NO_PERMISSION = {"authorization": "Bearer none"}
GOOD_KEY = {"authorization": "Bearer track"}
NOT_JSON = {"content_type": "text/plain"}
HUGE = {"x_huge": "x" * (MAX_HEADER_BYTES + 1)}
BIG = b" " * 4_194_305

ORDER: dict[str, tuple[int, str, str, Any, dict[str, str]]] = {
    "unknown path before bad key": (404, "POST", "/nowhere", {}, BAD_KEY),
    "unknown path before huge headers": (404, "POST", "/nowhere", {}, HUGE),
    "unknown path before too large": (404, "POST", "/nowhere", BIG, GOOD_KEY),
    "huge headers before wrong method": (431, "GET", MAKE, {}, HUGE),
    "wrong method before bad key": (405, "GET", MAKE, {}, BAD_KEY),
    "wrong method before too large": (405, "PUT", MAKE, BIG, GOOD_KEY),
    "too large before bad key": (413, "POST", MAKE, BIG, BAD_KEY),
    "bad key before bad content type": (401, "POST", MAKE, {}, {**BAD_KEY, **NOT_JSON}),
    "bad key before bad JSON": (401, "POST", MAKE, "{", BAD_KEY),
    "bad key before invalid": (401, "POST", MAKE, {}, BAD_KEY),
    "no key before invalid": (401, "POST", MAKE, {}, {"authorization": ""}),
    "permission before bad content type": (403, "POST", MAKE, {}, {**NO_PERMISSION, **NOT_JSON}),
    "permission before invalid": (403, "POST", MAKE, {}, NO_PERMISSION),
    "content type before bad JSON": (415, "POST", MAKE, "{", {**GOOD_KEY, **NOT_JSON}),
    "content type before invalid": (415, "POST", MAKE, {}, {**GOOD_KEY, **NOT_JSON}),
    "bad JSON": (400, "POST", MAKE, "{", GOOD_KEY),
    "invalid": (400, "POST", MAKE, {}, GOOD_KEY),
    "nothing wrong": (201, "POST", MAKE, {"name": "one"}, GOOD_KEY),
}


@pytest.mark.parametrize("case", ORDER)
def test_the_earlier_step_answers(client: Client, case: str) -> None:
    status, method, path, body, headers = ORDER[case]
    assert client.send(method, path, body, **headers).status == status
    assert [entry.status for entry in client.entries] == [status]


LIMITED: dict[str, tuple[int, Any, dict[str, str]]] = {
    "bad key before limit": (401, {}, BAD_KEY),
    "permission before limit": (403, {}, NO_PERMISSION),
    "limit before bad content type": (429, {}, {**GOOD_KEY, **NOT_JSON}),
    "limit before invalid": (429, {}, GOOD_KEY),
    "limit before bad JSON": (429, "{", GOOD_KEY),
}


@pytest.mark.parametrize("case", LIMITED)
def test_the_earlier_step_answers_when_the_limit_is_used_up(client: Client, case: str) -> None:
    status, body, headers = LIMITED[case]
    use_up(client)
    assert client.send("POST", MAKE, body, **headers).status == status


def test_limit_before_fault(client: Client) -> None:
    use_up(client)
    arm(client)
    assert client.send("POST", MAKE, {"name": "one"}, **GOOD_KEY).status == 429


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [(401, {}, BAD_KEY), (403, {}, NO_PERMISSION), (503, {}, GOOD_KEY), (503, "{", GOOD_KEY)],
)
def test_a_fault_before_comes_after_authentication_and_before_validation(
    client: Client, status: int, body: Any, headers: dict[str, str]
) -> None:
    arm(client)
    assert client.send("POST", MAKE, body, **headers).status == status
    assert table(client) == {}


# handle and commit


def test_a_fault_after_is_told_to_the_client_only(client: Client) -> None:
    arm(client, phase="after", headers={"X-Fault": "yes"}, body={"message": "gone"})
    response = client.send("POST", MAKE, {"name": "one"}, **GOOD_KEY)
    assert (response.status, response.headers["X-Fault"], response.body) == (503, "yes", b'{"message":"gone"}')
    assert len(table(client)) == 1
    assert (client.entries[0].status, client.entries[0].note) == (503, "fault fault-1 fired; ")


def test_a_fault_before_leaves_everything_as_it_was(client: Client) -> None:
    before = client.emulator.workspaces.default.state
    arm(client)
    client.post(MAKE, {"name": "one"}, **GOOD_KEY)
    assert client.emulator.workspaces.default.state is before


def test_an_api_error_drops_the_draft() -> None:
    client = toy.client()
    before = client.emulator.workspaces.default.state
    status, body = client.post("/things/refuse", {})
    assert (status, body["message"]) == (400, "too late")
    assert client.emulator.workspaces.default.state is before, "table, counter and outbox are untouched"
    assert [entry.direction for entry in client.entries] == ["in"]


def test_a_dropped_draft_does_not_use_up_identifiers() -> None:
    calm, shaken = toy.client(), toy.client()
    shaken.post("/things/refuse", {})
    assert calm.post(MAKE, {"name": "one"}) == shaken.post(MAKE, {"name": "one"})


def test_the_same_calls_give_the_same_state() -> None:
    first, second = toy.client(), toy.client()
    for name in ("a", "b"):
        assert first.post(MAKE, {"name": name}) == second.post(MAKE, {"name": name})
    assert first.emulator.workspaces.default.state == second.emulator.workspaces.default.state


def test_a_partial_operation_commits_what_is_valid() -> None:
    client = toy.client()
    status, body = client.post("/things/make_many", {"things": [{"name": "a"}, {"name": ""}, {}, {"name": "b"}]})
    assert (status, body["made"], sorted(body["errors"])) == (201, 2, ["1", "2"])
    assert len(table(client)) == 2


@pytest.mark.parametrize("things", [None, "x", {}, [{}] * 6], ids=["absent", "text", "object", "too many"])
def test_a_partial_operation_refuses_what_is_wrong_with_the_whole(things: Any) -> None:
    client = toy.client()
    assert client.post("/things/make_many", {} if things is None else {"things": things})[0] == 400
    assert table(client) == {}


def test_a_query_has_the_types_of_the_schema() -> None:
    client = toy.client()
    assert client.get("/things/list", "limit=2&all=true&other=1")[1]["args"] == {"limit": 2, "all": True, "other": "1"}


@pytest.mark.parametrize("limit", ["0", "x", "--5", "²", "1.5", "9" * 30, "9" * 5000, "", "%FF", "1&limit=2"])
def test_a_query_that_does_not_fit_is_refused(limit: str) -> None:
    assert toy.client().get("/things/list", f"limit={limit}")[0] == 400


def test_a_handlers_own_response_is_answered_as_it_is() -> None:
    response = toy.client().send("POST", "/things/send", {"urls": []})
    assert (response.status, response.headers["X-Toy"], response.body) == (202, "sent", b"queued")


# bugs of ours


def test_an_unknown_exception_is_recorded_and_raised_again() -> None:
    client = toy.client()
    before = client.emulator.workspaces.default.state
    with pytest.raises(RuntimeError, match="a bug of the toy"):
        client.post("/things/break", {})
    entry = client.entries[0]
    assert (entry.status, entry.operation) == (500, "break_down")
    assert "a bug of the toy" in entry.note and "Traceback" in entry.note
    assert client.emulator.workspaces.default.state is before


def test_after_a_bug_the_emulator_goes_on() -> None:
    client = toy.client()
    with pytest.raises(RuntimeError):
        client.post("/things/break", {})
    assert client.post(MAKE, {"name": "one"})[0] == 201


# the answer's headers, and the entry


def test_the_services_headers_are_on_every_answer() -> None:
    client = toy.client()
    good, bad = client.send("POST", MAKE, {"name": "a"}), client.send("POST", MAKE, {})
    assert good.headers["ETag"].startswith('W/"') and "ETag" not in bad.headers
    assert bad.headers["Cache-Control"] == "no-cache" and "Cache-Control" not in good.headers
    assert good.headers["X-Kind"] == bad.headers["X-Kind"] == "toy"
    assert good.headers["X-Request-Id"] != bad.headers["X-Request-Id"]


def test_the_same_body_has_the_same_etag() -> None:
    client = toy.client()
    first, second = (client.send("GET", "/things/list").headers["ETag"] for _ in range(2))
    assert first == second


def test_our_headers_lead_to_the_entry() -> None:
    client = toy.client()
    response = client.send("POST", MAKE, {"name": " a"})
    entry = client.emulator.journal.get(int(response.headers["X-Emulator-Entry"]))
    assert entry is not None
    assert entry.trace == response.headers["X-Emulator-Trace"]
    assert response.headers["X-Emulator-Fates"] == "refused"
    assert [(fate.pointer, fate.rule) for fate in entry.fates] == [("/name", "refused")]


def test_a_trace_that_the_client_sends_is_kept() -> None:
    client = toy.client()
    assert client.send("GET", "/things/list", x_emulator_trace="mine").headers["X-Emulator-Trace"] == "mine"
    assert client.entries[0].trace == "mine"


def test_a_hint_is_one_printable_line() -> None:
    response = toy.client().send("POST", "/nö\nwhere\x00😀" + "x" * 1000, {})
    hint = response.headers["X-Emulator-Hint"]
    assert hint.encode("latin-1").decode("latin-1").isprintable()
    assert len(hint) <= 500


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_link_that_was_encoded_as_a_whole_is_named(scheme: str) -> None:
    response = toy.client().send("GET", f"/{scheme}://pub1.pskt.io/c/ww0jir?data=e30=")
    assert response.status == 404
    assert response.headers["X-Emulator-Hint"].startswith("a whole address was URL-encoded")


def test_an_entry_holds_the_whole_exchange() -> None:
    client = toy.client()
    response = client.send("POST", MAKE, b'{"name": "a"}', query="x=1", x_other="y")
    entry = client.entries[0]
    assert (entry.direction, entry.service, entry.operation, entry.workspace) == (
        "in",
        "braze",
        "make_thing",
        "default",
    )
    assert (entry.method, entry.path, entry.query, entry.status) == ("POST", MAKE, "x=1", 201)
    assert (entry.request_body, entry.response_body) == (b'{"name": "a"}', response.body)
    assert entry.request_headers["x-other"] == "y" and entry.response_headers["X-Kind"] == "toy"
    assert entry.time == client.emulator.workspaces.default.clock.seconds()
    assert entry.ms > 0


def test_an_unmatched_request_is_recorded_too() -> None:
    client = toy.client()
    client.post("/nowhere", {"a": 1})
    assert [(entry.operation, entry.status) for entry in client.entries] == [("", 404)]


def test_an_example_answers_without_code() -> None:
    client = toy.client()
    response = client.send("POST", "/partner/me", b"anything")
    assert response.headers["X-Partner"] == "yes"
    assert orjson.loads(response.body)["at"] == "/partner/me"


def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    response = client.send("DELETE", MAKE, **GOOD_KEY)
    assert (response.status, response.headers["Allow"]) == (405, "POST")


# many at once


def at_once(count: int, action: Any) -> list[Any]:
    """Run `action(0)` … on as many threads, all let go at the same moment."""
    gate = threading.Barrier(count)

    def run(index: int) -> Any:
        gate.wait()
        return action(index)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # change threads as often as possible, so that a race is lost here and not at a user's
    try:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(run, range(count)))
    finally:
        sys.setswitchinterval(usual)


def test_nothing_is_lost_when_32_call_at_once() -> None:
    client = toy.client()
    things = [{"name": "x"}] * 5
    answers = at_once(32, lambda index: [client.post("/things/make_many", {"things": things})[0] for _ in range(5)])
    assert answers == [[201] * 5] * 32
    assert len(table(client)) == 32 * 5 * 5
    assert [entry.seq for entry in client.entries] == list(range(1, 161))


def test_a_fault_fires_as_often_as_it_should_when_32_call_at_once() -> None:
    client = toy.client()
    arm(client, times=7, skip=3)
    statuses = at_once(32, lambda index: client.send("GET", "/things/list").status)
    assert statuses.count(503) == 7


def test_a_limit_lets_the_right_number_through_when_32_call_at_once(client: Client) -> None:
    statuses = at_once(32, lambda index: client.send("POST", MAKE, {"name": "a"}, **GOOD_KEY).status)
    assert sorted(statuses) == [201] * 3 + [429] * 29


def test_deliveries_are_made_once_when_32_call_at_once() -> None:
    client = toy.client()
    at_once(32, lambda index: client.send("POST", "/things/send", {"urls": [f"http://partner.toy/partner/{index}"]}))
    assert client.emulator.journal.count(direction="out") == 32
    assert client.emulator.journal.count(service="your_partner", status=200) == 32
    assert len(client.emulator.workspaces.default.state["outbox"]) == 0


# bad input, to every service of the real house

LOADED = operations.load()
SERVICES = [pytest.param(service, id=service.name) for service in {o.service.name: o.service for o in LOADED}.values()]
OPERATIONS = [pytest.param(operation, id=operation.key) for operation in LOADED]
DEEP = [255, 300, 900, 1000, 1023, 1024, 1025, 2000, 100_000]
MANY_KEYS = b"{" + b",".join(b'"k%d":1' % number for number in range(200_000)) + b',"k1":2}'

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"  \n ",
    "half an object": b'{"a": ',
    "half a text": b'{"a": "b',
    "a trailing comma": b'{"a": 1,}',
    "a comment": b'{"a": 1} // one',
    "two documents": b"{}{}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a number too big": b'{"a": 1e999}',
    "a long number": b'{"a": ' + b"9" * 10_000 + b"}",
    "invalid UTF-8": b'{"a": "\xff\xfe"}',
    "half a surrogate": b'{"a": "\\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "zero bytes": b"\x00" * 64,
    "form fields": b"a=1&b=2",
    "XML": b"<a>1</a>",
    "only brackets": b"[{" * 600,
    "quotes": b'"' * 10_001,
    "backslashes": b'{"a": "' + b"\\" * 10_001,
}
"""Texts that are not JSON."""

STRANGE: dict[str, bytes] = {
    "duplicate keys": b'{"a": 1, "a": 2}',
    "many duplicate keys": MANY_KEYS,
    "duplicate keys in depth": b'{"a":' * 200 + b'{"b": 1, "b": 2}' + b"}" * 200,
    "null": b"null",
    "a number": b"1",
    "a text": b'"text"',
    "an array": b"[]",
    "array of everything": b'[null, true, 1, 1.5, "x", [], {}]',
    "an empty key": b'{"": {"": [""]}}',
    "a key of odd characters": '{"/~.$\\u0000\\n😀": 1}'.encode(),
    "a long key": b'{"' + b"k" * 100_000 + b'": 1}',
    "a long text": b'{"a": "' + b"x" * 1_000_000 + b'"}',
    "five megabytes": b'{"a": "' + b"x" * 5_000_000 + b'"}',
    "a wide array": b"[" + b"0," * 100_000 + b"0]",
    **{f"arrays {depth} deep": b"[" * depth + b"]" * depth for depth in DEEP},
    **{f"objects {depth} deep": b'{"a":' * depth + b"1" + b"}" * depth for depth in DEEP},
    **{f"an attribute {depth} deep": b'{"attributes":[' + b"[" * depth + b"]" * depth + b"]}" for depth in DEEP},
}
"""JSON, or as good as, that is wrong for every operation or unusual for all."""


def first_operation(service: Service) -> Operation:
    """An operation of the service that reads a JSON body, or any."""
    own = [operation for operation in LOADED if operation.service is service]
    return next((operation for operation in own if operation.body == "json"), own[0])


def credentials(service: Service) -> dict[str, str]:
    """Headers that every service takes while its credentials are open."""
    basic = "Basic dXNlcjpwYXNzd29yZA=="
    return {"authorization": basic if service.data["auth"] in ("inkit", "movable_ink") else "Bearer anything"}


def ask(emulator: Emulator, service: Service, body: bytes, **more: Any) -> Response:
    return ask_operation(emulator, first_operation(service), body, **more)


def ask_operation(emulator: Emulator, operation: Operation, body: bytes, **more: Any) -> Response:
    path = operation.data["path"].replace(":path}", "}").replace("{", "").replace("}", "")
    headers = {"content-type": "application/json", **credentials(operation.service), **more.pop("headers", {})}
    method, path = more.get("method", operation.method), more.get("path", path)
    return emulator.answer(Request(method, path, more.get("query", ""), headers, body))


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    """It counts calls and refuses none: so many would be over the smaller rate limits."""
    return Emulator({"settings": {"rate_limits": "count"}})


def check(emulator: Emulator, service: Service, response: Response, *kinds: str) -> None:
    """The service's own error of one of these kinds, recorded; and the emulator keeps serving."""
    entry = emulator.journal.get(int(response.headers["X-Emulator-Entry"]))
    assert entry is not None and entry.status == response.status
    assert entry.service == service.name
    assert b"Traceback" not in response.body and not entry.note.startswith("Traceback")
    assert response.status != 500
    if kinds:
        assert response.status in {service.errors[kind]["status"] for kind in kinds if kind in service.errors}
    unknown = ask(emulator, service, b"{}", path=f"{service.data['prefixes'][0].rstrip('/')}/no/such/path-1")
    assert unknown.status == service.errors["not_found"]["status"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_not_json_gets_the_services_own_error(emulator: Emulator, service: Service, what: str) -> None:
    response = ask(emulator, service, BODIES[what])
    if first_operation(service).body == "json":
        check(emulator, service, response, "malformed", "invalid", "unauthenticated", "not_found")
    else:
        check(emulator, service, response)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("what", STRANGE)
def test_a_strange_body_does_not_disturb(emulator: Emulator, service: Service, what: str) -> None:
    check(emulator, service, ask(emulator, service, STRANGE[what]))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_body_disturbs_an_operation(emulator: Emulator, operation: Operation) -> None:
    """Every operation, every body that is not too long for so many calls; an exception would come out here."""
    for body in (*BODIES.values(), *STRANGE.values()):
        if len(body) < 10_000:
            assert ask_operation(emulator, operation, body).status != 500


@pytest.mark.parametrize("service", SERVICES)
def test_five_megabytes_are_too_large_where_the_service_has_a_limit(emulator: Emulator, service: Service) -> None:
    if service.data.get("max_body_bytes"):
        check(emulator, service, ask(emulator, service, STRANGE["five megabytes"]), "too_large")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/json/x", "\xff"])
def test_another_content_type(emulator: Emulator, service: Service, kind: str) -> None:
    response = ask(emulator, service, b"{}", headers={"content-type": kind})
    if service.data.get("requires_json"):
        check(emulator, service, response, "unsupported_media_type")
    else:
        check(emulator, service, response)


@pytest.mark.parametrize("service", SERVICES)
def test_huge_headers(emulator: Emulator, service: Service) -> None:
    response = ask(emulator, service, b"{}", headers={"x-huge": "x" * 100_000})
    check(emulator, service, response, "headers_too_large")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT", "post", ""])
def test_an_unknown_method(emulator: Emulator, service: Service, method: str) -> None:
    check(emulator, service, ask(emulator, service, b"{}", method=method), "method_not_allowed", "not_found")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("end", ["/no/such/path-1", "/../../etc/passwd", "//", "/\x00", "/😀", "/" + "x" * 100_000])
def test_a_wrong_path(emulator: Emulator, service: Service, end: str) -> None:
    """Some prefixes are followed by a key, so that some of these find an operation after all."""
    prefix = service.data["prefixes"][0].rstrip("/")
    kinds = ("not_found", "method_not_allowed", "malformed", "invalid")
    check(emulator, service, ask(emulator, service, b"{}", path=prefix + end), *kinds)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Basic", "Basic !", "Basic gA==", "Basic Og==", "\xff", "x" * 10_000, "Digest a=b"],
)
def test_a_strange_authorization(emulator: Emulator, service: Service, value: str) -> None:
    check(emulator, service, ask(emulator, service, b"{}", headers={"authorization": value}))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "query", ["&&&", "=", "%", "%ff=%ff", "a[]=1&a=2&a[b]=3", "[]=1", "limit=--1&offset=²", "x" * 30_000]
)
def test_a_strange_query(emulator: Emulator, service: Service, query: str) -> None:
    check(emulator, service, ask(emulator, service, b"{}", query=query))
