"""Whatever is written between braces: a rendering ends in one of its outcomes, and can be told."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator.composer import cases
from emulator.control import rendered
from emulator.liquid.render import render
from emulator.liquid.values import ABORTED, FAILED, HEADER, JSON, RENDERED, RETRY, TEXT, URL, Answer, Fetch, Options
from emulator.messaging.composing import Composed

CASES = [case for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")) for case in cases.load(path)]
PARTS = [part for case in CASES for part in re.findall(r"\{\{.*?\}\}+|\{%.*?%\}|[^{]+", case.template, re.S)]
ODD = [
    *("{{", "}}", "{%", "%}", "${", "}", "|", "'", '"', "{{{", "-}}", "{%-", "<!--", "-->", "\0", "é", "[0]", "(1..3)"),
    *("{% liquid\n", "\n%}", "{% raw %}", "{% endraw %}", "{% comment %}", "{% end %}", "nil", "1e999", "..", "9" * 25),
]
ANSWERS = ['{"a": 1}', "[1]", "{{ x }}", "{% if %}", "text", "{% connected_content http://a.test/ :rerender %}"]


def mutated(chance: random.Random) -> str:
    """A known template with a few slips, or known parts in any order."""
    if chance.random() < 0.5:
        return "".join(chance.choice(PARTS + ODD * 5) for _ in range(chance.randint(1, 12)))
    letters = list(chance.choice(CASES).template)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(letters))
        letters[at : at + chance.choice((0, 3))] = chance.choice([chance.choice(ODD), ""])
    return "".join(letters)


@pytest.mark.parametrize("seed", range(12))
def test_any_template_ends_and_can_be_told(seed: int) -> None:
    chance = random.Random(seed)

    def answer(request: Fetch) -> Answer:
        return Answer(chance.choice((200, 404, 500, 0)), chance.choice(ANSWERS))

    for _ in range(150):
        template, context = mutated(chance), dict(chance.choice(CASES).context)
        options: dict[str, Any] = {"preview": chance.random() < 0.2, "print_errors": chance.random() < 0.2}
        expects = chance.choice((TEXT, JSON, URL, HEADER))
        done = render(template, context, Options(fetch=answer, expects=expects, **options))
        assert done.outcome in (RENDERED, ABORTED, FAILED, RETRY), template
        assert all(step.line >= 1 and step.column >= 1 for step in done.steps), template
        found = tuple(("template", one) for one in done.findings)
        told = rendered.told(Composed(done.outcome, {}, texts=(("template", done),), told=found), True)
        assert orjson.dumps(told), template
