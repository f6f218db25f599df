"""schemas/ as the list of services and operations, and the way from a method and a path to an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from emulator import resources
from emulator.errors import SchemaError


@dataclass(frozen=True, slots=True, eq=False)  # compared and hashed by identity: a cache key
class Service:
    """schemas/<name>/service.json, as schemas/service.schema.json describes it."""

    name: str
    data: Mapping[str, Any]
    definitions: Mapping[str, Any]
    not_emulated: frozenset[tuple[str, str]]
    """(method, path template) of what the real service has and the emulator does not."""

    @property
    def errors(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.data["errors"]
        return found

    def routed(self, method: str) -> str:
        """The method by which a request finds its operation: `head_is_get` makes a HEAD the GET of its path."""
        return "GET" if method == "HEAD" and self.data.get("head_is_get") else method

    def has(self, method: str, path: str) -> bool:
        """Whether the real service is known to have an operation that is not emulated."""
        method = self.routed(method)
        return any(method == other and _pattern(template).fullmatch(path) for other, template in self.not_emulated)


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One method on one path: schemas/<service>/<tag>/<id>.json, as schemas/operation.schema.json describes it."""

    service: Service
    tag: str
    id: str
    data: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    """The request's JSON Schema with the service's definitions inside, or None where everything is accepted."""
    success: int

    @property
    def key(self) -> str:
        return f"{self.service.name}/{self.tag}/{self.id}"

    @property
    def method(self) -> str:
        return str(self.data["method"])

    @property
    def paths(self) -> list[str]:
        return [self.data["path"], *self.data.get("also_paths", [])]

    @property
    def body(self) -> str:
        default = "none" if self.method in ("GET", "OPTIONS") else "json"
        return str(self.data.get("body", default))


class Match(NamedTuple):
    """Where a request belongs. `operation` is None for an unknown path and for a wrong method.

    `allowed` names the methods of a path that is known; it is empty for an unknown path.
    """

    service: Service
    operation: Operation | None
    params: Mapping[str, str]
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Route:
    """All operations of one path template of one service."""

    service: Service
    path: str
    methods: dict[str, Operation] = field(default_factory=dict)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first asked: all of them together would be a tenth of the start."""
        return _pattern(self.path)


class Operations:
    """Every service and operation of a schemas folder."""

    def __init__(self, services: list[Service], operations: list[Operation]) -> None:
        self.services = {service.name: service for service in services}
        self.all = operations
        self._hosts = {host: service for service in services for host in service.data["hosts"]}
        self._prefixes = sorted(
            ((prefix, service) for service in services for prefix in service.data["prefixes"]),
            key=lambda pair: -len(pair[0]),
        )
        self._static: dict[str, _Route] = {}
        self._templated: list[_Route] = []
        self._add_routes()

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.all)

    def _add_routes(self) -> None:
        routes: dict[str, _Route] = {}
        for operation in self.all:
            for path in operation.paths:
                route = routes.setdefault(path, _Route(operation.service, path))
                if route.service is not operation.service or operation.method in route.methods:
                    raise _taken(operation, path, next(iter(route.methods.values())))
                route.methods[operation.method] = operation
                if "{" not in path:
                    self._static[path] = route
        # more literal text first, so that /coupon/redeem wins over /coupon/{id}
        self._templated = [r for p, r in sorted(routes.items(), key=lambda item: _generality(item[0])) if "{" in p]

    def match(self, method: str, path: str, host: str = "") -> Match:
        """Find an operation by the Host without its port, if that is a service's, else by method and path alone."""
        service = self._hosts.get(host)
        route = self._static.get(path) or self._static.get(path.rstrip("/"))
        if route is not None and _answers(route.service, service):
            return _matched(route, method, {})
        for route in self._templated:
            if _answers(route.service, service):
                found = route.pattern.fullmatch(path)
                if found:
                    return _matched(route, method, found.groupdict())
        return Match(service or self.owner(path), None, {})

    def owner(self, path: str) -> Service:
        """The service whose prefix a path has; Braze where none has."""
        for prefix, service in self._prefixes:
            if path.startswith(prefix):
                return service
        return self.services["braze"]

    def find(self, service: str, operation: str) -> Operation:
        """Raises KeyError where there is no such operation."""
        for candidate in self.all:
            if candidate.id == operation and candidate.service.name == service:
                return candidate
        raise KeyError(f"{service} has no operation '{operation}'")


def _answers(service: Service, named: Service | None) -> bool:
    """Whether a service may answer where the Host names another, or none."""
    return named is None or named is service or bool(service.data.get("on_every_host"))


def _taken(operation: Operation, path: str, other: Operation) -> SchemaError:
    return SchemaError(
        f"schemas/{operation.key}.json: {operation.method} {path}: the path is taken by schemas/{other.key}.json; "
        "change 'method' or 'path' of one of them"
    )


def _matched(route: _Route, method: str, params: dict[str, str]) -> Match:
    operation = route.methods.get(method) or route.methods.get(route.service.routed(method))
    return Match(route.service, operation, params, tuple(sorted(route.methods)))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(:path)?\}", path)
    out = re.escape(parts[0])
    for name, rest, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        out += f"(?P<{name}>{'.+' if rest else '[^/]+'}){re.escape(literal)}"
    return re.compile(out + "/?")


def _generality(path: str) -> tuple[bool, int, int]:
    return ":path}" in path, path.count("{"), -len(path)


def load(root: Path | None = None) -> Operations:
    """Read a schemas folder. Raises SchemaError, which names the file, for anything incomplete."""
    root = root or resources.folder("schemas")
    services, operations = [], []
    for folder in sorted(path.parent for path in root.glob("*/service.json")):
        service = _service(folder)
        services.append(service)
        for path in sorted(folder.glob("*/*.json")):
            operations.append(_operation(service, path))
    return Operations(services, operations)


def _service(folder: Path) -> Service:
    shared = [path for path in (folder / "definitions.json", folder / "messages.json") if path.exists()]
    elsewhere = folder / "not_emulated.json"
    return Service(
        name=folder.name,
        data=_read(folder / "service.json"),
        definitions={name: one for path in shared for name, one in _read(path).items()},
        not_emulated=frozenset((m, p) for m, p in _read(elsewhere)) if elsewhere.exists() else frozenset(),
    )


def _operation(service: Service, path: Path) -> Operation:
    data = _read(path)
    missing = {"summary", "docs", "method", "path", "responses", "examples", "evidence"} - data.keys()
    if missing:
        raise SchemaError(f"{path}: {', '.join(sorted(missing))} missing; see schemas/operation.schema.json")
    schema = data.get("request")
    if schema is not None and service.definitions:
        schema = {**schema, "$defs": service.definitions}
    if "example" in data:
        success = data["example"]["status"]
    else:
        success = min((int(status) for status in data["responses"] if status < "400"), default=0)
    if not success:
        raise SchemaError(f"{path}: 'responses' has no status below 400")
    return Operation(service, path.parent.name, path.stem, data, schema, success)


@cache
def secrets() -> tuple[frozenset[str], frozenset[str]]:
    """What `secrets` of all operations name: paths as far as a secret placeholder, and names of query parameters."""
    paths, names = set[str](), set[str]()
    for path in resources.folder("schemas").glob("*/*/*.json"):
        raw = path.read_bytes()
        if b'"secrets"' in raw:  # most operations have none, and reading them all takes a while
            data = orjson.loads(raw)
            declared = data.get("secrets", {})
            names.update(declared.get("query", ()))
            for placeholder in declared.get("path", ()):
                templates = [data["path"], *data.get("also_paths", ())]
                paths.update(one.partition("{" + placeholder)[0] for one in templates if "{" + placeholder in one)
    return frozenset(paths), frozenset(names)


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise SchemaError(f"{path}: not JSON: {error}") from error
