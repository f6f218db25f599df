"""The dialect, case by case: tests/liquid/cases/*.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.liquid.render import render
from emulator.liquid.values import ABORTED, RENDERED, Answer, Fetch, Options, Rendered

CASES = [
    pytest.param(case, id=f"{path.stem}-{number}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1)
]


class Stub:
    """Answers Connected Content as a case says, and compares what was sent."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self._answers = answers

    def __call__(self, fetch: Fetch) -> Answer:
        wanted = next(
            one for one in self._answers if (one.get("method", "GET"), one["url"]) == (fetch.method, fetch.url)
        )
        if "request_json" in wanted:
            assert json.loads(fetch.body or "") == wanted["request_json"]
        sent = {name.lower(): value for name, value in fetch.headers.items()}
        for name, value in wanted.get("request_headers", {}).items():
            assert sent[name.lower()] == value
        body = wanted.get("body", "")
        return Answer(wanted.get("status", 200), body if isinstance(body, str) else json.dumps(body))


def fits(case: dict[str, Any], found: Rendered) -> bool:
    expected = case["expected"]
    if case.get("match") == "json":
        return bool(json.loads(found.output) == (json.loads(expected) if isinstance(expected, str) else expected))
    if isinstance(expected, dict):
        if "abort" in expected:
            return found.outcome == ABORTED and found.reason == expected["abort"]
        return expected["error"].lower() in " ".join([found.reason, found.output, *map(str, found.findings)]).lower()
    if found.outcome != RENDERED:
        return False
    if case.get("match") == "stripped":
        return found.output.strip() == expected.strip()
    return found.output == expected


@pytest.mark.parametrize("case", CASES)
def test_a_case_renders_as_expected(case: dict[str, Any]) -> None:
    context = dict(case.get("context", {}))
    stub = Stub(context.pop("connected_content", []))
    found = render(case["template"], context, Options(fetch=stub))
    assert fits(case, found), f"{case['template']}\n  gave {found.outcome} {found.output!r} {found.reason}"


def test_a_wrong_case_would_be_found() -> None:
    found = render("{{ 1 }}", {})
    assert fits({"expected": "1"}, found)
    assert not fits({"expected": "2"}, found) and not fits({"expected": {"abort": "x"}}, found)
