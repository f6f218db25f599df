"""What the Liquid of a message sees: the user, what started it, the campaign, the workspace's Content Blocks.

Source: Braze's list of personalisation tags; see liquid.render for the shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator.state import template_sources
from emulator.state.attribute_types import DATE
from emulator.state.draft import Draft
from emulator.state.profiles import Record

NAMES: Final = {
    "user_id": "external_id",
    "braze_id": "braze_id",
    "first_name": "first_name",
    "last_name": "last_name",
    "email_address": "email",
    "phone_number": "phone",
    "gender": "gender",
    "date_of_birth": "dob",
    "city": "home_city",
    "country": "country",
    "language": "language",
    "time_zone": "time_zone",
    "random_bucket_number": "random_bucket",
    "last_used_app_date": "date_of_last_session",
}
"""Liquid's name of a standard attribute -> the profile's."""
_TIMES: Final = frozenset({"last_used_app_date"})
LINKS: Final = {
    "set_user_to_unsubscribed_url": "unsubscribed",
    "unsubscribe_url": "unsubscribed",
    "set_user_to_one_click_list_unsubscribe": "unsubscribed",
    "set_user_to_subscribed_url": "subscribed",
    "set_user_to_opted_in_url": "opted_in",
}
"""Tags of the e-mail lists (documented) -> the state that their link sets. Assumed: where it leads, nowhere."""
_LISTS: Final = "https://email-lists.invalid"


class Blocks(Mapping[str, str]):
    """The active Content Blocks by name, read only when one is called."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def __getitem__(self, name: str) -> str:
        block = self._draft.content_blocks[self._draft.content_block_names[name]]
        if block["deleted"] or block["state"] != "active":
            raise KeyError(name)
        content: str = block["content"]
        return content

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._draft.content_block_names if name in self)

    def __len__(self) -> int:
        return len(list(iter(self)))


def context(draft: Draft, record: Record, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`given` has what comes from the send: event_properties, api_trigger_properties, campaign, …"""
    return {
        "user": _user(record),
        "custom_attribute": _custom(draft, record),
        "subscribed_state": _states(record),
        "most_recently_used_device": _device(record),
        "content_blocks": Blocks(draft),
        "now": now,
        **template_sources.sources(draft, now),
        **given,
    }


def _user(record: Record) -> dict[str, Any]:
    found = {name: record[field] for name, field in NAMES.items() if record.get(field) is not None}
    made = {name: {"$time": value} if name in _TIMES else value for name, value in found.items()}
    return {**made, **_app_version(record), **_links(record)}


def _app_version(record: Record) -> dict[str, str]:
    """Of the app that was used last."""
    apps: list[Mapping[str, Any]] = record.get("apps") or [{}]
    latest = max(apps, key=lambda one: str(one.get("last_used", "")))
    return {"most_recent_app_version": latest["version"]} if "version" in latest else {}


def _links(record: Record) -> dict[str, str]:
    return {name: f"{_LISTS}/{state}/{record.get('braze_id', '')}" for name, state in LINKS.items()}


def _custom(draft: Draft, record: Record) -> Mapping[str, Any]:
    """Attributes of type time are times; `2026-01-31T12:00:00.000Z` in any other is text."""
    held: Mapping[str, Any] = record.get("custom_attributes", {})
    types = draft.attribute_types
    return {
        name: {"$time": value} if isinstance(value, str) and types.get(name, {}).get("type") == DATE else value
        for name, value in held.items()
    }


def _states(record: Record) -> dict[str, str]:
    groups = record.get("subscription_groups", {})
    return {"email_global": record.get("email_subscribe", "subscribed"), **groups}


def _device(record: Record) -> Mapping[str, Any]:
    """The last of the profile's devices; nothing for a user that the API alone made (documented)."""
    devices = record.get("devices") or [{}]
    held = devices[-1]
    return {**held, **({"id": held["device_id"]} if "device_id" in held else {})}
