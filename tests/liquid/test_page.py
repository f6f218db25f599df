"""docs/liquid.md says what there is: every tag, filter, finding and bound, with an example that is a passing case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.composer import cases
from emulator.composer.cases import Case
from emulator.liquid.filters.registry import FILTERS
from emulator.liquid.findings import BREAKING, RULES
from emulator.liquid.limits import CAPS, MEANINGS
from emulator.liquid.tags.registry import SCANNED, TAGS

FOLDER = Path(__file__).parent / "cases"
PAGE = (Path(__file__).parent.parent.parent / "docs" / "liquid.md").read_text(encoding="utf-8")
ELSEWHERE = {
    "answer_too_large", "required_value", "header_name", "header_misspelt", "scheme_unknown", "basic_not_encoded",
}  # fmt: skip
"""Findings that a template alone cannot have; tests/control/test_rendering.py and test_dialect.py see them."""

EVIDENCE = {
    **{f"filters/{one.name}": (one.level, one.source) for one in FILTERS.values()},
    **{f"tags/{name}": (one.level, one.source) for name, one in TAGS.items()},
    **{f"tags/{name}": evidence for name, evidence in SCANNED.items()},
}


def named(file: str) -> dict[str, Case]:
    return {case.name: case for case in cases.load(FOLDER / f"{file}.yaml")}


CASES = {f"{file}/{name}": case for file in ("filters", "tags") for name, case in named(file).items()}


def code(text: str) -> str:
    shown = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown or shown != shown.strip() else f"`{shown}`" if shown else ""


def seen_by(case: Case) -> str:
    held = {**case.context.get("vars", {}), **{name: one for name, one in case.context.items() if name != "vars"}}
    return ", ".join(code(f"{name} = {json.dumps(one)}") for name, one in held.items())


def ended(expected: dict[str, str]) -> str:
    [(how, reason)] = expected.items()
    return f"{how}: {code(reason)}"


def row(key: str) -> str:
    """| name | example, and what it sees | what it prints | how it is known |"""
    case, (level, source) = CASES[key], EVIDENCE[key]
    seen = f" with {seen_by(case)}" if case.context else ""
    printed = code(case.expected) if isinstance(case.expected, str) else ended(case.expected)
    known = level if level == "documented" else f"{level}: {source}"
    return f"| `{case.name}` | {code(case.template)}{seen} | {printed} | {known} |"


@pytest.mark.parametrize("key", EVIDENCE)
def test_every_tag_and_filter_stands_in_the_page_with_its_case_and_its_evidence(key: str) -> None:
    assert key in CASES, f"write a case of this name in tests/liquid/cases/{key.split('/')[0]}.yaml"
    assert row(key) in PAGE, f"paste into docs/liquid.md:\n{row(key)}"


def test_every_case_is_of_something_that_there_is() -> None:
    assert CASES.keys() == EVIDENCE.keys()
    assert named("findings").keys() <= RULES.keys()


@pytest.mark.parametrize("rule", RULES)
def test_every_finding_has_its_case_and_stands_in_the_page(rule: str) -> None:
    assert rule in ELSEWHERE or rule in named("findings")
    breaking = "breaking" if rule in BREAKING else ""
    assert f"| `{rule}` | {RULES[rule].sentence} | {breaking} | {RULES[rule].level} |" in PAGE


@pytest.mark.parametrize("cap", CAPS)
def test_every_bound_stands_in_the_page(cap: str) -> None:
    assert f"- {MEANINGS[cap].format(f'{CAPS[cap]:,}')}" in PAGE
