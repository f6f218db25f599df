"""How two profiles become one: for every field of a profile, a rule. The only place that knows how fields combine.

Sources: the pages "Merge users", "Identify users", "User merge behavior" and "User profile lifecycle". In short: the
value of the kept profile stays and an empty field is filled; counters add up; first dates take the earlier, last dates
the later. What the pages do not name follows the first rule (documented for all attributes, assumed for states).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from emulator.call import Json
from emulator.state import aliases, canvases, email_states, profiles, removal, sends, subscriptions, unreachable
from emulator.state.aliases import Tell
from emulator.state.profiles import Profiles, Record


class Merge:
    """What the rules pass around: the record that is written, the part that is taken, and the profile that goes."""

    __slots__ = ("room", "kept", "record", "gone", "tell", "addressed")

    def __init__(self, room: Profiles, kept_id: str, gone_id: str, tell: Tell) -> None:
        self.room = room
        self.kept = room.open(kept_id)
        self.record = self.kept.record
        self.gone: Record = room.read(gone_id)
        self.tell = tell
        self.addressed = "email" in self.record
        """Whether the kept profile had an e-mail address from the start: then that decides its e-mail state."""

    def lose(self, field: str, value: Json, own: Json) -> None:
        """Both had a value, and that of the profile that goes is lost, unless it is the same."""
        if value != own:
            self.tell("merge_kept_own", value, f"{field}: {str(own)[:100]!r} stays")


Rule = Callable[[Merge, str], None]
"""(merge, field): combine a field that the profile that goes has."""

CARRIED: Final = ("user_aliases", "push_tokens")
"""What the identified profile gets with merge_behavior none (documented for push tokens and aliases)."""


def merge(room: Profiles, kept_id: str, gone_id: str, tell: Tell) -> None:
    """Combine all fields, then remove the profile that goes."""
    both = Merge(room, kept_id, gone_id, tell)
    _apply(both, [*RULES, *(name for name in both.gone if name not in RULES)])
    sends.follow(room.draft, gone_id, kept_id)
    canvases.follow(room.draft, gone_id, kept_id)
    _finish(both)


def adopt(room: Profiles, kept_id: str, gone_id: str, tell: Tell) -> None:
    """merge_behavior none: aliases and push tokens move, everything else is lost with the profile that goes."""
    both = Merge(room, kept_id, gone_id, tell)
    _apply(both, CARRIED)
    lost = sorted(name for name in both.gone if both.gone[name] and name not in CARRIED and rule_of(name) is not _stay)
    if lost:
        tell("orphaned", lost, f"of the profile with the braze_id {gone_id}")
    _finish(both)


def _apply(both: Merge, fields: Iterable[str]) -> None:
    for name in fields:
        if name in both.gone:
            rule_of(name)(both, name)


def _finish(both: Merge) -> None:
    gone_id, external_id = both.gone["braze_id"], both.gone.get("external_id")
    removal.remove(both.room, gone_id)
    both.room.draft.merged_profiles[gone_id] = both.record["braze_id"]
    freed = f"; the external_id '{external_id}' finds nobody any more" if external_id is not None else ""
    both.tell("merged_into", gone_id, f"the profile with the braze_id {both.record['braze_id']}{freed}")


def both_have_invalid_phones(room: Profiles, *braze_ids: str) -> bool:
    """Such profiles are not merged (documented).

    A number is invalid if it is not in E.164 form or on the list of those that no SMS reached (assumed).
    """
    phones = [room.read(braze_id).get("phone") for braze_id in braze_ids]
    return all(phone is not None and _is_invalid(room, phone) for phone in phones)


def _is_invalid(room: Profiles, phone: str) -> bool:
    return not profiles.is_e164(phone) or unreachable.number_key(phone) in room.draft.invalid_phone_numbers


# the rules


def _stay(both: Merge, name: str) -> None:
    """An identity of its own, which goes with the profile."""


def _fill(both: Merge, name: str) -> None:
    value = both.gone[name]
    if name in both.record:
        both.lose(name, value, both.record[name])
    else:
        both.record[name] = value


def _address(both: Merge, name: str) -> None:
    """An address that moves brings its e-mail state along; its states in groups are combined by `_groups`."""
    _fill(both, name)
    address, braze_id = both.record[name], both.record["braze_id"]
    table, key = subscriptions.INDEX[name]
    before = subscriptions.holders(both.room.draft, name, address)
    if braze_id in before:
        return
    profiles.reindex(getattr(both.room.draft, table), braze_id, None, key(address))
    if name == "email":
        others = tuple(one for one in before if one != both.gone["braze_id"])
        email_states.join(both.room, both.kept, None, address, others)


def _email_state(both: Merge, name: str) -> None:
    if both.addressed or name in both.record:
        both.lose(name, both.gone[name], both.record.get(name, email_states.DEFAULT))
    else:
        both.record[name] = both.gone[name]


def _entries(both: Merge, name: str) -> None:
    """An object whose entries count one by one."""
    part = both.kept.part(name)
    for key, value in both.gone[name].items():
        if key in part:
            both.lose(f"{name}.{key}", value, part[key])
        else:
            part[key] = value


def _groups(both: Merge, name: str) -> None:
    """Group by group, each state with the time of its change."""
    times = both.kept.part("subscription_group_times")
    for group_id in both.gone[name].keys() - both.record.get(name, {}).keys():
        at = both.gone.get("subscription_group_times", {}).get(group_id)
        if at is not None:
            times[group_id] = at
    _entries(both, name)


def _earlier(both: Merge, name: str) -> None:
    both.record[name] = min(both.record.get(name, both.gone[name]), both.gone[name])


def _later(both: Merge, name: str) -> None:
    both.record[name] = max(both.record.get(name, both.gone[name]), both.gone[name])


def _amount(both: Merge, name: str) -> None:
    both.record[name] = round(both.record.get(name, 0.0) + both.gone[name], 2)


def _summaries(both: Merge, name: str) -> None:
    part = both.kept.part(name)
    for key, other in both.gone[name].items():
        own = part.get(key)
        part[key] = other if own is None else _summed(own, other)


def _summed(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **own,
        "first": min(own["first"], other["first"]),
        "last": max(own["last"], other["last"]),
        "count": own["count"] + other["count"],
    }


def _days(both: Merge, name: str) -> None:
    """day -> apps used on it: a day of either profile is one of both."""
    part = both.kept.part(name)
    for day, apps in both.gone[name].items():
        own = part.get(day, [])
        part[day] = [*own, *(app for app in apps if app not in own)]


def _listed(*keys: str) -> Rule:
    """A rule for a list of objects: those of both profiles, each once by the first of `keys` that it has."""

    def rule(both: Merge, name: str) -> None:
        own = {_key_of(one, keys): one for one in both.record.get(name, ())}
        for one in both.gone[name]:
            key = _key_of(one, keys)
            own[key] = _latest_of(own[key], one) if key in own else one
        both.record[name] = list(own.values())

    return rule


def _key_of(one: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((f"{key} {one[key]}" for key in keys if key in one), str(one))


def _latest_of(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Sessions add up, `first_used` takes the earlier, who converted once has converted, and of what else differs the
    later date stays.
    """
    merged = {**other, **own}
    for name in own.keys() & other.keys():
        if name == "sessions":
            merged[name] = own[name] + other[name]
        elif name == "converted":
            merged[name] = own[name] or other[name]
        elif name == "first_used":
            merged[name] = min(own[name], other[name])
        elif name.startswith("last_"):
            merged[name] = max(own[name], other[name])
    return merged


def _aliases(both: Merge, name: str) -> None:
    """An alias moves unless the kept profile has one of its label (documented)."""
    own = {alias["alias_label"]: alias["alias_name"] for alias in both.record[name]}
    for alias in both.gone[name]:
        label = alias["alias_label"]
        if label in own:
            both.lose(f"{name}.{label}", alias, aliases.pair(label, own[label]))
        else:
            both.record[name] = [*both.record[name], alias]
            both.room.draft.aliases[profiles.alias_key(alias)] = both.record["braze_id"]


def _tokens(both: Merge, name: str) -> None:
    both.record[name] = [*both.record.get(name, ()), *both.gone[name]]
    for token in both.gone[name]:
        both.room.draft.push_tokens[profiles.token_key(token)] = both.record["braze_id"]


RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(("braze_id", "created_at", "random_bucket", "updated"), _stay),
    **dict.fromkeys(("external_id", "deprecated_external_ids", "push_token_import"), _stay),
    **dict.fromkeys(("first_name", "last_name", "gender", "dob", "time_zone"), _fill),
    **dict.fromkeys(("home_city", "country", "language", "image_url", "current_location"), _fill),
    **dict.fromkeys(("facebook", "twitter", "push_subscribe"), _fill),
    **dict.fromkeys(("attributed_campaign", "attributed_source", "attributed_adgroup", "attributed_ad"), _fill),
    **dict.fromkeys(("email_open_tracking_disabled", "email_click_tracking_disabled"), _fill),
    **dict.fromkeys(("email", "phone"), _address),
    "email_subscribe": _email_state,
    "custom_attributes": _entries,
    "subscription_groups": _groups,
    "subscription_group_times": _stay,
    **dict.fromkeys(("custom_events", "purchases"), _summaries),
    "total_revenue": _amount,
    "date_of_first_session": _earlier,
    **dict.fromkeys(("date_of_last_session", "marked_email_as_spam_at", "uninstalled_at"), _later),
    "devices": _listed("device_id"),
    "apps": _listed("name"),
    "campaigns_received": _listed("api_campaign_id", "name"),
    "canvases_received": _listed("api_canvas_id", "name"),
    "cards_clicked": _listed("name"),
    "active_days": _days,
    "user_aliases": _aliases,
    "push_tokens": _tokens,
}
"""Field of a profile -> how it combines; a test demands a rule for every field that is written anywhere."""


def rule_of(field: str) -> Rule:
    """A field without a rule is filled where it is empty."""
    return RULES.get(field, _fill)
