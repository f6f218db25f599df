"""Numbers of what was sent under a send_id."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze import _campaigns, _send_series
from emulator.state import series

KEPT: Final = timedelta(days=14)
"""How long the numbers of a send are kept (documented)."""


def get_send_series(call: Call) -> Json:
    """The days, the oldest first; what lies more than 14 days back is no longer known."""
    campaign = _campaigns.find(call, call.args["campaign_id"], _campaigns.UNKNOWN)
    send_id = call.args["send_id"]
    if _campaigns.send_key(campaign["id"], send_id) not in call.state.send_ids:
        hint = f"'{send_id[:64]}' was not made for this campaign; POST /sends/id/create makes one, before it is used"
        raise ApiError("invalid", message="send_id must be a string of the Send api identifier", hint=hint)
    since = series.local_day(call.state, clock.iso_ms(call.now - KEPT))
    return _send_series.answer(call, campaign, send_id, since)
