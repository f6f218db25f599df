"""Live Activities on iOS: starting one for users by a push, and updating or ending it for all who have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.handlers.braze import _recipients
from emulator.handlers.braze._recipients import invalid
from emulator.state import live_activities
from emulator.state.live_activities import CHANNEL, END, START, UPDATE

WHO: Final = ("external_user_ids", "segment_id", "custom_audience")
DATES: Final = ("stale_date", "dismissal_date")
STATE: Final = ("activity_attributes_type", "activity_attributes", "content_state", *DATES)
"""Fields that are kept of an activity."""
SUCCESS: Final = {"message": "success"}


def start_live_activity(call: Call) -> Json:
    """Start it for everybody who is named and whose app has registered a push-to-start token for its type."""
    body = call.body
    _check(call)
    users = _users(call)
    message = _message(call, START)
    having = [one for one in users if live_activities.token(call.state, message, one)]
    if having:
        kept = {name: body[name] for name in STATE if name in body}
        live_activities.note(call.state, body["app_id"], body["activity_id"], having, **kept)
    _push(call, message, users)
    return SUCCESS


def update_live_activity(call: Call) -> Json:
    """Update or end it for everybody who has it; success too where nobody does."""
    body = call.body
    _check(call)
    activity = live_activities.running(call.state, body["app_id"], body["activity_id"])
    if activity is None:
        call.fate("/activity_id", "live_activity_unknown", body["activity_id"])
        return SUCCESS
    ends = body.get("end_activity", False)
    there = [one for one in activity["users"] if one in call.state.profiles]
    _push(call, _message(call, END if ends else UPDATE), there)
    kept = {name: body[name] for name in STATE if name in body}
    live_activities.change(call.state, activity, **kept, state="ended" if ends else "active")
    return SUCCESS


def _check(call: Call) -> None:
    """What the schema cannot decide. Raises ApiError."""
    app_id = call.body["app_id"]
    if len(call.state.apps) and app_id not in call.state.apps:
        hint = f"no app '{app_id[:60]}'; declare it in the seed under apps; there are: {', '.join(call.state.apps)}"
        raise invalid("app_id must be a string of the App api identifier", hint)
    for name in DATES:
        try:
            clock.read_time(call.body.get(name, "2026-01-01"))
        except ValueError as error:
            raise invalid(f"'{name}' is not valid", f"{name}: {error}") from None


def _users(call: Call) -> list[str]:
    """The braze_ids. Raises ApiError unless the call says in one way who they are."""
    named = [name for name in WHO if name in call.body]
    if not named:
        raise invalid(_recipients.NOBODY, f"name one of {', '.join(WHO)}")
    if len(named) > 1:
        raise invalid(f"Only one of '{named[0]}' and '{named[1]}' can be given", f"leave one of {', '.join(named)} out")
    if named == ["external_user_ids"]:
        return list(_recipients.named(call, {"external_user_ids": "external_id"}))
    return _recipients.everybody(call, "custom_audience")


def _message(call: Call, event: str) -> dict[str, Any]:
    """As it is kept: the fields of the call, and with which priority Apple's service gets it (documented)."""
    body = call.body
    names = ("app_id", "activity_id", *STATE, "notification")
    quiet = body.get("notification", {}).get("content-available", False)
    given = {name: body[name] for name in names if name in body}
    return {"channel": CHANNEL, "event": event, **given, "apns_priority": 5 if quiet else 10}


def _push(call: Call, message: Json, users: Iterable[str]) -> None:
    dispatch_id = call.new_id("hex32")
    for braze_id in users:
        call.occurred("message", braze_id, CHANNEL, message=message, dispatch_id=dispatch_id)
