"""What came of scenarios, and how it is told: text for people, JUnit XML and JSON for CI, GitHub annotations."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import orjson

from emulator import entries
from emulator.call import Json
from emulator.explaining.messages import about

PASSED, FAILED, STRICT, SKIPPED, UNUSABLE = "passed", "failed", "strict", "skipped", "unusable"
MARKS: Final = {PASSED: "✓", FAILED: "✗", STRICT: "!", SKIPPED: "-"}
EXIT_CODES: Final = {PASSED: 0, FAILED: 1, STRICT: 4}
INDENT: Final = " " * 6
"""Before everything that is told of a step."""
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a step did not pass, and the line of the scenario that says otherwise."""

    line: int
    text: str


@dataclass(slots=True)
class StepResult:
    """`told` is the outcome in a word, `exchange` the entry of a call's request, `others` what else was recorded,
    `messages` what was rendered for users.

    `diagram` draws everything under its `trace`, where that was asked for and is more than the call.

    `curl` sends the call again, after the commands of `preparation`; `kept` says what was left for that.
    """

    kind: str
    name: str
    means: str
    line: int
    status: str = SKIPPED
    told: str = ""
    findings: list[Finding] = field(default_factory=list)
    nearest: str = ""
    curl: str = ""
    preparation: list[str] = field(default_factory=list)
    kept: str = ""
    seconds: float = 0.0
    exchange: dict[str, Json] = field(default_factory=dict)
    others: list[dict[str, Json]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    trace: str = ""
    diagram: str = ""


@dataclass(slots=True)
class Result:
    """One scenario that was run."""

    path: str
    title: str
    about: str
    steps: list[StepResult]
    seconds: float = 0.0

    @property
    def status(self) -> str:
        found = {step.status for step in self.steps}
        return FAILED if FAILED in found else STRICT if STRICT in found else PASSED


def outcome(results: list[Result]) -> str:
    found = {result.status for result in results}
    return FAILED if FAILED in found else STRICT if STRICT in found else PASSED


def text(result: Result, detail: bool = False) -> str:
    """One scenario for people: a line a step, and everything about a step that did not pass."""
    lines = [f"{result.title}  ({result.path})"]
    if detail:
        lines += ["", *_wrapped(result.about, "  "), *([""] if result.about else [])]
    for step in result.steps:
        lines += [*_step_lines(step, detail), *([""] if detail and step.status != SKIPPED else [])]
    return "\n".join(lines).rstrip()


def _step_lines(step: StepResult, detail: bool) -> Iterator[str]:
    means = f" - {step.means}" if step.means and not detail and step.status != SKIPPED else ""
    yield f"  {MARKS[step.status]} {step.told or '':4}{step.name}{means}"
    if detail and step.status != SKIPPED:
        yield from _detail(step)
    for finding in step.findings:
        yield f"      line {finding.line}: {finding.text}"
    if step.nearest:
        yield f"      nearest recorded: {step.nearest}"
    if step.curl and step.findings:
        yield from (f"      first:  {command}" for command in step.preparation)
        yield f"      repeat: {step.curl}"
    if step.kept:
        yield f"      kept: {step.kept}"


def _detail(step: StepResult) -> Iterator[str]:
    """What was sent, what was recorded and what it means."""
    if step.exchange:
        request, response = step.exchange["request"], step.exchange["response"]
        yield _labelled("sent", f"{entries.address(step.exchange)} {_shown(request['body'])}")
        yield _labelled("answered", f"{step.exchange['status']} {_shown(response['body'])}")
        for fate in step.exchange["fates"]:
            note = f" ({fate['note']})" if fate["note"] else ""
            yield _labelled("fate", f"{fate['pointer'] or 'the body'}: {fate['rule']}. {fate['sentence']}{note}")
    yield from ("", *(f"{INDENT}{line}".rstrip() for line in step.diagram.splitlines()), "") if step.diagram else ()
    for entry in () if step.diagram else step.others:
        yield _labelled("recorded", f"{entries.line(entry)} {_shown(entry['request']['body'])}")
    for message in step.messages:
        who = f"{message['channel']} of '{about(message)}' to {message['external_id'] or message['braze_id']}"
        yield _labelled("message", f"{who} {_shown(message['content'])}")
    if step.means:
        yield from _wrapped(step.means, _labelled("means", ""), " " * 16)


def _labelled(label: str, value: str) -> str:
    return f"{INDENT}{label:10}{value}"


def _wrapped(value: str, first: str, rest: str | None = None) -> list[str]:
    indent = first if rest is None else rest
    return textwrap.wrap(value, 100, initial_indent=first, subsequent_indent=indent, break_long_words=False)


def _shown(body: Json) -> str:
    if body is None:
        return ""
    told = body if isinstance(body, str) else orjson.dumps(body).decode()
    told = told if len(told) <= 600 else f"{told[:600]}…"
    return told if "\n" not in told else "\n" + textwrap.indent(told.strip("\n"), " " * 16)


def summary(results: list[Result]) -> str:
    steps = [step.status for result in results for step in result.steps]
    told = [f"{steps.count(status)} {status}" for status in (PASSED, FAILED, STRICT, SKIPPED) if status in steps]
    return f"{_counted(len(results), 'scenario')}, {_counted(len(steps), 'step')}: {', '.join(told)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def as_json(results: list[Result], problem: str = "") -> bytes:
    found = {
        "outcome": UNUSABLE if problem else outcome(results),
        "problem": problem,
        "scenarios": [{**asdict(result), "status": result.status} for result in results],
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2)


def junit(results: list[Result], problem: str = "") -> str:
    """JUnit XML: a suite for each scenario, a case for each step; one more with an error for a `problem`."""
    suites = "".join(map(_suite, results)) + (_unusable(problem) if problem else "")
    counts = _counts(results, errors=bool(problem))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{counts}>\n{suites}</testsuites>\n'


def _unusable(problem: str) -> str:
    case = f'<testcase name="replay"><error type="{UNUSABLE}" message={_attribute(problem)}/></testcase>'
    return f'<testsuite name="replay"{_counts([], errors=1)}>\n{case}\n</testsuite>\n'


def _counts(results: list[Result], errors: int = 0) -> str:
    steps = [step.status for result in results for step in result.steps]
    failures = steps.count(FAILED) + steps.count(STRICT)
    seconds = sum(result.seconds for result in results)
    tests, skipped = len(steps) + errors, steps.count(SKIPPED)
    return f' tests="{tests}" failures="{failures}" errors="{errors:d}" skipped="{skipped}" time="{seconds:.3f}"'


def _suite(result: Result) -> str:
    cases = "".join(_case(result, step) for step in result.steps)
    return f"<testsuite name={_attribute(result.title)}{_counts([result])}>\n{cases}</testsuite>\n"


def _case(result: Result, step: StepResult) -> str:
    place = f"classname={_attribute(result.path)} file={_attribute(result.path)}"
    inside = "<skipped/>" if step.status == SKIPPED else _failure(step) if step.findings else ""
    about = f'name={_attribute(step.name)} {place} line="{step.line}" time="{step.seconds:.3f}"'
    return f"<testcase {about}>{inside}</testcase>\n"


def _failure(step: StepResult) -> str:
    body = "\n".join(map(str.strip, _step_lines(step, False)))
    first = _attribute(step.findings[0].text)
    return f'<failure type="{step.status}" message={first}>{escape(_legal(body))}</failure>'


def _attribute(value: str) -> str:
    return quoteattr(_legal(value))


def _legal(value: str) -> str:
    return _NOT_XML.sub("\ufffd", value)


def github(results: list[Result]) -> Iterator[str]:
    """GitHub workflow commands: each finding at its line of the file."""
    for result in results:
        for step in result.steps:
            for finding in step.findings:
                yield annotation(result.path, finding.line, step.name, finding.text)


def annotation(path: str, line: int, title: str, text: str) -> str:
    return f"::error file={_property(path)},line={line},title={_property(title)}::{_escaped(text)}"


def _escaped(value: Any) -> str:
    return str(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")
