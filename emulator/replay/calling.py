"""From a scenario's call to a request: the operation's path, and the workspace's credential in the service's form."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from emulator import seed
from emulator.call import Request
from emulator.errors import ConfigError
from emulator.operations import Operation, Operations
from emulator.state.credential import Credential

_PARAM: Final = re.compile(r"\{(\w+)(?::path)?\}")


def _basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def _user_and_password(credential: Credential) -> str:
    """Movable Ink's endpoint key stands in the path; its record holds what the header needs."""
    return f"{credential.data.get('username', 'user')}:{credential.data.get('password', '')}"


HEADERS: Final[dict[str, Callable[[str], str]]] = {
    "bearer": lambda key: f"Bearer {key}",
    "passkit": lambda key: f"Bearer {key}",
    "inkit": _basic,
    "movable_ink": _basic,
}
"""Scheme of auth.SCHEMES -> how a credential stands in the Authorization header; the others have none there."""


class Caller:
    """Makes requests as a client of one workspace. `document` is the workspace's seed with its own credentials."""

    def __init__(self, operations: Operations, document: Mapping[str, Any]) -> None:
        self._operations = operations
        self._credentials: dict[str, Credential] = {}
        for credential in seed.credentials(document):
            self._credentials.setdefault(credential.service, credential)

    def request(self, call: Mapping[str, Any]) -> Request:
        """Raises ConfigError for an unknown service or operation and for a placeholder without a value."""
        path, _, raw_query = call.get("path", "").partition("?")
        if "operation" in call:
            operation: Operation | None = self._find(call["service"], call["operation"])
            assert operation is not None
            service, method = call["service"], operation.method
            path = self._path(operation, call.get("params", {}))
        else:
            match = self._operations.match(call["method"], path)
            operation, service, method = match.operation, call.get("service", match.service.name), call["method"]
        headers = self._headers(call, self._scheme(service, operation), service)
        return Request(method, path, _query(call.get("query", {})) or raw_query, headers, _body(call))

    def _find(self, service: str, operation: str) -> Operation:
        try:
            return self._operations.find(service, operation)
        except KeyError as error:
            known = [found.id for found in self._operations if found.service.name == service]
            names = ", ".join(known or self._operations.services)
            raise ConfigError(f"{error.args[0]}; known are {names}") from None

    def _path(self, operation: Operation, params: Mapping[str, Any]) -> str:
        """The first of the operation's paths that has a place for every param and a value for every place."""
        for path in operation.paths:
            values = {name: params.get(name, self._own_param(operation, name)) for name in _PARAM.findall(path)}
            if params.keys() <= values.keys() and None not in values.values():
                return _PARAM.sub(lambda found: str(values[found[1]]), path)  # noqa: B023 (used at once)
        raise ConfigError(f"params do not fit {operation.key}; its paths are {', '.join(operation.paths)}")

    def _own_param(self, operation: Operation, name: str) -> str | None:
        service = operation.service.name
        found = self._credentials.get(f"{service}:{name}")
        if found is None and operation.service.data["auth"] == "movable_ink" and name == "key":
            found = self._credentials.get(service)
        return found.value if found else None

    def _scheme(self, service: str, operation: Operation | None) -> str:
        if service not in self._operations.services:
            raise ConfigError(f"no service '{service}'; known are {', '.join(self._operations.services)}")
        own = operation.data.get("auth") if operation and operation.service.name == service else None
        return str(own or self._operations.services[service].data["auth"])

    def _headers(self, call: Mapping[str, Any], scheme: str, service: str) -> dict[str, str]:
        headers = {"content-type": "application/json"} if "body" in call or "text" in call else {}
        credential = self._credentials.get(service)
        if scheme in HEADERS and "auth" not in call:
            key = call.get("key") or (credential and _written(scheme, credential))
            headers.update({"authorization": HEADERS[scheme](key)} if key else {})
        headers.update({name.lower(): str(value) for name, value in call.get("headers", {}).items()})
        return {name: value for name, value in headers.items() if value}


def _written(scheme: str, credential: Credential) -> str:
    return _user_and_password(credential) if scheme == "movable_ink" else credential.value


def _query(given: Mapping[str, Any] | str) -> str:
    if isinstance(given, str):
        return given
    texts = {name: _query_value(value) for name, value in given.items()}
    return urlencode(texts, doseq=True)


def _query_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_query_value(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(call: Mapping[str, Any]) -> bytes:
    if "text" in call:
        return str(call["text"]).encode()
    return orjson.dumps(call["body"]) if "body" in call else b""


def target(request: Request) -> str:
    """Path and query as they stand in a request line."""
    return quote(request.path, safe="/:@!$&'()*+,;=~") + (f"?{request.query}" if request.query else "")


def curl(request: Request, url: str) -> str:
    """A command that sends the request; its credential is the emulator's own and is not hidden."""
    where = target(request)
    parts = ["curl", "-i", *(["--head"] if request.method == "HEAD" else ["-X", request.method])]
    parts += ["--globoff"] if set(where) & set("[]{}") else []
    parts += ["--path-as-is"] if "/." in where else []
    parts += [f"{url.rstrip('/')}{where}"]
    for name, value in request.headers.items():
        parts += ["-H", f"{name}: {value}"]
    if request.body:
        parts += [] if "content-type" in request.headers else ["-H", "content-type:"]  # curl would say it is a form
        parts += ["--data-raw", request.body.decode("utf-8", "replace")]
    return shlex.join(parts)
