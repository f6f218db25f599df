"""`braze-emulator exec`: what the program is given, how it ends, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

COMMAND = [sys.executable, "-m", "emulator", "exec", "--quiet"]


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd)


def python(code: str) -> list[str]:
    return ["--", sys.executable, "-c", f"import os, sys, signal, urllib.request as u, urllib.error as e\n{code}"]


ASKS = "try: u.urlopen(os.environ['BRAZE_EMULATOR_URL'] + '/nope')\nexcept e.HTTPError: pass"
PRINTS = "print(os.environ['MY_KEY'], os.environ['BRAZE_EMULATOR_KEY'])"


def test_the_key_is_one_that_the_seed_declares(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("api_keys: [{key: declared}]\n")
    assert run("--key-as", "MY_KEY", *python(PRINTS)).stdout == "test-key test-key\n"
    found = run("--key-as", "MY_KEY", "--seed", "seed.yaml", *python(PRINTS), cwd=tmp_path)
    assert found.stdout == "declared declared\n"


def test_quiet_is_quiet() -> None:
    found = run(*python(ASKS))
    assert (found.returncode, found.stderr) == (0, "")


def test_a_strict_run_judges_what_it_recorded_itself(tmp_path: Path) -> None:
    arguments = ["--strict", "--journal", str(tmp_path / "journal.db")]
    assert run(*arguments, *python(ASKS)).returncode == 4
    assert run(*arguments, *python("pass")).returncode == 0


def test_a_strict_run_cannot_judge_what_fell_out_of_the_journal() -> None:
    found = run("--strict", "--journal-entries", "1", *python(f"{ASKS}\n{ASKS}"))
    assert (found.returncode, "not judged: 1 exchanges" in found.stderr) == (4, True)


def test_a_control_token_is_handed_on() -> None:
    inner = f"{sys.executable} -m emulator explain 1"
    found = run("--strict", "--control-token", "secret", *python(f"{ASKS}\nos.system('{inner}')"))
    assert (found.returncode, "GET /nope  #1" in found.stdout) == (4, True), found.stderr


def test_a_program_that_a_signal_ended_exits_as_in_a_shell() -> None:
    assert run(*python("os.kill(os.getpid(), signal.SIGTERM)")).returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, 128 + signal.SIGINT)]
)
def test_a_signal_ends_the_program_and_leaves_no_server(number: signal.Signals, code: int) -> None:
    """SIGTERM comes from a supervisor to us alone, SIGINT from a terminal to the whole group."""
    said = "import json; print(json.dumps(os.environ['BRAZE_EMULATOR_URL']), flush=True)\n"
    waits = f"signal.signal(signal.SIGINT, signal.SIG_DFL)\n{said}import time; time.sleep(60)"
    with subprocess.Popen(
        [*COMMAND, *python(waits)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())
        assert requests.get(f"{url}/_emulator/health", timeout=5).status_code == 200
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.wait(timeout=10) == code
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_emulator/health", timeout=5)


@pytest.mark.parametrize("arguments", [[], ["--"]])
def test_a_program_is_needed(arguments: list[str]) -> None:
    found = run(*arguments)
    assert (found.returncode, "say what to run" in found.stderr) == (2, True)
