"""Campaigns and Canvases that come, change and go while the emulator runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from emulator import clock
from emulator.errors import ConfigError
from emulator.state import campaigns, canvases
from emulator.state.draft import Draft, Table


class Kind(NamedTuple):
    """`table` holds them, and `write` writes one: (draft, item, place, sequence, now)."""

    table: str
    title: str
    write: Callable[[Draft, Mapping[str, Any], str, int, datetime], None]


CAMPAIGN, CANVAS = "campaign", "canvas"
KINDS: Final = {
    CAMPAIGN: Kind("campaigns", "campaign", campaigns.write),
    CANVAS: Kind("canvases", "Canvas", canvases.write),
}
OWN: Final = ("campaign_sends", "send_minutes", "canvas_entries")
"""Tables whose keys are ids of campaigns or Canvases."""
OWNED: Final = ("receipts", "send_counts", "day_recipients", "send_ids", "journeys")
"""Tables whose keys begin with one."""


def table(draft: Draft, kind: str) -> Table:
    found: Table = getattr(draft, KINDS[kind].table)
    return found


def declare(draft: Draft, kind: str, item: Mapping[str, Any], now: datetime) -> None:
    """Write one that was checked beside those of the seed, or in the place of the one that has its id: who received or
    entered that one has received or entered this one. Raises ConfigError that names every flaw.
    """
    others = {one["id"]: one for one in table(draft, kind).values()}
    before = others.get(item["id"])
    if before is None:
        _check_id(draft, kind, item["id"])
        times, sequence = {}, 1 + max((one["sequence"] for one in others.values()), default=-1)
    else:
        times, sequence = {"created_at": before["created_at"], "updated_at": clock.iso_ms(now)}, before["sequence"]
        campaigns.silence(draft, item["id"])
    KINDS[kind].write(draft, {**times, **item}, kind, sequence, now)


def _check_id(draft: Draft, kind: str, own: str) -> None:
    for other in KINDS.keys() - {kind}:
        if own in table(draft, other):
            raise ConfigError(f"{kind}.id: there is a {KINDS[other].title} '{own}' already; choose another id")


def remove(draft: Draft, kind: str, own: str) -> None:
    """Delete one, who received or entered it, and what was counted. What still waits is not sent; journeys end."""
    del table(draft, kind)[own]
    campaigns.silence(draft, own)
    for name in OWN:
        _drop(getattr(draft, name), [own])
    for name in OWNED:
        held: Table = getattr(draft, name)
        _drop(held, [key for key in held if key.startswith(f"{own}\0")])
    _drop(draft.conversions, [key for key, one in draft.conversions.items() if own in _owners(one)])


def _owners(conversion: Mapping[str, Any]) -> tuple[str, str]:
    return conversion.get("campaign_id", ""), conversion.get("canvas_id", "")


def _drop(held: Table, keys: list[str]) -> None:
    for key in keys:
        if key in held:
            del held[key]
