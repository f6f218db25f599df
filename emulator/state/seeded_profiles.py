"""The profiles of a seed document: written by the rules of users/track, except that nothing may get lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.errors import ConfigError
from emulator.state import attributes, email_states, profiles
from emulator.state.change import Change, Fate, Refused
from emulator.state.draft import Draft
from emulator.state.profiles import Profiles

_OWN: Final = frozenset({
    "braze_id", "created_at", "external_id", "user_aliases", "custom_attributes", "custom_events", "purchases",
    "total_revenue", "subscription_groups", "email_subscribe",
})  # fmt: skip
"""Fields of a seeded profile that no attributes object has, or has in another form; beside profiles.SEED_ONLY."""
_QUIET: Final = frozenset({
    "became_custom_attribute", "stored_as_date", "removed", "unchanged", "inherited_state", "email_lowercased",
    "kept_as_text",
})  # fmt: skip


def plant(draft: Draft, items: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write the profiles of a checked seed document. Raises ConfigError for one that would not be kept as written."""
    room = Profiles(draft, now)
    for index, item in enumerate(items):
        _plant(room, index, item)
    room.close()


def _plant(room: Profiles, index: int, item: Mapping[str, Any]) -> None:
    place = f"seed.profiles[{index}]"
    change = Change(room, _strict(place), "profiles", index)
    _create(change, item, place)
    standard = {name: value for name, value in item.items() if name not in _OWN | profiles.SEED_ONLY}
    groups = item.get("subscription_groups", {})
    unknown = sorted(group_id for group_id in groups if group_id not in room.draft.subscription_groups)
    if unknown:
        raise ConfigError(f"{place}.subscription_groups: no group '{unknown[0]}'; declare it in the same seed")
    try:
        attributes.check(change, standard)
    except Refused as error:
        raise ConfigError(f"{place}: {error}; declare the app in the same seed") from None
    attributes.write(change, {**standard, **item.get("custom_attributes", {})})
    _subscribe(change, item)
    for name in ("custom_events", "purchases"):
        change.opened.part(name).update({one["name"]: _summary(one, place) for one in item.get(name, ())})
    change.record["total_revenue"] = item.get("total_revenue", 0.0)
    change.record.update({name: item[name] for name in profiles.SEED_ONLY & item.keys()})
    if "created_at" in item:
        change.record["created_at"] = _time(item["created_at"], place)


def _subscribe(change: Change, item: Mapping[str, Any]) -> None:
    """The states are those that the seed declares, whoever else has the address."""
    room, record, groups = change.profiles, change.record, item.get("subscription_groups", {})
    record.pop("email_subscribe", None)
    if "email_subscribe" in item:
        record["email_subscribe"] = item["email_subscribe"]
        if "email" in item:
            email_states.note(room, item["email"], item["email_subscribe"])
    record["subscription_groups"] = dict(groups)
    record["subscription_group_times"] = dict.fromkeys(groups, room.moment)


def _summary(one: Mapping[str, Any], place: str) -> dict[str, Any]:
    return {**one, "first": _time(one["first"], place), "last": _time(one["last"], place)}


def _time(text: str, place: str) -> str:
    try:
        return clock.read_time(text)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _create(change: Change, item: Mapping[str, Any], place: str) -> None:
    draft = change.profiles.draft
    aliases = item.get("user_aliases", [])
    identity = {"external_id": item["external_id"]} if "external_id" in item else {}
    change.use(change.profiles.create(item.get("braze_id", ""), user_aliases=aliases, **identity))
    keys = [(draft.external_ids, text) for text in identity.values()]
    keys += [(draft.aliases, profiles.alias_key(alias)) for alias in aliases]
    for table, key in keys:
        if key in table:
            raise ConfigError(f"{place}: another profile has the identifier '{key}' already".replace("\0", ":"))
        table[key] = change.record["braze_id"]


def _strict(place: str) -> Fate:
    def fate(pointer: str, rule: str, value: Json = None, note: str = "") -> None:
        if rule not in _QUIET:
            field = pointer.split("/", 3)[-1]
            raise ConfigError(f"{place}.{field}: {value!r} would not be kept as written ({rule}): {note}")

    return fate
