"""A first look at a template: do its braces and block tags close? What the tags mean is no matter of this room.

Braze's dialect nests braces (`{% assign x = {{${a}}} | md5 %}`) and writes names as `${…}`, with anything but `}` in
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

BLOCKS: Final = {
    "if": {"elsif", "else"},
    "unless": {"elsif", "else"},
    "case": {"when", "else"},
    "for": {"else"},
    "tablerow": set(),
    "ifchanged": set(),
    "capture": set(),
    "translation": set(),
}
"""Block tag -> the tags that may divide it. `comment` and `raw` are not here: what they hold is not read."""

_DIVIDERS: Final = set().union(*BLOCKS.values())
_HTML_COMMENT: Final = re.compile(r"<!--.*?-->", re.S)
_OPENER: Final = re.compile(r"\{[{%]-?")
_SUBJECT_IN_BRACES: Final = re.compile(r"\{\{-?\s*\{")
_INSIDE: Final = re.compile(r"\$\{|\{\{|\}\}|\{%|%\}|['\"]")
_NAME: Final = re.compile(r"\s*(#|\w+)")
_LINE_NAME: Final = re.compile(r"\s*(?:liquid\s+)*(#|\w+)")
_UNREAD: Final = {
    "comment": re.compile(r"\{%-?\s*((?:end)?comment)\b.*?%\}", re.S),
    "raw": re.compile(r"\{%-?\s*(endraw)\s*-?%\}"),
}
"""Block tag whose inside is not read -> what changes its depth: comments nest, raw text does not."""
_STEPS: Final = {"{{": 1, "}}": -1}


class Malformed(Exception):
    """The text says what is wrong; the line counts from 1."""


class _Tag(NamedTuple):
    name: str
    markup: str
    line: int


def defect(source: str) -> str:
    """What makes the template unreadable, such as "line 3: 'if' tag was never closed"; empty when nothing does.

    A quotation mark may begin a text, in which braces count for nothing, or be an apostrophe. A template is fine when
    it is fine in either reading.
    """
    source = _without_html_comments(source)
    found = _defect(source, quotes=True)
    return found and _defect(source, quotes=False) and found


def _without_html_comments(source: str) -> str:
    """Braze takes them out before Liquid is read; their line breaks stay here, for the numbers."""
    head, last, tail = source.rpartition("-->")  # without it the search would go through the tail for every `<!--`
    return _HTML_COMMENT.sub(lambda found: "\n" * found[0].count("\n"), head + last) + tail


def _defect(source: str, quotes: bool) -> str:
    try:
        _check(_tags(source, quotes))
    except Malformed as error:
        return str(error)
    return ""


def _check(tags: Iterator[_Tag]) -> None:
    """Raises Malformed for a block tag that is not closed, or closed or divided where it is not open."""
    stack: list[_Tag] = []
    for tag in tags:
        if tag.name in BLOCKS:
            stack.append(tag)
        elif tag.name == "liquid":
            _check(_lines(tag))
        elif tag.name in _DIVIDERS or tag.name.startswith("end"):
            _close(stack, tag)
    if stack:
        raise Malformed(f"line {stack[-1].line}: '{stack[-1].name}' tag was never closed")


def _close(stack: list[_Tag], tag: _Tag) -> None:
    """Take the innermost block off the stack, or see it divided."""
    if stack and tag.name == f"end{stack[-1].name}":
        stack.pop()
    elif not stack or tag.name not in BLOCKS[stack[-1].name]:
        place = f"in '{stack[-1].name}' of line {stack[-1].line}" if stack else "outside of any block"
        raise Malformed(f"line {tag.line}: unexpected '{tag.name}' {place}")


def _lines(tag: _Tag) -> Iterator[_Tag]:
    """The tags of a `liquid` tag: one a line, without braces."""
    comments = 0
    for number, text in enumerate(tag.markup.split("\n"), tag.line):
        name = _LINE_NAME.match(text)
        if name and name[1] in ("comment", "endcomment"):
            comments += 1 if name[1] == "comment" else -1
        elif name and not comments:
            yield _Tag(name[1], text[name.end() :], number)


def _tags(source: str, quotes: bool) -> Iterator[_Tag]:
    """Every tag outside of comments and raw text. Raises Malformed for an output or a tag that does not end."""
    at = 0
    while opener := _OPENER.search(source, at):
        line = source.count("\n", 0, opener.start()) + 1
        if _SUBJECT_IN_BRACES.match(source, opener.start()):
            raise Malformed(f"line {line}: an output begins with another brace")
        at = _end(source, opener, line, quotes)
        if opener[0].startswith("{%"):
            tag = _tag(source[opener.end() : at - 2], line)
            at = _after_unread(source, tag, at) if tag.name in _UNREAD else at
            yield tag


def _tag(markup: str, line: int) -> _Tag:
    name = _NAME.match(markup)
    if name is None:
        raise Malformed(f"line {line}: a tag without a name")
    return _Tag(name[1], markup[name.end() :], line)


def _end(source: str, opener: re.Match[str], line: int, quotes: bool) -> int:
    """Where the output or tag that begins with `opener` ends, with its inner braces closed. Raises Malformed."""
    closer = "}}" if opener[0].startswith("{{") else "%}"
    depth, at = 0, opener.end()
    while found := _INSIDE.search(source, at):
        mark, at = found[0], found.end()
        if mark == closer and depth == 0:
            return at
        if mark in ("{%", "%}"):
            break
        depth = max(0, depth + _STEPS.get(mark, 0))
        at = _skipped(source, mark, at, quotes)
    raise Malformed(f"line {line}: '{opener[0][:2]}' was not properly terminated with '{closer}'")


def _skipped(source: str, mark: str, at: int, quotes: bool) -> int:
    """Past a `${…}` or a quoted text that has just begun; a mark without its partner stands for itself."""
    if mark == "${":
        mark = "}"
    elif not quotes or mark not in "'\"":
        return at
    return max(at, source.find(mark, at) + 1)


def _after_unread(source: str, tag: _Tag, at: int) -> int:
    """Past the end of a comment, which may hold comments, or of raw text. Raises Malformed."""
    depth = 1
    for found in _UNREAD[tag.name].finditer(source, at):
        depth += -1 if found[1].startswith("end") else 1
        if depth == 0:
            return found.end()
    raise Malformed(f"line {tag.line}: '{tag.name}' tag was never closed")
