"""Who is in an audience: a tree of filters in the form of Braze's Connected Audience, and filters for seeded segments.

A filter is an object with one key: AND or OR with a list of filters, or one of KINDS. The API knows the first four
kinds; the others are for seeds, where the dashboard of the real service has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.state import conditions
from emulator.state.draft import Draft
from emulator.state.profiles import Record

Filter = Mapping[str, Any]
Predicate = Callable[[Record], bool]
Maker = Callable[[Draft, Any, datetime], Predicate]
"""(draft, what stands under the filter's key, now) -> whether a profile is in."""


def matches(draft: Draft, record: Record, filters: Filter | None, now: datetime) -> bool:
    """Whether a profile is in an audience. For many profiles make one `predicate`, and ask that."""
    return predicate(draft, filters, now)(record)


def members(draft: Draft, filters: Filter | None, now: datetime) -> list[Record]:
    """The profiles of an audience, by braze_id."""
    inside = predicate(draft, filters, now)
    return [record for record in draft.profiles.values() if inside(record)]


def predicate(draft: Draft, filters: Filter | None, now: datetime) -> Predicate:
    """The filters as one function. None, a segment without filters, is everybody (documented)."""
    if filters is None:
        return _anybody
    ((kind, spec),) = filters.items()
    return KINDS[kind](draft, spec, now)


def in_control_group(group: Mapping[str, Any] | None, record: Record) -> bool:
    """Whether a profile is in the Global Control Group: {percentage}, or {from, to} of random buckets.

    The bucket of a profile never changes, and neither does its place in a group of the same size.
    """
    if not group:
        return False
    bucket: int = record["random_bucket"]
    if "percentage" in group:
        return bool(bucket < group["percentage"] * 100)
    return bool(group["from"] <= bucket <= group["to"])


# the kinds of filters


def _anybody(record: Record) -> bool:
    return True


def _everyone(draft: Draft, spec: bool, now: datetime) -> Predicate:
    return _anybody


def _and(draft: Draft, spec: list[Filter], now: datetime) -> Predicate:
    parts = [predicate(draft, one, now) for one in spec]
    return lambda record: all(part(record) for part in parts)


def _or(draft: Draft, spec: list[Filter], now: datetime) -> Predicate:
    parts = [predicate(draft, one, now) for one in spec]
    return lambda record: any(part(record) for part in parts)


def _custom_attribute(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
    name, fits = spec["custom_attribute_name"], conditions.test(spec, now)
    return lambda record: fits(record.get("custom_attributes", {}).get(name))


def _standard_attribute(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
    name, fits = spec["name"], conditions.test(spec, now)
    return lambda record: fits(record.get(name))


def _status(field: str) -> Maker:
    def make(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
        wanted, same = spec["value"], spec["comparison"] == "is"
        return lambda record: (record.get(field, "subscribed") == wanted) is same

    return make


def _last_used_app(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
    """The end of the last session of any app; a profile that had none is on neither side (assumed)."""
    fits = conditions.test(spec, now)
    return lambda record: fits(_last_session(record))


def _last_session(record: Record) -> str | None:
    times = [record.get("date_of_last_session"), *(app.get("last_used") for app in record.get("apps", ()))]
    return max((time for time in times if time), default=None)


def _counted(part: str, name_key: str) -> Maker:
    """How often, ever; or with `in_last_days`, whether at all in that time: a profile keeps no times in between."""

    def make(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
        name, wanted = spec.get(name_key), spec["comparison"]
        since = _since(now, spec.get("in_last_days"))
        if wanted in ("exists", "does_not_exist"):
            return lambda record: (_count(record, part, name, since) > 0) is (wanted == "exists")
        fits = conditions.test(spec, now)
        return lambda record: fits(_count(record, part, name, since))

    return make


def _since(now: datetime, days: int | None) -> str:
    return "" if days is None else conditions.moved(now, -days)


def _count(record: Record, part: str, name: str | None, since: str) -> int:
    summaries = record.get(part, {})
    wanted = summaries.values() if name is None else filter(None, [summaries.get(name)])
    return sum(one["count"] for one in wanted if one["last"] >= since)


def _subscription_group(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
    group, wanted, same = spec["subscription_group_id"], spec["value"], spec["comparison"] == "is"
    return lambda record: (record.get("subscription_groups", {}).get(group) == wanted) is same


def _segment(draft: Draft, spec: Mapping[str, Any], now: datetime) -> Predicate:
    inside = predicate(draft, draft.segments[spec["segment_id"]].get("filters"), now)
    wanted = spec["comparison"] == "is_in"
    return lambda record: inside(record) is wanted


def _random_bucket(draft: Draft, spec: Mapping[str, int], now: datetime) -> Predicate:
    return lambda record: spec["from"] <= record["random_bucket"] <= spec["to"]


def _profiles(draft: Draft, spec: list[str], now: datetime) -> Predicate:
    named = frozenset(spec)
    return lambda record: record.get("external_id") in named or record["braze_id"] in named


KINDS: Final[dict[str, Maker]] = {
    "AND": _and,
    "OR": _or,
    "custom_attribute": _custom_attribute,
    "push_subscription_status": _status("push_subscribe"),
    "email_subscription_status": _status("email_subscribe"),
    "last_used_app": _last_used_app,
    "standard_attribute": _standard_attribute,
    "custom_event": _counted("custom_events", "event_name"),
    "purchase": _counted("purchases", "product_id"),
    "subscription_group": _subscription_group,
    "segment": _segment,
    "random_bucket": _random_bucket,
    "profiles": _profiles,
    "everyone": _everyone,
}


# what a schema cannot see, and the filters in words


def flaws(draft: Draft, filters: Filter, place: str) -> Iterator[str]:
    """`place.AND[1].custom_attribute: why` for every filter that fits the schema and cannot be used nevertheless."""
    ((kind, spec),) = filters.items()
    place = f"{place}.{kind}"
    if kind in ("AND", "OR"):
        for index, one in enumerate(spec):
            yield from flaws(draft, one, f"{place}[{index}]")
    elif flaw := _flaw(draft, kind, spec):
        yield f"{place}: {flaw}"


def _flaw(draft: Draft, kind: str, spec: Any) -> str:
    if kind == "subscription_group" and spec["subscription_group_id"] not in draft.subscription_groups:
        return f"no group '{spec['subscription_group_id']}'; declare it in the same seed"
    if kind == "segment":
        return _segment_flaw(draft, spec["segment_id"])
    if kind == "random_bucket" and spec["from"] > spec["to"]:
        return f"from {spec['from']} to {spec['to']} is no range"
    try:
        KINDS[kind](draft, spec, datetime(2000, 1, 1, tzinfo=clock.UTC))
    except ValueError as error:
        return str(error)
    return ""


def _segment_flaw(draft: Draft, segment_id: str) -> str:
    """A segment that names segments cannot be named by another (documented), so there are no circles."""
    segment = draft.segments.get(segment_id)
    if segment is None:
        return f"no segment '{segment_id}'; declare it in the same seed"
    if _names_segments(segment.get("filters")):
        return f"the segment '{segment_id}' refers to another segment itself, and cannot be nested further"
    return ""


def _names_segments(filters: Filter | None) -> bool:
    ((kind, spec),) = (filters or {"everyone": True}).items()
    return any(map(_names_segments, spec)) if kind in ("AND", "OR") else kind == "segment"


def worded(filters: Filter | None) -> str:
    """The filters in words, as /segments/details shows them; Braze's own wording is not published."""
    if filters is None:
        return "No filters: all users"
    ((kind, spec),) = filters.items()
    if kind in ("AND", "OR"):
        inner = f" {kind.lower()} ".join(worded(one) for one in spec)
        return inner if len(spec) == 1 else f"({inner})"
    words = [kind.replace("_", " ")]
    if isinstance(spec, Mapping):
        words += [
            f"in the last {value} days" if name == "in_last_days" else _word(value) for name, value in spec.items()
        ]
    elif isinstance(spec, list):
        words.append(", ".join(spec))
    return " ".join(words)


def _word(value: Any) -> str:
    return value.replace("_", " ") if value in _WORDS else str(value)


_WORDS: Final = frozenset({*conditions.COMPARISONS, "is", "is_not", "is_in", "is_not_in"})
