"""Braze profiles: finding, creating, indexing and exporting them.

A profile is a plain mapping: `braze_id`, `created_at`, `random_bucket`, `updated` (a number that grows with every
update of the workspace), `external_id`, `user_aliases`, the standard attributes under their names, and the objects
`custom_attributes`, `custom_events`, `purchases` (name -> {name, first, last, count}) and `subscription_groups`
(group id -> state), `subscription_group_times` (group id -> when it changed), `active_days` (day with an event or a
purchase, in the company's time zone -> ids of the apps), and the fields of SEED_ONLY as they are exported.
`push_token_import` is true for a profile that was made for an imported push token.
After a rename, `deprecated_external_ids` lists the former external_ids, which still find the profile.
How the fields of two profiles combine stands in merging.RULES.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from emulator import clock
from emulator.state.bounds import bound
from emulator.state.draft import Draft, Table

if TYPE_CHECKING:  # a room carries them about; only the types are named here
    from emulator.state.attribute_types import Known
    from emulator.state.series import Tally

Record = Mapping[str, Any]

COUNTER: Final = "profile_updates"
MAX_EVENTS: Final = bound("different_events")
MAX_PRODUCTS: Final = bound("different_products")
RECENT: Final = timedelta(days=bound("exported_days"))
"""How far back exports look for events and purchases (documented)."""
_DEFAULTS: Final[dict[str, Any]] = {
    "total_revenue": 0.0,
    "push_subscribe": "subscribed",
    "email_subscribe": "subscribed",
}
"""Observed in exports of profiles for which nothing of the kind was ever sent."""
EXPORTED: Final = (
    "created_at", "external_id", "user_aliases", "appboy_id", "braze_id", "first_name", "last_name", "random_bucket",
    "email", "dob", "country", "home_city", "language", "gender", "phone", "time_zone", "last_coordinates",
    "custom_attributes", "custom_events", "purchases", "total_revenue", "devices", "push_tokens", "apps",
    "campaigns_received", "canvases_received", "cards_clicked", "push_subscribe", "email_subscribe",
    "attributed_campaign", "attributed_source", "attributed_adgroup", "attributed_ad", "uninstalled_at",
)  # fmt: skip
"""The keys of an exported profile, in the observed order as far as it is known."""

EXPORTABLE: Final = frozenset(EXPORTED)
"""What `fields_to_export` may name (documented; appboy_id, assumed)."""
CONTROL_GROUP_EXPORTABLE: Final = EXPORTABLE - {
    "push_subscribe", "email_subscribe", "push_tokens", "campaigns_received", "canvases_received", "cards_clicked",
}  # fmt: skip
"""The same for an export of the Global Control Group (documented)."""
SEED_ONLY: Final = frozenset({
    "random_bucket", "apps", "devices", "campaigns_received", "canvases_received", "cards_clicked",
    "attributed_campaign", "attributed_source", "attributed_adgroup", "attributed_ad", "uninstalled_at",
})  # fmt: skip
"""Fields that no API sets; a seed may. They are kept and exported as they stand there."""


class Opened:
    """A profile that a call is changing: `record` is its private copy, `part` the private copy of an object in it."""

    __slots__ = ("record", "_copied")

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self._copied: tuple[str, ...] = ()

    def part(self, name: str) -> dict[str, Any]:
        if name not in self._copied:
            self._copied += (name,)
            self.record[name] = dict(self.record.get(name, ()))
        found: dict[str, Any] = self.record[name]
        return found


class Profiles:
    """The profiles of one call: copied when first opened, stored once by `close`, so 75 changes cost one copy.

    The indexes (external_ids, aliases, emails, phones) are written at once; `read` sees what is open.
    """

    def __init__(self, draft: Draft, now: datetime) -> None:
        self.draft = draft
        self.now = now
        self.moment = clock.iso_ms(now)
        self.plain = False
        """Whether nested values and properties are known to be as they should; the caller looks at a whole array."""
        self.tally: Tally | None = None
        """What the call has tracked for the series, once there is something (see series.begin)."""
        self.attributes: dict[str, Known] = {}
        """What the call has asked about custom attributes (see attribute_types.look_up)."""
        self.met: dict[str, Opened] = {}
        """external_id -> its profile, where the call has found it already (see identity.find)."""
        self.blocked = len(draft.blocked_external_ids) > 0
        self._open: dict[str, Opened] = {}
        self._updates: int = draft.counters.get(COUNTER, 0)

    def open(self, braze_id: str) -> Opened:
        """The profile for writing. It is from now on the most recently updated one."""
        opened = self._open.get(braze_id)
        if opened is None:
            opened = self._open[braze_id] = Opened(dict(self.draft.profiles[braze_id]))
        self.touch(opened)
        return opened

    def touch(self, opened: Opened) -> None:
        """Make an open profile the most recently updated one."""
        self._updates += 1
        opened.record["updated"] = self._updates

    def read(self, braze_id: str) -> Record:
        opened = self._open.get(braze_id)
        found: Record = opened.record if opened else self.draft.profiles[braze_id]
        return found

    def create(self, braze_id: str = "", **identity: Any) -> Opened:
        """A new profile with an external_id, or without one; the caller enters it in the indexes."""
        braze_id = braze_id or self.draft.new_id("hex24")
        self._updates += 1
        record = {
            "braze_id": braze_id,
            "created_at": self.moment,
            "random_bucket": int(braze_id[-8:], 16) % 10_000,
            "updated": self._updates,
            "user_aliases": [],
            **identity,
        }
        opened = self._open[braze_id] = Opened(record)
        return opened

    def remove(self, braze_id: str) -> None:
        """Forget a profile; the caller has taken it out of the indexes (removal.py)."""
        self._open.pop(braze_id, None)
        if braze_id in self.draft.profiles:
            del self.draft.profiles[braze_id]

    def close(self) -> None:
        """Store what was opened."""
        table = self.draft.profiles
        for braze_id, opened in self._open.items():
            record = table[braze_id] = opened.record
            if len(record.get("custom_events", ())) > MAX_EVENTS or len(record.get("purchases", ())) > MAX_PRODUCTS:
                self._block(record)
        if self._open:
            self.draft.counters[COUNTER] = self._updates
            self.draft.touched.update(self._open)
            self._open.clear()
            self.met.clear()
        if self.tally is not None:
            self.tally.store()

    def _block(self, record: Record) -> None:
        """A dummy user: from now on nothing is taken for it (documented)."""
        if "external_id" in record:
            self.draft.blocked_external_ids[record["external_id"]] = {}

    def latest(self, braze_ids: Iterable[str]) -> str:
        """Of several profiles that match, the latest updated one with an external_id, else the latest (documented)."""
        return max(braze_ids, key=self._rank)

    def _rank(self, braze_id: str) -> tuple[bool, int]:
        record = self.read(braze_id)
        return "external_id" in record, record["updated"]


def alias_key(alias: Mapping[str, str]) -> str:
    return f"{alias['alias_label']}\0{alias['alias_name']}"


def number_as_text(value: str | float) -> str:
    """A number in the place of an identifier as the text that is stored (observed); text as it is."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def token_key(token: Mapping[str, str]) -> str:
    return f"{token['app_id']}\0{token['token']}"


def email_key(email: str) -> str:
    return email.lower()


_SEPARATORS: Final = str.maketrans("", "", " -().")


def phone_key(phone: str) -> str:
    """The number without the signs that people put between digits."""
    return phone.translate(_SEPARATORS)


def is_e164(phone: str) -> bool:
    digits = phone_key(phone)[1:]
    return phone[:1] == "+" and 7 <= len(digits) <= 15 and digits.isascii() and digits.isdecimal() and digits[0] != "0"


def reindex(table: Table, braze_id: str, old: str | None, new: str | None) -> None:
    """Move a profile from one address of the table `emails` or `phones` to another; None stands for no address."""
    if old is not None:
        rest = tuple(other for other in table.get(old, ()) if other != braze_id)
        if rest:
            table[old] = rest
        elif old in table:
            del table[old]
    if new is not None:
        table[new] = (*table.get(new, ()), braze_id)


def exported(draft: Draft, record: Record, now: datetime | None = None) -> dict[str, Any]:
    """The profile as /users/export/ids answers it: what is not set or empty is absent.

    With `now`, only events and purchases of the 90 days before it are listed, as Braze does.
    """
    since = clock.iso_ms(now - RECENT) if now else ""
    known = {**_DEFAULTS, **record, "appboy_id": record["braze_id"], **_rewritten(draft, record, since)}
    return {name: known[name] for name in EXPORTED if known.get(name) is not None}


def _rewritten(draft: Draft, record: Record, since: str) -> dict[str, Any]:
    """The fields whose form in an export differs from the record's; None leaves a field out."""
    dob, place = record.get("dob"), record.get("current_location")
    tokens = [_token(draft, token) for token in record.get("push_tokens", ())]
    return {
        "dob": dob and f"{dob}T00:00:00.000Z",
        "last_coordinates": place and [place["longitude"], place["latitude"]],
        "custom_attributes": record.get("custom_attributes") or None,
        "custom_events": _recent(record.get("custom_events", {}), since),
        "purchases": _recent(record.get("purchases", {}), since),
        "push_tokens": tokens or None,
        "campaigns_received": _received(record.get("campaigns_received", ()), since),
        "canvases_received": _received(record.get("canvases_received", ()), since),
    }


_RECEIVED: Final = ("last_received", "last_received_message", "last_entered")


def _received(messages: Iterable[Mapping[str, Any]], since: str) -> list[Any] | None:
    """Campaigns or Canvases without those whose latest time is before `since`."""
    times = [(max(one.get(name) or "" for name in _RECEIVED), one) for one in messages]
    return [one for latest, one in times if not latest or latest >= since] or None


def _recent(summaries: Mapping[str, Any], since: str) -> list[Any] | None:
    return [summary for summary in summaries.values() if summary["last"] >= since] or None


def _token(draft: Draft, token: Mapping[str, Any]) -> dict[str, Any]:
    app = draft.apps.get(token["app_id"], {})
    return {
        "app": app.get("name", token["app_id"]),
        "platform": app.get("platform", ""),
        "token": token["token"],
        "device_id": token["device_id"],
        "notifications_enabled": True,
    }
