"""YAML and JSON files: JSON's values, and the line of everything, so that a mistake can be shown where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from emulator.errors import ConfigError

_SCALARS: Final = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?[0-9]+(\.[0-9]+([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", "-+0123456789"),
    ("merge", r"<<", "<"),
)
"""YAML 1.2's core types. YAML 1.1 would make a date an object, `no` a false and 12:30 a number."""


MAX_VALUES: Final = 1_000_000
"""Aliases that repeat aliases turn a short file into billions of values."""
_TEXT: Final = "tag:yaml.org,2002:str"


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    """What JSON readers make of a number: a float where it has more than 64 bits."""
    text = node.value
    value = int(text) if len(text) <= 20 else 2**64
    return value if -(2**63) <= value < 2**64 else float(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
for _name in ("binary", "timestamp", "omap", "pairs", "set"):
    _Loader.yaml_constructors.pop(f"tag:yaml.org,2002:{_name}")
for _name, _pattern, _firsts in _SCALARS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})$"), list(_firsts.replace("\0", "")) + [""]
    )


_PLACE: Final = re.compile(r"(?:seed(?=[.:])\.?)?((?:\w+(?:\.\w+|\[\d+\])*)?)(?=: )")
"""How errors of seeds begin: `seed.profiles[0].email: …`, `partners.ketch: …`."""
_UNKNOWN: Final = re.compile(r"Additional properties are not allowed \('([^']*)'")


@dataclass(frozen=True, slots=True)
class Document:
    """`lines` holds the line (from 1) of every JSON pointer: a key's where there is one, else the item's."""

    path: Path
    value: Any
    lines: dict[str, int]

    def line(self, pointer: str) -> int:
        """The line of a pointer, or of the nearest thing around it."""
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)

    def error(self, pointer: str, text: str) -> ConfigError:
        return ConfigError(f"{self.path}, line {self.line(pointer)}: {text}")

    def located(self, error: ConfigError, under: str = "") -> ConfigError:
        """The error of a seed with file and line before each place that it names and that is in this document. `under`
        is the pointer where the seed stands here.
        """
        return ConfigError("\n".join(self._located(text, under) for text in str(error).splitlines()))

    def _located(self, text: str, under: str) -> str:
        found = _PLACE.match(text)
        if found is None:
            return text
        steps = re.findall(r"\w+", found[1])
        pointer = joined(under, steps)
        if steps and joined(under, steps[:1]) not in self.lines:
            return text if not text.startswith("seed.") else f"{self.path}: {text}"
        unknown = _UNKNOWN.search(text)
        line = self.line(joined(pointer, [unknown[1]]) if unknown else pointer)
        return f"{self.path}, line {line}: {'.'.join(filter(None, [*under.split('/'), text.removeprefix('seed.')]))}"


def read(path: Path) -> Document:
    """One file. Raises ConfigError that names the file and the line, also for a key that stands twice."""
    try:
        return parse(path, path.read_text(encoding="utf-8"), as_json=path.suffix == ".json")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def parse(path: Path, text: str, as_json: bool) -> Document:
    """A text whose name is `path`. Raises ConfigError as `read` does."""
    try:
        return _json(path, text) if as_json else _yaml(path, text)
    except RecursionError:
        raise ConfigError(f"{path}: nested too deep, or an alias that stands inside its own anchor") from None


def _json(path: Path, text: str) -> Document:
    """JSON is nearly YAML, but not where a text holds a character as two escapes."""
    try:
        document = Document(path, orjson.loads(text), {"": 1})
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: not JSON: {error.msg.split(':')[0]}") from error
    with suppress(yaml.YAMLError):  # then mistakes have no line
        _locate(document, _Loader(text).get_single_node(), "")
    return document


def _yaml(path: Path, text: str) -> Document:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document = Document(path, None, {"": 1})
        _locate(document, node, "")
        return Document(path, loader.construct_document(node) if node else None, document.lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}, line {line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error


def _locate(document: Document, node: yaml.Node | None, pointer: str) -> None:
    """Note the line of everything under `node`. Raises ConfigError for a key that stands twice, or is no text."""
    if len(document.lines) > MAX_VALUES:
        raise ConfigError(f"{document.path}: more than {MAX_VALUES} values; do its aliases repeat each other?")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = joined(pointer, [_key(document, key)])
            if place in document.lines:
                text = f"the key '{key.value}' stands twice; it is in line {document.lines[place]} already"
                raise ConfigError(f"{document.path}, line {key.start_mark.line + 1}: {text}")
            document.lines[place] = key.start_mark.line + 1
            _locate(document, value, place)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            place = joined(pointer, [index])
            document.lines[place] = item.start_mark.line + 1
            _locate(document, item, place)


def _key(document: Document, node: yaml.Node) -> str:
    """The key as it is written: JSON has no others than texts, also where YAML sees a number or a truth value."""
    if not isinstance(node, yaml.ScalarNode):
        raise ConfigError(f"{document.path}, line {node.start_mark.line + 1}: a key must be a text")
    if node.tag != "tag:yaml.org,2002:merge":
        node.tag = _TEXT
    return str(node.value)


def joined(pointer: str, steps: Iterable[object]) -> str:
    """A JSON pointer with more steps."""
    return pointer + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def pointed(value: Any, pointer: str) -> Any:
    """What a JSON pointer names in a JSON value. Raises KeyError where there is nothing."""
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise KeyError(pointer)
    return value


def explained(document: Document, schema: Mapping[str, Any]) -> Iterator[str]:
    """Why a document does not fit a schema, line by line."""
    from jsonschema import Draft202012Validator  # 60 ms, and only for a file that does not fit

    messages = schema.get("properties", {}).get("given", {}).get("$defs", {})
    errors = Draft202012Validator(schema).iter_errors(document.value)
    for error in sorted(errors, key=lambda found: document.line(joined("", found.absolute_path))):
        for pointer, text in _told(error, joined("", error.absolute_path), messages):
            yield str(document.error(pointer, f"{named(pointer)}: {text}"))


def _told(error: Any, place: str, messages: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(pointer, what is wrong) of one error; every unknown key has its own line."""
    if error.validator == "unevaluatedProperties":
        unknown, allowed = not_of_the_message(error, messages)
        yield from ((joined(place, [key]), f"unknown key; known are {', '.join(allowed)}") for key in unknown)
        return
    known = error.schema.get("properties", {})
    if error.validator == "additionalProperties" and error.validator_value is False:
        for key in error.instance.keys() - known.keys():
            yield joined(place, [key]), f"unknown key; known are {', '.join(known)}"
    else:
        texts = error.schema.get("x-error", {})
        own = texts.get(error.validator, "") if isinstance(texts, dict) else ""
        yield place, own if own and "{name}" not in own else error.message[:300]  # else a service's text of its answers


def not_of_the_message(error: Any, kinds: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """(the keys that no message of the channel has, those that it may have); `kinds` are the schemas of messages.

    The validator names every key as soon as the value of one does not fit. Where the channel is not known either, it
    is for another error to say so.
    """
    kind = "from_template" if "template" in error.instance else f"{error.instance.get('channel')}_message"
    if kind not in kinds:
        return [], []
    known = [*error.schema["properties"], *kinds[kind]["properties"]]
    return [key for key in error.instance if key not in known], list(dict.fromkeys(known))


def named(pointer: str) -> str:
    """`steps[0].call` for /steps/0/call."""
    steps = re.sub(r"/(\d+)(?=/|$)", r"[\1]", pointer).replace("/", ".").lstrip(".")
    return steps.replace("~1", "/").replace("~0", "~") or "the file"
