"""Braze's part of a seed document, and the tables it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator.state import (
    attribute_types,
    campaigns,
    canvases,
    content_blocks,
    live_activities,
    seeded_addresses,
    seeded_profiles,
    segments,
    series,
    template_sources,
    webhook_templates,
)
from emulator.state.credential import Credential
from emulator.state.draft import Draft

LISTS: Final = {
    "subscription_groups": "id",
    "apps": "id",
    "api_keys": "key",
}
"""Lists of the document that are tables of the same name, and the field that is the table's key."""


def plant(draft: Draft, document: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables of a draft from a checked seed document."""
    for name, key in LISTS.items():
        table = getattr(draft, name)
        for item in document.get(name, ()):
            table[item[key]] = item
    for tag in document.get("tags", ()):
        draft.tags[tag] = {}
    webhook_templates.plant(draft, document.get("webhook_templates", ()))
    for index, item in enumerate(document.get("content_blocks", ())):
        place = f"seed.content_blocks[{index}]"
        content_blocks.plant(draft, webhook_templates.copied(draft, item, place, webhook_templates.BLOCK), now)
    segments.plant(draft, document.get("segments", ()), now)
    for item in document.get("custom_attributes", ()):
        attribute_types.plant(draft, item)
    for external_id in document.get("blocked_external_ids", ()):
        draft.blocked_external_ids[external_id] = {}
    for name, value in document.get("settings", {}).items():
        draft.settings[name] = value
    seeded_profiles.plant(draft, document.get("profiles", ()), now)
    seeded_addresses.plant(draft, document, now)
    series.plant(draft, document)
    live_activities.plant(draft, document)
    template_sources.plant(draft, document, now)
    campaigns.plant(draft, document.get("campaigns", ()), now)
    canvases.plant(draft, document.get("canvases", ()), now)


def credentials(document: Mapping[str, Any]) -> Iterator[Credential]:
    """The document's API keys. A key without `permissions` has all."""
    for item in document.get("api_keys", ()):
        granted = item.get("permissions")
        yield Credential("braze", item["key"], None if granted is None else frozenset(granted), item)


def own(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The document with an API key, made now unless it declares one."""
    keys = document.get("api_keys") or [{"key": key, "name": "minted"}]
    return {**document, "api_keys": keys}
