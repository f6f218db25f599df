"""From what Braze allows in an expression to plain Liquid: `${…}`, braces inside braces, curly quotation marks."""

from __future__ import annotations

import re
from typing import Final

_KEYWORDS: Final = (
    *("true", "false", "nil", "null", "empty", "blank", "and", "or", "contains", "not", "in", "offset", "limit"),
    *("reversed", "cols", "continue", "with", "for", "as", "if", "else", "required"),
)
_PART: Final = re.compile(
    rf"""(?P<quoted>'[^']*'|"[^"]*")
    |(?P<curly>[“”„‟][^“”„‟]*[“”„‟]|[‘’‚‛][^‘’‚‛]*[‘’‚‛])
    |(?P<dot>\.)?\$\{{(?P<name>[^}}]*)\}}
    |(?P<braces>\{{\{{-?|-?\}}\}})
    |(?P<and>&&)
    |\.(?P<keyword>(?:{"|".join(_KEYWORDS)})\b)""",
    re.VERBOSE,
)
_PATH: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_FIELD: Final = re.compile(r"\$\{\s*([^}]*?)\s*\}")
ODD: Final = "braze"
"""The root of names in `${}` that are no names of Liquid; nothing is found there."""


def plain(expression: str) -> tuple[str, frozenset[str]]:
    """The expression as the engine reads it, of the same length nearly everywhere, and the findings about it."""
    if not _PART.search(expression):
        return expression, frozenset()
    noted: set[str] = set()

    def write(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "quoted":
            return found[0]
        if kind == "curly":
            noted.add("curly_quotes")
            return "nil".ljust(len(found[0]))
        if kind == "and":
            noted.add("double_ampersand")
            return " and "
        if kind == "keyword":
            return f'["{found["keyword"]}"]'
        if kind == "braces":
            return " " * len(found[0])
        return _reference(found["name"].strip(), found["dot"] is not None)

    text = _PART.sub(write, expression)
    if text.count("custom_attribute[") > 1 and "|" in text:
        noted.add("two_attributes")
    return text, frozenset(noted)


def _reference(name: str, inside: bool) -> str:
    """`${name}`, alone or after a namespace and a dot."""
    if not inside and _PATH.fullmatch(name) and name not in _KEYWORDS:
        return f"  {name} "
    mark = "'" if '"' in name else '"'
    return f"{'' if inside else ODD}[{mark}{name.replace(mark, '')}{mark}]"


def fields(source: str) -> set[str]:
    """The names that stand in `${}` anywhere in a text."""
    return set(_FIELD.findall(source))
