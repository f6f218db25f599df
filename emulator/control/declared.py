"""Campaigns and Canvases declared while the emulator runs, as its dashboard would, and the webhook templates they may
begin with.
"""

from __future__ import annotations

from typing import Any

from emulator import seed
from emulator.call import Json
from emulator.messaging import advising
from emulator.pipeline import Emulator
from emulator.state import campaigns, declaring, webhook_templates
from emulator.state.declaring import CAMPAIGN, CANVAS
from emulator.state.draft import Draft
from emulator.workspaces import Workspace

Given = dict[str, Any]
Record = dict[str, Any]


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
    return {"campaigns": _listed(workspace.view(), CAMPAIGN)}


def list_canvases(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return {"canvases": _listed(workspace.view(), CANVAS)}


def _listed(view: Draft, kind: str) -> list[Record]:
    found = campaigns.listed(declaring.table(view, kind).values(), newest_first=False, archived=True)
    return [_shown(view, kind, one["id"]) for one in found]


def read_campaign(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return _shown(workspace.view(), CAMPAIGN, given["id"])


def read_canvas(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return _shown(workspace.view(), CANVAS, given["id"])


def declare_campaign(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Write a campaign of the seed's form, new or in the place of another, until the next reset."""
    return _declared(workspace, CAMPAIGN, given)


def declare_canvas(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """Write a Canvas of the seed's form, new or in the place of another, until the next reset."""
    return _declared(workspace, CANVAS, given)


def _declared(workspace: Workspace, kind: str, item: Given) -> Record:
    seed.check_part(kind, item)
    with workspace.transaction() as draft:
        declaring.declare(draft, kind, item, workspace.clock.now())
        return _shown(draft, kind, item["id"])


def delete_campaign(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return _deleted(workspace, CAMPAIGN, given["id"])


def delete_canvas(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    return _deleted(workspace, CANVAS, given["id"])


def _deleted(workspace: Workspace, kind: str, own: str) -> Record:
    with workspace.transaction() as draft:
        _found(draft, kind, own)
        declaring.remove(draft, kind, own)
    return {"deleted": own}


def _found(view: Draft, kind: str, own: str) -> Record:
    found = declaring.table(view, kind).get(own)
    if found is None:
        about = declaring.KINDS[kind]
        raise KeyError(f"no {about.title} '{own}'; GET /_emulator/{about.table} lists them")
    return dict(found)


def _shown(view: Draft, kind: str, own: str) -> Record:
    """As it stands, with the templates' copies and advice; with what a campaign sent, or a Canvas's entries."""
    found = _found(view, kind, own)
    shown = {name: value for name, value in found.items() if name != "sequence"}
    if kind == CANVAS:
        shown["entries"] = view.canvas_entries.get(own, {})
    else:
        shown["sent"] = view.campaign_sends.get(own, {"count": 0})
    return {**shown, "advice": advising.advice(view, found)}
