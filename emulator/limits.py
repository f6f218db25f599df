"""Rate limits: the bucket's windows on the workspace's clock, and the headers that tell what is left.

A contract (`settings.plan`) may have other windows and words its headers differently; service.json says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import jsonschema_rs
import orjson

from emulator.call import Call
from emulator.errors import ApiError
from emulator.operations import Operation, Service

NAMES: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class Window(NamedTuple):
    """`limit` calls in `seconds`, counted under `key`. Fixed on the clock, not rolling (documented): a minute's window
    ends at the full minute.
    """

    key: str
    limit: int
    seconds: int


class Rules(NamedTuple):
    """A bucket under a contract: its windows, the longest first, then bursts; and how the contract words them."""

    windows: tuple[Window, ...]
    counts_down: bool
    """Whether the Reset header tells the seconds that are left."""
    retry_after: str
    """The header that stands alone on a 429, or nothing."""


def take(call: Call) -> None:
    """Count the call in its bucket. Raises ApiError `rate_limited` when a window of it is used up."""
    mode = call.settings.get("rate_limits", "enforce")
    if mode == "off" or "rate_limits" not in call.service.data:
        return
    assert call.account is not None
    workspace, rules = call.account.workspace, _rules(call)
    now, full = int(workspace.clock.seconds()), None
    for window in rules.windows:
        start = now - now % window.seconds
        used = workspace.count(window.key, start)
        if not call.limit_headers:
            _tell(call, window, used, start - now if rules.counts_down else start)
        if used > window.limit:
            full = window
    if full is not None and mode == "enforce":
        _refuse(call, rules, full, now)


def _tell(call: Call, window: Window, used: int, start: int) -> None:
    left = window.limit - used
    call.limit_headers = {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(left if left > 0 else 0),
        "X-RateLimit-Reset": str(start + window.seconds),
    }


def _refuse(call: Call, rules: Rules, window: Window, now: int) -> None:
    if rules.retry_after:  # in place of the three
        call.limit_headers = {rules.retry_after: str(window.seconds - now % window.seconds)}
    hint = (
        f"{window.limit} requests in {window.seconds} s are allowed; wait, advance the clock, or set rate_limits: count"
    )
    raise ApiError("rate_limited", hint=hint)


def _rules(call: Call) -> Rules:
    assert call.operation is not None
    settings = call.settings
    bucket, plan = _bucket(call, call.operation), settings.get("plan", "")
    own: Mapping[str, Any] = settings.get("rate_limit_values") or {}
    if bucket in own:
        return _made(call.service, bucket, plan, own[bucket])
    return _documented(call.service, bucket, plan)


@cache
def _documented(service: Service, bucket: str, plan: str) -> Rules:
    found: dict[str, Any] = service.data["rate_limits"][bucket]
    return _made(service, bucket, plan, found.get("plans", {}).get(plan, found))


def _made(service: Service, bucket: str, plan: str, given: Mapping[str, Any]) -> Rules:
    both = [given, *([given["burst"]] if "burst" in given else [])]
    windows = tuple(Window(f"{service.name}/{bucket}/{one['seconds']}", one["limit"], one["seconds"]) for one in both)
    dialect: Mapping[str, Any] = service.data.get("plans", {}).get(plan, {})
    return Rules(windows, "reset_in_seconds" in dialect, dialect.get("retry_after", ""))


def _bucket(call: Call, operation: Operation) -> str:
    when = operation.data.get("rate_limit_when")
    if when is not None and _fits(operation.key, when["body"], call.request.body):
        return str(when["bucket"])
    return str(operation.data.get("rate_limit", "default"))


def _fits(key: str, schema: dict[str, Any], body: bytes) -> bool:
    if key not in _deciders:
        _deciders[key] = jsonschema_rs.validator_for(schema)
    try:
        return bool(_deciders[key].is_valid(orjson.loads(body)))
    except orjson.JSONDecodeError:  # refused later
        return False


_deciders: Final[dict[str, Any]] = {}


def headers(call: Call) -> dict[str, str]:
    """What the answer tells; the three headers are present and empty when the caller is not known (observed on 401)."""
    if "rate_limits" not in call.service.data or call.operation is None or call.settings.get("rate_limits") == "off":
        return {}
    return call.limit_headers or dict.fromkeys(NAMES, "")
