"""The OpenAPI document: every operation under each of its paths, with its parameters, body and evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from emulator import openapi, operations
from emulator.control import routes

LOADED = operations.load()
DOCUMENT = openapi.document(LOADED)


def described() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, found in methods.items():
            yield path, method, found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


@pytest.mark.parametrize("operation", [pytest.param(one, id=one.key) for one in LOADED])
def test_every_operation_stands_under_each_of_its_paths(operation: operations.Operation) -> None:
    for path in operation.paths:
        found = DOCUMENT["paths"][path.replace(":path}", "}")][operation.method.lower()]
        assert found["operationId"].startswith(operation.id)
        assert found["summary"] == operation.data["summary"]
        assert found["x-evidence"] == operation.data["evidence"]
        assert found["responses"].keys() == operation.data["responses"].keys()
        assert ("requestBody" in found) == (operation.body != "none" and "request" in operation.data)


def test_there_is_nothing_else() -> None:
    assert sum(1 for _ in described()) == sum(len(operation.paths) for operation in LOADED)


def test_operation_ids_are_unique() -> None:
    names = [found["operationId"] for _, _, found in described()]
    assert len(names) == len({*names})


def test_the_parameters_of_a_path_are_those_in_braces() -> None:
    for path, _, found in described():
        told = [one["name"] for one in found["parameters"] if one["in"] == "path"]
        assert told == re.findall(r"\{(\w+)\}", path)


def test_the_query_of_an_operation_without_body_is_told() -> None:
    listed = DOCUMENT["paths"]["/content_blocks/list"]["get"]["parameters"]
    assert {one["name"] for one in listed} >= {"limit", "offset"}


@pytest.mark.parametrize("service", [None, *LOADED.services])
def test_every_reference_leads_somewhere(service: str | None) -> None:
    document = openapi.document(LOADED, service)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert {*references(document)} <= known


def test_one_service_is_only_that_one() -> None:
    paths = openapi.document(LOADED, "your_partner")["paths"]
    assert [*paths] == ["/partners/your_partner/webhook"]


def test_the_control_api_is_described_route_by_route() -> None:
    paths = routes.document()["paths"]
    assert sum(len(methods) for methods in paths.values()) == len(routes.ROUTES)
