"""Events and purchases: per profile and name, the first and last time and the count. Never de-duplicated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.state import identity, names, properties, series
from emulator.state.change import Change, Refused
from emulator.state.series import Tally

EVENT_FIELDS: Final = frozenset({
    "external_id", "user_alias", "braze_id", "email", "phone", "app_id", "name", "time", "properties",
    "_update_existing_only",
})  # fmt: skip
PURCHASE_FIELDS: Final = EVENT_FIELDS - {"name"} | {"product_id", "currency", "price", "quantity"}

all_plain = properties.all_plain


def add_event(change: Change, item: Mapping[str, Json]) -> None:
    """Count one custom event. Raises Refused for a time that cannot be read."""
    time = _time(item)
    if not identity.find(change, item):
        return
    room, name = change.profiles, item["name"]
    tally = room.tally or series.begin(room)
    if tally.careful and tally.meet_event(name):
        change.note("event_blocklisted", "name", name)
        return
    if not tally.since <= time <= room.moment:
        time = _in_time(change, tally, item, time)
    _count(change, "custom_events", name, time, 1)
    app, hour = _placed(change, tally, item, time)
    tally.tracked.append((name, app, hour, change.record["braze_id"]))
    if not room.plain:
        _check(change, item, EVENT_FIELDS)


def add_purchase(change: Change, item: Mapping[str, Json]) -> None:
    """Count one purchase, `quantity` times, and its revenue. Raises Refused for a time that cannot be read."""
    time = _time(item)
    if not identity.find(change, item):
        return
    room, product = change.profiles, item["product_id"]
    if type(product) is not str:
        product = identity.text_of(change, "product_id", product)
    tally = room.tally or series.begin(room)
    if tally.careful and _is_blocklisted(change, tally.meet_product(product), product):
        return
    if not tally.since <= time <= room.moment:
        time = _in_time(change, tally, item, time)
    quantity = int(item.get("quantity") or 1)
    _count(change, "purchases", product, time, quantity)
    record, revenue = change.record, item["price"] * quantity
    record["total_revenue"] = round(record.get("total_revenue", 0.0) + revenue, 2)
    app, hour = _placed(change, tally, item, time)
    tally.bought.append((product, app, hour, record["braze_id"], quantity, revenue))
    currency = item["currency"]
    if currency != "USD" and currency not in tally.told and tally.first(currency):
        change.note("currency_not_converted", "currency", currency)
    if not room.plain:
        _check(change, item, PURCHASE_FIELDS)


def _time(item: Mapping[str, Json]) -> str:
    try:
        return clock.read_time(item["time"])
    except ValueError:
        raise Refused("'time' is not valid") from None


def _in_time(change: Change, tally: Tally, item: Mapping[str, Json], time: str) -> str:
    """The time, or now for one in the future (documented)."""
    moment = change.profiles.moment
    if time > moment:
        change.note("future_time", "time", item["time"], f"stored as {moment}")
        return moment
    if change.array not in tally.told and tally.first(change.array):
        change.note("old_time", "time", item["time"], f"exports list what is later than {tally.since}")
    return time


def _is_blocklisted(change: Change, status: str, product: str) -> bool:
    if status == "list_full":
        note = f"the list holds {series.MAX_PRODUCTS} products"
        change.note("product_not_listed", "product_id", product, note)
    elif status:
        change.note("product_blocklisted", "product_id", product)
    return status == "blocklisted"


def _placed(change: Change, tally: Tally, item: Mapping[str, Json], time: str) -> tuple[str, str]:
    """The app, or nothing, and the hour in the company's time zone; makes its day an active one of the profile."""
    app: str = item.get("app_id") or ""
    if app and tally.apps is not None and app not in tally.apps:
        change.note("app_unknown", "app_id", app)
        app = ""
    hour = series.local_hour(tally.zone, time[:16]) if tally.zone else time[:13]
    days = change.record.get("active_days")
    if app or days is None or hour[:10] not in days:
        series.be_active(change.record, hour[:10], app)
    return app, hour


def _count(change: Change, part: str, name: str, time: str, times: int) -> None:
    summaries = change.opened.part(part)
    old = summaries.get(name)
    if old is None:
        summaries[name] = {"name": name, "first": time, "last": time, "count": times}
        return
    first, last = old["first"], old["last"]
    if time < first:
        first = time
    elif time > last:
        last = time
    summaries[name] = {"name": name, "first": first, "last": last, "count": old["count"] + times}


def _check(change: Change, item: Mapping[str, Json], known: frozenset[str]) -> None:
    """Say what of an event or a purchase is not kept."""
    sent: Mapping[str, Any] | None = item.get("properties")
    if sent:
        properties.check(change, sent)
    if not item.keys() <= known:
        for name in sorted(item.keys() - known):
            change.note("ignored", name, item[name], names.did_you_mean(names.closest(name, known)))
    for name in ("email", "phone"):
        if name in item and change.identifier != name:
            change.note("ignored", name, item[name], "another identifier was used; only attributes set addresses")
