"""The attributes objects of users/track: a table of the reserved fields, a small function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.state import (
    attribute_types,
    custom,
    email_states,
    identity,
    names,
    opt_ins,
    places,
    profiles,
    subscriptions,
    tokens,
)
from emulator.state.bounds import bound
from emulator.state.change import MISSING, Change, Refused

Setter = Callable[[Change, str, Any], None]
"""(change, field, value)."""

MAX_IMAGE_URL: Final = bound("image_url")


def apply(change: Change, item: Mapping[str, Json]) -> None:
    """Write one attributes object into the profile it means. Raises Refused before anything is changed."""
    if "subscription_groups" in item or "push_tokens" in item:
        check(change, item)
    if item.get("push_token_import"):
        tokens.import_all(change, item["push_tokens"])
        return
    if identity.find(change, item):
        change.merge = bool(item.get("_merge_objects"))
        write(change, item)
        if change.same or not change.changed:
            change.tell_unchanged()


def check(change: Change, item: Mapping[str, Json]) -> None:
    """Raises Refused for a subscription group or an app that the workspace does not have."""
    if "subscription_groups" in item:
        known = change.profiles.draft.subscription_groups
        if any(one["subscription_group_id"] not in known for one in item["subscription_groups"]):
            raise Refused("BAD_SUBSCRIPTION_GROUP_ID")
    if "push_tokens" in item:
        tokens.check(change, item["push_tokens"])


def write(change: Change, item: Mapping[str, Json]) -> None:
    """Write the fields into the profile that was found."""
    held: dict[str, Any] | None = None
    attributes, kinds = change.profiles.attributes, custom.KINDS
    for name, value in item.items():
        setter = FIELDS.get(name)
        if setter is not None:
            setter(change, name, value)
        else:
            if held is None:
                held = change.opened.part("custom_attributes")
            known = attributes.get(name) or attribute_types.look_up(change, name)
            setting = custom.assign if known.odd else kinds[type(value)]
            setting(change, held, name, value, known)
    # these come last, because an address of the same object decides whom they reach
    if "email_subscribe" in item:
        _email_state(change, item["email_subscribe"])
    if "subscription_groups" in item:
        _groups(change, item["subscription_groups"])


def _control(change: Change, name: str, value: Json) -> None:
    """Identifiers and flags are read where they are needed."""
    if value is None:
        change.note("null_ignored", name)
    elif name in ("alias_name", "alias_label"):
        change.note("ignored", name, value, "an alias is an object: user_alias: {alias_name, alias_label}")


def _drop(change: Change, name: str, value: Json, wanted: str) -> None:
    change.note("value_dropped", name, value, f"{name} takes {wanted}")


def _text(change: Change, name: str, value: Json) -> None:
    if type(value) is str:
        if change.record.get(name) == value:
            change.same.append(name)
        else:
            change.put(name, value)
    elif value is None:
        change.remove(name)
    elif type(value) in (int, float):
        change.put(name, identity.text_of(change, name, value))
    else:
        _drop(change, name, value, "text")


def _flag(change: Change, name: str, value: Json) -> None:
    if value is None:
        change.remove(name)
    elif type(value) is bool:
        change.put(name, value)
    elif type(value) is int and value in (0, 1):  # real clients write booleans so (observed)
        change.note("coerced_to_boolean", name, value, f"stored as {'true' if value else 'false'}")
        change.put(name, bool(value))
    else:
        _drop(change, name, value, "true or false")


def _stated(change: Change, name: str, value: Json) -> None:
    """A value that the schema has checked."""
    if value is None:
        change.remove(name)
    else:
        change.put(name, value)


def _social(change: Change, name: str, value: Json) -> None:
    """An object of documented fields; each keeps its own type or is left out."""
    if value is None:
        change.remove(name)
    elif type(value) is not dict:
        _drop(change, name, value, "an object")
    else:
        wanted = _SOCIAL[name]
        bad = [key for key, item in value.items() if not _is(item, wanted.get(key))]
        for key in bad:
            known = f"{key} takes {wanted[key]}" if key in wanted else f"the fields are {', '.join(wanted)}"
            change.note("value_dropped", key, value[key], known, name)
        change.put(name, {key: item for key, item in value.items() if key not in bad})


def _is(value: Json, wanted: str | None) -> bool:
    if wanted == "texts":
        return type(value) is list and all(type(item) is str for item in value)
    return wanted is not None and type(value) is (str if wanted == "text" else int)


_SOCIAL: Final = {
    "facebook": {"id": "text", "likes": "texts", "num_friends": "an integer"},
    "twitter": {
        "id": "an integer", "screen_name": "text", "followers_count": "an integer", "friends_count": "an integer",
        "statuses_count": "an integer",
    },
}  # fmt: skip
"""Field -> what its fields take (documented)."""


def _location(change: Change, name: str, value: Json) -> None:
    """The schema saw to longitude and latitude."""
    if value is None:
        change.remove(name)
        return
    for key in sorted(value.keys() - {"longitude", "latitude"}):
        change.note("ignored", key, value[key], "a location is a longitude and a latitude", name)
    change.put(name, {"longitude": value["longitude"], "latitude": value["latitude"]})


def _email(change: Change, name: str, value: Json) -> None:
    if change.identifier == name:
        return
    if value is not None and change.record.get(name) == value:
        change.same.append(name)
    else:
        identity.set_address(change, name, value)


def _phone(change: Change, name: str, value: Json) -> None:
    if change.identifier == name:
        return
    phone = None if value is None else identity.text_of(change, name, value)
    if phone is not None and not profiles.is_e164(phone):
        change.note("phone_not_e164", name, value, "write it like +14155552671")
    identity.set_address(change, name, phone)


def _country(change: Change, name: str, value: Json) -> None:
    if value is not None and change.record.get(name, MISSING) == value:
        change.same.append(name)
        return
    code = places.country(value) if type(value) is str else None
    if code is not None:
        if code != value:
            change.note("country_mapped", name, value, f"stored as {code}")
        change.put(name, code)
    elif value is None:
        change.remove(name)
    else:
        change.note("country_unknown", name, value, "write an ISO 3166-1 alpha-2 code, for example GB")
        change.changed |= change.record.pop(name, None) is not None


def _language(change: Change, name: str, value: Json) -> None:
    if value is None or (type(value) is str and value in places.LANGUAGES):
        _stated(change, name, value)
    else:
        _drop(change, name, value, "an ISO 639-1 code, for example en")


def _time_zone(change: Change, name: str, value: Json) -> None:
    if value is None or (type(value) is str and places.is_time_zone(value)):
        _stated(change, name, value)
    else:
        change.note("time_zone_ignored", name, value, "write an IANA name, for example Europe/Paris")


def _gender(change: Change, name: str, value: Json) -> None:
    if value in ("M", "F", "O", "N", "P", None):
        _stated(change, name, value)
    else:
        _drop(change, name, value, "M, F, O, N, P or null")


def _image_url(change: Change, name: str, value: Json) -> None:
    if type(value) is str and len(value) > MAX_IMAGE_URL:
        _drop(change, name, value, f"at most {MAX_IMAGE_URL} characters")
    else:
        _text(change, name, value)


def _dob(change: Change, name: str, value: Json) -> None:
    _dated(change, name, value, 10)


def _date(change: Change, name: str, value: Json) -> None:
    _dated(change, name, value, None)


def _dated(change: Change, name: str, value: Json, length: int | None) -> None:
    if value is None:
        change.remove(name)
        return
    try:
        date = clock.read_time(value if type(value) is str else "")[:length]
    except ValueError:
        _drop(change, name, value, "a date, for example 1980-12-21")
        return
    if date != value:
        change.note("stored_as_date", name, value, f"stored as {date}")
    change.put(name, date)


def _later(change: Change, name: str, value: Json) -> None:
    """See `write`."""


def _groups(change: Change, wanted: list[Any]) -> None:
    """Sets the profile's states, and those of all profiles that share its address."""
    for index, one in enumerate(wanted):
        group = change.profiles.draft.subscription_groups[one["subscription_group_id"]]
        if opt_ins.out_of_place(group, one):
            within, note = f"subscription_groups/{index}", f"this group is of {group['channel']}"
            change.note("no_double_opt_in", "use_double_opt_in_logic", True, note, within)
        if opt_ins.needed(group, one):
            asked = opt_ins.ask(change.profiles, group, change.record.get("phone"))
            change.note("double_opt_in" if asked else "nobody_to_ask", str(index), one, "", "subscription_groups")
            continue
        reach = subscriptions.set_for_profile(
            change.profiles, group, one["subscription_state"], change.record["braze_id"]
        )
        change.changed |= reach.changed
        for rule, note in reach.outcomes():
            if rule != "unchanged":
                change.note(rule, str(index), one, note, "subscription_groups")


def _email_state(change: Change, state: str | None) -> None:
    """Sets the state of the profile, of its address, and of the profiles that share it (documented)."""
    reach = email_states.set_for_profile(change.profiles, change.record["braze_id"], state)
    change.changed |= reach.changed
    if state is None:
        note = "" if reach.changed else "there was nothing to remove"
        change.note("removed" if reach.changed else "unchanged", "email_subscribe", None, note)
    for rule, note in reach.outcomes():
        if rule != "unchanged":
            change.note(rule, "email_subscribe", state, note)


FIELDS: Final[dict[str, Setter]] = {
    **dict.fromkeys(names.CONTROLS, _control),
    **dict.fromkeys(("first_name", "last_name", "home_city"), _text),
    **dict.fromkeys(("date_of_first_session", "date_of_last_session", "marked_email_as_spam_at"), _date),
    **dict.fromkeys(("email_open_tracking_disabled", "email_click_tracking_disabled"), _flag),
    "push_subscribe": _stated,
    "current_location": _location,
    **dict.fromkeys(("facebook", "twitter"), _social),
    "email": _email,
    "phone": _phone,
    "country": _country,
    "language": _language,
    "time_zone": _time_zone,
    "gender": _gender,
    "image_url": _image_url,
    "dob": _dob,
    "email_subscribe": _later,
    "subscription_groups": _later,
    "push_tokens": tokens.assign,
}
"""Reserved field -> how it is written (documented names; see names.RESERVED)."""
