"""The command `render`: a template or a message from files or stdin, rendered in process or by a running emulator.

Prints what was rendered; everything that is to be said about it goes to stderr, a line each, as editors read it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from emulator import documents, seed, settings
from emulator.composer import cases, printing
from emulator.errors import ConfigError

STDIN: Final = "-"
Body = dict[str, Any]


def run(given: argparse.Namespace) -> int:
    """Answers the exit code. Raises ConfigError for what cannot be used."""
    if given.cases:
        _alone(given)
        return cases.run([Path(path) for path in given.cases], as_json=given.json)
    body, name = _body(given), _name(given)
    found = _remote(given, body) if given.url else _in_process(given, body)
    if given.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif found["outcome"] == "rendered":
        print(printing.result(found))
    for line in printing.diagnostics(found, name):
        print(line, file=sys.stderr)
    for line in printing.trace(found) if given.trace and not given.json else ():
        print(line, file=sys.stderr)
    return printing.exit_code(found, given.strict)


def _alone(given: argparse.Namespace) -> None:
    others = ("template", "context", "seed", "user", "expects", "url")
    for name in others:
        if getattr(given, name):
            raise ConfigError(f"--{name} does not go with --cases: each case says for itself what it renders")


def _name(given: argparse.Namespace) -> str:
    """The file that a line about the template names."""
    path: str = given.template or given.context
    return "<stdin>" if path == STDIN else path


def _body(given: argparse.Namespace) -> Body:
    """What POST /_emulator/render takes."""
    body = _context(given.context) if given.context else {}
    if given.template:
        if "template" in body or "message" in body:
            raise ConfigError(f"--template: {given.context} has a template or a message too; leave one of them out")
        body["template"] = _read(given.template)
    elif "template" not in body and "message" not in body:
        raise ConfigError(
            "say what to render: --template FILE (- is stdin), or a template or message in --context FILE"
        )
    if given.user:
        body["user"] = {"external_id": given.user}
    if given.expects:
        body["expects"] = given.expects
    if given.preview:
        body["preview"] = True
    return body


def _read(path: str) -> str:
    try:
        return (sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _context(path: str) -> Body:
    """A JSON or YAML file, checked as the body of a call is. Raises ConfigError with the line of each mistake."""
    from emulator.control import routes  # the pipeline: 100 ms that a wrong flag need not pay

    schema = next(routes.schema(route) for route in routes.ROUTES if route.path == "/render")
    document = documents.parse(Path(path), _read(path), as_json=path.endswith(".json"))
    if not isinstance(document.value, dict):
        raise ConfigError(f"{path}: must hold keys and values, such as user and event_properties")
    wrong = list(documents.explained(document, schema))
    if wrong:
        raise ConfigError("\n".join(wrong))
    found: Body = document.value
    return found


def _remote(given: argparse.Namespace, body: Body) -> Mapping[str, Any]:
    from emulator.client import ControlClient

    if given.seed:
        raise ConfigError("--seed: the emulator at --url has its seed; POST /_emulator/seed gives it another")
    client = ControlClient(given.url, given.control_token or settings.running_token(), given.workspace)
    found: Mapping[str, Any] = client.post("/render", body)
    return found


def _in_process(given: argparse.Namespace, body: Body) -> Any:
    from emulator.control import rendering
    from emulator.pipeline import Emulator

    chosen = settings.load({})
    path = given.seed or chosen.seed
    document = seed.read(Path(path)) if path else {}
    try:
        emulator = Emulator(document, allowed_hosts=chosen.allow_hosts, random_seed=chosen.random_seed)
    except ConfigError as error:
        raise seed.located(error, path) from None
    try:
        return rendering.render_message(emulator, emulator.workspaces.default, body)
    except KeyError as error:
        raise ConfigError(f"{error.args[0]}; --seed FILE says who there is") from None
    finally:
        emulator.journal.close()
