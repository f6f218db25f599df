"""How Ruby prints, converts and compares values: nil, true, numbers, texts, arrays, hashes, times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Final

from liquid.builtin.expressions.primitive import Blank, Empty
from liquid.exceptions import LiquidError

from emulator.liquid.limits import weigh

UTC: Final = timezone.utc
_WHITE: Final = " \t\n\v\f\r\0"
_ESCAPES: Final = {
    '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e", "\b": "\\b", "\f": "\\f",
    "\v": "\\v", "\a": "\\a",
}  # fmt: skip


_DEEPEST: Final = 20
_LONGEST: Final = 1000
"""Of what is shown in a trace."""


class RubyError(LiquidError):
    """An error while rendering, in Ruby's words."""

    def __init__(self, text: str) -> None:
        super().__init__(text, token=None)


def text(value: Any) -> str:
    """to_s: arrays and hashes as in inspect."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (Blank, Empty)):
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, range):
        return f"{value.start}..{value.stop - 1}"
    if isinstance(value, (list, tuple, Mapping)):
        weigh(value)
        return inspect(value)
    return str(value)


def printed(value: Any) -> str:
    """What an output prints: as to_s, but the items of an array one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        weigh(value)
        return "".join(map(printed, value))
    return text(value)


def brief(value: Any, most: int) -> str:
    """What `text` says, cut after so many characters. Looks no further than that, and never fails."""
    shown = ""
    for piece in _pieces(value, 0):
        shown += piece[: most + 1]
        if len(shown) > most:
            return f"{shown[:most]}…"
    return shown


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield "…"
    elif isinstance(value, Mapping):
        for number, (key, held) in enumerate(value.items()):
            yield ", " if number else "{"
            yield from _pieces(key, depth + 1)
            yield "=>"
            yield from _pieces(held, depth + 1)
        yield "}" if value else "{}"
    elif isinstance(value, (list, tuple)):
        for number, held in enumerate(value):
            yield ", " if number else "["
            yield from _pieces(held, depth + 1)
        yield "]" if value else "[]"
    elif isinstance(value, str):
        yield inspect(value[:_LONGEST]) if depth else value
    else:
        yield ("nil" if value is None else text(value)) if depth else text(value)


def inspect(value: Any) -> str:
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value).replace("#{", "\\#{") + '"'
    if value is None:
        return "nil"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(inspect, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inspect(key)}=>{inspect(held)}" for key, held in value.items()) + "}"
    return text(value)


def _float(value: float) -> str:
    shown = repr(value)
    if "e" in shown:
        digits, _, power = shown.partition("e")
        return f"{digits if '.' in digits else digits + '.0'}e{power}"
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(shown, shown)


def moment(at: datetime) -> str:
    """Time#to_s."""
    offset = at.utcoffset()
    zone = "UTC" if at.tzinfo is None or at.tzinfo is UTC or not offset else at.strftime("%z")
    return f"{at.year:04}-{at.month:02}-{at.day:02} {at.hour:02}:{at.minute:02}:{at.second:02} {zone}"


def truthy(value: Any) -> bool:
    return value is not None and value is not False


def blank(value: Any) -> bool:
    """Rails' blank?: not set, false, white space only, nothing in it."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is False or (isinstance(value, (list, tuple, Mapping)) and not value)


def empty(value: Any) -> bool:
    return isinstance(value, (str, list, tuple, Mapping)) and not value


def same(left: Any, right: Any) -> bool:
    """The operator ==, with the literals blank and empty on either side."""
    for literal, value in ((left, right), (right, left)):
        if isinstance(literal, Blank):
            return blank(value)
        if isinstance(literal, Empty):
            return empty(value)
    return equal(left, right)


def equal(left: Any, right: Any) -> bool:
    """Ruby's ==: true is not 1, 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _comparable(value: Any) -> bool:
    return isinstance(value, (int, float, str, datetime)) and not isinstance(value, bool)


def order(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None where Ruby's operator is not there, so that every comparison is false.

    Raises RubyError where two values that have an order cannot be ordered with each other.
    """
    if not _comparable(left) or not _comparable(right):
        return None
    numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    if numbers or (isinstance(left, str) and isinstance(right, str)):
        return int(left > right) - int(left < right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        left, right = aware(left), aware(right)
        return int(left > right) - int(left < right)
    what = text(right) if isinstance(right, (int, float)) else _class(right)
    raise RubyError(f"comparison of {_class(left)} with {what} failed")


def _class(value: Any) -> str:
    names = ((int, "Integer"), (float, "Float"), (str, "String"), (datetime, "Time"))
    return next(name for kind, name in names if isinstance(value, kind))


def contains(left: Any, right: Any) -> bool:
    if not truthy(left) or not truthy(right):
        return False
    if isinstance(left, str):
        return text(right) in left
    if isinstance(left, (list, tuple)):
        return any(equal(item, right) for item in left)
    if isinstance(left, range):
        return isinstance(right, int) and right in left
    return isinstance(left, Mapping) and isinstance(right, (str, int, float)) and right in left


def aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def strip(value: str) -> str:
    return value.strip(_WHITE)


def number(value: Any) -> int | Decimal:
    """Utils.to_number: what is no number counts as 0; a text counts as far as it is one."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    return _number_in(strip(value)) if isinstance(value, str) else 0


def _number_in(value: str) -> int | Decimal:
    whole, point, rest = value.partition(".")
    digits = whole.removeprefix("-")
    if point and _ascii_digits(digits) and _ascii_digits(rest) and len(value) <= 400:
        return Decimal(value)
    return leading_integer(value)


def _ascii_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


def leading_integer(value: str) -> int:
    """String#to_i, of the first 400 characters."""
    value = strip(value[:400])
    sign = value[:1] if value[:1] in ("-", "+") else ""
    digits = ""
    for letter in value[len(sign) :].replace("_", ""):
        if not _ascii_digits(letter):
            break
        digits += letter
    return int(sign + digits) if digits else 0


def integer(value: Any) -> int:
    """Utils.to_integer. Raises RubyError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    shown = strip(text(value))
    if _ascii_digits(shown.lstrip("+-")) and len(shown) <= 400 and len(shown) - len(shown.lstrip("+-")) <= 1:
        return int(shown)
    raise RubyError("invalid integer")
