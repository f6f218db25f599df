"""/_emulator/… on Flask: reads what is given, calls the action, words errors as RFC 9457 problem documents."""

from __future__ import annotations

import re
from functools import cache
from hmac import compare_digest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from emulator import bodies, seed
from emulator.control import actions, routes
from emulator.control.routes import Route
from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from emulator.workspaces import DEFAULT, Workspace

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


class Refused(Exception):
    """The caller may not use the control API."""


def blueprint(emulator: Emulator, token: str = "") -> Blueprint:
    """The control API. With a token, everything but its own description demands it; without one, only local names are
    answered, and no web page of another host, whether it calls from a browser or through a name it controls. /health
    tells everybody else that the emulator is up, and nothing more.
    """
    made = Blueprint("control", __name__, url_prefix="/_emulator")
    made.add_url_rule("/", "index", lambda: _json(routes.index()), strict_slashes=False)
    for route in routes.ROUTES:
        made.add_url_rule(route.path, route.action.__name__, _view(emulator, route, token), methods=[route.method])
    made.add_url_rule("/openapi.json", "openapi", lambda: _json(routes.document()))
    return made


def _view(emulator: Emulator, route: Route, token: str) -> Any:
    def view(**parts: str) -> Response:
        try:
            _allow(token)
            given = _given(route)
            selected = "" if routes.ANYTHING in route.takes else given.get("workspace", "")
            _agree(given, parts)
            return _json(route.action(emulator, _workspace(emulator, selected), {**given, **parts}))
        except Refused as error:
            if route.action is actions.health:
                return _json(actions.alive())
            return problem(403, "Not allowed", str(error))
        except actions.NotMet as error:
            return problem(409, "Not met", str(error), **error.told)
        except KeyError as error:
            return problem(404, "Not found", str(error.args[0]))
        except ConfigError as error:
            return problem(400, "Not valid", _with_lines(route, error))

    return view


def _agree(given: dict[str, Any], parts: dict[str, str]) -> None:
    for name, value in parts.items():
        if given.get(name, value) != value:
            raise ConfigError(
                f"{name}: the address says '{value}' and the body {given[name]!r}; leave it out of the body"
            )


def _with_lines(route: Route, error: ConfigError) -> str:
    """The text of an error; for a posted seed of more than one line, with the lines it speaks of."""
    raw = request.get_data()
    if route.action not in (actions.plant_seed, actions.mint_workspace) or b"\n" not in raw.strip():
        return str(error)
    from emulator import documents  # YAML takes 20 ms, and only where a seed does not fit

    try:
        document = documents.parse(Path("the body"), raw.decode(), as_json=True)
    except (ConfigError, UnicodeDecodeError):  # the error has said so
        return str(error)
    return str(document.located(error, "" if route.action is actions.plant_seed else "/seed"))


def _allow(token: str) -> None:
    if token:
        if not compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
            raise Refused("send Authorization: Bearer <control token>; it was printed at the start, or set it yourself")
        return
    name = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if name not in LOCAL_NAMES:
        raise Refused(f"the control API answers to {', '.join(sorted(LOCAL_NAMES))} only, not to '{name}'")
    page = request.headers.get("Origin")  # what a browser says of the page whose script is calling
    if page and urlsplit(page).hostname not in LOCAL_NAMES:
        raise Refused(f"a web page of {page} may not use the control API")


def _workspace(emulator: Emulator, selected: str) -> Workspace:
    name = request.headers.get("X-Emulator-Workspace") or request.args.get("workspace") or selected or DEFAULT
    name = DEFAULT if name == "*" else name
    if name not in emulator.workspaces.all:
        raise KeyError(f"no workspace '{name}'; GET /_emulator/workspaces lists them")
    return emulator.workspaces.all[name]


def _given(route: Route) -> dict[str, Any]:
    """The query, or the JSON body of a POST or PUT, checked against what the route takes. Raises ConfigError."""
    if route.method in routes.WITH_BODY:
        found = _body()
    else:
        found = {name: _typed(route.takes.get(name, routes.TEXT), value) for name, value in request.args.items()}
    if not _decider(route).is_valid(found):
        raise ConfigError("; ".join(seed.explain(routes.schema(route), found, "the request")))
    return found


@cache
def _decider(route: Route) -> Any:
    return jsonschema_rs.validator_for(routes.schema(route))


def _body() -> dict[str, Any]:
    raw = request.get_data()
    if not raw:
        return {}
    if request.mimetype != "application/json":
        # also what keeps a form on a foreign web page from posting here
        raise ConfigError("send the body as JSON with the header Content-Type: application/json")
    found = _parsed(raw, "the body")
    if not isinstance(found, dict):
        raise ConfigError("the body must be a JSON object")
    return found


def _typed(shape: dict[str, Any], value: str) -> Any:
    if shape.get("type") == "integer" and re.fullmatch(r"-?[0-9]{1,15}", value):
        return int(value)
    if shape.get("type") == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    if "type" not in shape and "enum" not in shape:  # journal?body={"external_id": …}
        return _parsed(value.encode(), "body")
    return value


def _parsed(raw: bytes, what: str) -> Any:
    """JSON that is not nested deeper than answers can hold, and holds no key twice. Raises ConfigError."""
    try:
        found, repeated = bodies.parse(raw)
    except bodies.Malformed as error:
        raise ConfigError(f"{what} is not JSON: {error}") from error
    if repeated:
        raise ConfigError(f"{what}: {repeated[0]} stands twice")
    return found


def _json(value: Any, status: int = 200) -> Response:
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    return Response(orjson.dumps(value, default=_plain, option=options), status, content_type="application/json")


def _plain(value: Any) -> Any:
    """What state holds beside JSON: persistent maps, frozen sets."""
    return dict(value) if hasattr(value, "keys") else list(value)


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """An RFC 9457 problem document."""
    answer = _json({"type": "about:blank", "title": title, "status": status, "detail": detail, **more}, status)
    answer.content_type = "application/problem+json"
    return answer


def http_problem(error: HTTPException) -> Response:
    detail = error.description or ""
    if error.code in (404, 405):
        detail = f"the control API has no {request.method} {request.path}; GET /_emulator lists what it has"
    return problem(error.code or 500, error.name, detail)
