"""Runs a scenario's steps against a target and compares what came with what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

import orjson

from emulator import clock, documents, entries, matching
from emulator.call import Json, Request, Response
from emulator.errors import ConfigError
from emulator.operations import Operations
from emulator.replay import calling, reports, scenario
from emulator.replay.calling import Caller
from emulator.replay.reports import Finding, Result, StepResult
from emulator.replay.scenario import Scenario, Step

Entry = dict[str, Any]
"""A journal entry as JSON, as the control API shows it, its credentials included."""
Message = dict[str, Any]
"""A message as it was rendered for a user, as the control API shows it."""


class Target(Protocol):
    """A workspace for one scenario, in this process or behind an address.

    `name` is the workspace's, `document` its seed with its own credentials; `operations` is the list that calls refer
    to, and `url` where a person would repeat a call.
    """

    name: str
    operations: Operations
    document: Mapping[str, Any]
    url: str

    def call(self, request: Request) -> Response: ...

    def advance(self, by: str | float) -> None: ...

    def arm(self, fault: Mapping[str, Any]) -> None: ...

    def entries(self, after: int) -> list[Entry]:
        """The workspace's entries since the target was opened whose id is greater than `after`."""

    def entry(self, id: int) -> Entry | None:
        """Any one entry: a refused call belongs to no workspace."""

    def messages(self) -> list[Message]:
        """The messages that the workspace has rendered for users, oldest first."""

    def explain(self, trace: str) -> Json:
        """Everything under a trace, as `explaining.gathering` tells it."""

    def unfired(self) -> list[str]:
        """Faults that were armed and have not fired, in words."""

    def preparation(self) -> list[str]:
        """Commands that lead back to the point before the last call."""

    def keep(self) -> str:
        """Leave the workspace to the reader of a report, where it can be left; tells so, and how to get rid of it."""

    def close(self) -> None: ...


def run(what: Scenario, target: Target, strict: bool = False) -> Result:
    """Run all steps up to the first that fails. Raises ConfigError for a call that cannot be made."""
    started, running = clock.stopwatch(), _Run(what, target)
    results = [_blank(what, step) for step in what.steps]
    for step, result in zip(what.steps, results, strict=True):
        running.take(step, result)
        if strict and result.status == reports.PASSED:
            _judge(result, running.violations(step))
        if result.status == reports.FAILED:
            break
    if strict and results[-1].status == reports.PASSED:
        _judge(results[-1], [Finding(results[-1].line, f"a fault never fired: {text}") for text in target.unfired()])
    return Result(str(what.path), what.title, what.about, results, clock.stopwatch() - started)


def _blank(what: Scenario, step: Step) -> StepResult:
    return StepResult(step.kind, step.name, step.means, what.document.line(step.pointer))


def _judge(result: StepResult, violations: list[Finding]) -> None:
    if violations:
        result.status = reports.STRICT
        result.findings += violations


class _Run:
    """What a scenario remembers from step to step."""

    def __init__(self, what: Scenario, target: Target) -> None:
        self.what = what
        self.target = target
        self.caller = Caller(target.operations, target.document)
        self.captures: dict[str, Json] = {}
        self.trace = ""
        self.seen: list[Entry] = []
        self.fresh: list[Entry] = []

    def take(self, step: Step, result: StepResult) -> None:
        """One step; `result` is filled in."""
        started, self.fresh = clock.stopwatch(), []
        try:
            found = list(KINDS[step.kind](self, step, result))
        except ConfigError as error:
            raise self.what.document.error(step.pointer, str(error)) from None
        result.findings += [Finding(self.what.document.line(place), text) for place, text in found]
        result.seconds = clock.stopwatch() - started
        result.status = reports.FAILED if result.findings else reports.PASSED

    def collect(self, own: Entry | None = None) -> list[Entry]:
        """The entries that came since the last look, and `own`, which need not belong to the workspace."""
        last = self.seen[-1]["id"] if self.seen else 0
        found = self.target.entries(last)
        if own is not None and all(entry["id"] != own["id"] for entry in found):
            found.append(own)
        self.fresh = sorted(found, key=lambda entry: int(entry["id"]))
        self.seen += self.fresh
        return self.fresh

    def violations(self, step: Step) -> list[Finding]:
        """What strict mode does not let pass in a step: silent losses and requests for nothing, unless announced."""
        place = self.what.document.line(step.pointer)
        told = {item if isinstance(item, str) else item["rule"] for item in step.expect.get("fates", ())}
        told.update(
            later.data["fate"] for later in self.what.steps if later.kind == "recorded" and "fate" in later.data
        )
        found = []
        for entry in self.fresh:
            lost = [fate for fate in entry["fates"] if fate["loss"] and fate["rule"] not in told]
            if 200 <= entry["status"] < 400:
                found += [Finding(place, _lost(entry, fate)) for fate in lost]
            if _unmatched(entry) and step.expect.get("status") != entry["status"]:
                found.append(Finding(place, f"a request for an operation that does not exist: {entries.line(entry)}"))
        return found


def _unmatched(entry: Entry) -> bool:
    return entry["direction"] == "in" and not entry["operation"]


def _lost(entry: Entry, fate: Mapping[str, Any]) -> str:
    where = fate["pointer"] or "the body"
    return f"a silent loss in #{entry['id']}: {where}: {fate['rule']}. {fate['sentence']}"


Found = Iterator[tuple[str, str]]
"""(pointer into the scenario, what is wrong there)."""


def _call(running: _Run, step: Step, result: StepResult) -> Found:
    request = running.caller.request(scenario.filled(step.data, running.captures))
    request.headers["x-emulator-workspace"] = running.target.name  # a credential that nobody has is refused
    result.curl, result.preparation = calling.curl(request, running.target.url), running.target.preparation()
    response = running.target.call(request)
    headers = {name.lower(): value for name, value in response.headers.items()}
    result.told, running.trace = str(response.status), headers.get("x-emulator-trace", "")
    result.trace = running.trace
    own = running.target.entry(int(headers.get("x-emulator-entry", 0)))
    news = running.collect(own)
    result.exchange = own or {}
    result.others = [entry for entry in news if own is None or entry["id"] != own["id"]]
    expected = scenario.filled(dict(step.expect), running.captures)
    wrong = list(_compared(expected, response, headers, own)) + list(
        _saved(running, step, "answer", _json(response.body))
    )
    result.nearest = entries.line(own or news[-1]) if wrong and (own or news) else ""
    yield from ((f"{step.pointer}{place}", text) for place, text in wrong)


def _compared(
    expected: Mapping[str, Any], response: Response, headers: Mapping[str, str], own: Entry | None
) -> Iterator[tuple[str, str]]:
    """Every difference between `expect` and the answer, under /expect."""
    wanted = {key: value for key, value in expected.items() if key in ("status", "body")}
    actual = {"status": response.status, "body": _json(response.body)}
    if "headers" in expected:
        wanted["headers"] = {name.lower(): str(value) for name, value in expected["headers"].items()}
        actual["headers"] = dict(headers)
    for difference in matching.differences(wanted, actual):
        yield f"/expect{difference.pointer}", str(difference).lstrip("/")
    if "text" in expected and expected["text"].encode() not in response.body:
        yield "/expect/text", f"text: {expected['text']!r} is not in {_excerpt(response.body)}"
    if "fates" in expected:
        yield from _compared_fates(expected["fates"], own["fates"] if own else [])


def _compared_fates(wanted: list[Any], actual: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    rules = [item if isinstance(item, dict) else {"rule": item} for item in wanted]
    told = ", ".join(f"{fate['rule']} at {fate['pointer'] or 'the body'}" for fate in actual) or "none"
    for index, rule in enumerate(rules):
        if not any(rule.items() <= fate.items() for fate in actual):
            yield f"/expect/fates/{index}", f"fates: expected {_fate(rule)}, recorded are: {told}"
    for fate in actual:
        if not any(rule.items() <= fate.items() for rule in rules):
            yield "/expect/fates", f"fates: {_fate(fate)} is not expected. {fate['sentence']}"


def _fate(fate: Mapping[str, Any]) -> str:
    return f"{fate['rule']} at {fate['pointer']}" if fate.get("pointer") else str(fate["rule"])


def _saved(running: _Run, step: Step, what: str, found: Json) -> Iterator[tuple[str, str]]:
    """Keep what the step saves; what is not in the answer or message that was found is a difference."""
    for name, pointer in step.save.items():
        try:
            running.captures[name] = documents.pointed(found, pointer)
        except KeyError:
            yield f"/save/{name}", f"save: the {what} has nothing at {pointer}: {_excerpt(_raw(found))}"


def _json(raw: bytes) -> Json:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")


def _raw(value: Json) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def _excerpt(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return text if len(text) <= 300 else f"{text[:300]}…"


def _advance(running: _Run, step: Step, result: StepResult) -> Found:
    running.target.advance(step.data)
    result.others = running.collect()
    return iter(())


def _fault(running: _Run, step: Step, result: StepResult) -> Found:
    running.target.arm(scenario.filled(step.data, running.captures))
    return iter(())


def _recorded(running: _Run, step: Step, result: StepResult) -> Found:
    wanted = scenario.filled(step.data, running.captures)
    running.collect()
    count = wanted.pop("count", None)
    if wanted.pop("trace", ""):
        wanted["trace"] = running.trace
    misses = [(entries.misses(wanted, entry), entry) for entry in running.seen]
    found = [entry for missed, entry in misses if not missed]
    result.told, result.others = f"{len(found)}x", found
    if count is None and not found or count is not None and len(found) != count:
        near = min((pair for pair in misses if pair[0]), key=lambda pair: len(pair[0]), default=None)
        result.nearest = f"{entries.line(near[1])}: {'; '.join(near[0])}" if near else "nothing"
        told = "at least 1" if count is None else str(count)
        yield f"{step.pointer}/recorded", f"recorded: expected {told} such exchanges, found {len(found)}"


def _message(running: _Run, step: Step, result: StepResult) -> Found:
    """Messages that were rendered; what is saved is taken from the newest that is found."""
    wanted = dict(scenario.filled(step.data, running.captures))
    running.collect()
    count = wanted.pop("count", None)
    if wanted.pop("trace", ""):
        wanted["trace"] = running.trace
    misses = [(matching.differences(wanted, one), one) for one in running.target.messages()]
    result.messages = [one for missed, one in misses if not missed]
    result.told = f"{len(result.messages)}x"
    if not result.messages if count is None else len(result.messages) != count:
        near = min((pair for pair in misses if pair[0]), key=lambda pair: len(pair[0]), default=None)
        result.nearest = "; ".join(map(str, near[0])).lstrip("/") if near else "no message was rendered"
        told = "at least 1" if count is None else str(count)
        yield f"{step.pointer}/message", f"message: expected {told} such messages, found {len(result.messages)}"
    elif result.messages:
        wrong = _saved(running, step, "message", result.messages[-1])
        yield from ((f"{step.pointer}{place}", text) for place, text in wrong)


KINDS: Final[dict[str, Callable[[_Run, Step, StepResult], Found]]] = {
    "call": _call,
    "advance": _advance,
    "fault": _fault,
    "recorded": _recorded,
    "message": _message,
}
