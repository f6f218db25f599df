"""Braze campaigns: which there are, what they say, and starting those that the API triggers."""

from __future__ import annotations

from typing import Final

from emulator import clock
from emulator.call import Call, Json
from emulator.handlers.braze import _campaign_details, _campaigns, _recipients, _send_series, _sends
from emulator.handlers.braze._campaign_details import shown_channel
from emulator.handlers.braze._recipients import Recipients, invalid
from emulator.state import campaigns, conversions
from emulator.state.campaigns import Campaign

PAGE: Final = 100
COPIED: Final = {"name": "name", "description": "description", "tag_names": "tags"}
"""Parameter of a copy -> what the campaign calls it."""
SCHEDULE_TYPES: Final = {"api": "api_triggered", "schedule": "time_based"}
"""Trigger -> schedule_type, where it is not action_based."""


def list_campaigns(call: Call) -> Json:
    """A page of 100, without archived ones unless they are asked for."""
    newest = call.args.get("sort_direction") == "desc"
    found = campaigns.listed(call.state.campaigns.values(), newest, call.args.get("include_archived", False))
    since = _since(call)
    found = [one for one in found if one["updated_at"] > since]
    start = call.args.get("page", 0) * PAGE
    return {"message": "success", "campaigns": [_summary(one) for one in found[start : start + PAGE]]}


def _since(call: Call) -> str:
    text = call.args.get("last_edit.time[gt]", "")
    try:
        return clock.read_time(text) if text else ""
    except ValueError:
        hint = f"last_edit.time is '{text[:40]}'; write for example 2026-01-31T12:00:00"
        raise invalid("last_edit.time is not a valid datetime", hint) from None


def _summary(one: Campaign) -> Json:
    return {"last_edited": one["updated_at"], **{key: one[key] for key in ("id", "name", "is_api_campaign", "tags")}}


def get_campaign(call: Call) -> Json:
    """The campaign, or what a draft of later changes makes of it; `messages` is keyed by the variants' ids."""
    published = _campaigns.find(call, call.args["campaign_id"], _campaigns.UNKNOWN)
    changes = published.get("post_launch_draft", {})
    one = {**published, **(changes if call.args.get("post_launch_draft_version") else {})}
    sent = call.state.campaign_sends.get(one["id"], {})
    return {
        "message": "success",
        **{
            name: one[name] for name in ("created_at", "updated_at", "archived", "name", "description", "tags", "teams")
        },
        **{name: sent[name] for name in ("first_sent", "last_sent") if name in sent},
        "draft": one["status"] == "draft",
        "enabled": one["status"] == "active" and not one["archived"],
        "has_post_launch_draft": bool(changes),
        "schedule_type": SCHEDULE_TYPES.get(next(iter(one["trigger"])), "action_based"),
        "channels": list(dict.fromkeys(shown_channel(item["channel"]) for item in one["messages"])),
        "messages": _campaign_details.messages(one, call.args.get("include_has_translatable_content", False)),
        "conversion_behaviors": [{"window": conversions.WINDOW, **event} for event in one["conversion_events"]],
    }


def get_campaign_series(call: Call) -> Json:
    """The days, the oldest first, with the numbers of each variant under its channel."""
    return _send_series.answer(call, _campaigns.find(call, call.args["campaign_id"], _campaigns.UNKNOWN))


def duplicate_campaign(call: Call) -> Json:
    """Make a draft that says the same under another name."""
    body = call.body
    original = _campaigns.find(call, body["campaign_id"])
    unknown = [tag for tag in body.get("tag_names", ()) if tag not in call.state.tags]
    if unknown:
        hint = f"this workspace has no tag {', '.join(map(repr, unknown))}; name it under tags in the seed"
        raise invalid("Some tags could not be found", hint)
    fields = {name: body[given] for given, name in COPIED.items() if given in body}
    campaigns.duplicate(call.state, original, call.now, **fields)
    return {"message": "success"}


def trigger_campaign(call: Call) -> Json:
    """Start an API-triggered campaign for recipients, or for everybody in an audience; one dispatch_id for all."""
    body = call.body
    campaign = _sends.campaign(call)
    tracked = _campaigns.check_send_id(call)
    recipients, errors = _found(call)
    dispatch_id, send_id = call.new_id("hex32"), body.get("send_id", "")
    for braze_id, own in recipients.items():
        properties = {**(body.get("trigger_properties") or {}), **own}
        call.occurred(
            "campaign", braze_id, campaign["id"], properties=properties, dispatch_id=dispatch_id, send_id=send_id
        )
    return {"dispatch_id": dispatch_id, "message": "success", **tracked, **({"errors": errors} if errors else {})}


def _found(call: Call) -> tuple[Recipients, list[Json]]:
    if call.body.get("broadcast"):
        return dict.fromkeys(_recipients.everybody(call), {}), []
    return _recipients.resolve(call, call.body["recipients"])
