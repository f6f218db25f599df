"""Braze's limits of sizes and numbers: each is used, says how it is known, and holds at its very edge."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator.state.bounds import BOUNDS, bound
from tests.braze.bound_cases import CASES, SEED
from tests.conftest import client

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMAS = ROOT / "schemas" / "braze"
LIMITS = {"maxLength", "minLength", "maxItems", "minItems", "maximum", "maxProperties"}
ANSWERS = {"responses", "examples", "given", "evidence", "errors", "rate_limits", "x-error"}
EACH = [pytest.param(name, id=name) for name in BOUNDS]


def at(reference: str) -> Any:
    """The value at `file#/json/pointer`, the file beside bounds.json."""
    path, _, pointer = reference.partition("#/")
    found = orjson.loads((SCHEMAS / path).read_bytes())
    for step in pointer.split("/"):
        found = found[int(step) if isinstance(found, list) else step]
    return found


def limits(value: Any, place: str) -> Iterator[str]:
    """Every limit of a schema that is more than not empty."""
    for step, inner in value.items() if isinstance(value, dict) else ():
        limited = step in LIMITS and isinstance(inner, int) and (inner > 1 or (step == "maxItems" and inner == 1))
        if limited:
            yield f"{place}/{step}"
        elif step not in ANSWERS:
            yield from limits(inner, f"{place}/{step}")
    for index, inner in enumerate(value if isinstance(value, list) else ()):
        yield from limits(inner, f"{place}/{index}")


def used_by_code() -> set[str]:
    return {
        ast.literal_eval(node.args[0])
        for path in (ROOT / "emulator").rglob("*.py")
        if "liquid" not in path.parts  # its caps are our own, with a function of the same name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "bound"
    }


@pytest.mark.parametrize("name", EACH)
def test_a_bound_is_complete_and_used(name: str) -> None:
    entry = BOUNDS[name]
    assert entry.keys() - {"schemas"} == {"value", "unit", "level", "source"}
    assert entry["level"] in ("documented", "observed", "assumed")
    assert entry["unit"] and entry["source"]
    assert entry["level"] != "documented" or entry["source"].startswith("https://")
    assert entry.get("schemas") or name in used_by_code(), "neither code nor a schema uses it"


def test_code_asks_for_bounds_that_exist() -> None:
    assert used_by_code() <= BOUNDS.keys()


@pytest.mark.parametrize("name", EACH)
def test_schemas_have_the_number_of_the_bound(name: str) -> None:
    differing = [place for place in BOUNDS[name].get("schemas", ()) if at(place) != bound(name)]
    assert differing == []


def test_every_limit_of_a_schema_is_a_bound() -> None:
    known = {place for entry in BOUNDS.values() for place in entry.get("schemas", ())}
    files = [path for path in sorted(SCHEMAS.rglob("*.json")) if path.name not in ("bounds.json", "fates.json")]
    found = {
        f"{path.relative_to(SCHEMAS).as_posix()}#{place}"
        for path in files
        for place in limits(orjson.loads(path.read_bytes()), "")
    }
    assert sorted(found - known) == [], "enter these under `schemas` of their bound in schemas/braze/bounds.json"


def test_no_limit_stands_in_code() -> None:
    """A constant MAX_… of Braze's code is read from bounds.json."""
    places = [*(ROOT / "emulator/handlers/braze").glob("*.py"), *(ROOT / "emulator/state").glob("*.py")]
    literal = re.compile(r"^(MAX_\w+|\w+_YEAR): Final(\[int\])? = [\d_*() ]+$", re.M)
    found = [f"{path.name}: {one[0]}" for path in places for one in literal.finditer(path.read_text())]
    assert found == []


@pytest.mark.parametrize("name", EACH)
def test_a_bound_holds_at_its_edge(name: str) -> None:
    case, good, bad = CASES[name]
    over = bound(name) + (-1 if name.startswith("least_") else 1)
    assert (case(client(SEED), bound(name)), case(client(SEED), over)) == (good, bad)


def test_every_case_is_of_a_bound() -> None:
    assert CASES.keys() == BOUNDS.keys()
