"""From operations to the functions that handle them, checked in both directions before anything is served."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from emulator import handlers
from emulator.call import Call, Response
from emulator.errors import SchemaError
from emulator.operations import Operations

Handler = Callable[[Call], Any]
Followup = Callable[[Any, dict[str, Any], Response], None]
"""(draft, the work's data, the answer that came): what a service does when work it sent has been answered."""

FOLLOWUPS = "followups"
"""The one module of a service's folder whose functions are no operations."""


def load(operations: Operations) -> dict[str, Handler]:
    """operation key -> handler. Raises SchemaError for a schema without handler and a handler without schema."""
    found: dict[str, Handler] = {}
    for service in operations.services:
        for name, module in _modules(service):
            if name != FOLLOWUPS:
                found.update((f"{service}/{name}/{function.__name__}", function) for function in _public(module))
    _compare(operations, found)
    return found


def followups(operations: Operations) -> dict[str, Followup]:
    """`<service>.<name>` -> follow-up."""
    return {
        f"{service}.{function.__name__}": function
        for service in operations.services
        for name, module in _modules(service)
        if name == FOLLOWUPS
        for function in _public(module)
    }


def _modules(service: str) -> list[tuple[str, ModuleType]]:
    try:
        package = importlib.import_module(f"{handlers.__name__}.{service}")
    except ModuleNotFoundError as error:
        if error.name != f"{handlers.__name__}.{service}":
            raise  # something that the package itself imports is missing
        return []  # a service of pure data
    names = [info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_")]
    return [(name, importlib.import_module(f"{package.__name__}.{name}")) for name in names]


def _public(module: ModuleType) -> list[Any]:
    return [
        value
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]


def _compare(operations: Operations, found: dict[str, Handler]) -> None:
    wanted = {operation.key for operation in operations if "example" not in operation.data}
    fixed = {operation.key for operation in operations if "example" in operation.data}
    for key in sorted(wanted - found.keys()):
        service, tag, name = key.split("/")
        raise SchemaError(
            f"schemas/{key}.json has no handler: write {name}(call) in emulator/handlers/{service}/{tag}.py, "
            "or give the operation an 'example'"
        )
    for key in sorted(found.keys() - wanted):
        reason = "has an 'example' and a handler: remove one of them" if key in fixed else "does not exist"
        service, tag, name = key.split("/")
        raise SchemaError(f"emulator/handlers/{service}/{tag}.py: {name}: schemas/{key}.json {reason}")
