"""One schema, two readers: jsonschema-rs decides, jsonschema explains; and what a refusal tells."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from emulator import operations, validation
from emulator.operations import Operation, Service
from tests import toy
from tests.conftest import Client

SERVICE = Service(
    "toy", {"requires_json": True, "errors": {}}, {"name": {"type": "string", "minLength": 1}}, frozenset()
)


def operation(schema: dict[str, Any], **data: Any) -> Operation:
    return Operation(SERVICE, "tag", "id", {"method": "POST", **data}, {**schema, "$defs": SERVICE.definitions}, 200)


def explained(schema: dict[str, Any], subject: Any, **data: Any) -> list[tuple[str, str, str]]:
    found = validation.explain(operation(schema, **data), subject)
    return [(problem.pointer, problem.rule, problem.fix) for problem in found]


def of(name: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: part}}


EXPLAINED: dict[str, tuple[dict[str, Any], Any, list[tuple[str, str, str]]]] = {
    "valid": (of("a", {"type": "string"}), {"a": "x"}, []),
    "the whole": ({"type": "object"}, [], [("", "type", "the request must be object")]),
    "type": (of("a", {"type": "string"}), {"a": 1}, [("/a", "type", "'a' must be string")]),
    "types": (of("a", {"type": ["string", "null"]}), {"a": 1}, [("/a", "type", "'a' must be string or null")]),
    "a boolean is no number": (of("a", {"type": "integer"}), {"a": True}, [("/a", "type", "'a' must be integer")]),
    "required": ({"required": ["a"]}, {}, [("/a", "required", "'a' is required")]),
    "both required": (
        {"required": ["a", "b"]},
        {},
        [("/a", "required", "'a' is required"), ("/b", "required", "'b' is required")],
    ),
    "enum": (
        of("a", {"enum": ["x", 1, True, None]}),
        {"a": "y"},
        [("/a", "enum", "'a' must be one of x, 1, true, null")],
    ),
    "minItems": (
        of("a", {"minItems": 1}),
        {"a": []},
        [("/a", "minItems", "'a' has 0 items; at least 1 is needed")],
    ),
    "one name of several": (
        {"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]},
        {},
        [("", "anyOf", "the request needs one of a, b with c")],
    ),
    "one filled name of several": (
        {"anyOf": [{"required": ["a"], "properties": {"a": {"minItems": 1}}}, {"required": ["b"]}]},
        {"a": []},
        [("", "anyOf", "the request needs one of a, b, and not empty")],
    ),
    "not both": (
        {"not": {"required": ["a", "b"]}},
        {"a": 1, "b": 2},
        [("", "not", "the request must not have a and b together")],
    ),
    "not both of several": (
        {"not": {"anyOf": [{"required": ["a", "b"]}, {"required": ["b", "c"]}]}},
        {"b": 1, "c": 2},
        [("", "not", "the request must not have b and c together")],
    ),
    "Liquid that was not rendered": (
        of("a", {"maxLength": 2}),
        {"a": "{{${city}}}"},
        [("/a", "maxLength", "'a' has 11 characters; at most 2 are allowed; it holds Liquid that was not rendered")],
    ),
    "maxLength": (
        of("a", {"maxLength": 2}),
        {"a": "xyz"},
        [("/a", "maxLength", "'a' has 3 characters; at most 2 are allowed")],
    ),
    "minLength": (of("a", {"minLength": 1}), {"a": ""}, [("/a", "minLength", "'a' must not be empty")]),
    "maxItems": (
        of("a", {"maxItems": 1}),
        {"a": [1, 2]},
        [("/a", "maxItems", "'a' has 2 items; at most 1 are allowed")],
    ),
    "pattern": (of("a", {"pattern": "^x$"}), {"a": "y"}, [("/a", "pattern", "'a' must look like ^x$")]),
    "pattern in words": (
        of("a", {"pattern": "^x$", "description": "an x"}),
        {"a": "y"},
        [("/a", "pattern", "'a' must look like an x")],
    ),
    "a pattern's end is the text's end": (
        of("a", {"pattern": "^x$"}),
        {"a": "x\n"},
        [("/a", "pattern", "'a' must look like ^x$")],
    ),
    "minimum": (of("a", {"minimum": 1}), {"a": 0}, [("/a", "minimum", "'a' is 0; at least 1 is allowed")]),
    "maximum": (of("a", {"maximum": 1}), {"a": 2}, [("/a", "maximum", "'a' is 2; at most 1 is allowed")]),
    "not": (of("a", {"not": {"const": None}}), {"a": None}, [("/a", "not", "'a' must not be null")]),
    "definitions": (of("a", {"$ref": "#/$defs/name"}), {"a": ""}, [("/a", "minLength", "'a' must not be empty")]),
    "in depth": (
        of("a", {"items": of("b", {"type": "string"})}),
        {"a": [{"b": "x"}, {"b": 1}]},
        [("/a/1/b", "type", "'b' must be string")],
    ),
    "a name that needs escaping": (
        of("a/b~c", {"type": "string"}),
        {"a/b~c": 1},
        [("/a~1b~0c", "type", "'a/b~c' must be string")],
    ),
}
"""schema, value, and every (pointer, rule, fix)."""


@pytest.mark.parametrize("case", EXPLAINED)
def test_a_problem_has_a_place_a_rule_and_a_fix(case: str) -> None:
    schema, subject, wanted = EXPLAINED[case]
    assert explained(schema, subject) == wanted


def test_unknown_fields_are_named() -> None:
    found = explained({"additionalProperties": False, "properties": {"a": {}}}, {"a": 1, "b": 2})
    assert [(pointer, rule) for pointer, rule, _ in found] == [("", "additionalProperties")]
    assert "'b'" in found[0][2]


def test_other_rules_are_explained_in_general() -> None:
    found = explained(of("a", {"uniqueItems": True}), {"a": [1, 1]})
    assert found == [("/a", "uniqueItems", "'a' is not valid: [1, 1] has non-unique elements")]


TEXTS: list[tuple[dict[str, Any], Any, str]] = [
    (of("a", {"type": "string", "x-error": "A must be text"}), {"a": 1}, "A must be text"),
    (of("a", {"maxLength": 1, "x-error": {"maxLength": "too long"}}), {"a": "xy"}, "too long"),
    (of("a", {"type": "string", "x-error": {"maxLength": "too long"}}), {"a": 1}, "'a' must be string"),
    ({**of("a", {"x-error": {"required": "A is missing"}}), "required": ["a"]}, {}, "A is missing"),
    ({"required": ["a"], "x-error": {"required": "something is missing"}}, {}, "something is missing"),
    ({"required": ["a"]}, {}, "'a' is required"),
]
"""The service's own words stand beside the keyword; without them, ours do."""


@pytest.mark.parametrize(("schema", "subject", "text"), TEXTS)
def test_the_services_own_words_come_first(schema: dict[str, Any], subject: Any, text: str) -> None:
    assert [problem.message for problem in validation.explain(operation(schema), subject)] == [text]


def test_a_partial_array_has_one_problem_an_item() -> None:
    schema = of("things", {"type": "array", "maxItems": 9, "items": {"required": ["a", "b"], "maxProperties": 2}})
    found = explained(schema, {"things": [{}, {"a": 1, "b": 2}, {"c": 3, "d": 4, "e": 5}]}, partial=["things"])
    assert [pointer.split("/")[2] for pointer, _, _ in found] == ["0", "2"]


def test_items_of_a_partial_array_are_not_explained_where_the_whole_is_refused() -> None:
    schema = of("things", {"type": "array", "maxItems": 2, "items": {"type": "string"}})
    assert [place for place, _, _ in explained(schema, {"things": [1] * 1000}, partial=["things"])] == ["/things"]


def test_a_long_body_has_a_bounded_number_of_problems() -> None:
    found = explained(of("tags", {"items": {"type": "string"}}), {"tags": [1] * 100_000})
    assert len(found) == validation.MAX_PROBLEMS


def test_every_problem_has_a_value_and_steps() -> None:
    [problem] = validation.explain(operation(of("a/b", {"items": {"type": "string"}})), {"a/b": ["x", 7]})
    assert (problem.value, problem.steps) == (7, ["a/b", "1"])


# through the pipeline


def test_a_refusal_names_every_field_and_the_hint_every_fix() -> None:
    client = toy.client()
    response = client.send("POST", "/things/make", {"name": ""})
    assert response.body == b'{"message":"\'name\' must not be empty","errors":{"name":["\'name\' must not be empty"]}}'
    assert response.headers["X-Emulator-Hint"] == "/name: 'name' must not be empty"


HINTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a name in the plural": ("/email/bounce/remove", {"emails": ["a@x.de"]}, "did you mean 'email'?"),
    "a name in the singular": ("/users/delete", {"external_id": "a"}, "did you mean 'external_ids'?"),
    "an array of users/track": ("/users/track", {"attribute": []}, "did you mean 'attributes'?"),
    "an item of an array": (
        "/users/identify",
        {"emails_to_identify": [{"external_id": "a", "email": "a@x.de", "prioritization": ["new"]}]},
        "'prioritization[0]' must be one of identified",
    ),
    "one of several forms": (
        "/users/merge",
        {"merge_updates": [{"identifier_to_merge": {"email": "a@x.de"}, "identifier_to_keep": {"external_id": "a"}}]},
        "'identifier_to_merge' needs exactly one of external_id, user_alias, email with prioritization, phone with",
    ),
}
"""path, body, and what the hint says."""


@pytest.mark.parametrize("case", HINTS)
def test_the_hint_of_a_refusal_says_what_would_be_right(case: str, braze_client: Client) -> None:
    path, body, told = HINTS[case]
    response = braze_client.send("POST", path, body)
    assert response.status == 400 and told in response.headers["X-Emulator-Hint"]


def test_the_hint_says_where_a_query_is_wrong(braze_client: Client) -> None:
    response = braze_client.send("GET", "/email/unsubscribes", query="start_date=2026-01-01")
    assert response.headers["X-Emulator-Hint"].startswith(
        "the query: the request needs one of start_date with end_date"
    )


def test_a_duplicate_key_is_a_fate_with_its_place() -> None:
    client = toy.client()
    status, body = client.post("/things/make", '{"name": "a", "name": "b"}')
    assert (status, body["name"]) == (201, "b")
    assert client.fates == [("/name", "duplicate_key")]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON ", "application/json;"]
)
def test_json_content_types_are_taken(kind: str) -> None:
    assert toy.client().send("POST", "/things/make", {"name": "a"}, content_type=kind).status == 201


def test_a_missing_content_type_is_refused_with_the_fix() -> None:
    client = toy.client()
    del client.headers["content-type"]
    response = client.send("POST", "/things/make", {"name": "a"})
    assert response.status == 415
    assert response.headers["X-Emulator-Hint"] == "send the header Content-Type: application/json, not none"


@pytest.mark.parametrize(
    ("length", "status"), [("13", 201), ("12", 201), ("", 201), ("x", 201), ("14", 400), ("9" * 18, 400)]
)
def test_a_body_that_was_cut_off_is_refused(length: str, status: int) -> None:
    response = toy.client().send("POST", "/things/make", b'{"name": "a"}', content_length=length)
    assert response.status == status
    if status == 400:
        assert response.headers["X-Emulator-Hint"].startswith(
            f"the body ends after 13 of {length} bytes; send all of it"
        )


def test_a_get_needs_no_content_type_and_its_body_is_ignored() -> None:
    client = toy.client()
    del client.headers["content-type"]
    assert client.send("GET", "/things/list", b"\xff{").status == 200


def test_a_partner_that_reads_anything_gets_it_unread() -> None:
    assert toy.client().send("POST", "/partner/x", b"\xff{").status == 200


# two readers, one verdict

LOADED = [operation for operation in operations.load() if operation.schema is not None]
SUBJECTS = {
    operation.key: [
        example["request"]["body"] for example in operation.data["examples"] if "body" in example["request"]
    ]
    for operation in LOADED
}
VALUES = st.sampled_from(
    [None, True, False, 0, 1, -1, 1.5, 10**12, "", "x", " ", "x\n", "2026-01-02T03:04:05Z", "a@b.example", "é😀" * 200,
     [], [None], [[]], ["x"], [{}], {}, {"": 1}, {"name": "x"}, {"a": {"b": [1]}}]
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a value."""
    steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [way, *(place for step in steps for place in places(value[step], (*way, step)))]


@st.composite
def damaged(draw: st.DrawFn, subjects: list[Any]) -> Any:
    """A body from an example in which a few values are replaced, added or taken away."""
    subject = copy.deepcopy(draw(st.sampled_from(subjects or [{}])))
    for _ in range(draw(st.integers(1, 4))):
        way = draw(st.sampled_from(places(subject)))
        if not way:
            if isinstance(subject, dict):
                subject[draw(st.sampled_from(["name", "x", ""]))] = copy.deepcopy(draw(VALUES))
            continue
        holder = subject
        for step in way[:-1]:
            holder = holder[step]
        if draw(st.booleans()):
            holder[way[-1]] = copy.deepcopy(draw(VALUES))
        else:
            del holder[way[-1]]
    return subject


@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.key) for operation in LOADED])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(data=st.data())
def test_both_readers_have_the_same_verdict(operation: Operation, data: st.DataObject) -> None:
    subject = data.draw(damaged(SUBJECTS[operation.key]))
    decided = jsonschema_rs.validator_for(dict(operation.schema or {})).is_valid(subject)
    found = list(validation.explain(operation, subject))
    assert decided == (not found), found
    assert all(problem.fix for problem in found)


def test_the_explaining_reader_is_not_asked_for_a_valid_body(monkeypatch: pytest.MonkeyPatch) -> None:
    client = toy.client()
    monkeypatch.setattr(Draft202012Validator, "iter_errors", lambda *_: pytest.fail("asked"))
    assert client.post("/things/make", {"name": "a"})[0] == 201
