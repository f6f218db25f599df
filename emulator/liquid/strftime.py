"""Ruby's strftime: all its directives, with flags and widths."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

_DIRECTIVE: Final = re.compile(r"%([-0^#_:]*)(\d*)([A-Za-z%+])")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
MAX_WIDTH: Final = 1024
MAX_FORMAT: Final = 1000

_NUMBERS: Final[dict[str, tuple[Callable[[datetime], int], int, str]]] = {
    "Y": (lambda at: at.year, 1, "0"),
    "C": (lambda at: at.year // 100, 2, "0"),
    "y": (lambda at: at.year % 100, 2, "0"),
    "m": (lambda at: at.month, 2, "0"),
    "d": (lambda at: at.day, 2, "0"),
    "e": (lambda at: at.day, 2, " "),
    "j": (lambda at: at.timetuple().tm_yday, 3, "0"),
    "H": (lambda at: at.hour, 2, "0"),
    "k": (lambda at: at.hour, 2, " "),
    "I": (lambda at: at.hour % 12 or 12, 2, "0"),
    "l": (lambda at: at.hour % 12 or 12, 2, " "),
    "M": (lambda at: at.minute, 2, "0"),
    "S": (lambda at: at.second, 2, "0"),
    "u": (lambda at: at.isoweekday(), 1, "0"),
    "w": (lambda at: at.isoweekday() % 7, 1, "0"),
    "G": (lambda at: at.isocalendar()[0], 4, "0"),
    "g": (lambda at: at.isocalendar()[0] % 100, 2, "0"),
    "V": (lambda at: at.isocalendar()[1], 2, "0"),
    "U": (lambda at: (at.timetuple().tm_yday + 6 - at.isoweekday() % 7) // 7, 2, "0"),
    "W": (lambda at: (at.timetuple().tm_yday + 6 - at.weekday()) // 7, 2, "0"),
    "s": (lambda at: seconds(at), 1, "0"),
}
"""Directive -> its number, its width, what fills it up."""

_WORDS: Final[dict[str, Callable[[datetime], str]]] = {
    "A": lambda at: _DAYS[at.weekday()],
    "a": lambda at: _DAYS[at.weekday()][:3],
    "B": lambda at: _MONTHS[at.month - 1],
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "h": lambda at: _MONTHS[at.month - 1][:3],
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "P": lambda at: "am" if at.hour < 12 else "pm",
    "Z": lambda at: _zone_name(at),
    "n": lambda at: "\n",
    "t": lambda at: "\t",
    "%": lambda at: "%",
}
_COMPOUNDS: Final = {
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "X": "%H:%M:%S", "D": "%m/%d/%y", "x": "%m/%d/%y", "R": "%H:%M",
    "r": "%I:%M:%S %p", "c": "%a %b %e %H:%M:%S %Y", "v": "%e-%^b-%Y", "+": "%a %b %e %H:%M:%S %Z %Y",
}  # fmt: skip


def strftime(at: datetime, pattern: str) -> str:
    """A time with a zone, written after a pattern. What is no directive stays as it is."""
    return _DIRECTIVE.sub(lambda found: _write(at, found), pattern)


def seconds(at: datetime) -> int:
    """Seconds since 1970, rounded down."""
    return int(at.timestamp() // 1)


def _write(at: datetime, found: re.Match[str]) -> str:
    flags, width, letter = found[1], min(int(found[2][:5] or 0), MAX_WIDTH), found[3]
    if letter in _NUMBERS:
        value, least, fill = _NUMBERS[letter]
        return _filled(str(value(at)), flags, width or least, fill)
    if letter in ("L", "N"):
        return f"{at.microsecond:06}000".ljust(width, "0")[: width or (3 if letter == "L" else 9)]
    if letter == "z":
        return _filled(_offset(at, flags.count(":")), flags, width, "0")
    if letter in _COMPOUNDS:
        return _filled(_cased(strftime(at, _COMPOUNDS[letter]), flags), flags, width, " ")
    if letter in _WORDS:
        swapped = flags.replace("#", "") + "^" * (letter not in "pZ") if "#" in flags else flags
        word = _WORDS[letter](at)
        return _filled(word.lower() if "#" in flags and letter in "pZ" else _cased(word, swapped), flags, width, " ")
    return found[0]


def _cased(word: str, flags: str) -> str:
    return word.upper() if "^" in flags else word


def _filled(value: str, flags: str, width: int, fill: str) -> str:
    if "-" in flags:
        return value
    fill = "0" if "0" in flags else " " if "_" in flags else fill
    return (
        f"{value[0]}{value[1:].rjust(width - 1, '0')}"
        if fill == "0" and value[:1] in "+-"
        else value.rjust(width, fill)
    )


def _offset(at: datetime, colons: int) -> str:
    offset = at.utcoffset()
    total = round(offset.total_seconds()) if offset else 0
    hours, rest = divmod(abs(total), 3600)
    mark = ":" if colons else ""
    tail = f":{rest % 60:02}" if colons > 1 else ""
    return f"{'-' if total < 0 else '+'}{hours:02}{mark}{rest // 60:02}{tail}"


def _zone_name(at: datetime) -> str:
    name = at.tzname() or ""
    return "" if name.startswith("UTC") and name != "UTC" else name
