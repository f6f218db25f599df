"""Braze profiles: finding, creating and indexing them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator.state.draft import Draft


def plant(draft: Draft, item: Mapping[str, Any], now: datetime) -> None:
    """Write one profile of a seed document."""
    raise NotImplementedError
