"""Braze's limits of sizes and numbers as code reads them: schemas/braze/bounds.json, where each has its source."""

from __future__ import annotations

from typing import Any, Final

import orjson

from emulator import resources

BOUNDS: Final[dict[str, dict[str, Any]]] = orjson.loads(
    (resources.folder("schemas") / "braze" / "bounds.json").read_bytes()
)
"""name -> {value, unit, level, source, schemas}."""


def bound(name: str) -> int:
    """The most that is taken (or the least, for a name that begins with `least_`). Raises KeyError."""
    value: int = BOUNDS[name]["value"]
    return value
