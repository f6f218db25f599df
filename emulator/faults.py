"""Failures that a test arms: for which calls, in which phase, how often, and what the client sees instead."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from emulator import clock
from emulator.call import Call, Response
from emulator.errors import ConfigError

PHASES: Final = ("before", "after")
MAX_DELAY: Final = 30.0
_counting = threading.Lock()


@dataclass
class Fault:
    """`when` names service, operation, method or path; `times` is how often it fires (None: always)."""

    id: str
    when: Mapping[str, str]
    phase: str = "before"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    times: int | None = 1
    skip: int = 0
    fired: int = 0
    seen: int = 0

    def used_up(self) -> bool:
        return self.times is not None and self.fired >= self.times

    def applies(self, call: Call, phase: str) -> bool:
        if phase != self.phase or self.used_up():
            return False
        facts = {
            "service": call.service.name,
            "operation": call.operation.id if call.operation else "",
            "method": call.request.method,
            "path": call.request.path,
        }
        return all(facts[name] == wanted for name, wanted in self.when.items())

    def fires(self) -> bool:
        """Count a call that the fault applies to, and say whether it hits this one; two threads never share a turn."""
        with _counting:
            if self.used_up():
                return False
            self.seen += 1
            hit = self.seen > self.skip
            self.fired += hit
            return hit


def _whole(least: int, most: int = 1_000_000) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())


_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\x20-\x7e\xa0-\xff]*")


def _headers(value: Any) -> bool:
    """Names and values that HTTP can carry; a server answers anything else with a bare 500."""
    return isinstance(value, Mapping) and all(
        _NAME.fullmatch(name)
        and name.lower() != "content-length"
        and type(text) in (str, int, float)
        and _VALUE.fullmatch(str(text))
        for name, text in value.items()
    )


FIELDS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "when": (_texts, "an object of texts: service, operation, method or path"),
    "phase": (PHASES.__contains__, "before (nothing is applied) or after (applied, but the client sees this)"),
    "status": (_whole(200, 599), "a number from 200 to 599"),
    "headers": (_headers, "an object of header names and printable values, without Content-Length"),
    "body": (lambda value: True, "any JSON value"),
    "delay": (lambda value: True, "a duration"),
    "times": (lambda value: value is None or _whole(1)(value), "a whole number from 1, or null for always"),
    "skip": (_whole(0), "a whole number from 0"),
}
"""field -> what it may hold, and how a refusal says so."""


def parse(raw: Mapping[str, Any], id: str) -> Fault:
    """A fault from its JSON form. Raises ConfigError, which names the field."""
    for name, value in raw.items():
        if name not in FIELDS:
            raise ConfigError(f"fault: unknown field '{name}'; known are {', '.join(sorted(FIELDS))}")
        fits, wanted = FIELDS[name]
        if not fits(value):
            raise ConfigError(f"fault.{name}: use {wanted}")
    when = dict(raw.get("when", {}))
    strange = when.keys() - {"service", "operation", "method", "path"}
    if strange:
        raise ConfigError(f"fault.when: unknown field '{min(strange)}'; use service, operation, method or path")
    delay = clock.parse_duration(raw.get("delay", 0))
    if not 0 <= delay <= MAX_DELAY or (not delay and "status" not in raw):
        raise ConfigError(f"fault: give a status to answer, or a delay of at most {MAX_DELAY:.0f} s of real time")
    headers = {name: str(text) for name, text in raw.get("headers", {}).items()}
    return Fault(id=id, **{**raw, "when": when, "delay": delay, "headers": headers})


def strike(call: Call, armed: list[Fault], phase: str, pause: Callable[[float], None]) -> Response | None:
    """The answer of the first fault that fires in this phase; waits first where the fault says so."""
    for fault in armed:
        if not fault.applies(call, phase) or not fault.fires():
            continue
        call.faulted = fault.id
        if fault.delay:
            pause(call.request.bear(fault.delay))
        if fault.status is not None:
            return Response(fault.status, dict(fault.headers), _bytes(fault.body))
    return None


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
