"""Whether and when a request is tried again: by its answer, the schedule, and what the answer's headers ask for.

Documented: which answers are tried again, that there are five attempts, and that waits follow Retry-After and the
rate-limit headers of such an answer. Assumed: the waits themselves, and how the headers and the schedule go together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.call import Response
from emulator.workspaces import Workspace

BACKOFF: Final = (30.0, 120.0, 480.0, 1200.0)
"""Seconds before attempts 2 to 5. Assumed: Braze documents five attempts within about 30 minutes, not the waits."""
RETRIED: Final = frozenset({408, 429, *range(500, 600)})
"""Documented; every other answer is final."""
LONGEST: Final = 86_400.0
"""Seconds that a header can put off the next attempt; a day is the longest that is documented for retries."""
_EPOCH: Final = 1_000_000_000
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


def wait(workspace: Workspace, item: Mapping[str, Any], response: Response) -> float | None:
    """Seconds to the next attempt, not before the answer's headers allow it; None where this was the last."""
    schedule = workspace.settings().get("webhooks", {}).get("retry_seconds", BACKOFF)
    if response.status not in RETRIED or item["attempt"] > len(schedule) or "resent" in item["data"]:
        return None
    return max(float(schedule[item["attempt"] - 1]), asked(response.headers, workspace.clock.seconds()))


def asked(headers: Mapping[str, str], now: float) -> float:
    """Seconds that the headers of an answer ask to wait, 0 where they say nothing that can be read."""
    told = {name.lower().replace("-rate-limit-", "-ratelimit-"): value.strip() for name, value in headers.items()}
    waits = [_after(told.get("retry-after", ""), now)]
    if told.get("x-ratelimit-remaining", "0") == "0":
        waits.append(_reset(told.get("x-ratelimit-reset", ""), now))
    return min(max(0.0, *waits), LONGEST)


def _after(value: str, now: float) -> float:
    """Seconds, or a date."""
    if _NUMBER.fullmatch(value):
        return float(value)
    if not value:
        return 0.0
    from email.utils import parsedate_to_datetime  # 5 ms, and only where a host asks to wait until a date

    try:
        return parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _reset(value: str, now: float) -> float:
    """A number as large as a time of this century is one; a smaller one counts seconds from now (assumed)."""
    if not _NUMBER.fullmatch(value):
        return 0.0
    number = float(value)
    return number - now if number >= _EPOCH else number
