"""When a call that Braze applies later takes effect: at once, after a while, or when somebody says so.

`settings.asynchrony` chooses; `settings.maintenance` makes such calls wait until it is over.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.call import Call
from emulator.state.draft import Draft

SECONDS: Final = 1.0
"""Delay of the policy `delay` unless its setting names one. Assumed: 10 to 100 ms are documented as typical."""


def waits(call: Call) -> bool:
    """Whether the call is only accepted now."""
    if call.operation is None or not call.operation.data.get("asynchronous"):
        return False
    return in_maintenance(call) or _policy(call).get("policy", "immediate") != "immediate"


def in_maintenance(call: Call) -> bool:
    return bool(call.settings.get("maintenance"))


def due(call: Call, draft: Draft) -> float | None:
    """When to apply it, in epoch seconds of the workspace's clock; None: when somebody says so.

    Shuffled calls are delayed by a drawn part of the time, so each may overtake others: Braze keeps no order between
    requests (documented).
    """
    policy = _policy(call)
    if in_maintenance(call) or policy["policy"] == "manual":
        return None
    seconds = float(policy.get("seconds", SECONDS))
    return float(call.now.timestamp()) + seconds * (draft.chance() if policy.get("shuffle") else 1.0)


def rank(call: Call, draft: Draft) -> float:
    """The call's place among those that are due at the same instant: drawn where calls are shuffled."""
    return draft.chance() if _policy(call).get("shuffle") else 0.0


def _policy(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = call.settings.get("asynchrony") or {}
    return found
