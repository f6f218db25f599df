"""What counts as a conversion, for which campaigns, and where it is seen."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.state import conversions
from tests.conftest import Client
from tests.messaging.sends import EVENT, HOOK, advance, outcomes, started, table, track

DAY = 86_400
BOUGHT = {"type": "Performs Custom Event", "custom_event_name": "bought"}
ANY = {"type": "Makes Any Purchase"}
LAMP = {"type": "Makes Specific Purchase", "product": "lamp"}
SESSION = {"type": "Starts Session"}
CARD = {"id": "card", "channel": "content_card", "type": "CLASSIC", "title": "t", "description": "d", "time_to_live": 9}


def with_events(*events: dict[str, Any], **more: Any) -> Client:
    braze = started({"conversion_events": list(events), "messages": [CARD], **more})
    track(braze)
    return braze


def buy(braze: Client, product: str, user: str = "ada") -> None:
    item = {"external_id": user, "product_id": product, "currency": "EUR", "price": 1, "time": now(braze)}
    assert braze.post("/users/track", {"purchases": [item]})[0] == 201


def now(braze: Client) -> str:
    return braze.emulator.workspaces.default.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def counted(braze: Client) -> list[int]:
    """The places of the conversion events that were met, in order."""
    return [one["conversion"] for one in table(braze, "conversions")]


def test_an_event_after_the_receipt_is_a_conversion_and_stands_in_the_profile() -> None:
    braze = with_events(BOUGHT)
    advance(braze, 60)
    track(braze, name="bought", time=now(braze))
    view = braze.emulator.workspaces.default.view()
    [found] = conversions.of_campaign(view, "c")
    assert {**found, "braze_id": ""} == {
        "campaign_id": "c", "conversion": 0, "braze_id": "", "at": "2026-01-01T12:01:00.000Z",
        "sent_at": "2026-01-01T12:00:00.000Z", "message_id": "card", "variant": "Variant 1", "channel": "content_card",
        "control": False, "send_id": "",
    }  # fmt: skip
    _, answer = braze.post("/users/export/ids", {"external_ids": ["ada"]})
    assert answer["users"][0]["campaigns_received"][0]["converted"] is True


def test_each_conversion_event_counts_once_in_a_window() -> None:
    braze = with_events(BOUGHT, ANY, LAMP)
    for product in ("lamp", "lamp", "rug"):
        buy(braze, product)
    track(braze, name="bought")
    track(braze, name="bought")
    assert counted(braze) == [1, 2, 0]


@pytest.mark.parametrize("name", ["sold", "seen"])
def test_other_events_do_not_count_nor_does_the_trigger_itself(name: str) -> None:
    braze = with_events({**BOUGHT, "custom_event_name": "seen"} if name == "seen" else BOUGHT)
    if name == "sold":
        track(braze, name=name)
    assert counted(braze) == []


@pytest.mark.parametrize(("wait", "window", "counts"), [
    (3 * DAY - 1, None, True), (3 * DAY, None, False), (59, 60, True), (60, 60, False),
])  # fmt: skip
def test_the_window_ends(wait: int, window: int | None, counts: bool) -> None:
    braze = with_events({**BOUGHT, **({} if window is None else {"window": window})})
    advance(braze, wait)
    track(braze, name="bought", time=now(braze))
    assert bool(counted(braze)) is counts


def test_what_happened_before_the_receipt_does_not_count() -> None:
    braze = with_events(BOUGHT)
    track(braze, name="bought", time="2026-01-01T11:59:59Z")
    assert counted(braze) == []


def test_who_did_not_receive_it_does_not_convert() -> None:
    braze = with_events(BOUGHT, audience={"standard_attribute": {"name": "phone", "comparison": "exists"}})
    track(braze, name="bought")
    track(braze, "bob", name="bought")
    assert counted(braze) == []


def test_the_control_group_converts_too() -> None:
    braze = with_events(BOUGHT, control_percentage=100)
    track(braze, name="bought")
    [found] = table(braze, "conversions")
    assert (found["control"], found["message_id"]) == (True, "")


def test_every_campaign_with_an_open_window_counts() -> None:
    campaigns = [{"id": one, "messages": [CARD], "conversion_events": [BOUGHT]} for one in "ab"]
    braze = started(campaigns)
    track(braze)
    track(braze, name="bought")
    assert [one["campaign_id"] for one in table(braze, "conversions")] == ["a", "b"]


def test_a_new_receipt_opens_a_new_window_and_the_profile_stays_converted() -> None:
    braze = with_events(BOUGHT, reeligibility_seconds=0)
    track(braze, name="bought")
    track(braze)
    _, answer = braze.post("/users/export/ids", {"external_ids": ["ada"]})
    assert answer["users"][0]["campaigns_received"][0]["converted"] is True
    track(braze, name="bought")
    assert counted(braze) == [0, 0]


def revenue(braze: Client, campaign: str = "c") -> tuple[float, list[float]]:
    """Of the day: all, and of each variant."""
    status, answer = braze.get("/campaigns/data_series", f"campaign_id={campaign}&length=1")
    assert status == 200
    [day] = answer["data"]
    return day["revenue"], [one["revenue"] for items in day["messages"].values() for one in items]


def test_what_a_recipient_buys_is_revenue_of_the_campaign_without_any_conversion_event() -> None:
    braze = started({"trigger": {"api": True}, "messages": [CARD]})
    buy(braze, "rug")
    braze.post("/campaigns/trigger/send", {"campaign_id": "c", "recipients": [{"external_user_id": "ada"}]})
    buy(braze, "rug")
    buy(braze, "lamp")
    buy(braze, "rug", "bob")
    assert revenue(braze) == (2.0, [2.0])


@pytest.mark.parametrize(("events", "wait", "wanted"), [
    ([], 3 * DAY - 1, 1.0), ([], 3 * DAY, 0.0), ([{**BOUGHT, "window": 60}, ANY], 59, 1.0),
    ([{**BOUGHT, "window": 60}, ANY], 60, 0.0),
])  # fmt: skip
def test_revenue_counts_in_the_window_of_the_first_conversion_event(
    events: list[Any], wait: int, wanted: float
) -> None:
    braze = with_events(*events)
    advance(braze, wait)
    buy(braze, "rug")
    assert revenue(braze) == (wanted, [wanted])


def test_revenue_of_the_control_group_is_its_own() -> None:
    braze = with_events(control_percentage=100)
    buy(braze, "rug")
    assert revenue(braze) == (0.0, [0.0, 1.0])


def test_a_session_is_a_later_date_of_the_last_session() -> None:
    braze = with_events(SESSION)
    for time in ("2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"):
        braze.post("/users/track", {"attributes": [{"external_id": "ada", "date_of_last_session": time}]})
        assert counted(braze) == ([0] if "12" in time[11:13] else [])


def test_a_campaign_by_api_has_conversions() -> None:
    braze = started({"trigger": {"api": True}, "messages": [CARD], "conversion_events": [ANY]})
    body = {"campaign_id": "c", "recipients": [{"external_user_id": "ada"}]}
    assert braze.post("/campaigns/trigger/send", body)[0] == 201
    buy(braze, "rug")
    assert counted(braze) == [0]


def test_a_webhook_to_braze_itself_converts_and_starts_what_follows() -> None:
    event = '{"events": [{"external_id": "ada", "name": "bought", "time": "2026-01-01T12:00:00Z"}]}'
    braze = started([
        {"id": "first", "messages": [{**HOOK, "body": event}], "conversion_events": [BOUGHT]},
        {"id": "second", "trigger": {"event": {"name": "bought"}}, "messages": [CARD]},
    ])  # fmt: skip
    track(braze)
    assert outcomes(braze) == ["sent", "sent"]
    assert [one["campaign_id"] for one in table(braze, "conversions")] == ["first"]
    assert EVENT["event"]["name"] == "seen"
