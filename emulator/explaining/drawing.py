"""A sequence drawn as text: a column for each side, an arrow for each exchange, notes where something happened."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from emulator.explaining.sequence import Arrow, Gap, Note, Step, Told, steps, title

WIDTH: Final = 100
LEFT: Final = 5
"""Where the first lifeline stands."""
ROOM: Final = 42
"""Columns that are free beside the last lifeline, for notes."""
NARROWEST, WIDEST = 16, 36
SHORTEST: Final = 24
"""Letters of a line of a note, at least."""
LIFELINE: Final = "│"


def draw(told: Told, width: int = WIDTH) -> str:
    """A diagram of what GET /_emulator/explain/<id> answers, as wide as `width`, or as the number of sides demands."""
    found = list(steps(told))
    names = list(dict.fromkeys(name for step in found for name in _sides(step)))
    paper = _Paper(names, width)
    lines = [title(told), "", paper.head(), *(line for step in found for line in paper.lines(step))]
    return "\n".join(line.rstrip() for line in [*lines, paper.bare()])


def _sides(step: Step) -> tuple[str, ...]:
    return (step.start, step.end) if isinstance(step, Arrow) else ()


class _Paper:
    """Where the lifelines stand, and the lines that are drawn over them."""

    def __init__(self, names: list[str], width: int) -> None:
        self.width = width
        room = (width - LEFT - ROOM) // max(1, len(names) - 1)
        self.spacing = max(NARROWEST, min(WIDEST, room))
        self.places = {name: LEFT + index * self.spacing for index, name in enumerate(names)}

    def head(self) -> str:
        line = ""
        for name, place in self.places.items():
            shown = name if len(name) < self.spacing else f"{name[: self.spacing - 2]}…"
            line = line.ljust(max(0, place - len(shown) // 2)) + shown + " "
        return line

    def bare(self, mark: str = LIFELINE) -> str:
        return self.over("", 0, mark)

    def over(self, text: str, at: int, mark: str = LIFELINE) -> str:
        """A text over the lifelines."""
        line = [" "] * max(self.width, max(self.places.values()) + 1)
        for place in self.places.values():
            line[place] = mark
        line[at : at + len(text)] = text
        return "".join(line)

    def lines(self, step: Step) -> Iterator[str]:
        if isinstance(step, Gap):
            yield self.over(f" {step.text} ", LEFT + 2, "┊")
        elif isinstance(step, Note):
            if step.opens:
                yield self.bare()
            yield from self._wrapped(step.text, self.places.get(step.at, LEFT), "• ")
        else:
            yield from self._arrow(step)

    def _wrapped(self, text: str, place: int, first: str) -> Iterator[str]:
        """A text beside a lifeline, over as many lines as it takes; before it, where there is too little room. What
        would move a terminal's cursor is not printed.
        """
        place = min(place, self.width - SHORTEST - 2 - len(first))
        room = self.width - place - 3 - len(first)
        plain = "".join(letter if letter.isprintable() or letter.isspace() else "\ufffd" for letter in text)
        for number, line in enumerate(textwrap.wrap(plain, room) or [""]):
            yield self.over(f"{first if number == 0 else ' ' * len(first)}{line} ", place + 2)

    def _arrow(self, step: Arrow) -> Iterator[str]:
        start, end = self.places[step.start], self.places[step.end]
        if step.opens:
            yield self.bare()
        yield from self._wrapped(step.label, min(start, end), "")
        if start == end:
            yield self.over("───┐", start + 1)
            yield self.over(f"<──┘ {step.answer}", start + 1)
            return
        length = abs(end - start) - 1
        if not step.sent:
            yield self._between(start, end, _unsent(length, start < end))
            return
        yield self._between(start, end, _pointed("─" * (length - 1), start < end))
        yield self._between(start, end, _pointed(f" {step.answer} ".center(length - 1, "┄"), start > end))

    def _between(self, one: int, other: int, text: str) -> str:
        return self.over(text, min(one, other) + 1)


def _pointed(line: str, right: bool) -> str:
    return f"{line}>" if right else f"<{line}"


def _unsent(length: int, right: bool) -> str:
    line = "─" * (length // 3)
    return f"{line}✗ not sent".ljust(length) if right else f"not sent ✗{line}".rjust(length)
