"""Braze campaigns: which there are, what they say, and starting those that the API triggers."""

from __future__ import annotations

from emulator.call import Call, Json
from emulator.handlers.braze import _campaign_details, _campaigns, _listed, _recipients, _send_series, _sends
from emulator.handlers.braze._campaign_details import shown_channel
from emulator.state import campaigns, conversions


def list_campaigns(call: Call) -> Json:
    found = _listed.page(call, call.state.campaigns.values())
    shown = [_listed.summary(one, "id", "name", "is_api_campaign", "tags") for one in found]
    return {"message": "success", "campaigns": shown}


def get_campaign(call: Call) -> Json:
    """The campaign, or what a draft of later changes makes of it; `messages` is keyed by the variants' ids."""
    published = _campaigns.find(call, call.args["campaign_id"], _campaigns.UNKNOWN)
    changes = published.get("post_launch_draft", {})
    one = {**published, **(changes if call.args.get("post_launch_draft_version") else {})}
    sent = call.state.campaign_sends.get(one["id"], {})
    return {
        **_listed.described(one),
        **{name: sent[name] for name in ("first_sent", "last_sent") if name in sent},
        "has_post_launch_draft": bool(changes),
        "channels": list(dict.fromkeys(shown_channel(item["channel"]) for item in one["messages"])),
        "messages": _campaign_details.messages(one, call.args.get("include_has_translatable_content", False)),
        "conversion_behaviors": [{"window": conversions.WINDOW, **event} for event in one["conversion_events"]],
    }


def get_campaign_series(call: Call) -> Json:
    """The days, the oldest first, with the numbers of each variant under its channel."""
    return _send_series.answer(call, _campaigns.find(call, call.args["campaign_id"], _campaigns.UNKNOWN))


def duplicate_campaign(call: Call) -> Json:
    """Make a draft that says the same under another name."""
    original = _campaigns.find(call, call.body["campaign_id"])
    campaigns.duplicate(call.state, original, call.now, **_listed.copied(call))
    return {"message": "success"}


def trigger_campaign(call: Call) -> Json:
    """Start an API-triggered campaign for recipients, or for everybody in an audience; one dispatch_id for all."""
    body = call.body
    campaign = _sends.campaign(call)
    tracked = _campaigns.check_send_id(call)
    recipients, errors = _recipients.called(call, _sends.PROPERTIES)
    dispatch_id, send_id = call.new_id("hex32"), body.get("send_id", "")
    common = {"dispatch_id": dispatch_id, "send_id": send_id, "attachments": body.get("attachments") or []}
    for braze_id, own in recipients.items():
        properties = {**_recipients.properties(body, _sends.PROPERTIES), **own}
        call.occurred("campaign", braze_id, campaign["id"], properties=properties, **common)
    return {"dispatch_id": dispatch_id, "message": "success", **tracked, **({"errors": errors} if errors else {})}
