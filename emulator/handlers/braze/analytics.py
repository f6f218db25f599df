"""Braze analytics: what was tracked, as lists of names and as series of numbers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _active_users, _periods, _segments
from emulator.state import audience, series
from emulator.state.bounds import bound

NAMES_A_PAGE: Final = 250
DETAILS_A_PAGE: Final = 50
_TYPES: Final = {
    "string": "String", "number": "Number", "boolean": "Boolean", "date": "Time", "array": "Array", "object": "Object",
    "array_of_objects": "Object Array",
}  # fmt: skip


# lists


def list_custom_attributes(call: Call) -> Json:
    """50 a page, by name, with the next and the previous page in the header Link."""
    found = [_attribute(name, known) for name, known in call.state.attribute_types.items()]
    return {"attributes": _by_cursor(call, "/custom_attributes", found), "message": "success"}


def _attribute(name: str, known: Mapping[str, Any]) -> Json:
    kind = known.get("type", "")
    return {
        "array_length": known.get("max_items", bound("attribute_items")) if kind == "array" else None,
        "data_type": _TYPES.get(kind, "Unknown"),
        "description": known.get("description", ""),
        "name": name,
        "status": _status(known),
        "tag_names": known.get("tags", []),
    }


def _status(known: Mapping[str, Any]) -> str:
    return "Blocklisted" if known.get("blocklisted") else "Active"


def list_events(call: Call) -> Json:
    """50 a page, by name, with the next and the previous page in the header Link."""
    found = [_event(name, known) for name, known in call.state.custom_events.items()]
    return {"events": _by_cursor(call, "/events", found), "message": "success"}


def _event(name: str, known: Mapping[str, Any]) -> Json:
    return {
        "name": name,
        "description": known.get("description", ""),
        "included_in_analytics_report": known.get("included_in_analytics_report", False),
        "status": _status(known),
        "tag_names": known.get("tags", []),
    }


def list_event_names(call: Call) -> Json:
    """250 a page, by name; a page past the end is empty (observed)."""
    return {"events": _page(call, call.state.custom_events), "message": "success"}


def list_products(call: Call) -> Json:
    """Of the size and the numbering of the list of events (assumed)."""
    return {"products": _page(call, call.state.products), "message": "success"}


def _page(call: Call, names: Iterable[str]) -> list[str]:
    start = call.args.get("page", 0) * NAMES_A_PAGE
    return list(names)[start : start + NAMES_A_PAGE]


def _by_cursor(call: Call, path: str, found: list[Json]) -> list[Json]:
    start = _start(call)
    links = []
    if start > 0:
        links.append(_link(call, path, max(0, start - DETAILS_A_PAGE), "prev"))
    if start + DETAILS_A_PAGE < len(found):
        links.append(_link(call, path, start + DETAILS_A_PAGE, "next"))
    if links:
        call.answer_headers["Link"] = ", ".join(links)
    return found[start : start + DETAILS_A_PAGE]


def _link(call: Call, path: str, start: int, rel: str) -> str:
    cursor = base64.urlsafe_b64encode(f"skip:{start}".encode()).decode().rstrip("=")
    scheme = "https" if call.request.host in call.service.data["hosts"] else "http"
    return f'<{scheme}://{call.request.headers.get("host", "127.0.0.1")}{path}?cursor={cursor}>; rel="{rel}"'


def _start(call: Call) -> int:
    """Where a page begins: a cursor is `skip:<number>` in base 64, as in the documentation's example."""
    cursor = call.args.get("cursor")
    if cursor is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}").decode().partition(":")
        if word == "skip" and number.isascii() and number.isdecimal() and len(number) < 10:
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise ApiError("invalid", message="cursor is not valid", hint="take the address from the header Link as it is")


# series of what was tracked


def get_event_series(call: Call) -> Json:
    """{time, count} of one event."""
    return _tracked(call, series.EVENT, call.args["event"], {"count": lambda count: count or 0})


def get_quantity_series(call: Call) -> Json:
    """{time, purchase_quantity} of one product or all."""
    measure = {"purchase_quantity": lambda count: count[0] if count else 0}
    return _tracked(call, series.PURCHASE, call.args.get("product", ""), measure)


def get_revenue_series(call: Call) -> Json:
    """{time, revenue} of one product or all: the amounts as they were sent, whatever their currency."""
    measure = {"revenue": lambda count: round(float(count[1]), 2) if count else 0.0}
    return _tracked(call, series.PURCHASE, call.args.get("product", ""), measure)


def _tracked(call: Call, kind: str, name: str, measure: Mapping[str, Callable[[Any], Json]]) -> Json:
    labels, app, segment = _periods.labels(call, _unit(call)), _app(call), _segment(call)
    if segment is not None and not segment["analytics_tracking_enabled"]:
        return _not_tracked(call, segment)
    months = {label[:7] for label in labels}
    found = series.total(call.state, kind, months, name, app, segment["id"] if segment else "")
    return _series(call, labels, series.summed(found, len(labels[0])), measure)


def _series(
    call: Call, labels: list[str], found: Mapping[str, Any], measure: Mapping[str, Callable[[Any], Json]]
) -> Json:
    ((key, read),) = measure.items()
    data = [{"time": _periods.shown(call, label), key: read(found.get(label))} for label in labels]
    return {"message": "success", "data": data}


def _not_tracked(call: Call, segment: Mapping[str, Any]) -> Json:
    call.fate("/segment_id", "analytics_not_tracked", segment["id"])
    return {"message": "success", "data": []}


def _unit(call: Call) -> str:
    """Of the series that can have hours; those of users have days only (documented)."""
    unit: str = call.args.get("unit", "day")
    return unit


def _segment(call: Call) -> Mapping[str, Any] | None:
    given = call.args.get("segment_id")
    return None if given is None else _segments.find(call, given)


def _app(call: Call) -> str:
    """The app that is asked for, or nothing. Raises ApiError for one that the seed's list of apps does not have."""
    app: str = call.args.get("app_id", "")
    if app and len(call.state.apps) and app not in call.state.apps:
        hint = f"no app '{app[:60]}'; declare it in the seed under apps; there are: {', '.join(call.state.apps)}"
        raise ApiError("invalid", message="app_id must be a string of the App api identifier", hint=hint)
    return app


# series of users


def get_session_series(call: Call) -> Json:
    """{time, sessions}, of everybody or of those who are in a segment now."""
    labels, segment = _periods.labels(call, _unit(call)), _segment(call)
    _app(call)
    if segment is not None and not segment["analytics_tracking_enabled"]:
        return _not_tracked(call, segment)
    inside = audience.predicate(call.state, segment.get("filters") if segment else None, call.now)
    found = series.summed(_active_users.sessions(call, inside), len(labels[0]))
    return _series(call, labels, found, {"sessions": _count})


def get_new_users_series(call: Call) -> Json:
    """{time, new_users}."""
    return _users(call, "new_users", _active_users.created)


def get_dau_series(call: Call) -> Json:
    """{time, dau}."""
    return _users(call, "dau", _active_users.daily)


def get_mau_series(call: Call) -> Json:
    """{time, mau}: unique users of 30 days, rolling (documented)."""
    labels = _periods.labels(call)
    _app(call)
    return _series(call, labels, _active_users.monthly(call, labels), {"mau": _count})


def get_uninstall_series(call: Call) -> Json:
    """{time, uninstalls}."""
    return _users(call, "uninstalls", _active_users.uninstalled)


def _users(call: Call, key: str, count: Callable[[Call], Mapping[str, int]]) -> Json:
    labels = _periods.labels(call)
    _app(call)
    return _series(call, labels, count(call), {key: _count})


def _count(found: int | None) -> int:
    return found or 0
