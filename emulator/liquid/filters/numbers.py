"""Filters of numbers: integers stay integers, everything else is decimal, without the noise of binary fractions."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException, localcontext
from typing import Any, Final

from emulator.liquid.limits import bound
from emulator.liquid.ruby import RubyError, number, text

Number = int | Decimal
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_MOST_PLACES: Final = 30
_DIGITS: Final = re.compile(r"-?\d+(?:\.\d+)?")


def _result(value: Number) -> int | float:
    return float(value) if isinstance(value, Decimal) else value


def _pair(value: Any, other: Any) -> tuple[Any, Any]:
    left, right = number(value), number(other)
    if isinstance(left, int) and isinstance(right, int):
        return left, right
    return Decimal(left), Decimal(right)


def _decimal(work: Callable[[], Any]) -> int | float:
    try:
        with localcontext(_EXACT):
            return _result(work())
    except (DecimalException, OverflowError) as error:
        raise RubyError("Computation results in 'Infinity'") from error


def plus(value: Any, other: Any) -> int | float:
    left, right = _pair(value, other)
    return _decimal(lambda: left + right)


def minus(value: Any, other: Any) -> int | float:
    left, right = _pair(value, other)
    return _decimal(lambda: left - right)


def times(value: Any, other: Any) -> int | float:
    left, right = _pair(value, other)
    if isinstance(left, int):
        bound("integer", left.bit_length() + right.bit_length())
    return _decimal(lambda: left * right)


def divided_by(value: Any, other: Any) -> int | float:
    left, right = _pair(value, other)
    if not right:
        raise RubyError("divided by 0")
    return _decimal(lambda: left // right if isinstance(left, int) else left / right)


def modulo(value: Any, other: Any) -> int | float:
    """The sign is the divisor's, as Ruby has it."""
    left, right = _pair(value, other)
    if not right:
        raise RubyError("divided by 0")
    if isinstance(left, int):
        return int(left % right)
    return _decimal(lambda: left - right * (left / right).to_integral_value(ROUND_FLOOR))


def abs_(value: Any) -> int | float:
    held = number(value)
    return _result(-held if held < 0 else held)


def at_least(value: Any, least: Any) -> int | float:
    return _result(max(number(value), number(least)))


def at_most(value: Any, most: Any) -> int | float:
    return _result(min(number(value), number(most)))


def ceil(value: Any) -> int:
    return int(Decimal(number(value)).to_integral_value(ROUND_CEILING))


def floor(value: Any) -> int:
    return int(Decimal(number(value)).to_integral_value(ROUND_FLOOR))


def round_(value: Any, places: Any = 0) -> int | float:
    """Half is rounded away from zero, on the digits as they are written."""
    held, digits = number(value), int(number(places))
    if isinstance(held, int) and digits >= 0:
        return held
    rounded = _rounded(Decimal(held), min(digits, _MOST_PLACES))
    return int(rounded) if digits == 0 or isinstance(held, int) else float(rounded)


def _rounded(value: Decimal, places: int) -> Decimal:
    if value.adjusted() + places > _EXACT.prec - 2:
        return value  # all its digits are before the place
    if value.adjusted() < -places - 1:
        return Decimal(0)
    with localcontext(_EXACT):
        return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def money(value: Any, note: Callable[[str, str], None]) -> Any:
    """Two decimals, and nothing else: no sign, no division."""
    if isinstance(value, str):
        note("money_of_text", f"money of the text {value[:40]!r} leaves it as it is; put `plus: 0` before")
        return value
    return None if value is None else f"{_rounded(Decimal(number(value)), 2):.2f}"


def number_with_delimiter(value: Any) -> Any:
    """A comma at every thousand; a text that is more than a number stays as it is."""
    shown = text(value)
    if not _DIGITS.fullmatch(shown):
        return value
    whole, point, rest = shown.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    head = len(digits) % 3
    parts = [digits[:head]] * bool(head) + [digits[at : at + 3] for at in range(head, len(digits), 3)]
    return f"{sign}{','.join(parts)}{point}{rest}"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "abs": abs_,
    "at_least": at_least,
    "at_most": at_most,
    "ceil": ceil,
    "divided_by": divided_by,
    "floor": floor,
    "minus": minus,
    "modulo": modulo,
    "plus": plus,
    "round": round_,
    "times": times,
    "money": money,
    "number_with_delimiter": number_with_delimiter,
}
