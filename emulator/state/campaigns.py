"""Campaigns: what a seed declares of them, what starts them, and which variant a user gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from emulator import clock
from emulator.errors import ConfigError
from emulator.state import audience, delays, plans, property_filters, transactional, webhook_templates
from emulator.state.draft import Draft

Campaign = Mapping[str, Any]
"""What the seed says, and: `trigger` (one key), `delay` in seconds, `start` and `end` as sortable text where there are
any, `plan` where it is scheduled, `messages` with their percentages, `created_at`, `updated_at`, `sequence`.
"""
Variant = Mapping[str, Any]
"""{id, name, channel, percentage} and the fields of the channel's message."""

PLAIN: Final = frozenset({"id", "name", "channel", "percentage", "message_variation_id"})
"""Fields of a variant that are no part of its message."""
_EPSILON: Final = 1e-9
Write = Callable[[Draft, Mapping[str, Any], str, int, datetime], None]
"""(draft, item, place, sequence, now). Raises ConfigError."""


def plant(draft: Draft, items: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write the campaigns of a checked seed document. Raises ConfigError that names every flaw."""
    plant_each(draft, "campaigns", items, now, write)


def plant_each(draft: Draft, table: str, items: Sequence[Mapping[str, Any]], now: datetime, write: Write) -> None:
    """Write each item of a seed's list. Raises ConfigError that names every flaw of all of them."""
    flaws: list[str] = []
    for index, item in enumerate(items):
        place = f"seed.{table}[{index}]"
        try:
            if item["id"] in getattr(draft, table):
                raise ConfigError(f"{place}.id: '{item['id']}' stands twice")
            write(draft, item, place, index, now)
        except ConfigError as error:
            flaws.append(str(error))
    if flaws:
        raise ConfigError("\n".join(flaws))


def write(draft: Draft, item: Mapping[str, Any], place: str, sequence: int, now: datetime) -> None:
    """Raises ConfigError that names every flaw."""
    copied = _with_copies(draft, item, place)
    flaws = list(_flaws(draft, item, place, now))
    if flaws:
        raise ConfigError("\n".join(flaws))
    campaign = _new({**copied, **planned(draft, item, place)}, place, sequence, now)
    draft.campaigns[item["id"]] = campaign
    for tag in item.get("tags", ()):
        draft.tags[tag] = {}
    _listen(draft, campaign, now)


def _with_copies(draft: Draft, item: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The campaign with copies of the webhook templates that its messages name, also those that are not published."""
    messages = webhook_templates.in_messages(draft, item.get("messages", ()), f"{place}.messages")
    found, later = {**item, "messages": messages}, item.get("post_launch_draft", {})
    if "messages" in later:
        at = f"{place}.post_launch_draft.messages"
        found["post_launch_draft"] = {
            **later,
            "messages": webhook_templates.in_messages(draft, later["messages"], at),
        }
    return found


def _new(item: Mapping[str, Any], place: str, sequence: int, now: datetime) -> Campaign:
    control = item.get("control_percentage", 0)
    draft = item.get("post_launch_draft", {})
    changed = {"messages": shared_out(draft["messages"], control)} if "messages" in draft else {}
    return {
        "is_api_campaign": False,
        "conversion_events": [],
        **planted(item, place, sequence, now),
        **(transactional.FIXED if item.get("transactional") else {}),
        "delay": delays.read(item, place),
        "messages": shared_out(item.get("messages", ()), control),
        **({"post_launch_draft": {**draft, **changed}} if draft else {}),
    }


def planted(item: Mapping[str, Any], place: str, sequence: int, now: datetime) -> dict[str, Any]:
    """What a campaign and a Canvas have in common, as the seed says it or does not."""
    created = _time(item, "created_at", place, clock.iso_ms(now))
    times = {name: _time(item, name, place, "") for name in ("start", "end") if name in item}
    return {
        "description": "",
        "tags": [],
        "teams": [],
        "status": "active",
        "archived": False,
        "trigger": {"api": True},
        "control_percentage": 0,
        **item,
        **times,
        "created_at": created,
        "updated_at": _time(item, "updated_at", place, created),
        "sequence": sequence,
    }


def duplicate(draft: Draft, original: Campaign, now: datetime, **fields: Any) -> None:
    """Make a draft that says the same, but for `fields`; it and its variants have ids of their own."""
    at = clock.iso_ms(now)
    copy = {
        **{name: value for name, value in original.items() if name != "post_launch_draft"},
        **fields,
        "id": draft.new_id("uuid"),
        "status": "draft",
        "archived": False,
        "messages": [{**one, "id": draft.new_id("uuid")} for one in original["messages"]],
        "created_at": at,
        "updated_at": at,
        "sequence": len(draft.campaigns),
    }
    draft.campaigns[copy["id"]] = copy
    _listen(draft, copy, now)


def planned(draft: Draft, item: Mapping[str, Any], place: str) -> dict[str, plans.Plan]:
    """{plan} of what has a schedule. Raises ConfigError."""
    given = item.get("trigger", {}).get("schedule")
    return {"plan": plans.read(draft, given, f"{place}.trigger.schedule")} if given else {}


def _time(item: Mapping[str, Any], name: str, place: str, default: str) -> str:
    try:
        return clock.read_time(item[name]) if name in item else default
    except ValueError as error:
        raise ConfigError(f"{place}.{name}: {error}") from None


def shared_out(messages: Sequence[Mapping[str, Any]], control: float) -> list[Variant]:
    """The variants with their percentages: those that say none share what is left."""
    given = sum(one.get("percentage", 0) for one in messages)
    silent = sum("percentage" not in one for one in messages)
    rest = max(0.0, 100 - control - given) / silent if silent else 0.0
    return [{"percentage": rest, "name": f"Variant {number}", **one} for number, one in enumerate(messages, 1)]


def _flaws(draft: Draft, item: Mapping[str, Any], place: str, now: datetime) -> Iterator[str]:
    if item.get("transactional"):
        yield from transactional.flaws(item, place)
    if item.get("is_api_campaign") and "trigger" in item:
        yield f"{place}.trigger: an API campaign has none; POST /messages/send names it"
    if item.get("exception_events") and not item.get("delay"):
        yield f"{place}.exception_events: they count while a message waits; give the campaign a delay (documented)"
    if "delay" in item and "schedule" in item.get("trigger", {}):
        yield f"{place}.delay: a scheduled campaign has none; write the time into its schedule"
    messages = item.get("messages", ())
    names = [one["id"] for one in messages]
    yield from (f"{place}.messages: the id '{one}' stands twice" for one in sorted(set(names)) if names.count(one) > 1)
    yield from shared_flaws(draft, item, messages, place, now)
    for index, one in enumerate(item.get("exception_events", ())):
        yield from trigger_flaws(draft, one, f"{place}.exception_events[{index}]", now)


def shared_flaws(
    draft: Draft, item: Mapping[str, Any], among: Sequence[Mapping[str, Any]], place: str, now: datetime
) -> Iterator[str]:
    """What may be wrong in a campaign and in a Canvas; `among` are the variants."""
    if "audience" in item:
        yield from audience.flaws(draft, item["audience"], f"{place}.audience")
    quiet = item.get("quiet_hours")
    if quiet and quiet["start"] == quiet["end"]:
        yield f"{place}.quiet_hours: start and end are both {quiet['start']}, which is no time at all"
    total = item.get("control_percentage", 0) + sum(one.get("percentage", 0) for one in among)
    if total > 100 + _EPSILON:
        yield f"{place}: variants and control group have {total:g} percent together; at most 100 are to be had"
    yield from trigger_flaws(draft, item.get("trigger", {"api": True}), f"{place}.trigger", now)


def trigger_flaws(draft: Draft, trigger: Mapping[str, Any], place: str, now: datetime) -> Iterator[str]:
    ((kind, spec),) = trigger.items()
    if kind == "subscription":
        group = spec.get("subscription_group_id")
        if group is not None and group not in draft.subscription_groups:
            yield f"{place}.subscription: no group '{group}'; declare it in the same seed"
    for index, one in enumerate(spec.get("properties", ()) if kind in ("event", "purchase") else ()):
        try:
            property_filters.failing([one], {}, now)
        except ValueError as error:
            yield f"{place}.{kind}.properties[{index}]: {error}"


# what starts a campaign


STARTS, EXCEPTS, CONVERTS = "", "except ", "convert "
"""What an event means to a campaign: it starts it, keeps it back while it waits, or is a conversion."""
ENTERS, LEAVES, CONVERTS_IN = "enter ", "leave ", "convert in "
"""What it means to a Canvas: the user enters, ends the journey, or it is a conversion."""
ROLES: Final = (STARTS, EXCEPTS, CONVERTS, ENTERS, LEAVES, CONVERTS_IN)


def trigger_key(kind: str, name: str = "", role: str = STARTS) -> str:
    return f"{role}{kind}\0{name}"


def _listen(draft: Draft, campaign: Campaign, now: datetime) -> None:
    """Enter a campaign in the table of what it waits for, each thing once; let the first turn of a schedule wait."""
    kind = next(iter(campaign["trigger"]))
    if kind == "schedule" and campaign["status"] == "active" and not campaign["archived"]:
        plans.wait(draft, "campaign", campaign["id"], campaign["plan"], now)
    started = [] if campaign["is_api_campaign"] or kind in ("api", "schedule") else [campaign["trigger"]]
    keys = [trigger_key(*named(one)) for one in started]
    keys += [trigger_key(*named(one), EXCEPTS) for one in campaign.get("exception_events", ())]
    keys += converting(campaign, CONVERTS)
    listen(draft, keys, campaign["id"])


def listen(draft: Draft, keys: Iterable[str], owner: str) -> None:
    """Let a campaign or a Canvas wait for something."""
    for key in dict.fromkeys(keys):
        draft.triggers[key] = (*draft.triggers.get(key, ()), owner)


def named(trigger: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and name, which is empty for any name and for what is no event and no purchase."""
    ((kind, spec),) = trigger.items()
    name = {"event": "name", "purchase": "product_id"}.get(kind)
    return kind, spec.get(name, "") if name else ""


def converting(owner: Mapping[str, Any], role: str) -> list[str]:
    """The keys under which a campaign or a Canvas waits for its conversion events."""
    return [trigger_key(*one, role) for event in owner["conversion_events"] for one in conversion_keys(event)]


def conversion_keys(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Kind and name of what meets a conversion event; none for what the emulator never sees."""
    return {
        "Makes Any Purchase": [("purchase", "")],
        "Makes Specific Purchase": [("purchase", event.get("product", ""))],
        "Performs Custom Event": [("event", event.get("custom_event_name", ""))],
        "Starts Session": [("session", "")],
    }.get(event["type"], [])


def started_by(draft: Draft, kind: str, name: str = "", role: str = STARTS) -> list[Campaign]:
    """The campaigns that an event or purchase of this name starts, or any change of an attribute or subscription; or to
    which it means what `role` says.
    """
    return [draft.campaigns[one] for one in listening(draft, kind, name, role)]


def listening(draft: Draft, kind: str, name: str, role: str) -> list[str]:
    """The ids of those that wait for something in a role."""
    keys = (trigger_key(kind, name, role), trigger_key(kind, "", role))
    return list(dict.fromkeys(one for key in keys for one in draft.triggers.get(key, ())))


def is_heard(draft: Draft, kind: str, name: str) -> bool:
    """Whether an event or purchase of this name means anything to any campaign or Canvas."""
    return any(trigger_key(kind, one, role) in draft.triggers for role in ROLES for one in (name, ""))


def has_receivers(draft: Draft) -> bool:
    """Whether anybody received a campaign or entered a Canvas: then whatever is bought may be revenue."""
    return len(draft.receipts) > 0 or len(draft.journeys) > 0


def silence(draft: Draft, campaign_id: str) -> None:
    """Let a campaign or a Canvas wait for nothing any more, and no turn of its schedule come."""
    plans.withdraw(draft, campaign_id)
    for key, waiting in draft.triggers.items():
        if campaign_id in waiting:
            draft.triggers[key] = tuple(one for one in waiting if one != campaign_id)
            if not draft.triggers[key]:
                del draft.triggers[key]


# who gets what


def place_of(campaign_id: str, braze_id: str) -> float:
    """Where a user stands among the percentages of a campaign: from 0 to 100, always the same."""
    digest = blake2b(f"{campaign_id}\0{braze_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * 100


def is_control(campaign: Campaign, braze_id: str) -> bool:
    return place_of(campaign["id"], braze_id) < float(campaign["control_percentage"])


def control_group(campaign: Campaign) -> Variant:
    """The control group as what the API shows beside the variants; its id is assumed."""
    return {"id": f"{campaign['id']}-control", "name": "Control Group"}


def variants(campaign: Campaign) -> Sequence[Variant]:
    """Of a campaign, its messages; or of a Canvas."""
    found: Sequence[Variant] = campaign["variants" if "variants" in campaign else "messages"]
    return found


def variant(campaign: Campaign, braze_id: str) -> Variant | None:
    """The variant of a user who is not in the control group; None where the percentages leave nothing."""
    at, edge = place_of(campaign["id"], braze_id), campaign["control_percentage"]
    for one in variants(campaign):
        edge += one["percentage"]
        if at < edge + _EPSILON:
            found: Variant = one
            return found
    return None


def texts(one: Variant) -> Iterator[str]:
    """Every text of the message of a variant, wherever it stands in it."""
    places: list[Any] = [content(one)]
    while places:
        held = places.pop()
        if isinstance(held, str):
            yield held
        elif isinstance(held, (Mapping, list)):
            places.extend(held.values() if isinstance(held, Mapping) else held)


def content(one: Variant) -> dict[str, Any]:
    """The message of a variant, without what says who gets it."""
    return {name: value for name, value in one.items() if name not in PLAIN}


def size(properties: Any) -> int:
    """Bytes of trigger_properties as JSON."""
    return len(orjson.dumps(properties)) if properties else 0


def listed(among: Iterable[Campaign], newest_first: bool, archived: bool) -> list[Campaign]:
    """Campaigns or Canvases by the time of their creation."""
    found = [one for one in among if archived or not one["archived"]]
    return sorted(found, key=lambda one: (one["created_at"], one["sequence"]), reverse=newest_first)
