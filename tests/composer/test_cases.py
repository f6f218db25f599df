"""Files of cases: what passes, what fails and how that is told, what is no such file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import cli, seed
from emulator.composer import cases
from emulator.errors import ConfigError
from emulator.liquid import names

GOOD: list[dict[str, Any]] = [
    {"template": "a", "expected": "a"},
    {"template": " a\n", "expected": "a", "match": "stripped"},
    {"template": '{"b": 1, "a": 2}', "expected": {"a": 2, "b": 1}, "match": "json"},
    {"template": "[1]", "expected": "[ 1 ]", "match": "json"},
    {"template": "7", "expected": 7, "match": "json"},
    {"template": "{% abort_message('no') %}", "expected": {"abort": "no"}},
    {"template": "{% abort_message('no') %}", "expected": {"error": "NO"}},
    {"template": "{% nope %}", "expected": {"error": "unknown tag"}},
    {"template": "{{ x }}", "expected": {"error": "Nothing is called"}},
    {
        "template": "{{ x }}",
        "expected": "",
        "findings": ["unknown_name", {"rule": "unknown_name", "line": 1, "column": 1}],
    },
    {"template": "{{ x }}", "expected": "", "findings": [{"rule": "unknown_name", "place": "message", "says": "'X'"}]},
    {"template": '{"a": 1,}', "expected": '{"a": 1,}', "expects": "json", "findings": ["invalid_json"]},
    {"template": "{{${first_name}}}", "context": {"user": {"first_name": "Ada"}}, "expected": "Ada"},
    {"file": "t.liquid", "context": {"vars": {"x": 1}}, "expected": "from a file: 1\n"},
]
CALL = "{% connected_content https://a.test/ :method post :body a=1 :content_type application/json %}"
ANSWER = {"url": "https://a.test/", "method": "POST", "body": "ok"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"template": "a", "expected": "b"}, 'expected "b"\ngot      "a"'),
    ({"template": " a", "expected": "a"}, 'expected "a"\ngot      " a"'),
    ({"template": "no json", "expected": {}, "match": "json"}, "expected {}\ngot      null"),
    ({"template": "a", "expected": {"abort": "no"}}, 'expected {"abort": "no"}\ngot      rendered: "a"'),
    ({"template": "{% abort_message('x') %}", "expected": {"abort": "no"}}, 'got      aborted: "x"'),
    ({"template": "a", "expected": {"error": "no"}}, 'expected {"error": "no"}'),
    ({"template": "{% nope %}", "expected": "a"}, "got      failed: Liquid syntax error: Unknown tag 'nope'"),
    ({"template": "a", "expected": "a", "findings": ["invalid_json"]}, 'not found: {"rule": "invalid_json"}; found is'),
    (
        {"template": "{{ x }}", "expected": "", "findings": [{"rule": "unknown_name", "line": 2}]},
        "    message 1:1 unknown_name: nothing is called 'x'",
    ),
    (
        {
            "template": CALL,
            "context": {"connected_content": [{**ANSWER, "request_json": {"a": "2"}}]},
            "expected": "ok",
        },
        """https://a.test/: the body '{"a":"1"}' was sent, not {"a": "2"}""",
    ),
    (
        {
            "template": CALL,
            "context": {"connected_content": [{**ANSWER, "request_headers": {"X": "1"}}]},
            "expected": "ok",
        },
        "https://a.test/: the header X was None, not '1'",
    ),
    ({"template": CALL, "expected": "ok", "findings": ["x"]}, "the case has no answer to POST https://a.test/"),
]


def write(folder: Path, value: Any) -> Path:
    (folder / "t.liquid").write_text("from a file: {{ x }}\n")
    path = folder / "cases.yaml"
    path.write_text(value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False))
    return path


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_a_good_case_passes(tmp_path: Path, case: dict[str, Any]) -> None:
    [loaded] = cases.load(write(tmp_path, [case]))
    assert cases.judge(loaded).problem == ""


@pytest.mark.parametrize(("case", "said"), BAD, ids=str)
def test_a_bad_case_fails_and_says_why(tmp_path: Path, case: dict[str, Any], said: str) -> None:
    [loaded] = cases.load(write(tmp_path, [case]))
    assert said in cases.judge(loaded).problem


def test_a_file_is_run_to_a_line_a_case_and_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "- {name: one, template: a, expected: a}\n\n- {template: a, expected: b}\n")
    assert cli.main(["render", "--cases", str(path)]) == 1
    assert capsys.readouterr().out == (
        f"ok     {path}:1: one\n"
        f'FAILED {path}:3: case 2\n    expected "b"\n    got      "a"\n'
        "2 cases: 1 passed, 1 failed\n"
    )
    assert cli.main(["render", "--json", "--cases", str(path)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["line"], one["passed"], one["output"]) for one in told] == [
        ("one", 1, True, "a"), ("case 2", 3, False, "a"),
    ]  # fmt: skip


def test_github_is_told_the_line_of_a_case_that_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    path = write(tmp_path, "- {name: one, template: a, expected: a}\n- {name: two, template: a, expected: b}\n")
    assert cli.main(["render", "--cases", str(path)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert f'::error file={path},line=2,title=two::expected "b"%0Agot      "a"' in told


def test_several_files_are_run_and_0_says_that_all_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path, GOOD))
    assert cli.main(["render", "--cases", path, path]) == 0
    assert capsys.readouterr().out.endswith(f"{2 * len(GOOD)} cases: {2 * len(GOOD)} passed\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the file: a file of cases is a list; begin each case with `- template:`"),
        ("a: b", "line 1: the file: a file of cases is a list"),
        ("[]", "line 1: the file: there is no case in this file"),
        ("- a", "line 1: [0]: a case is an object with template and expected"),
        ("- {template: a, expected: a}\n- {template: a}", "line 2: [1]: a case has expected: what must be printed"),
        ("- {expected: a}", "line 1: [0]: a case has either a template or a file"),
        ("- {template: a, file: b, expected: a}", "line 1: [0]: a case has either a template or a file"),
        ("- {template: 1, expected: a}", "line 1: [0].template: a template is a text; put it in quotation marks"),
        ("- {template: a, expected: 1}", "line 1: [0].expected: must be a text (put numbers in quotation marks)"),
        ("- {template: a, expected: {abbort: x}}", "line 1: [0].expected: must be a text"),
        ("- {template: a, expected: a, match: fuzzy}", "line 1: [0].match: 'fuzzy' is not one of"),
        ("- template: a\n  expectd: a\n  expected: a", "line 2: [0].expectd: unknown key; known are name, template"),
        (
            "- template: a\n  context:\n    usr: {}\n  expected: a",
            "line 3: [0].context.usr: unknown key; known are user",
        ),
        ("- {template: a, expected: a, findings: [1]}", "line 1: [0].findings[0]: must be the name of a rule"),
        ("- {file: none.liquid, expected: a}", "line 1: [0].file: cannot be read: "),
        ("- {template: 'a, expected: a}", "not YAML"),
    ],
)
def test_what_is_no_file_of_cases_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        cases.load(path)
    assert said in str(error.value)
    assert cli.main(["validate", str(path)]) == (2 if text else 0), "nothing at all is an empty seed"


def test_validate_checks_cases_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, GOOD)
    assert (cli.main(["validate", str(path)]), capsys.readouterr().out) == (0, f"{path}: valid\n")


def test_the_schema_is_published_and_knows_every_namespace() -> None:
    context = seed.published("cases")["$defs"]["context"]["properties"]
    assert context.keys() >= names.NAMESPACES | {"user", "vars", "now", "connected_content"}
