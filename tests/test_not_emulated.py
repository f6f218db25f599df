"""What the real services have and the emulator does not yet: the lists, and the answers that rest on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from emulator import operations, resources
from emulator.call import Request, Response
from emulator.operations import Service
from emulator.pipeline import Emulator

FILES = sorted(resources.folder("schemas").glob("*/not_emulated.json"))
LISTED = [service for service in operations.load().services.values() if service.not_emulated]
HOSTED = [service for service in operations.load().services.values() if service.data["hosts"]]
TEMPLATE = re.compile(r"(/([A-Za-z0-9_.-]|\{\w+\})*)+")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def pairs(path: Path) -> list[tuple[str, str]]:
    return [(method, template) for method, template in orjson.loads(path.read_bytes())]


def anonymous(template: str) -> str:
    """A template without the names of its parameters: two that differ only in them are the same path."""
    return re.sub(r"\{\w+(:path)?\}", "{}", template)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    yield Emulator()


def ask(emulator: Emulator, service: Service, method: str, path: str) -> Response:
    headers = {"host": service.data["hosts"][0], "content-type": "application/json"}
    return emulator.answer(Request(method, path, headers=headers, body=b"{}"))


def test_there_are_lists_for_the_services_with_published_operations() -> None:
    assert [path.parent.name for path in FILES] == ["braze", "inkit", "ketch", "movable_ink", "passkit"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_pair_is_well_formed_and_in_order(path: Path) -> None:
    assert [pair for pair in pairs(path) if pair[0] not in METHODS or not TEMPLATE.fullmatch(pair[1])] == []
    assert pairs(path) == sorted(pairs(path), key=lambda pair: (pair[1], pair[0]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_no_pair_stands_twice(path: Path) -> None:
    found = [(method, anonymous(template)) for method, template in pairs(path)]
    assert sorted({pair for pair in found if found.count(pair) > 1}) == []


@pytest.mark.parametrize("service", LISTED, ids=lambda service: service.name)
def test_no_pair_is_an_operation_of_the_emulator(emulator: Emulator, service: Service) -> None:
    own = {(operation.method, anonymous(path)) for operation in emulator.operations for path in operation.paths}
    assert sorted(pair for pair in service.not_emulated if (pair[0], anonymous(pair[1])) in own) == []


@pytest.mark.parametrize("service", LISTED, ids=lambda service: service.name)
def test_an_operation_of_the_real_service_gets_a_404_that_says_so(emulator: Emulator, service: Service) -> None:
    missed = []
    for method, template in sorted(service.not_emulated):
        answer = ask(emulator, service, method, re.sub(r"\{\w+\}", "x1", template))
        known, hint = answer.headers.get("X-Emulator-Known"), answer.headers.get("X-Emulator-Hint", "")
        if (answer.status, known) != (service.errors["not_found"]["status"], "not-emulated"):
            missed.append((method, template, answer.status, known))
        elif not hint.startswith(f"{service.data['title']} has {method} /") or "does not yet" not in hint:
            missed.append((method, template, answer.status, hint))
    assert missed == []


@pytest.mark.parametrize("service", HOSTED, ids=lambda service: service.name)
@pytest.mark.parametrize("path", ["/no/such/path/anywhere", "/users/trak/"])
def test_an_unknown_path_gets_a_404_that_says_so(emulator: Emulator, service: Service, path: str) -> None:
    answer = ask(emulator, service, "POST", path)
    assert answer.status == service.errors["not_found"]["status"]
    assert answer.headers["X-Emulator-Known"] == "unknown-path"
    assert "is not known to have POST" in answer.headers["X-Emulator-Hint"]


def test_the_right_path_with_another_method_is_unknown_too(emulator: Emulator) -> None:
    braze = emulator.operations.services["braze"]
    assert ask(emulator, braze, "GET", "/cdi/integrations").headers["X-Emulator-Known"] == "not-emulated"
    assert ask(emulator, braze, "POST", "/cdi/integrations").headers["X-Emulator-Known"] == "unknown-path"


def test_other_answers_carry_no_such_header(emulator: Emulator) -> None:
    braze = emulator.operations.services["braze"]
    refused = ask(emulator, braze, "POST", "/content_blocks/create")
    assert refused.status == 401
    assert "X-Emulator-Known" not in refused.headers
