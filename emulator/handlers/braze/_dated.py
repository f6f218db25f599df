"""Lists of addresses with the time at which each came on them, cut by the dates of a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.call import Call
from emulator.errors import ApiError
from emulator.state import unreachable


def between(call: Call, entries: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries between the query's dates. Raises ApiError for a text that is no date."""
    try:
        found, cut = unreachable.between(entries, call.args["start_date"], call.args["end_date"])
    except ValueError as error:
        raise ApiError("invalid", message=str(error), hint=f"{error}; dates look like 2026-01-31") from None
    if cut:
        call.fate("/end_date", "end_date_midnight", call.args["end_date"], f"entries of that day: {cut}")
    return found
