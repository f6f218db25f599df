"""What became of messages, through the control API: decisions, rendered messages, the Message Activity Log."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.explaining.messages import about, shown
from emulator.messaging.reach import CHANNELS
from emulator.pipeline import Emulator
from emulator.state import schedules, sends
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

Given = dict[str, Any]
NAMING: Final = ("name", "product_id", "channel", "subscription_group_id")
"""Fields that name what a trigger waits for."""
SOURCES: Final = {"campaign": "campaigns", "canvas": "canvases"}
"""What a decision or a message is about -> the table."""
FINDABLE: Final = {
    "messages": frozenset({"user", "channel", "campaign", "canvas", "status", "trace", "dispatch_id"}),
    "decisions": frozenset({"user", "campaign", "canvas", "trace", "outcome", "limit"}),
}
"""Table -> what a test may look for in it."""
CHOICES: Final[dict[str, Collection[str]]] = {
    "channel": CHANNELS,
    "status": ("sent", "sending", "failed"),
    "outcome": sends.OUTCOMES,
}
EQUAL: Final = ("trace", "outcome", "channel", "status", "dispatch_id", "category")


def list_decisions(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """{decisions}, oldest first; where there is none for a campaign, `why` says what is known."""
    view = workspace.view()
    found = _found(view, "decisions", given)
    return {"decisions": found, "why": "" if found else " ".join(_why_none(view, given))}


def list_messages(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """As they were rendered, and in `arrives` what that is at the user's."""
    found = _found(workspace.view(), "messages", given)
    return {"messages": [shown(one["id"], one, given.get("reveal", False)) for one in found]}


def find_messages(workspace: Workspace, query: Given) -> list[dict[str, Any]]:
    """All that fit, for a test, with their credentials. Raises ValueError for a query that nothing can ever fit."""
    _check(workspace.view(), "messages", query)
    found = _found(workspace.view(), "messages", {**query, "limit": sends.MOST})
    return [shown(one["id"], one, reveal=True) for one in found]


def find_decisions(workspace: Workspace, query: Given) -> list[dict[str, Any]]:
    """All that fit, for a test. Raises ValueError for a query that nothing can ever fit."""
    _check(workspace.view(), "decisions", query)
    return _found(workspace.view(), "decisions", {"limit": sends.MOST, **query})


def _check(view: Draft, table: str, query: Given) -> None:
    """A slip of the finger shall not let a test pass that expects nothing."""
    if strange := sorted(query.keys() - FINDABLE[table]):
        raise ValueError(f"{table} have no '{strange[0]}' to look for; use {', '.join(sorted(FINDABLE[table]))}")
    for name, choices in CHOICES.items():
        if query.get(name) is not None and query[name] not in choices:
            raise ValueError(f"there is no {name} '{query[name]}'; use {', '.join(choices)}")
    for what, held in SOURCES.items():
        known = [*getattr(view, held).values()]
        asked = query.get(what)
        there = any(asked in (one["id"], one["name"]) for one in known)
        if asked is not None and not there and not any(is_about(one, {what: asked}) for one in view.decisions.values()):
            told = ", ".join(one["name"] for one in known) or "none"
            raise ValueError(f"there is no {what} '{asked}'; there are: {told}")


def near_messages(workspace: Workspace, given: Given, most: int = 5) -> list[str]:
    """Where no message fits: those that fit best and what differs, and who was decided not to get one."""
    view = workspace.view()
    scored = []
    for one in view.messages.values():
        wrong = [text for name, value in given.items() if (text := _miss(one, name, value))]
        if len(wrong) < len(given):
            scored.append((len(wrong), f"{one['channel']} of {about(one)!r} to {_who(one)}: {'; '.join(wrong)}"))
    told = [text for _, text in sorted(scored, key=lambda pair: pair[0])[:most]]
    naming: Given = {name: given[name] for name in ("user", "campaign", "canvas", "trace") if name in given}
    decided = [one for one in _found(view, "decisions", naming) if one["outcome"] != "sent"][-most:]
    return told + [f"{_who(one)}, {about(one)!r}: {one['outcome']}: {one['reason']}" for one in decided]


def _who(one: Mapping[str, Any]) -> str:
    return str(one["external_id"] or one["braze_id"])


def _miss(one: Mapping[str, Any], name: str, value: Any) -> str:
    """What keeps a message from being as wanted."""
    held = {"user": _who(one), **{what: one.get(what) for what in SOURCES}}.get(name, one.get(name))
    fits = value in (held, one.get(f"{name}_id")) if name in SOURCES else value in (held, one["braze_id"])
    return "" if fits else f"{name}: expected {value!r}, found {held!r}"


def list_activity(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Of the last 60 hours of the workspace's clock."""
    since = clock.iso_ms(workspace.clock.now() - sends.KEPT)
    entries = _found(workspace.view(), "message_activity", given)
    return {"activity": [one for one in entries if one["at"] >= since]}


def _found(view: Draft, table: str, given: Given) -> list[Json]:
    wanted = {name: given[name] for name in EQUAL if name in given}
    user: str = given.get("user", "")
    braze_id = view.external_ids.get(user, user)
    found = [
        {"id": key, **one}
        for key, one in getattr(view, table).items()
        if all(one.get(name) == value for name, value in wanted.items())
        and is_about(one, given)
        and (user in ("", one["external_id"]) or sends.current(view, one["braze_id"]) == braze_id)
    ]
    limit = given.get("limit", 100)
    return found[-limit:] if limit else []


def is_about(one: Mapping[str, Any], given: Given) -> bool:
    """Whether a decision or a message is about the campaign or Canvas that is asked for, by id or name."""
    return all(given.get(what) in (None, one.get(f"{what}_id"), one.get(what)) for what in SOURCES)


def _why_none(view: Draft, given: Given) -> Iterator[str]:
    user = given.get("user")
    if user is not None and view.external_ids.get(user, user) not in view.profiles:
        yield f"No profile has the external_id or braze_id '{user}'."
    for what, table in SOURCES.items():
        name, known = given.get(what), getattr(view, table)
        named = [one for one in known.values() if name in (one["id"], one["name"])]
        if name is not None and not named:
            yield f"There is no {what.replace('canvas', 'Canvas')} '{name}'; the workspace has {len(known)}."
        for one in named:
            yield _why_not(view, one, what)


def _why_not(view: Draft, one: Mapping[str, Any], what: str) -> str:
    """Why no decision about a campaign or Canvas is shown: others are kept, none is kept any more, or none was made."""
    others = sum(one["id"] == decision.get(f"{what}_id") for decision in view.decisions.values())
    if others:
        were = "is 1 decision" if others == 1 else f"are {others} decisions"
        return f"There {were} about '{one['name']}', but none that is asked for: leave a filter out."
    if len(view.decisions) >= sends.MOST:
        return f"Only the newest {sends.MOST:,} decisions are kept, and none of them is about '{one['name']}'."
    return f"Nothing that starts '{one['name']}' has occurred: {_waits_for(view, one, what)}."


def _waits_for(view: Draft, one: Mapping[str, Any], what: str) -> str:
    ((kind, spec),) = one["trigger"].items()
    due = schedules.next_due(view, one["id"])
    if due is not None:
        return f"the API has scheduled it for {clock.iso_ms(clock.at(due))}"
    if one.get("is_api_campaign"):
        return "POST /messages/send has to name it"
    if kind == "api":
        return f"it waits for POST /{'campaigns' if what == 'campaign' else what}/trigger/send"
    if kind == "schedule":
        return _planned(view, one)
    name = next((str(spec[one]) for one in NAMING if one in spec), "")
    return f"it waits for {'an' if kind[0] in 'aeiou' else 'a'} {kind}{f' {name!r}' if name else ''}, in these letters"


def _planned(view: Draft, campaign: Mapping[str, Any]) -> str:
    held = view.plans.get(campaign["id"])
    if held is None:
        return "it is archived" if campaign["archived"] else f"its status is {campaign['status']}"
    return f"its time is {clock.iso_ms(clock.at(held['due']))}" if held["turn"] else "its times are over"
