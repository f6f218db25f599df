"""Advice on campaigns and Canvases: what is allowed and seldom meant, and what a partner's page asks in vain.

Which rules a page has, in what words and where it says so, stands in schemas/<service>/campaign_advice.json; the rules
of braze hold for every campaign, those of a partner for campaigns with a webhook to one of its hosts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from emulator import clock, resources
from emulator.state import campaigns, delays, names
from emulator.state.campaigns import PLAIN
from emulator.state.draft import Draft

GENERAL: Final = "braze"
"""The service whose rules hold for every campaign."""
PLAINEST: Final[Mapping[str, Any]] = {"messages": (), "steps": {}, "delay": 0.0, "is_api_campaign": False}
"""What either a campaign or a Canvas has not."""
_EPSILON: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What a service asks of campaigns: {rule: {why, fix, level, source}}, and texts that only messages to it have."""

    service: str
    title: str
    hosts: frozenset[str]
    rules: Mapping[str, Mapping[str, str]]
    marks: Sequence[str]


class Case(NamedTuple):
    """A campaign or a Canvas, and the messages of it that a page is about."""

    draft: Draft
    campaign: Mapping[str, Any]
    messages: Sequence[Mapping[str, Any]]
    page: Page


def advice(draft: Draft, given: Mapping[str, Any]) -> list[dict[str, str]]:
    """[{service, rule, message, fix, level, source}] of a campaign or a Canvas as the draft's tables have it; none if
    all is well.
    """
    owner = {**PLAINEST, **given}
    messages = owner["messages"] or [one for step in owner["steps"].values() for one in step.get("messages", ())]
    found: list[dict[str, str]] = []
    for page in pages().values():
        concerned = messages if page.service == GENERAL else [one for one in messages if _host(one) in page.hosts]
        if concerned or page.service == GENERAL:
            found += _told(Case(draft, owner, concerned, page))
    return found


def of_webhook(draft: Draft, campaign: Mapping[str, Any], message: Mapping[str, Any]) -> list[str]:
    """What the page of the partner that a webhook calls asks for in vain, a line each; `message` has its url, and the
    campaign may be a Canvas.
    """
    host = _host(message)
    page = next((one for one in pages().values() if host in one.hosts and one.service != GENERAL), None)
    if page is None:
        return []
    return [f"{one['message']}; {one['fix']}" for one in _told(Case(draft, {**PLAINEST, **campaign}, [message], page))]


@cache
def pages() -> dict[str, Page]:
    """service -> its page, the general one first."""
    found = {path.parent.name: _page(path.parent.name) for path in sorted(_folder().glob("*/campaign_advice.json"))}
    return {GENERAL: found.pop(GENERAL), **found}


def _folder() -> Any:
    return resources.folder("schemas")


def _page(name: str) -> Page:
    service, own = (
        orjson.loads((_folder() / name / f"{part}.json").read_bytes()) for part in ("service", "campaign_advice")
    )
    return Page(name, service["title"], frozenset(service["hosts"]), own["rules"], own.get("marks", ()))


def _told(case: Case) -> Iterator[dict[str, str]]:
    for rule, words in case.page.rules.items():
        found = CHECKS[rule](case)
        if found:
            message = f"{found}: {words['why']}" if words.get("why") else found
            rest = {name: words[name] for name in ("fix", "level", "source")}
            yield {"service": case.page.service, "rule": rule, "message": message, **rest}


def _host(message: Mapping[str, Any]) -> str:
    """Of a webhook whose address names its host outside of Liquid."""
    try:
        return (urlsplit(message.get("url", "").strip()).hostname or "") if message["channel"] == "webhook" else ""
    except ValueError:
        return ""


# the rules: what was found, in words, or nothing


def _control_group(case: Case) -> str:
    share = case.campaign["control_percentage"]
    return f"control_percentage is {share:g}" if share else ""


def _several_variants(case: Case) -> str:
    count = len(campaigns.variants(case.campaign))
    return f"it has {count} variants" if count > 1 else ""


def _delay(case: Case) -> str:
    return f"the delay is {delays.words(case.campaign['delay'])}" if case.campaign["delay"] else ""


def _held_back(case: Case) -> str:
    named = [name for name in ("quiet_hours", "rate_limit") if name in case.campaign]
    return f"{' and '.join(named)} may hold it back" if named else ""


def _local_time(case: Case) -> str:
    local = case.campaign.get("plan", {}).get("local") or delays.is_local(case.campaign["delay"])
    return "it is sent in the users' local time zones" if local else ""


def _no_trigger(case: Case) -> str:
    campaign = case.campaign
    if campaign["is_api_campaign"] or campaign["trigger"].keys() & {"api", "schedule"}:
        return "nothing that a user does starts it"
    return ""


def _unknown_users(case: Case) -> str:
    """Users without an external_id may get it, and the message has nothing else to name them by."""
    if _requires(case.draft, case.campaign.get("audience") or {}, "external_id"):
        return ""
    if all('"anonymous_id"' in one.get("body", "") and '"identify"' not in one["body"] for one in case.messages):
        return ""
    return "the audience does not ask that external_id exists" if "audience" in case.campaign else "it has no audience"


def _requires(draft: Draft, filters: Mapping[str, Any], name: str) -> bool:
    """Whether everybody whom the filters take has the standard attribute."""
    kind: str
    spec: Any
    kind, spec = next(iter(filters.items()), ("", None))
    if kind in ("AND", "OR"):
        parts = [_requires(draft, one, name) for one in spec]
        return any(parts) if kind == "AND" else all(parts)
    if kind == "segment" and spec["comparison"] == "is_in":
        return _requires(draft, draft.segments.get(spec["segment_id"], {}).get("filters") or {}, name)
    return kind == "standard_attribute" and (spec["name"], spec["comparison"]) == (name, "exists")


def _conversion_events(case: Case) -> str:
    count = len(case.campaign["conversion_events"])
    return f"it has {count} conversion events" if count else ""


def _no_authorization(case: Case) -> str:
    return _without_header(case, "authorization")


def _no_content_type(case: Case) -> str:
    return _without_header(case, "content-type")


def _without_header(case: Case, wanted: str) -> str:
    for one in case.messages:
        given = one.get("request_headers") or {}
        if wanted not in map(str.lower, given):
            return f"{one['name']} has no header {wanted.title()}, but {', '.join(given) or 'none at all'}"
    return ""


def _uncovered(case: Case) -> str:
    if case.campaign["is_api_campaign"] or not case.messages:
        return ""
    variants = campaigns.variants(case.campaign)
    share = case.campaign["control_percentage"] + sum(one["percentage"] for one in variants)
    return f"the variants and the control group take {share:g} of 100 users" if share < 100 - _EPSILON else ""


def _no_messages(case: Case) -> str:
    return "it has no messages" if not case.messages and case.campaign["control_percentage"] < 100 else ""


def _ends_first(case: Case) -> str:
    start, end = case.campaign.get("start", ""), case.campaign.get("end", "")
    return f"it starts at {start} and ends at {end}" if start and end and end <= start else ""


def _outlasted(case: Case) -> str:
    """The delay takes every message past the end."""
    campaign = case.campaign
    if "start" not in campaign or "end" not in campaign or campaign["end"] <= campaign["start"]:
        return ""
    start, end = (clock.parse_instant(campaign[name]).timestamp() for name in ("start", "end"))
    if delays.least(campaign["delay"]) < end - start:
        return ""
    return f"the delay is {delays.words(campaign['delay'])}, and it is open for {end - start:g} s"


def _never_tracked(case: Case) -> str:
    """An event or product that the workspace has never met, though it has met others."""
    for kind, name in _awaited(case.campaign):
        known = case.draft.custom_events if kind == "event" else case.draft.products
        if name and len(known) and name not in known:
            near = names.did_you_mean(names.closest(name, known) or _like(name, known))
            return f"no {kind} '{name}' was ever tracked{f', {near}' if near else ''}"
    return ""


def _like(name: str, known: Iterable[str]) -> str:
    import difflib  # 3 ms, and only where a name is not known

    return next(iter(difflib.get_close_matches(name, list(known), 1)), "")


def _awaited(campaign: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(event or purchase, its name) of what starts or ends it, keeps it back or counts as a conversion."""
    exits = campaign.get("exit_criteria", {})
    for waited in (campaign["trigger"], *campaign.get("exception_events", ()), exits):
        for kind, field in (("event", "name"), ("purchase", "product_id")):
            if kind in waited:
                yield kind, waited[kind].get(field, "")
    for one in campaign["conversion_events"]:
        yield "event", one.get("custom_event_name", "")
        yield "purchase", one.get("product", "")


def _of_another_partner(case: Case) -> str:
    """A message to one partner that looks like one for another."""
    for one in case.messages:
        text = str({name: value for name, value in one.items() if name not in PLAIN})
        host = _host(one)
        marked = [page for page in pages().values() if any(mark in text for mark in page.marks)]
        called = next((page for page in pages().values() if host in page.hosts and page.marks), None)
        if marked and called is not None and called not in marked:
            return f"{one['name']} calls {called.title} and looks like a message for {marked[0].title}"
    return ""


CHECKS: Final[dict[str, Callable[[Case], str]]] = {
    "control_group": _control_group,
    "several_variants": _several_variants,
    "delay": _delay,
    "held_back": _held_back,
    "local_time": _local_time,
    "no_trigger": _no_trigger,
    "unknown_users": _unknown_users,
    "conversion_events": _conversion_events,
    "no_authorization": _no_authorization,
    "no_content_type": _no_content_type,
    "uncovered": _uncovered,
    "no_messages": _no_messages,
    "ends_first": _ends_first,
    "outlasted": _outlasted,
    "never_tracked": _never_tracked,
    "of_another_partner": _of_another_partner,
}
"""Rule -> whether it speaks."""
