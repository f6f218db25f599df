"""From a changed setting to the call that a connection makes to Braze.

The calls are not published; the permissions of a connection's key and Braze's own operations leave these (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.call import Call, Work
from emulator.handlers.ketch import _requests
from emulator.state import ketch

EMAIL: Final = ("email", "external_id")
NOT_EMAIL: Final = ("phone", "external_id")
"""Braze's identifiers in order of preference: it takes no e-mail address for a group of another channel."""
DECLARE: Final = "declare it in the seed under partners.ketch.organizations"


def forward_topic(call: Call, identities: Mapping[str, str], topic: str, channel: str, status: str) -> None:
    """Send the change to the subscription group of the topic's channel, or tell what is missing."""
    place = _requests.pointer("topics", topic, channel, "status")
    found = ketch.entry(call.state, call.params["org"], "topics", topic)
    route = (found or {}).get("channels", {}).get(channel, {})
    lacking = _lacking(found, f"topic '{topic}'", f"channel '{channel}'", route)
    if lacking:
        call.fate(place, "ketch_not_forwarded", status, lacking)
        return
    kinds = EMAIL if channel == "email" else NOT_EMAIL
    state = "subscribed" if status == "granted" else "unsubscribed"
    who = _who(call, place, route["connection"], identities, kinds)
    for kind, value in who.items():
        body = {"subscription_group_id": route["subscription_group_id"], "subscription_state": state, kind: [value]}
        _send(call, route["connection"], "/subscription/status/set", body, "forward_subscription", place)


def forward_control(call: Call, identities: Mapping[str, str], control: str, status: str) -> None:
    """Send the change as the person's global e-mail state: the connection's key must not call /email/status."""
    place = _requests.pointer("controls", control, "status")
    found = ketch.entry(call.state, call.params["org"], "controls", control) or {}
    if "connection" not in found:
        call.fate(place, "ketch_not_forwarded", status, f"control '{control}' has no connection; {DECLARE}")
        return
    state = "unsubscribed" if status == found["opt_out"] else "subscribed"
    for kind, value in _who(call, place, found["connection"], identities, EMAIL).items():
        body = {"attributes": [{kind: value, "email_subscribe": state}]}
        _send(call, found["connection"], "/users/track", body, "forward_control", place)


def _lacking(found: Any, topic: str, channel: str, route: Mapping[str, Any]) -> str:
    """What the seed must say before this topic and channel can be carried to Braze; nothing where it says all."""
    if found is None:
        return f"{topic} is not configured; {DECLARE}"
    missing = [name for name in ("connection", "subscription_group_id") if name not in route]
    return f"{channel} of {topic} has no {' and no '.join(missing)}; {DECLARE}" if missing else ""


def _who(
    call: Call, place: str, connection: str, identities: Mapping[str, str], kinds: tuple[str, ...]
) -> dict[str, str]:
    """Braze's identifier -> value by the connection's mapping: one, or none where no identity fits."""
    spaces = ketch.spaces(_connection(call, connection), kinds)
    for kind, space in spaces.items():
        if identities.get(space):
            return {kind: identities[space]}
    note = f"connection '{connection}' finds people by {', '.join(spaces.values()) or 'nothing that fits the channel'}"
    call.fate(place, "ketch_not_forwarded", None, f"{note}; the request has the identities {', '.join(identities)}")
    return {}


def _connection(call: Call, code: str) -> Mapping[str, Any]:
    found = ketch.entry(call.state, call.params["org"], "connections", code)
    assert found is not None, "planting refuses a connection that is not declared"
    return found


def _send(call: Call, code: str, path: str, body: Mapping[str, Any], about: str, change: str) -> None:
    connection = _connection(call, code)
    call.later(
        Work(
            url=connection.get("endpoint", ketch.ENDPOINT).rstrip("/") + path,
            method="POST",
            headers={"Authorization": f"Bearer {connection['braze_key']}", "Content-Type": "application/json"},
            body=body,
            about=about,
            then="ketch.connection_answered",
            data={"organization": call.params["org"], "connection": code, "change": change},
        )
    )
