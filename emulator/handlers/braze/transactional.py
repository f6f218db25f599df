"""Transactional e-mail: one message to one user, whatever their subscriptions, with postbacks that tell its status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _campaigns, _recipients, _sends
from emulator.handlers.braze._entry import Entry
from emulator.handlers.braze._recipients import invalid
from emulator.state import transactional
from emulator.state.campaigns import Campaign
from emulator.state.change import Refused
from emulator.state.profiles import Profiles

_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FORM: Final = "campaign_id must be a string of the campaign api identifier"
MISSING: Final = "Campaign does not exist"
OTHER: Final = "The campaign is not a transactional campaign. Only transactional campaigns may use this endpoint"
ARCHIVED: Final = "The campaign is archived. Unarchive the campaign in order for trigger requests to take effect."
PAUSED: Final = "The campaign is paused. Resume the campaign in order for trigger requests to take effect."
QUEUED: Final = "The external reference has been queued.  Please retry to obtain send_id."


def send_transactional_email(call: Call) -> Json:
    """{dispatch_id, status, metadata} of the send; of the earlier one where the external_send_id is repeated."""
    body = call.body
    campaign = _campaign(call)
    _sends.check_size(body, _sends.PROPERTIES)
    external_send_id = body.get("external_send_id", "")
    earlier = transactional.earlier(call.state, external_send_id, call.now)
    if earlier is not None:
        return _repeated(call, earlier)
    braze_id = _recipient(call)
    dispatch_id = call.new_id("hex32")
    send = transactional.begin(call.state, dispatch_id, campaign["id"], external_send_id, call.now)
    if braze_id is None:
        for work in transactional.abort(call.state, send, transactional.UNREACHABLE, call.now):
            call.later(work)
    else:
        properties = body.get("trigger_properties") or {}
        call.occurred("campaign", braze_id, campaign["id"], properties=properties, dispatch_id=dispatch_id)
    return transactional.shown(send, call.now)


def _campaign(call: Call) -> Campaign:
    """Raises ApiError for one that sends no transactional e-mail now."""
    campaign_id = call.params["campaign_id"]
    unknown = MISSING if _IDENTIFIER.fullmatch(campaign_id) else FORM
    campaign = _campaigns.find(call, campaign_id, unknown)
    if not campaign.get("transactional"):
        raise invalid(OTHER, f"say transactional: true of '{campaign['name']}' in the seed")
    if campaign["archived"]:
        raise invalid(ARCHIVED, "the seed says archived: true")
    if campaign["status"] != "active":
        raise invalid(PAUSED, f"its status is {campaign['status']}; an active one sends")
    return campaign


def _repeated(call: Call, earlier: transactional.Send) -> Json:
    """Raises ApiError while the earlier message is not rendered yet."""
    if len(earlier["stages"]) == 1:
        raise invalid(QUEUED, "the message of this external_send_id is not rendered yet; settle, or advance the clock")
    call.fate(
        "/external_send_id", "send_repeated", earlier["external_send_id"], f"dispatch_id {earlier['dispatch_id']}"
    )
    return transactional.shown(earlier, call.now)


def _recipient(call: Call) -> str | None:
    """The profile, made where attributes come with an external_user_id that is not there (documented)."""
    one: Mapping[str, Any] = call.body["recipient"]
    creates = {"send_to_existing_only": False} if one.get("attributes") and "external_user_id" in one else {}
    room = Profiles(call.state, call.now)
    try:
        braze_id = _recipients.recipient(Entry(call, room, "/recipient"), {**one, **creates})
    except Refused as error:
        raise ApiError("invalid", message=str(error), hint="correct recipient.attributes") from None
    room.close()
    return braze_id
