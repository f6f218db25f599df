"""Transactional e-mail: one message to one user, and the postbacks that tell its status."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from emulator.state import transactional
from tests.conftest import Client, client
from tests.messaging.sends import NOW, advance, decisions, out, table

SEND = "/transactional/v1/campaigns/order/send"
URL = "https://rest.iad-01.braze.com/postbacks"
"""An address that the emulator answers itself (with a 404, which is final)."""
AT = "2026-01-01T12:00:00.000+00:00"
MAIL = {"id": "mail", "channel": "email", "app_id": "app", "from": "S <s@example.com>",
        "subject": "Order {{api_trigger_properties.${order}}}", "body": "For {{${first_name}}}"}  # fmt: skip
PEOPLE = [
    {"external_id": "ada", "first_name": "Ada", "email": "ada@example.com", "email_subscribe": "unsubscribed"},
    {"external_id": "bob"},
    {"external_id": "cid", "email": "cid@example.com", "user_aliases": [{"alias_name": "c", "alias_label": "l"}]},
]


def shop(postback_url: str | None = URL, message: dict[str, Any] = MAIL, **settings: Any) -> Client:
    named = {"postback_url": postback_url} if postback_url else {}
    return client({
        "clock": {"now": NOW, "frozen": True},
        "settings": {"transactional": {**named, **settings}},
        "profiles": PEOPLE,
        "campaigns": [{"id": "order", "name": "Order", "transactional": True, "messages": [message]}],
    })  # fmt: skip


def send(braze: Client, user: str = "ada", **more: Any) -> dict[str, Any]:
    status, answer = braze.post(SEND, {"recipient": {"external_user_id": user}, **more})
    assert status == 201, answer
    return dict(answer)


def told(braze: Client) -> list[dict[str, Any]]:
    """The postbacks."""
    return [orjson.loads(one.request_body) for one in out(braze) if one.operation == "transactional_postback"]


def fates(braze: Client) -> list[tuple[str, str]]:
    """Of the newest call; its postbacks are entries too."""
    *_, entry = (one for one in braze.entries if one.operation == "send_transactional_email")
    return [(fate.pointer, fate.rule) for fate in entry.fates]


def statuses(braze: Client) -> list[str]:
    return [one["status"] for one in told(braze)]


def test_send_transactional_email_reaches_an_unsubscribed_user_each_time() -> None:
    braze = shop()
    for order in (1, 2):
        send(braze, trigger_properties={"order": order})
    sent = [(one["recipient"], one["content"]["subject"]) for one in table(braze, "messages")]
    assert sent == [("ada@example.com", "Order 1"), ("ada@example.com", "Order 2")]


def test_send_transactional_email_tells_sent_processed_and_delivered() -> None:
    braze = shop()
    answer = send(braze, external_send_id="b3JkZXI=")
    named = {"campaign_api_id": "order", "external_send_id": "b3JkZXI="}
    assert told(braze) == [
        {"dispatch_id": answer["dispatch_id"], "status": "sent", "metadata": {
            "received_at": AT, "enqueued_at": AT, "executed_at": AT, "sent_at": AT, **named}},
        {"dispatch_id": answer["dispatch_id"], "status": "processed", "metadata": {"processed_at": AT, **named}},
        {"dispatch_id": answer["dispatch_id"], "status": "delivered", "metadata": {"delivered_at": AT, **named}},
    ]  # fmt: skip
    assert {one.request_headers["content-type"] for one in out(braze)} == {"application/json"}
    assert len({one.trace for one in braze.entries}) == 1


def test_send_transactional_email_tells_nothing_where_no_address_is_set() -> None:
    braze = shop(postback_url=None)
    send(braze)
    assert (out(braze), len(table(braze, "messages"))) == ([], 1)


def test_send_transactional_email_tells_at_its_time() -> None:
    braze = shop(seconds=2)
    send(braze, external_send_id="a")
    assert statuses(braze) == ["sent"]
    advance(braze, 2)
    assert statuses(braze) == ["sent", "processed"]
    assert send(braze, external_send_id="a")["status"] == "processed"
    advance(braze, 2)
    assert told(braze)[-1]["metadata"]["delivered_at"] == "2026-01-01T12:00:04.000+00:00"


@pytest.mark.parametrize(
    ("user", "message", "reason"),
    [
        ("bob", MAIL, "User not emailable"),
        ("nobody", MAIL, "User not emailable"),
        ("ada", {**MAIL, "body": "{% abort_message('no stock') %}"}, "body: no stock"),
    ],
)
def test_send_transactional_email_tells_why_it_was_aborted(user: str, message: dict[str, Any], reason: str) -> None:
    braze = shop(message=message)
    send(braze, user)
    [postback] = told(braze)
    metadata = {"reason": reason, "aborted_at": AT, "campaign_api_id": "order"}
    assert (postback["status"], postback["metadata"]) == ("aborted", metadata)


def test_send_transactional_email_bounces_where_the_settings_say_so() -> None:
    braze = shop(bounces=["ADA@example.com"])
    send(braze)
    assert statuses(braze) == ["sent", "processed", "bounced"]
    assert told(braze)[-1]["metadata"]["reason"].startswith("550 5.1.1 ")
    assert braze.get("/email/hard_bounces", "start_date=2026-01-01&end_date=2026-01-02")[1]["emails"][0]["email"] == (
        "ada@example.com"
    )
    [day] = braze.get("/campaigns/data_series", "campaign_id=order&length=1")[1]["data"]
    assert {name: day["messages"]["email"][0][name] for name in ("sent", "delivered", "bounces")} == {
        "sent": 1, "delivered": 0, "bounces": 1,
    }  # fmt: skip
    send(braze)
    assert statuses(braze)[-1] == "aborted"


def test_send_transactional_email_sends_once_in_24_hours_for_an_external_send_id() -> None:
    braze = shop()
    first = send(braze, external_send_id="a")
    again = send(braze, "cid", external_send_id="a")
    assert (again["dispatch_id"], again["status"]) == (first["dispatch_id"], "delivered")
    assert (len(table(braze, "messages")), fates(braze)) == (1, [("/external_send_id", "send_repeated")])
    advance(braze, 86_399)
    send(braze, external_send_id="a")
    assert len(table(braze, "messages")) == 1
    advance(braze, 1)
    assert send(braze, external_send_id="a")["dispatch_id"] != first["dispatch_id"]
    assert len(table(braze, "messages")) == 2


def test_send_transactional_email_keeps_the_newest_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactional, "MOST", 4)
    braze = shop()
    for number in range(6):
        send(braze, external_send_id=str(number))
        advance(braze, 1)
    kept = ["2", "3", "4", "5"]
    assert sorted(one["external_send_id"] for one in table(braze, "transactional_sends")) == kept
    view = braze.emulator.workspaces.default.view()
    assert sorted(view.external_send_ids) == kept


def test_send_transactional_email_asks_to_retry_while_the_first_is_not_rendered() -> None:
    cause = "{% connected_content https://nowhere.example/x :retry %}"
    braze = shop(message={**MAIL, "body": cause})
    body = {"recipient": {"external_user_id": "ada"}, "external_send_id": "a"}
    assert braze.post(SEND, body)[0] == 201
    queued = "The external reference has been queued.  Please retry to obtain send_id."
    assert braze.post(SEND, body) == (400, {"message": queued})


def test_send_transactional_email_by_alias_writes_attributes_first() -> None:
    braze = shop()
    recipient = {"user_alias": {"alias_name": "c", "alias_label": "l"}, "attributes": {"first_name": "Cid"}}
    assert braze.post(SEND, {"recipient": recipient})[0] == 201
    assert [one["content"]["body"] for one in table(braze, "messages")] == ["For Cid"]


def test_send_transactional_email_tells_of_attributes_at_their_place() -> None:
    braze = shop()
    braze.post(SEND, {"recipient": {"external_user_id": "ada", "attributes": {"country": "nowhere"}}})
    assert fates(braze) == [("/recipient/attributes/country", "country_unknown")]


def test_send_transactional_email_makes_no_user_without_attributes() -> None:
    braze = shop()
    send(braze, "new")
    assert (fates(braze), decisions(braze)) == ([("/recipient/external_user_id", "no_match")], [])
    assert "new" not in braze.emulator.workspaces.default.view().external_ids


def test_send_transactional_email_limits_trigger_properties() -> None:
    braze = shop()
    body = {"recipient": {"external_user_id": "ada"}, "trigger_properties": {"a": "x" * 51_200}}
    assert braze.post(SEND, body) == (400, {"message": "'trigger_properties' is not valid"})


def test_a_transactional_campaign_sends_e_mail_only() -> None:
    hook = {"id": "h", "channel": "webhook", "url": "https://example.com", "request_method": "POST"}
    with pytest.raises(Exception, match="a transactional campaign sends e-mail, not webhook"):
        shop(message=hook)
