"""Braze phone numbers to which no SMS can be sent: read and taken off the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.call import Call, Json
from emulator.handlers.braze._dated import between
from emulator.state import unreachable


def list_invalid_phone_numbers(call: Call) -> Json:
    """The newest first. Numbers in the query win over its dates (documented)."""
    reason = call.args.get("reason")
    found = [one for one in _wanted(call) if reason in (None, one["reason"])]
    start = call.args.get("offset", 0)
    page = unreachable.in_order(found)[start : start + call.args.get("limit", 100)]
    return {"sms": [_shown(one) for one in page], "message": "success"}


def _shown(one: Mapping[str, Any]) -> Json:
    return {"phone": one["phone"], "invalid_detected_at": unreachable.shown(one["at"]), "reason": one["reason"]}


def _wanted(call: Call) -> list[Mapping[str, Any]]:
    entries = call.state.invalid_phone_numbers.values()
    asked = call.args.get("phone_numbers")
    if asked is None:
        return between(call, entries)
    keys = set(map(unreachable.number_key, [asked] if isinstance(asked, str) else asked))
    return [one for one in entries if unreachable.number_key(one["phone"]) in keys]


def remove_invalid_phone_numbers(call: Call) -> Json:
    """Messages may be sent to the numbers again."""
    table = call.state.invalid_phone_numbers
    for index, number in enumerate(call.body["phone_numbers"]):
        if not unreachable.remove(table, unreachable.number_key(number)):
            call.fate(f"/phone_numbers/{index}", "nothing_to_remove", number)
    return {"message": "success"}
