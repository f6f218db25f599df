"""Walks every service and every operation: each is complete, valid, tested, and its examples are true."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from emulator import auth, fates, matching, operations, resources
from emulator.call import Request, Response
from emulator.errors import SchemaError
from emulator.handlers import registry
from emulator.operations import Operation, Service
from emulator.pipeline import Emulator
from tests.braze_permissions import PERMISSIONS

SCHEMAS = resources.folder("schemas")
ROOT = SCHEMAS.parent
LOADED = operations.load()
OPERATIONS = [pytest.param(operation, id=operation.key) for operation in LOADED]
SERVICES = [pytest.param(service, id=service.name) for service in LOADED.services.values()]
each_operation = pytest.mark.parametrize("operation", OPERATIONS)
each_service = pytest.mark.parametrize("service", SERVICES)


def misses(schema_file: str, document: Any) -> list[str]:
    schema = orjson.loads((SCHEMAS / schema_file).read_bytes())
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def with_definitions(service: Service, schema: Any) -> Any:
    return {**schema, "$defs": service.definitions}


def references(value: Any) -> Iterator[str]:
    """Every `$ref` in a schema, wherever it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


@cache
def calls_in(folder: Path, name: str) -> list[tuple[str, ast.Call]]:
    """(file, call) of every call of a function or method of that name."""
    return [
        (path.relative_to(ROOT).as_posix(), node)
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    ]


def literal(node: ast.Call, position: int) -> str | None:
    """The text at a position of a call's arguments, or None where it is computed."""
    if len(node.args) <= position:
        return None
    found = node.args[position]
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else None


# services


@each_service
def test_service_file_fits_its_schema(service: Service) -> None:
    assert misses("service.schema.json", service.data) == []


@each_service
def test_service_has_a_known_auth_scheme(service: Service) -> None:
    assert service.data["auth"] in auth.SCHEMES


@each_service
def test_service_words_every_error_the_steps_can_raise(service: Service) -> None:
    wanted = {
        "unsupported_media_type": service.data.get("requires_json"),
        "rate_limited": service.data.get("rate_limits"),
    }
    needs_permission = any(o.data.get("permission") for o in LOADED if o.service is service)
    needed = {kind for kind, condition in {**wanted, "forbidden": needs_permission}.items() if condition}
    assert needed <= service.errors.keys()


@each_service
def test_service_words_every_error_its_handlers_raise(service: Service) -> None:
    raised = {
        (where, kind)
        for where, call in calls_in(ROOT / "emulator" / "handlers" / service.name, "ApiError")
        if (kind := literal(call, 0)) is not None
    }
    assert [(where, kind) for where, kind in sorted(raised) if kind not in service.errors] == []


@each_service
def test_service_seed_is_a_strict_schema(service: Service) -> None:
    path = SCHEMAS / service.name / "seed.json"
    if service.name == "braze":
        return  # Braze's part is the seed document itself
    schema = orjson.loads(path.read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema.get("additionalProperties") is False, f"{path}: unknown fields must be refused"
    silent = [name for name, part in schema.get("properties", {}).items() if not part.get("description")]
    assert silent == [], f"{path}: describe these"


@each_service
def test_default_bucket_exists_where_there_are_buckets(service: Service) -> None:
    assert not service.data.get("rate_limits") or "default" in service.data["rate_limits"]


def test_every_service_folder_is_loaded() -> None:
    folders = {path.name for path in SCHEMAS.iterdir() if path.is_dir() and path.name != "emulator"}
    assert folders == LOADED.services.keys()


def test_every_handler_folder_is_a_service() -> None:
    folders = {path.name for path in (ROOT / "emulator/handlers").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert folders <= LOADED.services.keys()


@pytest.mark.parametrize("name", sorted(path.name for path in SCHEMAS.glob("*.schema.json")))
def test_published_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(orjson.loads((SCHEMAS / name).read_bytes()))


# fates


def test_every_fate_that_is_recorded_is_a_rule() -> None:
    used = {
        (where, rule) for where, call in calls_in(ROOT / "emulator", "fate") if (rule := literal(call, 1)) is not None
    }
    assert [(where, rule) for where, rule in sorted(used) if rule not in fates.rules()] == []


@cache
def package_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "emulator").rglob("*.py")))


@pytest.mark.parametrize("rule", sorted(fates.rules()))
def test_every_rule_is_recorded_somewhere(rule: str) -> None:
    found = f'"{rule}"' in package_text()
    assert found, f"no code records '{rule}': remove it from the service's fates.json"


# operations


@each_operation
def test_operation_file_fits_its_schema(operation: Operation) -> None:
    assert misses("operation.schema.json", operation.data) == []


@each_operation
def test_operation_says_where_it_is_documented(operation: Operation) -> None:
    docs = operation.data["docs"]
    assert docs.startswith("https://") or docs == "not published"


@each_operation
def test_operation_has_a_unique_verb_and_noun(operation: Operation) -> None:
    assert "_" in operation.id, "an operation id is verb_noun"
    others = [other.key for other in LOADED if other.id == operation.id and other.service is operation.service]
    assert others == [operation.key]


@each_operation
def test_operation_names_a_permission_that_exists(operation: Operation) -> None:
    if operation.service.name == "braze":
        assert operation.data["permission"] in PERMISSIONS
    else:
        assert "permission" not in operation.data, "only Braze's keys have permissions"


@each_operation
def test_operation_names_a_bucket_that_exists(operation: Operation) -> None:
    assert operation.data.get("rate_limit", "default") in {"default", *operation.service.data.get("rate_limits", {})}


@each_operation
def test_operation_names_an_auth_scheme_that_exists(operation: Operation) -> None:
    assert operation.data.get("auth", operation.service.data["auth"]) in auth.SCHEMES


@each_operation
def test_operation_secrets_are_parts_of_its_address(operation: Operation) -> None:
    secrets = operation.data.get("secrets", {})
    for name in secrets.get("path", ()):
        beginnings = [path.partition(f"{{{name}")[0] for path in operation.paths]
        assert [text for text in beginnings if not re.search(r"/\w+/", text)] == [], "literal text must stand before it"
    assert set(secrets.get("query", ())) <= (operation.schema or {}).get("properties", {}).keys()
    if operation.service.data["auth"] == "movable_ink":
        assert secrets["path"] == ["key"], "the scheme looks for the credential there"


@each_operation
def test_operation_schemas_are_schemas(operation: Operation) -> None:
    answers = [answer["schema"] for answer in operation.data["responses"].values() if "schema" in answer]
    for schema in [operation.data.get("request", {}), *answers, operation.service.definitions]:
        Draft202012Validator.check_schema(schema)


@each_operation
def test_operation_references_resolve(operation: Operation) -> None:
    found = set(references([operation.data.get("request"), operation.data["responses"], operation.service.definitions]))
    known = {f"#/$defs/{name}" for name in operation.service.definitions}
    assert sorted(found - known) == [], "definitions.json of the service has no such entry"


@each_operation
def test_operation_partial_names_arrays(operation: Operation) -> None:
    for name in operation.data.get("partial", ()):
        assert "items" in operation.data["request"]["properties"][name]


@cache
def test_functions(service: str) -> frozenset[str]:
    folder = ROOT / "tests" / service
    return frozenset(
        node.name
        for path in sorted(folder.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


test_functions.__test__ = False  # type: ignore[attr-defined]


@each_operation
def test_operation_has_tests_of_its_own(operation: Operation) -> None:
    wanted = f"test_{operation.id}"
    found = [name for name in test_functions(operation.service.name) if f"{name}_".startswith(f"{wanted}_")]
    assert found, f"write {wanted}_… in tests/{operation.service.name}/test_{operation.tag}.py"


@each_operation
def test_operation_has_a_good_and_a_bad_example(operation: Operation) -> None:
    statuses = [example["response"]["status"] for example in operation.data["examples"]]
    assert min(statuses) < 400 <= max(statuses), f"good and bad input: {statuses}"


# examples


def request_of(operation: Operation, example: dict[str, Any]) -> Request:
    """The request that an example describes; a JSON body that names no content type is sent as JSON."""
    raw = example["request"]
    headers = {name.lower(): value for name, value in raw.get("headers", {}).items()}
    if "body" in raw:
        headers.setdefault("content-type", "application/json")
    body = raw["text"].encode() if "text" in raw else orjson.dumps(raw["body"]) if "body" in raw else b""
    return Request(
        raw.get("method", operation.method),
        raw.get("path", operation.data["path"]),
        raw.get("query", ""),
        headers,
        body,
    )


def differences(expected: dict[str, Any], response: Response) -> list[str]:
    found = matching.differences(expected["status"], response.status, "status")
    headers = {name.lower(): value for name, value in response.headers.items()}
    for name, value in expected.get("headers", {}).items():
        found += matching.differences({name.lower(): value}, headers, "header")
    if "body" in expected:
        found += matching.differences(expected["body"], orjson.loads(response.body), "body")
    if "text" in expected:
        found += matching.differences(expected["text"], response.body.decode(), "text")
    return list(map(str, found))


def violations(operation: Operation | None, response: Response) -> list[str]:
    """Where an answer is not what the operation's response schema promises."""
    if operation is None:
        return []
    schema = operation.data["responses"].get(str(response.status), {}).get("schema")
    if schema is None:
        return []
    validator = Draft202012Validator(with_definitions(operation.service, schema))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(orjson.loads(response.body))]


@each_operation
def test_examples_are_true(operation: Operation) -> None:
    emulator = Emulator(operation.data.get("given"))
    for example in operation.data["examples"]:
        request = request_of(operation, example)
        response = emulator.answer(request)
        entry = emulator.journal.get(int(response.headers["X-Emulator-Entry"]))
        assert entry is not None
        shown = response.body.decode(errors="replace")[:2000]
        told = f"{operation.key}, '{example['name']}' answered {response.status} {shown}"
        assert differences(example["response"], response) == [], told
        assert violations(LOADED.match(request.method, request.path, request.host).operation, response) == [], told
        if "fates" in example:
            assert sorted(fate.rule for fate in entry.fates) == sorted(example["fates"]), told
    emulator.journal.close()


@each_operation
def test_example_statuses_are_described(operation: Operation) -> None:
    """The examples of an operation may call another one on the way: each status is known where it comes from."""
    worded = {entry["status"] for entry in operation.service.errors.values()}
    for example in operation.data["examples"]:
        request = request_of(operation, example)
        found = LOADED.match(request.method, request.path, request.host).operation or operation
        described = worded | {int(status) for status in found.data["responses"]}
        assert example["response"]["status"] in described, example["name"]


def test_a_wrong_example_would_be_found() -> None:
    answer = Response(200, {"X-A": "b"}, b'{"a": 1}')
    assert differences({"status": 200, "headers": {"x-a": "b"}, "body": {"a": "{{number}}"}}, answer) == []
    assert differences({"status": 201, "headers": {"x-a": "c"}, "body": {"a": 2}}, answer) == [
        "status: expected 201, found 200",
        "header/x-a: expected 'c', found 'b'",
        "body/a: expected 2, found 1",
    ]


# routing


@pytest.mark.parametrize(
    ("path", "wanted", "params"),
    [
        ("/a/x/b", "/a/x/b", {}),
        ("/a/y/b", "/a/{one}/b", {"one": "y"}),
        ("/a/y", "/a/{one}", {"one": "y"}),
        ("/a/y/c", "/a/{rest:path}", {"rest": "y/c"}),
        ("/a/", None, {}),
        ("/A/x/b", None, {}),
    ],
)
def test_more_literal_paths_win(path: str, wanted: str | None, params: dict[str, str]) -> None:
    service = Service("braze", {"hosts": [], "prefixes": ["/"]}, {}, frozenset())
    paths = ["/a/{rest:path}", "/a/{one}", "/a/{one}/b", "/a/x/b"]
    made = [
        Operation(service, "tag", f"at{place}", {"method": "GET", "path": path}, None, 200)
        for place, path in enumerate(paths)
    ]
    match = operations.Operations([service], made).match("GET", path)
    assert (match.operation and match.operation.data["path"], match.params) == (wanted, params)


@each_operation
def test_operation_is_found_by_its_path_with_and_without_host(operation: Operation) -> None:
    for path in operation.paths:
        concrete = path.replace(":path}", "}").replace("{", "").replace("}", "")
        for host in ["127.0.0.1", *operation.service.data["hosts"][:1]]:
            for address in (concrete, f"{concrete}/"):
                match = LOADED.match(operation.method, address, host)
                assert match.operation is operation, f"{operation.method} {address} at {host}"


def test_a_host_sees_its_own_service_only() -> None:
    match = LOADED.match("POST", "/partners/your_partner/webhook", "rest.iad-01.braze.com")
    assert (match.service.name, match.operation) == ("braze", None)


@each_service
def test_unknown_path_below_a_prefix_belongs_to_the_service(service: Service) -> None:
    for prefix in service.data["prefixes"]:
        match = LOADED.match("GET", f"{prefix.rstrip('/')}/no/such/path-1")
        assert (match.service.name, match.operation) == (service.name, None)


def test_find_names_what_is_missing() -> None:
    assert LOADED.find("your_partner", "receive_webhook").key == "your_partner/webhooks/receive_webhook"
    with pytest.raises(KeyError, match="your_partner has no operation 'nothing'"):
        LOADED.find("your_partner", "nothing")


# mistakes stop the start

WEBHOOK = "your_partner/webhooks/receive_webhook.json"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SCHEMAS, tmp_path / "schemas"))


def edit(file: Path, **changes: Any) -> None:
    """Change members of a JSON file; None removes one."""
    document = {**json.loads(file.read_text()), **changes}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))


def schema_without_handler(root: Path) -> None:
    edit(root / WEBHOOK, example=None)


def handler_without_schema(root: Path) -> None:
    (root / "braze/users/track_users.json").unlink()


def example_and_handler(root: Path) -> None:
    edit(root / "braze/users/track_users.json", example={"status": 201})


def one_path_twice(root: Path) -> None:
    shutil.copy(root / WEBHOOK, root / "your_partner/webhooks/receive_again.json")


def path_of_another_service(root: Path) -> None:
    edit(root / WEBHOOK, path="/users/track", method="PUT")


def no_json(root: Path) -> None:
    (root / WEBHOOK).write_text("{")


def no_evidence(root: Path) -> None:
    edit(root / WEBHOOK, evidence=None, docs=None)


def no_success(root: Path) -> None:
    edit(root / WEBHOOK, example=None, responses={"400": {"description": "Always."}})


MISTAKES = {
    schema_without_handler: (
        "schemas/your_partner/webhooks/receive_webhook.json has no handler: write receive_webhook(call) in "
        "emulator/handlers/your_partner/webhooks.py, or give the operation an 'example'"
    ),
    handler_without_schema: (
        "emulator/handlers/braze/users.py: track_users: schemas/braze/users/track_users.json does not exist"
    ),
    example_and_handler: (
        "emulator/handlers/braze/users.py: track_users: schemas/braze/users/track_users.json has an 'example' and a "
        "handler: remove one of them"
    ),
    one_path_twice: (
        "schemas/your_partner/webhooks/receive_webhook.json: POST /partners/your_partner/webhook: the path is taken by "
        "schemas/your_partner/webhooks/receive_again.json; change 'method' or 'path' of one of them"
    ),
    path_of_another_service: (
        "schemas/your_partner/webhooks/receive_webhook.json: PUT /users/track: the path is taken by "
        "schemas/braze/users/track_users.json; change 'method' or 'path' of one of them"
    ),
    no_json: "receive_webhook.json: not JSON",
    no_evidence: "receive_webhook.json: docs, evidence missing; see schemas/operation.schema.json",
    no_success: "receive_webhook.json: 'responses' has no status below 400",
}
"""A mistake in a schemas folder -> what the refusal to start says: the file and the fix."""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_stops_the_start(copied: Path, mistake: Callable[[Path], None]) -> None:
    mistake(copied)
    with pytest.raises(SchemaError) as raised:
        Emulator(schemas=copied)
    assert MISTAKES[mistake] in str(raised.value)


def test_an_untouched_copy_starts(copied: Path) -> None:
    assert [o.key for o in Emulator(schemas=copied).operations] == [o.key for o in LOADED]


def test_every_operation_has_a_handler_or_an_example() -> None:
    handled = registry.load(LOADED)
    assert handled.keys() == {operation.key for operation in LOADED if "example" not in operation.data}


def _observed(item: Any, place: str) -> Iterator[tuple[str, str]]:
    """(place, source) of everything in a file that is called observed."""
    if isinstance(item, dict):
        if item.get("level") == "observed":
            yield place, item["source"]
        for name, inner in item.items():
            yield from _observed(inner, f"{place}/{name}")


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*/**/*.json")), ids=lambda path: path.stem)
def test_observed_means_an_answer_of_the_live_service(path: Path) -> None:
    """A client that was run against a stub, and a page that prints an example, are no answers."""
    found = list(_observed(orjson.loads(path.read_bytes()), path.stem))
    assert [one for one in found if not re.search("recorded|live (service|host)", one[1])] == []
