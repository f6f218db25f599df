"""From the identifiers of an object to the profile it means: found, created, or neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.call import Json
from emulator.state import email_states, profiles, subscriptions
from emulator.state.bounds import bound
from emulator.state.change import Change, Refused

MAX_BYTES: Final = bound("external_id_bytes")
"""A schema can only count characters."""
MAX_ALIAS_BYTES: Final = bound("alias_bytes")
BLOCKED: Final = "provided external_id is blacklisted and disallowed"


def find(change: Change, item: Mapping[str, Json]) -> bool:
    """Open the profile that an object means, creating it where that is the rule. False: nothing is to be done.

    One primary identifier at most is there (the schema saw to it); without one, email comes before phone.
    """
    external_id = item.get("external_id")
    if external_id is not None:
        room = change.profiles
        opened = room.met.get(external_id)
        if opened is None:
            return _by_external_id(change, item, external_id)
        room.touch(opened)
        change.use(opened)
        return True
    for name, finder in _FINDERS.items():
        value = item.get(name)
        if value is not None:
            return finder(change, item, value)
    return False


def text_of(change: Change, name: str, value: Json) -> str:
    """Text as it is, a number as text (observed for external_id and product_id)."""
    if type(value) is str:
        return value
    text = profiles.number_as_text(value)
    change.note("coerced_to_text", name, value, f"stored as '{text}'")
    return text


def _by_external_id(change: Change, item: Mapping[str, Json], value: Json) -> bool:
    external_id = value if type(value) is str else text_of(change, "external_id", value)
    room = change.profiles
    if room.blocked and external_id in room.draft.blocked_external_ids:
        raise Refused(BLOCKED)
    braze_id = room.draft.external_ids.get(external_id)
    if braze_id is not None:
        change.use(room.open(braze_id))
        if change.record.get("external_id") != external_id:
            change.note("deprecated_id", "external_id", value, f"the profile's is '{change.record.get('external_id')}'")
        elif external_id is value:
            room.met[external_id] = change.opened
        return True
    if not external_id.isascii() and len(external_id.encode()) > MAX_BYTES:
        raise Refused("EXTERNAL_USER_ID_TOO_LARGE")
    if item.get("_update_existing_only"):
        return _no_match(change, "external_id", value, "_update_existing_only forbids to create one")
    _create(change, "external_id", value, external_id=external_id)
    room.draft.external_ids[external_id] = change.record["braze_id"]
    return True


def _by_alias(change: Change, item: Mapping[str, Json], value: Json) -> bool:
    room, key = change.profiles, profiles.alias_key(value)
    braze_id = room.draft.aliases.get(key)
    if braze_id is not None:
        change.use(room.open(braze_id))
        return True
    if any(len(value[name].encode()) > MAX_ALIAS_BYTES for name in ("alias_name", "alias_label")):
        raise Refused("'user_alias' is not valid")
    if item.get("_update_existing_only") in (None, True):
        return _no_match(change, "user_alias", value, "for an alias, only _update_existing_only: false creates one")
    alias = {"alias_name": value["alias_name"], "alias_label": value["alias_label"]}
    _create(change, "user_alias", value, user_aliases=[alias])
    room.draft.aliases[key] = change.record["braze_id"]
    return True


def _by_braze_id(change: Change, item: Mapping[str, Json], value: Json) -> bool:
    if value not in change.profiles.draft.profiles:
        return _no_match(change, "braze_id", value, "a braze_id never creates a profile")
    change.use(change.profiles.open(value))
    return True


def _by_email(change: Change, item: Mapping[str, Json], value: Json) -> bool:
    return _by_address(change, item, "email", value)


def _by_phone(change: Change, item: Mapping[str, Json], value: Json) -> bool:
    phone = text_of(change, "phone", value)
    if not profiles.is_e164(phone):
        return _no_match(change, "phone", value, "only a valid number finds or creates one: write it like +14155552671")
    return _by_address(change, item, "phone", phone)


def _by_address(change: Change, item: Mapping[str, Json], name: str, address: str) -> bool:
    room = change.profiles
    change.identifier = name
    found = subscriptions.holders(room.draft, name, address)
    if found:
        change.use(room.open(room.latest(found)))
        if len(found) > 1:
            change.note("several_match", name, address, f"{len(found)} profiles share it")
        return True
    if item.get("_update_existing_only"):
        return _no_match(change, name, address, "_update_existing_only forbids to create one")
    _create(change, name, address)
    set_address(change, name, address)
    return True


def set_address(change: Change, name: str, address: str | None) -> None:
    """Set or remove email or phone, in the profile and in its index. An address brings its states along."""
    table, key = subscriptions.INDEX[name]
    old = change.record.get(name)
    if name == "email" and address is not None:
        address = _lower(change, name, address)
    if old is not None and old == address:
        change.same.append(name)
        return
    before = () if address is None else subscriptions.holders(change.profiles.draft, name, address)
    profiles.reindex(
        getattr(change.profiles.draft, table),
        change.record["braze_id"],
        None if old is None else key(old),
        None if address is None else key(address),
    )
    if address is None:
        change.remove(name)
        return
    change.put(name, address)
    if before or "email_subscribe" in change.record or not subscriptions.brings_nothing(change.profiles.draft):
        _inherit(change, name, old, address, tuple(one for one in before if one != change.record["braze_id"]))


def _lower(change: Change, name: str, address: str) -> str:
    lower = address.lower()
    if lower != address:
        change.note("email_lowercased", name, address, f"stored as {lower}")
    return lower


def _inherit(change: Change, name: str, old: str | None, address: str, before: tuple[str, ...]) -> None:
    """Take over what is known of an address; `before` are the other profiles that have it."""
    room, opened = change.profiles, change.opened
    if name == "email":
        state = email_states.join(room, opened, old, address, before)
        if state:
            change.note("inherited_state", name, address, f"email_subscribe: {state}")
    for group in subscriptions.join(room, opened, name, address, before):
        change.note("inherited_state", name, address, f"of the subscription group {group}")


def _create(change: Change, name: str, value: Json, **identity: Any) -> None:
    change.use(change.profiles.create(**identity))
    change.created = change.changed = True
    change.note("created_profile", name, value, f"braze_id {change.record['braze_id']}")


def _no_match(change: Change, name: str, value: Json, note: str) -> bool:
    change.note("no_match", name, value, note)
    return False


_FINDERS: Final[dict[str, Callable[[Change, Mapping[str, Json], Json], bool]]] = {
    "user_alias": _by_alias,
    "braze_id": _by_braze_id,
    "email": _by_email,
    "phone": _by_phone,
}
