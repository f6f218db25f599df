"""Series of what was sent, day by day: one entry for each variant under its channel, and the sums of the day.

The shape is that of recorded answers, where each variant has conversions, revenue and unique recipients of its own,
and the control group stands beside the variants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from emulator.call import Call, Json
from emulator.handlers.braze import _periods
from emulator.handlers.braze._campaign_details import shown_channel
from emulator.state import campaigns, conversions, send_counts, series
from emulator.state.campaigns import Campaign, Variant

PUSH: Final = ("sent", "direct_opens", "total_opens", "bounces", "body_clicks")
STATISTICS: Final[Mapping[str, tuple[str, ...]]] = {
    "apple_push": PUSH,
    "android_push": PUSH,
    "kindle_push": PUSH,
    "web_push": PUSH,
    "webhook": ("sent", "errors"),
    "email": (
        "sent", "opens", "unique_opens", "clicks", "unique_clicks", "unsubscribes", "bounces", "delivered",
        "reported_spam",
    ),
    "sms": (
        "sent", "sent_to_carrier", "delivered", "rejected", "delivery_failed", "clicks", "opt_out", "help",
    ),
    "whats_app": ("sent", "delivered", "failed", "read"),
    "content_card": (
        "sent", "total_clicks", "total_dismissals", "total_impressions", "unique_clicks", "unique_dismissals",
        "unique_impressions",
    ),
    "in_app_message": ("impressions", "clicks", "first_button_clicks", "second_button_clicks"),
}  # fmt: skip
"""Channel -> what a campaign's series counts of it (documented). Nobody opens, clicks or answers here: those are 0."""
OF_A_SEND: Final = (
    "sent", "delivered", "undelivered", "delivery_failed", "direct_opens", "total_opens", "bounces", "body_clicks",
)  # fmt: skip
"""What a send's series counts of every channel (documented)."""
BY_SEND_TIME: Final = "_by_send_time"
CONVERSIONS: Final = tuple(f"conversions{event}{by}" for event in ("", 1, 2, 3) for by in ("", BY_SEND_TIME))

Numbers = Mapping[str, Any]
Converted = Mapping[tuple[str, str], Numbers]
"""(day, id of a variant or nothing for all) -> name of a conversion -> how many."""


def answer(call: Call, campaign: Campaign, send_id: str = "", kept_since: str = "") -> Json:
    """The days of a campaign or of one of its sends; `kept_since` is the first day of which something is known."""
    converted = _converted(call, campaign, send_id)

    def read(day: str, variant: str) -> Numbers:
        if day < kept_since:
            return {}
        counts = send_counts.read(call.state, campaign["id"], send_id, day, variant)
        return {**counts, **converted.get((day, variant), {})}

    days = [_day(campaign, bool(send_id), day, partial(read, day)) for day in _periods.labels(call)]
    return {"message": "success", "data": days}


def _converted(call: Call, campaign: Campaign, send_id: str) -> Converted:
    """On the day of the conversion, and by send time on that of the receipt; the control group apart (assumed). Of a
    send, those of users who received no newer one (documented).
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    control = campaigns.control_group(campaign)["id"]
    for one in conversions.of_campaign(call.state, campaign["id"]):
        if send_id not in ("", one["send_id"]):
            continue
        owners = (control,) if one["control"] else (one["message_id"], "")
        name = f"conversions{one['conversion'] or ''}"
        for at, counted in ((one["at"], name), (one["sent_at"], name + BY_SEND_TIME)):
            for owner in owners:
                numbers = found.setdefault((series.local_day(call.state, at), owner), {})
                numbers[counted] = numbers.get(counted, 0) + 1
    return found


def _day(campaign: Campaign, of_a_send: bool, day: str, read: Callable[[str], Numbers]) -> Json:
    found: dict[str, list[Json]] = {}
    for item in campaign["messages"]:
        names = STATISTICS.get(item["channel"], ("sent",))
        names = tuple(dict.fromkeys((*OF_A_SEND, *names))) if of_a_send else names
        found.setdefault(shown_channel(item["channel"]), []).append(_entry(item, names, read(item["id"])))
    if campaign["control_percentage"] and found and not of_a_send:
        control = campaigns.control_group(campaign)
        next(iter(found.values())).append(_entry(control, (send_counts.ENROLLED,), read(control["id"])))
    return {"time": day, "messages": found, **_sums(read(""))}


def _entry(item: Variant, names: tuple[str, ...], numbers: Numbers) -> Json:
    counted = {name: numbers.get(name, 0) for name in names}
    return {"variation_name": item["name"], "variation_api_id": item["id"], **counted, **_sums(numbers)}


def _sums(numbers: Numbers) -> dict[str, Json]:
    """What a variant and a day both have."""
    counted = {name: numbers.get(name, 0) for name in (*CONVERSIONS, send_counts.UNIQUE)}
    return {**counted, send_counts.REVENUE: numbers.get(send_counts.REVENUE, 0.0)}
