"""Two states held against each other, and what a workspace remembers of its last changes."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.call import Request
from emulator.pipeline import Emulator
from emulator.state import comparison, provenance
from emulator.state.draft import EMPTY
from emulator.state.provenance import Provenance, Step

HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}


def track(emulator: Emulator, *attributes: dict[str, Any]) -> None:
    import json

    body = json.dumps({"attributes": attributes}).encode()
    assert emulator.answer(Request("POST", "/users/track", "", dict(HEADERS), body)).status == 201


def told(emulator: Emulator, before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    return [
        (one["table"], one["field"], one.get("before"), one.get("after"))
        for one in comparison.compare(before, after)
        if one["table"] == "profiles"
    ]


def test_a_comparison_names_the_fields_that_differ() -> None:
    emulator = Emulator()
    track(emulator, {"external_id": "u1", "plan": "free", "home": {"city": "Porto", "zip": "1"}, "first_name": "Ana"})
    first = emulator.workspaces.default.state
    track(emulator, {"external_id": "u1", "plan": "pro", "home": {"city": "Lyon", "zip": "1"}, "first_name": None})
    found = told(emulator, first, emulator.workspaces.default.state)
    assert found == [
        ("profiles", "custom_attributes.home.city", "Porto", "Lyon"),
        ("profiles", "custom_attributes.plan", "free", "pro"),
        ("profiles", "first_name", "Ana", None),
    ]


def test_a_record_that_came_is_one_difference() -> None:
    emulator = Emulator()
    first = emulator.workspaces.default.state
    track(emulator, {"external_id": "u1"})
    found = list(comparison.compare(first, emulator.workspaces.default.state))
    assert {(one["table"], one["key"]) for one in found} >= {("external_ids", "u1")}
    assert "before" not in found[0] and not any(one["table"] == "counters" for one in found)
    assert list(comparison.compare(first, first)) == []


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [({"a": 1}, {"a": 1}, []), ({"a": 1}, {"a": 1.0}, ["a"]), ({"a": True}, {"a": 1}, ["a"]), ({"a": None}, {}, ["a"]),
     ({"a": [1]}, {"a": [1, 2]}, ["a"]), ({"a": {"b": 1}}, {"a": 1}, ["a"]), ({"updated": 1}, {"updated": 2}, [])],
)  # fmt: skip
def test_fields_differ_by_type_and_value(before: Any, after: Any, differs: list[str]) -> None:
    assert [one["field"] for one in comparison.fields(before, after)] == differs


def test_a_field_is_found_by_its_path() -> None:
    record = {"email": "a@b.co", "custom_attributes": {"home": {"city": "Porto"}, "a.b": 1}}
    assert comparison.field(record, "email") == "a@b.co"
    assert comparison.field(record, "home.city") == "Porto"
    assert comparison.field(record, "a.b") == 1
    assert comparison.field(record, "home.zip") is comparison.MISSING
    assert comparison.field(None, "email") is comparison.MISSING


def test_a_workspace_remembers_the_calls_that_changed_it() -> None:
    emulator = Emulator()
    track(emulator, {"external_id": "u1", "plan": "free"})
    steps = list(emulator.workspaces.default.provenance.steps)
    assert [step.entry for step in steps] == [1]
    assert steps[0].after is emulator.workspaces.default.state
    emulator.answer(Request("POST", "/users/track", "", dict(HEADERS), b"{"))
    assert len(emulator.workspaces.default.provenance.steps) == 1
    emulator.workspaces.default.reset()
    assert not emulator.workspaces.default.provenance.steps


def test_what_is_remembered_is_bounded_by_count_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "KEPT_CALLS", 3)
    monkeypatch.setattr(provenance, "KEPT_BYTES", 100)
    kept = Provenance()
    for entry, size in ((1, 10), (2, 10), (3, 10), (4, 10), (5, 90), (6, 500)):
        kept.add(Step(EMPTY, EMPTY, entry, size))
    assert ([step.entry for step in kept.steps], kept.forgotten) == ([6], 5)


def test_a_rehearsal_answers_as_the_call_would_and_keeps_nothing() -> None:
    emulator = Emulator()
    body = b'{"attributes": [{"external_id": "u1", "Email": "a@b.co"}]}'
    state = emulator.workspaces.default.state
    call, response = emulator.rehearse(Request("POST", "/users/track", "", dict(HEADERS), body))
    assert (response.status, response.body) == (201, b'{"message":"success","attributes_processed":1}')
    assert {fate.rule for fate in call.fates} == {"created_profile", "became_custom_attribute"}
    assert call.transaction.after is not call.transaction.before and emulator.workspaces.default.state is state
    assert emulator.journal.last == 0 and not emulator.workspaces.default.provenance.steps
