"""Replays scenario files against an emulator in this process or behind an address, and reports what came of them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

from emulator import faults, ids, inspection, operations, seed, settings
from emulator.call import Json, Request, Response
from emulator.client import ControlClient
from emulator.clock import parse_duration
from emulator.errors import ConfigError
from emulator.explaining import drawing, gathering, messages
from emulator.pipeline import Emulator
from emulator.replay import calling, reports, scenario, steps
from emulator.replay.scenario import Scenario
from emulator.replay.steps import Entry, Message, Target

USAGE: Final = 2
BEFORE, KEPT = "before-the-last-call", "kept-by-replay"
"""Snapshots: the state that repeating a call begins with, and the mark of a workspace that nobody is using."""
PAGE: Final = 1000
MOST_MESSAGES: Final = 100_000
"""More than a workspace keeps."""
TIMEOUT: Final = 60.0

load = scenario.load


def replay(
    paths: Iterable[Path],
    *,
    url: str | None = None,
    strict: bool = False,
    explain: bool = False,
    junit: Path | None = None,
    json: Path | None = None,
) -> int:
    """Replay files and all files of folders, in process or against `url`, and print a report.

    `explain` also tells what was sent, what was recorded and what it means; `junit` and `json` name files to write.
    Answers the exit code: 0 pass, 1 a step failed, 2 a file cannot be used, 4 a violation that only `strict` minds.
    Every file is read and checked before the first one runs.
    """
    results: list[reports.Result] = []
    problem = ""
    try:
        loaded = [load(path) for path in files(paths)]
        opened = _remote(url) if url else in_process(strict)
        for one in loaded:
            results.append(run(one, _target(one, opened), strict, explain))
            print(reports.text(results[-1], explain), end="\n\n")
    except ConfigError as error:
        problem = str(error)
        print(problem, file=sys.stderr)
        return USAGE
    finally:
        _write(results, problem, junit, json)
    if settings.in_github_actions():
        print("\n".join(reports.github(results)))
    print(reports.summary(results))
    return reports.EXIT_CODES[reports.outcome(results)]


def files(paths: Iterable[Path]) -> list[Path]:
    """The scenario files among `paths` and below its folders. Raises ConfigError where there is none."""
    found: list[Path] = []
    for path in paths:
        inside = sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")]) if path.is_dir() else [path]
        if not inside:
            raise ConfigError(f"{path}: no scenario (*.yaml) in this folder")
        found += [file for file in inside if file not in found]
    return found


def run(what: Scenario, target: Target, strict: bool = False, explain: bool = False) -> reports.Result:
    """Run one scenario and close its target, or keep it where the report tells how to repeat a step. Raises ConfigError
    for a call that cannot be made. With `explain`, what each call led to is drawn.
    """
    with closing(target):
        result = steps.run(what, target, strict)
        for step in result.steps if explain else ():
            step.diagram = _drawn(target.explain(step.trace)) if step.exchange else ""
        failed = [step for step in result.steps if step.findings]
        if failed:
            failed[-1].kept = target.keep()
        return result


def _drawn(told: Json) -> str:
    """Nothing where the call is all there is."""
    more = len(told["entries"]) > 1 or told["decisions"] or told["messages"]
    return drawing.draw(told, drawing.WIDTH - len(reports.INDENT)) if more else ""


def _target(what: Scenario, opened: Callable[[Scenario], Target]) -> Target:
    """Raises ConfigError that names the file, and the line of what cannot be given."""
    try:
        return opened(what)
    except ConfigError as error:
        told = str(what.document.located(error, "/given"))
        raise ConfigError(told if told.startswith(str(what.path)) else f"{what.path}: {told}") from None


def in_process(strict: bool = False) -> Callable[[Scenario], Target]:
    """Opens targets in one emulator of its own."""
    emulator = Emulator()
    flags = ["--strict"] if strict else []

    def opened(what: Scenario) -> Target:
        again = ["braze-emulator", "replay", *flags, "--url", settings.running_url(), str(what.path)]
        return InProcess(emulator, what.given, _name(what), shlex.join(again))

    return opened


def _remote(url: str) -> Callable[[Scenario], Target]:
    token = settings.load({}).control_token
    return lambda what: Remote(url, what.given, token, _name(what))


def _name(what: Scenario) -> str:
    """The workspace's name, and with it its credentials: the same wherever the scenario runs."""
    return ids.in_path(f"{what.path.absolute().parent.name}-{what.path.stem}")


def _write(results: list[reports.Result], problem: str, junit: Path | None, json: Path | None) -> None:
    """`problem` is why not everything was run; a report must not look as if all were well."""
    if junit:
        junit.write_text(reports.junit(results, problem), encoding="utf-8")
    if json:
        json.write_bytes(reports.as_json(results, problem))


class InProcess:
    """A workspace of an emulator in this process. `again` is a command that runs the scenario against `url`."""

    def __init__(self, emulator: Emulator, given: Mapping[str, Any], name: str, again: str = "") -> None:
        self._emulator = emulator
        self._again = again
        self.url = settings.running_url()
        self.name = name
        self._workspace = emulator.workspaces.mint(name, given)
        self._begin = emulator.journal.last
        self.operations = emulator.operations
        self.document = self._workspace.document

    def call(self, request: Request) -> Response:
        """A bug of ours is a 500, as at the edge; its trace is in the journal."""
        try:
            return self._emulator.answer(request)
        except Exception as bug:
            return Response(500, {}, f"{type(bug).__name__}: {bug}".encode())

    def advance(self, by: str | float) -> None:
        self._emulator.dispatcher.advance(self._workspace, parse_duration(by))

    def arm(self, fault: Mapping[str, Any]) -> None:
        armed = self._workspace.faults
        armed.append(faults.parse(fault, f"fault-{len(armed) + 1}"))

    def entries(self, after: int) -> list[Entry]:
        found = self._emulator.journal.find(limit=-1, workspace=self.name, after=max(after, self._begin))
        return [inspection.shown(entry, reveal=True) for entry in found]

    def entry(self, id: int) -> Entry | None:
        found = self._emulator.journal.get(id)
        return inspection.shown(found, reveal=True) if found else None

    def messages(self) -> list[Message]:
        return [messages.shown(key, one, reveal=True) for key, one in self._workspace.view().messages.items()]

    def explain(self, trace: str) -> Json:
        return gathering.told(self._emulator.journal, self._emulator.workspaces, trace)

    def unfired(self) -> list[str]:
        return [_fault(fault.when, fault.status, fault.delay) for fault in self._workspace.faults if not fault.fired]

    def preparation(self) -> list[str]:
        """This emulator is gone when the report is read, so a server has to come to the same point first."""
        return [*_served(self.url), self._again, _put_back(self.url, self.name)] if self._again else []

    def keep(self) -> str:
        return ""

    def close(self) -> None:
        self._emulator.workspaces.delete(self.name)


def _served(url: str) -> list[str]:
    """What starts a server at `url`, if that is an address of this machine."""
    where = urlsplit(url)
    port = f" --port {where.port}" if where.port != settings.Settings.port else ""
    return [f"braze-emulator serve{port} &"] if where.hostname in settings.LOOPBACK else []


def _fault(when: Mapping[str, str], status: int | None, delay: float) -> str:
    where = ", ".join(f"{name} {value}" for name, value in when.items()) or "every call"
    return f"{status or f'delay {delay:g} s'} for {where}"


class Remote:
    """A workspace of an emulator that somebody else runs, through its control API."""

    def __init__(self, url: str, given: Mapping[str, Any], token: str = "", name: str = "") -> None:
        import requests  # 60 ms, and only where an address is given

        self.url = url.rstrip("/")
        self.operations = operations.load()
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy or a .netrc of this machine is not meant for the emulator
        self._failure = requests.RequestException
        self._token = token
        self._kept = False
        self.name = self._opened(given, name)
        self._control = ControlClient(self.url, token, self.name)
        self.document = self._control.get("/seed")
        newest = self._control.get("/journal", workspace="*", newest="true", limit=1)["entries"]
        self._begin = int(newest[0]["id"]) if newest else 0

    def _opened(self, given: Mapping[str, Any], name: str) -> str:
        """A new workspace's name: the wanted one, or another while somebody is using that. What an earlier run has kept
        makes room where it has the same name or credentials.
        """
        control = ControlClient(self.url, self._token)
        own = {(one.service, one.value) for one in seed.credentials(given)}
        for other in control.get("/workspaces"):
            if (other["name"] == name or own & _held(other)) and self._is_kept(other["name"]):
                control.delete(_path(other["name"]))
        taken = {other["name"] for other in control.get("/workspaces")}
        wanted = {"name": name} if name and name not in taken else {}
        return str(control.post("/workspaces", {"seed": given, **wanted})["name"])

    def _is_kept(self, name: str) -> bool:
        return KEPT in ControlClient(self.url, self._token, name).get("/snapshots")

    def call(self, request: Request) -> Response:
        """What `requests` would add by itself is left out, so that the journal holds what the scenario says."""
        self._control.post("/snapshots", {"name": BEFORE})
        headers = {"accept": None, "accept-encoding": None, "user-agent": None, **request.headers}
        where = self.url + calling.target(request)
        try:
            answer = self._session.request(
                request.method, where, headers=headers, data=request.body, timeout=TIMEOUT, allow_redirects=False
            )
        except self._failure as error:
            raise ConfigError(f"{self.url}: no answer: {error}") from None
        return Response(answer.status_code, dict(answer.headers), answer.content)

    def advance(self, by: str | float) -> None:
        self._control.post("/clock/advance", {"by": by})

    def arm(self, fault: Mapping[str, Any]) -> None:
        self._control.post("/faults", dict(fault))

    def entries(self, after: int) -> list[Entry]:
        found: list[Entry] = []
        last = max(after, self._begin)
        while page := self._control.get("/journal", reveal="true", limit=PAGE, after=last)["entries"]:
            found += page
            last = page[-1]["id"]
        return found

    def entry(self, id: int) -> Entry | None:
        return cast(Entry, self._control.get(f"/journal/{id}", reveal="true")) if id else None

    def messages(self) -> list[Message]:
        return cast(list[Message], self._control.get("/messages", limit=MOST_MESSAGES, reveal="true")["messages"])

    def explain(self, trace: str) -> Json:
        return self._control.get(f"/explain/{quote(trace, safe='')}")

    def unfired(self) -> list[str]:
        armed = self._control.get("/faults")
        return [_fault(item["when"], item["status"], item["delay"]) for item in armed if not item["fired"]]

    def preparation(self) -> list[str]:
        return [_put_back(self.url, self.name, self._token)]

    def keep(self) -> str:
        self._control.post("/snapshots", {"name": KEPT})
        self._kept = True
        command = _curl("DELETE", self.url, _path(self.name), self._token)
        return f"the workspace {self.name}, until the scenario runs again; delete it: {command}"

    def close(self) -> None:
        if not self._kept:
            self._control.delete(_path(self.name))
        self._session.close()


def _put_back(url: str, workspace: str, token: str = "") -> str:
    return _curl("POST", url, f"/snapshots/{BEFORE}/restore?workspace={workspace}", token)


def _curl(method: str, url: str, path: str, token: str) -> str:
    """A command for the control API; its token is left where the shell finds it."""
    header = ' -H "Authorization: Bearer $BRAZE_EMULATOR_CONTROL_TOKEN"' if token else ""
    return f"curl -X {method} {shlex.quote(f'{url}/_emulator{path}')}{header}"


def _path(name: str) -> str:
    return f"/workspaces/{quote(name, safe='')}"


def _held(workspace: Mapping[str, Any]) -> set[tuple[str, str]]:
    """(service, credential) of everything that opens a workspace, as the control API shows it."""
    return {(service, one["credential"]) for service, held in workspace["credentials"].items() for one in held}
