"""How many users came, were active and left, day by day: read off the profiles as they are now.

No API records a session. A user counts as active on a day with an event or a purchase, and on the day of
`date_of_last_session`: one session a user and day (assumed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from emulator.call import Call
from emulator.state import series
from emulator.state.profiles import Record

WINDOW = 30
"""Days of a monthly active user, the day itself included (documented)."""


def sessions(call: Call, inside: Callable[[Record], bool]) -> Counter[str]:
    """Hour of the day's first moment, or that of the last session -> sessions."""
    app, found = call.args.get("app_id", ""), Counter[str]()
    for record in filter(inside, _records(call)):
        starts = {day: f"{day}T00" for day in _days(call, record, app)}
        last = record.get("date_of_last_session")
        if last and not app:
            hour = series.local_hour(series.zone_name(call.state) or "UTC", last[:16])
            starts[hour[:10]] = hour
        found.update(starts.values())
    return found


def daily(call: Call) -> Counter[str]:
    """Day -> users who were active."""
    app = call.args.get("app_id", "")
    return Counter(day for record in _records(call) for day in _days(call, record, app))


def monthly(call: Call, labels: list[str]) -> Counter[str]:
    """Day -> users who were active on it or on one of the 29 days before."""
    app, found = call.args.get("app_id", ""), Counter[str]()
    ordinals = [date.fromisoformat(label).toordinal() for label in labels]
    for record in _records(call):
        active = {date.fromisoformat(day).toordinal() for day in _days(call, record, app)}
        found.update(day for day, at in zip(labels, ordinals, strict=True) if _within(active, at))
    return found


def _within(active: Iterable[int], day: int) -> bool:
    return any(day - WINDOW < one <= day for one in active)


def created(call: Call) -> Counter[str]:
    """Day -> profiles that were created."""
    return _on_day(call, "created_at")


def uninstalled(call: Call) -> Counter[str]:
    """Day -> users who uninstalled, as the seed says."""
    return _on_day(call, "uninstalled_at")


def _on_day(call: Call, field: str) -> Counter[str]:
    app = call.args.get("app_id", "")
    return Counter(
        series.local_day(call.state, record[field])
        for record in _records(call)
        if record.get(field) and (not app or _uses(record, app))
    )


def _uses(record: Record, app: str) -> bool:
    """Whether the app is known to be the user's: by a day's events, or by a push token."""
    days = record.get("active_days", {}).values()
    return any(app in apps for apps in days) or any(one["app_id"] == app for one in record.get("push_tokens", ()))


def _days(call: Call, record: Record, app: str) -> set[str]:
    found = {day for day, apps in record.get("active_days", {}).items() if not app or app in apps}
    last = record.get("date_of_last_session")
    if last and not app:
        found.add(series.local_day(call.state, last))
    return found


def _records(call: Call) -> Iterator[Record]:
    return iter(call.state.profiles.frozen().values())
