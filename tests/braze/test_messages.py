"""Messages that a call itself holds, and identifiers of sends."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.explaining.arrivals import arrivals
from tests.conftest import Client, client
from tests.messaging.sends import advance, outcomes, started, table

SEND = "/messages/send"
MAIL = {"app_id": "app", "from": "S <s@example.com>", "subject": "Hi {{${user_id}}}", "body": "b"}
CARD = {"type": "CLASSIC", "title": "{{${user_id}}}", "description": "d", "time_to_live": 60}
HOOK = {"url": "https://rest.iad-01.braze.com/users/track", "request_method": "POST", "body": "{}"}
PUSHES = {
    "apple_push": {"alert": "a"},
    "android_push": {"alert": "a", "title": "t"},
    "kindle_push": {"alert": "a", "title": "t"},
    "web_push": {"alert": "a", "title": "t"},
}
SMS = {"subscription_group_id": "texts", "body": "b", "app_id": "a"}
PEOPLE: list[dict[str, Any]] = [
    {"external_id": "a", "email": "a@example.com", "phone": "+14155552671",
     "subscription_groups": {"texts": "subscribed"},
     "push_tokens": [{"app_id": one, "token": one, "device_id": f"device-{one}"} for one in ("i", "g", "k", "w")]},
    {"external_id": "b", "email": "b@example.com", "email_subscribe": "unsubscribed"},
    {"external_id": "c", "email": "c@example.com", "email_subscribe": "opted_in"},
]  # fmt: skip
PLATFORMS = {"i": "iOS", "g": "Android", "k": "Kindle", "w": "Web"}


def people(*campaigns: dict[str, Any]) -> Client:
    return started(
        list(campaigns) or [{}],
        profiles=PEOPLE,
        apps=[{"id": id, "name": id, "platform": platform} for id, platform in PLATFORMS.items()],
        subscription_groups=[{"id": "texts", "name": "T", "channel": "sms"}],
        segments=[{"id": "ab", "name": "AB", "filters": {"profiles": ["a", "b"]}}],
    )


def send(braze: Client, **body: Any) -> dict[str, Any]:
    status, answer = braze.post(SEND, body)
    assert status == 201, answer
    return dict(answer)


def reached(braze: Client) -> list[str]:
    return sorted(one["external_id"] for one in table(braze, "messages"))


def test_send_messages_of_every_channel() -> None:
    braze = people()
    messages = {"webhook": HOOK, "email": MAIL, "content_card": CARD, "sms": SMS, **PUSHES}
    answer = send(braze, external_user_ids=["a"], messages=messages)
    found = table(braze, "messages")
    assert {one["channel"] for one in found} == messages.keys()
    assert {one["dispatch_id"] for one in found} == {answer["dispatch_id"]}
    assert {one["channel"]: one["recipient"] for one in found} == {
        "webhook": "a", "content_card": "a", "email": "a@example.com", "sms": "+14155552671",
        "apple_push": ["i"], "android_push": ["g"], "kindle_push": ["k"], "web_push": ["w"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "found"), [({}, ["a", "c"]), ({"recipient_subscription_state": "opted_in"}, ["c"]),
                         ({"recipient_subscription_state": "all"}, ["a", "b", "c"])],
)  # fmt: skip
def test_send_messages_heeds_the_subscription_state(state: dict[str, str], found: list[str]) -> None:
    braze = people()
    send(braze, external_user_ids=["a", "b", "c"], messages={"email": MAIL}, **state)
    assert reached(braze) == found


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ({"broadcast": True}, ["a", "b", "c"]),
        ({"broadcast": True, "segment_id": "ab"}, ["a", "b"]),
        ({"external_user_ids": ["b", "c"], "segment_id": "ab"}, ["b"]),
        ({"broadcast": True, "segment_id": "ab", "audience": {
            "email_subscription_status": {"comparison": "is", "value": "unsubscribed"}}}, ["b"]),
    ],
)  # fmt: skip
def test_send_messages_to_a_segment_or_audience(who: dict[str, Any], found: list[str]) -> None:
    braze = people()
    send(braze, messages={"content_card": CARD}, **who)
    assert reached(braze) == found


def test_send_messages_tells_of_users_who_are_not_there_or_not_in_the_segment() -> None:
    braze = people()
    send(braze, external_user_ids=["c", "x"], segment_id="ab", messages={"content_card": CARD})
    assert sorted(braze.fates) == [("/external_user_ids/0", "not_in_audience"), ("/external_user_ids/1", "no_match")]


def test_a_campaign_of_null_is_none() -> None:
    clock = {"now": "2026-01-31T12:00:00Z", "frozen": True}
    braze = client({"clock": clock, "profiles": [{"external_id": "a", "email": "a@example.com"}]})
    send(braze, external_user_ids=["a"], campaign_id=None, messages={"email": MAIL})
    schedule = {"time": "2026-02-01T12:00:00Z"}
    body = {"external_user_ids": ["a"], "campaign_id": None, "messages": {"email": MAIL}, "schedule": schedule}
    assert braze.post("/messages/schedule/create", body)[0] == 201
    advance(braze, 40 * 86400)
    assert [one["campaign_id"] for one in table(braze, "messages")] == ["", ""]


def test_send_messages_of_a_campaign_counts_for_it() -> None:
    announced = {"id": "api", "name": "A", "is_api_campaign": True, "messages": [{"id": "m", "channel": "email"}]}
    groups = [{"id": "texts", "name": "T", "channel": "sms"}]
    braze = client({"profiles": PEOPLE, "subscription_groups": groups, "campaigns": [announced]})
    mail = {**MAIL, "message_variation_id": "m", "body": "{{campaign.${api_id}}}"}
    send(braze, external_user_ids=["a"], campaign_id="api", messages={"email": mail})
    [message] = table(braze, "messages")
    assert (message["campaign_id"], message["message_id"], message["content"]["body"]) == ("api", "m", "api")
    assert braze.get("/campaigns/details", "campaign_id=api")[1]["first_sent"]


def test_send_messages_again_and_again() -> None:
    braze = people()
    for _ in range(2):
        send(braze, external_user_ids=["a"], messages={"content_card": CARD})
    assert outcomes(braze) == ["sent", "sent"]


def test_send_messages_that_abort_are_in_the_log() -> None:
    braze = people()
    send(braze, external_user_ids=["a"], messages={"content_card": {**CARD, "title": "{% abort_message('no') %}"}})
    assert outcomes(braze) == ["aborted"]
    assert table(braze, "message_activity")[0]["reason"] == "title: no"


WHATS_APP: dict[str, Any] = {
    "template_message": {"template_name": "t", "template_language_code": "en",
                         "body_variables": {"0": "{{${user_id}}}"}},
    "text_response_message": {"body": "Hi {{${user_id}}}", "preview_url": True},
    "text_image_response_message": {"image_uri": "https://i", "caption": "{{${user_id}}}"},
    "quick_reply_response_message": {"body": "{{${user_id}}}", "header_text": "h", "buttons": [{"text": "Yes"}]},
    "list_response_message": {
        "body": "{{${user_id}}}",
        "list": {"list_button_text": "l",
                 "list_sections": [{"section_title": "s", "list_rows": [{"row_title": "r", "row_description": "d"}]}]},
    },
    "flow_response_message": {"body": "{{${user_id}}}", "flow_button": {"caption": "Start", "flow_id": "f"}},
}  # fmt: skip


def whats_app(kind: str, message: Any) -> dict[str, Any]:
    return {"whats_app": {"app_id": "a", "subscription_group_id": "texts", "message_type": kind, "message": message}}


@pytest.mark.parametrize("kind", WHATS_APP)
def test_send_messages_by_whats_app(kind: str) -> None:
    braze = people()
    send(braze, external_user_ids=["a", "b"], messages=whats_app(kind, WHATS_APP[kind]))
    [message] = table(braze, "messages")
    assert (message["recipient"], message["channel"]) == ("+14155552671", "whats_app")
    assert "{{" not in str(message["content"])
    assert [one["reason"] for one in table(braze, "decisions")][1] == "the profile has no phone number"
    assert arrivals(message)[0]["type"] == kind


@pytest.mark.parametrize(
    ("kind", "changes", "error"),
    [
        ("template_message", {"template_name": None}, "'template_name' is required"),
        ("template_message", {"header_variables": {"0": "a", "1": "b"}}, "'header_variables' is not valid"),
        ("text_response_message", {"body": None}, "'body' is required"),
        ("text_image_response_message", {"image_uri": None}, "'image_uri' is required"),
        ("quick_reply_response_message", {"header_image_uri": "https://i"},
         "Only one of 'header_image_uri' and 'header_text' can be given"),
        ("quick_reply_response_message", {"buttons": [{}]}, "'text' is required"),
        ("list_response_message", {"list": {"list_button_text": "l", "list_sections": []}},
         "'list_sections' is not valid"),
        ("flow_response_message", {"flow_button": {"caption": "c"}}, "'flow_id' is required"),
        ("no_message", {}, "'message_type' is not valid"),
    ],
)  # fmt: skip
def test_send_messages_by_whats_app_that_are_not_whole(kind: str, changes: dict[str, Any], error: str) -> None:
    message = {**WHATS_APP.get(kind, {}), **changes}
    message = {name: value for name, value in message.items() if value is not None}
    body = {"external_user_ids": ["a"], "messages": whats_app(kind, message)}
    assert people().post(SEND, body) == (400, {"message": error})


NO_EXTENSION = (
    "The file_name field for email attachments must not contain an extension. We will supply the correct extension"
    " based on the content-type of the url."
)


@pytest.mark.parametrize(("name", "status"), [("bill", 201), ("bill.pdf", 400), ("No. 7", 201), ("v1.2 of it", 201)])
def test_send_messages_with_an_attachment(name: str, status: int) -> None:
    braze = people()
    mail = {**MAIL, "attachments": [{"file_name": name, "url": "https://example.com/{{${user_id}}}.pdf"}]}
    answered, body = braze.post(SEND, {"external_user_ids": ["a"], "messages": {"email": mail}})
    assert answered == status
    if status == 400:
        assert body == {"message": NO_EXTENSION}
    else:
        [message] = table(braze, "messages")
        attached = arrivals(message)[0]["attachments"]
        assert attached == [{"name": name, "url": "https://example.com/a.pdf", "size": None}]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [({"subject": None}, "not_sent"), ({"body": None}, "not_sent"), ({}, "sent")],
)
def test_send_messages_that_take_something_from_an_email_template(fields: dict[str, Any], outcome: str) -> None:
    """What the message says itself counts before the template (documented)."""
    mail = {name: value for name, value in {**MAIL, **fields, "email_template_id": "tmpl"}.items() if value is not None}
    braze = people()
    send(braze, external_user_ids=["a"], messages={"email": mail})
    [decision] = table(braze, "decisions")
    assert decision["outcome"] == outcome
    if outcome == "not_sent":
        assert decision["reason"] == "e-mail templates are not emulated, and 'tmpl' is one: write subject and body out"


def test_create_send_id_of_ones_own_is_known_to_later_sends() -> None:
    braze = people({"trigger": {"api": True}, "messages": []})
    body = {"campaign_id": "c", "send_id": "spring", "broadcast": True}
    assert braze.post("/campaigns/trigger/send", body)[1]["send_id"] == "spring"
    assert braze.fates == [("/send_id", "send_id_unknown")]
    assert braze.post("/sends/id/create", {"campaign_id": "c", "send_id": "spring"})[1]["send_id"] == "spring"
    braze.post("/campaigns/trigger/send", body)
    assert braze.fates == []


def test_create_send_id_makes_one_that_is_new_each_time() -> None:
    braze = people({"trigger": {"api": True}})
    made = {braze.post("/sends/id/create", {"campaign_id": "c"})[1]["send_id"] for _ in range(3)}
    assert len(made) == 3 and len(table(braze, "send_ids")) == 3
