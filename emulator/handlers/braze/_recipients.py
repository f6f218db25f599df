"""Who a call to send names: recipients, users, an audience; and the profiles these are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _segments
from emulator.handlers.braze._entry import Entry
from emulator.state import attributes, audience
from emulator.state.change import Change, Refused
from emulator.state.profiles import Profiles, Record

IDENTIFIERS: Final = {
    "external_user_id": "external_id",
    "user_alias": "user_alias",
    "braze_id": "braze_id",
    "email": "email",
}
"""Name in a recipient -> kind of identifier."""
NOBODY: Final = "No Recipients"
BAD_AUDIENCE: Final = "The audience is not valid"

Recipients = dict[str, Mapping[str, Json]]
"""braze_id -> the recipient's own properties."""


def invalid(message: str, hint: str) -> ApiError:
    return ApiError("invalid", message=message, hint=hint)


def narrowing(call: Call, name: str = "audience") -> Callable[[Record], bool]:
    """Whether a profile is in the segment and the audience that the call names. Raises ApiError for bad ones."""
    body = call.body
    segment = _segments.find(call, body["segment_id"]) if "segment_id" in body else {}
    filters = [one for one in (segment.get("filters"), body.get(name)) if one is not None]
    if name in body:
        flaws = list(audience.flaws(call.state, body[name], name))
        if flaws:
            raise invalid(BAD_AUDIENCE, flaws[0])
    try:
        inside = [audience.predicate(call.state, one, call.now) for one in filters]
    except ValueError as error:
        raise invalid(BAD_AUDIENCE, str(error)) from None
    return lambda record: all(one(record) for one in inside)


def named(call: Call, fields: Mapping[str, str]) -> dict[str, str]:
    """braze_id -> where it stands, of the users in some arrays; who is not there has a fate. `fields` say which kind of
    identifier an array holds.
    """
    room, found = Profiles(call.state, call.now), {}
    for name, kind in fields.items():
        for index, one in enumerate(call.body.get(name) or ()):
            entry = Entry(call, room, f"/{name}/{index}")
            braze_id = entry.only(kind, one)
            if braze_id is not None:
                found[braze_id] = entry.place
    return found


def everybody(call: Call, name: str = "audience") -> list[str]:
    """The braze_ids of a broadcast; `name` is the call's word for the audience."""
    inside = narrowing(call, name)
    return [record["braze_id"] for record in call.state.profiles.values() if inside(record)]


def narrowed(call: Call, places: Mapping[str, str]) -> list[str]:
    """Of braze_id -> place in the request, those that are in the call's segment and audience."""
    inside = narrowing(call)
    found = []
    for braze_id, place in places.items():
        if inside(call.state.profiles[braze_id]):
            found.append(braze_id)
        else:
            call.fate(place, "not_in_audience", braze_id)
    return found


def called(call: Call, names: Sequence[str]) -> tuple[Recipients, list[Json]]:
    """Everybody in the audience of a broadcast, or the recipients of the call."""
    if call.body.get("broadcast"):
        return dict.fromkeys(everybody(call), {}), []
    return resolve(call, call.body["recipients"], names)


def properties(holder: Mapping[str, Json], names: Sequence[str]) -> dict[str, Json]:
    """What a call or a recipient gives under one of the names; key by key, that under the first name wins."""
    return {key: value for name in reversed(names) for key, value in (holder.get(name) or {}).items()}


def resolve(
    call: Call, recipients: Sequence[Mapping[str, Json]], names: Sequence[str]
) -> tuple[Recipients, list[Json]]:
    """The profiles of recipients, their attributes written; and errors for those whose attributes are refused."""
    room = Profiles(call.state, call.now)
    found: Recipients = {}
    places: dict[str, str] = {}
    errors: list[Json] = []
    for index, one in enumerate(recipients):
        entry = Entry(call, room, f"/recipients/{index}")
        try:
            braze_id = recipient(entry, one)
        except Refused as error:
            errors.append({"type": str(error), "input_array": "recipients", "index": index})
            call.fate(entry.place, "refused", one, str(error))
            continue
        if braze_id in found:
            call.fate(places[braze_id], "recipient_repeated", braze_id, f"{entry.place} is the same user")
        if braze_id is not None:
            found.pop(braze_id, None)
            found[braze_id] = properties(one, names)
            places[braze_id] = entry.place
    room.close()
    return {one: found[one] for one in narrowed(call, {one: places[one] for one in found})}, errors


def recipient(entry: Entry, one: Mapping[str, Any]) -> str | None:
    """The profile, made where that is wanted. Raises Refused for attributes that the state refuses."""
    name = next(name for name in IDENTIFIERS if name in one)
    creates = one.get("send_to_existing_only") is False and name in ("external_user_id", "email")
    within = entry.within(name)
    given = one[name] if name != "email" else {"email": one["email"], "prioritization": one["prioritization"]}
    if creates and name == "external_user_id" and within.known(str(one[name])) is None:
        return _written(entry, {"external_id": one[name], **one["attributes"]})
    braze_id = within.only(IDENTIFIERS[name], given)
    if braze_id is not None and one.get("attributes"):
        _written(entry, {"braze_id": braze_id, **one["attributes"]})
    return braze_id


def _written(entry: Entry, item: Mapping[str, Json]) -> str | None:
    """Apply an attributes object; its fates stand at the recipient."""

    def fate(pointer: str, rule: str, value: Json, note: str) -> None:
        rest = pointer.removeprefix("/attributes/0")
        place = "/external_user_id" if rest == "/external_id" else f"/attributes{rest}"
        entry.call.fate(f"{entry.place}{place}", rule, value, note)

    change = Change(entry.room, fate, "attributes", 0)
    attributes.apply(change, item)
    change.end()
    found: str | None = getattr(change, "record", {}).get("braze_id")
    return found
