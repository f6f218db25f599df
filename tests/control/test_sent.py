"""Decisions, messages and the Message Activity Log through the control API."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import create_app
from emulator.state import sends
from tests.conftest import Client
from tests.messaging.sends import HOOK, advance, started, track


def read(braze: Client, path: str) -> Any:
    answer = create_app(braze.emulator).test_client().get(f"/_emulator{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_decisions_say_why_a_user_was_not_messaged() -> None:
    braze = started({"audience": {"standard_attribute": {"name": "phone", "comparison": "exists"}}})
    trace = track(braze)
    track(braze, "bob")
    [found] = read(braze, "/decisions?campaign=C&user=ada")["decisions"]
    assert (found["outcome"], found["trace"], found["id"]) == ("not_sent", trace, "000000000001")
    assert [one["check"] for one in found["checks"] if one["verdict"] == "fail"] == ["audience"]
    assert len(read(braze, "/decisions?outcome=not_sent")["decisions"]) == 2
    assert len(read(braze, "/decisions?limit=1")["decisions"]) == 1


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("campaign=c", "Nothing that starts 'C' has occurred: it waits for an event 'seen', in these letters."),
        ("campaign=x", "There is no campaign 'x'; the workspace has 1."),
        ("user=eve", "No profile has the external_id or braze_id 'eve'."),
        ("", ""),
    ],
)
def test_where_nothing_was_decided_it_is_said_why(query: str, why: str) -> None:
    assert read(started({}), f"/decisions?{query}") == {"decisions": [], "why": why}


@pytest.mark.parametrize("query", ["campaign=C&outcome=failed", "campaign=c&user=bob", "campaign=C&trace=x"])
def test_where_other_decisions_were_made_nobody_says_that_nothing_occurred(query: str) -> None:
    braze = started({})
    track(braze)
    track(braze, "bob", name="other")
    why = "There is 1 decision about 'C', but none that is asked for: leave a filter out."
    assert read(braze, f"/decisions?{query}") == {"decisions": [], "why": why}


def test_decisions_that_fell_out_are_not_said_never_to_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sends, "MOST", 2)
    braze = started([{"id": "old", "name": "Old"}, {"id": "new", "name": "New", "trigger": {"event": {"name": "n"}}}])
    track(braze)
    for user in ("ada", "bob"):
        track(braze, user, name="n")
    why = "Only the newest 2 decisions are kept, and none of them is about 'Old'."
    assert read(braze, "/decisions?campaign=Old") == {"decisions": [], "why": why}


CANVAS = {"id": "v", "name": "V", "trigger": {"event": {"name": "seen"}}, "steps": [{"message": {
    "channel": "sms", "subscription_group_id": "g", "app_id": "a", "body": "b"}}]}  # fmt: skip


def test_decisions_of_a_canvas_are_its_entries_and_its_steps() -> None:
    braze = started({}, canvases=[CANVAS])
    track(braze)
    told = [(one["outcome"], one.get("step")) for one in read(braze, "/decisions?canvas=V&user=ada")["decisions"]]
    assert told == [("finished", None), ("not_sent", "Message")]
    assert len(read(braze, "/decisions")["decisions"]) == 3
    assert len(read(braze, "/decisions?campaign=C")["decisions"]) == 1


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("canvas=v", "Nothing that starts 'V' has occurred: it waits for an event 'seen', in these letters."),
        ("canvas=x", "There is no Canvas 'x'; the workspace has 1."),
        ("canvas=x&campaign=y", "There is no campaign 'y'; the workspace has 1. There is no Canvas 'x'; the workspace "
         "has 1."),
    ],
)  # fmt: skip
def test_where_nobody_entered_it_is_said_why(query: str, why: str) -> None:
    assert read(started({}, canvases=[CANVAS]), f"/decisions?{query}") == {"decisions": [], "why": why}


@pytest.mark.parametrize("query", ["messages?channel=mail", "messages?status=gone", "activity?category=no"])
def test_a_value_that_there_cannot_be_is_refused(query: str) -> None:
    answer = create_app(started({}).emulator).test_client().get(f"/_emulator/{query}")
    assert answer.status_code == 400 and "is not one of" in answer.json["detail"]


def test_messages_and_activity() -> None:
    braze = started([
        {"id": "sent", "name": "Sent"},
        {"id": "aborted", "name": "A", "messages": [{**HOOK, "body": "{% abort_message('no') %}"}]},
    ])  # fmt: skip
    track(braze, title="x")
    [message] = read(braze, "/messages?channel=webhook&campaign=sent")["messages"]
    assert message["status"] == "sent" and '"seen": "x"' in message["content"]["body"]
    assert read(braze, "/messages?campaign=aborted")["messages"] == []
    [entry] = read(braze, "/activity?category=aborted_message")["activity"]
    assert entry["reason"] == "body: no"
    advance(braze, 60 * 3600 + 1)
    assert read(braze, "/activity")["activity"] == []


def test_decisions_follow_a_merge_of_users() -> None:
    braze = started({})
    track(braze)
    track(braze, "bob", name="other")
    pair = {"identifier_to_merge": {"external_id": "ada"}, "identifier_to_keep": {"external_id": "bob"}}
    braze.post("/users/merge", {"merge_updates": [pair]})
    for user in ("ada", "bob"):
        [found] = read(braze, f"/decisions?user={user}")["decisions"]
        assert found["external_id"] == "ada"
        assert len(read(braze, f"/messages?user={user}")["messages"]) == 1
