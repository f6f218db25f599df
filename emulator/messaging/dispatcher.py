"""Sends what is due: to an emulated service in process, to an allowed host over HTTP, to nobody else.

Every attempt is a journal entry of direction `out` under the trace of its cause.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from emulator import clock
from emulator.call import Request, Response, Work
from emulator.journal import Entry, Journal
from emulator.liquid.values import Answer, Fetch, Fetcher
from emulator.messaging import attempts, health, kinds, outbox, outside, retries
from emulator.messaging.turns import Turns
from emulator.workspaces import Workspace

REFUSED: Final = 0
ENTRY: Final = "X-Emulator-Entry"
"""The number of the other side's entry in the journal."""
TIMEOUT: Final = 10.0
"""Seconds that a partner waits for Braze (assumed)."""
WEBHOOK_TIMEOUT: Final = 120.0
"""Seconds that Braze waits for the answer to a webhook (documented; older texts say 90)."""
MAX_CHAIN: Final = 50
"""Messages that each caused the next at once; after that many it is a loop."""
MAX_CAUSED: Final = 5_000
"""Messages of one trace that messages caused at once, each perhaps several others; Braze has no such limit."""
_NOT_IN_HEADERS: Final = frozenset("\r\n\0")

Followup = Callable[[Any, dict[str, Any], Response], None]
Compose = Callable[[Workspace, Mapping[str, Any], Fetcher], None]


class Pipeline(Protocol):
    """What the dispatcher needs of the floor above."""

    def answer(self, request: Request) -> Response: ...

    def apply(self, workspace: Workspace, item: Mapping[str, Any]) -> None:
        """Let a call take effect that was accepted before."""

    def begin(self, workspace: Workspace, item: Mapping[str, Any]) -> None:
        """Let what a call has scheduled come about."""


class Dispatcher:
    """`hosts` are the host names that the emulator answers itself."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        hosts: Collection[str],
        allowed: Collection[str] = (),
        followups: Mapping[str, Followup] | None = None,
        blocking: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._hosts = {*hosts, "emulator"}
        self._allowed = frozenset(allowed)
        self._followups = followups or {}
        self._turns = Turns(blocking)
        self._kinds: Mapping[str, Callable[[Workspace, dict[str, Any]], None]] = {
            "entry": pipeline.apply,
            "send": partial(self._composed, kinds.send),
            "resend": partial(self._composed, kinds.resend),
            "schedule": pipeline.begin,
            "plan": kinds.plan,
            "journey": kinds.journey,
        }

    def run_due(self, workspace: Workspace, patient: bool = False) -> int:
        """Send everything that is due by the workspace's now; answers how many attempts this thread made.

        Where another thread is sending for the workspace, it sends this too. Only who is patient waits for its end
        even if that takes as long as an outside host.
        """
        return self._run(workspace, None, patient)

    def run_apart(self, workspace: Workspace) -> None:
        """As `run_due`, but in a thread of its own, so that the caller can go on to the next workspace."""
        turn = self._turns.of(workspace)
        due = turn.next_due(workspace.view())
        if due is not None and due <= workspace.clock.seconds() and not turn.taken:
            threading.Thread(target=self.run_due, args=(workspace,), daemon=True, name="sending").start()

    def advance(self, workspace: Workspace, seconds: float) -> int:
        """Move the clock on, stopping at each due time on the way, so that work runs in order and at its own time."""
        end = workspace.clock.seconds() + seconds
        made = self._run(workspace, end, patient=True)
        workspace.clock.advance(max(0.0, end - workspace.clock.seconds()))
        return made + self.run_due(workspace, patient=True)

    def _run(self, workspace: Workspace, until: float | None, patient: bool) -> int:
        made = 0
        with self._turns.taken(workspace, patient) as turn:
            while turn is not None and turn.again():
                made += self._drain(workspace, until)
        return made

    def _drain(self, workspace: Workspace, until: float | None) -> int:
        """Send what is due by `until`, moving the clock along, or by the workspace's now."""
        line, made = outbox.Line(), 0
        while (item := self._take(workspace, line, until)) is not None:
            made += self._work(workspace, item)
        return made

    def _work(self, workspace: Workspace, item: dict[str, Any]) -> int:
        """Do what waited, by the key that says what it is; answers how many attempts to deliver were made."""
        for kind, work in self._kinds.items():
            if kind in item:
                with outbox.chained(item["chain"]):
                    work(workspace, item)
                return 0
        self._attempt(workspace, item)
        return 1

    def _composed(self, compose: Compose, workspace: Workspace, item: Mapping[str, Any]) -> None:
        compose(workspace, item, partial(self._fetch, workspace, dict(item)))

    def fetcher(self, workspace: Workspace, trace: str) -> Fetcher:
        """Connected Content of a rendering that sends nothing."""
        return partial(self._fetch, workspace, {"sender": "braze", "trace": trace, "chain": 0})

    def _take(self, workspace: Workspace, line: outbox.Line, until: float | None) -> dict[str, Any] | None:
        with workspace.transaction() as draft:
            due, now = line.first(draft), workspace.clock.seconds()
            if due is None or due > (now if until is None else until):
                return None
            if until is not None:
                workspace.clock.advance(max(0.0, due - now))
            return line.take(draft)

    def _attempt(self, workspace: Workspace, item: dict[str, Any]) -> None:
        started = clock.stopwatch()
        try:
            response, note = self._deliver(workspace, item)
        except Exception:  # a bug of ours behind the address, recorded there too
            self._journal.record(_entry(workspace, item, Response(500), traceback.format_exc(), started))
            raise
        wait = retries.wait(workspace, item, response)
        told = [item["data"].get("note", "") if "braze_message" in item["data"] else "", note]
        told += [] if wait is None else [f"attempt {item['attempt']}, next in {wait:g} s"]
        seq = self._journal.record(_entry(workspace, item, response, "; ".join(filter(None, told)), started))
        with workspace.transaction() as draft:
            if wait is not None:
                _again(draft, item, workspace.clock.seconds(), wait)
            if "braze_message" in item["data"]:
                outcome = attempts.Outcome(response.status, note, wait, seq)
                attempts.keep(draft, item, outcome, workspace.clock.now())
            if item["then"]:
                self._followups[item["then"]](draft, item["data"], response)

    def _fetch(self, workspace: Workspace, cause: dict[str, Any], fetch: Fetch) -> Answer:
        """One request of Connected Content, by the same rules as every other: nothing leaves unless it is allowed."""
        started = clock.stopwatch()
        item = {
            **{name: cause[name] for name in ("sender", "trace", "chain")},
            "method": fetch.method,
            "url": fetch.url,
            "headers": fetch.headers,
            "body": fetch.body or "",
            "about": "connected_content",
            "timeout": fetch.timeout,
        }
        response, note = self._deliver(workspace, item)
        told = "; ".join(filter(None, (outside.port_note(fetch.url), note)))
        self._journal.record(_entry(workspace, item, response, told, started))
        problem = note if response.status in (REFUSED, outside.UNREACHABLE, outside.TOO_LATE) else ""
        return Answer(response.status, response.body.decode(errors="replace"), response.headers, problem)

    def _deliver(self, workspace: Workspace, item: dict[str, Any]) -> tuple[Response, str]:
        parts = _address(item["url"])
        if parts is None:
            return _refused(f"'{item['url']}' is not an address; write http:// or https:// and a host")
        if broken := [name for name, value in item["headers"].items() if {*value} & _NOT_IN_HEADERS]:
            return _refused(f"HTTP cannot write this address or header: {broken[0]} has a line break in its value")
        host = parts.hostname or ""
        if host not in self._hosts and host not in self._allowed:
            return _refused(f"nothing leaves this machine; to allow it, start with --allow-hosts {host}")
        if halted := health.halted(workspace, item, host):
            return Response(health.UNHEALTHY), halted
        timeout = _timeout(workspace, item)
        if host in self._hosts:
            request = _request(item, unquote(parts.path), parts.query, host)
            request.sender, request.patience = workspace, timeout
            looping = self._looping(workspace, item)
            response, note = _refused(looping) if looping else self._mirror(request, item["chain"])
        else:
            with self._turns.outside():  # others answer and send while this thread waits for somebody else's host
                response, note = outside.call(item, timeout)
        return response, "; ".join(filter(None, (note, health.count(workspace, item, host, response.status))))

    def _looping(self, workspace: Workspace, item: Mapping[str, Any]) -> str:
        """What is wrong where messages cause messages without end; nothing where they do not."""
        if item["chain"] >= MAX_CHAIN:
            return f"{MAX_CHAIN} messages each caused the next at once; this looks like a loop"
        if item["chain"] > 1:
            caused = self._turns.of(workspace).caused
            caused[item["trace"]] += 1
            if caused[item["trace"]] > MAX_CAUSED:
                return f"{MAX_CAUSED:,} messages were caused at once by other messages; this looks like a loop"
        return ""

    def _mirror(self, request: Request, chain: int) -> tuple[Response, str]:
        """Through the pipeline. What that causes at once is sent in this run too, so a loop has to be cut."""
        patience = request.patience
        with outbox.chained(chain + 1):
            response = self._pipeline.answer(request)
        if request.patience >= 0:
            return response, ""
        late, note = outside.too_late(patience)
        late.headers[ENTRY] = response.headers[ENTRY]  # which exchange it was, though nobody waited for its answer
        return late, note


def _timeout(workspace: Workspace, item: Mapping[str, Any]) -> float:
    if "braze_message" in item.get("data", ()):
        return float(workspace.settings().get("webhooks", {}).get("timeout_seconds", WEBHOOK_TIMEOUT))
    return float(item.get("timeout", TIMEOUT))


def _address(url: str) -> SplitResult | None:
    """The parts of an HTTP address, its host in lower case; None for any other text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.hostname and parts.scheme in ("http", "https") else None


def _refused(why: str) -> tuple[Response, str]:
    return Response(REFUSED), f"not sent: {why}"


def _request(item: dict[str, Any], path: str, query: str, host: str) -> Request:
    headers = {name.lower(): value for name, value in item["headers"].items()}
    headers.update({"host": "" if host == "emulator" else host, "x-emulator-trace": item["trace"]})
    return Request(item["method"], path or "/", query, headers, item["body"].encode())


def _again(draft: Any, item: dict[str, Any], now: float, wait: float) -> None:
    work = Work(
        **{name: item[name] for name in ("url", "method", "headers", "body", "about", "then", "data")},
        delay=wait,
    )
    outbox.add(draft, work, item["sender"], item["trace"], now, item["attempt"] + 1)


def _entry(workspace: Workspace, item: dict[str, Any], response: Response, note: str, started: float) -> Entry:
    path, _, query = item["url"].partition("#")[0].partition("?")
    return Entry(
        trace=item["trace"],
        time=workspace.clock.seconds(),
        workspace=workspace.name,
        direction="out",
        service=item["sender"],
        operation=item["about"],
        method=item["method"],
        path=path,
        query=query,
        status=response.status,
        request_headers={name.lower(): value for name, value in item["headers"].items()},
        request_body=item["body"].encode(),
        response_headers=response.headers,
        response_body=response.body,
        ms=(clock.stopwatch() - started) * 1000,
        note=note,
    )
