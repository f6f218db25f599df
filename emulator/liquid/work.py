"""One rendering under way: its names, its trace, what it found, what it may still use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, TextIO

from liquid import RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import Path
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.token import Token
from liquid.utils import ReadOnlyChainMap

from emulator import clock
from emulator.liquid import names, ruby
from emulator.liquid.limits import CAPS, Meter
from emulator.liquid.paths import item, value
from emulator.liquid.values import MESSAGE, Call, Finding, Options, Step

if TYPE_CHECKING:
    from emulator.liquid.engine import Engine, Parsed

_SHOWN: Final = 200
Place = tuple[int, int]
"""Line and column, from 1."""
FIRST: Final = (1, 1)
_GUESSABLE: Final = re.compile(r"-?\d+(\.\d+)?|true|false")


class Aborted(Exception):
    """The message is not sent, because of its own doing. The text is for the log; `kind` is the type of abort."""

    def __init__(self, reason: str, kind: str = "liquid_abort_message") -> None:
        super().__init__(reason)
        self.kind = kind


class Buffer(StringIO):
    """Text that is written, counted by the meter. The main one knows where it is."""

    def __init__(self, meter: Meter, main: bool = False) -> None:
        super().__init__()
        self._meter, self.main = meter, main

    def write(self, text: str) -> int:
        self._meter.write(len(text))
        return super().write(text)


class Open:
    """A tag or output that is at work."""

    __slots__ = (
        "began", "branch", "call", "depth", "end", "origin", "parsed", "place", "spent", "start", "token", "value"
    )  # fmt: skip

    def __init__(self, token: Token, work: Work) -> None:
        assert work.parsed is not None
        self.token, self.parsed, self.place, self.origin = token, work.parsed, work.place, work.origin
        self.depth = len(work.open)
        self.value: Any = ""
        self.branch = ""
        self.start = self.end = -1
        self.call: Call | None = None
        self.began, self.spent = clock.stopwatch(), 0.0

    @property
    def at(self) -> Place:
        """Line and column of the whole tag or output."""
        begin, _ = self.parsed.scanned.ends.get(self.token.start_index, (self.token.start_index, 0))
        return placed(self.parsed.scanned.place(begin), self.origin)

    @property
    def tag(self) -> str:
        return names.tag(self.token)

    @property
    def source(self) -> str:
        """As it was written, as far as it is shown."""
        return cut(self.parsed.scanned.text(self.token))

    @property
    def shown(self) -> str:
        return ruby.brief(self.value, _SHOWN)

    def step(self) -> Step:
        return Step(
            *(self.tag, self.source, self.place, *self.at, self.depth, self.shown),
            *(self.branch, self.spent, self.start, self.end, self.call),
        )


def cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def placed(at: Place, origin: Place) -> Place:
    """A place in a text that begins at `origin` of another."""
    line, column = at
    return line + origin[0] - 1, column + (origin[1] - 1 if line == 1 else 0)


class Work:
    """Everything of one rendering that is not the text."""

    def __init__(self, engine: Engine, given: Mapping[str, Any], options: Options, now: datetime) -> None:
        self.engine, self.given, self.options, self.now = engine, given, options, now
        self.meter = Meter(options.seconds, options.spent)
        self.steps: list[Open] = []
        self.left_out = 0
        self.open: list[Open] = []
        self.findings: dict[tuple[str, str, int, str], Finding] = {}
        self.findings_left_out = 0
        self.near: dict[tuple[str, str], str] = {}
        """What was found to be meant by a name that nothing has."""
        self.extras: dict[str, str] = {}
        self.promotions: dict[str, str] = {}
        self.drawn = 0
        self.place = MESSAGE
        self.origin: Place = FIRST
        self.blocks = 0
        self.retry = ""
        self.only: set[str] | None = None
        self.parsed: Parsed | None = None

    def follow(self, node: Node, context: Context, buffer: TextIO) -> int:
        """Render one tag or output, as a step of the trace."""
        self.meter.tick()
        step = Open(node.token, self)
        self._keep(step)
        self.open.append(step)
        if isinstance(buffer, Buffer) and buffer.main:
            step.start = buffer.tell()
        try:
            return node.render_to_output(context, buffer)
        except LiquidError as error:
            return self._failed(error, step, buffer)
        finally:
            if step.start >= 0:
                step.end = buffer.tell()
            step.spent = clock.stopwatch() - step.began
            self.open.pop()

    def _keep(self, step: Open) -> None:
        if len(self.steps) < CAPS["steps"]:
            self.steps.append(step)
        else:
            self.left_out += 1

    def _failed(self, error: LiquidError, step: Open, buffer: TextIO) -> int:
        if not hasattr(error, "place"):
            error.place, error.at = step.place, step.at  # type: ignore[attr-defined]
        if not self.options.print_errors:
            raise error
        return buffer.write(f"Liquid error: {error.message}")

    @property
    def step(self) -> Open:
        return self.open[-1]

    def find(self, rule: str, message: str, at: int | None = None) -> None:
        """Note something about the tag at work, once for a place."""
        line, column = self.located(at) if at is not None else self.step.at if self.open else (0, 0)
        key = rule, self.place, line, message
        if key in self.findings:
            return
        if len(self.findings) < CAPS["findings"]:
            self.findings[key] = Finding(rule, message, self.place, line, column)
        else:
            self.findings_left_out += 1

    note = find

    def guessed(self, expression: Expression, held: Any) -> None:
        """A text that a preview would take for a number or a boolean, in a comparison."""
        from_trigger = isinstance(expression, Path) and expression.head() in names.GUESSED
        if from_trigger and isinstance(held, str) and _GUESSABLE.fullmatch(held):
            text = f"{expression} is the text {held!r}; a preview takes it for {held} without quotation marks"
            self.find("preview_differs", text)

    def chance(self) -> float:
        """From 0 up to but not including 1, the next of this seed."""
        from hashlib import blake2b

        self.drawn += 1
        digest = blake2b(f"{self.options.seed}:liquid:{self.drawn}".encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") >> 11) / (1 << 53)

    def located(self, at: int) -> Place:
        """Line and column of a place in the template at work."""
        assert self.parsed is not None
        return placed(self.parsed.scanned.place(at), self.origin)

    @contextmanager
    def inside(self, parsed: Parsed, place: str, origin: Place = FIRST) -> Iterator[None]:
        """Another template at work: a Content Block; or a part of this one, a URL, that begins at `origin`."""
        before = self.parsed, self.place, self.origin
        self.parsed, self.place, self.origin = parsed, place, origin
        for rule, at in parsed.scanned.noted:
            self.find(rule, names.NOTES[rule], at)
        try:
            yield
        finally:
            self.parsed, self.place, self.origin = before


class Context(RenderContext):
    """The engine's context, looking names up as Braze and Ruby do. What is not there is None."""

    __slots__ = ("work", "missed")

    def __init__(self, template: Any, work: Work, roots: Mapping[str, Any]) -> None:
        super().__init__(template, globals=roots)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self.work = work
        self.missed: str | None = None

    def get(self, path: list[object], *, token: Token | None, default: object = None) -> Any:
        """The value at a path. `missed` is the root where not even that is known."""
        self.work.meter.tick()
        root = path[0]
        self.missed = None
        held = value(self.scope.get(root)) if isinstance(root, str) else None
        if held is None:
            self._miss(path)
            return None
        hidden = self.work.only
        if hidden is not None and self._hidden(path, hidden):
            return None
        for key in path[1:]:
            held = held.item(key) if isinstance(held, Shelf) else item(held, key)
            if held is None:
                return None
        return None if isinstance(held, Shelf) else held

    def _miss(self, path: list[object]) -> None:
        root = str(path[1] if path[0] == names.ODD and len(path) > 1 else path[0])
        known = root in names.STANDARD or root in names.NAMESPACES or root in self.scope
        self.missed = None if known else root

    def _hidden(self, path: list[object], allowed: set[str]) -> bool:
        """In an answer that is rendered again: a field that the message does not have."""
        field = str(path[1]) if path[0] in names.NAMESPACES and len(path) > 1 else str(path[0])
        if path[0] in self.locals or field in allowed or path[0] not in names.STANDARD | names.NAMESPACES:
            return False
        self.work.find("rerender_field_missing", f"${{{field}}} stands in the answer and not in the message before it")
        return True

    def resolve(self, name: str, *, token: Token | None = None, default: object = None) -> Any:
        return self.scope.get(name, default)

    def parentloop(self) -> Any:
        return next((loop for loop in reversed(self.loops) if hasattr(loop, "parentloop")), None)

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        return Buffer(self.work.meter)

    def assign(self, key: str, val: Any) -> None:
        if key in names.STANDARD and key in self.globals:
            self.work.find("attribute_shadowed", f"the variable {key} hides the standard attribute ${{{key}}}")
        self.locals[key] = val


class Shelf:
    """What a namespace prints when it is looked into, such as Content Blocks."""

    def item(self, key: Any) -> Any:
        raise NotImplementedError
