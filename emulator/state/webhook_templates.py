"""Webhook templates: those of the partners' pages, which come with the emulator, and a workspace's own.

A message that names one gets a copy of it: changing a template later does not touch campaigns (documented).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from emulator import resources
from emulator.errors import ConfigError
from emulator.state import names
from emulator.state.draft import Draft

Template = Mapping[str, Any]
"""{title, about, source, level, parameters: name -> {placeholder, about}} and `message`, the fields of a webhook, or
`content_block`, {name, content}. A parameter's value stands in the place of its placeholder.
"""
MESSAGE, BLOCK = "message", "content_block"
KINDS: Final = {MESSAGE: "a webhook", BLOCK: "a Content Block"}
NEEDED: Final = {"url": "say where the webhook goes", "request_method": "say POST, PUT, DELETE or GET"}
_BARE: Final = re.compile(r"[^'\"\\\x00-\x1f]*")


@cache
def built_in() -> dict[str, Template]:
    """`blank`, and `<partner>/<name>` for each template of schemas/<partner>/webhook_templates.yaml."""
    from emulator import documents  # YAML takes 20 ms, and only who names a template needs it

    found: dict[str, Template] = {}
    for path in sorted(resources.folder("schemas").glob("*/webhook_templates.yaml")):
        owner = path.parent.name
        for name, template in documents.read(path).value.items():
            found[name if owner == "braze" else f"{owner}/{name}"] = template
    return found


def plant(draft: Draft, items: Sequence[Mapping[str, Any]]) -> None:
    """Write the templates of a checked seed document. Raises ConfigError for a name that is taken."""
    for index, item in enumerate(items):
        name = item["name"]
        if name in draft.webhook_templates or name in built_in():
            whose = "comes with the emulator" if name in built_in() else "stands twice"
            raise ConfigError(f"seed.webhook_templates[{index}].name: '{name}' {whose}; choose another name")
        draft.webhook_templates[name] = item


def listed(draft: Draft) -> dict[str, Template]:
    """All of them, the workspace's own first."""
    return {**dict(draft.webhook_templates.items()), **built_in()}


def in_messages(draft: Draft, items: Sequence[Mapping[str, Any]], place: str) -> list[Mapping[str, Any]]:
    """The messages of a campaign as `copied` makes them. Raises ConfigError that names the flaws of all."""
    found, flaws = list[Mapping[str, Any]](), list[str]()
    for index, item in enumerate(items):
        try:
            found.append(copied(draft, item, f"{place}[{index}]"))
        except ConfigError as error:
            flaws.append(str(error))
    if flaws:
        raise ConfigError("\n".join(flaws))
    return found


def copied(draft: Draft, item: Mapping[str, Any], place: str, kind: str = MESSAGE) -> Mapping[str, Any]:
    """A message or Content Block as it is sent: with a copy of the template that it names, under its own fields.

    Raises ConfigError that names every flaw; `place` is where the item stands.
    """
    if "template" not in item:
        return item
    template = _found(draft, item["template"], place, kind)
    own = {name: value for name, value in item.items() if name not in ("template", "parameters")}
    kept = _kept(template[kind], own)
    filled = _filled(kept, template.get("parameters", {}), item.get("parameters", {}), place)
    if "request_headers" in own:
        own["request_headers"] = {**filled.get("request_headers", {}), **own["request_headers"]}
    made = {**filled, **own, **({"channel": "webhook"} if kind == MESSAGE else {})}
    if kind == MESSAGE and (empty := [name for name in NEEDED if not made.get(name)]):
        wanted = (f"{place}.{name}: the template '{item['template']}' has none; {NEEDED[name]}" for name in empty)
        raise ConfigError("\n".join(wanted))
    return made


def _found(draft: Draft, name: str, place: str, kind: str) -> Template:
    found: Template | None = draft.webhook_templates.get(name) or built_in().get(name)
    if found is None:
        known = [other for other, one in listed(draft).items() if kind in one]
        told = names.did_you_mean(names.closest(name, known)) or f"there are: {', '.join(known)}"
        raise ConfigError(f"{place}.template: there is no template '{name}'; {told}")
    if kind not in found:
        other = KINDS[BLOCK if kind == MESSAGE else MESSAGE]
        raise ConfigError(f"{place}.template: '{name}' is {other}, not {KINDS[kind]}")
    return found


def _kept(held: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a template that the item does not say itself; of the headers, those of which it has no other."""
    found = {name: value for name, value in held.items() if name not in own}
    if "request_headers" in own and "request_headers" in held:
        taken = {name.lower() for name in own["request_headers"]}
        headers = held["request_headers"].items()
        found["request_headers"] = {name: value for name, value in headers if name.lower() not in taken}
    return found


def _filled(held: Mapping[str, Any], known: Mapping[str, Any], given: Mapping[str, str], place: str) -> dict[str, Any]:
    """The template's fields with the parameters in the places of their placeholders."""
    flaws = list(_flaws(held, known, given, f"{place}.parameters"))
    if flaws:
        raise ConfigError("\n".join(flaws))
    values = {known[name]["placeholder"]: value for name, value in given.items()}
    return {name: _replaced(value, values) for name, value in held.items()}


def _flaws(held: Mapping[str, Any], known: Mapping[str, Any], given: Mapping[str, str], place: str) -> Iterator[str]:
    for name in sorted(given.keys() - known.keys()):
        told = names.did_you_mean(names.closest(name, known)) or f"it takes: {', '.join(known) or 'none'}"
        yield f"{place}.{name}: the template has no such parameter; {told}"
    texts = list(_texts(held))
    for name, one in known.items():
        if name not in given and any(one["placeholder"] in text for text in texts):
            yield f"{place}.{name}: missing; it stands for {one['placeholder']}: {one.get('about', name)}"
    for name, value in given.items():
        if not _BARE.fullmatch(value) or "{{" in value or "{%" in value:
            barred = "Liquid, quotation marks, backslashes and line breaks"
            yield f"{place}.{name}: {barred} have no place here; say the whole field instead"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)


def _replaced(value: Any, values: Mapping[str, str]) -> Any:
    """In one go, so that a value which looks like another placeholder stays what it is."""
    if isinstance(value, Mapping):
        return {name: _replaced(inner, values) for name, inner in value.items()}
    if not values or not isinstance(value, str):
        return value
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], value)
