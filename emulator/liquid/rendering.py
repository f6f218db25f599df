"""A rendering from beginning to end, whatever it ends in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from liquid.exceptions import ContextDepthError, LiquidError, LiquidInterrupt, LiquidSyntaxError

from emulator import clock
from emulator.liquid import checks, names
from emulator.liquid.content_blocks import ContentBlocks
from emulator.liquid.engine import Engine
from emulator.liquid.limits import CapReached
from emulator.liquid.ruby import UTC, aware
from emulator.liquid.tags.messages import PROMOTIONS
from emulator.liquid.values import (
    ABORTED,
    FAILED,
    HEADER,
    MESSAGE,
    RENDERED,
    RETRY,
    URL,
    Finding,
    Options,
    Rendered,
    instant,
)
from emulator.liquid.work import Aborted, Buffer, Context, Work

MOST_ATTEMPTS: Final = 5
PREVIEW_RETRY: Final = "This message would not have been shown because retry functionality was triggered"
PARSE_ERROR: Final = "template_parse_error"
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _End:
    """What a rendering ended in."""

    outcome: str
    output: str = ""
    reason: str = ""
    abort_type: str = ""
    place: str = ""
    at: tuple[int, int] = (0, 0)


class Renderer:
    """One for the process; any number of threads may render."""

    def __init__(self) -> None:
        self.engine = Engine()

    def render(self, template: str, given: Mapping[str, Any], options: Options) -> Rendered:
        began = clock.stopwatch()
        now = aware(instant(given.get("now")) or _START)
        work = Work(self.engine, given, options, now)
        end = self._end(template, work)
        findings = [*work.findings.values()]
        if end.outcome == RENDERED:
            end, more = _finished(end, template, work)
            findings = _once([*findings, *more])
        steps = tuple(step.step() for step in work.steps) if options.trace else ()
        return Rendered(
            end.outcome, end.output, end.reason, end.abort_type, end.place, *end.at, work.extras, work.promotions,
            tuple(findings), work.findings_left_out, steps, work.left_out, clock.stopwatch() - began, work.meter.worked,
        )  # fmt: skip

    def _end(self, template: str, work: Work) -> _End:
        try:
            return _retried(self._text(template, work), work)
        except Aborted as aborted:
            return _failure(ABORTED, str(aborted), aborted.kind, work, None)
        except CapReached as cap:
            return _failure(FAILED, str(cap), PARSE_ERROR, work, None)
        except RecursionError:
            return _failure(FAILED, str(CapReached("nesting")), PARSE_ERROR, work, None)
        except LiquidError as error:
            return _failure(FAILED, words(error), PARSE_ERROR, work, error)

    def _text(self, template: str, work: Work) -> str:
        parsed = self.engine.read(template, work.meter)
        blocks = ContentBlocks("content_blocks"), ContentBlocks("content_block")
        context = Context(parsed.template, work, _roots(work.given, work.options, blocks))
        for shelf in blocks:
            shelf.context = context
        buffer = Buffer(work.meter, main=True)
        try:
            with work.inside(parsed, MESSAGE):
                parsed.render(context, buffer)
        except LiquidInterrupt:
            pass  # break and continue outside of a loop end the text
        _consume(template, work)
        work.meter.look()
        return buffer.getvalue()


def _roots(given: Mapping[str, Any], options: Options, blocks: tuple[ContentBlocks, ...]) -> dict[str, Any]:
    """The names of a template, from what was given."""
    roots: dict[str, Any] = {**(given.get("user") or {})}
    for name in names.NAMESPACES:
        if name in given:
            roots[name] = _guess(given[name]) if options.preview and name in names.GUESSED else given[name]
    entry = roots.get("context", roots.get("canvas_entry_properties"))
    if entry is not None:
        roots.setdefault("context", entry)
        roots.setdefault("canvas_entry_properties", entry)
    if options.preview:
        roots["campaign"] = {**(roots.get("campaign") or {}), "dispatch_id": names.UNSENT}
    roots |= given.get("vars") or {}
    for shelf in blocks:
        roots[shelf.name] = shelf
    return roots


def _guess(value: Any) -> Any:
    """A preview takes texts that look like numbers and booleans for such."""
    if isinstance(value, Mapping):
        return {key: _guess(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_guess(held) for held in value]
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    try:
        return int(value) if value.lstrip("-").isdigit() else float(value) if value[:1].isdigit() else value
    except ValueError:
        return value


def _consume(template: str, work: Work) -> None:
    """Promotion codes of branches that were not taken are used up, too."""
    if "promotion" not in template or work.options.preview:
        return
    lists = work.given.get("promotions") or {}
    for name in PROMOTIONS.findall(template):
        if name not in work.promotions and lists.get(name):
            work.promotions[name] = lists[name][0]
            work.find("promotion_of_other_branch", f"a code of the list {name!r} is used up in a branch not taken")


def _retried(text: str, work: Work) -> _End:
    if not work.retry:
        return _End(RENDERED, text)
    if work.options.preview:
        return _End(RETRY, reason=PREVIEW_RETRY)
    if work.options.attempt >= MOST_ATTEMPTS:
        reason = f"Connected Content failed after {MOST_ATTEMPTS} retries: {work.retry}"
        return _End(ABORTED, reason=reason, abort_type="exhausted_cc_retries")
    return _End(RETRY, reason=work.retry)


def _once(findings: list[Finding]) -> list[Finding]:
    """Without `is not set` of an output of which it is told that a key or a header is empty by it."""
    empty = {finding[2:] for finding in findings if finding.rule in ("empty_value", "required_value")}
    return [one for one in findings if one.rule != "unset_value" or one[2:] not in empty or "; do you" in one.message]


def _failure(outcome: str, reason: str, kind: str, work: Work, error: LiquidError | None) -> _End:
    steps = [step for step in work.steps if step.spent] or work.steps
    place = getattr(error, "place", steps[-1].place if steps and error is None else MESSAGE)
    at = getattr(error, "at", steps[-1].at if steps and error is None else (0, 0))
    return _End(outcome, reason=reason, abort_type=kind, place=place, at=at)


def words(error: LiquidError) -> str:
    """In the words of Ruby's Liquid."""
    if isinstance(error, ContextDepthError):
        return "Liquid error: Nesting too deep"
    start = "Liquid syntax error" if isinstance(error, LiquidSyntaxError) else "Liquid error"
    return f"{start}: {error.message}"


def _finished(end: _End, template: str, work: Work) -> tuple[_End, list[Finding]]:
    output, found, options = end.output, list(checks.placeholders(template)), work.options
    if options.expects in (URL, HEADER) and output != output.strip():
        output = output.strip()
        found.append(Finding("value_trimmed", "white space around it is taken off", MESSAGE))
    found += checks.check(end.output, [step for step in work.steps if step.start >= 0], options)
    return _End(end.outcome, output), found
