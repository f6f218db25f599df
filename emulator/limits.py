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


def take(call: Call) -> None:
    """Count the call in its bucket. Raises ApiError `rate_limited` when a window of it is used up."""
    mode = call.settings.get("rate_limits", "enforce")
    if mode == "off" or "rate_limits" not in call.service.data:
        return
    assert call.account is not None
    workspace = call.account.workspace
    now, full = int(workspace.clock.seconds()), None
    windows = _of(call)
    for number, window in enumerate(windows):
        used = workspace.count(window.key, now // window.seconds * window.seconds)
        if number == 0:
            _tell(call, window, used, now)
        if used > window.limit:
            full = window
    if full is not None and mode == "enforce":
        _refuse(call, full, now)


def _of(call: Call) -> tuple[Window, ...]:
    """The bucket's windows: the longest, which the headers tell, then bursts."""
    assert call.operation is not None
    bucket = _bucket(call, call.operation)
    own: Mapping[str, Any] = call.settings.get("rate_limit_values") or {}
    if bucket in own:
        return _windows(call.service, bucket, own[bucket])
    return _documented(call.service, bucket, call.settings.get("plan", ""))


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


@cache
def _documented(service: Service, bucket: str, plan: str) -> tuple[Window, ...]:
    found: dict[str, Any] = service.data["rate_limits"][bucket]
    return _windows(service, bucket, found.get("plans", {}).get(plan, found))


def _windows(service: Service, bucket: str, given: Mapping[str, Any]) -> tuple[Window, ...]:
    both = [given, *([given["burst"]] if "burst" in given else [])]
    return tuple(Window(f"{service.name}/{bucket}/{one['seconds']}", one["limit"], one["seconds"]) for one in both)


def _tell(call: Call, window: Window, used: int, now: int) -> None:
    end = now // window.seconds * window.seconds + window.seconds
    reset = end - now if "reset_in_seconds" in _dialect(call) else end
    call.limit_headers = dict(zip(NAMES, map(str, (window.limit, max(0, window.limit - used), reset)), strict=True))


def _refuse(call: Call, window: Window, now: int) -> None:
    dialect = _dialect(call)
    if "retry_after" in dialect:  # in place of the three
        call.limit_headers = {dialect["retry_after"]: str(window.seconds - now % window.seconds)}
    hint = (
        f"{window.limit} requests in {window.seconds} s are allowed; wait, advance the clock, or set rate_limits: count"
    )
    raise ApiError("rate_limited", hint=hint)


def _dialect(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = call.service.data.get("plans", {}).get(call.settings.get("plan", ""), {})
    return found


def headers(call: Call) -> dict[str, str]:
    """What the answer tells; the three headers are present and empty when the caller is not known (observed on 401)."""
    if "rate_limits" not in call.service.data or call.operation is None or call.settings.get("rate_limits") == "off":
        return {}
    return call.limit_headers or dict.fromkeys(NAMES, "")
