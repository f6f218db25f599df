"""The one owner of time. Every workspace has a clock that can be frozen and advanced."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from typing import Final

from emulator.errors import ConfigError

UTC: Final = timezone.utc
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

stopwatch = time.perf_counter
"""Seconds of real time, for measuring; never for anything that a workspace can see."""
pause = time.sleep


class Clock:
    """Virtual time of one workspace: real time plus an offset, or a frozen instant, in UTC epoch seconds."""

    __slots__ = ("_offset", "_frozen")

    def __init__(self, offset: float = 0.0, frozen: float | None = None) -> None:
        self._offset = offset
        self._frozen = frozen

    def seconds(self) -> float:
        return self._frozen if self._frozen is not None else time.time() + self._offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def set(self, at: float, frozen: bool) -> None:
        self._frozen = at if frozen else None
        self._offset = at - time.time()

    def freeze(self) -> None:
        self._frozen = self.seconds()

    def resume(self) -> None:
        self.set(self.seconds(), frozen=False)

    def advance(self, seconds: float) -> None:
        self.set(self.seconds() + seconds, frozen=self.frozen)

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def reading(self) -> tuple[float, float | None]:
        """What a snapshot keeps: offset and frozen instant."""
        return self._offset, self._frozen

    def restore(self, reading: tuple[float, float | None]) -> None:
        self._offset, self._frozen = reading


def parse_instant(text: str) -> datetime:
    """ISO 8601 text as an aware datetime; text without a zone is UTC. Raises ValueError."""
    found = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def parse_duration(text: str | int | float) -> float:
    """`90`, `1.5s`, `250ms`, `1h30m` or `2d` as seconds. Raises ConfigError."""
    if isinstance(text, (int, float)):
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text.replace(" ", ""):
        raise ConfigError(f"'{text}' is not a duration; write for example 90s, 15m, 1h30m or 2d")
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)


def iso(at: datetime) -> str:
    """`2026-01-02T03:04:05Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(at: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`."""
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03d}Z"


def later(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)
