"""Rendering, delivery, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import faults
from emulator.messaging import dispatcher
from emulator.messaging.dispatcher import MAX_CHAIN
from tests.conftest import Client
from tests.messaging.sends import EVENT, HOOK, advance, decisions, out, outcomes, started, table, track

TARGET = "https://rest.iad-01.braze.com/users/alias/new"
INKIT = "https://internal.inkit.io/integrations/webhook"
USERS = "https://rest.iad-01.braze.com/users/export/ids"


def hook(**fields: Any) -> dict[str, Any]:
    return {"messages": [{**HOOK, **fields}]}


def break_braze(braze: Client, status: int, times: int | None = None, **more: Any) -> None:
    when = {"service": "braze", "operation": "create_alias"}
    fault = faults.parse({"when": when, "status": status, "times": times, **more}, "down")
    braze.emulator.workspaces.default.faults.append(fault)


# the request


def test_bytes_and_headers_travel_as_they_are_rendered() -> None:
    braze = started(hook(
        url=" {{'https://internal.inkit.io'}}/integrations/webhook\n",
        request_headers={"X-Name": "Basic {{'a' | base64_encode}}", "Content-Type": "application/json"},
        body='{ "first_name":  "{{${first_name}}}" ,\r\n// é\n}',
    ))  # fmt: skip
    track(braze)
    [entry] = out(braze)
    assert entry.path == INKIT
    assert entry.request_body == '{ "first_name":  "Ada" ,\r\n// é\n}'.encode()
    assert entry.request_headers == {
        "user-agent": "Braze Sender 1.0.0", "x-name": "Basic YQ==", "content-type": "application/json",
    }  # fmt: skip
    assert entry.note.startswith("url: white space around it is taken off; body, line 1: trailing comma")
    assert "body, line 2: comment line (//): JSON has no comments" in entry.note


@pytest.mark.parametrize(
    ("method", "body", "kind"),
    [("POST", '{"a": 1}', "application/json"), ("POST", "a=1", "application/x-www-form-urlencoded"), ("GET", "x", "")],
)
def test_the_content_type_is_inferred_and_a_get_has_no_body(method: str, body: str, kind: str) -> None:
    braze = started(hook(request_method=method, body=body, request_headers={}))
    track(braze)
    [entry] = out(braze)
    assert entry.request_headers.get("content-type", "") == kind
    assert bool(entry.request_body) is (method != "GET")


def test_fields_are_rendered_apart() -> None:
    braze = started(hook(request_headers={"X-A": "{% assign a = 'one' %}{{a}}"}, body="[{{a}}]"))
    track(braze)
    [entry] = out(braze)
    assert (entry.request_headers["x-a"], entry.request_body) == ("one", b"[]")


def test_the_context_of_a_message() -> None:
    body = (
        "{{${user_id}}}|{{custom_attribute.${plan}}}|{{custom_attribute.${since} | date: '%Y'}}|{{campaign.${name}}}"
        "|{{campaign.${api_id}}}|{{campaign.${message_name}}}|{{subscribed_state.${email_global}}}"
        "|{{subscribed_state.${news}}}|{{content_blocks.${sig}}}|{{'now' | date: '%s'}}|{{campaign.${dispatch_id}}}"
    )
    profile = {
        "external_id": "ada", "custom_attributes": {"plan": "gold", "since": "2020-05-01"},
        "subscription_groups": {"news": "subscribed"},
    }  # fmt: skip
    braze = started(
        hook(body=body),
        profiles=[profile],
        content_blocks=[{"name": "sig", "content": "-- {{${user_id}}}"}],
        subscription_groups=[{"id": "news", "name": "News", "channel": "email"}],
    )
    track(braze)
    *parts, dispatch_id = out(braze)[0].request_body.decode().split("|")
    assert parts == ["ada", "gold", "2020", "C", "c", "Copy", "subscribed", "subscribed", "-- ada", "1767268800"]
    assert dispatch_id == table(braze, "decisions")[0]["dispatch_id"]


@pytest.mark.parametrize("template", ["{% if %}", "{{ 1 | divided_by: 0 }}"])
def test_a_template_in_error_is_not_sent(template: str) -> None:
    braze = started(hook(body=template))
    track(braze)
    [(outcome, reason)] = decisions(braze)
    assert (outcome, out(braze)) == ("aborted", [])
    assert reason.startswith("body: Liquid")
    assert table(braze, "message_activity")[0]["abort_type"] == "template_parse_error"


# where it goes


def test_nothing_leaves_the_machine_unless_it_is_allowed() -> None:
    braze = started(hook(url="https://example.com:8443/x"))
    track(braze)
    [entry] = out(braze)
    assert entry.status == 0
    assert "Braze calls the ports 80 and 443 only, not 8443" in entry.note
    assert "--allow-hosts example.com" in entry.note
    assert outcomes(braze) == ["failed"]


@pytest.mark.parametrize("status", [301, 302, 400, 404])
def test_a_final_answer_is_not_tried_again(status: int) -> None:
    braze = started(hook(url=TARGET))
    break_braze(braze, status, headers={"Location": "https://rest.iad-01.braze.com/"})
    track(braze)
    assert advance(braze, 7200) == 0
    assert decisions(braze) == [("failed", f"answered {status}")]


@pytest.mark.parametrize("status", [408, 429, 500, 501, 503, 599])
def test_others_are_tried_five_times_in_about_half_an_hour(status: int) -> None:
    braze = started(hook(url=TARGET))
    break_braze(braze, status)
    track(braze)
    said = f"{status} Connection Error" if status == 599 else status
    assert decisions(braze) == [("sending", f"answered {said}; next attempt in 30 s")]
    advance(braze, 3600)
    began = out(braze)[0].time
    assert [entry.time - began for entry in out(braze)] == [0, 30, 150, 630, 1830]
    assert decisions(braze) == [("failed", f"answered {said}; exhausted_retries after 5 attempts")]
    [message] = table(braze, "messages")
    assert [one["status"] for one in message["attempts"]] == [status] * 5


def test_a_retry_that_succeeds_ends_it() -> None:
    braze = started(hook(url=TARGET))
    break_braze(braze, 503, times=1)
    track(braze)
    advance(braze, 30)
    assert [entry.request_body for entry in out(braze)] == [out(braze)[0].request_body] * 2
    assert table(braze, "messages")[0]["attempts"][0]["status"] == 503


def test_the_schedule_is_a_setting() -> None:
    braze = started(hook(url=TARGET), settings={"webhooks": {"retry_seconds": [1, 2]}})
    break_braze(braze, 503)
    track(braze)
    advance(braze, 3600)
    began = out(braze)[0].time
    assert [entry.time - began for entry in out(braze)] == [0, 1, 3]


def test_retry_after_is_waited_for() -> None:
    braze = started(hook(url=TARGET))
    break_braze(braze, 429, times=1, headers={"Retry-After": "100"})
    track(braze)
    assert advance(braze, 99) == 0
    assert advance(braze, 1) == 1


# Connected Content

FETCH = (
    "{% connected_content https://rest.iad-01.braze.com/users/export/ids :method post :content_type application/json"
    ' :headers {"Authorization": "Bearer k"} :body {"external_ids":["ada"]} :save found OPTION %}'
    "[{{found.users[0].first_name}}]"
)


def test_connected_content_asks_the_emulator_itself() -> None:
    braze = started(hook(body=FETCH.replace("OPTION", "")))
    trace = track(braze)
    fetched, posted = out(braze)
    assert (fetched.operation, fetched.path, fetched.status) == ("connected_content", USERS, 201)
    assert fetched.request_headers["x-braze-sender-version"]
    assert posted.request_body == b"[Ada]"
    assert {entry.trace for entry in braze.entries} == {trace}


def test_connected_content_of_another_host_is_refused_and_the_message_goes_on() -> None:
    braze = started(hook(body="{% connected_content https://example.com/x :save y %}[{{y}}]"))
    track(braze)
    fetched, posted = out(braze)
    assert fetched.status == 0 and "--allow-hosts example.com" in fetched.note
    assert posted.request_body == b"[]"


def test_an_answer_is_cached_on_the_clock_of_the_workspace() -> None:
    call = (
        'connected_content https://rest.iad-01.braze.com/segments/list :headers {"Authorization": "Bearer k"} :save y'
    )
    get = f"{{% {call} %}}[{{{{y.message}}}}]"
    braze = started({**hook(body=get), "reeligibility_seconds": 0})
    for wait in (0, 299, 1):
        advance(braze, wait)
        track(braze)
    fetched = [entry.time for entry in out(braze) if entry.operation == "connected_content"]
    assert [time - fetched[0] for time in fetched] == [0, 300]


def test_failing_connected_content_with_retry_renders_again_and_then_aborts() -> None:
    braze = started(hook(body=FETCH.replace("OPTION", ":retry")))
    when = {"service": "braze", "operation": "export_users_by_id"}
    broken = faults.parse({"when": when, "status": 500, "times": None}, "x")
    braze.emulator.workspaces.default.faults.append(broken)
    track(braze)
    assert outcomes(braze) == ["waiting"]
    advance(braze, 7200)
    assert [entry.operation for entry in out(braze)] == ["connected_content"] * 6
    assert outcomes(braze) == ["aborted"]
    assert table(braze, "message_activity")[-1]["abort_type"] == "exhausted_cc_retries"


def test_connected_content_that_recovers_is_sent_once() -> None:
    braze = started(hook(body=FETCH.replace("OPTION", ":retry")))
    when = {"service": "braze", "operation": "export_users_by_id"}
    braze.emulator.workspaces.default.faults.append(faults.parse({"when": when, "status": 500, "times": 1}, "x"))
    track(braze)
    advance(braze, 30)
    assert [entry.operation for entry in out(braze)] == ["connected_content"] * 2 + ["webhook"]
    assert outcomes(braze) == ["failed"]  # [Ada] is no body of users/track


# other channels

APPS = [
    {"id": "ios", "name": "I", "platform": "iOS"},
    {"id": "and", "name": "A", "platform": "Android"},
    {"id": "web", "name": "W", "platform": "Web"},
]
GROUPS = [{"id": "texts", "name": "Texts", "channel": "sms"}]
TOKENS = [{"app_id": "ios", "token": "t1", "device_id": "device-1"}]
EMAIL = {"channel": "email", "app_id": "a", "from": "B <b@example.com>", "subject": "Hi {{${first_name}}}", "body": "b"}
SMS = {"channel": "sms", "subscription_group_id": "texts", "app_id": "a", "body": "Hi {{${first_name}}}"}
IOS = {
    "channel": "apple_push",
    "alert": {"title": "Hi {{${first_name}}}", "body": "b"},
    "extra": {"k": "{{${user_id}}}"},
}
ANDROID = {"channel": "android_push", "title": "t", "alert": "Hi {{${first_name}}}"}
CARD = {"channel": "content_card", "type": "CLASSIC", "title": "t", "description": "d {{${first_name}}}",
        "time_to_live": 60}  # fmt: skip
PHONE = "+14155552671"
IN_APP = {"channel": "in_app_message", "message": "Hi {{${first_name}}}", "type": "modal", "extras": {"k": "v"}}
WHATS_APP = {"channel": "whats_app", "app_id": "a", "subscription_group_id": "texts",
             "message_type": "text_response_message", "message": {"body": "Hi {{${first_name}}}"}}  # fmt: skip
REACH: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], Any]] = {
    "e-mail": (EMAIL, {}, {}, "ada@example.com"),
    "e-mail, opted in": (EMAIL, {"email_subscribe": "opted_in"}, {}, "ada@example.com"),
    "no e-mail": (EMAIL, {"email": None}, {}, "the profile has no e-mail address"),
    "unsubscribed": (EMAIL, {"email_subscribe": "unsubscribed"}, {},
                     "email_subscribe is unsubscribed, and subscribed is wanted"),
    "bounced": (EMAIL, {}, {"hard_bounces": [{"email": "ada@example.com"}]}, "ada@example.com hard bounced"),
    "spam": (EMAIL, {}, {"spam_reports": [{"email": "ada@example.com"}]},
             "ada@example.com reported a message as spam"),
    "SMS": (SMS, {"phone": PHONE, "subscription_groups": {"texts": "subscribed"}}, {}, PHONE),
    "no phone": (SMS, {}, {}, "the profile has no phone number"),
    "not in the group": (SMS, {"phone": PHONE}, {}, "the user is unknown in the subscription group texts"),
    "invalid number": (SMS, {"phone": PHONE, "subscription_groups": {"texts": "subscribed"}},
                       {"invalid_phone_numbers": [{"phone": PHONE}]}, f"{PHONE} is an invalid number"),
    "iOS": (IOS, {"push_tokens": TOKENS}, {}, ["t1"]),
    "no token": (IOS, {}, {}, "the profile has no push token for ios"),
    "another platform": (ANDROID, {"push_tokens": TOKENS}, {}, "the profile has no push token for android"),
    "push off": (IOS, {"push_tokens": TOKENS, "push_subscribe": "unsubscribed"}, {},
                 "push_subscribe is unsubscribed, and subscribed is wanted"),
    "card": (CARD, {}, {}, "ada"),
    "in-app": (IN_APP, {}, {}, "ada"),
    "WhatsApp": (WHATS_APP, {"phone": PHONE, "subscription_groups": {"texts": "subscribed"}}, {}, PHONE),
    "WhatsApp, not in the group": (WHATS_APP, {"phone": PHONE}, {},
                                   "the user is unknown in the subscription group texts"),
}  # fmt: skip


@pytest.mark.parametrize("name", REACH)
def test_a_channel_reaches_a_user_or_says_why_not(name: str) -> None:
    message, fields, seed, expected = REACH[name]
    profile = {"external_id": "ada", "first_name": "Ada", "email": "ada@example.com", **fields}
    profile = {key: value for key, value in profile.items() if value is not None}
    braze = started({"messages": [{"id": "m", **message}]}, profiles=[profile], apps=APPS, subscription_groups=GROUPS,
                    **seed)  # fmt: skip
    track(braze)
    assert out(braze) == []
    if decisions(braze)[0][0] == "not_sent":
        assert decisions(braze)[0][1] == expected and table(braze, "messages") == []
        return
    [sent] = table(braze, "messages")
    assert (sent["recipient"], sent["status"], sent["channel"]) == (expected, "sent", message["channel"])
    assert "Ada" in str(sent["content"]) and "{{" not in str(sent["content"])


def test_all_states_may_be_wanted() -> None:
    profile = {"external_id": "ada", "email": "ada@example.com", "email_subscribe": "unsubscribed"}
    one = {"messages": [{"id": "m", **EMAIL}], "recipient_subscription_state": "all", "trigger": EVENT}
    braze = started(one, profiles=[profile])
    track(braze)
    assert outcomes(braze) == ["sent"]


def test_message_extras_are_kept() -> None:
    braze = started({"messages": [{"id": "m", **CARD, "title": "{% message_extras :key a :value b %}t"}]})
    track(braze)
    assert table(braze, "messages")[0]["extras"] == {"a": "b"}


def test_the_log_holds_twenty_entries_of_a_kind_an_hour() -> None:
    braze = started({**hook(body="{% abort_message %}"), "reeligibility_seconds": 0})
    for _ in range(25):
        track(braze)
    assert len(table(braze, "message_activity")) == 20
    advance(braze, 3600)
    track(braze)
    assert len(table(braze, "message_activity")) == 21
    assert len(outcomes(braze)) == 26


def test_a_campaign_that_starts_itself_is_cut() -> None:
    event = '{"events": [{"external_id": "ada", "name": "seen", "time": "2026-01-01T12:00:00Z"}]}'
    braze = started({**hook(body=event), "reeligibility_seconds": 0})
    track(braze)
    assert len(out(braze)) == MAX_CHAIN + 1
    assert "this looks like a loop" in out(braze)[-1].note
    assert outcomes(braze)[-1] == "failed"


def test_a_campaign_that_starts_itself_twice_is_cut_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "MAX_CAUSED", 40)
    event = '{"external_id": "ada", "name": "seen", "time": "2026-01-01T12:00:00Z"}'
    braze = started({**hook(body=f'{{"events": [{event}, {event}]}}'), "reeligibility_seconds": 0})
    track(braze)
    sent = [entry for entry in out(braze) if entry.status == 201]
    assert len(sent) == 1 + 2 + 40 and len(out(braze)) < 1 + 2 + 40 * 3
    assert out(braze)[-1].note.endswith("40 messages were caused at once by other messages; this looks like a loop")
    track(braze)
    assert len([entry for entry in out(braze) if entry.status == 201]) == 2 * len(sent)


def test_a_bomb_in_a_message_is_no_bomb_for_the_call() -> None:
    body = "{% for a in (1..90000) %}{% for b in (1..90000) %}x{% endfor %}{% endfor %}"
    braze = started(hook(body=body))
    track(braze)
    assert outcomes(braze) == ["aborted"]
