"""users/track and its two sisters: the same body on the same way, with other limits and another answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import activity, attributes, campaigns, names, nested, profiles
from emulator.state.change import Change, Refused
from emulator.state.profiles import Profiles

NOTHING_VALID: Final = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
TOO_MUCH: Final = "Max Input Length Exceeded"

ARRAYS: Final[dict[str, Callable[[Change, Mapping[str, Json]], None]]] = {
    "attributes": attributes.apply,
    "events": activity.add_event,
    "purchases": activity.add_purchase,
}
"""In the order in which one call is applied (documented)."""
_FIELDS: Final = {*ARRAYS, "partner", "api_key"}
"""`partner` names the sending product, `api_key` is the old place of the key; neither is kept."""
_IDENTIFIERS: Final = ("external_id", "user_alias", "braze_id", "email", "phone")


def track(call: Call, most: int) -> tuple[dict[str, Json], Change]:
    """Apply every valid object and name the others in errors[] by their array and index.

    Answers what users/track answers, and the change of the last array. Raises ApiError for more than `most` objects,
    and where nothing is valid.
    """
    body = call.body
    if sum(len(body.get(name) or ()) for name in ARRAYS) > most:
        raise ApiError("invalid", message=TOO_MUCH, hint=f"at most {most} objects a request")
    room = Profiles(call.state, call.now)
    refusals = _refusals(call)
    answer: dict[str, Json] = {"message": "success"}
    errors: list[Json] = []
    for name in ARRAYS:
        if body.get(name):
            change = Change(room, call.fate, name, 0)
            refused = _apply(call, change, refusals.get(name, {}))
            errors += ({"type": text, "input_array": name, "index": index} for index, text in sorted(refused.items()))
            answer[f"{name}_processed"] = len(body[name]) - len(refused)
    if not any(answer[name] for name in answer if name != "message"):
        raise ApiError("rejected", message=NOTHING_VALID, errors=errors, hint=_hint(errors))
    room.close()
    _tell(call, errors)
    return ({**answer, "errors": errors} if errors else answer), change


def _refusals(call: Call) -> dict[str, dict[int, str]]:
    """array -> index -> the service's text, for the objects that the schema refuses."""
    found: dict[str, dict[int, str]] = {}
    for problem in call.problems:
        array, index = problem.steps[:2]
        found.setdefault(array, {})[int(index)] = problem.message
    return found


def _apply(call: Call, change: Change, refused: dict[int, str]) -> dict[int, str]:
    """Apply one array, object by object; answers the refused ones, those that the state refuses included."""
    name = change.array
    items, apply, size = call.body[name], _applier(call, name), len(call.request.body)
    if name == "attributes":
        change.profiles.plain = size <= nested.MAX_BYTES and nested.all_plain(items)
    else:
        change.profiles.plain = activity.all_plain(name, items, size)
    for index, item in enumerate(items):
        if index in refused:
            continue
        change.turn(index)
        try:
            apply(change, item)
        except Refused as error:
            refused[index] = str(error)
    change.end()
    return refused


def _applier(call: Call, array: str) -> Callable[[Change, Mapping[str, Json]], None]:
    """The function for an array; campaigns that wait for events and purchases are looked for once a call."""
    if array == "attributes":
        return ARRAYS[array]
    heard = len(call.state.triggers) or (array == "purchases" and campaigns.has_receivers(call.state))
    return partial(_heard, call, array) if heard else ARRAYS[array]


def _heard(call: Call, array: str, change: Change, item: Mapping[str, Json]) -> None:
    """Apply an event or a purchase, and say that it occurred if it was recorded and a campaign waits for it."""
    room = change.profiles
    before = len(_recorded(room, array))
    ARRAYS[array](change, item)
    if len(_recorded(room, array)) > before:
        kind, recorded = array[:-1], _recorded(room, array)[-1]
        earned = {"revenue": recorded[-1]} if array == "purchases" else {}
        if campaigns.is_heard(call.state, kind, str(recorded[0])) or (earned and campaigns.has_receivers(call.state)):
            when = {"time": clock.read_time(item["time"]), **earned}
            call.occurred(kind, change.record["braze_id"], str(recorded[0]), properties=item.get("properties"), **when)


def _recorded(room: Profiles, array: str) -> Sequence[Any]:
    """What the call has recorded so far of this kind, by name of the event or product first."""
    if room.tally is None:
        return ()
    return room.tally.tracked if array == "events" else room.tally.bought


def _tell(call: Call, errors: list[Json]) -> None:
    """Fates for what was refused and for fields that no such request has."""
    for error in errors:
        call.fate(f"/{error['input_array']}/{error['index']}", "refused", None, error["type"])
    for name in (name for name in ARRAYS if name in call.body and call.body[name] is None):
        call.fate(f"/{name}", "null_ignored")
    for name in sorted(call.body.keys() - _FIELDS):
        call.fate(f"/{name}", "ignored", None, names.did_you_mean(names.closest(name, ARRAYS)))


def _hint(errors: list[Json]) -> str:
    return "; ".join(f"{one['input_array']}[{one['index']}]: {one['type']}" for one in errors[:5])


def check_each_user(call: Call, most: int) -> None:
    """Raises ApiError where more than `most` objects name the same user by the same identifier."""
    counts = Counter(map(_named, _objects(call)))
    for who, count in counts.most_common(1):
        if count > most and who:
            raise ApiError("invalid", message=TOO_MUCH, hint=f"{count} objects of the user {who[1]!r}; at most {most}")


def _objects(call: Call) -> Iterator[Mapping[str, Json]]:
    for name in ARRAYS:
        yield from (item for item in call.body.get(name) or () if isinstance(item, dict))


def _named(item: Mapping[str, Json]) -> tuple[str, str] | None:
    for name in _IDENTIFIERS:
        value = item.get(name)
        if name == "user_alias" and isinstance(value, dict) and {"alias_name", "alias_label"} <= value.keys():
            return name, profiles.alias_key({key: str(text) for key, text in value.items()})
        if isinstance(value, (str, int, float)):
            return name, str(value)
    return None


def result(call: Call, change: Change) -> list[Json]:
    """The user of a call with one object as users/track/sync shows it: what the object named, as it is now."""
    record: Mapping[str, Any] | None = getattr(change, "record", None)
    item = call.body[change.array][0]
    if record is None or item.get("push_token_import"):
        return []
    who = next(({name: item[name]} for name in _IDENTIFIERS if item.get(name) is not None), {})
    return [{**who, **_RESULTS[change.array](record, item)}]


def _attributes(record: Mapping[str, Any], item: Mapping[str, Json]) -> dict[str, Json]:
    held = record.get("custom_attributes", {})
    named = {name: held[name] for name in item if name not in names.RESERVED and name in held}
    return {"custom_attributes": named} if named else {}


def _events(record: Mapping[str, Any], item: Mapping[str, Json]) -> dict[str, Json]:
    found = record.get("custom_events", {}).get(item["name"])
    return {"custom_events": [found]} if found else {}


def _purchases(record: Mapping[str, Any], item: Mapping[str, Json]) -> dict[str, Json]:
    found = record.get("purchases", {}).get(profiles.number_as_text(item["product_id"]))
    if not found:
        return {}
    return {
        "purchase_events": [{"product_id": found["name"], **{key: found[key] for key in ("first", "last", "count")}}]
    }


_RESULTS: Final = {"attributes": _attributes, "events": _events, "purchases": _purchases}
