"""Read this first: the whole life of a request, in `Emulator.answer`."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from emulator import answers, asynchrony, auth, clock, faults, ids, limits, operations, validation
from emulator.call import Account, Call, Request, Response
from emulator.errors import ApiError
from emulator.handlers import registry
from emulator.journal import Entry, Journal
from emulator.messaging import accepted, outbox
from emulator.messaging.dispatcher import Dispatcher
from emulator.spare import Spare
from emulator.state import schedules
from emulator.state.provenance import Step
from emulator.workspaces import Transaction, Workspace, Workspaces

MAX_HEADER_BYTES: Final = 32_768
"""Assumed: what usual front servers take at most (nginx: four buffers of 8 KB)."""

NOT_EMULATED: Final = "not-emulated"
UNKNOWN_PATH: Final = "unknown-path"
"""Values of the header X-Emulator-Known on a 404: the real service has the operation, or is not known to have it."""


class Emulator:
    """Everything behind the edge: operations, workspaces, journal and dispatcher. Raises SchemaError, ConfigError."""

    def __init__(
        self,
        document: Mapping[str, Any] | None = None,
        *,
        journal: Journal | None = None,
        allowed_hosts: Collection[str] = (),
        random_seed: str = "braze",
        schemas: Path | None = None,
        spare: Spare | None = None,
    ) -> None:
        self.operations = operations.load(schemas)
        self._handlers = registry.load(self.operations)
        self.workspaces = Workspaces(document, random_seed)
        self.journal = journal or Journal()
        self.spare = spare or Spare(3)
        self.waiters = threading.BoundedSemaphore(self.spare.count)
        """How many callers may wait for an exchange at once; another thread must be left to answer it."""
        hosts = [host for service in self.operations.services.values() for host in service.data["hosts"]]
        followups = registry.followups(self.operations)
        self.dispatcher = Dispatcher(self.journal, self, hosts, allowed_hosts, followups, blocking=self.spare.blocking)

    def answer(self, request: Request) -> Response:
        """The life of a request. An exception that leaves it is a bug of ours, recorded before it goes on."""
        started = clock.stopwatch()
        call = _begun(request)
        try:
            try:
                self._receive(call)
                self._authenticate(call)
                limits.take(call)
                response = self._strike(call, "before") or self._answered(call)
            except ApiError as error:
                response = self._refused(call, error)
        except Exception:
            self._record(call, Response(500), started, traceback.format_exc())
            raise
        answers.complete(call, response, started, limits.headers(call))
        entry = self._record(call, response, started, call.hint)
        if call.accepted:
            self._wait(call, entry)
        if call.planned:
            self._number(call, entry)
        if (call.works or call.occurrences or call.planned) and call.account is not None:
            self.dispatcher.run_due(call.account.workspace)
        return response

    def _wait(self, call: Call, entry: int) -> None:
        assert call.account is not None
        with call.account.workspace.transaction() as draft:
            accepted.put(call, draft, entry)

    def _number(self, call: Call, entry: int) -> None:
        assert call.account is not None
        with call.account.workspace.transaction() as draft:
            schedules.number(draft, call.planned, entry)

    def apply(self, workspace: Workspace, item: Mapping[str, Any]) -> None:
        """Let a call that was accepted take effect; its entry in the journal then tells what became of its values."""
        request = item["request"]
        call = _begun(Request(**{**request, "body": request["body"].encode()}))
        self._take_effect(call, workspace, item, validation.check)

    def begin(self, workspace: Workspace, item: Mapping[str, Any]) -> None:
        """Let what a call has scheduled come about, as if the call that sends the same at once came now."""
        with workspace.transaction() as draft:
            held = schedules.begin(draft, item["schedule"], item["due"])
        if held is not None:
            call = _begun(Request("POST", held["path"], headers={"x-emulator-trace": held["trace"]}))
            call.body, call.scheduled = held["body"], schedules.given(item["schedule"], held)
            self._take_effect(call, workspace, held, lambda call: None)

    def _take_effect(
        self, call: Call, workspace: Workspace, held: Mapping[str, Any], check: Callable[[Call], None]
    ) -> None:
        call.account = Account(held["credential"], workspace)
        call.settings = workspace.settings()
        try:
            self._receive(call)
            check(call)
            self._compute(call)
        except ApiError as error:
            call.fate("", "refused_later", None, error.hint)
        self.journal.amend(held["entry"], call.fates)
        self._remember(call, held["entry"])

    def rehearse(self, request: Request) -> tuple[Call, Response]:
        """What a call would do now: its answer and, in the Call, its fates and its transaction. Nothing is kept,
        counted in a rate limit, sent or recorded, and no fault fires.
        """
        started = clock.stopwatch()
        call = _begun(request)
        try:
            self._receive(call)
            self._authenticate(call)
            response = self._handle(call, keep=False)
        except ApiError as error:
            response = self._refused(call, error)
        answers.complete(call, response, started, limits.headers(call))
        return call, response

    def _refused(self, call: Call, error: ApiError) -> Response:
        call.account = call.account or auth.guess(call, self._lookup(call))
        return answers.failure(call, error)

    def _receive(self, call: Call) -> None:
        """Find the operation. Raises ApiError not_found, method_not_allowed, too_large or headers_too_large."""
        request = call.request
        match = self.operations.match(request.method, request.path, request.host)
        call.service, call.operation, call.params = match.service, match.operation, dict(match.params)
        if match.operation is None and (not match.allowed or _not_emulated(call)):
            raise _unknown_path(call)
        if sum(map(len, call.request.headers.values())) > MAX_HEADER_BYTES:
            raise ApiError("headers_too_large", hint=f"the headers are over {MAX_HEADER_BYTES} bytes; shorten them")
        if call.service.data.get("method_after_auth"):
            return
        if match.operation is None:
            raise _wrong_method(match.allowed)
        _check_size(call)

    def _authenticate(self, call: Call) -> None:
        """Who calls, and may they? Raises ApiError as the scheme words it, forbidden, and too_large."""
        own = call.operation.data.get("auth") if call.operation else None
        auth.authenticate(call, own or call.service.data["auth"], self._lookup(call))
        if call.account is not None:
            call.settings = call.account.workspace.settings()
        auth.permit(call)
        if call.service.data.get("method_after_auth"):
            _check_size(call)

    def _lookup(self, call: Call) -> auth.Lookup:
        """Whose credentials count: everybody's, or only those of the workspace that the client names, or that sends."""
        if call.request.sender is not None:
            return partial(self.workspaces.account_of, call.request.sender)
        named = call.request.headers.get("x-emulator-workspace")
        return partial(self.workspaces.account_in, named) if named else self.workspaces.account

    def _answered(self, call: Call) -> Response:
        response = self._handle(call)
        return self._strike(call, "after") or response

    def _handle(self, call: Call, keep: bool = True) -> Response:
        """Validate, compute on a draft, commit: all or nothing."""
        assert call.operation is not None and call.account is not None
        validation.check(call)
        if "example" in call.operation.data:
            return answers.example(call)
        return self._accept(call) if keep and asynchrony.waits(call) else self._compute(call, keep)

    def _accept(self, call: Call) -> Response:
        """Answer as if the call took effect now; `_wait` puts it aside once it is recorded."""
        response = self._compute(call, keep=False)
        call.accepted, call.works, call.occurrences, call.fates = True, [], [], []
        call.fate("", "applied_later")
        return answers.queued(call) if asynchrony.in_maintenance(call) else response

    def _compute(self, call: Call, keep: bool = True) -> Response:
        assert call.operation is not None and call.account is not None
        call.transaction = Transaction(call.account.workspace, keep)
        with call.transaction as call.state:
            response = answers.success(call, self._handlers[call.operation.key](call))
            outbox.put(call)
            if call.occurrences or (call.state.touched and len(call.state.triggers)):
                from emulator.messaging import triggers  # 5 ms of the start, and most calls start nothing

                triggers.put(call)
        return response

    def _strike(self, call: Call, phase: str) -> Response | None:
        assert call.account is not None
        armed = call.account.workspace.faults
        return faults.strike(call, armed, phase, self.spare.pause) if armed else None

    def _record(self, call: Call, response: Response, started: float, note: str) -> int:
        request, account = call.request, call.account
        known = account.workspace if account else request.sender
        workspace = known or self.workspaces.default
        response.headers["X-Emulator-Trace"] = request.trace
        entry = Entry(
            trace=request.trace,
            time=workspace.clock.seconds(),
            workspace=workspace.name if known else "",
            direction="in",
            service=call.service.name,
            operation=call.operation.id if call.operation else "",
            method=request.method,
            path=request.path,
            query=request.query,
            status=response.status,
            request_headers=request.headers,
            request_body=request.body,
            response_headers=response.headers,
            response_body=response.body,
            fates=call.fates,
            ms=(clock.stopwatch() - started) * 1000,
            note=f"fault {call.faulted} fired; {note}" if call.faulted else note,
        )
        seq = self.journal.record(entry)
        response.headers["X-Emulator-Entry"] = str(seq)
        self._remember(call, seq)
        return seq

    def _remember(self, call: Call, entry: int) -> None:
        """Keep what the call has changed, for who asks why a value is as it is."""
        done = call.transaction
        if done is not None and done.kept:
            assert call.account is not None
            call.account.workspace.provenance.add(Step(done.before, done.after, entry, len(call.request.body)))


def _begun(request: Request) -> Call:
    call = Call(request)
    call.id = ids.request_id()
    request.trace = request.trace or call.id[:13]
    return call


def _not_emulated(call: Call) -> bool:
    """Whether the real service has an operation here that the emulator does not have."""
    return call.service.has(call.request.method, call.request.path)


def _unknown_path(call: Call) -> ApiError:
    method, path, title = call.request.method, call.request.path, call.service.data["title"]
    if _not_emulated(call):
        return ApiError(
            "not_found", hint=f"{title} has {method} {path}, this emulator does not yet", known=NOT_EMULATED
        )
    hint = f"{title} is not known to have {method} {path}; GET /_emulator/operations lists all"
    if path.startswith(("/http://", "/https://")):
        hint = "a whole address was URL-encoded and became a path; encode the values in it only, not the link itself"
    return ApiError("not_found", hint=hint, known=UNKNOWN_PATH)


def _check_size(call: Call) -> None:
    most, size = call.service.data.get("max_body_bytes"), len(call.request.body)
    if most and size > most:
        raise ApiError("too_large", hint=f"the body has {size} bytes; at most {most} are taken")


def _wrong_method(allowed: tuple[str, ...]) -> ApiError:
    names = ", ".join(allowed)
    return ApiError("method_not_allowed", allow=names, hint=f"this path answers to {names}")
