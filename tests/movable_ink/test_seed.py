"""Movable Ink's part of a seed document."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from emulator.workspaces import Workspace


def plant(*mappings: dict[str, Any], **part: Any) -> Workspace:
    return Workspace("w", {"partners": {"movable_ink": {"mappings": list(mappings), **part}}})


def lamp(**more: Any) -> dict[str, Any]:
    return {"name": "lamp", "match": '.event == "lamp_lit"', "schema": "Product", **more}


def test_mappings_are_kept_as_they_are_used() -> None:
    table = plant(lamp(schema="Search", fields={"Query": "$.properties.q"})).view().movable_ink_mappings
    record = table["lamp"]
    assert (record["when"], record["schema"], record["active"]) == ({"event": "lamp_lit"}, "Search", True)
    assert record["fields"]["Query"] == {"paths": [["properties", "q"]]}
    assert record["fields"]["UserID"] == {"paths": [["user_id"], ["userId"]]}
    assert "URL" not in record["fields"]


EXPRESSIONS = [
    "",
    "true",
    '.event == "a" or .event == "b"',
    '.event != "a"',
    '.properties.x == "a"',
    ".event == 'a'",
    '.event == "a" and',
    '.event == "a" and and .type == "b"',
    '.event == "a" .type == "b"',
    '.event == "a" and .event == "b"',
    '(.event == "a")',
    '.event == "a" | not',
    '.event | test("a")',
    '.event == "\\x"',
    '.event == "a',
    'event == "a"',
    '.event == "a" android .type == "b"',
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_other_match_expressions_are_refused(expression: str) -> None:
    with pytest.raises(ConfigError, match=r"partners\.movable_ink\.mappings 'lamp': match: "):
        plant(lamp(match=expression))


@pytest.mark.parametrize("path", ["", ".", "properties.id", ".properties[0]", ".a..b", ".a | .b", '."', "$", ".a."])
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="the path .* is not understood"):
        plant(lamp(fields={"ID": path}))


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        (lamp(fields={"Title": ".t"}), "the schema Product requires ID"),
        (lamp(schema="Conversion", fields={"Products": ".p"}), r"the schema Conversion requires Products\.ID"),
        (lamp(schema="Conversion", fields={}), r"requires Products, Products\.ID"),
        (lamp(schema="Search", fields={"Query": ".q", "Sort": ".s"}), "takes no fields beside .* found Sort"),
        (lamp(fields={"ID": ".i", **{f"c{n}": ".c" for n in range(21)}}), "takes at most 20 fields"),
    ],
)
def test_fields_must_fit_the_event_schema(mapping: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        plant(mapping)


def test_twenty_custom_fields_are_taken() -> None:
    plant(lamp(fields={"ID": ".i", **{f"c{n}": ".c" for n in range(20)}}))
    plant(lamp(schema="Custom", fields={f"c{n}": ".c" for n in range(50)}))


def test_a_name_stands_once() -> None:
    with pytest.raises(ConfigError, match="the name stands twice"):
        plant(lamp(), lamp())


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"mappings": [{"name": "x"}]}, "'match' is a required property"),
        ({"mappings": [{"name": "x", "match": "", "schema": "Video"}]}, "mappings"),
        ({"mappings": [lamp(fields={"ID": 7})]}, "mappings"),
        ({"mappings": [lamp(order=1)]}, "order"),
        ({"unmapped": "ignore"}, "unmapped"),
        ({"endpoints": [{"key": "a/b"}]}, "key"),
        ({"endpoint": []}, "endpoint"),
    ],
)
def test_the_part_is_strict(part: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        Workspace("w", {"partners": {"movable_ink": part}})


def test_a_mapping_that_is_not_active_needs_nothing_else() -> None:
    plant({"name": "product_viewed", "active": False})
