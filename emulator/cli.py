"""The command line: one small function a command. Exit codes are those of the documentation (docs/cli.md)."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator import entries, settings
from emulator.errors import CannotStart, ConfigError, SchemaError

if TYPE_CHECKING:
    from emulator.client import ControlClient

PASSED, FAILED, USAGE, CANNOT_START, STRICT = 0, 1, 2, 3, 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; `serve` is the default."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given = ["serve", *given]
    parsed = _parser().parse_args(given)
    try:
        found: int = parsed.run(parsed)
        return found
    except (ConfigError, CannotStart, SchemaError) as error:
        print(f"braze-emulator {parsed.command}: {error}", file=sys.stderr)
        return USAGE if isinstance(error, ConfigError) else CANNOT_START
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - what is still buffered has nowhere to go
        return PASSED
    except OSError as error:  # a report or a file that cannot be written
        print(f"braze-emulator {parsed.command}: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        return USAGE


def _serve(given: argparse.Namespace) -> int:
    from emulator.serve import serve  # Flask and the pipeline: 150 ms that other commands need not pay

    serve(_settings(given), as_json=given.json)
    return PASSED


def _settings(given: argparse.Namespace) -> settings.Settings:
    flags = {name: getattr(given, name, None) for name in settings.fields()}
    if getattr(given, "quiet", False):
        flags["log"] = "off"
    return settings.load(flags)


def _exec(given: argparse.Namespace) -> int:
    from emulator import execute

    program = given.program[1:] if given.program[:1] == ["--"] else given.program
    if not program:
        raise ConfigError("say what to run: braze-emulator exec -- pytest")
    names = {"BRAZE_EMULATOR_URL": "url", "BRAZE_EMULATOR_KEY": "key", given.url_as: "url", given.key_as: "key"}
    return execute.run(program, _serve_flags(given), {k: v for k, v in names.items() if k}, given.strict)


def _serve_flags(given: argparse.Namespace) -> list[str]:
    flags = ["--quiet"] if given.quiet else []
    for name in settings.fields():
        value = getattr(given, name, None)
        if value is not None and name != "port":
            flags += [f"--{name.replace('_', '-')}", str(value)]
    return flags


def _env(given: argparse.Namespace) -> int:
    print(f"export {given.url_as or 'BRAZE_EMULATOR_URL'}={given.url or settings.running_url()}")
    print(f"export {given.key_as or 'BRAZE_EMULATOR_KEY'}={_client(given).first_key(given.workspace or 'default')}")
    return PASSED


def _health(given: argparse.Namespace) -> int:
    try:
        print(json.dumps(_client(given).get("/health")))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return FAILED
    return PASSED


def _requests(given: argparse.Namespace) -> int:
    wanted = {name: getattr(given, name) for name in ("service", "operation", "status", "fate", "direction")}
    found = _client(given).get("/journal", limit=given.last, newest="true", **wanted)
    for entry in reversed(found["entries"]):
        print(json.dumps(entry) if given.json else entries.line(entry))
    if found["evicted"]:
        print(f"({found['evicted']} older ones fell out of the journal)", file=sys.stderr)
    return PASSED


def _explain(given: argparse.Namespace) -> int:
    from emulator.explaining import drawing

    client = _client(given)
    entry = given.id or next((one["id"] for one in client.get("/journal", limit=1, newest="true")["entries"]), None)
    if entry is None:
        print("nothing is recorded yet", file=sys.stderr)
        return FAILED
    told = client.get(f"/explain/{entry}")
    print(json.dumps(told) if given.json else drawing.draw(told, _width()))
    return PASSED


def _width() -> int:
    """Of the terminal; what goes into a pipe or a file is as wide as a page."""
    most = shutil.get_terminal_size().columns
    return max(60, min(most, 160)) if sys.stdout.isatty() else 100


def _resend(given: argparse.Namespace) -> int:
    body = sys.stdin.read() if given.body == "-" else given.body
    asked = {"url": given.to, "request_method": given.method, "body": body}
    changes: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if given.header:
        changes["request_headers"] = dict(map(_header, given.header))
    done = _client(given).post(f"/messages/{given.id}/resend", {**changes, "render": given.render})
    print(json.dumps(done, indent=2))
    return PASSED if 200 <= done["status"] < 300 else FAILED


def _header(text: str) -> tuple[str, str | None]:
    """`Name: value`; a name with nothing behind it takes the header out."""
    name, colon, value = text.partition(":")
    if not colon:
        raise ConfigError(f"--header '{text}': write Name: value")
    return name.strip(), value.strip() or None


def _reset(given: argparse.Namespace) -> int:
    print(json.dumps(_client(given).post("/reset")))
    return PASSED


def _snapshot(given: argparse.Namespace) -> int:
    client = _client(given)
    if given.action == "list":
        print("\n".join(client.get("/snapshots")))
    elif given.action == "take":
        print(json.dumps(client.post("/snapshots", {"name": given.name})))
    else:
        print(json.dumps(client.post(f"/snapshots/{given.name}/restore")))
    return PASSED


def _openapi(given: argparse.Namespace) -> int:
    from emulator import openapi, operations

    try:
        print(json.dumps(openapi.document(operations.load(), given.service), indent=2))
    except KeyError as error:
        raise ConfigError(str(error.args[0])) from error
    return PASSED


def _replay(given: argparse.Namespace) -> int:
    from emulator.replay.replay import replay  # the pipeline: 100 ms that other commands need not pay

    paths = [Path(path) for path in given.paths]
    return replay(paths, url=given.url, strict=given.strict, explain=given.explain, junit=given.junit, json=given.json)


def _render(given: argparse.Namespace) -> int:
    from emulator.composer import command

    return command.run(given)


def _validate(given: argparse.Namespace) -> int:
    worst = PASSED
    for path in map(Path, given.paths):
        try:
            _check(path)
            print(f"{path}: valid")
        except ConfigError as error:
            print(error, file=sys.stderr)
            worst = USAGE
    return worst


def _check(path: Path) -> None:
    """Whether the seed document, scenario or cases fit their schema, and whether what is given can be planted."""
    from emulator import documents, seed
    from emulator.composer import cases
    from emulator.replay import scenario
    from emulator.workspaces import Workspaces

    document = documents.read(path)
    if isinstance(document.value, list):
        cases.load(path)
        return
    is_scenario = isinstance(document.value, dict) and not document.value.keys().isdisjoint(("scenario", "steps"))
    given = scenario.load(path).given if is_scenario else seed.read(path)
    try:
        Workspaces().mint("checked", given)
    except ConfigError as error:
        raise document.located(error, "/given" if is_scenario else "") from error


def _client(given: argparse.Namespace) -> ControlClient:
    from emulator.client import ControlClient  # 15 ms of http.client, which serve does not need

    url = given.url or settings.running_url()
    return ControlClient(url, given.control_token or settings.running_token(), given.workspace)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="braze-emulator", description="A local emulator of the Braze REST API and of Braze's partners."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, run, help, arguments in COMMANDS:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        for flags, options in arguments:
            command.add_argument(*flags, **options)
        if run in (_serve, _exec):
            _add_settings(command)
    return parser


def _add_settings(command: argparse.ArgumentParser) -> None:
    for name, item in settings.fields().items():
        flag = f"--{name.replace('_', '-')}"
        aliases = ["--allow-host"] if name == "allow_hosts" else []
        command.add_argument(flag, *aliases, dest=name, help=item.metadata["help"], metavar=name.upper())
    command.add_argument("--quiet", action="store_true", help="No line an exchange; the same as --log off.")


def _version() -> str:
    from importlib.metadata import version

    return f"braze-emulator {version('braze-emulator')}"


Argument = tuple[tuple[str, ...], dict[str, Any]]


def _flag(name: str, help: str) -> Argument:
    return (name,), {"action": "store_true", "help": help}


def _option(name: str, help: str, default: Any = "", **more: Any) -> Argument:
    return (name,), {"help": help, "default": default, **more}


_JSON: Final = _flag("--json", "Print JSON.")
_STRICT: Final = _flag("--strict", "Exit with 4 for an unmatched request, a silent loss or an unused fault.")
_PATHS: Final[Argument] = (("paths",), {"nargs": "+", "metavar": "PATH"})
_RUNNING: Final = [
    _option("--url", "Where the emulator answers; default: BRAZE_EMULATOR_URL, else the default address."),
    _option("--control-token", "The control token, if it demands one."),
    _option("--workspace", "The workspace; default: default."),
]
_NAMES: Final = [
    _option("--url-as", "Variable that your application reads the address from.", metavar="NAME"),
    _option("--key-as", "Variable that your application reads the API key from.", metavar="NAME"),
]
_FILTERS: Final = [
    _option("--last", "How many.", 20, type=int),
    _option("--service", "Only this service's.", None),
    _option("--operation", "Only this operation's.", None),
    _option("--status", "Only those answered with this status.", None, type=int),
    _option("--fate", "Only those in which a value met this fate.", None),
    _option("--direction", "Only those received, or those sent.", None, choices=["in", "out"]),
]
_RENDER: Final = [
    _option("--template", "A file with the template; - is stdin.", metavar="FILE"),
    _option("--context", "JSON or YAML: user, event_properties, … (see POST /_emulator/render).", metavar="FILE"),
    _option("--seed", "The workspace that is rendered in: profiles, Content Blocks, partners.", metavar="FILE"),
    _option("--user", "The external_id of the profile to render for.", metavar="ID"),
    _option("--expects", "What the template is used as.", choices=["text", "json", "url", "header"]),
    _flag("--preview", "As the composer's preview shows it, not as it is sent."),
    _flag("--trace", "Print each tag and output with its value, branch, fetch and time."),
    _flag("--strict", "Exit with 4 for anything that is found."),
    _option("--cases", "Run files of cases.", None, nargs="+", metavar="FILE"),
    _option("--url", "A running emulator; default: one in process."),
    *_RUNNING[1:],
]
_RESENT: Final[list[Argument]] = [
    (("id",), {"help": "A message's id; GET /_emulator/messages lists them."}),
    _option("--to", "Another address.", None, metavar="URL"),
    _option("--method", "Another method.", None),
    _option("--header", "'Name: value', another value; 'Name:' takes it out. May be repeated.", None, action="append"),
    _option("--body", "Another body; - reads it from standard input.", None),
    _flag("--render", "Render again; what is given are templates then."),
]
_REPORTS: Final = [
    _option("--url", "A running emulator; default: one in process.", None),
    _flag("--explain", "Print what each step sent, what was recorded and what it means."),
    _option("--junit", "Write a JUnit XML report.", None, type=Path),
    _option("--json", "Write a JSON report.", None, type=Path),
]

COMMANDS: Final[list[tuple[str, Callable[[argparse.Namespace], int], str, list[Argument]]]] = [
    ("serve", _serve, "Serve the emulated APIs (the default command).", [_JSON]),
    (
        "exec",
        _exec,
        "Start an emulator, run a program against it, stop; exits as the program did.",
        [*_NAMES, _STRICT, (("program",), {"nargs": argparse.REMAINDER, "metavar": "-- PROGRAM …"})],
    ),
    ("env", _env, "Print what to export in the shell of your application.", [*_RUNNING, *_NAMES]),
    ("health", _health, "Exit 0 when an emulator answers; for container checks.", _RUNNING),
    ("requests", _requests, "Print the newest recorded exchanges, a line each.", [*_RUNNING, _JSON, *_FILTERS]),
    (
        "explain",
        _explain,
        "Draw everything under the trace of an entry: who called whom, and what became of values and messages.",
        [*_RUNNING, _JSON, (("id",), {"nargs": "?", "help": "An entry's number or a trace; the newest without it."})],
    ),
    ("resend", _resend, "Send a webhook once more; exits 0 when it is answered with 20x.", [*_RUNNING, *_RESENT]),
    ("reset", _reset, "Return a workspace to its seed.", _RUNNING),
    (
        "snapshot",
        _snapshot,
        "Take, restore or list snapshots of a workspace.",
        [
            *_RUNNING,
            (("action",), {"choices": ["take", "restore", "list"]}),
            (("name",), {"nargs": "?", "default": "latest"}),
        ],
    ),
    ("replay", _replay, "Run scenarios and report.", [_PATHS, _STRICT, *_REPORTS]),
    ("render", _render, "Render a template or a message for a user, or run files of cases.", [_JSON, *_RENDER]),
    ("validate", _validate, "Check seed documents, scenarios and cases without running them.", [_PATHS]),
    (
        "openapi",
        _openapi,
        "Print the emulated operations as an OpenAPI 3.1 document.",
        [_option("--service", "Only this service's.", None)],
    ),
]
