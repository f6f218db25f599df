"""Canvases: what a seed declares of them, what lets users in and out, who is inside, and how many there were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from emulator import clock, ids
from emulator.errors import ConfigError
from emulator.state import audience, campaigns, canvas_steps, plans, send_counts
from emulator.state.draft import Draft

Canvas = Mapping[str, Any]
"""What the seed says, and: `trigger`, `exit_criteria`, `start` and `end` as sortable text where there are any,
`variants`: [{id, name, percentage, first}], `steps`: step id -> canvas_steps.Step, `created_at`, `updated_at`,
`sequence`.
"""


def plant(draft: Draft, items: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write the Canvases of a checked seed document. Raises ConfigError that names every flaw."""
    campaigns.plant_each(draft, "canvases", items, now, write)


def write(draft: Draft, item: Mapping[str, Any], place: str, sequence: int, now: datetime) -> None:
    """Raises ConfigError that names every flaw."""
    flaws = list(_flaws(draft, item, place, now))
    if flaws:
        raise ConfigError("\n".join(flaws))
    canvas = _new(draft, item, place, sequence, now)
    draft.canvases[item["id"]] = canvas
    for tag in item.get("tags", ()):
        draft.tags[tag] = {}
    _listen(draft, canvas, now)


def _listen(draft: Draft, canvas: Canvas, now: datetime) -> None:
    """Enter a Canvas in the table of what it waits for; let the first turn of a schedule wait."""
    if not canvas["trigger"].keys() & {"api", "schedule"}:
        campaigns.listen(draft, _keys(canvas["trigger"], campaigns.ENTERS), canvas["id"])
    if "plan" in canvas and canvas["status"] == "active" and not canvas["archived"]:
        plans.wait(draft, "canvas", canvas["id"], canvas["plan"], now)
    campaigns.listen(draft, _keys(_events(canvas["exit_criteria"]), campaigns.LEAVES), canvas["id"])
    campaigns.listen(draft, campaigns.converting(canvas, campaigns.CONVERTS_IN), canvas["id"])


def _new(draft: Draft, item: Mapping[str, Any], place: str, sequence: int, now: datetime) -> Canvas:
    places = _places(item)
    variants = [
        {**one, "steps": canvas_steps.filled(draft, one.get("steps", ()), f"{place}.{at}")}
        for one, at in zip(_variants(item), places, strict=True)
    ]
    shares = campaigns.shared_out(variants, item.get("control_percentage", 0))
    return {
        "exit_criteria": {},
        "conversion_events": [],
        **campaigns.planted(item, place, sequence, now),
        **campaigns.planned(draft, item, place),
        "variants": [_variant(item["id"], one, at) for one, at in zip(shares, places, strict=True)],
        "steps": {
            step["id"]: step
            for one, at in zip(variants, places, strict=True)
            for step in canvas_steps.lay_out(item["id"], one["steps"], at)
        },
    }


def _variant(canvas_id: str, one: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    return {
        "id": one.get("id") or ids.draw(f"{canvas_id}/{place}", 0, "uuid"),
        "name": one["name"],
        "percentage": one["percentage"],
        "first": canvas_steps.first(canvas_id, one["steps"], place),
    }


def _variants(item: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Steps of the Canvas itself are those of its only variant."""
    found: Sequence[Mapping[str, Any]] = item.get("variants", [{"steps": item.get("steps", ())}])
    return found


def _places(item: Mapping[str, Any]) -> list[str]:
    """Where the steps of each variant stand in the Canvas."""
    return [f"variants[{index}].steps" for index in range(len(item["variants"]))] if "variants" in item else ["steps"]


def _flaws(draft: Draft, item: Mapping[str, Any], place: str, now: datetime) -> Iterator[str]:
    if "steps" in item and "variants" in item:
        yield f"{place}: it has steps and variants; write the steps into the variants"
    yield from campaigns.shared_flaws(draft, item, item.get("variants", ()), place, now)
    yield from _exit_flaws(draft, item.get("exit_criteria", {}), f"{place}.exit_criteria", now)
    names = [one["id"] for one in item.get("variants", ()) if "id" in one]
    for one, at in zip(_variants(item), _places(item), strict=True):
        yield from canvas_steps.flaws(draft, one.get("steps", ()), f"{place}.{at}")
        names += canvas_steps.given_ids(one.get("steps", ()))
    yield from (f"{place}: the id '{one}' stands twice" for one in sorted(set(names)) if names.count(one) > 1)


def _exit_flaws(draft: Draft, criteria: Mapping[str, Any], place: str, now: datetime) -> Iterator[str]:
    if "audience" in criteria:
        yield from audience.flaws(draft, criteria["audience"], f"{place}.audience")
    for kind, spec in _events(criteria).items():
        yield from campaigns.trigger_flaws(draft, {kind: spec}, place, now)


def _events(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """What occurs; the other exit criterion is an audience."""
    return {kind: spec for kind, spec in criteria.items() if kind != "audience"}


def _keys(trigger: Mapping[str, Any], role: str) -> list[str]:
    return [campaigns.trigger_key(*campaigns.named({kind: spec}), role) for kind, spec in trigger.items()]


def names(canvas: Canvas, step: canvas_steps.Step | None = None) -> dict[str, str]:
    """What a decision or a message says of where it comes from."""
    found = {"canvas_id": canvas["id"], "canvas": canvas["name"]}
    return found if step is None else {**found, "step_id": step["id"], "step": step["name"]}


# who is inside


def journey(draft: Draft, canvas_id: str, braze_id: str) -> Mapping[str, Any]:
    """{at, count, variant, control, open: {decision: why it is to end, or nothing}}; nothing for who never entered."""
    found: Mapping[str, Any] = draft.journeys.get(f"{canvas_id}\0{braze_id}", {})
    return found


def open_journeys(draft: Draft, canvas_id: str, braze_id: str) -> Mapping[str, str]:
    """decision -> why the journey is to end with its present step, or nothing."""
    found: Mapping[str, str] = journey(draft, canvas_id, braze_id).get("open", {})
    return found


def enter(draft: Draft, canvas: Canvas, braze_id: str, decision: str, now: datetime) -> None:
    """Note an entry, in the profile too; without a decision, that the user is in the control group."""
    at, held = clock.iso_ms(now), journey(draft, canvas["id"], braze_id)
    variant = campaigns.variant(canvas, braze_id) if decision else None
    draft.journeys[f"{canvas['id']}\0{braze_id}"] = {
        "at": at,
        "count": held.get("count", 0) + 1,
        "variant": variant["id"] if variant else "",
        "control": variant is None,
        "open": {**held.get("open", {}), **({decision: ""} if decision else {})},
    }
    if variant is None:
        _note(draft, canvas, braze_id, last_entered=at, in_control=True, last_entered_control_at=at)
        return
    _note(draft, canvas, braze_id, last_entered=at, in_control=False, variation_name=variant["name"])
    known = draft.canvas_entries.get(canvas["id"], {"first_entry": at})
    draft.canvas_entries[canvas["id"]] = {**known, "last_entry": at}
    send_counts.entered(draft, canvas["id"], variant["id"], now)


def mark(draft: Draft, canvas_id: str, braze_id: str, why: str) -> None:
    """All journeys of a user through a Canvas end as soon as their present step does."""
    held = journey(draft, canvas_id, braze_id)
    if held.get("open"):
        marked = {decision: before or why for decision, before in held["open"].items()}
        draft.journeys[f"{canvas_id}\0{braze_id}"] = {**held, "open": marked}


def leave(draft: Draft, canvas: Canvas, braze_id: str, decision: str, now: datetime) -> None:
    """A journey is over."""
    held = journey(draft, canvas["id"], braze_id)
    if held:
        others = {one: why for one, why in held["open"].items() if one != decision}
        draft.journeys[f"{canvas['id']}\0{braze_id}"] = {**held, "open": others}
    _note(draft, canvas, braze_id, last_exited=clock.iso_ms(now))


def convert(draft: Draft, canvas_id: str, braze_id: str, place: int) -> None:
    """Note that the user has met a conversion event of a Canvas since the last entry."""
    held = journey(draft, canvas_id, braze_id)
    draft.journeys[f"{canvas_id}\0{braze_id}"] = {**held, "converted": [*held.get("converted", ()), place]}


def follow(draft: Draft, gone: str, kept: str) -> None:
    """Give the entries of a profile that is merged away to the one that stays. What is on the way is not (assumed)."""
    for canvas_id in draft.canvases:
        old, new = journey(draft, canvas_id, gone), journey(draft, canvas_id, kept)
        if old:
            latest = max(old, new or old, key=lambda one: str(one["at"]))
            count = old["count"] + new.get("count", 0)
            draft.journeys[f"{canvas_id}\0{kept}"] = {**latest, "count": count, "open": new.get("open", {})}
            del draft.journeys[f"{canvas_id}\0{gone}"]


def receive(draft: Draft, canvas: Canvas, step: canvas_steps.Step, braze_id: str, now: datetime) -> None:
    """Note in the profile that a message of a step was received."""
    at = clock.iso_ms(now)
    known = next(iter(_notes(draft, canvas, braze_id)), {}).get("steps_received", ())
    others = [one for one in known if one.get("api_canvas_step_id") != step["id"]]
    received = {"name": step["name"], "api_canvas_step_id": step["id"], "last_received": at}
    _note(draft, canvas, braze_id, last_received_message=at, steps_received=[*others, received])


def _notes(draft: Draft, canvas: Canvas, braze_id: str) -> list[Mapping[str, Any]]:
    """What a profile says of a Canvas: one entry, or none."""
    received = draft.profiles.get(braze_id, {}).get("canvases_received", ())
    return [one for one in received if one.get("api_canvas_id") == canvas["id"]]


def _note(draft: Draft, canvas: Canvas, braze_id: str, **fields: Any) -> None:
    """Change what the profile says of a Canvas, in the form of exports."""
    profile = draft.profiles.get(braze_id)
    if profile is None:
        return
    own = _notes(draft, canvas, braze_id)
    new = {"name": canvas["name"], "api_canvas_id": canvas["id"], "steps_received": []}
    others = [one for one in profile.get("canvases_received", ()) if one not in own]
    changed = {**new, **(own[0] if own else {}), **fields}
    draft.profiles[braze_id] = {**profile, "canvases_received": [*others, changed]}


def duplicate(draft: Draft, original: Canvas, now: datetime, **fields: Any) -> None:
    """Make a draft that says the same, but for `fields`; it and all in it have ids of their own."""
    at, new_id = clock.iso_ms(now), draft.new_id
    fresh = {"": "", **{one: new_id("uuid") for one in original["steps"]}}
    steps = [_copied_step(step, fresh, new_id) for step in original["steps"].values()]
    copy = {
        **original,
        **fields,
        "id": new_id("uuid"),
        "status": "draft",
        "archived": False,
        "variants": [{**one, "id": new_id("uuid"), "first": fresh[one["first"]]} for one in original["variants"]],
        "steps": {step["id"]: step for step in steps},
        "created_at": at,
        "updated_at": at,
        "sequence": len(draft.canvases),
    }
    draft.canvases[copy["id"]] = copy
    _listen(draft, copy, now)


def _copied_step(step: canvas_steps.Step, fresh: Mapping[str, str], new_id: Callable[[str], str]) -> canvas_steps.Step:
    own = {**step, "id": fresh[step["id"]], "next": fresh[step["next"]]}
    if "paths" in step:
        own["paths"] = [{**path, "next": fresh[path["next"]]} for path in step["paths"]]
    if "messages" in step:
        own["messages"] = [{**one, "id": new_id("uuid")} for one in step["messages"]]
    return own
