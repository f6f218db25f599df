"""The rules by which a value is not simply stored as sent, read from every service's `fates.json` into one table."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import orjson

from emulator import resources
from emulator.errors import SchemaError

LEVELS = ("documented", "observed", "assumed")


class Rule(NamedTuple):
    """`loss` says that the sender would lose something without being told: it fails a test unless allowed."""

    id: str
    service: str
    sentence: str
    level: str
    source: str
    loss: bool


@cache
def rules() -> dict[str, Rule]:
    """rule id -> Rule, for all services. Raises SchemaError for an incomplete rule or one that stands twice."""
    found: dict[str, Rule] = {}
    for path in sorted(resources.folder("schemas").glob("*/fates.json")):
        for name, raw in orjson.loads(path.read_bytes()).items():
            if name in found:
                raise SchemaError(f"{path}: the rule '{name}' is already defined by {found[name].service}")
            found[name] = _rule(name, path.parent.name, raw)
    return found


def _rule(name: str, service: str, raw: dict[str, object]) -> Rule:
    missing = {"sentence", "level", "source"} - raw.keys()
    if missing or raw["level"] not in LEVELS:
        raise SchemaError(f"{service}/fates.json: '{name}' needs sentence, source and a level out of {LEVELS}")
    return Rule(name, service, str(raw["sentence"]), str(raw["level"]), str(raw["source"]), bool(raw.get("loss")))


def is_loss(rule: str) -> bool:
    return rules()[rule].loss
