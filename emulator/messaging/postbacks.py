"""Telling a company's server what became of a transactional e-mail, as soon as its decision is final."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from emulator.messaging import outbox
from emulator.state import transactional
from emulator.state.draft import Draft

SENDER: Final = "braze"


def follow(draft: Draft, decision: str, now: datetime) -> None:
    """Put the postbacks in the outbox that follow from a decision; none where it is of another message, or waits."""
    held = draft.decisions.get(decision)
    if held is None or held["dispatch_id"] not in draft.transactional_sends:
        return
    for work in transactional.end(draft, held, now):
        outbox.add(draft, work, SENDER, held["trace"], now.timestamp())
