"""Series of what was sent, day by day: one entry for each variant under its channel, and the sums of the day.

The shape is that of recorded answers, where each variant has conversions, revenue and unique recipients of its own,
and the control group stands beside the variants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.call import Call, Json
from emulator.handlers.braze import _periods
from emulator.handlers.braze._campaign_details import shown_channel
from emulator.state import campaigns, send_counts
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
CONVERSIONS: Final = tuple(f"conversions{event}{by}" for event in ("", 1, 2, 3) for by in ("", "_by_send_time"))


def answer(call: Call, campaign: Campaign, send_id: str = "", kept_since: str = "") -> Json:
    """`kept_since` is the first day of which something is known."""
    days = [_day(call, campaign, send_id, day, day >= kept_since) for day in _periods.labels(call)]
    return {"message": "success", "data": days}


def _day(call: Call, campaign: Campaign, send_id: str, day: str, kept: bool) -> Json:
    def read(variant: str) -> Mapping[str, int]:
        return send_counts.read(call.state, campaign["id"], send_id, day, variant) if kept else {}

    found: dict[str, list[Json]] = {}
    for item in campaign["messages"]:
        names = STATISTICS.get(item["channel"], ("sent",))
        names = tuple(dict.fromkeys((*OF_A_SEND, *names))) if send_id else names
        found.setdefault(shown_channel(item["channel"]), []).append(_entry(item, names, read(item["id"])))
    if campaign["control_percentage"] and found and not send_id:
        control = campaigns.control_group(campaign)
        next(iter(found.values())).append(_entry(control, (send_counts.ENROLLED,), read(control["id"])))
    return {"time": day, "messages": found, **_sums(read(""))}


def _entry(item: Variant, names: tuple[str, ...], counts: Mapping[str, int]) -> Json:
    numbers = {name: counts.get(name, 0) for name in names}
    return {"variation_name": item["name"], "variation_api_id": item["id"], **numbers, **_sums(counts)}


def _sums(counts: Mapping[str, int]) -> dict[str, Json]:
    """What a variant and a day both have."""
    recipients = counts.get(send_counts.UNIQUE, 0)
    return {**dict.fromkeys(CONVERSIONS, 0), "revenue": 0.0, send_counts.UNIQUE: recipients}
