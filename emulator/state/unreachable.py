"""Addresses to which nothing is sent: hard bounces, spam reports, invalid phone numbers; and lists with dates.

Each table holds {email or phone, at, …} under the address as it is compared. What a delivery finds out, a seed declares
or a call asks for is written by the functions of this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from emulator import clock
from emulator.state import profiles
from emulator.state.draft import Draft, Table

Entry = Mapping[str, Any]
REASONS: Final = ("provider_error", "deactivated", "invalid_format")
"""Why a phone number is invalid (documented)."""


def number_key(phone: str) -> str:
    """The digits of a number: lists are asked for +1 415 555 2671 as well as for 14155552671 (documented example)."""
    return profiles.phone_key(phone).lstrip("+")


def bounce(draft: Draft, email: str, at: str) -> bool:
    """Mark an address as hard bounced; answers whether that is new. The first bounce counts (assumed)."""
    return _add_email(draft.hard_bounces, email, at)


def report_spam(draft: Draft, email: str, at: str) -> bool:
    """Mark an address as one that reported a message as spam; answers whether that is new."""
    return _add_email(draft.spam_reports, email, at)


def invalidate(draft: Draft, phone: str, reason: str, at: str) -> bool:
    """Mark a number as invalid for one of REASONS; answers whether that is new."""
    return _add(draft.invalid_phone_numbers, number_key(phone), {"phone": phone, "reason": reason, "at": at})


def _add_email(table: Table, email: str, at: str) -> bool:
    key = profiles.email_key(email)
    return _add(table, key, {"email": key, "at": at})


def _add(table: Table, key: str, entry: Entry) -> bool:
    new = key not in table
    if new:
        table[key] = entry
    return new


def remove(table: Table, key: str) -> bool:
    """Take an address off a list; answers whether it was there."""
    found = key in table
    if found:
        del table[key]
    return found


def between(entries: Iterable[Entry], start: str, end: str) -> tuple[list[Entry], int]:
    """The entries from one date of a query up to another, and how many lie on the last day itself.

    A date is its midnight in UTC (documented), so that the day of the end is not part of the span.
    Raises ValueError, with a text for the client, for a date that the calendar does not have and for an empty span.
    """
    first, last = _instant("start_date", start), _instant("end_date", end)
    if first >= last:
        raise ValueError("start_date must be before end_date")
    found, cut = [], 0
    for entry in entries:
        if first <= entry["at"] < last:
            found.append(entry)
        elif entry["at"][:10] == end:
            cut += 1
    return found, cut


def _instant(name: str, text: str) -> str:
    try:
        return clock.read_time(text)
    except ValueError:
        raise ValueError(f"{name} is not a valid date") from None


def in_order(entries: Iterable[Entry], ascending: bool = False) -> list[Entry]:
    """The newest first, or the oldest; entries of one instant by address, so that pages do not overlap."""
    by_address = sorted(entries, key=lambda entry: str(entry.get("email", entry.get("phone"))))
    return sorted(by_address, key=lambda entry: str(entry["at"]), reverse=not ascending)


def shown(at: str) -> str:
    """`2020-06-17 19:27:44 +0000`, as the live service writes such times (observed for unsubscribes)."""
    return f"{at[:10]} {at[11:19]} +0000"
