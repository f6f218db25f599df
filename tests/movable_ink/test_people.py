"""Known and anonymous profiles, and how an identify merges them."""

from __future__ import annotations

from typing import Any

from emulator.state import movable_ink
from tests.conftest import Client
from tests.movable_ink.collector import collector, identify, message, stored, track


def people(calls: Client) -> dict[str, Any]:
    profiles = calls.emulator.workspaces.default.view().movable_ink_profiles
    return {
        key.replace("\0", "anonymous "): (found["anonymous_ids"], found["events"]) for key, found in profiles.items()
    }


def histories(calls: Client, user_id: str) -> list[str]:
    view = calls.emulator.workspaces.default.view()
    return [event["event"] or event["type"] for event in movable_ink.history(view, user_id)]


def anonymous(event: str = "product_viewed", anonymous_id: str = "an-1") -> dict[str, Any]:
    return track(event, user_id=..., anonymous_id=anonymous_id)


def send(calls: Client, *bodies: Any) -> None:
    for body in bodies:
        message(calls, body, 200)


def test_collect_event_identify_merges_the_anonymous_history() -> None:
    calls = collector()
    send(calls, anonymous(), anonymous("product_added"), anonymous(anonymous_id="an-2"), track("cart_add"))
    assert people(calls) == {"u-1": ([], 1), "anonymous an-1": ([], 2), "anonymous an-2": ([], 1)}
    send(calls, identify())
    assert calls.fates == [("/anonymous_id", "movable_ink_merged")]
    assert people(calls) == {"u-1": (["an-1"], 4), "anonymous an-2": ([], 1)}
    assert histories(calls, "u-1") == ["product_viewed", "product_added", "cart_add", "identify"]


def test_collect_event_after_identify_an_anonymous_event_is_the_known_profiles() -> None:
    calls = collector()
    send(calls, identify(), anonymous())
    assert calls.fates == [("/anonymous_id", "movable_ink_user_id_left_out")]
    assert people(calls) == {"u-1": (["an-1"], 2)}


def test_collect_event_identify_twice_changes_nothing_more() -> None:
    calls = collector()
    send(calls, identify(), identify())
    assert calls.fates == []
    assert people(calls) == {"u-1": (["an-1"], 2)}


def test_collect_event_identify_does_not_move_a_history_twice() -> None:
    calls = collector()
    send(calls, anonymous(), identify(), identify("u-2"))
    assert calls.fates == [("/anonymous_id", "movable_ink_already_merged")]
    assert histories(calls, "u-1") == ["product_viewed", "identify"]
    assert histories(calls, "u-2") == ["identify"]


def test_collect_event_identify_merges_several_ids() -> None:
    calls = collector()
    send(calls, anonymous(), anonymous(anonymous_id="an-2"), identify(), identify(anonymous_id="an-2"))
    assert people(calls) == {"u-1": (["an-1", "an-2"], 4)}


def test_collect_event_track_with_both_ids_does_not_merge() -> None:
    calls = collector()
    send(calls, anonymous(), track(anonymous_id="an-1"))
    assert calls.fates == []
    assert people(calls) == {"u-1": ([], 1), "anonymous an-1": ([], 1)}


def test_collect_event_identify_in_rudderstacks_names() -> None:
    calls = collector()
    body = {"type": "identify", "userId": "u-1", "anonymousId": "an-1", "timestamp": 1767225600000}
    send(calls, anonymous(), {"events": [body]})
    assert calls.fates == [("/events/0/anonymousId", "movable_ink_merged")]
    assert people(calls) == {"u-1": (["an-1"], 2)}


def test_collect_event_changes_nothing_when_one_event_of_a_batch_is_refused() -> None:
    calls = collector()
    message(calls, {"events": [track(), identify(), track(timestamp=...)]})
    assert (stored(calls), people(calls)) == ([], {})
