"""What a workspace keeps of the messages it sent: decisions, messages, receipts, and the Message Activity Log.

A decision is {campaign_id, campaign, braze_id, external_id, at, trace, trigger, dispatch_id, variant, outcome, reason,
checks: [{check, verdict, reason}], until, message}; outcomes are in OUTCOMES, `until` is there where the message had to
wait. One on an entry into a Canvas has canvas_id and canvas in the place of the campaign, one on a message of a Canvas
step_id and step too, and so have messages. A message is {decision, campaign_id, campaign, message_id, message_name,
channel, braze_id, external_id, recipient, dispatch_id, send_id, at, trace, status, content, extras, findings,
sent_with, attempts: [{at, status, note, next_due, entry}]}. `sent_with` is what it was composed for, `request` of an
attempt what was sent in the place of the content. Both tables keep the newest MOST.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock
from emulator.state.draft import Draft, numbered

Record = Mapping[str, Any]

MOST: Final = 20_000
OUTCOMES: Final = {
    "waiting": "The delay is not over, the message has to be rendered again, or the user is on the way in a Canvas.",
    "not_sent": "A check says no; `reason` is the first that does.",
    "control_group": "The user is in the control group of the campaign or Canvas and gets nothing.",
    "aborted": "The message itself said so, or its Liquid is in error.",
    "sending": "A webhook that was rendered and has no final answer yet.",
    "sent": "Rendered, and for a webhook answered with 20x.",
    "failed": "A webhook that was refused, or that was answered with an error each time.",
    "finished": "The user came to the end of a Canvas.",
    "exited": "The user left a Canvas before its end; `reason` says why.",
}
MOST_OF_A_KIND: Final = 20
"""Entries of the log for a category, a campaign or step, and an hour of the clock (documented)."""
KEPT: Final = timedelta(hours=60)
"""How long the log shows an entry (documented)."""


def add(draft: Draft, table: str, record: Record) -> str:
    """Keep a new record under the next number, which is answered."""
    number = draft.next(table)
    records = getattr(draft, table)
    records[numbered(number)] = record
    if number > MOST and numbered(number - MOST) in records:
        del records[numbered(number - MOST)]
    return numbered(number)


def change(draft: Draft, table: str, key: str, **fields: Any) -> None:
    """Other fields for a record; nothing where it is no longer kept."""
    records = getattr(draft, table)
    if key in records:
        records[key] = {**records[key], **fields}


def told(draft: Draft, key: str, checks: list[Record], **fields: Any) -> None:
    """Add checks to a decision, and change other fields."""
    held = draft.decisions.get(key)
    if held is not None:
        draft.decisions[key] = {**held, **fields, "checks": [*held["checks"], *checks]}


ABOUT: Final = (
    "campaign_id", "campaign", "canvas_id", "canvas", "step_id", "step", "braze_id", "external_id", "trace",
)  # fmt: skip
"""What an entry of the log takes over from its decision."""


def log(draft: Draft, now: datetime, category: str, decision: str, reason: str, **more: Any) -> None:
    """An entry of the Message Activity Log, unless there are many like it in this hour."""
    held: Record = draft.decisions.get(decision, {})
    source, at = held.get("step_id") or held.get("campaign_id", ""), clock.iso_ms(now)
    if draft.next(f"activity {category} {source} {at[:13]}") > MOST_OF_A_KIND:
        return
    who = {name: held[name] for name in ABOUT if name in held}
    add(draft, "message_activity", {"at": at, "category": category, **who, "reason": reason, **more})


# who received what


def receipt(draft: Draft, campaign_id: str, braze_id: str) -> Record | None:
    found: Record | None = draft.receipts.get(receipt_key(campaign_id, braze_id))
    return found


def receipt_key(campaign_id: str, braze_id: str) -> str:
    return f"{campaign_id}\0{braze_id}"


def receive(
    draft: Draft, campaign: Record, variant: Record | None, braze_id: str, now: datetime, send_id: str = ""
) -> None:
    """Note a receipt, in the profile too; without a variant, that the user is in the control group. It keeps the newest
    send_id that the user received.
    """
    key, at = receipt_key(campaign["id"], braze_id), clock.iso_ms(now)
    before: Record = draft.receipts.get(key, {})
    count, newest = before.get("count", 0) + 1, send_id or before.get("send_id", "")
    what = {"variant": "name", "message_id": "id", "channel": "channel"}
    named = {field: variant[name] if variant else "" for field, name in what.items()}
    draft.receipts[key] = {"at": at, "count": count, "control": variant is None, "send_id": newest, **named}
    if variant is not None:
        sent = draft.campaign_sends.get(campaign["id"], {"first_sent": at, "count": 0})
        draft.campaign_sends[campaign["id"]] = {**sent, "last_sent": at, "count": sent["count"] + 1}
    profile = draft.profiles.get(braze_id)
    if profile is not None:
        held = profile.get("campaigns_received", ())
        others = [one for one in held if one.get("api_campaign_id") != campaign["id"]]
        converted = any(one.get("converted") for one in held if one not in others)
        received = [*others, {**_received(campaign, variant, at), "converted": converted}]
        draft.profiles[braze_id] = {**profile, "campaigns_received": received}


def convert(draft: Draft, campaign_id: str, braze_id: str, place: int) -> None:
    """Note that the user has met a conversion event of a campaign since its last receipt, in the profile too."""
    key = receipt_key(campaign_id, braze_id)
    receipt = draft.receipts[key]
    draft.receipts[key] = {**receipt, "converted": [*receipt.get("converted", ()), place]}
    profile = draft.profiles[braze_id]
    received = [
        {**one, "converted": True} if one.get("api_campaign_id") == campaign_id else one
        for one in profile.get("campaigns_received", ())
    ]
    draft.profiles[braze_id] = {**profile, "campaigns_received": received}


def follow(draft: Draft, gone: str, kept: str) -> None:
    """Give the receipts of a profile that is merged away to the one that stays: the later receipt, and all counted."""
    for campaign_id in draft.campaigns:
        old, new = receipt_key(campaign_id, gone), receipt_key(campaign_id, kept)
        if old in draft.receipts:
            both = [one for one in (draft.receipts[old], draft.receipts.get(new)) if one is not None]
            latest = max(both, key=lambda one: one["at"])
            draft.receipts[new] = {**latest, "count": sum(one["count"] for one in both)}
            del draft.receipts[old]
    if gone in draft.counted_sends:
        both = [*draft.counted_sends[gone], *draft.counted_sends.get(kept, ())]
        draft.counted_sends[kept] = tuple(sorted(both, key=lambda one: one["at"]))
        del draft.counted_sends[gone]


def current(draft: Draft, braze_id: str) -> str:
    """The braze_id of the profile that a user is now, whatever it was merged into."""
    while braze_id in draft.merged_profiles:
        braze_id = draft.merged_profiles[braze_id]
    return braze_id


def _received(campaign: Record, variant: Record | None, at: str) -> Record:
    """As exports show it."""
    named = {"variation_name": variant["name"], "variation_api_id": variant["id"]} if variant else {}
    return {
        "name": campaign["name"],
        "last_received": at,
        "engaged": {},
        "converted": False,
        "api_campaign_id": campaign["id"],
        **named,
        "in_control": variant is None,
    }
