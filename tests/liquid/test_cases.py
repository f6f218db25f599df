"""The dialect and the partners' pages, case by case: tests/liquid/cases/*.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.composer import cases
from emulator.composer.cases import Case

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [case for path in FILES for case in cases.load(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path.stem}-{case.line}")
def test_a_case_renders_as_expected(case: Case) -> None:
    problem = cases.judge(case).problem
    assert not problem, f"{case}\n{case.template}\n{problem}"
