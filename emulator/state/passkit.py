"""PassKit's part of a seed document, and the credentials it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from emulator.state.credential import Credential
from emulator.state.draft import Draft


def plant(draft: Draft, part: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables of a draft from the checked part of a seed document."""


def credentials(part: Mapping[str, Any]) -> Iterator[Credential]:
    yield from (Credential("passkit", token) for token in part.get("tokens", ()))


def own(part: Mapping[str, Any], name: str, braze_key: str) -> dict[str, Any]:
    """The part with a long-lived token, made for the workspace `name` unless the part declares one."""
    return {**part, "tokens": part.get("tokens") or [f"passkit-{name}"]}
