"""Finding the campaign that a request names, and the send_id that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.call import Call, Json
from emulator.handlers.braze import _named
from emulator.state.campaigns import Campaign

INVALID: Final = "Invalid Campaign ID"
UNKNOWN: Final = "campaign_id must be a string of the Campaign api identifier"
"""What writes and what reads answer to an id that no campaign has."""


def find(call: Call, campaign_id: str, message: str = INVALID) -> Campaign:
    """Raises ApiError for a campaign that the workspace does not have."""
    campaign: Campaign = _named.find(call, "campaigns", "campaign", campaign_id, message)
    return campaign


def check_send_id(call: Call) -> Mapping[str, Json]:
    """{send_id} as answers have it; a fate where it was not made for the campaign."""
    send_id = call.body.get("send_id")
    if send_id is None:
        return {}
    if send_key(call.body.get("campaign_id") or "", send_id) not in call.state.send_ids:
        call.fate("/send_id", "send_id_unknown", send_id, "POST /sends/id/create makes one")
    return {"send_id": send_id} if call.body.get("broadcast") else {}


def send_key(campaign_id: str, send_id: str) -> str:
    return f"{campaign_id}\0{send_id}"
