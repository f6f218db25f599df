"""Campaigns through the API: listing them, what one says, and starting those that the API triggers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client
from tests.messaging.sends import HOOK, out, outcomes, started, table, track

LIST, DETAILS, TRIGGER = "/campaigns/list", "/campaigns/details", "/campaigns/trigger/send"
CARD = {"id": "card", "name": "Card", "channel": "content_card", "type": "CLASSIC", "title": "t",
        "description": "{{${user_id}}}/{{api_trigger_properties.${code}}}/{{custom_attribute.${plan}}}",
        "time_to_live": 60}  # fmt: skip


def api(**fields: Any) -> Client:
    """A campaign that the API triggers, whose text shows what it was given."""
    return started({"trigger": {"api": True}, "messages": [CARD], **fields})


def trigger(braze: Client, *recipients: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"campaign_id": "c", **({"recipients": list(recipients)} if recipients else {}), **more}
    status, answer = braze.post(TRIGGER, body)
    assert status == 201, answer
    assert answer["message"] == "success"
    return dict(answer)


def texts(braze: Client) -> list[str]:
    return [one["content"]["description"] for one in table(braze, "messages")]


# list and details


def listed(braze: Client, query: str = "") -> list[str]:
    return [one["id"] for one in braze.get(LIST, query)[1]["campaigns"]]


def test_list_campaigns_in_pages_of_100() -> None:
    braze = client({"campaigns": [{"id": f"c{number:03d}", "name": "C"} for number in range(101)]})
    assert (len(listed(braze)), listed(braze, "page=1"), listed(braze, "page=2")) == (100, ["c100"], [])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b"]),
        ("sort_direction=desc", ["b", "a"]),
        ("include_archived=true", ["old", "a", "b"]),
        ("last_edit.time[gt]=2026-01-02T00:00:00", ["b"]),
        ("last_edit.time[gt]=2026-01-02", ["b"]),
    ],
)
def test_list_campaigns_by_what_is_asked(query: str, found: list[str]) -> None:
    braze = client({"campaigns": [
        {"id": "a", "name": "A", "created_at": "2026-01-01"},
        {"id": "b", "name": "B", "created_at": "2026-01-01T01:00:00Z", "updated_at": "2026-01-03"},
        {"id": "old", "name": "O", "created_at": "2025-01-01", "archived": True},
    ]})  # fmt: skip
    assert listed(braze, query) == found


def test_get_campaign_shows_when_it_was_sent() -> None:
    braze = api(reeligibility_seconds=0)
    assert "first_sent" not in braze.get(DETAILS, "campaign_id=c")[1]
    trigger(braze, {"external_user_id": "ada"})
    _, answer = braze.get(DETAILS, "campaign_id=c")
    assert (answer["first_sent"], answer["last_sent"]) == ("2026-01-01T12:00:00.000Z",) * 2


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"status": "draft"}, {"draft": True, "enabled": False}),
        ({"status": "stopped"}, {"draft": False, "enabled": False}),
        ({"archived": True}, {"archived": True, "enabled": False}),
        ({}, {"draft": False, "enabled": True, "schedule_type": "api_triggered", "channels": ["content_cards"]}),
    ],
)
def test_get_campaign_shows_its_state(fields: dict[str, Any], shown: dict[str, Any]) -> None:
    _, answer = api(**fields).get(DETAILS, "campaign_id=c")
    assert {name: answer[name] for name in shown} == shown


def test_get_campaign_finds_translation_tags() -> None:
    tagged = {**CARD, "id": "tagged", "description": "{% translation greeting %}Hi{% endtranslation %}"}
    braze = api(messages=[tagged, CARD], control_percentage=10)
    _, answer = braze.get(DETAILS, "campaign_id=c&include_has_translatable_content=true")
    found = {name: one["has_translatable_content"] for name, one in answer["messages"].items()}
    assert found == {"tagged": True, "card": False, "c-control": None}


@pytest.mark.parametrize(("asked", "name"), [("", "C"), ("&post_launch_draft_version=false", "C"),
                                             ("&post_launch_draft_version=true", "Next")])  # fmt: skip
def test_get_campaign_shows_a_draft_of_changes_when_asked(asked: str, name: str) -> None:
    braze = api(post_launch_draft={"name": "Next", "messages": [{**CARD, "title": "new"}]})
    _, answer = braze.get(DETAILS, f"campaign_id=c{asked}")
    assert (answer["name"], answer["has_post_launch_draft"]) == (name, True)
    trigger(braze, {"external_user_id": "ada"})
    assert [one["content"]["title"] for one in table(braze, "messages")] == ["t"]


@pytest.mark.parametrize("asked", ["", "&post_launch_draft_version=true"])
def test_get_campaign_without_a_draft_shows_what_is_published(asked: str) -> None:
    _, answer = api().get(DETAILS, f"campaign_id=c{asked}")
    assert (answer["name"], answer["has_post_launch_draft"]) == ("C", False)


# copies


def copies(braze: Client) -> list[dict[str, Any]]:
    return [one for one in table(braze, "campaigns") if one["id"] != "c"]


def duplicate(braze: Client, **more: Any) -> None:
    assert braze.post("/campaigns/duplicate", {"campaign_id": "c", "name": "Copy", **more}) == (
        202, {"message": "success"},
    )  # fmt: skip


def test_duplicate_campaign_makes_a_draft_with_ids_of_its_own() -> None:
    braze = api(description="d", tags=["sale"], archived=True, created_at="2025-01-01")
    duplicate(braze)
    [copy] = copies(braze)
    shown = braze.get(DETAILS, f"campaign_id={copy['id']}")[1]
    assert {name: shown[name] for name in ("name", "description", "tags", "draft", "archived", "created_at")} == {
        "name": "Copy", "description": "d", "tags": ["sale"], "draft": True, "archived": False,
        "created_at": "2026-01-01T12:00:00.000Z",
    }  # fmt: skip
    [message] = copy["messages"]
    assert (message["id"] != "card", message["title"]) == (True, "t")


def test_duplicate_campaign_sends_nothing() -> None:
    braze = started({"messages": [CARD]})
    duplicate(braze)
    track(braze)
    assert sorted(outcomes(braze)) == ["not_sent", "sent"]


def test_duplicate_campaign_takes_tags_that_are_there() -> None:
    braze = api(tags=["sale", "old"])
    duplicate(braze, tag_names=["old"], description="")
    assert (copies(braze)[0]["tags"], copies(braze)[0]["description"]) == (["old"], "")
    duplicate(braze, tag_names=[])
    assert sorted(one["tags"] for one in copies(braze)) == [[], ["old"]]


def test_duplicate_campaign_is_applied_later_where_the_workspace_says_so() -> None:
    braze = started({"messages": [CARD]}, settings={"asynchrony": {"policy": "manual"}})
    duplicate(braze)
    assert (copies(braze), braze.fates) == ([], [("", "applied_later")])


# the trigger


def test_trigger_campaign_gives_a_recipient_the_properties() -> None:
    braze = api()
    answer = trigger(braze, {"external_user_id": "ada", "trigger_properties": {"code": "A1"}})
    assert texts(braze) == ["ada/A1/"]
    [message] = table(braze, "messages")
    assert message["dispatch_id"] == answer["dispatch_id"]
    assert table(braze, "decisions")[0]["trigger"] == {"kind": "campaign", "name": "c"}


def test_trigger_campaign_prefers_the_recipients_own_properties_key_by_key() -> None:
    braze = api(messages=[{**CARD, "description": "{{api_trigger_properties.${a}}}{{api_trigger_properties.${b}}}"}])
    trigger(braze, {"external_user_id": "ada", "trigger_properties": {"a": 1}}, trigger_properties={"a": 0, "b": 0})
    assert texts(braze) == ["10"]


def test_trigger_campaign_writes_attributes_first() -> None:
    braze = api()
    trigger(braze, {"external_user_id": "ada", "attributes": {"plan": "gold"}})
    assert texts(braze) == ["ada//gold"]
    assert braze.fates == []


def test_trigger_campaign_makes_a_user_where_that_is_wanted() -> None:
    braze = api()
    trigger(braze, {"external_user_id": "new", "send_to_existing_only": False, "attributes": {"plan": "tin"}})
    assert texts(braze) == ["new//tin"]
    assert braze.fates == [("/recipients/0/external_user_id", "created_profile")]


def test_trigger_campaign_tells_of_attributes_at_their_place() -> None:
    braze = api()
    trigger(braze, {"external_user_id": "ada", "attributes": {"country": "nowhere"}})
    assert braze.fates == [("/recipients/0/attributes/country", "country_unknown")]


def test_trigger_campaign_names_attributes_that_are_refused_and_goes_on() -> None:
    braze = api()
    group = {"subscription_group_id": "none", "subscription_state": "subscribed"}
    answer = trigger(
        braze, {"external_user_id": "ada", "attributes": {"subscription_groups": [group]}}, {"external_user_id": "bob"},
        {"external_user_id": "new", "send_to_existing_only": False, "attributes": {"plan": "tin"}},
    )  # fmt: skip
    assert answer["errors"] == [{"type": "BAD_SUBSCRIPTION_GROUP_ID", "input_array": "recipients", "index": 0}]
    assert texts(braze) == ["new//tin"]


def test_trigger_campaign_keeps_the_last_of_duplicates() -> None:
    braze = api()
    braze_id = table(braze, "profiles")[0]["braze_id"]
    trigger(braze, {"external_user_id": "ada", "trigger_properties": {"code": 1}},
            {"braze_id": braze_id, "trigger_properties": {"code": 2}})  # fmt: skip
    assert texts(braze) == ["ada/2/"]
    assert braze.fates == [("/recipients/0", "recipient_repeated")]


TWO = [
    {"external_id": "a", "email": "x@example.com"},
    {"user_aliases": [{"alias_name": "n", "alias_label": "l"}], "email": "x@example.com"},
]


@pytest.mark.parametrize(
    ("recipient", "found", "fates"),
    [
        ({"user_alias": {"alias_name": "n", "alias_label": "l"}}, ["//"], []),
        ({"email": "x@example.com", "prioritization": ["identified"]}, ["a//"], []),
        ({"email": "x@example.com", "prioritization": ["unidentified", "most_recently_updated"]}, ["//"], []),
        ({"email": "y@example.com", "prioritization": ["identified"]}, [], [("/recipients/0/email", "no_match")]),
        ({"external_user_id": 7}, [], [("/recipients/0/external_user_id", "coerced_to_text"),
                                       ("/recipients/0/external_user_id", "no_match")]),
        ({"braze_id": "x"}, [], [("/recipients/0/braze_id", "no_match")]),
    ],
)  # fmt: skip
def test_trigger_campaign_finds_recipients(recipient: Any, found: list[str], fates: list[Any]) -> None:
    braze = started({"trigger": {"api": True}, "messages": [CARD]}, profiles=TWO)
    trigger(braze, recipient)
    assert (texts(braze), braze.fates) == (found, fates)


GOLD = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
PEOPLE = [
    {"external_id": "a", "custom_attributes": {"plan": "gold"}},
    {"external_id": "b", "custom_attributes": {"plan": "tin"}},
    {"external_id": "c", "custom_attributes": {"plan": "gold"}, "email_subscribe": "unsubscribed"},
]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"broadcast": True}, {"a", "b", "c"}),
        ({"broadcast": True, "audience": GOLD}, {"a", "c"}),
        ({"recipients": [{"external_user_id": "a"}, {"external_user_id": "b"}], "audience": GOLD}, {"a"}),
    ],
)
def test_trigger_campaign_sends_to_an_audience(more: dict[str, Any], found: set[str]) -> None:
    braze = started({"trigger": {"api": True}, "messages": [CARD]}, profiles=PEOPLE)
    trigger(braze, **more)
    assert {one["external_id"] for one in table(braze, "messages")} == found


def test_trigger_campaign_checks_the_campaigns_own_audience_too() -> None:
    audience = {"email_subscription_status": {"comparison": "is_not", "value": "unsubscribed"}}
    braze = started({"trigger": {"api": True}, "messages": [CARD], "audience": audience}, profiles=PEOPLE)
    trigger(braze, broadcast=True, audience=GOLD)
    assert {one["external_id"]: one["outcome"] for one in table(braze, "decisions")} == {"a": "sent", "c": "not_sent"}


def test_trigger_campaign_counts_broadcasts_in_a_bucket_of_their_own() -> None:
    braze = api()
    body = {"campaign_id": "c", "broadcast": True}
    assert braze.send("POST", TRIGGER, body).headers["X-RateLimit-Limit"] == "250"
    body = {"campaign_id": "c", "recipients": [{"external_user_id": "ada"}]}
    assert braze.send("POST", TRIGGER, body).headers["X-RateLimit-Limit"] == "250000"


def test_trigger_campaign_sends_webhooks_under_its_trace() -> None:
    braze = started({"trigger": {"api": True}, "messages": [HOOK]})
    trigger(braze, {"external_user_id": "ada"})
    assert len(out(braze)) == 1 and outcomes(braze) == ["sent"]
    assert len({entry.trace for entry in braze.entries}) == 1


MAIL = {"channel": "email", "app_id": "a", "from": "S <s@example.com>", "subject": "s", "body": "b",
        "attachments": [{"file_name": "own", "url": "https://example.com/own"}]}  # fmt: skip
BILL = {"file_name": "bill", "url": "https://example.com/bill"}


def test_trigger_campaign_attaches_to_its_emails() -> None:
    braze = started({"trigger": {"api": True}, "messages": [{"id": "m", **MAIL}]})
    trigger(braze, {"external_user_id": "ada"}, attachments=[BILL])
    [message] = table(braze, "messages")
    assert message["content"]["attachments"] == [*MAIL["attachments"], BILL]
    body = {"campaign_id": "c", "recipients": [{"external_user_id": "ada"}],
            "attachments": [{**BILL, "file_name": "bill.pdf"}]}  # fmt: skip
    status, answer = braze.post(TRIGGER, body)
    assert status == 400 and answer["message"].startswith("The file_name field for email attachments must not contain")


def test_get_campaign_shows_whats_app_and_in_app_messages() -> None:
    template = {"template_name": "t", "template_language_code": "en"}
    base = {"channel": "whats_app", "app_id": "a", "subscription_group_id": "g"}
    messages = [
        {"id": "t", **base, "message_type": "template_message", "message": template},
        {"id": "r", **base, "message_type": "text_response_message", "message": {"body": "Hi"}},
        {"id": "i", "channel": "in_app_message", "message": "Hi", "extras": {"k": "v"}},
    ]
    braze = started({"messages": messages})
    body = braze.get("/campaigns/details", "campaign_id=c")[1]
    assert body["channels"] == ["whats_app", "in_app_message"]
    shown = {key: {k: v for k, v in one.items() if k != "name"} for key, one in body["messages"].items()}
    assert shown == {
        "t": {"channel": "whats_app", "subscription_group_id": "g", **template},
        "r": {
            "channel": "whats_app",
            "subscription_group_id": "g",
            "layout": "text_response_message",
            "body_text": "Hi",
        },
        "i": {"channel": "in_app_message", "message": "Hi", "extras": {"k": "v"}},
    }
