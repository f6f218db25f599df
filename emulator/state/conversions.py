"""Conversions: what users did within the window after they received a campaign, entered a Canvas or a control group.

Source: Braze's page on conversion events. A user converts at most once on each conversion event while a window is open;
with several campaigns it counts for each. A new receipt or entry opens a new window (the newest text of the page).
Opening and clicking e-mails and upgrading an app are not seen by the emulator and never count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from emulator import clock
from emulator.state import campaigns, canvases, send_counts, sends
from emulator.state.draft import Draft, numbered

Conversion = Mapping[str, Any]
"""{campaign_id, conversion: place among the conversion_events, braze_id, at, sent_at, control, message_id, variant: its
name, channel, send_id: the newest that the user received}; of a Canvas {canvas_id, conversion, braze_id, at, control,
sent_at: of the entry, variant: its id}.
"""
Window = tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], Callable[[Draft, str, str, int], None]]
"""A campaign or Canvas, the receipt or entry that opened it, what a conversion says of them, and how to note one."""

WINDOW: Final = 3 * 86_400
"""Seconds of a conversion event that says none (assumed), and for revenue where a campaign has none (documented)."""


def of_campaign(draft: Draft, campaign_id: str) -> list[Conversion]:
    """All conversions of a campaign, the oldest first. By day they count at `at`; by send time at `sent_at`."""
    return [one for one in draft.conversions.values() if one.get("campaign_id") == campaign_id]


def of_canvas(draft: Draft, canvas_id: str) -> list[Conversion]:
    """As of_campaign; by entry time they count at `sent_at`."""
    return [one for one in draft.conversions.values() if one.get("canvas_id") == canvas_id]


def count(draft: Draft, kind: str, name: str, braze_id: str, happened: str) -> None:
    """Count an event, a purchase or a session for everything that waits for it; `happened` is sortable text."""
    for owner, opened, about, note in list(_waiting(draft, kind, name, braze_id)):
        for place, wanted in enumerate(owner["conversion_events"]):
            fits = (kind, name) in _meant(wanted, name) and place not in opened.get("converted", ())
            if fits and _within(owner, place, opened, happened):
                note(draft, owner["id"], braze_id, place)
                found = {**about, "conversion": place, "braze_id": braze_id, "at": happened, "sent_at": opened["at"]}
                draft.conversions[numbered(draft.next("conversions"))] = found


def _waiting(draft: Draft, kind: str, name: str, braze_id: str) -> Iterator[Window]:
    for campaign in campaigns.started_by(draft, kind, name, campaigns.CONVERTS):
        receipt = sends.receipt(draft, campaign["id"], braze_id)
        if receipt is not None:
            named = {one: receipt[one] for one in ("message_id", "variant", "channel", "control", "send_id")}
            yield campaign, receipt, {"campaign_id": campaign["id"], **named}, sends.convert
    for canvas_id in campaigns.listening(draft, kind, name, campaigns.CONVERTS_IN):
        entry = canvases.journey(draft, canvas_id, braze_id)
        if entry:
            named = {one: entry[one] for one in ("variant", "control")}
            yield draft.canvases[canvas_id], entry, {"canvas_id": canvas_id, **named}, canvases.convert


def earn(draft: Draft, braze_id: str, amount: float, happened: str) -> None:
    """Count what the user bought for every campaign that was received and every Canvas that was entered, within the
    window of its first conversion event, or within three days where there is none (documented).
    """
    for owner, opened, variant in _opened(draft, braze_id):
        if _within(owner, 0, opened, happened):
            variants = (campaigns.control_group(owner)["id"],) if opened["control"] else (variant, "")
            send_counts.earned(draft, owner["id"], opened.get("send_id", ""), variants, happened, amount)


def _opened(draft: Draft, braze_id: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], str]]:
    """(campaign, receipt, variant) and (Canvas, entry, variant) of all that the user received or entered."""
    profile = draft.profiles[braze_id]
    for one in profile.get("campaigns_received", ()):
        campaign = draft.campaigns.get(one.get("api_campaign_id", ""))
        receipt = sends.receipt(draft, campaign["id"], braze_id) if campaign else None
        if campaign and receipt:
            yield campaign, receipt, receipt["message_id"]
    for one in profile.get("canvases_received", ()):
        canvas = draft.canvases.get(one.get("api_canvas_id", ""))
        entry = canvases.journey(draft, canvas["id"], braze_id) if canvas else {}
        if canvas and entry:
            yield canvas, entry, entry["variant"]


def _meant(wanted: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """What fits a conversion event, where `name` stands for any name."""
    return [(kind, known or name) for kind, known in campaigns.conversion_keys(wanted)]


def _within(owner: Mapping[str, Any], place: int, opened: Mapping[str, Any], happened: str) -> bool:
    """Compared by the second, because the times of events seldom have more."""
    window = dict(enumerate(owner["conversion_events"])).get(place, {}).get("window", WINDOW)
    end = clock.iso_ms(clock.parse_instant(opened["at"]) + timedelta(seconds=window))
    return bool(opened["at"][:19] <= happened[:19] and happened < end)
