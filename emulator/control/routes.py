"""The control API as a table: method, path, function, what it is for, what it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.call import Json
from emulator.control import actions, changes, consent, declared, deliveries, planned, rendering, sent
from emulator.pipeline import Emulator
from emulator.state.sends import OUTCOMES
from emulator.workspaces import Workspace

Action = Callable[[Emulator, Workspace, dict[str, Any]], Json]
TEXT: Final = {"type": "string"}
NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": 2**53}
FLAG: Final = {"type": "boolean"}
OBJECT: Final = {"type": "object"}
WITH_BODY: Final = ("POST", "PUT")
ANYTHING: Final = "*"
"""Stands in `takes` of an operation whose body is one document, not a set of fields."""

_PART: Final = re.compile(r"<(?:path:)?(\w+)>")
"""A part of a path that is given; `path:` is one that may hold slashes."""
_FILTERS: Final[dict[str, Any]] = {
    "service": TEXT,
    "operation": TEXT,
    "method": TEXT,
    "path": {**TEXT, "description": "Exact, or with * for any text."},
    "status": NUMBER,
    "direction": {"enum": ["in", "out"]},
    "workspace": {**TEXT, "description": "Default: the selected workspace. * means all."},
    "trace": TEXT,
    "fate": {**TEXT, "description": "A rule; GET /_emulator/rules lists them."},
    "matched": {**FLAG, "description": "false: only requests that found no operation."},
    "after": {**NUMBER, "description": "Only entries with a greater id."},
    "body": {"description": "JSON that the request's body holds: objects may hold more, arrays must be equal."},
}
_SENT: Final[dict[str, Any]] = {
    "campaign": {**TEXT, "description": "A campaign's id or name."},
    "canvas": {**TEXT, "description": "A Canvas's id or name."},
    "user": {**TEXT, "description": "An external_id or braze_id."},
    "trace": TEXT,
    "limit": {**NUMBER, "description": "The newest so many; 100 without it."},
}
_REVEAL: Final = {"reveal": {**FLAG, "description": "Show credentials in full."}}
_DURATION: Final = {"type": ["string", "number"], "description": "90, 15s, 2m, 1h30m, 2d"}


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: a cache key
class Route:
    """One operation of the control API; `takes` are JSON Schemas of query or body fields, by name."""

    method: str
    path: str
    action: Action
    summary: str
    takes: dict[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it."""
        return _PART.sub(r"{\1}", self.path)


ROUTES: Final = (
    Route("GET", "/health", actions.health, "Say that the emulator answers."),
    Route("GET", "/operations", actions.list_operations, "List the emulated operations.", {"service": TEXT}),
    Route("GET", "/services/openapi.json", actions.describe_services, "Describe them in OpenAPI.", {"service": TEXT}),
    Route("GET", "/rules", actions.list_rules, "List the rules by which values meet a fate."),
    Route("GET", "/schemas/<name>", actions.read_schema, "Read a schema: seed, scenario, cases, operation or service."),
    Route("GET", "/journal", actions.read_journal, "Find recorded exchanges, oldest first.",
          {**_FILTERS, **_REVEAL, "limit": NUMBER, "newest": FLAG}),
    Route("DELETE", "/journal", actions.clear_journal, "Forget the recorded exchanges.", {"workspace": TEXT}),
    Route("GET", "/journal/<id>", actions.read_entry, "Read one exchange.", _REVEAL),
    Route("GET", "/explain/<id>", actions.explain, "Read everything under the trace of an entry."),
    Route("POST", "/verify", actions.verify, "Check how many exchanges match; shows near misses if it is not so.",
          {**_FILTERS, "count": NUMBER, "at_least": NUMBER, "at_most": NUMBER}),
    Route("POST", "/wait", actions.wait, "Wait until so many exchanges match.",
          {**_FILTERS, "count": NUMBER, "timeout": _DURATION}),
    Route("GET", "/violations", actions.list_violations, "List what a strict run does not forgive."),
    Route("GET", "/faults", actions.list_faults, "List the armed faults."),
    Route("POST", "/faults", actions.arm_fault, "Arm a fault.",
          {"when": OBJECT, "phase": {"enum": ["before", "after"]}, "status": NUMBER, "headers": OBJECT, "body": {},
           "delay": _DURATION, "times": {"type": ["integer", "null"]}, "skip": NUMBER}),
    Route("DELETE", "/faults", actions.disarm_all, "Disarm every fault."),
    Route("DELETE", "/faults/<id>", actions.disarm_fault, "Disarm one fault."),
    Route("GET", "/clock", actions.read_clock, "Read the workspace's clock."),
    Route("POST", "/clock/freeze", actions.freeze_clock, "Stop the clock, now or at an instant.", {"at": TEXT}),
    Route("POST", "/clock/advance", actions.advance_clock, "Move the clock on; due work runs in order.",
          {"by": _DURATION}, ("by",)),
    Route("POST", "/clock/resume", actions.resume_clock, "Let the clock run again."),
    Route("POST", "/settle", actions.settle, "Send everything that is due."),
    Route("POST", "/apply", changes.apply_accepted, "Let accepted calls take effect that wait for it.",
          {"count": {**NUMBER, "description": "Only the first so many."}}),
    Route("POST", "/settings", changes.change_settings, "Set settings until the next reset; null takes one back.",
          {ANYTHING: {}}),
    Route("POST", "/opt-ins/confirm", consent.confirm_opt_in, "Answer yes to the SMS double opt-ins of a number.",
          {"phone": TEXT, "subscription_group_id": TEXT}, ("phone",)),
    Route("GET", "/workspaces", actions.list_workspaces, "List the workspaces with their credentials."),
    Route("POST", "/workspaces", actions.mint_workspace, "Make a workspace with a key of its own.",
          {"name": TEXT, "seed": OBJECT}),
    Route("GET", "/workspaces/<name>", actions.read_workspace, "Read one workspace."),
    Route("DELETE", "/workspaces/<name>", actions.delete_workspace, "Delete a workspace."),
    Route("POST", "/workspaces/<name>/branch", actions.branch_workspace, "Make a workspace that begins where it is.",
          {"as": TEXT}),
    Route("GET", "/seed", actions.read_seed, "Read the seed that a reset returns to."),
    Route("POST", "/seed", actions.plant_seed,
          "Replace the seed and reset to it; the journal stays, and its numbers go on.", {ANYTHING: {}}),
    Route("POST", "/reset", actions.reset, "Return to the seed and forget the workspace's journal."),
    Route("GET", "/snapshots", actions.list_snapshots, "List the snapshots."),
    Route("POST", "/snapshots", actions.take_snapshot, "Keep the present state.", {"name": TEXT}, ("name",)),
    Route("POST", "/snapshots/<name>/restore", actions.restore_snapshot, "Go back to a snapshot."),
    Route("GET", "/snapshots/<name>/compare", changes.compare_snapshot,
          "Compare a snapshot with another one, or with the present state.",
          {"with": {**TEXT, "description": "Another snapshot; default: now."}, "limit": NUMBER}),
    Route("POST", "/what-if", changes.what_if, "Say what a call would answer and change, and keep nothing of it.",
          {"method": {**TEXT, "description": "Default: POST."}, "path": TEXT, "headers": OBJECT, "body": {}},
          ("path",)),
    Route("GET", "/webhook_templates", declared.list_templates, "List the webhook templates."),
    Route("GET", "/webhook_templates/<path:name>", declared.read_template, "Read one webhook template."),
    Route("GET", "/campaigns", declared.list_campaigns, "List the campaigns as they stand, with what they have sent."),
    Route("GET", "/campaigns/<id>", declared.read_campaign, "Read one campaign."),
    Route("PUT", "/campaigns/<id>", declared.declare_campaign,
          "Declare a campaign, or another in its place, until the next reset.", {ANYTHING: {}}),
    Route("DELETE", "/campaigns/<id>", declared.delete_campaign, "Delete a campaign until the next reset."),
    Route("GET", "/canvases", declared.list_canvases, "List the Canvases as they stand."),
    Route("GET", "/canvases/<id>", declared.read_canvas, "Read one Canvas."),
    Route("PUT", "/canvases/<id>", declared.declare_canvas,
          "Declare a Canvas, or another in its place, until the next reset.", {ANYTHING: {}}),
    Route("DELETE", "/canvases/<id>", declared.delete_canvas, "Delete a Canvas until the next reset."),
    Route("GET", "/decisions", sent.list_decisions, "Say why users got a message or not, check by check.",
          {**_SENT, "outcome": {"enum": list(OUTCOMES)}}),
    Route("GET", "/schedules", planned.list_schedules, "List what is planned for later, and what was.",
          {"status": {"enum": ["waiting", "started", "deleted", "over"]}}),
    Route("GET", "/messages", sent.list_messages, "Read messages as they were rendered, for each user.",
          {**_SENT, **{name: {"enum": list(sent.CHOICES[name])} for name in ("channel", "status")}, "dispatch_id": TEXT,
           **_REVEAL}),
    Route("POST", "/messages/<id>/resend", deliveries.resend_message, "Send a webhook once more, as it was or edited.",
          {"url": TEXT, "request_method": {"enum": ["POST", "PUT", "DELETE", "GET"]},
           "request_headers": {**OBJECT, "description": "Other values for some headers; null leaves one out."},
           "body": TEXT, "render": {**FLAG, "description": "Render again; what is given are templates then."},
           **_REVEAL}),
    Route("GET", "/deliveries", deliveries.list_deliveries, "Read each attempt to deliver a webhook, byte for byte.",
          {**_SENT, "message": {**TEXT, "description": "A message's id."}, "host": TEXT, "status": NUMBER, **_REVEAL}),
    Route("GET", "/hosts", deliveries.list_hosts, "Say how healthy the hosts are that Braze called of late."),
    Route("GET", "/activity", sent.list_activity, "Read the Message Activity Log.",
          {**_SENT, "category": {"enum": ["webhook", "aborted_message", "connected_content"]}}),
    Route("POST", "/render", rendering.render_message,
          "Render a template or a message for a user, and say how it came about.", rendering.TAKES),
    Route("GET", "/state", actions.list_tables, "List the tables of the workspace."),
    Route("GET", "/state/<table>", actions.read_table, "Read one table.", {"limit": NUMBER}),
    Route("GET", "/profiles/<id>", actions.read_profile, "Read a profile by external_id or braze_id."),
    Route("GET", "/profiles/<id>/why", changes.explain_value, "Say which calls made the value of a field, and how.",
          {"field": {**TEXT, "description": "plan, email, preferences.home.city, custom_events.bought"}}, ("field",)),
)  # fmt: skip


def index() -> list[dict[str, str]]:
    """A line an operation, for who types the address into a browser."""
    return [{"operation": f"{one.method} /_emulator{one.path}", "summary": one.summary} for one in ROUTES]


def document() -> dict[str, Any]:
    """The control API in OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        path = "/_emulator" + route.template
        paths.setdefault(path, {})[route.method.lower()] = _described(route)
    info = {"title": "braze-emulator control API", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


def _described(route: Route) -> dict[str, Any]:
    named = _PART.findall(route.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": TEXT} for name in named
    ]
    parameters.append(
        {"name": "X-Emulator-Workspace", "in": "header", "schema": TEXT, "description": "Default: default"}
    )
    found: dict[str, Any] = {
        "operationId": route.action.__name__,
        "summary": route.summary,
        "parameters": parameters,
        "responses": {"200": {"description": "Done."}, "default": {"description": "An RFC 9457 problem document."}},
    }
    if route.method in WITH_BODY and route.takes:
        found["requestBody"] = {"content": {"application/json": {"schema": schema(route)}}}
    else:
        parameters += [{"name": name, "in": "query", "schema": shape} for name, shape in route.takes.items()]
    return found


def schema(route: Route) -> dict[str, Any]:
    if ANYTHING in route.takes:
        return {"type": "object"}
    return {
        "type": "object",
        "properties": {"workspace": TEXT, **route.takes},
        "required": list(route.required),
        "additionalProperties": False,
    }
