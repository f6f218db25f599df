"""A file of cases: templates with what they see and what must come of them. A team's own, or those of these tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from emulator import documents, seed, settings
from emulator.documents import Document
from emulator.errors import ConfigError
from emulator.liquid.render import render
from emulator.liquid.values import ABORTED, RENDERED, TEXT, Answer, Fetch, Finding, Options, Rendered
from emulator.replay import reports

PASSED, FAILED = 0, 1
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Case:
    """`expected` is the text, {abort: reason} or {error: words}; with match `json` any value."""

    name: str
    path: Path
    line: int
    template: str
    context: Mapping[str, Any]
    expected: Any
    match: str
    expects: str
    findings: tuple[Mapping[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}"


@dataclass(frozen=True, slots=True)
class Result:
    """`problem` is empty for a case that passed."""

    case: Case
    found: Rendered
    problem: str


def load(path: Path) -> list[Case]:
    """Raises ConfigError that names file and line of everything that does not fit."""
    document = documents.read(path)
    if not _decider().is_valid(document.value):
        raise ConfigError("\n".join(documents.explained(document, schema())))
    return [_case(document, number, raw) for number, raw in enumerate(document.value)]


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = seed.published("cases")
    return found


@cache
def _decider() -> Any:
    import jsonschema_rs  # as in seed

    return jsonschema_rs.validator_for(schema())


def _case(document: Document, number: int, raw: Mapping[str, Any]) -> Case:
    return Case(
        raw.get("name", f"case {number + 1}"), document.path, document.line(f"/{number}"),
        raw["template"] if "template" in raw else _text(document, number, raw["file"]),
        raw.get("context") or {}, raw["expected"], raw.get("match", "exact"), raw.get("expects", TEXT),
        tuple({"rule": one} if isinstance(one, str) else one for one in raw.get("findings", ())),
    )  # fmt: skip


def _text(document: Document, number: int, file: str) -> str:
    """A template of its own file, beside the cases."""
    try:
        return (document.path.parent / file).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise document.error(f"/{number}/file", f"[{number}].file: cannot be read: {error}") from None


class Stub:
    """Answers Connected Content as a case says, and notes where what was sent is not what the case wants."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self._answers = answers
        self.problems: list[str] = []

    def __call__(self, fetch: Fetch) -> Answer:
        called = f"{fetch.method} {fetch.url}"
        wanted = next((one for one in self._answers if f"{one.get('method', 'GET')} {one['url']}" == called), None)
        if wanted is None:
            return Answer(0, problem=f"the case has no answer to {called}")
        self.problems += _differences(fetch, wanted)
        body = wanted.get("body", "")
        return Answer(wanted.get("status", 200), body if isinstance(body, str) else json.dumps(body))


def _differences(fetch: Fetch, wanted: Mapping[str, Any]) -> Iterable[str]:
    if "request_json" in wanted and _json(fetch.body or "") != wanted["request_json"]:
        yield f"{fetch.url}: the body {fetch.body!r} was sent, not {json.dumps(wanted['request_json'])}"
    sent = {name.lower(): value for name, value in fetch.headers.items()}
    for name, value in wanted.get("request_headers", {}).items():
        if sent.get(name.lower()) != value:
            yield f"{fetch.url}: the header {name} was {sent.get(name.lower())!r}, not {value!r}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def judge(case: Case) -> Result:
    context = dict(case.context)
    stub = Stub(context.pop("connected_content", []))
    found = render(case.template, context, Options(fetch=stub, expects=case.expects))
    problems = [_problem(case, found), *stub.problems, *_unfound(case, found)]
    return Result(case, found, "\n".join(filter(None, problems)))


def _unfound(case: Case, found: Rendered) -> Iterable[str]:
    for wanted in case.findings:
        if not any(_is(one, wanted) for one in found.findings):
            told = [f"    {one.place} {one.line}:{one.column} {one.rule}: {one.message}" for one in found.findings]
            yield "\n".join([f"not found: {json.dumps(wanted)}; found is", *(told or ["    nothing"])])


def _is(one: Finding, wanted: Mapping[str, Any]) -> bool:
    same = all(getattr(one, name) == value for name, value in wanted.items() if name != "says")
    return same and wanted.get("says", "").lower() in one.message.lower()


def _problem(case: Case, found: Rendered) -> str:
    if case.match != "json" and isinstance(case.expected, Mapping):
        return _other_end(case.expected, found)
    if found.outcome != RENDERED:
        return f"expected {_shown(case.expected)}\ngot      {found.outcome}: {found.reason}"
    got, wanted = found.output, case.expected
    if case.match == "json":
        got, wanted = _json(got), _json(wanted) if isinstance(wanted, str) else wanted
    elif case.match == "stripped":
        got, wanted = got.strip(), wanted.strip()
    return "" if got == wanted else f"expected {_shown(wanted)}\ngot      {_shown(got)}"


def _other_end(expected: Mapping[str, str], found: Rendered) -> str:
    """Of a case that is to abort, or to say an error or finding."""
    if "abort" in expected:
        passed = found.outcome == ABORTED and found.reason == expected["abort"]
    else:
        said = " ".join([found.reason, found.output, *map(str, found.findings)])
        passed = expected["error"].lower() in said.lower()
    got = f"{found.outcome}: {_shown(found.reason or found.output)}"
    return "" if passed else f"expected {json.dumps(expected)}\ngot      {got}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def run(paths: Iterable[Path], *, as_json: bool = False) -> int:
    """Run files of cases and print a line a case; answers 1 where one fails. All files are read before the first runs.

    Raises ConfigError.
    """
    results = [judge(case) for case in [case for path in paths for case in load(path)]]
    failed = sum(bool(result.problem) for result in results)
    if as_json:
        print(json.dumps([_told(result) for result in results], indent=2, ensure_ascii=False))
    else:
        for line in _report(results, failed):
            print(line)
    return FAILED if failed else PASSED


def _report(results: list[Result], failed: int) -> Iterator[str]:
    yield from map(_line, results)
    if settings.in_github_actions():
        for case, problem in ((result.case, result.problem) for result in results if result.problem):
            yield reports.annotation(str(case.path), case.line, case.name, problem)
    yield f"{len(results)} cases: {len(results) - failed} passed" + (f", {failed} failed" if failed else "")


def _line(result: Result) -> str:
    told = "".join(f"\n    {line}" for line in result.problem.splitlines())
    return f"{'FAILED' if result.problem else 'ok':6} {result.case}{told}"


def _told(result: Result) -> dict[str, Any]:
    case = result.case
    return {
        "name": case.name, "file": str(case.path), "line": case.line, "passed": not result.problem,
        "problem": result.problem, "outcome": result.found.outcome, "output": result.found.output,
        "findings": [one.rule for one in result.found.findings],
    }  # fmt: skip
