"""What campaigns and sends have counted, by day."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.state import sends
from tests.conftest import Client, client
from tests.messaging.sends import HOOK, advance, started, table
from tests.messaging.test_sending import break_braze

SERIES, OF_SENDS = "/campaigns/data_series", "/sends/data_series"
MAIL = {"id": "mail", "name": "Mail", "channel": "email", "app_id": "app", "from": "S <s@example.com>", "subject": "s",
        "body": "b"}  # fmt: skip
SMS = {"id": "sms", "channel": "sms", "subscription_group_id": "texts", "body": "b", "app_id": "app"}
CARD = {"id": "card", "channel": "content_card", "type": "CLASSIC", "title": "t", "description": "d",
        "time_to_live": 60}  # fmt: skip
TARGET = "https://rest.iad-01.braze.com/users/alias/new"
ALIAS = '{"user_aliases": [{"external_id": "ada", "alias_name": "n", "alias_label": "l"}]}'
DAY = 86_400.0


def days(braze: Client, length: int = 1, **more: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in {"campaign_id": "c", "length": length, **more}.items())
    status, answer = braze.get(OF_SENDS if "send_id" in more else SERIES, query)
    assert status == 200, answer
    return list(answer["data"])


def counted(day: dict[str, Any], channel: str, variant: int = 0) -> dict[str, int]:
    """What is not 0 of a variant."""
    return {
        name: value for name, value in day["messages"][channel][variant].items() if value and name[:9] != "variation"
    }


def sending(*messages: dict[str, Any], **more: Any) -> Client:
    people = [
        {"external_id": one, "email": f"{one}@example.com", "phone": f"+1415555267{number}",
         "subscription_groups": {"texts": "subscribed"}}
        for number, one in enumerate(("ada", "bob", "cid"))
    ]  # fmt: skip
    settings = more.pop("settings", {})
    campaign = {"trigger": {"api": True}, "messages": list(messages), "reeligibility_seconds": 0, **more}
    groups = [{"id": "texts", "name": "T", "channel": "sms"}]
    return started(campaign, profiles=people, subscription_groups=groups, settings=settings)


def send(braze: Client, *users: str, **more: Any) -> None:
    body = {"campaign_id": "c", "recipients": [{"external_user_id": one} for one in users], **more}
    status, answer = braze.post("/campaigns/trigger/send", body)
    assert status == 201, answer


@pytest.mark.parametrize(
    ("message", "channel", "found"),
    [
        (MAIL, "email", {"sent": 1, "delivered": 1, "unique_recipients": 1}),
        (SMS, "sms", {"sent": 1, "sent_to_carrier": 1, "delivered": 1, "unique_recipients": 1}),
        (CARD, "content_cards", {"sent": 1, "unique_recipients": 1}),
        (HOOK, "webhook", {"sent": 1, "unique_recipients": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_get_campaign_series_counts_each_channel(message: Any, channel: str, found: dict[str, int]) -> None:
    braze = sending(message)
    send(braze, "ada")
    [day] = days(braze)
    assert (day["messages"].keys(), counted(day, channel), day["unique_recipients"]) == ({channel}, found, 1)


def test_get_campaign_series_counts_whoever_got_two_messages_once_a_day() -> None:
    braze = sending(CARD)
    send(braze, "ada", "bob")
    send(braze, "ada")
    advance(braze, DAY)
    send(braze, "ada")
    first, second = days(braze, 2)
    assert (counted(first, "content_cards"), first["unique_recipients"]) == ({"sent": 3, "unique_recipients": 2}, 2)
    assert (counted(second, "content_cards"), second["unique_recipients"]) == ({"sent": 1, "unique_recipients": 1}, 1)


def test_get_campaign_series_counts_errors_of_webhooks() -> None:
    braze = sending({**HOOK, "url": TARGET}, settings={"webhooks": {"retry_seconds": [1]}})
    break_braze(braze, 503)
    send(braze, "ada")
    advance(braze, 5)
    assert counted(days(braze)[0], "webhook") == {"sent": 1, "errors": 2}


def test_get_campaign_series_counts_the_recipient_of_a_webhook_when_it_arrives() -> None:
    braze = sending({**HOOK, "url": TARGET, "body": ALIAS}, settings={"webhooks": {"retry_seconds": [1]}})
    break_braze(braze, 503, times=1)
    send(braze, "ada")
    assert counted(days(braze)[0], "webhook") == {"sent": 1, "errors": 1}
    advance(braze, DAY)
    assert [day["unique_recipients"] for day in days(braze, 2)] == [1, 0]


def test_get_campaign_series_counts_days_of_the_companys_time_zone() -> None:
    braze = sending(CARD, settings={"time_zone": "Pacific/Auckland"})
    send(braze, "ada")
    assert [(day["time"], day["unique_recipients"]) for day in days(braze, 2)] == [("2026-01-01", 0), ("2026-01-02", 1)]


def test_get_campaign_series_counts_variants_apart_and_the_control_group() -> None:
    halves = [{**CARD, "id": "one", "percentage": 40}, {**CARD, "id": "two", "percentage": 40}]
    people = [{"external_id": f"u{number}"} for number in range(40)]
    braze = started({"trigger": {"api": True}, "messages": halves, "control_percentage": 20}, profiles=people)
    braze.post("/campaigns/trigger/send", {"campaign_id": "c", "broadcast": True})
    [day] = days(braze)
    one, two, control = day["messages"]["content_cards"]
    assert one["sent"] and two["sent"] and control["enrolled"]
    assert one["sent"] + two["sent"] + control["enrolled"] == 40
    assert one["sent"] + two["sent"] == day["unique_recipients"]
    assert (control["variation_name"], "sent" in control) == ("Control Group", False)


def test_get_campaign_series_does_not_count_what_was_not_sent() -> None:
    braze = sending({**MAIL, "body": "{% abort_message('no') %}"})
    send(braze, "ada")
    assert (counted(days(braze)[0], "email"), days(braze)[0]["unique_recipients"]) == ({}, 0)


def test_get_campaign_series_goes_on_where_messages_are_no_longer_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sends, "MOST", 2)
    braze = sending(CARD)
    for _ in range(3):
        send(braze, "ada")
    assert (len(table(braze, "messages")), counted(days(braze)[0], "content_cards")["sent"]) == (2, 3)


def test_get_campaign_series_counts_messages_of_an_api_campaign() -> None:
    announced = {"id": "c", "is_api_campaign": True, "messages": [{"id": "m", "channel": "content_card"}]}
    braze = client({"profiles": [{"external_id": "ada"}], "campaigns": [{"name": "A", **announced}]})
    card = {
        **{name: value for name, value in CARD.items() if name not in ("id", "channel")},
        "message_variation_id": "m",
    }
    body = {"external_user_ids": ["ada"], "campaign_id": "c", "messages": {"content_card": card}}
    assert braze.post("/messages/send", body)[0] == 201
    assert counted(days(braze)[0], "content_cards") == {"sent": 1, "unique_recipients": 1}


def test_get_campaign_series_survives_a_snapshot_and_a_reset() -> None:
    braze = sending(CARD)
    send(braze, "ada")
    braze.emulator.workspaces.default.reset()
    assert days(braze)[0]["unique_recipients"] == 0


def conversion_numbers(found: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in found.items() if name.startswith("conversions") and value}


def test_get_campaign_series_counts_conversions_by_their_day_and_by_send_time() -> None:
    wanted = [{"type": "Makes Any Purchase"}, {"type": "Performs Custom Event", "custom_event_name": "liked"}]
    braze = sending(CARD, conversion_events=wanted)
    send(braze, "ada")
    advance(braze, DAY)
    event = {"external_id": "ada", "name": "liked", "time": "2026-01-02T12:00:00Z"}
    assert braze.post("/users/track", {"events": [event]})[0] == 201
    first, second = days(braze, 2)
    for found in (first, first["messages"]["content_cards"][0]):
        assert conversion_numbers(found) == {"conversions1_by_send_time": 1}
    for found in (second, second["messages"]["content_cards"][0]):
        assert conversion_numbers(found) == {"conversions1": 1}


def test_get_campaign_series_counts_conversions_of_the_control_group_apart() -> None:
    wanted = [{"type": "Performs Custom Event", "custom_event_name": "liked"}]
    braze = sending(CARD, control_percentage=100, conversion_events=wanted)
    send(braze, "ada")
    braze.post("/users/track", {"events": [{"external_id": "ada", "name": "liked", "time": "2026-01-01T12:00:00Z"}]})
    [day] = days(braze)
    card, control = day["messages"]["content_cards"]
    both = {"conversions": 1, "conversions_by_send_time": 1}
    assert [conversion_numbers(one) for one in (card, control, day)] == [{}, both, {}]


# sends


def test_get_send_series_counts_only_what_has_the_send_id() -> None:
    braze = sending(CARD)
    braze.post("/sends/id/create", {"campaign_id": "c", "send_id": "spring"})
    send(braze, "ada", "bob", send_id="spring")
    send(braze, "cid")
    [of_send], [of_campaign] = days(braze, send_id="spring"), days(braze)
    assert (of_send["unique_recipients"], of_campaign["unique_recipients"]) == (2, 3)
    assert counted(of_send, "content_cards") == {"sent": 2, "unique_recipients": 2}


def test_get_send_series_has_conversions_of_the_newest_send_that_a_user_received() -> None:
    braze = sending(CARD, conversion_events=[{"type": "Makes Any Purchase"}])
    for send_id in ("one", "two"):
        braze.post("/sends/id/create", {"campaign_id": "c", "send_id": send_id})
    send(braze, "ada", "bob", send_id="one")
    send(braze, "ada", send_id="two")
    send(braze, "ada")
    purchase = {"product_id": "p", "currency": "USD", "time": "2026-01-01T12:00:00Z"}
    bought = [{"external_id": one, "price": price, **purchase} for one, price in (("ada", 5), ("bob", 2.5), ("cid", 9))]
    assert braze.post("/users/track", {"purchases": bought})[0] == 201
    found = {one: days(braze, send_id=one)[0] for one in ("one", "two")}
    assert {one: (day["conversions"], day["revenue"]) for one, day in found.items()} == {
        "one": (1, 2.5),
        "two": (1, 5.0),
    }
    assert [found["two"]["messages"]["content_cards"][0][name] for name in ("conversions", "revenue")] == [1, 5.0]
    assert (days(braze)[0]["conversions"], days(braze)[0]["revenue"]) == (2, 7.5)


def test_get_send_series_is_kept_for_14_days() -> None:
    braze = sending(CARD)
    braze.post("/sends/id/create", {"campaign_id": "c", "send_id": "spring"})
    send(braze, "ada", send_id="spring")
    advance(braze, 14 * DAY)
    assert sum(day["unique_recipients"] for day in days(braze, 20, send_id="spring")) == 1
    advance(braze, DAY)
    assert sum(day["unique_recipients"] for day in days(braze, 20, send_id="spring")) == 0
    assert sum(day["unique_recipients"] for day in days(braze, 20)) == 1


def test_get_send_series_of_a_send_id_that_was_not_made_is_refused() -> None:
    braze = sending(CARD)
    send(braze, "ada", send_id="spring")
    assert braze.fates == [("/send_id", "send_id_unknown")]
    response = braze.send("GET", OF_SENDS, query="campaign_id=c&send_id=spring&length=1")
    assert response.status == 400
    assert "POST /sends/id/create" in response.headers["X-Emulator-Hint"]
