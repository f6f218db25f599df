"""The format of scenario files: what is refused, with which words and at which line; and captures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from emulator import seed
from emulator.errors import ConfigError
from emulator.replay import scenario

HEAD = "scenario: s\nabout: a\n"
WEBHOOK = "service: your_partner, operation: receive_webhook"


def load(folder: Path, text: str) -> scenario.Scenario:
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return scenario.load(path)


def step(text: str) -> str:
    """A scenario with one step, which begins in line 4."""
    return f"{HEAD}steps:\n  - {text}\n"


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(seed.published("scenario"))
    assert "api_keys" in scenario.schema()["properties"]["given"]["properties"], "the seed's schema is part of it"


def test_load_reads_every_kind_of_step(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        f"{HEAD}given: {{clock: {{now: 2026-01-02T03:04:05Z}}}}\nsteps:\n"
        f"  - {{name: n, means: m, call: {{{WEBHOOK}}}, expect: {{status: 202}}, save: {{id: /request_id}}}}\n"
        "  - advance: 90s\n  - fault: {status: 503}\n  - recorded: {service: braze, count: 0}\n",
    )
    assert [one.kind for one in found.steps] == ["call", "advance", "fault", "recorded"]
    assert [one.name for one in found.steps] == [
        "n",
        "90s later",
        "a fault: 503",
        "recorded: service braze, count 0",
    ]
    assert found.given == {"clock": {"now": "2026-01-02T03:04:05Z"}}
    assert [found.document.line(one.pointer) for one in found.steps] == [5, 6, 7, 8]


def of_message(fields: str) -> str:
    campaign = f"{{id: c, name: C, messages: [{{id: m, {fields}}}]}}"
    return f"{HEAD}given:\n  campaigns:\n    - {campaign}\nsteps: [{{advance: 1s}}]\n"


BAD = {
    "no steps": (f"{HEAD}steps: []\n", 3, "steps: "),
    "nothing": ("", 1, "the file: None is not of type 'object'"),
    "a list": ("- a\n", 1, "is not of type 'object'"),
    "no title": ("about: a\nsteps: [{advance: 1s}]\n", 1, "'scenario' is a required property"),
    "unknown key": (f"{HEAD}loop: 3\nsteps: [{{advance: 1s}}]\n", 3, "loop: unknown key; known are scenario, about"),
    "unknown key in a step": (step("advance: 1s\n    until: x"), 5, r"steps\[0\].until: unknown key; known are name"),
    "unknown key in a call": (step(f"call: {{{WEBHOOK},\n      bdy: 1}}"), 5, r"steps\[0\].call.bdy: unknown key"),
    "unknown key in given": (f"{HEAD}given:\n  apikeys: []\nsteps: [{{advance: 1s}}]\n", 4, "given.apikeys: unknown"),
    "unknown field of a message": (
        of_message("channel: sms, subscription_group_id: g, app_id: a, body: b,\n      bdy: c"), 6,
        r"messages\[0\].bdy: unknown key; known are id, name, percentage, channel, "),
    "wrong value in a message": (
        of_message("channel: webhook, url: http://e.com,\n      request_method: post"), 6, "'post' is not one of"),
    "wrong type in a message": (
        of_message("channel: email, app_id: a, from: b, body: c,\n      subject: 5"), 6, "subject: 5 is not of type"),
    "unknown key in a fault": (step("fault: {status: 500, tims: 1}"), 4, r"steps\[0\].fault.tims: unknown key"),
    "unknown key in when": (step("fault: {status: 500, when: {host: x}}"), 4, r"fault.when.host: unknown key"),
    "unknown key in expect": (step(f"call: {{{WEBHOOK}}}\n    expect: {{code: 1}}"), 5, r"expect.code: unknown key"),
    "unknown key in recorded": (step("recorded: {url: x}"), 4, r"recorded.url: unknown key"),
    "two kinds": (step("advance: 1s\n    fault: {status: 500}"), 4, "call, advance, fault, recorded and message"),
    "no kind": (step("name: x"), 4, "exactly one of call"),
    "expect without call": (step("advance: 1s\n    expect: {status: 200}"), 4, "expect belongs to a step with a call"),
    "expect of a message": (step("message: {count: 1}\n    expect: {status: 1}"), 4, "expect belongs to a step with a"),
    "save without call": (step("advance: 1s\n    save: {a: /b}"), 4, "save belongs to a step with a call or a message"),
    "call of nothing": (step("call: {service: braze}"), 4, "a call has service and operation, or method and path, or"),
    "url and path": (step("call: {method: GET, path: /x, url: http://a.b}"), 4, "or method and path, or url"),
    "url and query": (step("call: {url: http://a.b, query: {a: b}}"), 4, "or method and path, or url"),
    "unknown key in message": (step("message: {user: ada}"), 4, "message.user: unknown key; known are channel"),
    "both ways": (step(f"call: {{{WEBHOOK}, method: GET, path: /x}}"), 4, "or method and path"),
    "body and text": (step(f"call: {{{WEBHOOK}, body: 1, text: x}}"), 4, "body and text exclude each other"),
    "key and auth": (step(f"call: {{{WEBHOOK}, key: x, auth: none}}"), 4, "and so do key and auth"),
    "auth": (step(f"call: {{{WEBHOOK}, auth: basic}}"), 4, r"call.auth: 'none' was expected"),
    "fault without effect": (step("fault: {when: {}}"), 4, "needs a status to answer, or a delay"),
    "duration": (step("advance: soon"), 4, "advance: 'soon' is not a duration"),
    "pointer": (step(f"call: {{{WEBHOOK}}}\n    save: {{id: id}}"), 5, "save.id: 'id' does not match"),
    "capture name": (step(f"call: {{{WEBHOOK}}}\n    save: {{a-b: /id}}"), 5, "save: 'a-b' does not match"),
    "status": (step(f"call: {{{WEBHOOK}}}\n    expect: {{status: 20}}"), 5, "expect.status: 20 is less than"),
    "trace": (step("recorded: {trace: other}"), 4, "recorded.trace: 'same' was expected"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_file_line_and_key(tmp_path: Path, name: str) -> None:
    text, line, reason = BAD[name]
    with pytest.raises(ConfigError, match=reason) as caught:
        load(tmp_path, text)
    assert f"{tmp_path / 's.yaml'}, line {line}: " in str(caught.value)


def test_all_mistakes_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"{HEAD}x: 1\nsteps:\n  - {{advance: 1s, y: 1}}\n  - {{name: z}}\n")
    assert [line.split(": ")[0].rpartition(" ")[2] for line in str(caught.value).splitlines()] == ["3", "5", "6"]


@pytest.mark.parametrize(
    "part", ["body: {a: ['${id}']}", "query: {a: 'x${id}'}", "params: {a: '${id}'}", "headers: {a: '${id}'}"]
)
def test_an_unknown_capture_is_named(tmp_path: Path, part: str) -> None:
    with pytest.raises(ConfigError, match=r"line 4: \$\{id\}: no earlier step saves 'id'; saved until here: nothing"):
        load(tmp_path, step(f"call: {{{WEBHOOK}, {part}}}"))


def test_a_capture_is_known_only_after_its_step(tmp_path: Path) -> None:
    saving = f"  - {{call: {{{WEBHOOK}}}, save: {{id: /a}}, expect: {{body: {{b: '${{id}}'}}}}}}\n"
    with pytest.raises(ConfigError, match=r"\$\{id\}"):
        load(tmp_path, f"{HEAD}steps:\n{saving}")
    later = "  - recorded: {body: {b: '${id}', c: '${other}'}}\n"
    with pytest.raises(ConfigError, match=r"line 5: \$\{other\}.*saved until here: id"):
        load(tmp_path, f"{HEAD}steps:\n{saving.replace('${id}', 'x')}{later}")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("${id}", 7),
        ("no. ${id}", "no. 7"),
        ("${id}${id}", "77"),
        ("${list}", [1]),
        ("x ${list}", "x [1]"),
        ({"a": ["${name}"]}, {"a": ["Ann"]}),
        ({"${id}": 1}, {"${id}": 1}),
        ("$${id}", "${id}"),
        ("{{${first_name}}}", "{{${first_name}}}"),
        ("{% if {{${user_id}}} %}${name}{% endif %}", "{% if {{${user_id}}} %}Ann{% endif %}"),
        ("{{custom_attribute.${zip}}} ${name}", "{{custom_attribute.${zip}}} Ann"),
        ("{{any}}", "{{any}}"),
        ("$5", "$5"),
        (5, 5),
    ],
)
def test_filled(value: Any, found: Any) -> None:
    assert scenario.filled(value, {"id": 7, "list": [1], "name": "Ann"}) == found
