"""`braze-emulator exec`: start a server, run a program against it, stop the server, exit as the program did."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from emulator import settings
from emulator.client import ControlClient
from emulator.errors import CannotStart, ConfigError


def run(program: Sequence[str], serve_flags: Sequence[str], names: Mapping[str, str], strict: bool) -> int:
    """`names` maps environment variables to `url` or `key`. Raises ConfigError when the server does not start."""
    signal.signal(signal.SIGTERM, _leave)
    command = [sys.executable, "-m", "emulator", "serve", "--json", "--port", "0", *serve_flags]
    # in a session of its own, so that after Ctrl-C it still answers the program, which has the say when to end
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        told = _told(server)
        client = ControlClient(told["url"], told["control_token"] or "")
        values = {"url": told["url"], "key": client.first_key()}
        exported = {name: values[value] for name, value in names.items()}
        if told["control_token"]:
            exported[f"{settings.PREFIX}CONTROL_TOKEN"] = told["control_token"]
        code = _program(program, settings.child_environment(exported))
        return 4 if strict and code == 0 and _violations(client) else code
    finally:
        server.terminate()
        server.wait()


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _told(server: subprocess.Popen[str]) -> dict[str, Any]:
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise CannotStart("the emulator did not start; its reason stands above")
    found: dict[str, Any] = json.loads(line)
    return found


def _program(program: Sequence[str], environment: dict[str, str]) -> int:
    """Its exit code, as a shell tells it. It gets our signals: a terminal sends it Ctrl-C, we pass on SIGTERM."""
    signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the program would inherit
    try:
        child = subprocess.Popen(program, env=environment)
    except OSError as error:
        raise ConfigError(f"cannot run '{program[0]}': {error.strerror}") from error
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    code = child.wait()
    return 128 - code if code < 0 else code


def _violations(client: ControlClient) -> bool:
    """Unmatched requests, silent losses and unused faults, printed."""
    found = client.get("/violations", workspace="*")["violations"]
    for text in found:
        print(f"strict: {text}", file=sys.stderr)
    return bool(found)
