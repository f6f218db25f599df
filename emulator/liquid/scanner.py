"""From the source of a template to the engine's tokens: where each output and tag begins and ends in Braze's dialect.

HTML comments are gone before anything is read. An output ends at the braces that close its own, after inner ones,
`${…}` and quoted texts; a tag ends at the next `%}`. Blocks are checked here, so that errors have the words of Ruby's
Liquid.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from emulator.liquid.balance import BLOCKS
from emulator.liquid.dialect import plain
from emulator.liquid.limits import CAPS, CapReached, bound

VERBATIM: Final = frozenset(
    {"liquid", "#", "comment", "connected_content", "catalog_items", "catalog_selection_items", "shopping_cart"}
    | {"message_extras", "abort_message", "promotion", "translation", "random"}
)
"""Tags that read their own text."""

_OPENER: Final = re.compile(r"\{\{-?|\{%-?")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.S)
_TAG_NAME: Final = re.compile(r"\s*(#|\w*)\s*")
_INSIDE: Final = re.compile(r"\$\{[^}]*\}|'[^']*'|\"[^\"]*\"|\{\{|\}\}")
_INSIDE_UNQUOTED: Final = re.compile(r"\$\{[^}]*\}|\{\{|\}\}")
_UNREAD: Final = {
    "raw": re.compile(r"\{%-?\s*(endraw)\s*(-?)%\}"),
    "doc": re.compile(r"\{%-?\s*(enddoc)\s*(-?)%\}"),
    "comment": re.compile(r"\{%-?\s*((?:end)?comment)\b[^%]*?(-?)%\}"),
}
_MOST_BRACKETS: Final = 40


def syntax_error(text: str, source: str, at: int) -> LiquidSyntaxError:
    return LiquidSyntaxError(text, token=Token(TOKEN_TAG, "", at, source))


@dataclass(slots=True)
class Scanned:
    """A template in tokens, with what the engine does not keep: each tag's whole text, lines, findings."""

    source: str
    tokens: list[Token] = field(default_factory=list)
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    noted: list[tuple[str, int]] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """From where on how many characters of HTML comments are missing."""

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, from 1, of a place in the source that was given, HTML comments counted."""
        index = bisect_right(self.cuts, (at, CAPS["template"]))
        at += self.cuts[index - 1][1] if index else 0
        line = bisect_right(self.breaks, at)
        return line + 1, at - (self.breaks[line - 1] if line else 0) + 1

    def text(self, token: Token) -> str:
        """A tag or output as it was written; the line of a tag inside the liquid tag."""
        begin, end = self.ends.get(token.start_index, (token.start_index, -1))
        if end < 0:
            end = self.source.find("\n", begin)
        return self.source[begin : end if end >= 0 else len(self.source)]


def scan(original: str) -> Scanned:
    """Raises LiquidSyntaxError and CapReached."""
    bound("template", len(original))
    bound("tags", original.count("{{") + original.count("{%"))
    source, cuts = _without_comments(original)
    breaks = [found.end() for found in re.finditer("\n", original)]
    scanned = Scanned(source, breaks=breaks, cuts=cuts)
    try:
        _Scan(scanned).run()
    except LiquidSyntaxError as error:
        assert error.token is not None
        error.at = scanned.place(error.token.start_index)  # type: ignore[attr-defined]
        raise
    return scanned


def _without_comments(original: str) -> tuple[str, list[tuple[int, int]]]:
    """The source without HTML comments, and from where on how many characters are missing."""
    kept: list[str] = []
    cuts: list[tuple[int, int]] = []
    at = missing = 0
    last = original.rfind("-->") + 3 if "<!--" in original else 0
    for found in _COMMENT.finditer(original, 0, last):
        kept.append(original[at : found.start()])
        cuts.append((found.start() - missing, missing + len(found[0])))
        missing, at = cuts[-1][1], found.end()
    return "".join([*kept, original[at:]]), cuts


class _Scan:
    """One pass over a source."""

    def __init__(self, scanned: Scanned) -> None:
        self.scanned = scanned
        self.source = scanned.source
        self.strip_next = False
        self.blocks = Blocks(scanned.source)

    def run(self) -> None:
        at = 0
        while opener := _OPENER.search(self.source, at):
            self._content(at, opener.start(), opener[0].endswith("-"))
            at = self._output(opener) if opener[0].startswith("{{") else self._tag(opener)
        self._content(at, len(self.source), False)
        self.blocks.finish()

    def _content(self, begin: int, end: int, strip: bool) -> None:
        text = self.source[begin:end]
        if self.strip_next:
            text = text.lstrip()
        if strip:
            text = text.rstrip()
        if text:
            self.scanned.tokens.append(Token(TOKEN_CONTENT, text, begin, self.source))

    def _output(self, opener: re.Match[str]) -> int:
        begin = opener.start()
        end = self._output_end(opener)
        inner = self.source[opener.end() : end - 2]
        if inner.lstrip().startswith("{"):
            raise syntax_error("Unexpected end token: an output begins with another brace", self.source, begin)
        self.strip_next = inner.endswith("-")
        inner = inner[: -1 if self.strip_next else None]
        self.scanned.ends[begin] = begin, end
        self.scanned.tokens.append(Token(TOKEN_OUTPUT, self.source[begin:end], begin, self.source))
        self._expression(self._plain(inner, begin), opener.end())
        return end

    def _output_end(self, opener: re.Match[str]) -> int:
        begin, furthest = opener.end(), opener.end() + CAPS["expression"] + 2
        for pattern in (_INSIDE, _INSIDE_UNQUOTED):
            depth = 0
            for found in pattern.finditer(self.source, begin, furthest):
                mark = found[0]
                if mark == "}}" and depth == 0:
                    return found.end()
                depth += {"{{": 1, "}}": -1}.get(mark, 0)
        if self.source.find("{{", begin, furthest) < 0 <= self.source.find("}}", furthest):
            raise CapReached("expression")
        text = r"Variable '{{' was not properly terminated with regexp: /\}\}/ (Unexpected end token)"
        raise syntax_error(text, self.source, opener.start())

    def _tag(self, opener: re.Match[str]) -> int:
        found = _TAG_NAME.match(self.source, opener.end())
        assert found is not None  # the pattern matches nothing, too
        name = found[1]
        end = self._tag_end(opener, name)
        text = self.source[found.end() : max(found.end(), end - 2)]
        self.strip_next = text.endswith("-") or self.source[end - 3] == "-"
        text = text.removesuffix("-").strip()
        if name in _UNREAD:
            return self._unread(name, opener.start(), found.start(1), end)
        self.blocks.see(name, opener.start())
        self.scanned.ends[found.start(1)] = opener.start(), end
        self.scanned.tokens.append(Token(TOKEN_TAG, name, found.start(1), self.source))
        if text:
            text = text if name in VERBATIM else self._plain(text, found.start(1))
            self._expression(text, found.end(), name in VERBATIM)
        return end

    def _tag_end(self, opener: re.Match[str], name: str) -> int:
        end = self.source.find("%}", opener.end())
        while end >= 0 and name not in VERBATIM and _in_quotes(self.source[opener.end() : end]):
            further = self.source.find("%}", end + 2)
            if further < 0 or "\n" in self.source[end:further]:
                break
            end = further
        if end < 0:
            text = r"Tag '{%' was not properly terminated with regexp: /\%\}/ (Unexpected end token)"
            raise syntax_error(text, self.source, opener.start())
        return end + 2

    def _unread(self, name: str, begin: int, name_at: int, end: int) -> int:
        """raw prints what is in it, comment and doc nothing."""
        depth = 1
        for found in _UNREAD[name].finditer(self.source, end):
            depth += -1 if found[1].startswith("end") else 1
            if not depth:
                if name == "raw":
                    self._content(end, found.start(), _begins_stripping(found[0]))
                self.strip_next = found[2] == "-"
                return found.end()
        raise syntax_error(f"'{name}' tag was never closed", self.source, begin)

    def _plain(self, expression: str, at: int) -> str:
        if len(expression) > CAPS["expression"]:
            raise CapReached("expression", len(expression))
        text, noted = plain(expression)
        self.scanned.noted += [(rule, at) for rule in noted]
        return text

    def _expression(self, text: str, at: int, verbatim: bool = False) -> None:
        if not verbatim:
            check_brackets(text, self.source, at)
        at += len(text) - len(text.lstrip())
        self.scanned.tokens.append(Token(TOKEN_EXPRESSION, text.strip(), at, self.source))


def _begins_stripping(opener: str) -> bool:
    return opener.startswith("{%-")


def _in_quotes(text: str) -> bool:
    """Whether a quoted text that began is still open at the end."""
    mark = ""
    for letter in text:
        if letter == mark:
            mark = ""
        elif not mark and letter in "'\"":
            mark = letter
    return bool(mark)


def check_brackets(text: str, source: str, at: int) -> None:
    """The engine reads an expression with so many brackets for very long, or not at all."""
    if text.count("(") + text.count("[") > _MOST_BRACKETS:
        raise syntax_error(f"more than {_MOST_BRACKETS} brackets in one expression", source, at)


class Blocks:
    """Sees that block tags are closed, and closed and divided where they are open."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._open: list[tuple[str, int]] = []

    def see(self, name: str, at: int) -> None:
        """Raises LiquidSyntaxError."""
        if name in BLOCKS:
            self._open.append((name, at))
            bound("nesting", len(self._open))
            return
        inner = self._open[-1][0] if self._open else ""
        if inner and name == f"end{inner}":
            self._open.pop()
        elif name.startswith("end") and inner and name.removeprefix("end") in BLOCKS:
            text = f"'{name}' is not a valid delimiter for {inner} tags. use end{inner}"
            raise syntax_error(text, self._source, at)
        elif name == "else" and "else" not in BLOCKS.get(inner, ()):
            raise syntax_error("Unexpected outer 'else' tag", self._source, at)
        elif name in ("elsif", "when") and name not in BLOCKS.get(inner, ()):
            raise syntax_error(f"Unknown tag '{name}'", self._source, at)

    def finish(self) -> None:
        if self._open:
            name, at = self._open[-1]
            raise syntax_error(f"'{name}' tag was never closed", self._source, at)


def lines(markup: str, parent: Token) -> Iterator[Token]:
    """The tokens of the liquid tag's text: one tag a line."""
    blocks, at, comments = Blocks(parent.source), parent.start_index, 0
    bound("tags", markup.count("\n"))
    for text in markup.split("\n"):
        found = _TAG_NAME.match(text)
        assert found is not None
        name, rest = found[1], text[found.end() :].strip()
        comments += {"comment": 1, "endcomment": -1}.get(name, 0)
        if name and name not in ("comment", "endcomment", "#") and not comments:
            blocks.see(name, at)
            yield Token(TOKEN_TAG, name, at + found.start(1), parent.source)
            if rest:
                rest = rest if name in VERBATIM else plain(rest)[0]
                check_brackets(rest, parent.source, at)
                yield Token(TOKEN_EXPRESSION, rest, at + found.end(), parent.source)
        at += len(text) + 1
    blocks.finish()
