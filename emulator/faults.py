"""Failures that a test arms: for which calls, in which phase, how often, and what the client sees instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from emulator import clock
from emulator.call import Call, Response
from emulator.errors import ConfigError

PHASES: Final = ("before", "after")
MAX_DELAY: Final = 30.0


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


def parse(raw: Mapping[str, Any], id: str) -> Fault:
    """A fault from its JSON form. Raises ConfigError, which names the field."""
    known = {"when", "phase", "status", "headers", "body", "delay", "times", "skip"}
    unknown = raw.keys() - known
    if unknown:
        raise ConfigError(f"fault: unknown field '{min(unknown)}'; known are {', '.join(sorted(known))}")
    when = raw.get("when", {})
    strange = when.keys() - {"service", "operation", "method", "path"}
    if strange:
        raise ConfigError(f"fault.when: unknown field '{min(strange)}'; use service, operation, method or path")
    if raw.get("phase", "before") not in PHASES:
        raise ConfigError("fault.phase: use before (nothing is applied) or after (applied, but the client sees this)")
    delay = clock.parse_duration(raw.get("delay", 0))
    if delay > MAX_DELAY or (not delay and "status" not in raw):
        raise ConfigError(f"fault: give a status to answer, or a delay of at most {MAX_DELAY:.0f} s of real time")
    return Fault(id=id, **{**raw, "when": dict(when), "delay": delay})


def strike(call: Call, armed: list[Fault], phase: str) -> Response | None:
    """The answer of the first fault that fires in this phase; waits first where the fault says so."""
    for fault in armed:
        if not fault.applies(call, phase):
            continue
        fault.seen += 1
        if fault.seen <= fault.skip:
            continue
        fault.fired += 1
        call.faulted = fault.id
        if fault.delay:
            clock.pause(fault.delay)
        if fault.status is not None:
            return Response(fault.status, dict(fault.headers), _bytes(fault.body))
    return None


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
