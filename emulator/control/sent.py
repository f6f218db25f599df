"""What became of messages, through the control API: decisions, rendered messages, the Message Activity Log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator import clock
from emulator.call import Json
from emulator.pipeline import Emulator
from emulator.state import sends
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

Given = dict[str, Any]
NAMING: Final = ("name", "product_id", "channel", "subscription_group_id")
"""Fields that name what a trigger waits for."""
EQUAL: Final = ("trace", "outcome", "channel", "status", "dispatch_id", "category")


def list_decisions(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """{decisions}, oldest first; where there is none for a campaign, `why` says what is known."""
    view = workspace.view()
    found = _found(view, "decisions", given)
    return {"decisions": found, "why": "" if found else " ".join(_why_none(view, given))}


def list_messages(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {"messages": _found(workspace.view(), "messages", given)}


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
        and given.get("campaign") in (None, one["campaign_id"], one["campaign"])
        and (user in ("", one["external_id"]) or sends.current(view, one["braze_id"]) == braze_id)
    ]
    limit = given.get("limit", 100)
    return found[-limit:] if limit else []


def _why_none(view: Draft, given: Given) -> Iterator[str]:
    campaign, user = given.get("campaign"), given.get("user")
    if user is not None and view.external_ids.get(user, user) not in view.profiles:
        yield f"No profile has the external_id or braze_id '{user}'."
    if campaign is None:
        return
    named = [one for one in view.campaigns.values() if campaign in (one["id"], one["name"])]
    if not named:
        yield f"There is no campaign '{campaign}'; the seed declares {len(view.campaigns)}."
    for one in named:
        yield f"Nothing that starts '{one['name']}' has occurred: {_waits_for(view, one)}."


def _waits_for(view: Draft, campaign: Mapping[str, Any]) -> str:
    ((kind, spec),) = campaign["trigger"].items()
    if campaign["is_api_campaign"]:
        return "POST /messages/send has to name it"
    if kind == "api":
        return "it waits for POST /campaigns/trigger/send"
    if kind == "schedule":
        return _planned(view, campaign)
    name = next((str(spec[one]) for one in NAMING if one in spec), "")
    return f"it waits for {'an' if kind[0] in 'aeiou' else 'a'} {kind}{f' {name!r}' if name else ''}, in these letters"


def _planned(view: Draft, campaign: Mapping[str, Any]) -> str:
    held = view.plans.get(campaign["id"])
    if held is None:
        return "it is archived" if campaign["archived"] else f"its status is {campaign['status']}"
    return f"its time is {clock.iso_ms(clock.at(held['due']))}" if held["turn"] else "its times are over"
