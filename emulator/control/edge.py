"""/_emulator/… on Flask: reads what is given, calls the action, words errors as RFC 9457 problem documents."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from emulator import seed
from emulator.control import actions, routes
from emulator.control.routes import Route
from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from emulator.workspaces import Workspace

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


class Refused(Exception):
    """The caller may not use the control API."""


def blueprint(emulator: Emulator, token: str = "") -> Blueprint:
    """The control API. With a token, everything but /health demands it; without one, only local names are answered,
    so that a web page on another host cannot reach it through a name it controls.
    """
    made = Blueprint("control", __name__, url_prefix="/_emulator")
    for route in routes.ROUTES:
        made.add_url_rule(route.path, route.action.__name__, _view(emulator, route, token), methods=[route.method])
    made.add_url_rule("/openapi.json", "openapi", lambda: _json(routes.document()))
    return made


def _view(emulator: Emulator, route: Route, token: str) -> Any:
    def view(**parts: str) -> Response:
        try:
            if route.path != "/health":
                _allow(token)
            given = {**_given(route), **parts}
            return _json(route.action(emulator, _workspace(emulator), given))
        except Refused as error:
            return problem(403, "Not allowed", str(error))
        except actions.NotMet as error:
            return problem(409, "Not met", str(error), **error.told)
        except KeyError as error:
            return problem(404, "Not found", str(error.args[0]))
        except ConfigError as error:
            return problem(400, "Not valid", str(error))

    return view


def _allow(token: str) -> None:
    if token and request.headers.get("Authorization") != f"Bearer {token}":
        raise Refused("send Authorization: Bearer <control token>; it was printed at the start, or set control_token")
    name = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if not token and name not in LOCAL_NAMES:
        raise Refused(f"the control API answers to {', '.join(sorted(LOCAL_NAMES))} only, not to '{name}'")


def _workspace(emulator: Emulator) -> Workspace:
    name = request.headers.get("X-Emulator-Workspace") or request.args.get("workspace") or "default"
    name = "default" if name == "*" else name
    if name not in emulator.workspaces.all:
        raise KeyError(f"no workspace '{name}'; GET /_emulator/workspaces lists them")
    return emulator.workspaces.all[name]


def _given(route: Route) -> dict[str, Any]:
    """The query, or the JSON body of a POST, checked against what the route takes. Raises ConfigError."""
    if route.method == "POST":
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
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError("the body must be a JSON object")
    return found


def _typed(shape: dict[str, Any], value: str) -> Any:
    if shape.get("type") == "integer" and value.lstrip("-").isdigit():
        return int(value)
    if shape.get("type") == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    if "type" not in shape and "enum" not in shape:  # journal?body={"external_id": …}
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise ConfigError(f"body: not JSON: {error}") from error
    return value


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
    return problem(error.code or 500, error.name, error.description or "")
