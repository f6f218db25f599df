"""What the composer's Preview and Test show: a template or a message, rendered for a user, and how it came about."""

from __future__ import annotations

from collections import ChainMap
from datetime import datetime
from typing import Any, Final

from emulator import clock, ids, seed
from emulator.call import Json
from emulator.control import rendered
from emulator.errors import ConfigError
from emulator.liquid.render import render
from emulator.liquid.values import HEADER, JSON, TEXT, URL, Fetcher, Options
from emulator.messaging import personalisation
from emulator.messaging.composing import Composed, compose
from emulator.messaging.reach import CHANNELS
from emulator.pipeline import Emulator
from emulator.state import profiles, seeded_profiles
from emulator.state.draft import Draft
from emulator.state.profiles import Record
from emulator.workspaces import Workspace

Given = dict[str, Any]
FIELD: Final = "template"
"""What the one text of a bare template is called in an answer."""

_OBJECT: Final = {"type": "object"}
_FLAG: Final = {"type": "boolean"}
_WORD: Final = {"type": "string"}
_USER: Final = {
    "type": "object",
    "description": "One of: external_id or braze_id of a profile; random: true; custom: a profile as in a seed.",
    "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
    "properties": {"external_id": _WORD, "braze_id": _WORD, "random": {"const": True}, "custom": _OBJECT},
}  # fmt: skip
_MESSAGE: Final = {
    "type": "object",
    "description": "A message of a channel, webhook without one, with the fields of Braze's messaging objects.",
    "properties": {
        "channel": {"enum": list(CHANNELS)},
        "url": _WORD,
        "request_method": {"enum": ["POST", "PUT", "DELETE", "GET"]},
        "request_headers": {"type": "object", "additionalProperties": _WORD},
        "body": _WORD,
    },
}
FROM_SEND: Final = {
    "event_properties": "Of the event that starts the message.",
    "api_trigger_properties": "Of POST /campaigns/trigger/send.",
    "context": "Of a Canvas; canvas_entry_properties means the same.",
    "canvas_entry_properties": "The older name of context.",
    "campaign": "name, api_id, dispatch_id, message_name, message_api_id",
    "canvas": "name, api_id, variant_name, variant_api_id",
    "sms": "What an inbound SMS has.",
    "whats_app": "What an inbound WhatsApp message has.",
    "targeted_device": "The device of a push or in-app message.",
    "app": "api_id, name",
    "card": "api_id, name",
    "vars": "Variables, as if the template had assigned them.",
    "catalogs": "catalog -> id -> item",
    "catalog_selections": "catalog -> selection -> items or ids",
    "shopping_carts": "cart id -> {products, abandoned}",
    "promotions": "list -> codes",
    "translations": "id -> text",
    "credentials": "name -> {username, password} or {token}, for Connected Content",
}
"""What a template sees beside the user and the Content Blocks of the workspace."""
TAKES: Final[dict[str, Any]] = {
    "template": {**_WORD, "description": "One text. Or give a message."},
    "message": _MESSAGE,
    "user": _USER,
    **{name: {**_OBJECT, "description": about} for name, about in FROM_SEND.items()},
    "content_blocks": {
        **_OBJECT,
        "additionalProperties": _WORD,
        "description": "name -> source, beside those there are",
    },
    "now": {**_WORD, "description": "ISO 8601; without it, the workspace's clock."},
    "expects": {"enum": [TEXT, JSON, URL, HEADER], "description": "What the template is used as; text without it."},
    "required": {"type": "array", "items": _WORD, "description": "Keys of a JSON body that the receiver insists on."},
    "preview": {**_FLAG, "description": "As the composer's preview does it; false: as it would be sent."},
    "print_errors": {**_FLAG, "description": "Print an error of a tag and go on, as Shopify does."},
    "random_seed": {**_WORD, "description": "Another one draws other numbers in {% random %}."},
    "steps": {**_FLAG, "description": "false leaves the trace out."},
}


def render_message(emulator: Emulator, workspace: Workspace, given: Given) -> Json:
    """{outcome, output or content, reason, abort_type, user, trace, extras, promotions, findings, fields}.

    Nothing of the workspace changes, but what Connected Content calls is called, and recorded under `trace`.
    """
    if ("template" in given) == ("message" in given):
        raise ConfigError("give either a template or a message")
    view, now, trace = workspace.view(), _now(workspace, given), ids.request_id()
    record = _user(workspace, view, given.get("user", {}), now)
    options = _options(workspace, given, emulator.dispatcher.fetcher(workspace, trace))
    composed = _composed(given, _context(view, record, given, now), options)
    return {
        "outcome": composed.outcome,
        **_result(given, composed),
        "user": {name: record[name] for name in ("external_id", "braze_id") if name in record},
        "trace": trace,
        **rendered.told(composed, given.get("steps", True)),
    }


def _result(given: Given, composed: Composed) -> dict[str, Json]:
    return {"output": composed.content.get(FIELD, "")} if "template" in given else {"content": composed.content}


def _now(workspace: Workspace, given: Given) -> datetime:
    if "now" not in given:
        return workspace.clock.now()
    try:
        return clock.parse_instant(given["now"])
    except (ValueError, OverflowError):
        raise ConfigError(f"now: '{given['now']}' is not an ISO 8601 time such as 2026-01-02T03:04:05Z") from None


def _user(workspace: Workspace, view: Draft, wanted: Given, now: datetime) -> Record:
    """The profile to render for; without a word about it, nobody. Raises KeyError and ConfigError."""
    if "custom" in wanted:
        return _custom(view, wanted["custom"], now)
    if "random" in wanted:
        return _profile(view, _random(workspace, view))
    for name, value in wanted.items():
        braze_id = view.external_ids.get(value) if name == "external_id" else value
        if braze_id not in view.profiles:
            raise KeyError(f"user: no profile has the {name} '{value}' in workspace {workspace.name}")
        return _profile(view, braze_id)
    return {}


def _profile(view: Draft, braze_id: str) -> Record:
    found: Record = view.profiles[braze_id]
    return found


def _random(workspace: Workspace, view: Draft) -> str:
    """The braze_id of any profile, another one each time, in an order that follows from the random seed."""
    known = list(view.profiles)
    if not known:
        raise ConfigError("user: the workspace has no profiles; seed some, or give a custom user")
    with workspace.transaction() as draft:
        drawn = ids.draw(f"{workspace.random_seed}/user", draft.next("random_users"), "hex24")
    return known[int(drawn, 16) % len(known)]


def _custom(view: Draft, profile: Given, now: datetime) -> Record:
    """A profile of the caller's, planted in a view that is thrown away. Who has its identifiers there is forgotten."""
    item = {"user_aliases": [], "braze_id": view.new_id("hex24"), **profile}
    try:
        seed.check({"profiles": [item]})
        _forget(view, item)
        seeded_profiles.plant(view, [item], now)
    except ConfigError as error:
        raise ConfigError(str(error).replace("seed.profiles[0]", "user.custom")) from None
    return _profile(view, item["braze_id"])


def _forget(view: Draft, item: Given) -> None:
    keys = [(view.external_ids, item.get("external_id", ""))]
    keys += [(view.aliases, profiles.alias_key(alias)) for alias in item["user_aliases"]]
    for table, key in keys:
        if key in table:
            del table[key]


def _context(view: Draft, record: Record, given: Given, now: datetime) -> Given:
    sent = {name: given[name] for name in FROM_SEND if name in given}
    sent["campaign"] = {"dispatch_id": view.new_id("hex32"), **sent.get("campaign", {})}
    found = personalisation.context(view, record, sent, now)
    return {**found, "content_blocks": ChainMap(given.get("content_blocks", {}), found["content_blocks"])}


def _options(workspace: Workspace, given: Given, fetch: Fetcher) -> Options:
    return Options(
        expects=given.get("expects", TEXT),
        seed=f"{workspace.random_seed}/{given.get('random_seed', '')}",
        fetch=fetch,
        cache=workspace.answers,
        preview=given.get("preview", False),
        required=frozenset(given.get("required", ())),
        print_errors=given.get("print_errors", False),
    )


def _message(given: Given) -> tuple[str, Given]:
    """Channel and content."""
    channel = given.get("channel", "webhook")
    content = {name: value for name, value in given.items() if name != "channel"}
    if channel != "webhook":
        return channel, content
    if "url" not in content:
        raise ConfigError("message.url: a webhook needs an address")
    return channel, {"request_method": "POST", **content}


def _composed(given: Given, context: Given, options: Options) -> Composed:
    if "message" in given:
        channel, content = _message(given["message"])
        return compose(channel, content, context, options)
    done = render(given["template"], context, options)
    told = tuple((FIELD, one) for one in done.findings)
    return Composed(
        done.outcome, {FIELD: done.output}, done.reason, done.abort_type, done.extras, done.promotions,
        ((FIELD, done),), told,
    )  # fmt: skip
