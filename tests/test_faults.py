"""Failures that a test arms: when they fire, what the client sees, and how a wrong one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import clock, faults
from emulator.errors import ConfigError
from tests import toy
from tests.conftest import Client


def arm(client: Client, **fault: Any) -> faults.Fault:
    made = faults.parse({"status": 503, **fault}, f"fault-{len(client.emulator.workspaces.default.faults) + 1}")
    client.emulator.workspaces.default.faults.append(made)
    return made


def statuses(client: Client, count: int) -> list[int]:
    return [client.send("GET", "/things/list").status for _ in range(count)]


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ({}, [503, 200, 200, 200]),
        ({"times": 2}, [503, 503, 200, 200]),
        ({"times": None}, [503, 503, 503, 503]),
        ({"skip": 2}, [200, 200, 503, 200]),
        ({"skip": 1, "times": 2}, [200, 503, 503, 200]),
    ],
)
def test_a_fault_fires_as_often_as_it_says(fault: dict[str, Any], wanted: list[int]) -> None:
    client = toy.client()
    armed = arm(client, **fault)
    assert statuses(client, 4) == wanted
    assert armed.fired == wanted.count(503)


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ({}, True),
        ({"service": "braze"}, True),
        ({"service": "inkit"}, False),
        ({"operation": "list_things"}, True),
        ({"operation": "make_thing"}, False),
        ({"method": "GET"}, True),
        ({"method": "POST"}, False),
        ({"path": "/things/list"}, True),
        ({"path": "/things"}, False),
        ({"service": "braze", "method": "POST"}, False),
    ],
)
def test_a_fault_fires_for_the_calls_it_names(when: dict[str, str], fires: bool) -> None:
    client = toy.client()
    arm(client, when=when)
    assert statuses(client, 1) == [503 if fires else 200]


def test_the_answer_is_the_faults_own() -> None:
    client = toy.client()
    arm(client, status=502, headers={"Content-Type": "text/html"}, body="<h1>Bad Gateway</h1>")
    response = client.send("GET", "/things/list")
    assert (response.status, response.body, response.headers["Content-Type"]) == (
        502,
        b"<h1>Bad Gateway</h1>",
        "text/html",
    )


@pytest.mark.parametrize(("body", "raw"), [(None, b""), ("", b""), ("x", b"x"), ({"a": 1}, b'{"a":1}'), ([], b"[]")])
def test_the_body_may_be_text_or_json(body: Any, raw: bytes) -> None:
    client = toy.client()
    arm(client, body=body)
    assert client.send("GET", "/things/list").body == raw


def test_a_delay_alone_only_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(clock, "pause", waited.append)
    client = toy.client()
    made = faults.parse({"delay": "1.5s"}, "slow")
    client.emulator.workspaces.default.faults.append(made)
    assert statuses(client, 2) == [200, 200]
    assert (waited, made.fired) == ([1.5], 1)


def test_the_first_armed_fault_answers() -> None:
    client = toy.client()
    arm(client, status=500)
    arm(client, status=504)
    assert statuses(client, 3) == [500, 504, 200]


def test_a_fault_after_waits_for_a_call_that_was_handled() -> None:
    client = toy.client()
    arm(client, status=502, phase="after")
    arm(client, status=503, phase="before")
    assert statuses(client, 3) == [503, 502, 200]


def test_a_header_may_be_a_number() -> None:
    client = toy.client()
    arm(client, status=429, headers={"Retry-After": 3})
    assert client.send("GET", "/things/list").headers["Retry-After"] == "3"


def test_the_entry_names_the_fault() -> None:
    client = toy.client()
    arm(client)
    statuses(client, 1)
    assert client.entries[0].note.startswith("fault fault-1 fired")


def test_a_fault_for_unmatched_requests_does_not_exist() -> None:
    client = toy.client()
    arm(client, times=None)
    assert client.send("GET", "/nowhere").status == 404


def test_a_reset_disarms() -> None:
    client = toy.client()
    arm(client, times=None)
    client.emulator.workspaces.default.reset()
    assert statuses(client, 1) == [200]


def test_faults_of_another_workspace_do_not_fire() -> None:
    client = toy.client()
    client.emulator.workspaces.mint("other", {**toy.FROZEN, "api_keys": [{"key": "other-key"}]})
    arm(client, times=None)
    assert client.send("GET", "/things/list", authorization="Bearer other-key").status == 200


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"stauts": 503}, "fault: unknown field 'stauts'; known are body, delay"),
    "unknown condition": ({"status": 503, "when": {"verb": "GET"}}, "fault.when: unknown field 'verb'"),
    "condition that is no object": ({"status": 503, "when": "GET"}, "fault.when: use an object of texts"),
    "condition that is no text": ({"status": 503, "when": {"status": 1}}, "fault.when: use an object of texts"),
    "unknown phase": ({"status": 503, "phase": "during"}, "fault.phase: use before"),
    "status that is no number": ({"status": "503"}, "fault.status: use a number from 200 to 599"),
    "status of no final answer": ({"status": 199}, "fault.status: use a number from 200 to 599"),
    "status true": ({"status": True}, "fault.status: use a number"),
    "times zero": ({"status": 503, "times": 0}, "fault.times: use a whole number from 1, or null for always"),
    "times text": ({"status": 503, "times": "2"}, "fault.times: use a whole number"),
    "skip negative": ({"status": 503, "skip": -1}, "fault.skip: use a whole number from 0"),
    "headers that are no texts": ({"status": 503, "headers": {"Retry-After": [3]}}, "fault.headers: use an object of"),
    "a header that is two": ({"status": 503, "headers": {"A": "b\r\nC: d"}}, "fault.headers: use an object of"),
    "a header outside Latin-1": ({"status": 503, "headers": {"A": "€"}}, "fault.headers: use an object of"),
    "a header without name": ({"status": 503, "headers": {"": "b"}}, "fault.headers: use an object of"),
    "a length that may be wrong": ({"status": 503, "headers": {"Content-Length": "5"}}, "without Content-Length"),
    "nothing to do": ({}, "fault: give a status to answer, or a delay"),
    "delay too long": ({"delay": "31s"}, "a delay of at most 30 s"),
    "delay negative": ({"delay": -1}, "a delay of at most 30 s"),
    "delay that is none": ({"delay": "soon"}, "'soon' is not a duration"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_fault_is_refused_and_the_field_named(case: str) -> None:
    raw, told = WRONG[case]
    with pytest.raises(ConfigError) as raised:
        faults.parse(raw, "fault-1")
    assert told in str(raised.value)
