"""Our advice on a value that a JSON Schema refuses: the name, what is wrong with it and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

Fix = Callable[[Any, str], str]
"""(jsonschema's error, the name of what failed in quotation marks) -> our advice."""


def fix(error: Any, name: str) -> str:
    return FIXES.get(error.validator, _fix_other)(error, name)


def _fix_type(error: Any, name: str) -> str:
    wanted = error.validator_value
    return f"{name} must be {' or '.join(wanted) if isinstance(wanted, list) else wanted}"


def _fix_required(error: Any, name: str) -> str:
    return f"{name} is required"


def _fix_enum(error: Any, name: str) -> str:
    values = [value if isinstance(value, str) else orjson.dumps(value).decode() for value in error.validator_value]
    return f"{name} must be one of {', '.join(values)}"


def _fix_max_length(error: Any, name: str) -> str:
    return f"{name} has {len(error.instance)} characters; at most {error.validator_value} are allowed"


def _fix_min_length(error: Any, name: str) -> str:
    return f"{name} must not be empty"


def _fix_pattern(error: Any, name: str) -> str:
    return f"{name} must look like {error.schema.get('description') or error.validator_value}"


def _fix_min_items(error: Any, name: str) -> str:
    return f"{name} has {len(error.instance)} items; at least {error.validator_value} is needed"


def _fix_max_items(error: Any, name: str) -> str:
    return f"{name} has {len(error.instance)} items; at most {error.validator_value} are allowed"


def _fix_minimum(error: Any, name: str) -> str:
    return f"{name} is {error.instance}; at least {error.validator_value} is allowed"


def _fix_maximum(error: Any, name: str) -> str:
    return f"{name} is {error.instance}; at most {error.validator_value} is allowed"


def _fix_any_of(error: Any, name: str) -> str:
    branches = error.validator_value
    if not all("required" in branch for branch in branches):
        return _fix_other(error, name)
    filled = ", and not empty" if any("properties" in branch for branch in branches) else ""
    return f"{name} needs one of {_choices(branches)}{filled}"


def _fix_one_of(error: Any, name: str) -> str:
    branches = error.validator_value
    if not all("required" in branch for branch in branches):
        return _fix_other(error, name)
    return f"{name} needs exactly one of {_choices(branches)}"


def _choices(branches: list[Any]) -> str:
    return ", ".join(" with ".join(branch["required"]) for branch in branches)


def _fix_not(error: Any, name: str) -> str:
    refused = error.validator_value
    for branch in refused.get("anyOf", [refused]):
        together = branch.get("required", ())
        if len(together) > 1 and isinstance(error.instance, dict) and error.instance.keys() >= {*together}:
            return f"{name} must not have {' and '.join(together)} together"
    return f"{name} must not be {'null' if error.instance is None else repr(error.instance)[:80]}"


def _fix_additional(error: Any, name: str) -> str:
    return f"unknown field: {error.message}"


def _fix_other(error: Any, name: str) -> str:
    return f"{name} is not valid: {error.message[:200]}"


FIXES: Final[dict[str, Fix]] = {
    "type": _fix_type,
    "required": _fix_required,
    "enum": _fix_enum,
    "maxLength": _fix_max_length,
    "minLength": _fix_min_length,
    "minItems": _fix_min_items,
    "pattern": _fix_pattern,
    "maxItems": _fix_max_items,
    "minimum": _fix_minimum,
    "maximum": _fix_maximum,
    "anyOf": _fix_any_of,
    "oneOf": _fix_one_of,
    "not": _fix_not,
    "additionalProperties": _fix_additional,
}
"""JSON Schema keyword -> our advice for a value that failed it; the name comes in quotation marks."""
