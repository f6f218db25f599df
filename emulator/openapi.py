"""The emulated operations as an OpenAPI 3.1 document: a pure function of the list of operations."""

from __future__ import annotations

import re
from typing import Any

from emulator.operations import Operation, Operations


def document(operations: Operations, service: str | None = None) -> dict[str, Any]:
    """All operations, or one service's. Raises KeyError for an unknown service."""
    if service is not None and service not in operations.services:
        raise KeyError(f"no service '{service}'; there are {', '.join(operations.services)}")
    chosen = [one for one in operations if service in (None, one.service.name)]
    names = {one.service.name for one in chosen}
    return {
        "openapi": "3.1.0",
        "info": {"title": "What braze-emulator answers", "version": "1"},
        "paths": _paths(chosen),
        "components": {"schemas": _definitions(operations, names)},
        "tags": [{"name": tag} for tag in sorted({f"{one.service.name}/{one.tag}" for one in chosen})],
    }


def _paths(chosen: list[Operation]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for one in chosen:
        for number, path in enumerate(one.paths):
            plain = re.sub(r":path\}", "}", path)
            paths.setdefault(plain, {})[one.method.lower()] = _operation(one, plain, number)
    return paths


def _operation(one: Operation, path: str, number: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.id if number == 0 else f"{one.id}_{number + 1}",
        "summary": one.data["summary"],
        "externalDocs": {"url": one.data["docs"]},
        "tags": [f"{one.service.name}/{one.tag}"],
        "parameters": _parameters(one, path),
        "responses": {status: _response(one, answer) for status, answer in one.data["responses"].items()},
        "x-evidence": one.data["evidence"],
    }
    if one.body != "none" and one.data.get("request"):
        schema = _shared(one.data["request"], one.service.name)
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    for name in ("permission", "rate_limit"):
        if name in one.data:
            found[f"x-{name.replace('_', '-')}"] = one.data[name]
    return found


def _parameters(one: Operation, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    if one.body == "none" and one.data.get("request"):
        request = one.data["request"]
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in request.get("required", ()),
                "schema": _shared(schema, one.service.name),
            }
            for name, schema in request.get("properties", {}).items()
        ]
    return found


def _response(one: Operation, answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.get("description", "")}
    if "schema" in answer:
        found["content"] = {"application/json": {"schema": _shared(answer["schema"], one.service.name)}}
    return found


def _definitions(operations: Operations, names: set[str]) -> dict[str, Any]:
    return {
        f"{name}.{key}": _shared(schema, name)
        for name in sorted(names)
        for key, schema in operations.services[name].definitions.items()
    }


def _shared(schema: Any, service: str) -> Any:
    """A schema whose references lead to the document's components."""
    if isinstance(schema, list):
        return [_shared(item, service) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _shared(value, service) for key, value in schema.items()}
    reference = found.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        found["$ref"] = f"#/components/schemas/{service}.{reference[8:]}"
    return found
