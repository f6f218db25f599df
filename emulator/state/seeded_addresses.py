"""The lists of addresses in a seed document: bounces, spam reports, invalid numbers, and global e-mail states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator import clock
from emulator.errors import ConfigError
from emulator.state import email_states, unreachable
from emulator.state.draft import Draft
from emulator.state.profiles import Profiles


def plant(draft: Draft, document: Mapping[str, Any], now: datetime) -> None:
    """Write the lists; what has no time happened now. Raises ConfigError for a time that the calendar does not have."""
    room = Profiles(draft, now)
    for name in ("email_states", "hard_bounces", "spam_reports", "invalid_phone_numbers"):
        for index, item in enumerate(document.get(name, ())):
            _write(room, name, item, _time(item, f"seed.{name}[{index}]", room.moment))
    room.close()


def _write(room: Profiles, name: str, item: Mapping[str, Any], at: str) -> None:
    if name == "email_states":
        email_states.plant(room, item["email"], item["state"], at)
    elif name == "hard_bounces":
        unreachable.bounce(room.draft, item["email"], at)
    elif name == "spam_reports":
        unreachable.report_spam(room.draft, item["email"], at)
    else:
        unreachable.invalidate(room.draft, item["phone"], item.get("reason", unreachable.REASONS[0]), at)


def _time(item: Mapping[str, Any], place: str, default: str) -> str:
    try:
        return clock.read_time(item["at"]) if "at" in item else default
    except ValueError as error:
        raise ConfigError(f"{place}.at: {error}") from None
