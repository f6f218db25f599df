"""The seed document: what no API can create. It is a scenario's `given`, `serve --seed` and POST /_emulator/seed."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import orjson

from emulator import advice, ids, resources
from emulator import state as rooms
from emulator.errors import ConfigError, SchemaError
from emulator.state import braze, names
from emulator.state.credential import Credential
from emulator.state.draft import Draft

_SHOWN: Final = 200
"""Letters of a value that are told at most."""


@cache
def partners() -> dict[str, ModuleType]:
    """Every service whose folder says what a seed may declare for it -> its room in state/.

    A room has plant(draft, part, now), credentials(part) and own(part, name, braze_key) -> part with credentials of its
    own; it may have own_keys(part, braze_key) -> API keys that Braze must know, and CREDENTIAL_TABLES, the tables that
    hold its credentials. Raises SchemaError for a service without its room.
    """
    return {name: _room(name) for name, part in _parts().items() if part.get("properties")}


@cache
def _parts() -> dict[str, Any]:
    """service -> what a seed may declare for it."""
    found = sorted(resources.folder("schemas").glob("*/seed.json"))
    return {path.parent.name: orjson.loads(path.read_bytes()) for path in found}


def _room(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"{rooms.__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{rooms.__name__}.{name}":
            raise
        raise SchemaError(f"schemas/{name}/seed.json: no emulator/state/{name}.py plants it; write one") from None


def credential_tables() -> list[str]:
    """The tables that hold credentials, and which a branch therefore has of its own."""
    return ["api_keys", *(table for room in partners().values() for table in getattr(room, "CREDENTIAL_TABLES", ()))]


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of a seed document; names of services, buckets and parts of partners come from
    their folders.
    """
    root = resources.folder("schemas")
    found: dict[str, Any] = orjson.loads((root / "seed.schema.json").read_bytes())
    parts = {name: _parts()[name] for name in partners()}
    services = {path.parent.name: orjson.loads(path.read_bytes()) for path in sorted(root.glob("*/service.json"))}
    settings = found["properties"]["settings"]["properties"]
    settings["modes"]["propertyNames"] = {"enum": list(services)}
    buckets = [bucket for service in services.values() for bucket in service.get("rate_limits", ())]
    settings["rate_limit_values"]["propertyNames"] = {"enum": buckets}
    found["$defs"].update(orjson.loads((root / "braze" / "messages.json").read_bytes()))
    found["properties"]["partners"] = {"type": "object", "additionalProperties": False, "properties": parts}
    return found


@cache
def _decider() -> Any:
    import jsonschema_rs  # a start without a seed does not need it yet

    return jsonschema_rs.validator_for(schema())


def check(document: Any, where: str = "seed") -> None:
    """Raises ConfigError that names every field that does not fit, and why."""
    if document == {} or _decider().is_valid(document):
        return
    raise ConfigError("\n".join(explain(schema(), document, where)))


@cache
def _part_schema(kind: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind}", "$defs": schema()["$defs"]}


@cache
def _part_decider(kind: str) -> Any:
    import jsonschema_rs  # as in _decider

    return jsonschema_rs.validator_for(_part_schema(kind))


def check_part(kind: str, item: Any) -> None:
    """As `check`, for one item of a list of the document; `kind` is its name among the schema's definitions."""
    if not _part_decider(kind).is_valid(item):
        raise ConfigError("\n".join(explain(_part_schema(kind), item, kind)))


def explain(against: Mapping[str, Any], document: Any, where: str) -> list[str]:
    """`seed.api_keys[0]: 'key' is a required property` and so on, in the order of the document."""
    from jsonschema import Draft202012Validator  # 60 ms, and only for a document that does not fit

    def place(path: Any) -> str:
        return where + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)

    found = Draft202012Validator(against).iter_errors(document)
    try:
        errors = sorted(found, key=lambda error: list(map(str, error.path)))
    except RecursionError:
        return [f"{where}: what does not fit stands too deep inside; write it flatter"]
    return [f"{place(error.absolute_path)}: {said}" for error in errors if (said := _said(error))]


def _said(error: Any) -> str:
    """What is wrong, and how to mend it; nothing where another error says it already."""
    if error.validator == "unevaluatedProperties":
        from emulator import documents  # as in read

        unknown, known = documents.not_of_the_message(error, schema()["$defs"])
        were = ", ".join(map(repr, unknown)) + (" was" if len(unknown) == 1 else " were")
        return f"{were} unexpected{_nearest(unknown, known)}" if unknown else ""
    held = repr(error.instance)
    text = error.message.replace(held, f"{held[:_SHOWN]}…") if len(held) > _SHOWN else error.message
    if error.validator == "not" and "description" in error.validator_value:
        return str(error.validator_value["description"])
    if error.validator == "pattern" and "description" in error.schema:
        return f"{text}; {advice.fix(error, 'it')}"
    return f"{text}{_meant(error)}"


def _meant(error: Any) -> str:
    """What was probably meant by a key that is not known, or which keys there are; or of which keys one is wanted."""
    if error.validator in ("oneOf", "anyOf") and all("required" in branch for branch in error.validator_value):
        return f"; {advice.fix(error, 'it')}"
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return ""
    known = error.schema.get("properties", {})
    return _nearest(error.instance.keys() - known, known)


def _nearest(unknown: Iterable[str], known: Iterable[str]) -> str:
    near = [names.closest(key, known) or names.closest(key.rstrip("s"), known) for key in unknown]
    if any(near):
        return "; " + ", ".join(sorted(filter(None, map(names.did_you_mean, near))))
    return f"; there are: {', '.join(known)}" if known else ""


def read(path: Path) -> Any:
    """A YAML or JSON file as a value, nothing as {}. Raises ConfigError with the line for what is no document, and for
    what does not fit the schema.
    """
    from emulator import documents  # YAML takes 20 ms, and only where a file is given

    document = documents.read(path)
    value = {} if document.value is None else document.value
    try:
        check(value)
    except ConfigError as error:
        raise document.located(error) from None
    return value


def located(error: ConfigError, path: str) -> ConfigError:
    """An error that came of planting what `path` holds, with the lines of the places it names."""
    from emulator import documents

    return documents.read(Path(path)).located(error)


def plant(draft: Draft, document: Mapping[str, Any], now: datetime) -> None:
    """Write a checked document into an empty draft."""
    braze.plant(draft, document, now)
    for name, part in document.get("partners", {}).items():
        partners()[name].plant(draft, part, now)


def credentials(document: Mapping[str, Any]) -> Iterator[Credential]:
    yield from braze.credentials(document)
    for name, part in document.get("partners", {}).items():
        yield from partners()[name].credentials(part)


def with_own_credentials(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The document with a Braze key and a credential at every partner that it does not declare itself.

    Raises ConfigError for a document that does not fit.
    """
    check(document)
    parts = document.get("partners", {})
    safe = ids.in_path(name)
    own = braze.own(document, f"key-{safe}")
    key = own["api_keys"][0]["key"]
    own["partners"] = {one: room.own(parts.get(one, {}), safe, key) for one, room in partners().items()}
    for partner, room in partners().items():
        if hasattr(room, "own_keys"):
            own["api_keys"] = [*own["api_keys"], *room.own_keys(parts.get(partner, {}), key)]
    return own


def published(name: str) -> Any:
    """A schema that users write files against: seed, scenario, cases, operation or service. Raises KeyError.

    The scenario's holds the seed's in the place of `given`; its `$id` makes that one find its own `$defs`.
    """
    if name == "seed":
        return schema()
    path = resources.folder("schemas") / f"{name}.schema.json"
    if name not in ("scenario", "cases", "operation", "service") or not path.is_file():
        raise KeyError(f"no schema '{name}'; there are seed, scenario, cases, operation and service")
    found = orjson.loads(path.read_bytes())
    if name == "scenario":
        found["properties"]["given"] = schema()
    return found
