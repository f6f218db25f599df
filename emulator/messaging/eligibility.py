"""Whether a user gets a message: every check with its verdict and a reason in words, in one table each for two moments.

At the trigger: ENTRY. When the message is due: DUE, of which some only look again after a delay.
Sources: Braze's pages on action-based delivery, re-eligibility, control groups and subscription states; what they leave
open is said at the check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock
from emulator.state import audience, campaigns, property_filters, sends
from emulator.state.draft import Draft
from emulator.state.profiles import Record

Verdict = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One user and one campaign. `before` is the profile before the call that led here, None for a new one."""

    draft: Draft
    campaign: Mapping[str, Any]
    record: Record
    now: datetime
    before: Record | None = None
    kind: str = ""
    data: Mapping[str, Any] | None = None

    @property
    def at(self) -> str:
        return clock.iso_ms(self.now)


Check = Callable[[Case], Verdict]


def judge(checks: Mapping[str, Check], case: Case) -> list[Mapping[str, str]]:
    """{check, verdict, reason} of all of them: whoever asks why wants to see every obstacle, not the first."""
    found: list[Mapping[str, str]] = []
    for name, check in checks.items():
        passed, reason = check(case)
        found.append({"check": name, "verdict": "pass" if passed else "fail", "reason": reason})
    return found


def obstacle(verdicts: list[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The first check that says no."""
    return next((one for one in verdicts if one["verdict"] == "fail"), None)


def _status(case: Case) -> Verdict:
    if case.campaign["archived"]:
        return False, "the campaign is archived"
    return case.campaign["status"] == "active", f"the campaign's status is {case.campaign['status']}"


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
    """Once, unless the campaign allows more; the time counts from the receipt (documented)."""
    received = sends.receipt(case.draft, case.campaign["id"], case.record["braze_id"])
    if received is None:
        return True, "the user has not received it yet"
    wait = case.campaign.get("reeligibility_seconds")
    if wait is None:
        return False, f"received at {received['at']}, and nobody becomes eligible again"
    until = clock.iso_ms(clock.parse_instant(received["at"]) + timedelta(seconds=wait))
    if case.at < until:
        return False, f"received at {received['at']}; eligible again from {until}"
    return True, f"received at {received['at']}; eligible again since {until}"


def _global_control(case: Case) -> Verdict:
    group = case.draft.settings.get("global_control_group")
    if not group:
        return True, "there is no Global Control Group"
    if audience.in_control_group(group, case.record):
        return False, f"the random bucket {case.record['random_bucket']} is in the Global Control Group"
    return True, "not in the Global Control Group"


def _variant(case: Case) -> Verdict:
    """Stable per user: it follows from the campaign and the braze_id."""
    braze_id = case.record["braze_id"]
    place = f"place {campaigns.place_of(case.campaign['id'], braze_id):.2f} of 100"
    if campaigns.is_control(case.campaign, braze_id):
        return False, f"{CONTROL}: {place}, and the group takes {case.campaign['control_percentage']:g}"
    if not case.campaign["messages"]:
        return False, "the campaign has no messages"
    found = campaigns.variant(case.campaign, braze_id)
    return (True, f"{found['name']}: {place}") if found else (False, f"no variant takes {place}")


CONTROL: Final = "in the control group of the campaign"

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

AFTER_DELAY: Final[dict[str, Check]] = {"status when due": _status, "re_eligibility when due": _again}
RECHECK: Final[dict[str, Check]] = {"audience when due": _audience}
