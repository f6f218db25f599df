"""The dialect and the partners' pages, case by case: tests/liquid/cases/*.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.composer import cases
from emulator.composer.cases import Case, Stub
from emulator.liquid.render import render
from emulator.liquid.values import Options

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [case for path in FILES for case in cases.load(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.line}")
def test_a_case_renders_as_expected(case: Case) -> None:
    problem = cases.judge(case).problem
    assert not problem, f"{case}\n{case.template}\n{problem}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.line}")
def test_without_a_trace_all_else_is_the_same(case: Case) -> None:
    context = dict(case.context)
    stub = Stub(context.pop("connected_content", []))
    full, bare = [
        render(case.template, context, Options(fetch=stub, expects=case.expects, trace=on)) for on in (True, False)
    ]
    assert (bare.outcome, bare.output, bare.findings) == (full.outcome, full.output, full.findings)
    assert bare.steps == ()
