"""The command line, run as users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator import cli

COMMAND = [sys.executable, "-m", "emulator"]


def run(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRAZE_EMULATOR_")}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, env={**kept, **environment}
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A real server on a free port; the value is the line it prints with --json."""
    seed = tmp_path_factory.mktemp("seed") / "seed.yaml"
    seed.write_text("partners: {your_partner: {tokens: [partner-token]}}\n")
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--json", "--seed", str(seed)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) in (0, 130)


def hook(server: dict[str, Any], token: str = "partner-token") -> requests.Response:
    url = f"{server['url']}/partners/your_partner/webhook"
    return requests.post(url, json={"a": 1}, headers={"Authorization": f"Bearer {token}"}, timeout=5)


def test_the_server_answers_on_the_port_that_it_prints(server: dict[str, Any]) -> None:
    assert (hook(server).status_code, hook(server, "else").status_code) == (202, 401)


def test_a_webhook_is_sent_once_more(server: dict[str, Any]) -> None:
    url, hook = server["url"], "https://rest.iad-01.braze.com/users/track"
    message = {"id": "m", "channel": "webhook", "url": f"{hook}/x", "request_method": "POST", "body": "{}",
               "request_headers": {"Authorization": "Bearer k", "X-Old": "1"}}  # fmt: skip
    seed = {"profiles": [{"external_id": "ada"}],
            "campaigns": [{"id": "c", "name": "C", "trigger": {"event": {"name": "seen"}}, "messages": [message]}],
            "api_keys": [{"key": "k"}]}  # fmt: skip
    requests.post(f"{url}/_emulator/workspaces", json={"name": "resent", "seed": seed})
    event = {"external_id": "ada", "name": "seen", "time": "2026-01-01T00:00:00Z"}
    requests.post(f"{url}/users/track", json={"events": [event]}, headers={"Authorization": "Bearer k"})
    at = ["resend", "1", "--url", url, "--workspace", "resent"]
    assert run(*at).returncode == 1
    body = '{"attributes": [{"external_id": "eve"}]}'
    done = run(*at, "--to", hook, "--body", body, "--header", "X-New: 2", "--header", "X-Old:")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["attempt"], told["request"]["body"]) == (0, 201, 3, body)
    assert told["request"]["headers"]["X-New"] == "2" and "X-Old" not in told["request"]["headers"]
    assert "write Name: value" in run(*at, "--header", "X").stderr
    assert "no message '000000000009'" in run("resend", "9", *at[2:]).stderr


def test_commands_against_a_running_server(server: dict[str, Any]) -> None:
    hook(server)
    at = ["--url", server["url"]]
    assert json.loads(run("health", *at).stdout)["status"] == "ok"
    printed = run("requests", *at, "--service", "your_partner", "--last", "1").stdout
    assert "202 POST /partners/your_partner/webhook  your_partner/receive_webhook" in printed
    number = printed.split()[0].strip("#")
    drawn = run("explain", *at, number).stdout
    assert f"│ POST /partners/your_partner/webhook  #{number}\n" in drawn and "┄ 202 ┄" in drawn
    assert run("explain", *at).stdout == drawn
    requests.post(f"{server['url']}/_emulator/workspaces", json={"name": "quiet"})
    nothing = run("explain", *at, "--workspace", "quiet")
    assert (nothing.returncode, nothing.stderr) == (1, "nothing is recorded yet\n")
    assert json.loads(run("explain", *at, "--json", number).stdout)["entries"][0]["operation"] == "receive_webhook"
    assert json.loads(run("requests", *at, "--json", "--last", "1").stdout.splitlines()[0])["id"]
    assert f"export MY_URL={server['url']}" in run("env", *at, "--url-as", "MY_URL").stdout
    assert run("snapshot", *at, "take", "one").returncode == 0
    assert run("snapshot", *at, "list").stdout == "one\n"
    assert run("snapshot", *at, "restore", "one").returncode == 0
    assert json.loads(run("reset", *at).stdout) == {"reset": "default"}


def test_a_busy_port_is_a_clear_message(server: dict[str, Any]) -> None:
    found = run("serve", "--port", str(server["port"]))
    assert found.returncode == 3
    assert "Address already in use" in found.stderr
    assert "--port" in found.stderr


@pytest.mark.parametrize("command", ["health", "requests", "reset"])
def test_no_server_is_a_clear_message(command: str) -> None:
    found = run(command, "--url", "http://127.0.0.1:9")
    assert found.returncode in (1, 2)
    assert "start one: braze-emulator serve" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["serve", "--colour"], 2, "--colour"),
        (["fly"], 2, "invalid choice"),
        (["serve", "--log", "loud"], 2, "loud"),
        (["serve", "--seed", "missing.yaml"], 2, "missing.yaml"),
        (["exec"], 2, "say what to run"),
        (["exec", "--", "no-such-program"], 2, "no-such-program"),
        (["openapi", "--service", "none"], 2, "no service 'none'"),
        (["requests", "--url", "ftp://x"], 2, "ftp://x"),
        (["--help"], 0, ""),
        (["--version"], 0, ""),
    ],
)
def test_usage_and_exit_codes(arguments: list[str], code: int, said: str, tmp_path: Path) -> None:
    found = run(*arguments, cwd=tmp_path)
    assert (found.returncode, said in found.stderr) == (code, True), found.stderr


def test_a_bad_seed_names_every_field(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(
        "api_keys: [{name: a}]\nsubscription_groups: [{id: g, name: n, channel: fax}]\n"
    )
    found = run("serve", "--seed", "seed.yaml", cwd=tmp_path)
    assert found.returncode == 2
    assert "seed.yaml, line 1: api_keys[0]" in found.stderr
    assert "seed.yaml, line 2: subscription_groups[0].channel" in found.stderr


def test_validate_tells_good_from_bad(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("tags: [a]\n")
    (tmp_path / "bad.yaml").write_text("tagz: [a]\n")
    found = run("validate", "good.yaml", "bad.yaml", cwd=tmp_path)
    assert (found.returncode, found.stdout, "tagz" in found.stderr) == (2, "good.yaml: valid\n", True)


def test_validate_plants_what_is_given(tmp_path: Path) -> None:
    """A value that fits the schema and would still stop `serve` and `replay`."""
    seed = "profiles: [{external_id: a, email: a@example.com, time_zone: Nowhere/Land}]"
    (tmp_path / "seed.yaml").write_text(seed)
    (tmp_path / "scenario.yaml").write_text(
        f"scenario: s\ngiven: {{{seed}}}\nsteps: [{{recorded: {{service: braze, count: 0}}}}]\n"
    )
    found = run("validate", "seed.yaml", "scenario.yaml", cwd=tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert "seed.yaml, line 1: profiles[0].time_zone" in found.stderr
    assert "scenario.yaml, line 2: given.profiles[0].time_zone" in found.stderr


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text("scenario: s\nsteps: [{recorded: {service: braze, count: 0}}]\n")
    found = run("replay", "scenario.yaml", "--junit", "missing/report.xml", cwd=tmp_path)
    assert (found.returncode, "Traceback" in found.stderr, "missing/report.xml" in found.stderr) == (2, False, True)


def test_exec_runs_a_program_and_exits_as_it_does(tmp_path: Path) -> None:
    code = "import os, sys, urllib.request as u; u.urlopen(os.environ['API'] + '/_emulator/health'); sys.exit(7)"
    assert run("exec", "--url-as", "API", "--", sys.executable, "-c", code).returncode == 7


def test_a_strict_exec_exits_with_4(tmp_path: Path) -> None:
    code = (
        "import os, urllib.request as u, urllib.error as e\n"
        "try: u.urlopen(os.environ['BRAZE_EMULATOR_URL'] + '/nope')\nexcept e.HTTPError: pass"
    )
    assert run("exec", "--", sys.executable, "-c", code).returncode == 0
    strict = run("exec", "--strict", "--", sys.executable, "-c", code)
    assert (strict.returncode, "/nope" in strict.stderr) == (4, True)


def test_openapi_prints_a_document() -> None:
    assert json.loads(run("openapi", "--service", "braze").stdout)["openapi"] == "3.1.0"


def test_a_public_address_demands_a_control_token() -> None:
    with subprocess.Popen(
        [*COMMAND, "serve", "--host", "0.0.0.0", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        journal = f"{told['control']}/journal"
        assert requests.get(journal, timeout=5).status_code == 403
        token = {"Authorization": f"Bearer {told['control_token']}"}
        assert requests.get(journal, headers=token, timeout=5).status_code == 200
        process.terminate()


def test_the_banner_says_what_a_newcomer_needs() -> None:
    with subprocess.Popen([*COMMAND, "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(9)]
        process.terminate()
    said = "".join(lines)
    for part in ("API ", "/_emulator/journal", "/_emulator/health", "any key works", "export BRAZE_EMULATOR_URL=http"):
        assert part in said


@pytest.mark.parametrize("name", [command[0] for command in cli.COMMANDS])
def test_every_command_has_a_help(name: str) -> None:
    found = run(name, "--help")
    assert (found.returncode, "usage:" in found.stdout) == (0, True)
