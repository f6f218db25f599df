"""Filters of texts, after Ruby's standard filters. A value that is no text is turned into one first."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, Final

from emulator.liquid.limits import bound
from emulator.liquid.ruby import RubyError, integer, leading_integer, strip, text

_LINE_END: Final = re.compile(r"\r?\n")
_PAIRED: Final = (("<script", "</script>"), ("<!--", "-->"), ("<style", "</style>"))
_ENTITY: Final = re.compile(r"[\"><']|&(?!(?:[a-zA-Z]+|#\d+);)")
_ESCAPED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def append(value: Any, tail: Any) -> str:
    return text(value) + text(tail)


def prepend(value: Any, head: Any) -> str:
    return text(head) + text(value)


def capitalize(value: Any) -> str:
    shown = text(value)
    return shown[:1].upper() + shown[1:].lower()


def downcase(value: Any) -> str:
    return text(value).lower()


def upcase(value: Any) -> str:
    return text(value).upper()


def escape(value: Any) -> str | None:
    return None if value is None else html.escape(text(value)).replace("&#x27;", "&#39;")


def escape_once(value: Any) -> str:
    return _ENTITY.sub(lambda found: _ESCAPED[found[0]], text(value))


def newline_to_br(value: Any) -> str:
    return _LINE_END.sub("<br />\n", text(value))


def strip_newlines(value: Any) -> str:
    return _LINE_END.sub("", text(value))


def remove(value: Any, what: Any) -> str:
    return replace(value, what, "")


def remove_first(value: Any, what: Any) -> str:
    return replace_first(value, what, "")


def remove_last(value: Any, what: Any) -> str:
    return replace_last(value, what, "")


def replace(value: Any, what: Any, by: Any = "") -> str:
    shown, old, new = text(value), text(what), text(by)
    times = shown.count(old)
    bound("text", len(shown) + times * (len(new) - len(old)))
    return shown.replace(old, new)


def replace_first(value: Any, what: Any, by: Any = "") -> str:
    return text(value).replace(text(what), text(by), 1)


def replace_last(value: Any, what: Any, by: Any) -> str:
    shown, old = text(value), text(what)
    at = shown.rfind(old)
    return shown if at < 0 else shown[:at] + text(by) + shown[at + len(old) :]


def split(value: Any, by: Any) -> list[str]:
    """String#split: empty pieces at the end are dropped; a blank stands for any white space."""
    shown, mark = text(value), text(by)
    if mark == " ":
        return shown.split()
    if mark == "":
        bound("items", len(shown))
        return list(shown)
    bound("items", shown.count(mark))
    pieces = shown.split(mark)
    while pieces and not pieces[-1]:
        pieces.pop()
    return pieces


def strip_(value: Any) -> str:
    return strip(text(value))


def strip_html(value: Any) -> str:
    shown = text(value)
    for start, end in _PAIRED:
        shown = _without(shown, start, end)
    return _without(shown, "<", ">")


def _without(shown: str, start: str, end: str) -> str:
    """The text without all that stands from a mark to the next other mark. An own loop, because a pattern would look
    for the end again and again where there is none.
    """
    kept, at = [], 0
    while (begin := shown.find(start, at)) >= 0 and (close := shown.find(end, begin)) >= 0:
        kept.append(shown[at:begin])
        at = close + len(end)
    return "".join(kept) + shown[at:]


def truncate(value: Any, length: Any = 50, tail: Any = "...") -> str | None:
    if value is None:
        return None
    shown, most, end = text(value), integer(length), text(tail)
    return shown if len(shown) <= most else shown[: max(0, most - len(end))] + end


def truncatewords(value: Any, words: Any = 15, tail: Any = "...") -> str | None:
    if value is None:
        return None
    shown, most = text(value), max(1, integer(words))
    found = shown.split()
    return shown if len(found) <= most else " ".join(found[:most]) + text(tail)


def slice_(value: Any, start: Any, length: Any = None) -> Any:
    """Of a text or an array; a start below 0 counts from the end."""
    held: Any = value if isinstance(value, (list, tuple, range)) else text(value)
    begin, count = integer(start), 1 if length is None else integer(length)
    begin += len(held) if begin < 0 else 0
    if begin < 0 or begin > len(held) or count < 0:
        return "" if isinstance(held, str) else []
    part = held[begin : begin + count]
    return part if isinstance(part, str) else list(part)


def to_i(value: Any) -> int:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value != value or value in (float("inf"), float("-inf")):
            raise RubyError(f"{text(value)}")
        return int(value)
    return leading_integer(text(value))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "append": append,
    "prepend": prepend,
    "capitalize": capitalize,
    "downcase": downcase,
    "upcase": upcase,
    "escape": escape,
    "escape_once": escape_once,
    "newline_to_br": newline_to_br,
    "strip_newlines": strip_newlines,
    "remove": remove,
    "remove_first": remove_first,
    "remove_last": remove_last,
    "replace": replace,
    "replace_first": replace_first,
    "replace_last": replace_last,
    "split": split,
    "strip": strip_,
    "strip_html": strip_html,
    "truncate": truncate,
    "truncatewords": truncatewords,
    "slice": slice_,
    "to_i": to_i,
}
