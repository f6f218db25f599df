"""`braze-emulator exec`: start a server, run a program against it, stop the server, exit as the program did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from emulator import settings
from emulator.client import ControlClient
from emulator.errors import ConfigError

KEY = "test-key"


def run(program: Sequence[str], serve_flags: Sequence[str], names: Mapping[str, str], strict: bool) -> int:
    """`names` maps environment variables to `url` or `key`. Raises ConfigError when the server does not start."""
    command = [sys.executable, "-m", "emulator", "serve", "--json", "--port", "0", *serve_flags]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = _url(server)
        values = {"url": url, "key": KEY}
        exported = {name: values[value] for name, value in names.items()}
        code = _program(program, settings.child_environment(exported))
        return 4 if strict and code == 0 and _violations(url) else code
    finally:
        server.terminate()
        server.wait(timeout=10)


def _url(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise ConfigError("the emulator did not start; its reason stands above")
    return str(json.loads(line)["url"])


def _program(program: Sequence[str], environment: dict[str, str]) -> int:
    words = list(program[1:] if program[0] == "--" else program)
    try:
        return subprocess.run(words, env=environment, check=False).returncode
    except OSError as error:
        raise ConfigError(f"cannot run '{words[0]}': {error.strerror}") from error


def _violations(url: str) -> bool:
    """Unmatched requests, silent losses and unused faults, printed."""
    client = ControlClient(url)
    found = client.get("/violations", workspace="*")["violations"]
    for text in found:
        print(f"strict: {text}", file=sys.stderr)
    return bool(found)
