"""The health of hosts: one that fails too often in a minute is not called for a minute, and 598 is answered instead.

Source: Braze's page on webhook and Connected Content errors, "Unhealthy host detection": the codes, the limits, and
that they count by host name and workspace. Assumed: webhooks and Connected Content are counted apart, and the first
answer after a pause decides whether the host is called at full speed again or paused for another minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

SENDER: Final = "braze"
WEBHOOK: Final = "webhook"
CONTENT: Final = "connected_content"
UNHEALTHY: Final = 598
REASONS: Final = {529: "Host Overloaded", UNHEALTHY: "Host Unhealthy", 599: "Connection Error"}
"""Codes that HTTP does not have, in Braze's words."""
COUNTED: Final = frozenset({408, 429, 502, 503, 504, 529})
LIMIT: Final = 3_000
"""Failures in a minute that are still borne; the setting webhooks.unhealthy_after takes another number."""
SHARE: Final = 0.9
"""Connected Content is paused only where more than this part of its calls fails too."""
MINUTE: Final = 60.0
MOST: Final = 1_000
"""Hosts that are remembered; the one that was called longest ago is forgotten."""


def told(status: int) -> str:
    """`598 Host Unhealthy`, `503`."""
    return f"{status} {REASONS[status]}" if status in REASONS else str(status)


def halted(workspace: Workspace, item: Mapping[str, Any], host: str) -> str:
    """Why Braze does not call the host now; nothing where it does."""
    held = workspace.view().host_health.get(_key(item, host)) if _watched(item) else None
    if held is None or held["paused_until"] <= workspace.clock.seconds():
        return ""
    return f"not sent: {told(UNHEALTHY)}: {host} is paused until {_time(held['paused_until'])}"


def count(workspace: Workspace, item: Mapping[str, Any], host: str, status: int) -> str:
    """Remember an answer of the host; says so where that makes it unhealthy."""
    key = _key(item, host)
    if not _watched(item) or (
        status not in COUNTED and item["about"] == WEBHOOK and key not in workspace.view().host_health
    ):
        return ""
    with workspace.transaction() as draft:
        held = draft.host_health.get(key) or _new(draft, item, host)
        now, limit = workspace.clock.seconds(), workspace.settings().get("webhooks", {}).get("unhealthy_after", LIMIT)
        held = _counted(held, status in COUNTED, now)
        why = _why(held, status, limit)
        if why:
            held = {**held, "paused_until": now + MINUTE, "on_trial": True}
        elif status not in COUNTED:
            held = {**held, "on_trial": False}
        draft.host_health[key] = held
    return f"{host} is unhealthy: {why}; paused until {_time(now + MINUTE)}" if why else ""


def _watched(item: Mapping[str, Any]) -> bool:
    return item["sender"] == SENDER and item["about"] in (WEBHOOK, CONTENT)


def _key(item: Mapping[str, Any], host: str) -> str:
    return f"{item['about']}\0{host}"


def _new(draft: Draft, item: Mapping[str, Any], host: str) -> dict[str, Any]:
    if len(draft.host_health) >= MOST:
        oldest = min(draft.host_health, key=lambda key: draft.host_health[key]["at"])
        del draft.host_health[oldest]
    return {"host": host, "kind": item["about"], "seconds": {}, "paused_until": 0.0, "on_trial": False}


def _counted(held: Mapping[str, Any], failed: bool, now: float) -> dict[str, Any]:
    """The counts by second, as far as they are in the window."""
    second = str(int(now))
    seconds = {at: counts for at, counts in held["seconds"].items() if now - MINUTE < int(at) <= now}
    failures, calls = seconds.get(second, (0, 0))
    return {**held, "at": now, "seconds": {**seconds, second: (failures + failed, calls + 1)}}


def _why(held: Mapping[str, Any], status: int, limit: int) -> str:
    """What makes a host unhealthy now; nothing where it is not."""
    if status not in COUNTED:
        return ""
    if held["on_trial"]:
        return f"it still answers {told(status)}"
    failures, calls = _sums(held)
    if failures <= limit or (held["kind"] == CONTENT and failures <= SHARE * calls):
        return ""
    return f"{failures} failures in a minute, and {limit} are borne"


def _sums(held: Mapping[str, Any]) -> tuple[int, int]:
    counts = held["seconds"].values()
    return sum(one for one, _ in counts), sum(one for _, one in counts)


def shown(draft: Draft, now: datetime) -> list[dict[str, Any]]:
    """What is known of the hosts: {host, kind, failures, calls, healthy, paused_until}, of the last minute."""
    at = now.timestamp()
    found = []
    for held in draft.host_health.values():
        failures, calls = _sums(
            {"seconds": {key: one for key, one in held["seconds"].items() if int(key) > at - MINUTE}}
        )
        paused = held["paused_until"] > at
        until = _time(held["paused_until"]) if paused else None
        found.append(
            {
                "host": held["host"],
                "kind": held["kind"],
                "failures": failures,
                "calls": calls,
                "healthy": not paused,
                "paused_until": until,
            }
        )
    return found


def _time(at: float) -> str:
    return clock.iso_ms(datetime.fromtimestamp(at, clock.UTC))
