"""Braze e-mail addresses: their global state, and the lists of those that bounced, complained or unsubscribed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.call import Call, Json
from emulator.handlers.braze._dated import between
from emulator.state import email_states, profiles, unreachable
from emulator.state.profiles import Profiles


def set_email_status(call: Call) -> Json:
    """Set the global state of addresses, for every profile that has one or will have one."""
    room = Profiles(call.state, call.now)
    for pointer, address in _addresses(call):
        _set(call, room, pointer, address, call.body["subscription_state"])
    room.close()
    return {"message": "success"}


def _addresses(call: Call) -> Iterator[tuple[str, str]]:
    """(pointer, address) of what the body names. A text that is no address can belong to nobody."""
    given = call.body["email"]
    listed = [("/email", given)] if isinstance(given, str) else [(f"/email/{n}", one) for n, one in enumerate(given)]
    for pointer, address in listed:
        if email_states.is_address(address):
            yield pointer, address
        else:
            call.fate(pointer, "bad_address", address)


def _set(call: Call, room: Profiles, pointer: str, address: str, state: str) -> None:
    reach = email_states.set_for_address(room, address, state)
    if reach is None:
        call.fate(pointer, "stored_for_address", address)
        return
    for rule, note in reach.outcomes():
        call.fate(pointer, rule, address, note)


def blocklist_emails(call: Call) -> Json:
    """Unsubscribe addresses and mark them as hard bounced (documented)."""
    room = Profiles(call.state, call.now)
    for pointer, address in _addresses(call):
        unreachable.bounce(call.state, address, room.moment)
        _set(call, room, pointer, address, "unsubscribed")
    room.close()
    return {"message": "success"}


def blacklist_emails(call: Call) -> Json:
    """The old name of /email/blocklist (documented)."""
    return blocklist_emails(call)


def remove_hard_bounces(call: Call) -> Json:
    """Messages may be sent to the addresses again; whether they are subscribed is another matter."""
    return _remove(call, lambda key: unreachable.remove(call.state.hard_bounces, key))


def remove_spam_reports(call: Call) -> Json:
    """Messages may be sent to the addresses again. The profiles' own mark goes with the report (assumed)."""
    room = Profiles(call.state, call.now)

    def clear(key: str) -> bool:
        marked = [one for one in call.state.emails.get(key, ()) if "marked_email_as_spam_at" in room.read(one)]
        for braze_id in marked:
            del room.open(braze_id).record["marked_email_as_spam_at"]
        return unreachable.remove(call.state.spam_reports, key) or bool(marked)

    answer = _remove(call, clear)
    room.close()
    return answer


def _remove(call: Call, clear: Callable[[str], bool]) -> Json:
    for pointer, address in _addresses(call):
        if not clear(profiles.email_key(address)):
            call.fate(pointer, "nothing_to_remove", address)
    return {"message": "success"}


def list_hard_bounces(call: Call) -> Json:
    """The newest first."""
    found = unreachable.in_order(_wanted(call, call.state.hard_bounces.values()))
    return _page(call, [{"email": one["email"], "hard_bounced_at": unreachable.shown(one["at"])} for one in found])


def list_unsubscribes(call: Call) -> Json:
    """The addresses whose latest state is unsubscribed, with the time of that change."""
    states = [one for one in call.state.email_states.values() if one["state"] == "unsubscribed"]
    found = unreachable.in_order(_wanted(call, states), call.args.get("sort_direction") == "asc")
    return _page(call, [{"email": one["email"], "unsubscribed_at": unreachable.shown(one["at"])} for one in found])


def _wanted(call: Call, entries: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries of the addresses in the query, else those between its dates (documented: addresses win)."""
    given = call.args.get("email")
    if given is None:
        return between(call, entries)
    asked = [given] if isinstance(given, str) else given
    for address in asked:
        if " " in address:
            call.fate("/email", "plus_became_blank", address)
    keys = {profiles.email_key(address) for address in asked}
    return [one for one in entries if profiles.email_key(one["email"]) in keys]


def _page(call: Call, entries: list[Json]) -> Json:
    start = call.args.get("offset", 0)
    return {"emails": entries[start : start + call.args.get("limit", 100)], "message": "success"}
