"""The control API over Flask: every route is described, errors are problem documents, each action does what it says."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator import clock
from emulator.app import create_app
from emulator.control.routes import ROUTES, document
from emulator.pipeline import Emulator

SEED = {"api_keys": [{"key": "k1"}], "partners": {"your_partner": {"tokens": ["t1"]}}}
HOOK = "/partners/your_partner/webhook"


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(SEED)


@pytest.fixture
def web(emulator: Emulator) -> FlaskClient:
    return create_app(emulator).test_client()


def hook(web: FlaskClient, body: Any = None, token: str = "t1") -> Any:
    return web.post(HOOK, json=body if body is not None else {"a": 1}, headers={"Authorization": f"Bearer {token}"})


def control(web: FlaskClient, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = web.open(f"/_emulator{path}", method=method, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def refusal(web: FlaskClient, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = web.open(f"/_emulator{path}", method=method, json=body)
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return answer.status_code, answer.json["detail"]


def test_the_document_describes_every_route() -> None:
    described = document()["paths"]
    for route in ROUTES:
        path = "/_emulator" + route.template
        assert described[path][route.method.lower()]["summary"] == route.summary
    names = [operation["operationId"] for path in described.values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "GET" and "<" not in r.path], ids=lambda r: r.path)
def test_every_plain_reading_answers(web: FlaskClient, route: Any) -> None:
    assert web.get(f"/_emulator{route.path}").status_code == 200


def test_health_says_what_is_served(web: FlaskClient) -> None:
    told = control(web, "GET", "/health")
    assert (told["status"], told["workspaces"], told["operations"] > 10) == ("ok", ["default"], True)


@pytest.mark.parametrize("query", ["", "?workspace=default", "?workspace=nobody", "?nothing=1"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Host": "evil.example"}], ids=str)
def test_health_tells_a_stranger_only_that_the_emulator_is_up(
    emulator: Emulator, headers: dict[str, str], query: str
) -> None:
    web = create_app(emulator, "secret").test_client()
    answer = web.get(f"/_emulator/health{query}", headers=headers)
    assert (answer.status_code, set(answer.json)) == (200, {"status", "version"})


def test_health_tells_a_page_of_another_host_only_that_the_emulator_is_up(web: FlaskClient) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert set(web.get("/_emulator/health", headers=headers).json) == {"status", "version"}


def test_health_tells_the_details_with_the_token(emulator: Emulator) -> None:
    web = create_app(emulator, "secret").test_client()
    told = web.get("/_emulator/health", headers={"Authorization": "Bearer secret"}).json
    assert told["workspaces"] == ["default"]


def test_the_journal_shows_an_exchange_with_its_credentials_cut(web: FlaskClient) -> None:
    hook(web, {"n": 7})
    found = control(web, "GET", "/journal?service=your_partner")
    (entry,) = found["entries"]
    assert entry["request"]["body"] == {"n": 7}
    assert entry["request"]["headers"]["authorization"] == "Bearer …"
    assert (
        control(web, "GET", f"/journal/{entry['id']}?reveal=true")["request"]["headers"]["authorization"] == "Bearer t1"
    )


def test_the_journal_is_searched_by_a_json_subset_of_the_body(web: FlaskClient) -> None:
    hook(web, {"n": 1, "more": True})
    hook(web, {"n": 2})
    found = control(web, "GET", '/journal?body={"n":2}')
    assert [entry["request"]["body"] for entry in found["entries"]] == [{"n": 2}]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/journal?colour=red", None, 400, "colour"),
        ("GET", "/journal/999", None, 404, "999"),
        ("POST", "/clock/advance", {}, 400, "by"),
        ("POST", "/clock/advance", {"by": "soon"}, 400, "soon"),
        ("POST", "/clock/advance", {"by": -5}, 400, "forward"),
        ("POST", "/clock/freeze", {"at": "yesterday"}, 400, "yesterday"),
        ("POST", "/faults", {"status": 500, "wen": {}}, 400, "wen"),
        ("POST", "/faults", {"when": {"op": "x"}, "status": 500}, 400, "op"),
        ("POST", "/faults", {}, 400, "status"),
        ("DELETE", "/faults/none", None, 404, "none"),
        ("POST", "/seed", {"api_keys": [{}]}, 400, "api_keys[0]"),
        ("POST", "/workspaces", {"name": "default"}, 400, "default"),
        ("DELETE", "/workspaces/default", None, 400, "reset"),
        ("GET", "/workspaces/none", None, 404, "none"),
        ("POST", "/snapshots/none/restore", None, 404, "none"),
        ("GET", "/state/none", None, 404, "none"),
        ("GET", "/profiles/none", None, 404, "none"),
        ("GET", "/explain/none", None, 404, "none"),
        ("GET", "/schemas/none", None, 404, "none"),
        ("GET", "/services/openapi.json?service=none", None, 404, "none"),
        ("GET", "/clock?workspace=none", None, 404, "none"),
        ("GET", "/nowhere", None, 404, ""),
        ("POST", "/health", None, 405, ""),
    ],
)  # fmt: skip
def test_bad_input_gets_a_problem_that_names_it(
    web: FlaskClient, method: str, path: str, body: Any, status: int, said: str
) -> None:
    found, detail = refusal(web, method, path, body)
    assert found == status
    assert said in detail


def test_a_body_that_is_not_json_is_refused(web: FlaskClient) -> None:
    assert web.post("/_emulator/reset", data="{", content_type="application/json").status_code == 400
    assert web.post("/_emulator/reset", data="a=b", content_type="application/x-www-form-urlencoded").status_code == 400


def test_verify_counts_and_shows_what_came_near(web: FlaskClient) -> None:
    hook(web, {"n": 1})
    assert control(web, "POST", "/verify", {"service": "your_partner", "count": 1})["found"] == 1
    answer = web.post("/_emulator/verify", json={"service": "your_partner", "body": {"n": 2}})
    assert answer.status_code == 409
    assert answer.json["nearest"][0]["differs"] == ["body/n: expected 2, found 1"]


def test_wait_returns_when_the_exchange_arrives(web: FlaskClient) -> None:
    later = threading.Timer(0.1, hook, (web,))
    later.start()
    found = control(web, "POST", "/wait", {"service": "your_partner", "timeout": "5s"})
    assert len(found["entries"]) == 1
    later.join()


def test_wait_gives_up_with_near_misses(web: FlaskClient) -> None:
    status, detail = refusal(web, "POST", "/wait", {"service": "inkit", "timeout": 0})
    assert (status, "0 of 1" in detail) == (409, True)


def test_a_caller_who_has_waited_makes_room_for_the_next(web: FlaskClient) -> None:
    for _ in range(10):
        assert "0 of 1" in refusal(web, "POST", "/wait", {"service": "inkit", "timeout": 0})[1]


def test_waiting_leaves_a_thread_to_answer(emulator: Emulator, web: FlaskClient) -> None:
    for _ in range(3):
        emulator.waiters.acquire()
    status, detail = refusal(web, "POST", "/wait", {"service": "inkit", "timeout": "10s"})
    assert (status, "--threads" in detail) == (409, True)


def test_a_fault_fires_once_and_is_told_in_the_journal(web: FlaskClient) -> None:
    armed = control(web, "POST", "/faults", {"when": {"service": "your_partner"}, "status": 503, "body": {"no": 1}})
    assert (hook(web).status_code, hook(web).status_code) == (503, 202)
    assert control(web, "GET", "/faults")[0]["fired"] == 1
    notes = [entry["note"] for entry in control(web, "GET", "/journal")["entries"]]
    assert armed["id"] in notes[0]


def test_an_unused_fault_is_a_violation_until_it_is_disarmed(web: FlaskClient) -> None:
    armed = control(web, "POST", "/faults", {"when": {"service": "inkit"}, "status": 500})
    assert control(web, "GET", "/violations")["violations"] == [f"armed, but never fired: {armed['id']}"]
    control(web, "DELETE", f"/faults/{armed['id']}")
    assert control(web, "GET", "/violations")["violations"] == []
    control(web, "POST", "/faults", {"status": 500})
    assert control(web, "DELETE", "/faults") == []


def test_violations_name_unmatched_requests_and_silent_losses(web: FlaskClient) -> None:
    web.get("/nope", headers={"Authorization": "Bearer k1"})
    web.post(HOOK, data='{"a":1,"a":2}', content_type="application/json", headers={"Authorization": "Bearer t1"})
    found = control(web, "GET", "/violations")["violations"]
    assert [text.split(":")[0] for text in found] == ["no operation", "lost silently"]


def test_the_clock_freezes_advances_and_runs_again(web: FlaskClient) -> None:
    frozen = control(web, "POST", "/clock/freeze", {"at": "2026-01-02T03:04:05Z"})
    assert (frozen["now"], frozen["frozen"]) == ("2026-01-02T03:04:05.000Z", True)
    assert control(web, "POST", "/clock/advance", {"by": "1h30m"})["now"] == "2026-01-02T04:34:05.000Z"
    assert control(web, "POST", "/clock/resume")["frozen"] is False
    assert control(web, "GET", "/clock")["now"] >= "2026-01-02T04:34:05.000Z"


def test_a_minted_workspace_has_credentials_of_its_own(web: FlaskClient) -> None:
    minted = control(web, "POST", "/workspaces", {"name": "mine"})
    assert set(minted["credentials"]) >= {"braze", "inkit", "movable_ink", "passkit", "ketch:org", "your_partner"}
    token = minted["credentials"]["your_partner"][0]["credential"]
    assert (hook(web, token=token).status_code, hook(web, token="else").status_code) == (202, 401)
    mine = control(web, "GET", "/journal", **{"X-Emulator-Workspace": "mine"})["entries"]
    assert [entry["workspace"] for entry in mine] == ["mine"]
    assert [one["name"] for one in control(web, "GET", "/workspaces")] == ["default", "mine"]
    assert control(web, "GET", "/workspaces/mine") == minted
    control(web, "DELETE", "/workspaces/mine")
    assert hook(web, token=token).status_code == 401


def test_a_branch_begins_where_its_source_is(web: FlaskClient, emulator: Emulator) -> None:
    with emulator.workspaces.default.transaction() as draft:
        draft.tags["kept"] = {}
    branch = control(web, "POST", "/workspaces/default/branch", {"as": "what-if"})
    assert control(web, "GET", "/state/tags", **{"X-Emulator-Workspace": branch["name"]}) == {"kept": {}}
    assert branch["credentials"]["braze"][0]["credential"] != "k1"


def test_snapshots_restore_and_reset_returns_to_the_seed(web: FlaskClient, emulator: Emulator) -> None:
    control(web, "POST", "/snapshots", {"name": "before"})
    with emulator.workspaces.default.transaction() as draft:
        draft.tags["new"] = {}
    assert control(web, "GET", "/state")["tags"]["records"] == 1
    control(web, "POST", "/snapshots/before/restore")
    assert control(web, "GET", "/state")["tags"]["records"] == 0
    assert control(web, "GET", "/snapshots") == ["before"]
    control(web, "POST", "/reset")
    assert control(web, "GET", "/state")["api_keys"]["records"] == 1
    assert control(web, "GET", "/journal")["entries"] == []


def test_a_posted_seed_replaces_state_and_credentials(web: FlaskClient) -> None:
    control(web, "POST", "/seed", {"tags": ["a"], "partners": {"your_partner": {"tokens": ["t2"]}}})
    assert (hook(web, token="t1").status_code, hook(web, token="t2").status_code) == (401, 202)
    assert control(web, "GET", "/seed")["tags"] == ["a"]
    assert control(web, "GET", "/state/tags") == {"a": {}}


def test_explain_shows_everything_under_one_trace(web: FlaskClient) -> None:
    answer = hook(web)
    trace = answer.headers["X-Emulator-Trace"]
    by_id = control(web, "GET", f"/explain/{answer.headers['X-Emulator-Entry']}")
    assert by_id == control(web, "GET", f"/explain/{trace}")
    assert [entry["trace"] for entry in by_id["entries"]] == [trace]


def test_clearing_forgets_one_workspace_or_all(web: FlaskClient) -> None:
    control(web, "POST", "/workspaces", {"name": "other"})
    key = control(web, "GET", "/workspaces/other")["credentials"]["your_partner"][0]["credential"]
    web.post("/partners/your_partner/webhook", json={}, headers={"Authorization": f"Bearer {key}"})
    hook(web)
    assert control(web, "DELETE", "/journal")["kept"] == 1
    assert control(web, "DELETE", "/journal?workspace=*")["kept"] == 0


def test_the_default_workspace_shows_what_belongs_to_nobody_too(web: FlaskClient) -> None:
    control(web, "POST", "/workspaces", {"name": "other"})
    web.get("/nope")
    found = [len(control(web, "GET", f"/journal?workspace={name}")["entries"]) for name in ("default", "other", "*")]
    assert found == [1, 0, 1]
    assert len(control(web, "GET", "/violations")["violations"]) == 1
    assert control(web, "POST", "/reset") == {"reset": "default"}
    assert control(web, "GET", "/journal?workspace=*")["entries"] == []


def test_settle_says_what_is_still_to_come(web: FlaskClient) -> None:
    assert control(web, "POST", "/settle") == {"attempts": 0, "next_due": None}


def test_operations_rules_and_schemas_are_listed(web: FlaskClient) -> None:
    assert [one["id"] for one in control(web, "GET", "/operations?service=your_partner")] == ["receive_webhook"]
    assert control(web, "GET", "/rules")["duplicate_key"]["loss"] is True
    assert "partners" in control(web, "GET", "/schemas/seed")["properties"]
    assert HOOK in control(web, "GET", "/services/openapi.json?service=your_partner")["paths"]


def test_a_foreign_host_name_reaches_the_services_but_not_the_control_api(web: FlaskClient) -> None:
    answer = web.get("/_emulator/journal", headers={"Host": "evil.example"})
    assert (answer.status_code, "evil.example" in answer.json["detail"]) == (403, True)
    assert web.get("/_emulator/health", headers={"Host": "evil.example"}).status_code == 200


def test_a_control_token_is_demanded_when_there_is_one(emulator: Emulator) -> None:
    web = create_app(emulator, "secret").test_client()
    assert web.get("/_emulator/journal").status_code == 403
    assert web.get("/_emulator/journal", headers={"Authorization": "Bearer secret"}).status_code == 200
    assert web.get("/_emulator/health").status_code == 200


def test_a_delay_is_real_time(web: FlaskClient) -> None:
    control(web, "POST", "/faults", {"when": {"service": "your_partner"}, "delay": "60ms"})
    started = clock.stopwatch()
    assert hook(web).status_code == 202
    assert clock.stopwatch() - started > 0.05


ODD: dict[str, tuple[str, str, Any, int]] = {
    "a number too long": ("GET", "/journal?limit=99999999999999999999999", None, 400),
    "a number below zero": ("GET", "/journal?limit=-1", None, 400),
    "an id too long": ("GET", "/journal/99999999999999999999999", None, 404),
    "an id of other digits": ("GET", "/journal/\N{SUPERSCRIPT TWO}", None, 404),
    "a trace of other digits": ("GET", "/explain/\N{SUPERSCRIPT TWO}", None, 404),
    "a body too deep": ("POST", "/verify", b'{"body":' + b"[" * 900 + b"]" * 900 + b"}", 400),
    "a query too deep": ("GET", "/journal?body=" + "[" * 900 + "]" * 900, None, 400),
    "a key that stands twice": ("POST", "/faults", b'{"status": 500, "status": 501}', 400),
    "a count below zero": ("POST", "/verify", b'{"count": -1}', 400),
    "a clock beyond time": ("POST", "/clock/freeze", b'{"at": "9999-12-31T00:00:00Z"}', 400),
    "an unknown operation": ("GET", "/nothing", None, 404),
    "an unknown method": ("PUT", "/journal", None, 405),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_input_is_a_problem_of_the_caller(web: FlaskClient, name: str) -> None:
    hook(web, {"a": [[1]]})
    method, path, body, status = ODD[name]
    answer = web.open(f"/_emulator{path}", method=method, data=body, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    assert "server" not in answer.json["detail"]


def test_the_deepest_body_that_is_taken_can_be_compared_and_shown(web: FlaskClient) -> None:
    deep: Any = []
    for _ in range(230):
        deep = [deep]
    hook(web, {"a": deep})
    assert control(web, "POST", "/verify", {"body": {"a": deep}})["found"] == 1


def test_a_clock_does_not_leave_the_calendar(web: FlaskClient) -> None:
    control(web, "POST", "/clock/freeze", {"at": "8999-12-01T00:00:00Z"})
    assert refusal(web, "POST", "/clock/advance", {"by": "60d"})[0] == 400
    assert control(web, "GET", "/clock")["now"] == "8999-12-01T00:00:00.000Z"


def test_a_body_may_select_the_workspace(web: FlaskClient) -> None:
    control(web, "POST", "/workspaces", {"name": "other"})
    hook(web)
    assert control(web, "POST", "/verify", {"workspace": "other", "count": 0})["found"] == 0
    assert control(web, "POST", "/verify", {"workspace": "*", "count": 1})["found"] == 1
    control(web, "POST", "/faults", {"workspace": "other", "status": 500})
    assert (control(web, "GET", "/faults"), len(control(web, "GET", "/faults?workspace=other"))) == ([], 1)
    assert refusal(web, "POST", "/verify", {"workspace": "nobody"})[0] == 404


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("http://localhost:3000", 200), ("http://127.0.0.1", 200)],
)
def test_a_web_page_of_another_host_is_refused(web: FlaskClient, origin: str, status: int) -> None:
    """A page can post without a body anywhere; a browser says whose page it is."""
    assert web.post("/_emulator/reset", headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/"])
def test_the_bare_address_lists_what_there_is(web: FlaskClient, path: str) -> None:
    listed = web.get(path).json
    assert {"operation": "GET /_emulator/journal", "summary": "Find recorded exchanges, oldest first."} in listed
    assert len(listed) == len(ROUTES)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/seed", '{"tags": [],\n"api_keys": [\n{}]}', "the body, line 3: api_keys[0]: 'key' is a required property"),
        ("/seed", '{"tags": [],\n\n"clock": {"now": "2026-13-01"}}', "the body, line 3: clock.now: "),
        ("/workspaces", '{"seed": {\n"api_keys": [{}]}}', "the body, line 2: seed.api_keys[0]: 'key' is"),
        ("/seed", '{"api_keys": [{}]}', "seed.api_keys[0]: 'key' is"),
        ("/workspaces", '{\n"name": "default"}', "workspace 'default' exists already"),
    ],
)
def test_errors_of_a_posted_seed_name_its_lines(web: FlaskClient, path: str, body: str, told: str) -> None:
    answer = web.post(f"/_emulator{path}", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["detail"].startswith(told)) == (400, True), answer.json
