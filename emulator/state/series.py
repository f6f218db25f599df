"""What was tracked, by hour: counters that users/track adds to, and the series that the analytics operations read.

Hours and days are those of the company's time zone (`settings.time_zone`, UTC without it). A counter belongs to an
event or a product, to an app, and to a segment where segments track analytics; a record of the table holds one month.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any, Final
from zoneinfo import ZoneInfo

from emulator import clock
from emulator.errors import ConfigError
from emulator.state import audience
from emulator.state.bounds import bound
from emulator.state.draft import Draft, Table
from emulator.state.profiles import RECENT, Profiles

MAX_PRODUCTS: Final = bound("listed_products")
MAX_OBJECTS: Final = bound("bulk_objects")
BLOCKLISTED: Final = "blocklisted_events_and_products"
"""The counter of the seed's."""
EVENT: Final = "event"
PURCHASE: Final = "purchase"
_NOTHING: Final = (0, 0.0)
_NO_APPS: Final[list[str]] = []
"""One list for all days without an app: records are never changed in place, and there are very many of them."""

Counts = dict[str, Any]
"""hour `YYYY-MM-DDTHH` -> count of an event, or [quantity, revenue] of a product."""


Tracked = tuple[str, str, str, str]
"""Event, app id or nothing, hour, braze_id."""
Bought = tuple[str, str, str, str, int, float]
"""Product, app id or nothing, hour, braze_id, quantity, revenue."""


class Tally:
    """What one call tracks: collected object by object, added to the table `series` once, by `Profiles.close`.

    `careful` says that a name must be looked up before it is counted: something is blocklisted, or the list of
    products is nearly full. `since` is the hour in which exports begin; `told` holds what is told once a call.
    """

    __slots__ = ("tracked", "bought", "careful", "since", "apps", "told", "zone", "_draft", "_now")

    def __init__(self, room: Profiles) -> None:
        draft = room.draft
        self.tracked: list[Tracked] = []
        self.bought: list[Bought] = []
        self.careful = bool(draft.counters.get(BLOCKLISTED)) or len(draft.products) > MAX_PRODUCTS - MAX_OBJECTS
        self.since = _exports_begin(room.moment[:13])
        self.apps: Table | None = draft.apps if len(draft.apps) else None
        self.told: set[str] = set()
        self.zone = zone_name(draft)
        self._draft = draft
        self._now = room.now

    def meet_event(self, name: str) -> str:
        """Enter an event in the workspace's list: `blocklisted`, or nothing."""
        return _meet(self._draft.custom_events, name)

    def meet_product(self, name: str) -> str:
        """Enter a product in the workspace's list: `blocklisted`, `list_full`, or nothing."""
        return _meet(self._draft.products, name, MAX_PRODUCTS)

    def first(self, what: str) -> bool:
        """Whether this is told for the first time in this call."""
        if what in self.told:
            return False
        self.told.add(what)
        return True

    def store(self) -> None:
        """Add what was collected to the table, for everybody and for each segment that tracks analytics."""
        draft = self._draft
        _store_events(draft, "", self.tracked)
        _store_purchases(draft, "", self.bought)
        if len(draft.segments):
            for segment, members in self._segments(draft):
                _store_events(draft, segment, [one for one in self.tracked if one[3] in members])
                _store_purchases(draft, segment, [one for one in self.bought if one[3] in members])
        self.tracked, self.bought = [], []

    def _segments(self, draft: Draft) -> Iterator[tuple[str, set[str]]]:
        """(segment id, the users of this call who are in it after the call)."""
        users = {one[3] for one in self.tracked} | {one[3] for one in self.bought}
        for segment in draft.segments.values():
            if segment["analytics_tracking_enabled"]:
                inside = audience.predicate(draft, segment.get("filters"), self._now)
                yield segment["id"], {one for one in users if inside(draft.profiles[one])}


def begin(room: Profiles) -> Tally:
    """The tally of a call, made when the first thing is tracked."""
    tally = room.tally = Tally(room)
    return tally


@lru_cache(maxsize=64)
def _exports_begin(hour: str) -> str:
    return clock.iso_ms(datetime.fromisoformat(f"{hour}:00:00+00:00") - RECENT)


def plant(draft: Draft, document: Mapping[str, Any]) -> None:
    """Enter the events and products of a checked seed document in the lists, those of its profiles included.

    Raises ConfigError for a time zone that no calendar knows.
    """
    _check_zone(draft.settings.get("time_zone") or "UTC")
    for name in ("custom_events", "products"):
        for item in document.get(name, ()):
            getattr(draft, name)[item["name"]] = item
            if item.get("blocklisted"):
                draft.next(BLOCKLISTED)
    for profile in document.get("profiles", ()):
        for one in profile.get("custom_events", ()):
            _meet(draft.custom_events, one["name"])
        for one in profile.get("purchases", ()):
            _meet(draft.products, one["name"], MAX_PRODUCTS)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"seed.settings.time_zone: '{name}' is no IANA name such as Europe/Paris") from None


def _meet(table: Table, name: str, most: float = float("inf")) -> str:
    known = table.get(name)
    if known is not None:
        return "blocklisted" if known.get("blocklisted") else ""
    if len(table) >= most:
        return "list_full"
    table[name] = {}
    return ""


def _store_events(draft: Draft, segment: str, events: list[Tracked]) -> None:
    table, found = draft.series, dict[str, Counts]()
    for name, app, hour, _ in events:
        key = _key(EVENT, segment, hour, app, name)
        counts = found.get(key)
        if counts is None:
            old = table.get(key)
            counts = found[key] = dict(old or ())
            if old is None:
                _meet(draft.custom_events, name)
        counts[hour] = counts.get(hour, 0) + 1
    for key, counts in found.items():
        table[key] = counts


def _store_purchases(draft: Draft, segment: str, purchases: list[Bought]) -> None:
    """Nearly always different products, hence written one by one."""
    if not purchases:
        return
    records = draft.series.opened()
    starts: dict[tuple[str, str], str] = {}
    for name, app, hour, _, quantity, revenue in purchases:
        month = hour[:7], app
        start = starts.get(month)
        if start is None:
            start = starts[month] = _key(PURCHASE, segment, hour, app, "")
        key = start + name
        old = records.get(key)
        if old is None:
            records[key] = {hour: [quantity, revenue]}
            _meet(draft.products, name, MAX_PRODUCTS)
        else:
            so_far = old.get(hour, _NOTHING)
            records[key] = {**old, hour: [so_far[0] + quantity, so_far[1] + revenue]}


def _key(kind: str, segment: str, hour: str, app: str, name: str) -> str:
    return f"{kind}\0{segment}\0{hour[:7]}\0{app}\0{name}"


def added(old: Mapping[str, Any], new: Mapping[str, Any]) -> Counts:
    """Two counters as one; neither is changed."""
    total = dict(old)
    for hour, count in new.items():
        total[hour] = _sum(total[hour], count) if hour in total else count
    return total


def _sum(one: Any, other: Any) -> Any:
    return [one[0] + other[0], one[1] + other[1]] if type(one) is list else one + other


def be_active(record: dict[str, Any], day: str, app: str) -> None:
    """Note the day in `active_days` of a profile that a call has opened, and the app where there is one."""
    days: dict[str, list[str]] = record.get("active_days") or {}
    apps = days.get(day)
    if apps is None:
        record["active_days"] = {**days, intern(day): [app] if app else _NO_APPS}
    elif app and app not in apps:
        record["active_days"] = {**days, day: [*apps, app]}


def zone_name(draft: Draft) -> str:
    """The company's time zone, nothing for UTC."""
    name: str = draft.settings.get("time_zone") or ""
    return "" if name == "UTC" else name


@lru_cache(maxsize=8192)
def local_hour(zone: str, minute: str) -> str:
    """The hour `YYYY-MM-DDTHH` in a time zone at a minute `YYYY-MM-DDTHH:MM` in UTC."""
    at = datetime.fromisoformat(f"{minute}:00+00:00").astimezone(ZoneInfo(zone))
    return at.isoformat()[:13]


def local_day(draft: Draft, time: str) -> str:
    """The day of a stored time (UTC) in the company's time zone."""
    zone = zone_name(draft)
    return local_hour(zone, time[:16])[:10] if zone else time[:10]


def total(draft: Draft, kind: str, months: Iterable[str], name: str = "", app: str = "", segment: str = "") -> Counts:
    """hour -> what was counted in these months: of one name or all, of one app or all, of one segment or everybody."""
    found: Counts = {}
    wanted = {f"{kind}\0{segment}\0{month}" for month in months}
    for key, counts in draft.series.frozen().items():
        of_kind, of_segment, month, of_app, of_name = key.split("\0", 4)
        if f"{of_kind}\0{of_segment}\0{month}" in wanted and app in ("", of_app) and name in ("", of_name):
            found = added(found, counts)
    return found


def summed(counts: Mapping[str, Any], width: int) -> Counts:
    """Counts by hour as counts by the first `width` signs of the hour: 13 for hours, 10 for days."""
    found: Counts = {}
    for hour in sorted(counts):
        label = hour[:width]
        found[label] = _sum(found[label], counts[hour]) if label in found else counts[hour]
    return found
