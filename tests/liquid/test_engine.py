"""Parsed templates are kept by their text, and not without end."""

from __future__ import annotations

import pytest
from liquid.exceptions import LiquidError

from emulator.liquid.engine import KEPT_TEMPLATES, KEPT_WEIGHT, TOKEN, Engine
from emulator.liquid.limits import Meter
from emulator.liquid.render import render
from emulator.liquid.values import JSON, Options


def meter() -> Meter:
    return Meter(60)


def test_a_template_is_parsed_once() -> None:
    engine = Engine()
    assert engine.read("a {{ b }}", meter()) is engine.read("a {{ b }}", meter())


def test_the_template_that_was_not_used_for_longest_goes_first() -> None:
    engine = Engine()
    first, second = engine.read("first", meter()), engine.read("second", meter())
    for number in range(KEPT_TEMPLATES - 2):
        engine.read(f"{{{{ v{number} }}}}", meter())
    assert engine.read("first", meter()) is first
    engine.read("one more", meter())
    assert engine.read("first", meter()) is first
    assert engine.read("second", meter()) is not second


@pytest.mark.parametrize(
    ("unit", "count", "weight"), [("x", 900_000, 900_000 + TOKEN), ("{{a}}", 9_000, (5 + TOKEN * 2) * 9_000)]
)
def test_big_templates_leave_less_room(unit: str, count: int, weight: int) -> None:
    engine = Engine()
    sources = [f"{number}" + unit * count for number in range(1, 9)]
    parsed = [engine.read(source, meter()) for source in sources]
    kept = [one is engine.read(source, meter()) for source, one in zip(sources[::-1], parsed[::-1], strict=True)]
    assert kept == [number < KEPT_WEIGHT // weight for number in range(8)]


def test_what_cannot_be_parsed_is_not_kept() -> None:
    engine = Engine()
    for _ in range(2):
        with pytest.raises(LiquidError):
            engine.read("{% if %}", meter())


def test_of_an_output_that_leaves_a_key_empty_only_that_is_told() -> None:
    template = '{"a": "{{custom_attribute.${nothing}}}", "b": "{{custom_attribute.${adress}}} {{${first_name}}}"}'
    given = {"custom_attribute": {"address": "x"}}
    found = render(template, given, Options(expects=JSON)).findings
    missing, misspelt, first_name = (
        template.index(start) + 1 for start in ("{{custom_attribute.${n", "{{custom_attribute.${a", "{{${")
    )
    assert [(one.rule, one.column) for one in found] == [
        ("unset_value", misspelt),
        ("unset_value", first_name),
        ("empty_value", missing),
        ("empty_value", misspelt),
    ]
    assert "do you mean address?" in found[0].message
