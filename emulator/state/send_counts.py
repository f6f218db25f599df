"""How much was sent, by day: counters that sending adds to, and that the series of campaigns, sends and Canvases read.

They are kept beside the messages, of which only the newest are there. A counter belongs to a campaign or a Canvas, a
send_id or none, a day of the company's time zone, and a variant or (without one) the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.state import series
from emulator.state.draft import Draft

Message = Mapping[str, Any]
"""{campaign_id or canvas_id, send_id, message_id, channel, braze_id}: a message of state/sends.py has them."""

UNIQUE: Final = "unique_recipients"
REVENUE: Final = "revenue"
ENROLLED: Final = "enrolled"
ENTRIES: Final = "entries"
DELIVERED: Final = {"email": ("delivered",), "sms": ("sent_to_carrier", "delivered")}
"""Channel -> what is counted, beside `sent`, of a message that arrives. Nothing is lost on the way here."""


def sent(draft: Draft, message: Message, now: datetime, bounced: bool = False) -> None:
    """Count a message that was rendered. Whether a webhook arrives is known later."""
    arrived = ("bounces",) if bounced else DELIVERED.get(message["channel"], ())
    for what in ("sent", *arrived):
        add(draft, message, what, now)
    if message["channel"] != "webhook" and not bounced:
        received(draft, message, now)


def answered(draft: Draft, message: Message, good: bool, now: datetime) -> None:
    """Count the answer to one attempt of a webhook: it arrived, or one more error was returned."""
    if good:
        received(draft, message, now)
    else:
        add(draft, message, "errors", now)


def add(draft: Draft, message: Message, what: str, now: datetime) -> None:
    """Count one more of something for the message's variant; nothing for a message of no campaign."""
    day = _day(draft, now)
    for send_id in _sends(draft, message):
        _add(draft, key(_owner(message), send_id, day, message["message_id"]), what)


def received(draft: Draft, message: Message, now: datetime) -> None:
    """Count who received it, once a day for the variant and once for the whole."""
    day, who = _day(draft, now), f"{_owner(message)}\0{message['braze_id']}"
    held = draft.day_recipients.get(who)
    before = held["counted"] if held is not None and held["day"] == day else []
    owners = [(send_id, variant) for send_id in _sends(draft, message) for variant in (message["message_id"], "")]
    new = [owner for owner in dict.fromkeys(owners) if list(owner) not in before]
    for send_id, variant in new:
        _add(draft, key(_owner(message), send_id, day, variant), UNIQUE)
    if new:
        draft.day_recipients[who] = {"day": day, "counted": [*before, *map(list, new)]}


def entered(draft: Draft, canvas_id: str, variant: str, now: datetime) -> None:
    """Count an entry into a variant of a Canvas."""
    _add(draft, key(canvas_id, "", _day(draft, now), variant), ENTRIES)


def enrolled(draft: Draft, campaign_id: str, variant: str, now: datetime) -> None:
    """Count a user who came into the control group; `variant` is the group's id."""
    _add(draft, key(campaign_id, "", _day(draft, now), variant), ENROLLED)


def earned(draft: Draft, campaign_id: str, send_id: str, variants: Iterable[str], happened: str, amount: float) -> None:
    """Add what was bought to the revenue of variants, of which nothing is the whole, on the day of the purchase: of the
    campaign, and of a send where there is one.
    """
    day = series.local_day(draft, happened)
    for one in dict.fromkeys(("", send_id)):
        for variant in variants:
            _add(draft, key(campaign_id, one, day, variant), REVENUE, amount)


def read(draft: Draft, campaign_id: str, send_id: str, day: str, variant: str = "") -> Mapping[str, Any]:
    """What was counted on a day: of a variant, or without one the unique recipients and the revenue of the whole."""
    found: Mapping[str, Any] = draft.send_counts.get(key(campaign_id, send_id, day, variant), {})
    return found


def key(campaign_id: str, send_id: str, day: str, variant: str) -> str:
    return f"{campaign_id}\0{send_id}\0{day}\0{variant}"


def _sends(draft: Draft, message: Message) -> tuple[str, ...]:
    """The campaign as a whole, and the send that was made for it by POST /sends/id/create."""
    campaign_id, send_id = _owner(message), message["send_id"]
    if not campaign_id:
        return ()
    return ("", send_id) if send_id and f"{campaign_id}\0{send_id}" in draft.send_ids else ("",)


def _owner(message: Message) -> str:
    owner: str = message.get("campaign_id") or message.get("canvas_id", "")
    return owner


def _day(draft: Draft, now: datetime) -> str:
    return series.local_day(draft, clock.iso_ms(now))


def _add(draft: Draft, counter: str, what: str, amount: float = 1) -> None:
    held = draft.send_counts.get(counter, {})
    draft.send_counts[counter] = {**held, what: round(held.get(what, 0) + amount, 2)}
