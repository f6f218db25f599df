"""What Ketch does when Braze has answered a call of one of its connections."""

from __future__ import annotations

from typing import Any

from emulator.call import Response
from emulator.state import ketch
from emulator.state.draft import Draft


def connection_answered(draft: Draft, data: dict[str, Any], response: Response) -> None:
    """Note whether the connection works: a status of 0 means that nothing was sent, 599 that nobody was there."""
    outcome = {"status": response.status, "change": data["change"]}
    ketch.record_outcome(draft, data["organization"], data["connection"], outcome)
