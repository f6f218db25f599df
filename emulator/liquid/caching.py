"""Answers of Connected Content that are kept for a while, for all users of a workspace."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from emulator.liquid.values import Answer

MOST_ANSWERS: Final = 1000
MOST_CHARACTERS: Final = 16_000_000


class AnswerCache:
    """One for a workspace. Times are seconds of its clock; the oldest answers go where there are too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, key: str, now: float) -> Answer | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None or now >= found[0]:
                return None
            return found[1]

    def put(self, key: str, answer: Answer, until: float) -> None:
        with self._lock:
            self._drop(key)
            self._kept[key] = until, answer
            self._characters += len(answer.body)
            while len(self._kept) > MOST_ANSWERS or self._characters > MOST_CHARACTERS:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        _, answer = self._kept.pop(key, (0.0, Answer(0)))
        self._characters -= len(answer.body)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._characters = 0
