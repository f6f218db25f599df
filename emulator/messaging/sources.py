"""Where a message comes from: a variant of a campaign, a call that brought it along, or a step of a Canvas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from emulator.messaging.eligibility import ACTIVE, AFTER_DELAY, RECHECK, VALIDATIONS, Check, validated
from emulator.state import campaigns, canvases, sends
from emulator.state.draft import Draft

Send = Mapping[str, Any]
"""What waits in the outbox: {campaign_id, braze_id, …}, or {canvas_id, step_id, message_id, …}."""
Record = Mapping[str, Any]


class Source(Protocol):
    """`of` is the campaign or the Canvas, `message` what is rendered; both are empty where they are gone."""

    of: Record
    message: Record
    again: Mapping[str, Check]
    """What is looked at again where the message had to wait."""

    def missing(self) -> tuple[str, str] | None:
        """What is not there any more, and that in words."""

    def names(self) -> Record:
        """What decisions and messages say of where they come from."""

    def namespaces(self, dispatch_id: str) -> Record:
        """What Liquid sees of it."""

    def receive(self, draft: Draft, braze_id: str, now: datetime) -> None:
        """Note that the user received it."""


class OfCampaign:
    def __init__(self, draft: Draft, send: Send) -> None:
        self._named: str = send["campaign_id"]
        self._send_id: str = send["send_id"]
        self.of: Record = draft.campaigns.get(send["campaign_id"], {})
        self.message: Record = {"id": "", "name": "", **send["message"]} if "message" in send else {}
        if self.of and not self.message:
            self.message = campaigns.variant(self.of, send["braze_id"]) or {}
        recheck = RECHECK if send["local"] or self.of.get("recheck_audience") else {}
        self.again: Mapping[str, Check] = {} if "message" in send else {**AFTER_DELAY, **recheck}

    def missing(self) -> tuple[str, str] | None:
        if self._named and not self.of:
            return "campaign", "the campaign is not there any more"
        return None if self.message else ("message", "the campaign has no such message any more")

    def names(self) -> Record:
        return {"campaign_id": self.of.get("id", ""), "campaign": self.of.get("name", "")}

    def namespaces(self, dispatch_id: str) -> Record:
        return {"campaign": _described(self.of, self.message, dispatch_id)}

    def receive(self, draft: Draft, braze_id: str, now: datetime) -> None:
        if self.of:
            sends.receive(draft, self.of, self.message, braze_id, now, self._send_id)


class OfStep:
    def __init__(self, draft: Draft, send: Send) -> None:
        self.of: Record = draft.canvases.get(send["canvas_id"], {})
        self.step: Record = self.of.get("steps", {}).get(send["step_id"], {})
        found = (one for one in self.step.get("messages", ()) if one["id"] == send["message_id"])
        self.message: Record = next(found, {})
        self.again: Mapping[str, Check] = {**ACTIVE, VALIDATIONS: validated(self.step)}
        self._user: str = send["braze_id"]

    def missing(self) -> tuple[str, str] | None:
        return None if self.message else ("message", "the Canvas has no such message any more")

    def names(self) -> Record:
        return canvases.names(self.of, self.step)

    def namespaces(self, dispatch_id: str) -> Record:
        """`campaign` describes the step (documented)."""
        variant = campaigns.variant(self.of, self._user) or {}
        canvas = {
            "name": self.of["name"],
            "api_id": self.of["id"],
            "variant_name": variant.get("name", ""),
            "variant_api_id": variant.get("id", ""),
        }
        return {"canvas": canvas, "campaign": _described(self.step, self.message, dispatch_id)}

    def receive(self, draft: Draft, braze_id: str, now: datetime) -> None:
        canvases.receive(draft, self.of, self.step, braze_id, now)


def find(draft: Draft, send: Send) -> Source:
    return OfStep(draft, send) if "canvas_id" in send else OfCampaign(draft, send)


def _described(one: Record, message: Record, dispatch_id: str) -> dict[str, str]:
    """The namespace `campaign`."""
    return {
        "name": one.get("name", ""),
        "api_id": one.get("id", ""),
        "dispatch_id": dispatch_id,
        "message_name": message.get("name", ""),
        "message_api_id": message.get("id", ""),
    }
