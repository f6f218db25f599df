"""A hostile template costs less than a second and the error says which cap it ran into."""

from __future__ import annotations

import time
from typing import Any

import pytest

from emulator.liquid.limits import CAPS, MEANINGS
from emulator.liquid.render import render
from emulator.liquid.values import FAILED, RENDERED, Answer, Options, Rendered
from tests.liquid.bombs import BOMBS


def _deep() -> Any:
    held: Any = 1
    for _ in range(900):
        held = {"a": [held]}
    return held


CONTEXT: dict[str, Any] = {
    "now": "2026-11-22T08:30:00Z",
    "custom_attribute": {"deep": _deep()},
    "content_blocks": {
        "loop": "{{content_blocks.${loop}}}",
        "loops": "{{content_blocks.${loops}}}" * 500,
        "heavy": "{% for i in (1..500) %}{{ i | times: 7 | plus: 3 }}{% endfor %}",
    },
}


def explode(template: str, seconds: float = Options().seconds) -> Rendered:
    return render(template, CONTEXT, Options(fetch=lambda request: Answer(200, "[]"), seconds=seconds))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_meets_its_cap(name: str) -> None:
    template, cap = BOMBS[name]
    # a busy machine must not meet the deadline before the cap that is tested
    rendered = explode(template) if cap in ("", "seconds") else explode(template, seconds=60)
    assert len(rendered.output) <= CAPS["output"]
    if not cap:
        return
    assert rendered.outcome == FAILED
    assert rendered.abort_type == "template_parse_error"
    if cap == "seconds":
        assert rendered.reason == "Liquid rendering timeout: a template gets 0.75 seconds of work"
    else:
        assert MEANINGS[cap].format(f"{CAPS[cap]:,}") in rendered.reason


def test_every_cap_has_its_bomb() -> None:
    assert {cap for _, cap in BOMBS.values() if cap} == {*CAPS, "seconds"} - {"steps", "findings"}


def test_a_template_that_is_just_big_enough_is_no_bomb() -> None:
    rendered = render("{% for i in (1..1000) %}{{ i }},{% endfor %}" + "x" * 100_000, {})
    assert rendered.outcome == RENDERED
    assert rendered.output.startswith("1,2,3,")


def test_waiting_for_an_answer_does_not_count() -> None:
    def slowly(_: object) -> Answer:
        time.sleep(0.06)
        return Answer(200, "[]")

    rendered = render("{% connected_content http://a.test/ %}ok", {}, Options(fetch=slowly, seconds=0.05))
    assert rendered.output == "ok"


def test_the_trace_is_cut_and_says_so() -> None:
    rendered = render("{% for i in (1..5000) %}{{ i }}{% endfor %}", {})
    assert rendered.outcome == RENDERED
    assert len(rendered.steps) == CAPS["steps"]
    assert rendered.steps_left_out == 5001 - CAPS["steps"]
