"""The type of a custom attribute: fixed by its first value or forced by the seed; what later values become."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import ConfigError
from tests.braze.calls import NOW, attributes, only, rules
from tests.conftest import Client, client

ABSENT: Any = "{{absent}}"
DATE = "2020-01-01T00:00:00.000Z"
SAMPLES: dict[str, Any] = {
    "string": "text",
    "number": 1,
    "boolean": True,
    "date": DATE,
    "array": ["a"],
    "object": {"a": 1},
    "array_of_objects": [{"a": 1}],
}


def fresh(**seed: Any) -> Client:
    return client({"clock": {"now": NOW, "frozen": True}, **seed})


def types(braze: Client) -> dict[str, str]:
    return {name: one["type"] for name, one in braze.emulator.workspaces.default.state["attribute_types"].items()}


def value(braze: Client, user: str = "b") -> Any:
    return only(braze, external_ids=[user]).get("custom_attributes", {}).get("x", ABSENT)


@pytest.mark.parametrize("second", SAMPLES)
@pytest.mark.parametrize("first", SAMPLES)
def test_the_first_value_fixes_the_type(first: str, second: str) -> None:
    braze = fresh()
    attributes(braze, {"external_id": "a", "x": SAMPLES[first]})
    assert types(braze) == {"x": first}
    attributes(braze, {"external_id": "b", "x": SAMPLES[second]})
    stays_text = (first, second) == ("string", "date")
    fits = first == second or stays_text
    assert value(braze) == (SAMPLES[second] if fits else ABSENT)
    assert types(braze) == {"x": first}
    conflicts = [fate for fate in braze.entries[-2].fates if fate.rule == "type_conflict"]
    assert [fate.pointer for fate in conflicts] == ([] if fits else ["/attributes/0/x"])
    assert all(f"is of type {first}, the value is {second}" in fate.note for fate in conflicts)


@pytest.mark.parametrize(
    ("first", "second", "stored"),
    [
        (1, 1.5, 1.5),
        (1.5, 1, 1),
        ("text", "2020-01-01", "2020-01-01"),
        ("2020-01-01", "01/02/2020", "2020-01-02T00:00:00.000Z"),
        ("2020-01-01", "text", ABSENT),
        ("2020-01-01", "3001-01-01", ABSENT),
        ("3001-01-01", "2020-01-01", "2020-01-01"),
        (["a"], [], []),
        ([{"a": 1}], [], []),
        ([], ["a"], ["a"]),
        ([], [{"a": 1}], [{"a": 1}]),
        ({"add": ["a"]}, [{"a": 1}], ABSENT),
        ({"$add": [{"a": 1}]}, ["a"], ABSENT),
        ({"inc": 1}, "text", ABSENT),
        ("text", [], ABSENT),
        ("text", {"add": ["a"]}, ABSENT),
        ("text", {"$add": [{"a": 1}]}, ABSENT),
        ("text", {"inc": 1}, ABSENT),
        ("text", None, ABSENT),
        (["a"], {"$add": [{"a": 1}]}, ABSENT),
        ([{"a": 1}], {"remove": ["a"]}, ABSENT),
        ({"at": {"$time": "2020-01-01"}}, {"b": 1}, {"b": 1}),
        ({"$time": "2020-01-01"}, "2020-01-02", "2020-01-02T00:00:00.000Z"),
    ],
    ids=str,
)
def test_what_is_of_one_type(first: Any, second: Any, stored: Any) -> None:
    braze = fresh()
    attributes(braze, {"external_id": "a", "x": first})
    attributes(braze, {"external_id": "b", "x": second})
    found = value(braze)
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize("dropped", [{"a": None}, "x" * 256, ["a", ["b"]], {"inc": 1.5}, None], ids=str)
def test_what_is_not_stored_fixes_no_type(dropped: Any) -> None:
    braze = fresh()
    attributes(braze, {"external_id": "a", "x": dropped, "y": 1})
    assert types(braze) == {"y": "number"}


def test_the_type_is_known_inside_the_same_call_and_after_the_value_is_gone() -> None:
    braze = fresh()
    attributes(braze, {"external_id": "a", "x": 1}, {"external_id": "b", "x": "1"}, {"external_id": "a", "x": None})
    assert rules(braze) == ["created_profile", "created_profile", "type_conflict", "removed"]
    attributes(braze, {"external_id": "a", "x": "1"})
    assert rules(braze) == ["type_conflict"]


def test_a_refused_call_fixes_no_type() -> None:
    braze = fresh()
    assert braze.post("/users/track", {"attributes": [{"x": 1}]})[0] == 400
    attributes(braze, {"external_id": "a", "x": "text"})
    assert types(braze) == {"x": "string"}


FORCED: list[tuple[str, Any, Any, list[str]]] = [
    *(("boolean", sent, True, ["coerced_to_type"]) for sent in (1, "1", "true", "TRUE", "t", "T")),
    *(("boolean", sent, False, ["coerced_to_type"]) for sent in (0, "0", "false", "f")),
    ("boolean", True, True, []),
    ("boolean", "yes", ABSENT, ["type_conflict"]),
    ("boolean", 2, ABSENT, ["type_conflict"]),
    ("number", 1.5, 1.5, []),
    ("number", "100", 100, ["coerced_to_type"]),
    ("number", "-1.5", -1.5, ["coerced_to_type"]),
    ("number", "1e5", ABSENT, ["type_conflict"]),
    ("number", "1_000", ABSENT, ["type_conflict"]),
    ("number", "9" * 30, ABSENT, ["type_conflict"]),
    ("number", "abc", ABSENT, ["type_conflict"]),
    ("number", True, ABSENT, ["type_conflict"]),
    ("string", 5, "5", ["coerced_to_type"]),
    ("string", True, "true", ["coerced_to_type"]),
    ("string", "2020-01-01", "2020-01-01", []),
    ("string", ["a"], ABSENT, ["type_conflict"]),
    ("date", "2020-01-01", DATE, ["stored_as_date"]),
    ("date", "soon", ABSENT, ["type_conflict"]),
    ("date", 1_577_836_800, ABSENT, ["type_conflict"]),
    ("array", ["a"], ["a"], []),
    ("array", "a", ABSENT, ["type_conflict"]),
    ("object", {"a": 1}, {"a": 1}, []),
    ("array_of_objects", [{"a": 1}], [{"a": 1}], []),
]


@pytest.mark.parametrize(("kind", "sent", "stored", "fates"), FORCED, ids=lambda value: str(value)[:40])
def test_a_forced_type_converts_what_it_can(kind: str, sent: Any, stored: Any, fates: list[str]) -> None:
    braze = fresh(custom_attributes=[{"name": "x", "type": kind}], profiles=[{"external_id": "b"}])
    attributes(braze, {"external_id": "b", "x": sent})
    assert rules(braze) == fates
    found = value(braze)
    assert (found, type(found)) == (stored, type(stored))


def test_a_blocklisted_attribute_is_not_collected() -> None:
    braze = fresh(custom_attributes=[{"name": "x", "blocklisted": True}], profiles=[{"external_id": "b"}])
    attributes(braze, {"external_id": "b", "x": 1, "y": 1})
    assert braze.fates == [("/attributes/0/x", "attribute_blocklisted")]
    assert only(braze, external_ids=["b"])["custom_attributes"] == {"y": 1}


def test_the_longest_array_is_set_in_the_seed() -> None:
    braze = fresh(custom_attributes=[{"name": "x", "type": "array", "max_items": 2}])
    attributes(braze, {"external_id": "b", "x": ["a", "b"]})
    attributes(braze, {"external_id": "b", "x": {"add": ["c"]}})
    assert (value(braze), rules(braze)) == (["b", "c"], [])
    attributes(braze, {"external_id": "b", "x": {"add": ["d"]}})
    assert rules(braze) == ["array_overflow"]


@pytest.mark.parametrize(
    "seed",
    [
        {"custom_attributes": [{"name": "x", "type": "text"}]},
        {"custom_attributes": [{"name": "x", "max_items": 2}]},
        {"custom_attributes": [{"name": "x", "type": "string", "max_items": 2}]},
        {"profiles": [{"external_id": n, "custom_attributes": {"x": v}} for n, v in (("a", 1), ("b", "text"))]},
        {
            "custom_attributes": [{"name": "x", "type": "number"}],
            "profiles": [{"email": "a@b.co", "custom_attributes": {"x": "a"}}],
        },
    ],
    ids=str,
)
def test_a_seed_that_contradicts_itself_is_an_error(seed: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        fresh(**seed)


# a small model of its own


class Model:
    """What the documentation says, in as few words as possible."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.values: dict[str, dict[str, Any]] = {"a": {}, "b": {}}

    def send(self, user: str, name: str, sent: Any) -> bool:
        """Answers whether the value met a type that is not its own."""
        held, known = self.values[user], self.types.get(name)
        if sent is None:
            held.pop(name, None)
            return False
        kind, stored = self.read(sent, held.get(name), known)
        if kind == "" and known in (None, "array", "array_of_objects"):
            held[name] = stored
            return False
        if known is not None and kind != known:
            return True
        if stored is not None:
            self.types[name], held[name] = kind, stored
        return False

    def read(self, sent: Any, old: Any, known: str | None) -> tuple[str, Any]:
        """The type of a value, and what is stored of it; None for nothing."""
        if isinstance(sent, bool):
            return "boolean", sent
        if isinstance(sent, (int, float)):
            return "number", sent
        if isinstance(sent, str):
            dated = re.fullmatch(r"\d{4}-\d{2}-\d{2}", sent) and known != "string"
            return ("date", f"{sent}T00:00:00.000Z") if dated else ("string", sent)
        if isinstance(sent, list):
            kind = "array_of_objects" if sent and isinstance(sent[0], dict) else "array" if sent else ""
            return kind, list({repr(item): item for item in sent}.values()) if kind == "array" else sent
        if "inc" in sent:
            return "number", sent["inc"] + (old or 0) if type(old) in (int, type(None)) else None
        items = old if isinstance(old, list) else []
        if "add" in sent:
            return "array", [*(item for item in items if item not in sent["add"]), *sent["add"]]
        if "remove" in sent:
            return "array", [item for item in items if item not in sent["remove"]]
        return ("array_of_objects", [*items, *sent["$add"]]) if "$add" in sent else ("object", sent)


WORDS = st.sampled_from(["", "a", "b", "text"])
DATES = st.sampled_from(["2020-01-01", "1999-12-31", "2020-13-01x"])
SCALARS = WORDS | DATES | st.integers(-3, 3) | st.sampled_from([0.5, -1.5]) | st.booleans()
OBJECTS = st.dictionaries(st.sampled_from(["k", "l"]), st.integers(0, 2), max_size=2)
OPERATIONS = (
    st.fixed_dictionaries({"inc": st.integers(-2, 2)})
    | st.fixed_dictionaries({"add": st.lists(WORDS, max_size=2, unique=True)})
    | st.fixed_dictionaries({"remove": st.lists(WORDS, max_size=2)})
    | st.fixed_dictionaries({"$add": st.lists(OBJECTS, max_size=2)})
)
VALUES = st.none() | SCALARS | st.lists(WORDS, max_size=3) | st.lists(OBJECTS, max_size=2) | OBJECTS | OPERATIONS
SENT = st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y"]), VALUES)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(SENT, min_size=1, max_size=4), min_size=1, max_size=5))
def test_the_memory_of_types_is_that_of_the_model(calls: list[list[tuple[str, str, Any]]]) -> None:
    braze, model = fresh(profiles=[{"external_id": "a"}, {"external_id": "b"}]), Model()
    for call in calls:
        expected = [f"/attributes/{n}/{name}" for n, (u, name, v) in enumerate(call) if model.send(u, name, v)]
        attributes(braze, *({"external_id": user, name: value} for user, name, value in call))
        assert [pointer for pointer, rule in braze.fates if rule == "type_conflict"] == expected
        assert types(braze) == model.types
        for user, values in model.values.items():
            assert only(braze, external_ids=[user]).get("custom_attributes", {}) == values
