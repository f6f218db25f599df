"""YAML files for people: JSON's values, and the line of everything, so that a mistake can be shown where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _name, _pattern, _firsts in _SCALARS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})$"), list(_firsts.replace("\0", "")) + [""]
    )


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


def read(path: Path) -> Document:
    """One YAML file. Raises ConfigError that names the file and the line, also for a key that stands twice."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        document = Document(path, None, {"": 1})
        _locate(document, node, "")
        return Document(path, loader.construct_document(node) if node else None, document.lines)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}, line {line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error


def _locate(document: Document, node: yaml.Node | None, pointer: str) -> None:
    """Note the line of everything under `node`. Raises ConfigError for a key that stands twice."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = joined(pointer, [key.value])
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
