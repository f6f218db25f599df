"""Conversions: what users did within the window after they received a campaign or entered its control group.

Source: Braze's page on conversion events. A user converts at most once on each conversion event while a window is open;
with several campaigns it counts for each. A new receipt opens a new window (the newest text of the page). Opening and
clicking e-mails and upgrading an app are not seen by the emulator and never count.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from emulator import clock
from emulator.state import campaigns, send_counts, sends
from emulator.state.draft import Draft

Conversion = Mapping[str, Any]
"""{campaign_id, conversion: place among the campaign's conversion_events, braze_id, at, sent_at, variant: the id of the
message, variant_name, channel, control, send_id: the newest that the user received}."""

WINDOW: Final = 3 * 86_400
"""Seconds of a conversion event that says none (assumed), and for revenue where a campaign has none (documented)."""


def of_campaign(draft: Draft, campaign_id: str) -> list[Conversion]:
    """All conversions of a campaign, the oldest first. By day they count at `at`; by send time at `sent_at`."""
    return [one for one in draft.conversions.values() if one["campaign_id"] == campaign_id]


def count(draft: Draft, kind: str, name: str, braze_id: str, happened: str) -> None:
    """Count an event, a purchase or a session for every campaign that waits for it; `happened` is sortable text."""
    for campaign in campaigns.started_by(draft, kind, name, campaigns.CONVERTS):
        for place, wanted in enumerate(campaign["conversion_events"]):
            if (kind, name) in _meant(wanted, name):
                _convert(draft, campaign, place, braze_id, happened)


def earn(draft: Draft, braze_id: str, amount: float, happened: str) -> None:
    """Count what the user bought for every campaign that was received, within the window of its first conversion event,
    or within three days where there is none (documented).
    """
    for one in draft.profiles[braze_id].get("campaigns_received", ()):
        campaign = draft.campaigns.get(one.get("api_campaign_id", ""))
        receipt = sends.receipt(draft, campaign["id"], braze_id) if campaign else None
        if campaign and receipt and _within(campaign, 0, receipt, happened):
            control = (campaigns.control_group(campaign)["id"],)
            variants = control if receipt["control"] else (receipt["message_id"], "")
            send_counts.earned(draft, campaign["id"], receipt["send_id"], variants, happened, amount)


def _meant(wanted: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """What fits a conversion event, where `name` stands for any name."""
    return [(kind, known or name) for kind, known in campaigns.conversion_keys(wanted)]


def _convert(draft: Draft, campaign: campaigns.Campaign, place: int, braze_id: str, happened: str) -> None:
    receipt = sends.receipt(draft, campaign["id"], braze_id)
    if receipt is None or place in receipt.get("converted", ()) or not _within(campaign, place, receipt, happened):
        return
    sends.convert(draft, campaign["id"], braze_id, place)
    record = {
        "campaign_id": campaign["id"],
        "conversion": place,
        "braze_id": braze_id,
        "at": happened,
        "sent_at": receipt["at"],
        **{name: receipt[name] for name in ("message_id", "variant", "channel", "control", "send_id")},
    }
    draft.conversions[f"{draft.next('conversions'):012d}"] = record


def _within(campaign: campaigns.Campaign, place: int, receipt: Mapping[str, Any], happened: str) -> bool:
    """Compared by the second, because the times of events seldom have more."""
    window = dict(enumerate(campaign["conversion_events"])).get(place, {}).get("window", WINDOW)
    end = clock.iso_ms(clock.parse_instant(receipt["at"]) + timedelta(seconds=window))
    return bool(receipt["at"][:19] <= happened[:19] and happened < end)
