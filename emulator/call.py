"""What travels: a Request, the Call it becomes on its way through the pipeline, and the Response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

if TYPE_CHECKING:  # they stand above this room, and only their types are named here
    from emulator.operations import Operation, Service
    from emulator.state.draft import Draft

Json = Any
"""A value that JSON can write: dict, list, str, int, float, bool or None."""


class Request:
    """One HTTP request as plain values. Header names are lower case; `path` is decoded, `query` is raw."""

    __slots__ = ("method", "path", "query", "headers", "body", "trace", "direction", "sender", "patience")

    def __init__(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers or {}
        self.body = body
        self.trace = self.headers.get("x-emulator-trace", "")
        self.direction = "in"
        self.sender: Any = None
        """The workspace that sends it, where the emulator does so itself; no client can say so."""
        self.patience = inf
        """Seconds of real time after which the caller hangs up; below 0 it has done so."""

    def bear(self, delay: float) -> float:
        """How long to keep the caller waiting: to the end of the delay, or until it hangs up."""
        waited, self.patience = min(delay, self.patience), self.patience - delay
        return waited

    @property
    def host(self) -> str:
        return self.headers.get("host", "").rsplit(":", 1)[0].lower()

    def arguments(self) -> dict[str, str | list[str]]:
        """The query as names and values. `name[]=x` and a repeated name give a list, as Rails reads them."""
        found: dict[str, str | list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            if name.endswith("[]"):
                found[name[:-2]] = [*_as_list(found.get(name[:-2])), value]
            elif name:
                found[name] = [*_as_list(found[name]), value] if name in found else value
        return found


def _as_list(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Response:
    """One HTTP answer as plain values; header names are written as the service writes them."""

    __slots__ = ("status", "headers", "body")

    def __init__(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.status = status
        self.headers = headers or {}
        self.body = body


class Problem(NamedTuple):
    """One reason why a request is not valid.

    `pointer` is a JSON pointer into the body (or the query), `rule` the JSON Schema keyword that failed, `message` the
    service's own text where it is known, and `fix` our advice.
    """

    pointer: str
    rule: str
    value: Json
    message: str
    fix: str

    @property
    def steps(self) -> list[str]:
        return [step.replace("~1", "/").replace("~0", "~") for step in self.pointer.split("/")[1:]]


class Fate(NamedTuple):
    """What became of one value that was not simply stored as sent. `rule` is an id of `fates.rules()`.

    A tuple, because a call of 75 objects can have hundreds, and a frozen dataclass takes twice as long to make.
    """

    pointer: str
    rule: str
    value: Json = None
    note: str = ""


class Work(NamedTuple):
    """Something to send later: a request for the dispatcher, due `delay` seconds from now on the workspace's clock."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: Json
    """A text goes as it is, every other value as JSON."""
    delay: float = 0.0
    about: str = ""
    then: str = ""
    """The name of a follow-up (see messaging.followups) that is told the outcome, or nothing."""
    data: Mapping[str, Json] = {}


class Occurrence(NamedTuple):
    """Something that may lead to a message for a user: `kind` says what, `name` of which event or product, `data` with
    what. See messaging.triggers.
    """

    kind: str
    braze_id: str
    name: str
    data: Mapping[str, Json]


@dataclass
class Account:
    """Who calls: the workspace a credential belongs to and what it may do. `data` is the credential's own record."""

    credential: str
    workspace: Any
    permissions: frozenset[str] | None = None
    """None means every permission."""
    data: Mapping[str, Json] = field(default_factory=dict)


class Call:
    """A request on its way through the pipeline, and what a handler sees of it.

    A handler reads `body`, `args`, `params`, `state`, `account`, `problems`, `now` and `settings`; it may call
    `new_id`, `fate`, `later` and `occurred`, and put headers for its plain answer into `answer_headers`. It never
    touches the pipeline's own attributes.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.service: Service
        self.operation: Operation | None = None
        self.params: dict[str, str] = {}
        self.account: Account | None = None
        self.body: Json = None
        self.args: dict[str, Json] = {}
        self.problems: list[Problem] = []
        self.fates: list[Fate] = []
        self.works: list[Work] = []
        self.occurrences: list[Occurrence] = []
        self.transaction: Any = None
        self.accepted = False
        self.planned = ""
        self.scheduled: Mapping[str, Json] = {}
        self.answer_headers: dict[str, str] = {}
        self.limit_headers: dict[str, str] = {}
        self.state: Draft
        self.settings: Mapping[str, Json] = {}
        self.hint = ""
        self.faulted = ""
        self.id = ""
        self._now: datetime | None = None

    @property
    def now(self) -> datetime:
        """The workspace's time, one instant for the whole call."""
        if self._now is None:
            assert self.account is not None, "only an authenticated call has a workspace"
            self._now = self.account.workspace.clock.now()
        return self._now

    def new_id(self, kind: str) -> str:
        """A fresh identifier of `ids.KINDS`, drawn from the workspace's generator."""
        return self.state.new_id(kind)

    def fate(self, pointer: str, rule: str, value: Json = None, note: str = "") -> None:
        """Record that the value at `pointer` was not simply stored as sent, and by which rule."""
        self.fates.append(Fate(pointer, rule, value, note))

    def later(self, work: Work) -> None:
        """Put work in the outbox; it leaves only if the call commits."""
        self.works.append(work)

    def occurred(self, kind: str, braze_id: str, name: str = "", **data: Json) -> None:
        """Say what may lead to a message for a user; it does only if the call commits."""
        self.occurrences.append(
            Occurrence(kind, braze_id, name, {**data, **self.scheduled} if self.scheduled else data)
        )

    def lenient(self) -> bool:
        """Whether the workspace repairs this service's usual mistakes (and says so) instead of refusing them."""
        modes: Mapping[str, str] = self.settings.get("modes", {})
        return modes.get(self.service.name, "strict") == "lenient"
