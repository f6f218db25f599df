"""Rate limits: the bucket's window on the workspace's clock, and the headers that tell what is left."""

from __future__ import annotations

from emulator.call import Call
from emulator.errors import ApiError


def take(call: Call) -> None:
    """Count the call in its bucket. Raises ApiError `rate_limited` when the window is used up.

    Windows are fixed on the clock, not rolling (documented): a minute's window ends at the full minute.
    """
    buckets = call.service.data.get("rate_limits")
    mode = call.settings.get("rate_limits", "enforce")
    if not buckets or mode == "off":
        return
    assert call.operation is not None and call.account is not None
    name = call.operation.data.get("rate_limit", "default")
    limit, seconds = buckets[name]["limit"], buckets[name]["seconds"]
    workspace = call.account.workspace
    start = int(workspace.clock.seconds()) // seconds * seconds
    used = workspace.count(f"{call.service.name}/{name}", start)
    call.window = limit, max(0, limit - used), start + seconds
    if used > limit and mode == "enforce":
        raise ApiError(
            "rate_limited",
            hint=f"{limit} requests in {seconds} s are allowed; wait, advance the clock, or set rate_limits: count",
        )


def headers(call: Call) -> dict[str, str]:
    """The three headers; present and empty when the caller is not known (observed on 401)."""
    if "rate_limits" not in call.service.data or call.operation is None or call.settings.get("rate_limits") == "off":
        return {}
    limit, remaining, reset = call.window or ("", "", "")
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }
