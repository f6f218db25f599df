"""What goes into a rendering and what comes out of it: plain values, without the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from emulator.liquid.caching import AnswerCache

JSON: Final = "json"
URL: Final = "url"
HEADER: Final = "header"
TEXT: Final = "text"
"""What a rendered field is used as. Space around a URL and a header value is taken off; a JSON body is checked."""

MESSAGE: Final = "message"
OUTPUT: Final = "output"
"""Places: the template itself, and the text that came of it."""

RENDERED: Final = "rendered"
ABORTED: Final = "aborted"
FAILED: Final = "failed"
RETRY: Final = "retry"
"""Outcomes: the text is there; the message told Braze not to send it; the template is in error, so it is not sent
either; Connected Content with `:retry` failed, and the message has to be rendered again later."""


class Fetch(NamedTuple):
    """A request of Connected Content. Redirects must not be followed; `timeout` is in seconds."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    timeout: float


class Answer(NamedTuple):
    """What came back. Status 0 is no answer at all, and `problem` says why: `timeout`, `connection`, …"""

    status: int
    body: str = ""
    headers: Mapping[str, str] = {}
    problem: str = ""


Fetcher = Callable[[Fetch], Answer]


class Options(NamedTuple):
    """How to render. `seed` is what chance is drawn from: the same seed gives the same text.

    `attempt` counts the renderings of this message that Connected Content sent back, from 0. `required` names the keys
    of a JSON body that the receiver insists on. `ports` are those that Connected Content may call, None for any.
    `print_errors` puts the words of an error of one tag into the text, as Shopify does, instead of not sending. Without
    `trace` no steps are told; findings are the same. `spent` is what the message's other texts took of its `seconds`.
    """

    expects: str = TEXT
    seed: str = ""
    fetch: Fetcher | None = None
    cache: AnswerCache | None = None
    preview: bool = False
    attempt: int = 0
    required: frozenset[str] = frozenset()
    ports: frozenset[int] | None = frozenset({80, 443})
    print_errors: bool = False
    trace: bool = True
    seconds: float = 0.75
    spent: float = 0.0
    channel: str = "webhook"


class Finding(NamedTuple):
    """Something to know about a template or its text. `rule` is a key of findings.RULES; `place` is where, in words:
    `message`, a Content Block, …; or OUTPUT, and then line and column are the rendered text's.
    """

    rule: str
    message: str
    place: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class Call(NamedTuple):
    """A call of Connected Content in a trace. `cached` is an answer from the cache, `called` one that went out."""

    request: Fetch
    status: int
    problem: str
    called: bool
    cached: bool
    attempts: int
    seconds: float


class Step(NamedTuple):
    """One tag or output, in the order in which they ran. `depth` counts what it stands in, `seconds` includes that.

    `start` and `end` are its characters in the output; -1 for what was captured or prints nothing itself.
    """

    tag: str
    source: str
    place: str
    line: int
    column: int
    depth: int
    value: str
    branch: str
    seconds: float
    start: int = -1
    end: int = -1
    call: Call | None = None


class Rendered(NamedTuple):
    """The end of a rendering. `output` is empty unless the outcome is RENDERED.

    `reason` is the abort's log text or the error's words; `abort_type` is Currents' name of the kind of abort.
    `line` and `column` are where it happened in `place`. `worked` are the seconds that count.
    """

    outcome: str
    output: str = ""
    reason: str = ""
    abort_type: str = ""
    place: str = ""
    line: int = 0
    column: int = 0
    extras: Mapping[str, str] = {}
    promotions: Mapping[str, str] = {}
    findings: tuple[Finding, ...] = ()
    findings_left_out: int = 0
    steps: tuple[Step, ...] = ()
    steps_left_out: int = 0
    seconds: float = 0.0
    worked: float = 0.0

    @property
    def calls(self) -> list[Call]:
        return [step.call for step in self.steps if step.call is not None]


def instant(now: Any) -> datetime | None:
    """A time as it stands in a context: a datetime, or its text in ISO 8601."""
    if isinstance(now, str):
        return datetime.fromisoformat(now.replace("Z", "+00:00"))
    return now if isinstance(now, datetime) else None
