"""Taking the usual mistakes of hand-written JSON out of a text, and naming each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

MAX_DEFECTS: Final = 50
MAX_PLACE_DEPTH: Final = 6
"""Values nested deeper have no place of their own; their parent's is near enough."""

Place = tuple[int, int]
"""Line and column, from 1."""


class Defect(NamedTuple):
    """One reason why a text is not JSON. Lines and columns count from 1."""

    line: int
    column: int
    what: str
    fix: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


_TOKEN: Final = r"""(?P<space>[ \t\r\n]+)
    |(?P<string>"[^"\\\n]*(?:\\.[^"\\\n]*)*")
    |(?P<scalar>[-+.\w]+)
    |(?P<comment>//[^\n]*)
    |(?P<tag>\{%)
    |(?P<output>\{\{)
    |(?P<open>[\[{])
    |(?P<close>[\]}])
    |(?P<comma>,)
    |(?P<colon>:)"""
"""Compiled where it is used: most runs never see broken JSON, and it would be a hundredth of the start."""
_CAPTURE: Final = re.compile(r"\{%-?\s*capture\b")
_PAIRS: Final = {"]": "[", "}": "{"}


@dataclass(slots=True)
class _Inside:
    """An object or array that is open: its bracket, and the key or index of the value that is read now."""

    bracket: str
    key: str = ""
    index: int = 0

    @property
    def step(self) -> str:
        return self.key if self.bracket == "{" else str(self.index)

    @property
    def first(self) -> str:
        return "key" if self.bracket == "{" else "value"


class Mender:
    """Reads a text once, token by token, and writes it again without the usual mistakes.

    It knows just enough grammar to see where a comma is missing or too many. At the first thing that it does not know
    it stops and leaves the rest as it is, for the parser to complain about. Lines stay where they are.
    """

    def __init__(self, text: str) -> None:
        self.defects: list[Defect] = []
        self.places: dict[tuple[str, ...], Place] = {}
        self.guessed = False
        self._text = text
        self._out: list[str] = []
        self._inside: list[_Inside] = []
        self._want = "value"
        self._line, self._line_start = 1, 0
        self._place = self._last_place = (1, 1)
        self._last = ""  # the newest comma or end of a value, and where in _out it is
        self._last_index = 0

    def mended(self) -> str:
        position, text, token = 0, self._text, re.compile(_TOKEN, re.VERBOSE)
        while position < len(text) and len(self.defects) < MAX_DEFECTS:
            found = token.match(text, position)
            end = self._end(str(found.lastgroup), position, found.end()) if found else -1
            self._place = self._line, position - self._line_start + 1
            if found is None or end < 0 or not _READERS[str(found.lastgroup)](self, text[position:end]):
                break
            newlines = text.count("\n", position, end)
            if newlines:
                self._line, self._line_start = self._line + newlines, text.rindex("\n", position, end) + 1
            position = end
        self.defects.sort()
        return "".join(self._out) + text[position:]

    def _end(self, kind: str, start: int, end: int) -> int:
        """Where a token ends; -1 for Liquid that never does. `{% capture %}` reaches to its `{% endcapture %}`."""
        if kind == "tag":
            if _CAPTURE.match(self._text, start):
                end = self._text.find("endcapture", end)
            closed = self._text.find("%}", end) if end >= 0 else -1
            return closed + 2 if closed >= 0 else -1
        if kind == "output":
            end = self._text.find("}}", end)
            inner = self._text[start:end]
            return end + 2 + (inner.count("${") > inner.count("}")) if end >= 0 else -1
        return end

    def _note(self, what: str, fix: str, place: Place | None = None) -> None:
        self.defects.append(Defect(*(place or self._place), what, fix))

    def _space(self, token: str) -> bool:
        self._out.append(token)
        return True

    def _comment(self, token: str) -> bool:
        self._note("comment line (//)", "JSON has no comments: take it out")
        return True

    def _tag(self, token: str) -> bool:
        self._liquid(token)
        self._out.append("\n" * token.count("\n"))
        return True

    def _liquid(self, token: str) -> None:
        self.guessed = True
        self._note(f"Liquid that was not rendered: {_short(token)}", "send what Braze renders from it")

    def _output(self, token: str) -> bool:
        if not self._begins():
            return False
        self._liquid(token)
        self._out.append(f"{orjson.dumps(token).decode()}:null" if self._want == "key" else "null")
        return self._ended(token)

    def _string(self, token: str) -> bool:
        if not self._begins():
            return False
        self._out.append(token)
        if self._want == "value":
            return self._ended(token)
        self._inside[-1].key = _unquoted(token)
        self._want = "colon"
        return True

    def _scalar(self, token: str) -> bool:
        if not self._begins() or self._want != "value":
            return False
        self._out.append(token)
        return self._ended(token)

    def _open(self, token: str) -> bool:
        if not self._begins() or self._want != "value":
            return False
        self._out.append(token)
        self._inside.append(_Inside(token))
        self._want = self._inside[-1].first
        return True

    def _close(self, token: str) -> bool:
        if not self._inside or self._inside[-1].bracket != _PAIRS[token]:
            return False
        if self._want == self._inside[-1].first:
            if self._last == ",":
                self._out[self._last_index] = " "
                self._note("trailing comma", f"nothing follows it before {token}: take it out", self._last_place)
        elif self._want != "comma":
            return False
        self._inside.pop()
        self._out.append(token)
        return self._ended(token)

    def _comma(self, token: str) -> bool:
        if self._want != "comma" or not self._inside:
            return False
        self._out.append(token)
        self._remember(token)
        return self._next()

    def _colon(self, token: str) -> bool:
        if self._want != "colon":
            return False
        self._out.append(token)
        self._want = "value"
        return True

    def _begins(self) -> bool:
        """Whether a key or value may begin here; puts in the comma that is missing before it."""
        if self._want == "comma" and self._inside:
            self._out[self._last_index] += ","
            self._note(f"missing comma after {_short(self._last)}", "put a comma there", self._last_place)
            self._next()
        if self._want == "value" and len(self._inside) <= MAX_PLACE_DEPTH:
            self.places[tuple(inside.step for inside in self._inside)] = self._place
        self._last = ""
        return self._want in ("key", "value")

    def _next(self) -> bool:
        self._inside[-1].index += 1
        self._want = self._inside[-1].first
        return True

    def _ended(self, token: str) -> bool:
        self._remember(token)
        self._want = "comma"
        return True

    def _remember(self, token: str) -> None:
        self._last, self._last_index, self._last_place = token, len(self._out) - 1, self._place


_READERS: Final[dict[str, Callable[[Mender, str], bool]]] = {
    "space": Mender._space,
    "comment": Mender._comment,
    "tag": Mender._tag,
    "output": Mender._output,
    "string": Mender._string,
    "scalar": Mender._scalar,
    "open": Mender._open,
    "close": Mender._close,
    "comma": Mender._comma,
    "colon": Mender._colon,
}
"""Kind of token -> what the mender does with it; the answer is whether it can go on."""


def _short(token: str) -> str:
    return token if len(token) <= 40 else f"{token[:40]}…"


def _unquoted(token: str) -> str:
    try:
        return str(orjson.loads(token))
    except orjson.JSONDecodeError:
        return token[1:-1]
