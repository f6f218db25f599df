"""Texts of tags that have options: `connected_content URL :save x :headers {…}`."""

from __future__ import annotations

import re
from typing import Final

from emulator.liquid.limits import bound

_OPTION: Final = re.compile(r":([a-z_]+)(?=\s|$)")


def split(markup: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first option, and each option with its value. What is in braces belongs to a value."""
    depth, parts, at = 0, [("", 0)], 0
    starts = [0]
    while at < len(markup):
        letter = markup[at]
        depth += {"{": 1, "}": -1}.get(letter, 0)
        found = _OPTION.match(markup, at) if letter == ":" and depth <= 0 and _after_space(markup, at) else None
        if found:
            bound("words", len(parts))
            parts.append((found[1], found.end()))
            starts.append(at)
            at = found.end()
        else:
            at += 1
    ends = [*starts[1:], len(markup)]
    values = [(name, markup[begin:end].strip()) for (name, begin), end in zip(parts, ends, strict=True)]
    return values[0][1], values[1:]


def _after_space(markup: str, at: int) -> bool:
    return at == 0 or markup[at - 1].isspace()


def words(markup: str) -> list[str]:
    """Words parted by blanks, where what is in braces belongs together."""
    found, depth, word = [], 0, ""
    for letter in markup:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter.isspace() and depth <= 0:
            if word:
                found.append(word)
                bound("words", len(found))
            word = ""
        else:
            word += letter
    return [*found, word] if word else found
