"""Whether a user gets a message: every check with its verdict and a reason in words, in one table each for two moments.

At the trigger: ENTRY. When the message is due: AFTER_DELAY and RECHECK, which look again, and then DUE.
Sources: Braze's pages on action-based delivery, re-eligibility, control groups, subscription states, quiet hours and
frequency capping; what they leave open is said at the check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from emulator import clock
from emulator.state import audience, campaigns, canvases, frequency, plans, property_filters, quiet_hours, sends, zones
from emulator.state.draft import Draft
from emulator.state.profiles import Record


class Wait(NamedTuple):
    """Neither yes nor no: look again then."""

    until: datetime
    reason: str


Verdict = tuple[bool, str] | Wait


class Case(NamedTuple):
    """One user and one campaign or Canvas. `before` is the profile before the call that led here, None for a new one;
    `message` is the one that is due, as it is remembered for frequency caps; `override` says that these do not hold.
    """

    draft: Draft
    campaign: Mapping[str, Any]
    record: Record
    now: datetime
    before: Record | None = None
    kind: str = ""
    data: Mapping[str, Any] | None = None
    message: Mapping[str, str] | None = None
    override: bool = False

    @property
    def at(self) -> str:
        return clock.iso_ms(self.now)

    @property
    def what(self) -> str:
        return "Canvas" if "steps" in self.campaign else "campaign"


Check = Callable[[Case], Verdict]


def judge(checks: Mapping[str, Check], case: Case) -> list[Mapping[str, str]]:
    """{check, verdict, reason} of all of them: whoever asks why wants to see every obstacle, not the first. What comes
    after a wait is not looked at yet; `until` says when it is.
    """
    found: list[Mapping[str, str]] = []
    for name, check in checks.items():
        found.append(row(name, check(case)))
        if found[-1]["verdict"] == "wait":
            break
    return found


def row(name: str, verdict: Verdict) -> Mapping[str, str]:
    """A verdict as decisions keep it."""
    if isinstance(verdict, Wait):
        return {"check": name, "verdict": "wait", "reason": verdict.reason, "until": clock.iso_ms(verdict.until)}
    passed, reason = verdict
    return {"check": name, "verdict": "pass" if passed else "fail", "reason": reason}


def obstacle(verdicts: list[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The first check that says no, or not yet."""
    return next((one for one in verdicts if one["verdict"] in ("fail", "wait")), None)


def _status(case: Case) -> Verdict:
    if case.campaign["archived"]:
        return False, f"the {case.what} is archived"
    return case.campaign["status"] == "active", f"the {case.what}'s status is {case.campaign['status']}"


def _window(case: Case) -> Verdict:
    """Between start and end; an event that happened before the start does not count (documented)."""
    start, end = case.campaign.get("start", ""), case.campaign.get("end", "")
    happened: str = (case.data or {}).get("time") or case.at
    if start and case.at < start:
        return False, f"it starts at {start}, and it is {case.at}"
    if start and happened < start:
        return False, f"it starts at {start}, and this happened at {happened}"
    if end and case.at >= end:
        return False, f"it ended at {end}, and it is {case.at}"
    return True, " and ".join(filter(None, (start and f"after {start}", end and f"before {end}"))) or "always open"


def _trigger(case: Case) -> Verdict:
    """The property filters of an event or a purchase."""
    spec = case.campaign["trigger"].get(case.kind)
    filters = spec.get("properties", ()) if isinstance(spec, Mapping) else ()
    properties = (case.data or {}).get("properties") or {}
    failing = property_filters.failing(filters, properties, case.now)
    if not case.kind:
        return True, "started by a call, or at its time"
    if failing is None:
        return True, f"{len(filters)} property filters fit" if filters else f"any {case.kind} of this name will do"
    held = list(property_filters.values(properties, failing["property"]))
    return False, f"{property_filters.words(failing)}: the property is {held[0]!r}" if held else (
        f"{property_filters.words(failing)}: there is no such property"
    )


def _audience(case: Case) -> Verdict:
    filters = case.campaign.get("audience")
    if filters is None:
        return True, "everybody is in the audience"
    inside = audience.predicate(case.draft, filters, case.now)
    if not inside(case.record):
        return False, f"not in the audience: {_missing(case)}"
    if case.kind and not (case.before is not None and inside(case.before)):
        return True, "in the audience since this very call; Braze may look at the audience before it is applied"
    return True, "in the audience"


def _missing(case: Case) -> str:
    """Which part of an AND the user does not fit; the whole where it is no AND."""
    filters = case.campaign["audience"]
    parts = filters.get("AND", [filters])
    wrong = [one for one in parts if not audience.matches(case.draft, case.record, one, case.now)]
    return ", ".join(str(one) for one in wrong[:3])[:300]


def _again(case: Case) -> Verdict:
    """Once, unless more is allowed; the time counts from the receipt, of a Canvas from the entry (documented)."""
    last, done = _last(case)
    if not last:
        return True, f"the user has not {done} it yet"
    wait = case.campaign.get("reeligibility_seconds")
    if wait is None:
        return False, f"{done} at {last}, and nobody becomes eligible again"
    until = clock.iso_ms(clock.parse_instant(last) + timedelta(seconds=wait))
    if case.at < until:
        return False, f"{done} at {last}; eligible again from {until}"
    return True, f"{done} at {last}; eligible again since {until}"


def _last(case: Case) -> tuple[str, str]:
    """When the user last received the campaign or entered the Canvas, and the word for it."""
    about = case.campaign["id"], case.record["braze_id"]
    if case.what == "Canvas":
        return canvases.journey(case.draft, *about).get("at", ""), "entered"
    return (sends.receipt(case.draft, *about) or {}).get("at", ""), "received"


def _global_control(case: Case) -> Verdict:
    group = case.draft.settings.get("global_control_group")
    if not group:
        return True, "there is no Global Control Group"
    if case.campaign.get("transactional"):
        return True, "transactional e-mail goes to the Global Control Group too"
    if audience.in_control_group(group, case.record):
        return False, f"the random bucket {case.record['random_bucket']} is in the Global Control Group"
    return True, "not in the Global Control Group"


def _variant(case: Case) -> Verdict:
    """Stable per user: it follows from the campaign and the braze_id."""
    braze_id = case.record["braze_id"]
    place = f"place {campaigns.place_of(case.campaign['id'], braze_id):.2f} of 100"
    if campaigns.is_control(case.campaign, braze_id):
        return False, f"{CONTROL} {case.what}: {place}, and the group takes {case.campaign['control_percentage']:g}"
    if not campaigns.variants(case.campaign):
        return False, f"the {case.what} has no messages"
    found = campaigns.variant(case.campaign, braze_id)
    return (True, f"{found['name']}: {place}") if found else (False, f"no variant takes {place}")


def _local_time(case: Case) -> Verdict:
    """For what is sent at a time on the wall of each user."""
    wall, zone = (case.data or {})["wall"], zones.of_user(case.draft, case.record)
    at = zones.instant(datetime.fromisoformat(wall), zone)
    told = f"{wall} in {zone.key} is {clock.iso_ms(at)}"
    if case.now - at > plans.GRACE:
        return False, f"{told}, more than an hour ago"
    return True, told


CONTROL: Final = "in the control group of the"

ENTRY: Final[dict[str, Check]] = {
    "status": _status,
    "window": _window,
    "trigger": _trigger,
    "audience": _audience,
    "re_eligibility": _again,
    "global_control_group": _global_control,
    "variant": _variant,
}
"""In this order (assumed); what fails first is the reason that is told."""

LOCAL_TIME: Final[dict[str, Check]] = {"local_time": _local_time}
ACTIVE: Final[dict[str, Check]] = {"status when due": _status}
VALIDATIONS: Final = "delivery validations"
"""The check of a step of a Canvas; who does not pass it leaves the Canvas (documented)."""


def validated(step: Mapping[str, Any]) -> Check:
    """Whether a user is in the audience that a message step of a Canvas asks for when it sends."""

    def check(case: Case) -> Verdict:
        filters = step.get("validations")
        if filters is None or audience.matches(case.draft, case.record, filters, case.now):
            return True, "the step asks for nobody in particular" if filters is None else "in the audience of the step"
        return False, f"not in the audience of the step: {filters}"[:300]

    return check


TRIGGER: Final[dict[str, Check]] = {"trigger": _trigger}
AFTER_DELAY: Final[dict[str, Check]] = {
    **ACTIVE,
    "window when due": _window,
    "re_eligibility when due": _again,
}
"""A message that waited past the end of the campaign is not sent (documented)."""
RECHECK: Final[dict[str, Check]] = {"audience when due": _audience}


def _quiet_hours(case: Case) -> Verdict:
    """In the user's local time (documented): the message waits for their end, unless the campaign says abort."""
    quiet = case.campaign.get("quiet_hours")
    if quiet is None:
        return True, f"the {case.what} has no quiet hours"
    at = case.now.astimezone(zones.of_user(case.draft, case.record))
    told = f"quiet hours are from {quiet['start']} to {quiet['end']}, and it is {at:%H:%M} in {at.tzinfo}"
    until = quiet_hours.end(quiet, at)
    if until is None:
        return True, told
    return (False, told) if quiet.get("then") == "abort" else Wait(until, told)


def _frequency_cap(case: Case) -> Verdict:
    """The text is that of Braze's log (documented)."""
    rules = frequency.rules(case.draft)
    if not rules:
        return True, "the workspace has no frequency caps"
    if case.override:
        return True, "the call overrides frequency caps"
    if case.campaign.get("ignore_frequency_cap"):
        return True, f"the {case.what} ignores frequency caps"
    assert case.message is not None
    rule = frequency.reached(case.draft, case.record, case.message, case.now)
    if rule is not None:
        return False, f"Frequency cap rule: {frequency.words(rule)}"
    return True, f"{len(rules)} frequency caps, and none is reached"


DUE: Final[dict[str, Check]] = {"quiet hours": _quiet_hours, "frequency cap": _frequency_cap}
"""Then comes the delivery rate limit (see sending), and then the rendering (that quiet hours come first is assumed)."""

ABORT_TYPES: Final = {
    "campaign": "campaign_does_not_exist",
    "message": "message_variation_does_not_exist",
    "status when due": "campaign_disabled",
    "window when due": "no_longer_in_availability_window",
    "audience when due": "user_not_in_segment",
    VALIDATIONS: "user_not_in_segment",
    "quiet hours": "quiet_hours",
    "frequency cap": "frequency_capped",
    "rate limit": "rate_limit",
}
"""Check that says no when the message is due -> Braze's name for it (documented as `abort_type` of Currents)."""
