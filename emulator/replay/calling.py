"""From a scenario's call to a request: the operation's path, and the workspace's credential in the service's form."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

import orjson

from emulator import seed
from emulator.call import Request
from emulator.errors import ConfigError
from emulator.operations import Operation, Operations
from emulator.state.credential import Credential

_PARAM: Final = re.compile(r"\{(\w+)(?::path)?\}")


SCHEMES: Final[dict[str, Callable[[str], str]]] = {
    "Bearer": lambda text: text,
    "Basic": lambda text: base64.b64encode(text.encode()).decode(),
}
"""Scheme of a service's `authorization` -> how the credential's text is written after it."""


class Caller:
    """Makes requests as a client of one workspace. `document` is the workspace's seed with its own credentials."""

    def __init__(self, operations: Operations, document: Mapping[str, Any]) -> None:
        self._operations = operations
        self._credentials: dict[str, Credential] = {}
        for credential in seed.credentials(document):
            self._credentials.setdefault(credential.service, credential)

    def request(self, call: Mapping[str, Any]) -> Request:
        """Raises ConfigError for an unknown service or operation, a placeholder without a value, a url that is none."""
        if "url" in call:
            return self._linked(call)
        path, _, raw_query = call.get("path", "").partition("?")
        if "operation" in call:
            operation: Operation | None = self._find(call["service"], call["operation"])
            assert operation is not None
            service, method = call["service"], operation.method
            path = self._path(operation, call.get("params", {}))
        else:
            match = self._operations.match(call["method"], path)
            operation, service, method = match.operation, call.get("service", match.service.name), call["method"]
        headers = self._headers(call, self._form(service, operation), service)
        return Request(method, path, _query(call.get("query", {})) or raw_query, headers, _body(call))

    def _linked(self, call: Mapping[str, Any]) -> Request:
        """What whoever opens a link sends: its host as Host, and no credential unless the call names the service."""
        parts = _address(call["url"])
        host, path = str(parts.hostname), unquote(parts.path) or "/"
        sent = {**call, "headers": {"Host": host, **call.get("headers", {})}}
        form = self._form(call["service"], None) if "service" in call else None
        headers = self._headers(sent, form, call.get("service", ""))
        return Request(call.get("method", "GET"), path, parts.query, headers, _body(call))

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
        if found is None and name in operation.data.get("secrets", {}).get("path", ()):
            found = self._credentials.get(service)  # its credential stands in the path
        return found.value if found else None

    def _form(self, service: str, operation: Operation | None) -> Mapping[str, Any] | None:
        """The service's `authorization`, which an operation with a scheme of its own does not use."""
        if service not in self._operations.services:
            raise ConfigError(f"no service '{service}'; known are {', '.join(self._operations.services)}")
        own = operation is not None and operation.service.name == service and "auth" in operation.data
        return None if own else self._operations.services[service].data.get("authorization")

    def _headers(self, call: Mapping[str, Any], form: Mapping[str, Any] | None, service: str) -> dict[str, str]:
        headers = {"content-type": "application/json"} if "body" in call or "text" in call else {}
        credential = self._credentials.get(service)
        if form is not None and "auth" not in call:
            text = call.get("key") or (credential and _written(form, credential))
            headers.update({"authorization": f"{form['scheme']} {SCHEMES[form['scheme']](text)}"} if text else {})
        headers.update({name.lower(): str(value) for name, value in call.get("headers", {}).items()})
        return {name: value for name, value in headers.items() if value}


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"url: '{url[:200]}' is no address; one begins with https:// and a host")
    return parts


def _written(form: Mapping[str, Any], credential: Credential) -> str:
    fields = {**form.get("defaults", {}), **credential.data, "value": credential.value}
    return str(form["text"]).format_map(fields)


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
