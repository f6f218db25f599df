"""What happens at the edge of each of Braze's bounds: at it, and one over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson

from emulator.errors import ConfigError
from tests.braze.calls import EARLIER, EVENT, NOW, PURCHASE, only, rules, track
from tests.conftest import Client, client

SEED: dict[str, Any] = {
    "clock": {"now": NOW, "frozen": True},
    "settings": {"rate_limits": "off"},
    "profiles": [{"external_id": "u"}],
    "segments": [{"id": "all", "name": "All"}],
    "subscription_groups": [{"id": "news", "name": "News", "channel": "email"}],
}

Case = Callable[[Client, int], Any]
CASES: dict[str, tuple[Case, Any, Any]] = {}
"""bound -> (what to do with that many, what it gives at the bound, what it gives one over it)."""


def edge(name: str, good: Any, bad: Any) -> Callable[[Case], Case]:
    def enter(case: Case) -> Case:
        CASES[name] = (case, good, bad)
        return case

    return enter


def posted(braze: Client, path: str, body: Any) -> tuple[int, str]:
    """(status, message or the first refusal)."""
    status, answer = braze.post(path, body)
    return status, answer["errors"][0]["type"] if answer.get("errors") else answer["message"]


def fate(braze: Client, **arrays: Any) -> list[str]:
    track(braze, **arrays)
    return rules(braze)


def fields(braze: Client, **item: Any) -> list[str]:
    return fate(braze, attributes=[{"external_id": "u", **item}])


TOO_MUCH = (400, "Max Input Length Exceeded")
TOO_MANY = (400, "The max number of ids per request was exceeded")
GOOD = (201, "success")


@edge("track_objects", GOOD, TOO_MUCH)
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track", {"events": [EVENT] * 5, "purchases": [PURCHASE] * (count - 5)})


@edge("legacy_track_objects", GOOD, TOO_MUCH)
def _(braze: Client, count: int) -> Any:
    with braze.emulator.workspaces.default.transaction() as draft:
        draft.settings["plan"] = "legacy"
    people = [{"external_id": "u", "x": number} for number in range(75)]
    arrays = {"attributes": people, "events": [EVENT] * 75, "purchases": [PURCHASE] * (count - 150)}
    return posted(braze, "/users/track", arrays)


@edge("sync_objects", GOOD, TOO_MUCH)
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track/sync", {"events": [EVENT] * count})


@edge("bulk_objects", GOOD, TOO_MUCH)
def _(braze: Client, count: int) -> Any:
    people = [{"external_id": f"u{n}", "x": 1} for n in range(count)]
    return posted(braze, "/users/track/bulk", {"attributes": people})


@edge("bulk_objects_per_user", GOOD, TOO_MUCH)
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track/bulk", {"events": [EVENT] * count})


def padded(count: int) -> bytes:
    body = b'{"attributes": [{"external_id": "a", "x": 1}]}'
    return body + b" " * (count - len(body))


@edge("bulk_body_bytes", GOOD, (400, "Request Entity Too Large"))
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track/bulk", padded(count))


@edge("body_bytes", GOOD, (413, "Request Entity Too Large"))
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track", padded(count))


@edge("external_id_bytes", GOOD, (400, "EXTERNAL_USER_ID_TOO_LARGE"))
def _(braze: Client, count: int) -> Any:
    name = "é" * (count // 2) + "e" * (count % 2)
    return posted(braze, "/users/track", {"attributes": [{"external_id": name, "x": 1}]})


@edge("alias_bytes", GOOD, (400, "'user_alias' is not valid"))
def _(braze: Client, count: int) -> Any:
    alias = {"alias_label": "l", "alias_name": "é" * (count // 2) + "e" * (count % 2)}
    return posted(braze, "/users/track", {"attributes": [{"user_alias": alias, "_update_existing_only": False}]})


BAD_DEVICE = (400, "token import with 'device_id' must have a device_id less than 255 bytes and at least 8 bytes")


def with_device(braze: Client, count: int) -> Any:
    token = {"app_id": "app", "token": "t", "device_id": "é" * (count // 2) + "e" * (count % 2)}
    return posted(braze, "/users/track", {"attributes": [{"external_id": "u", "push_tokens": [token]}]})


edge("device_id_bytes", GOOD, BAD_DEVICE)(with_device)
edge("least_device_id_bytes", GOOD, BAD_DEVICE)(with_device)


@edge("attribute_name", [], ["value_dropped"])
def _(braze: Client, count: int) -> Any:
    return fields(braze, **{"n" * count: 1})


@edge("attribute_text", [], ["text_too_long"])
def _(braze: Client, count: int) -> Any:
    return fields(braze, x="é" * count)


@edge("attribute_items", [], ["array_overflow"])
def _(braze: Client, count: int) -> Any:
    return fields(braze, x=[*map(str, range(count))])


@edge("attribute_bytes", [], ["too_large"])
def _(braze: Client, count: int) -> Any:
    return fields(braze, x=properties(count))


@edge("nested_text", [], ["nested_dropped"])
def _(braze: Client, count: int) -> Any:
    found = fields(braze, x={"a": "x" * count})
    assert fields(braze, y={"k" * count: 1}) == found
    return found


@edge("last_year", ["stored_as_date"], ["kept_as_text"])
def _(braze: Client, year: int) -> Any:
    return fields(braze, x=f"{year}-12-31")


@edge("image_url", [], ["value_dropped"])
def _(braze: Client, count: int) -> Any:
    return fields(braze, image_url="x" * count)


@edge("exported_ids", 201, 400)
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/export/ids", {"external_ids": [*map(str, range(count))]})[0]


BLOCKED = (400, "provided external_id is blacklisted and disallowed")


def dummy(braze: Client, part: str, count: int, more: dict[str, Any]) -> Any:
    """What is answered for a user that did `count` different things."""
    many = [{"name": f"n{n}", "first": EARLIER, "last": EARLIER, "count": 1} for n in range(count - 1)]
    full = client({**SEED, "profiles": [{"external_id": "u", part: many}]})
    assert posted(full, "/users/track", more) == GOOD
    return posted(full, "/users/track", {"attributes": [{"external_id": "u", "x": 1}]})


@edge("different_events", GOOD, BLOCKED)
def _(braze: Client, count: int) -> Any:
    return dummy(braze, "custom_events", count, {"events": [EVENT]})


@edge("different_products", GOOD, BLOCKED)
def _(braze: Client, count: int) -> Any:
    return dummy(braze, "purchases", count, {"purchases": [PURCHASE]})


@edge("exported_days", 1, 0)
def _(braze: Client, days: int) -> Any:
    track(braze, events=[EVENT])
    age = 28 * 3600
    braze.emulator.workspaces.default.clock.advance(days * 86_400 - age)
    return len(only(braze, external_ids=["u"]).get("custom_events", ()))


def event_with(braze: Client, properties: dict[str, Any]) -> list[str]:
    return fate(braze, events=[{**EVENT, "properties": properties}])


@edge("event_properties", [], ["property_dropped"])
def _(braze: Client, count: int) -> Any:
    return event_with(braze, {f"p{n}": 1 for n in range(count)})


@edge("property_name", [], ["property_dropped"])
def _(braze: Client, count: int) -> Any:
    return event_with(braze, {"n" * count: 1})


@edge("property_text", [], ["property_dropped"])
def _(braze: Client, count: int) -> Any:
    return event_with(braze, {"a": "x" * count})


def properties(count: int) -> dict[str, Any]:
    """An object that has so many bytes as JSON."""
    texts = ["x" * 200] * ((count - 30) // 203)
    return {"a": texts, "b": "x" * (count - len(orjson.dumps({"a": texts, "b": ""})))}


@edge("event_properties_bytes", [], ["properties_too_large"])
def _(braze: Client, count: int) -> Any:
    return event_with(braze, properties(count))


@edge("purchase_properties_bytes", [], ["properties_too_large"])
def _(braze: Client, count: int) -> Any:
    return fate(braze, purchases=[{**PURCHASE, "properties": properties(count)}])


@edge("product_id", GOOD, (400, "'product_id' is not valid"))
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track", {"purchases": [{**PURCHASE, "product_id": "x" * count}]})


@edge("quantity", GOOD, (400, "'quantity' is not valid"))
def _(braze: Client, count: int) -> Any:
    return posted(braze, "/users/track", {"purchases": [{**PURCHASE, "quantity": count}]})


@edge("listed_products", [], ["product_not_listed"])
def _(braze: Client, count: int) -> Any:
    full = client({**SEED, "products": [{"name": f"p{n}"} for n in range(count - 1)]})
    return fate(full, purchases=[PURCHASE])


def asked(braze: Client, path: str, query: str) -> int:
    return braze.get(path, query)[0]


@edge("series_length", 200, 400)
def _(braze: Client, count: int) -> Any:
    assert asked(braze, "/segments/data_series", f"segment_id=all&length={count}") == asked(
        braze, "/kpi/dau/data_series", f"length={count}"
    )
    return asked(braze, "/kpi/dau/data_series", f"length={count}")


@edge("listed_blocks", 200, 400)
def _(braze: Client, count: int) -> Any:
    return asked(braze, "/content_blocks/list", f"limit={count}")


@edge("listed_addresses", 200, 400)
def _(braze: Client, count: int) -> Any:
    dates = "start_date=2026-01-01&end_date=2026-01-31"
    return asked(braze, "/email/hard_bounces", f"{dates}&limit={count}")


@edge("listed_subscribers", 200, 400)
def _(braze: Client, count: int) -> Any:
    return asked(braze, "/subscription/user/status", f"external_id=u&limit={count}")


@edge("ids_of_a_call", 201, 400)
def _(braze: Client, count: int) -> Any:
    names = [f"u{n}" for n in range(count)]
    group = {"subscription_group_id": "news", "subscription_state": "subscribed"}
    statuses = {
        posted(braze, "/users/delete", {"external_ids": names})[0],
        posted(braze, "/subscription/status/set", {**group, "external_id": names})[0],
    }
    return statuses.pop() if len(statuses) == 1 else statuses


@edge("exported_attributes", 201, 400)
def _(braze: Client, count: int) -> Any:
    wanted = {"custom_attributes_to_export": [f"a{n}" for n in range(count)], "fields_to_export": ["external_id"]}
    return posted(braze, "/users/export/segment", {"segment_id": "all", **wanted})[0]


@edge("forgotten_addresses", 202, 400)
def _(braze: Client, count: int) -> Any:
    addresses = [{"phone": f"+14155552{n}"} if n % 2 else {"email": f"a{n}@b.co"} for n in range(100, 100 + count)]
    return braze.call("DELETE", "/users/subscription", addresses)[0]


def block(braze: Client, **changed: Any) -> int:
    return posted(braze, "/content_blocks/create", {"name": "n", "content": "c", **changed})[0]


@edge("block_name", 201, 400)
def _(braze: Client, count: int) -> Any:
    return block(braze, name="n" * count)


@edge("block_description", 201, 400)
def _(braze: Client, count: int) -> Any:
    return block(braze, description="d" * count)


@edge("block_bytes", 201, 400)
def _(braze: Client, count: int) -> Any:
    return block(braze, content="c" * (count - 1))


@edge("canvas_days", 200, 400)
def _(braze: Client, count: int) -> int:
    braze = client({**SEED, "canvases": [{"id": "v", "name": "V"}]})
    first = (datetime.fromisoformat(NOW[:10]) - timedelta(days=count - 1)).date()
    statuses = [
        asked(braze, f"/canvas/{path}", f"canvas_id=v&{query}")
        for path in ("data_series", "data_summary")
        for query in (f"length={count}", f"starting_at={first}")
    ]
    return max(statuses) if len(set(statuses)) == 1 else 0


@edge("kept_days", "Subscribed", "unknown")
def _(braze: Client, days: int) -> Any:
    wanted = {"subscription_group_id": "news", "subscription_state": "subscribed", "email": "a@b.co"}
    braze.post("/subscription/status/set", wanted)
    braze.emulator.workspaces.default.clock.advance(days * 86_400 - 1)
    track(braze, attributes=[{"external_id": "new", "email": "a@b.co"}])
    return braze.get("/subscription/status/get", "subscription_group_id=news&external_id=new")[1]["status"]["new"]


@edge("others_reached", 100, 100)
def _(braze: Client, count: int) -> Any:
    """How many others are told: one more than that stays as it is."""
    sharing = [{"external_id": f"s{n}", "email": "a@b.co"} for n in range(count)]
    many = client({**SEED, "profiles": [*SEED["profiles"], *sharing]})
    group = {"subscription_group_id": "news", "subscription_state": "unsubscribed"}
    track(many, attributes=[{"external_id": "u", "email": "a@b.co", "subscription_groups": [group]}])
    states = many.emulator.workspaces.default.state["profiles"].values()
    return sum(one.get("subscription_groups") == {"news": "unsubscribed"} for one in states) - 1


def message(**fields: Any) -> str:
    """What becomes of a seed with such a message."""
    campaign = {"id": "c", "name": "C", "messages": [{"id": "m", **fields}]}
    try:
        client({"campaigns": [campaign]})
    except ConfigError:
        return "refused"
    return "taken"


@edge("push_priority", "taken", "refused")
def _(braze: Client, number: int) -> Any:
    return message(channel="android_push", alert="a", title="t", priority=number)


@edge("push_time_to_live", "taken", "refused")
def _(braze: Client, number: int) -> Any:
    return message(channel="android_push", alert="a", title="t", time_to_live=number)


@edge("apns_priority", "taken", "refused")
def _(braze: Client, number: int) -> Any:
    return message(channel="apple_push", alert="a", apns_priority=number)


@edge("card_time_to_live", "taken", "refused")
def _(braze: Client, number: int) -> Any:
    return message(channel="content_card", type="CLASSIC", title="t", description="d", time_to_live=number)


@edge("flow_button_caption", "taken", "refused")
def _(braze: Client, length: int) -> Any:
    flow = {"body": "b", "flow_button": {"caption": "c" * length, "flow_id": "f"}}
    return message(channel="whats_app", app_id="a", subscription_group_id="g", message_type="flow_response_message",
                   message=flow)  # fmt: skip


CAMPAIGN = {"id": "c", "name": "C"}


@edge("recipients", GOOD, TOO_MANY)
def _(braze: Client, count: int) -> Any:
    recipients = [{"external_user_id": f"u{number}"} for number in range(count)]
    return posted(client({"campaigns": [CAMPAIGN]}), "/campaigns/trigger/send",
                  {"campaign_id": "c", "recipients": recipients})  # fmt: skip


@edge("live_activity_users", GOOD, (400, "The max number of external_ids and aliases per request was exceeded"))
def _(braze: Client, count: int) -> Any:
    notification = {"alert": {"title": "t", "body": "b"}}
    body = {"app_id": "a", "activity_id": "i", "activity_attributes_type": "T", "activity_attributes": {},
            "content_state": {}, "notification": notification,
            "external_user_ids": [str(number) for number in range(count)]}  # fmt: skip
    return posted(braze, "/messages/live_activity/start", body)


@edge("message_users", GOOD, (400, "The max number of external_ids and aliases per request was exceeded"))
def _(braze: Client, count: int) -> Any:
    aliases = [{"alias_label": "l", "alias_name": str(number)} for number in range(count - 1)]
    card = {"type": "CLASSIC", "title": "t", "description": "d", "time_to_live": 1}
    body = {"external_user_ids": ["u"], "user_aliases": aliases, "messages": {"content_card": card}}
    return posted(braze, "/messages/send", body)


@edge("trigger_properties_bytes", GOOD, (400, "'trigger_properties' is not valid"))
def _(braze: Client, size: int) -> Any:
    properties = {"a": "x" * (size - len(orjson.dumps({"a": ""})))}
    return posted(client({"campaigns": [CAMPAIGN]}), "/campaigns/trigger/send",
                  {"campaign_id": "c", "broadcast": True, "trigger_properties": properties})  # fmt: skip


@edge("send_id_characters", GOOD, (400, "'send_id' is not valid"))
def _(braze: Client, count: int) -> Any:
    return posted(client({"campaigns": [CAMPAIGN]}), "/sends/id/create", {"campaign_id": "c", "send_id": "x" * count})


@edge("schedule_days", GOOD, (400, "Bad Request"))
def _(braze: Client, count: int) -> Any:
    still = client({"campaigns": [CAMPAIGN], "clock": {"now": "2026-01-01T12:00:00Z", "frozen": True}})
    time = (datetime(2026, 1, 1, 12) + timedelta(days=count)).isoformat()
    body = {"campaign_id": "c", "broadcast": True, "schedule": {"time": time}}
    return posted(still, "/campaigns/trigger/schedule/create", body)
