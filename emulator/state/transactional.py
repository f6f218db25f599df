"""Transactional e-mail: which sends there were, and the postbacks that tell what became of each.

A send is {dispatch_id, campaign_id, external_send_id, at, stages: [{status, at, metadata}]}; times are epoch seconds.
Postbacks go to the address of `settings.transactional.postback_url`; without one there are none.
Source: Braze's page on tracking transactional e-mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.call import Json, Work
from emulator.state import profiles
from emulator.state.draft import Draft

Send = Mapping[str, Any]

ABOUT: Final = "transactional_postback"
UNREACHABLE: Final = "User not emailable"
REJECTED: Final = "550 5.1.1 The email account that you tried to reach does not exist"
"""Reasons as they stand in the page's examples."""
REMEMBERED: Final = 86_400.0
"""Seconds for which an external_send_id sends nothing again (documented)."""
MOST: Final = 20_000
"""Sends that are kept; when there are so many, the older half is forgotten. A limit of this emulator."""
REACHABLE: Final = "reachable"
"""The check of a decision that fails where no address can be used."""
FIXED: Final[Mapping[str, Any]] = {
    "reeligibility_seconds": 0,
    "recipient_subscription_state": "all",
    "ignore_frequency_cap": True,
}
"""What every transactional campaign is like: its settings are not there to be chosen (documented)."""
WITHOUT: Final = (
    "trigger", "delay", "audience", "control_percentage", "conversion_events", "exception_events", "quiet_hours",
    "rate_limit", "is_api_campaign", *FIXED,
)  # fmt: skip
"""What no such campaign has (documented)."""
ABORTED: Final = frozenset({"not_sent", "aborted", "control_group"})
"""Outcomes of a decision that Braze calls aborted."""


def flaws(item: Mapping[str, Any], place: str) -> Iterator[str]:
    """What a seed says of a transactional campaign that none can have."""
    for name in WITHOUT:
        if name in item:
            yield f"{place}.{name}: a transactional campaign has none; leave it out"
    for index, one in enumerate(item.get("messages", ())):
        if one["channel"] != "email":
            yield f"{place}.messages[{index}].channel: a transactional campaign sends e-mail, not {one['channel']}"


def begin(draft: Draft, dispatch_id: str, campaign_id: str, external_send_id: str, now: datetime) -> Send:
    """Keep a send that was asked for."""
    at = now.timestamp()
    times = {"received_at": _time(at), "enqueued_at": _time(at)}
    send = {
        "dispatch_id": dispatch_id,
        "campaign_id": campaign_id,
        "external_send_id": external_send_id,
        "at": at,
        "stages": [{"status": "sent", "at": at, "metadata": times}],
    }
    if len(draft.transactional_sends) >= MOST:
        _forget(draft, MOST // 2)
    draft.transactional_sends[dispatch_id] = send
    if external_send_id:
        draft.external_send_ids[external_send_id] = dispatch_id
    return send


def _forget(draft: Draft, count: int) -> None:
    """Let go of the oldest sends, many at a time, because they have to be looked for."""
    for one in sorted(draft.transactional_sends.values(), key=lambda send: float(send["at"]))[:count]:
        del draft.transactional_sends[one["dispatch_id"]]
        if draft.external_send_ids.get(one["external_send_id"]) == one["dispatch_id"]:
            del draft.external_send_ids[one["external_send_id"]]


def earlier(draft: Draft, external_send_id: str, now: datetime) -> Send | None:
    """The send of the last 24 hours that has this external_send_id."""
    held: Send | None = draft.transactional_sends.get(draft.external_send_ids.get(external_send_id, ""))
    return held if held is not None and now.timestamp() < held["at"] + REMEMBERED else None


def shown(send: Send, now: datetime) -> dict[str, Json]:
    """{dispatch_id, status, metadata} as they are now."""
    stage = [one for one in send["stages"] if one["at"] <= now.timestamp()][-1]
    return {"dispatch_id": send["dispatch_id"], "status": stage["status"], "metadata": stage["metadata"]}


def bounces(draft: Draft, campaign: Mapping[str, Any], recipient: str) -> bool:
    """Whether the workspace's settings say that mail to this address comes back."""
    listed = _settings(draft).get("bounces", ()) if campaign.get("transactional") else ()
    return any(profiles.email_key(one) == profiles.email_key(recipient) for one in listed)


def end(draft: Draft, decision: Mapping[str, Any], now: datetime) -> list[Work]:
    """Note the stages that follow from a decision; answers the postbacks that tell of them, none where it waits."""
    send = draft.transactional_sends[decision["dispatch_id"]]
    if decision["outcome"] in ABORTED:
        failed = next((one["check"] for one in decision["checks"] if one["verdict"] == "fail"), "")
        return abort(draft, send, UNREACHABLE if failed == REACHABLE else decision["reason"], now)
    if decision["outcome"] != "sent":
        return []
    at, step = now.timestamp(), float(_settings(draft).get("seconds", 0.0))
    received = send["stages"][0]["metadata"]
    return _told(draft, send, now, [
        _stage(send, "sent", at, {**received, "executed_at": _time(at)}),
        _stage(send, "processed", at + step),
        _arrival(draft, send, draft.messages[decision["message"]]["recipient"], at + 2 * step),
    ])  # fmt: skip


def _arrival(draft: Draft, send: Send, recipient: str, at: float) -> Json:
    """A rejected message makes its address one that hard bounced."""
    if not bounces(draft, draft.campaigns[send["campaign_id"]], recipient):
        return _stage(send, "delivered", at)
    when = clock.iso_ms(datetime.fromtimestamp(at, clock.UTC))
    draft.hard_bounces[profiles.email_key(recipient)] = {"email": recipient, "at": when}
    return _stage(send, "bounced", at, {"reason": REJECTED})


def abort(draft: Draft, send: Send, reason: str, now: datetime) -> list[Work]:
    """As `end`, for a send that comes to nothing."""
    return _told(draft, send, now, [_stage(send, "aborted", now.timestamp(), {"reason": reason})])


def _told(draft: Draft, send: Send, now: datetime, stages: list[Json]) -> list[Work]:
    draft.transactional_sends[send["dispatch_id"]] = {**send, "stages": [*send["stages"], *stages]}
    url = _settings(draft).get("postback_url")
    return [_postback(url, send, stage, now.timestamp()) for stage in stages] if url else []


def _stage(send: Send, status: str, at: float, more: Mapping[str, Json] | None = None) -> dict[str, Json]:
    named = {"external_send_id": send["external_send_id"]} if send["external_send_id"] else {}
    metadata = {**(more or {}), f"{status}_at": _time(at), "campaign_api_id": send["campaign_id"], **named}
    return {"status": status, "at": at, "metadata": metadata}


def _postback(url: str, send: Send, stage: Mapping[str, Any], now: float) -> Work:
    return Work(
        url=url,
        method="POST",
        headers={"Content-Type": "application/json"},
        body={"dispatch_id": send["dispatch_id"], "status": stage["status"], "metadata": stage["metadata"]},
        delay=stage["at"] - now,
        about=ABOUT,
    )


def _settings(draft: Draft) -> Mapping[str, Any]:
    found: Mapping[str, Any] = draft.settings.get("transactional") or {}
    return found


def _time(at: float) -> str:
    """2026-01-31T12:00:00.000+00:00, as in the page's examples."""
    return clock.iso_ms(datetime.fromtimestamp(at, clock.UTC)).replace("Z", "+00:00")
