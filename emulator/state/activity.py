"""Events and purchases: per profile and name, the first and last time and the count. Never de-duplicated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.state import identity, names
from emulator.state.change import Change, Refused

EVENT_FIELDS: Final = frozenset({
    "external_id", "user_alias", "braze_id", "email", "phone", "app_id", "name", "time", "properties",
    "_update_existing_only",
})  # fmt: skip
PURCHASE_FIELDS: Final = EVENT_FIELDS - {"name"} | {"product_id", "currency", "price", "quantity"}
MAX_PROPERTIES: Final = 256
MAX_TEXT: Final = 255


def add_event(change: Change, item: Mapping[str, Json]) -> None:
    """Count one custom event. Raises Refused for a time that cannot be read."""
    time = _time(item)
    if identity.find(change, item):
        name = item["name"]
        _count(change, "custom_events", name, _past(change, item, time), 1)
        _check(change, item, EVENT_FIELDS)


def add_purchase(change: Change, item: Mapping[str, Json]) -> None:
    """Count one purchase, `quantity` times, and its revenue. Raises Refused for a time that cannot be read."""
    time = _time(item)
    if not identity.find(change, item):
        return
    product = item["product_id"]
    if type(product) is not str:
        product = identity.text_of(change, "product_id", product)
    quantity = int(item.get("quantity") or 1)
    _count(change, "purchases", product, _past(change, item, time), quantity)
    record = change.record
    record["total_revenue"] = round(record.get("total_revenue", 0.0) + item["price"] * quantity, 2)
    if item["currency"] != "USD":
        change.note("currency_not_converted", "currency", item["currency"])
    _check(change, item, PURCHASE_FIELDS)


def _time(item: Mapping[str, Json]) -> str:
    try:
        return clock.read_time(item["time"])
    except ValueError:
        raise Refused("'time' is not valid") from None


def _past(change: Change, item: Mapping[str, Json], time: str) -> str:
    """The time, or now for one in the future (documented)."""
    moment = change.profiles.moment
    if time <= moment:
        return time
    change.note("future_time", "time", item["time"], f"stored as {moment}")
    return moment


def _count(change: Change, part: str, name: str, time: str, times: int) -> None:
    summaries = change.opened.part(part)
    old = summaries.get(name)
    if old is None:
        summaries[name] = {"name": name, "first": time, "last": time, "count": times}
        return
    first, last = old["first"], old["last"]
    summaries[name] = {
        "name": name,
        "first": time if time < first else first,
        "last": time if time > last else last,
        "count": old["count"] + times,
    }


def _check(change: Change, item: Mapping[str, Json], known: frozenset[str]) -> None:
    """Say what of an event or a purchase is not kept."""
    properties = item.get("properties")
    if properties:
        _check_properties(change, properties)
    if not item.keys() <= known:
        for name in sorted(item.keys() - known):
            change.note("ignored", name, item[name], names.did_you_mean(names.closest(name, known)))
    for name in ("email", "phone"):
        if name in item and change.identifier != name:
            change.note("ignored", name, item[name], "another identifier was used; only attributes set addresses")


def _check_properties(change: Change, properties: Mapping[str, Any]) -> None:
    for name, value in properties.items():
        if not name or name[0] == "$" or len(name) > MAX_TEXT:
            note = f"a name has 1 to {MAX_TEXT} characters and no leading $"
            change.note("property_dropped", name[:40], value, note, "properties")
        elif type(value) is str and len(value) > MAX_TEXT:
            note = f"{len(value)} characters; at most {MAX_TEXT} are taken"
            change.note("property_dropped", name, value, note, "properties")
    for name in list(properties)[MAX_PROPERTIES:] if len(properties) > MAX_PROPERTIES else ():
        note = f"an event has at most {MAX_PROPERTIES} properties"
        change.note("property_dropped", name[:40], properties[name], note, "properties")
