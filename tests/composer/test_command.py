"""`braze-emulator render`: what it prints and where, and what it exits with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from emulator import cli
from emulator.app import create_app
from emulator.client import ControlClient
from emulator.errors import ConfigError
from emulator.pipeline import Emulator
from tests.liquid.bombs import BOMBS

SEED = """
profiles: [{external_id: ada, first_name: Ada}]
content_blocks: [{name: sig, content: "-- {{${first_name}}}"}]
"""


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed.yaml").write_text(SEED)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode("utf-8", "surrogateescape"))))
        code = cli.main(["render", *arguments])
        return Done(code, *capsys.readouterr())

    return run


def test_stdin_is_rendered_to_stdout(run: Any) -> None:
    assert run("--template", "-", stdin="a {{ 1 | plus: 2 }}") == (0, "a 3\n", "")


def test_a_file_for_a_user_of_the_seed(run: Any, folder: Path) -> None:
    (folder / "t.liquid").write_text("{{${first_name}}} {{content_blocks.${sig}}}")
    assert run("--template", "t.liquid", "--seed", "seed.yaml", "--user", "ada") == (0, "Ada -- Ada\n", "")


@pytest.mark.parametrize("name", ["c.json", "c.yaml"])
def test_a_context_for_a_custom_user(run: Any, folder: Path, name: str) -> None:
    (folder / name).write_text('{"user": {"custom": {"first_name": "Zoe"}}, "event_properties": {"n": 3}}')
    done = run("--template", "-", "--context", name, stdin="{{${first_name}}} {{event_properties.${n}}}")
    assert done == (0, "Zoe 3\n", "")


@pytest.mark.parametrize(
    ("template", "flags", "code", "said"),
    [
        ("ok", [], 0, ""),
        ("{{ x }}", [], 0, "<stdin>:1:1: warning: nothing is called 'x' [unknown_name]"),
        ("{{ x }}", ["--strict"], 4, "<stdin>:1:1: warning: "),
        ("ok", ["--strict"], 0, ""),
        ("a\n {% abort_message('no') %}", [], 1, "<stdin>:2:2: error: aborted: no [liquid_abort_message]"),
        ("{{ 1 | divided_by: 0 }}", [], 1, "<stdin>:1:1: error: failed: Liquid error: divided by 0 [template_parse"),
        ("\n{% if a %}", [], 2, "<stdin>:2:1: error: failed: Liquid syntax error: 'if' tag was never closed"),
        ("{{ a", [], 2, "<stdin>:1:1: error: failed: Liquid syntax error: Variable '{{' was not properly terminated"),
        ('{"a": 1,}', ["--expects", "json"], 1, "<stdin>:output:1:8: error: trailing comma"),
        ("{{ 'https://a.b/c' | url_encode }}", [], 1, "<stdin>:output:1:1: error: https%3A%2F%2Fa.b%2Fc"),
    ],
)
def test_what_is_said_and_the_exit_code(run: Any, template: str, flags: list[str], code: int, said: str) -> None:
    done = run("--template", "-", *flags, stdin=template)
    assert (done.code, done.err.startswith(said), bool(done.err)) == (code, True, bool(said)), done


def test_bytes_stay_as_they_are(run: Any, folder: Path) -> None:
    assert run("--template", "-", stdin="a\r\n{{ 'é' }}\n").out == "a\r\né\n\n"
    done = run("--template", "-", stdin="\udcff")
    assert (done.code, "-: cannot be read: 'utf-8' codec" in done.err) == (2, True)


def test_nothing_is_printed_for_what_is_not_sent(run: Any) -> None:
    assert run("--template", "-", stdin="a{% abort_message %}").out == ""


def test_the_trace_is_a_line_a_step(run: Any) -> None:
    done = run("--template", "-", "--trace", stdin="{% if 1 == 1 %}\n{{ 'a' | upcase }}{% endif %}")
    head, first, second = done.err.splitlines()
    assert head.startswith("-- template: rendered in ")
    assert first.startswith("1:1 {% if 1 == 1 %} -> if 1 == 1 (")
    assert second.startswith("2:1   {{ 'a' | upcase }} = 'A' (")


def test_a_fetch_is_in_the_trace(run: Any) -> None:
    template = "{% connected_content https://example.com/ :save x %}"
    done = run("--template", "-", "--trace", stdin=template)
    assert "GET https://example.com/: called, not sent: nothing leaves this machine" in done.err


def test_json_is_the_whole_answer(run: Any) -> None:
    done = run("--template", "-", "--json", stdin="{{ x }}")
    found = json.loads(done.out)
    assert (found["output"], found["findings"][0]["rule"], done.code) == ("", "unknown_name", 0)
    assert "unknown_name" in done.err


def test_a_message_is_printed_as_it_travels(run: Any, folder: Path) -> None:
    (folder / "m.yaml").write_text("message: {url: 'https://a.test/{{1}}', request_method: PUT, body: 'x={{2}}'}")
    done = run("--context", "m.yaml")
    assert done.out == (
        "PUT https://a.test/1\nUser-Agent: Braze Sender 1.0.0\nContent-Type: application/x-www-form-urlencoded\n\nx=2\n"
    )
    (folder / "e.yaml").write_text("message: {channel: email, subject: 'Hi {{x}}'}")
    done = run("--context", "e.yaml")
    assert json.loads(done.out) == {"subject": "Hi "}
    assert done.err == "e.yaml:subject:1:4: warning: nothing is called 'x' [unknown_name]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to render: --template FILE"),
        (["--template", "none.liquid"], "none.liquid: cannot be read"),
        (["--template", "-", "--context", "both.json"], "--template: both.json has a template or a message too"),
        (["--context", "list.yaml"], "list.yaml: must hold keys and values"),
        (["--context", "typo.yaml"], "typo.yaml, line 2: templat: unknown key; known are "),
        (["--context", "broken.json"], "broken.json, line 1: not JSON"),
        (["--context", "user.yaml"], "user.custom.email: 'x' does not match"),
        (["--template", "-", "--user", "eve", "--seed", "seed.yaml"], "no profile has the external_id 'eve' in "),
        (["--template", "-", "--seed", "bad_seed.yaml"], "bad_seed.yaml, line 1: seed: Additional properties"),
        (["--template", "-", "--url", "http://127.0.0.1:9"], "no emulator answers at http://127.0.0.1:9"),
        (
            ["--template", "-", "--url", "http://127.0.0.1:9", "--seed", "seed.yaml"],
            "--seed: the emulator at --url has",
        ),
        (["--cases", "c.yaml", "--template", "-"], "--template does not go with --cases"),
        (["--cases", "none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_used_is_said(run: Any, folder: Path, arguments: list[str], said: str) -> None:
    (folder / "both.json").write_text('{"template": "a"}')
    (folder / "list.yaml").write_text("- a")
    (folder / "typo.yaml").write_text("user: {random: true}\ntemplat: a")
    (folder / "broken.json").write_text("{")
    (folder / "user.yaml").write_text("template: a\nuser: {custom: {email: x}}")
    (folder / "bad_seed.yaml").write_text("tagz: [a]")
    done = run(*arguments)
    assert (done.code, done.out, said in done.err) == (2, "", True), done


def test_a_running_emulator_renders_in_its_workspace(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    web = create_app(Emulator({"profiles": [{"external_id": "ada", "first_name": "Ada"}]})).test_client()

    def send(self: ControlClient, method: str, path: str, body: str | None = None) -> Any:
        answer = web.open(f"/_emulator{path}", method=method, data=body, content_type="application/json")
        if answer.status_code >= 400:
            raise ConfigError(answer.json["detail"])
        return answer.json

    monkeypatch.setattr(ControlClient, "_send", send)
    at = ["--url", "http://127.0.0.1:27293", "--template", "-"]
    assert run(*at, "--user", "ada", stdin="{{${first_name}}}") == (0, "Ada\n", "")
    assert run(*at, "--user", "eve", stdin="a").code == 2


@pytest.mark.parametrize("name", ["nested loops", "a huge range joined", "braces that never close", "long expressions"])
def test_a_bomb_is_a_clear_error(run: Any, name: str) -> None:
    done = run("--template", "-", stdin=BOMBS[name][0])
    assert done.code in (1, 2)
    assert ": error: failed: Liquid " in done.err
