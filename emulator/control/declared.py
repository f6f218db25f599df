"""Campaigns declared while the emulator runs, as its dashboard would, and the webhook templates they may begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator import seed
from emulator.call import Json
from emulator.messaging import advising
from emulator.pipeline import Emulator
from emulator.state import campaigns, webhook_templates
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

Given = dict[str, Any]


def list_templates(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Name, title and parameters of each; the workspace's own come first."""
    found = webhook_templates.listed(workspace.view())
    return {"webhook_templates": [_brief(name, one) for name, one in found.items()]}


def _brief(name: str, one: webhook_templates.Template) -> Json:
    kind = next(kind for kind in webhook_templates.KINDS if kind in one)
    parameters = {key: held.get("about", "") for key, held in one.get("parameters", {}).items()}
    return {"name": name, "title": one.get("title", ""), "kind": kind, "parameters": parameters}


def read_template(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """One template as it stands, its placeholders included."""
    found = webhook_templates.listed(workspace.view())
    if given["name"] not in found:
        raise KeyError(f"no webhook template '{given['name']}'; GET /_emulator/webhook_templates lists them")
    return {"name": given["name"], **found[given["name"]]}


def list_campaigns(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    view = workspace.view()
    return {
        "campaigns": [
            _shown(view, one) for one in campaigns.listed(view.campaigns.values(), newest_first=False, archived=True)
        ]
    }


def read_campaign(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    view = workspace.view()
    return _shown(view, _campaign(view, given["id"]))


def declare_campaign(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Write a campaign of the seed's form, new or in the place of another, until the next reset."""
    seed.check_part("campaign", given)
    with workspace.transaction() as draft:
        campaigns.declare(draft, given, workspace.clock.now())
    return read_campaign(emulator, workspace, given)


def delete_campaign(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    with workspace.transaction() as draft:
        _campaign(draft, given["id"])
        campaigns.remove(draft, given["id"])
    return {"deleted": given["id"]}


def _campaign(view: Draft, campaign_id: str) -> campaigns.Campaign:
    found: campaigns.Campaign | None = view.campaigns.get(campaign_id)
    if found is None:
        raise KeyError(f"no campaign '{campaign_id}'; GET /_emulator/campaigns lists them")
    return found


def _shown(view: Draft, campaign: campaigns.Campaign) -> Mapping[str, Any]:
    """As it stands, with the templates' copies in it, what it has sent, and what is seldom meant so."""
    sent = view.campaign_sends.get(campaign["id"], {"count": 0})
    shown = {name: value for name, value in campaign.items() if name != "sequence"}
    return {**shown, "sent": sent, "advice": advising.advice(view, campaign)}
