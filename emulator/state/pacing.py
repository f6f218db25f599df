"""Delivery rate limits: a campaign sends so many messages a minute, and the others wait for a minute to come.

Source: Braze's page on rate limiting. A minute begins with the first message that finds no minute open; all messages of
a campaign share the limit, and an aborted one has used its place.
"""

from __future__ import annotations

from typing import Final

from emulator.state.draft import Draft

MINUTE: Final = 60.0
LONGEST: Final = 72 * 3600.0
"""Seconds; a message that would wait as long or longer is dropped (documented)."""


def place(draft: Draft, campaign_id: str, limit: int, now: float) -> float | None:
    """Take the next free place; answers its time in epoch seconds, which may be now, or None where it is too far."""
    held = draft.send_minutes.get(campaign_id, {"begins": now, "used": 0})
    begins, used = float(held["begins"]), held["used"]
    if now >= begins + MINUTE:
        begins, used = now, 0
    elif used >= limit:
        begins, used = begins + MINUTE, 0
    if begins - now >= LONGEST:
        return None
    draft.send_minutes[campaign_id] = {"begins": begins, "used": used + 1}
    return max(begins, now)
