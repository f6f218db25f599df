"""The steps of a Canvas: a seed writes lists within lists, the state keeps a table in which each names its next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from emulator import ids
from emulator.errors import ConfigError
from emulator.state import audience, delays, webhook_templates
from emulator.state.draft import Draft

Step = Mapping[str, Any]
"""{id, name, type, next} and, by type, messages: [{id, name, channel, …}] and validations (a filter or None), delay (as
state.delays reads it), or paths: [{name, audience, next}]. `next` is the id of a step, or nothing at the end; in a path
without an audience is everybody.
"""
Item = Mapping[str, Any]
"""A step as the seed writes it."""
MESSAGE, DELAY, PATHS, EXIT = "message", "delay", "audience_paths", "exit"
KEYS: Final = {"message": MESSAGE, "messages": MESSAGE, "delay": DELAY, "audience_paths": PATHS, "exit": EXIT}
"""What a step of a seed has one of -> its type. The real service names the types so or similarly (assumed)."""
NAMES: Final = {MESSAGE: "Message", DELAY: "Delay", PATHS: "Audience Paths"}
"""What a step is called that says nothing else."""
EVERYONE_ELSE: Final = "Everyone Else"
DEEPEST: Final = 20
"""Of our own: nobody draws a Canvas like that."""


def lay_out(canvas_id: str, items: Sequence[Item], place: str, after: str = "") -> Iterator[Step]:
    """The steps of a list that has no flaw, and those inside of them; the last goes on with `after`.

    `place` is where the list stands in the Canvas; ids that are not given are drawn from it, so they stay the same.
    """
    for index, item in enumerate(items):
        kind = _type(item)
        if kind == EXIT:
            return
        here = f"{place}[{index}]"
        following = first(canvas_id, items, place, after, index + 1)
        step = {"id": _id(canvas_id, item, here), "name": item.get("name", NAMES[kind]), "type": kind}
        yield {**step, "next": following, **_PARTS[kind](canvas_id, item, here, following)}
        for number, path in enumerate(item.get("audience_paths", ())):
            yield from lay_out(canvas_id, path.get("steps", ()), _inside(here, number), following)


def first(canvas_id: str, items: Sequence[Item], place: str, after: str = "", index: int = 0) -> str:
    """The id of the step at `index`, where the journey goes; what comes `after` where the list is over."""
    if index >= len(items):
        return after
    return "" if "exit" in items[index] else _id(canvas_id, items[index], f"{place}[{index}]")


def _type(item: Item) -> str:
    return next(kind for key, kind in KEYS.items() if key in item)


def _id(canvas_id: str, item: Item, place: str) -> str:
    return item.get("id") or ids.draw(f"{canvas_id}/{place}", 0, "uuid")


def _inside(here: str, number: int) -> str:
    return f"{here}.audience_paths[{number}].steps"


def _messages(canvas_id: str, item: Item, here: str, following: str) -> dict[str, Any]:
    found = [item["message"]] if "message" in item else item["messages"]
    return {
        "messages": [
            {**one, "id": _id(canvas_id, one, f"{here}.messages[{index}]"), "name": one.get("name", one["channel"])}
            for index, one in enumerate(found)
        ],
        "validations": item.get("delivery_validations"),
    }


def _delay(canvas_id: str, item: Item, here: str, following: str) -> dict[str, Any]:
    return {"delay": delays.read(item, here)}


def _paths(canvas_id: str, item: Item, here: str, following: str) -> dict[str, Any]:
    paths = []
    for number, path in enumerate(item["audience_paths"]):
        name = path.get("name", f"Group {number + 1}" if "audience" in path else EVERYONE_ELSE)
        leads = first(canvas_id, path.get("steps", ()), _inside(here, number), following)
        paths.append({"name": name, "audience": path.get("audience"), "next": leads})
    if paths[-1]["audience"] is not None:
        paths.append({"name": EVERYONE_ELSE, "audience": None, "next": following})
    return {"paths": paths}


_PARTS: Final = {MESSAGE: _messages, DELAY: _delay, PATHS: _paths}


def flaws(draft: Draft, items: Sequence[Item], place: str, depth: int = 0) -> Iterator[str]:
    """What the schema cannot see, at its place in the document."""
    if depth > DEEPEST:
        yield f"{place}: audience_paths stand at most {DEEPEST} deep inside each other"
        return
    for index, item in enumerate(items):
        here = f"{place}[{index}]"
        held = [key for key in KEYS if key in item]
        if len(held) != 1:
            yield f"{here}: a step has one of {', '.join(KEYS)}; this one has {' and '.join(held) or 'none'}"
        if "exit" in item and index < len(items) - 1:
            yield f"{here}.exit: nobody comes to what stands below it; take that away"
        if "delay" in item:
            yield from _delay_flaws(item, here)
        if "delivery_validations" in item:
            yield from _validation_flaws(draft, item, f"{here}.delivery_validations")
        yield from _path_flaws(draft, item.get("audience_paths", ()), here, depth)


def _delay_flaws(item: Item, here: str) -> Iterator[str]:
    try:
        delays.read(item, here)
    except ConfigError as error:
        yield str(error)


def _validation_flaws(draft: Draft, item: Item, place: str) -> Iterator[str]:
    if not item.keys() & {"message", "messages"}:
        yield f"{place}: only a step with message or messages has them"
    yield from audience.flaws(draft, item["delivery_validations"], place)


def _path_flaws(draft: Draft, paths: Sequence[Mapping[str, Any]], here: str, depth: int) -> Iterator[str]:
    for number, path in enumerate(paths):
        place = f"{here}.audience_paths[{number}]"
        if "audience" in path:
            yield from audience.flaws(draft, path["audience"], f"{place}.audience")
        elif number < len(paths) - 1:
            yield f"{place}: a path without an audience takes everybody who is left; write it last"
        yield from flaws(draft, path.get("steps", ()), f"{place}.steps", depth + 1)


def filled(draft: Draft, items: Sequence[Item], place: str) -> list[Item]:
    """The steps with copies of the webhook templates that their messages name. Raises ConfigError for a bad one."""
    return [_filled(draft, item, f"{place}[{index}]") for index, item in enumerate(items)]


def _filled(draft: Draft, item: Item, here: str) -> Item:
    own = dict(item)
    if "message" in item:
        own["message"] = webhook_templates.copied(draft, item["message"], f"{here}.message")
    if "messages" in item:
        own["messages"] = webhook_templates.in_messages(draft, item["messages"], f"{here}.messages")
    if "audience_paths" in item:
        own["audience_paths"] = [
            {**path, "steps": filled(draft, path.get("steps", ()), _inside(here, number))}
            for number, path in enumerate(item["audience_paths"])
        ]
    return own


def given_ids(items: Sequence[Item]) -> Iterator[str]:
    """The ids that the seed gives to steps and messages, those inside of paths too."""
    for item in items:
        messages = [*([item["message"]] if "message" in item else ()), *item.get("messages", ())]
        yield from (one["id"] for one in (item, *messages) if "id" in one)
        for path in item.get("audience_paths", ()):
            yield from given_ids(path.get("steps", ()))
