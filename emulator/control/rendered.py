"""A rendering as JSON: each text with its trace, and everything that was found, in one list."""

from __future__ import annotations

from typing import Final

from emulator.call import Json
from emulator.liquid.findings import BREAKING, RULES
from emulator.liquid.values import Call, Finding, Rendered, Step
from emulator.messaging.composing import Composed

_SHOWN: Final = 2_000
"""Characters of an address, a header and a body of Connected Content; the journal has all of them."""


def told(composed: Composed, steps: bool) -> dict[str, Json]:
    return {
        "reason": composed.reason,
        "abort_type": composed.abort_type,
        "extras": composed.extras or {},
        "promotions": composed.promotions or {},
        "findings": [_finding(field, one) for field, one in composed.told],
        "findings_left_out": sum(done.findings_left_out for _, done in composed.texts),
        "fields": [_text(field, done, steps) for field, done in composed.texts],
    }


def _finding(field: str, one: Finding) -> Json:
    """`place` is where line and column count: `message` is the field's template, `output` what came of it."""
    return {
        "field": field,
        "rule": one.rule,
        "message": one.message,
        "place": one.place,
        "line": one.line,
        "column": one.column,
        "breaking": one.rule in BREAKING,
        "means": RULES[one.rule].sentence,
        "level": RULES[one.rule].level,
    }


def _text(field: str, done: Rendered, steps: bool) -> Json:
    return {
        "field": field,
        "outcome": done.outcome,
        "output": done.output,
        "reason": done.reason,
        "place": done.place,
        "line": done.line,
        "column": done.column,
        "milliseconds": _milliseconds(done.seconds),
        "steps": [_step(one) for one in done.steps] if steps else [],
        "steps_left_out": done.steps_left_out,
    }


def _step(one: Step) -> Json:
    shown: dict[str, Json] = {
        "tag": one.tag,
        "source": one.source,
        "place": one.place,
        "line": one.line,
        "column": one.column,
        "depth": one.depth,
        "value": one.value,
        "milliseconds": _milliseconds(one.seconds),
    }
    if one.branch:
        shown["branch"] = one.branch
    if one.start >= 0:
        shown["output"] = [one.start, one.end]
    return shown if one.call is None else {**shown, "fetch": _fetch(one.call)}


def _fetch(call: Call) -> Json:
    request = call.request
    return {
        "method": request.method,
        "url": request.url[:_SHOWN],
        "headers": {name: value[:_SHOWN] for name, value in request.headers.items()},
        "body": (request.body or "")[:_SHOWN],
        "status": call.status,
        "problem": call.problem[:_SHOWN],
        "called": call.called,
        "cached": call.cached,
        "milliseconds": _milliseconds(call.seconds),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
