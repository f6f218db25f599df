"""Replaying: exit codes, what a failure tells, strict violations, reports, and the same against an address."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest

from emulator import resources, settings
from emulator.clock import UTC
from emulator.pipeline import Emulator
from emulator.replay import replay, reports

FIXTURES = Path(__file__).parent.parent / "fixtures" / "scenarios"
SCENARIOS = resources.folder("scenarios") / "your_partner"
HEAD = "scenario: s\nabout: a\n"


@pytest.fixture(autouse=True)
def outside_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def one(path: Path, strict: bool = False) -> reports.Result:
    what = replay.load(path)
    return replay.run(what, replay.in_process()(what), strict)


def written(folder: Path, steps: str, given: str = "") -> reports.Result:
    """The result of a scenario of these steps."""
    path = folder / "s.yaml"
    path.write_text(f"{HEAD}{given}steps:\n{steps}", encoding="utf-8")
    return one(path)


@pytest.mark.parametrize(
    ("name", "lenient", "strict"),
    [
        ("failing_call", 1, 1),
        ("failing_record", 1, 1),
        ("silent_loss", 0, 4),
        ("announced_loss", 0, 0),
        ("unmatched", 0, 4),
        ("announced_unmatched", 0, 0),
        ("unused_fault", 0, 4),
    ],
)
def test_exit_codes(name: str, lenient: int, strict: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.replay([FIXTURES / f"{name}.yaml"]) == lenient
    assert replay.replay([FIXTURES / f"{name}.yaml"], strict=True) == strict
    assert capsys.readouterr().out


def test_a_file_may_run_twice_in_one_process() -> None:
    opened = replay.in_process()
    what = replay.load(FIXTURES / "failing_call.yaml")
    assert [replay.run(what, opened(what)).status for _ in range(2)] == ["failed", "failed"]


def test_a_failed_assertion_outweighs_a_violation(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.replay([FIXTURES], strict=True) == 1
    assert "7 scenarios, 12 steps: 6 passed, 2 failed, 3 strict, 1 skipped" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["scenario: [", f"{HEAD}steps:\n  - {{call: {{service: nobody, operation: x}}}}\n"])
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert replay.replay([tmp_path]) == replay.USAGE
    assert f"{tmp_path / 'a.yaml'}, line " in capsys.readouterr().err


GROUPLESS = "given:\n  tags: [a]\n  profiles:\n    - {external_id: a, subscription_groups: {news: subscribed}}\n"


@pytest.mark.parametrize("remote", [False, True])
def test_what_cannot_be_given_is_told_with_its_line(
    tmp_path: Path, url: str, remote: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"scenario: s\n{GROUPLESS}steps:\n  - advance: 1h\n", encoding="utf-8")
    assert replay.replay([path], url=url if remote else None) == replay.USAGE
    told = f"{path}, line 5: given.profiles[0].subscription_groups: no group 'news'"
    assert capsys.readouterr().err.startswith(told)


def test_nothing_to_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.replay([tmp_path]) == replay.USAGE
    assert "no scenario (*.yaml) in this folder" in capsys.readouterr().err


def test_a_file_is_replayed_once(tmp_path: Path) -> None:
    path = SCENARIOS / "webhook_refused.yaml"
    assert replay.files([path, SCENARIOS, path]).count(path) == 1


def test_every_difference_has_its_line() -> None:
    step = one(FIXTURES / "failing_call.yaml").steps[1]
    assert [(finding.line, finding.text.split("\n")[0]) for finding in step.findings] == [
        (13, "status: expected 200, found 202"),
        (16, "body/status: expected 'refused', found 'accepted'"),
        (14, "headers/x-missing: expected '{{text}}', found nothing"),
        (17, f"text: 'thank you' is not in {orjson.dumps(step.exchange['response']['body']).decode()}"),
        (18, "fates: expected duplicate_key, recorded are: none"),
        (19, f"save: the answer has nothing at /data/0/id: {_answered(step)}"),
    ]


def _answered(step: reports.StepResult) -> str:
    return orjson.dumps(step.exchange["response"]["body"]).decode()


def test_a_failure_shows_what_was_recorded_and_how_to_repeat_it(capsys: pytest.CaptureFixture[str]) -> None:
    replay.replay([FIXTURES / "failing_call.yaml"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  ✓ 202 goes well"
    assert lines[2] == "  ✗ 202 goes wrong - Every kind of difference is told."
    nearest = next(line for line in lines if "nearest recorded" in line)
    assert "← 202 POST /partners/your_partner/webhook  your_partner/receive_webhook" in nearest
    repeat = shlex.split(next(line for line in lines if "repeat: " in line).split("repeat: ")[1])
    assert repeat[:5] == ["curl", "-i", "-X", "POST", f"{settings.running_url()}/partners/your_partner/webhook"]
    assert repeat[-1] == '{"quote":"it\'s"}'
    assert "authorization: Bearer partner-scenarios-failing_call" in repeat
    assert lines[-3] == "  -     is left out"


def test_the_nearest_record_is_told_with_what_differs() -> None:
    step = one(FIXTURES / "failing_record.yaml").steps[1]
    assert [finding.text for finding in step.findings] == ["recorded: expected at least 1 such exchanges, found 0"]
    assert step.nearest.endswith("your_partner/receive_webhook: body/number: expected 2, found 1")


CALL = "  - {call: {service: your_partner, operation: receive_webhook, body: {n: %s}}%s}\n"


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ("count: 2, body: {n: '{{number}}'}", True),
        ("count: 1", False),
        ("count: 0, status: 500", True),
        ("trace: same, count: 1, body: {n: 2}", True),
        ("trace: same, body: {n: 1}", False),
        ("path: /partners/*, method: POST, operation: receive_webhook", True),
        ("path: /other/*", False),
        ("answer: {status: accepted}", True),
        ("answer: {status: refused}", False),
        ("direction: out", False),
        ("fate: duplicate_key, count: 0", True),
        ("fate: duplicate_key", False),
    ],
)
def test_recorded(tmp_path: Path, wanted: str, passes: bool) -> None:
    steps = CALL % (1, "") + CALL % (2, "") + f"  - recorded: {{service: your_partner, {wanted}}}\n"
    assert written(tmp_path, steps).status == (reports.PASSED if passes else reports.FAILED)


GREETED = """given:
  profiles: [{external_id: ada, email: ada@example.com}]
  campaigns:
    - id: c
      name: Greeting
      reeligibility_seconds: 0
      trigger: {event: {name: seen}}
      messages:
        - {id: m, channel: email, app_id: a, from: a@example.com, subject: "{{event_properties.${n}}}", body: "<p>"}
"""
SEEN = (
    "  - call: {service: braze, operation: track_users, body: {events: ["
    "{external_id: ada, name: seen, time: '2026-01-01T00:00:00Z', properties: {n: %s}}]}}\n"
)


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ("campaign: Greeting", True),
        ("external_id: ada, channel: email, status: sent, recipient: ada@example.com, count: 2", True),
        ("count: 1", False),
        ("content: {subject: one, body: '{{text}}'}, count: 1", True),
        ("content: {subject: one}, trace: same", False),
        ("content: {subject: two}, trace: same, count: 1", True),
        ("content: {subject: three}", False),
        ("channel: sms, count: 0", True),
    ],
)
def test_message(tmp_path: Path, wanted: str, passes: bool) -> None:
    steps = SEEN % "one" + SEEN % "two" + f"  - message: {{{wanted}}}\n"
    assert written(tmp_path, steps, GREETED).status == (reports.PASSED if passes else reports.FAILED)


def test_what_a_message_saves_goes_into_later_calls(tmp_path: Path) -> None:
    steps = SEEN % "one" + SEEN % "two" + "  - {message: {channel: email}, save: {newest: /content/subject}}\n"
    seen = written(
        tmp_path, steps + SEEN % "'${newest}'" + "  - message: {content: {subject: two}, count: 2}\n", GREETED
    )
    assert seen.status == reports.PASSED, reports.text(seen)
    assert "email of 'Greeting' to ada" in reports.text(seen, detail=True)


def test_a_message_of_a_canvas_is_found_and_told(tmp_path: Path) -> None:
    given = GREETED.replace("campaigns:", "canvases:").replace("name: Greeting", "name: Journey")
    given = given.replace("messages:\n        - {id: m,", "steps:\n        - message: {id: m,")
    seen = written(tmp_path, SEEN % "one" + "  - message: {canvas: Journey, arrives: '{{any}}', count: 1}\n", given)
    assert seen.status == reports.PASSED, reports.text(seen)
    assert "email of 'Journey, step Message' to ada" in reports.text(seen, detail=True)


def test_a_message_that_did_not_come_is_told_with_the_nearest(tmp_path: Path) -> None:
    result = written(tmp_path, SEEN % "one" + "  - message: {content: {subject: x}}\n", GREETED)
    assert result.steps[1].findings[0].text == "message: expected at least 1 such messages, found 0"
    assert result.steps[1].nearest == "content/subject: expected 'x', found 'one'"
    nothing = written(tmp_path, "  - message: {count: 1}\n", GREETED)
    assert nothing.steps[0].nearest == "no message was rendered"
    unsaved = written(tmp_path, SEEN % "one" + "  - {message: {count: 1}, save: {a: /content/x}}\n", GREETED)
    assert unsaved.steps[1].findings[0].text.startswith("save: the message has nothing at /content/x: {")


def test_scenarios_do_not_see_each_other(tmp_path: Path) -> None:
    opened = replay.in_process()
    for name in ("a", "b"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(
            f"{HEAD}steps:\n{CALL % (1, '')}  - recorded: {{service: your_partner, count: 1}}\n", encoding="utf-8"
        )
        what = replay.load(path)
        assert replay.run(what, opened(what)).status == reports.PASSED


def test_a_capture_goes_into_later_calls_and_expectations(tmp_path: Path) -> None:
    steps = CALL % (1, ", save: {id: /request_id, all: ''}") + CALL % (
        "'${all}'",
        ", expect: {body: {request_id: '{{uuid}}'}}",
    )
    same = "  - recorded: {body: {n: {status: accepted, request_id: '${id}'}}}\n"
    assert written(tmp_path, steps + same).status == reports.PASSED
    assert written(tmp_path, steps + CALL % (1, ", expect: {body: {request_id: '${id}'}}")).status == reports.FAILED


def test_a_wrong_key_is_refused_without_a_seed(tmp_path: Path) -> None:
    steps = "  - {call: {service: your_partner, operation: receive_webhook, key: x}, expect: {status: 401}}\n"
    result = written(tmp_path, steps + "  - recorded: {status: 401, count: 1}\n")
    assert result.status == reports.PASSED, "a refused call is recorded, although it belongs to no workspace"


def test_an_operation_without_credentials_belongs_to_the_scenario(tmp_path: Path) -> None:
    steps = "  - {call: {method: OPTIONS, path: /web/v2/subscriptions/x/get}, expect: {status: 204}}\n"
    assert written(tmp_path, steps + "  - recorded: {method: OPTIONS, count: 1}\n").steps[1].status == reports.PASSED


def test_fates_are_compared_exactly(tmp_path: Path) -> None:
    twice = '{service: your_partner, operation: receive_webhook, text: \'{"a": 1, "a": 2}\'}'

    def findings(fates: str) -> list[str]:
        steps = written(tmp_path, f"  - {{call: {twice}, expect: {{fates: {fates}}}}}\n").steps
        return [finding.text for finding in steps[0].findings]

    assert findings("[duplicate_key]") == []
    assert findings("[{rule: duplicate_key, pointer: /a}]") == []
    assert len(findings("[{rule: duplicate_key, pointer: /b}]")) == 2
    assert findings("[]")[0].startswith("fates: duplicate_key at /a is not expected. The same key stands twice")


def test_the_clock_moves_only_by_advance(tmp_path: Path) -> None:
    what = replay.load(SCENARIOS / "partner_out_of_order.yaml")
    emulator = Emulator()
    target = replay.InProcess(emulator, {"clock": {"now": "2026-01-02T03:04:05Z", "frozen": True}}, "w")
    clock = emulator.workspaces.all["w"].clock
    replay.steps.run(what, target)
    assert clock.now().astimezone(UTC).isoformat() == "2026-01-02T03:05:05+00:00"


def test_a_bug_of_ours_is_a_failure_and_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("emulator.validation.check", broken)
    result = written(tmp_path, CALL % (1, ", expect: {status: 202}"))
    assert result.status == reports.FAILED
    assert "broken on purpose" in result.steps[0].nearest


def test_strict_tells_what_it_minds() -> None:
    def finding(name: str) -> str:
        result = one(FIXTURES / f"{name}.yaml", strict=True)
        assert result.status == reports.STRICT
        return result.steps[-1].findings[0].text

    assert "/a: duplicate_key. The same key stands twice" in finding("silent_loss")
    assert "a request for an operation that does not exist: #1 ← 404 GET" in finding("unmatched")
    assert finding("unused_fault") == "a fault never fired: 503 for service braze"


def test_explain_tells_what_was_sent_recorded_and_meant(capsys: pytest.CaptureFixture[str]) -> None:
    replay.replay([SCENARIOS / "webhook_with_a_bearer_token.yaml"], explain=True)
    text = capsys.readouterr().out
    for line in (
        'sent      POST /partners/your_partner/webhook {"external_id":"user-1","email":"user-1@example.com"}',
        'answered  202 {"status":"accepted"',
        "recorded  #1 ← 202 POST /partners/your_partner/webhook",
        "means     The partner takes any JSON object",
    ):
        assert line in text


# reports


def test_junit_is_well_formed_and_counts(tmp_path: Path) -> None:
    replay.replay([FIXTURES], strict=True, junit=tmp_path / "junit.xml")
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert root.attrib | {"time": ""} == {"tests": "12", "failures": "5", "errors": "0", "skipped": "1", "time": ""}
    suites = {suite.attrib["name"]: suite for suite in root}
    assert len(suites) == 7
    cases = list(suites["A call that is answered otherwise"])
    assert [[child.tag for child in case] for case in cases] == [[], ["failure"], ["skipped"]]
    assert cases[1].attrib["line"] == "7"
    assert "nearest recorded" in (cases[1][0].text or "")


def test_reports_say_what_could_not_be_used(tmp_path: Path) -> None:
    """A CI that reads only the report must not see all well."""
    (tmp_path / "bad.yaml").write_text("scenario: s\n")
    code = replay.replay([tmp_path / "bad.yaml"], junit=tmp_path / "junit.xml", json=tmp_path / "report.json")
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (code, root.attrib["tests"], root.attrib["errors"]) == (2, "1", "1")
    assert "'steps' is a required property" in root[0][0][0].attrib["message"]
    report = orjson.loads((tmp_path / "report.json").read_bytes())
    assert (report["outcome"], "bad.yaml" in report["problem"]) == ("unusable", True)


def test_junit_leaves_out_what_xml_cannot_hold() -> None:
    step = reports.StepResult("call", 'a "<name>" \x00\x1b', "", 1, reports.FAILED)
    step.findings.append(reports.Finding(1, "found '\x07' & <b>]]>\ud800"))
    root = ElementTree.fromstring(reports.junit([reports.Result("p", "t", "a", [step])]).encode())
    assert root[0][0].attrib["name"] == 'a "<name>" \ufffd\ufffd'
    assert "found '\ufffd' & <b>]]>\ufffd" in (root[0][0][0].text or "")


def test_json_holds_everything(tmp_path: Path) -> None:
    replay.replay([FIXTURES / "failing_call.yaml"], json=tmp_path / "report.json")
    report = orjson.loads((tmp_path / "report.json").read_bytes())
    assert report["outcome"] == "failed"
    steps = report["scenarios"][0]["steps"]
    assert [step["status"] for step in steps] == ["passed", "failed", "skipped"]
    assert steps[1]["findings"][0] == {"line": 13, "text": "status: expected 200, found 202"}
    assert steps[0]["exchange"]["request"]["body"] == {"a": 1}


def test_github_annotations(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    path = FIXTURES / "failing_call.yaml"
    replay.replay([path])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::error ")]
    assert lines[0] == f"::error file={path},line=13,title=goes wrong::status: expected 200, found 202"
    assert len(lines) == 6


def test_github_annotations_are_one_line_each() -> None:
    step = reports.StepResult("call", "a, b: c", "", 1, reports.FAILED, findings=[reports.Finding(2, "100%\nmore")])
    found = list(reports.github([reports.Result("p", "t", "a", [step])]))
    assert found == ["::error file=p,line=2,title=a%2C b%3A c::100%25%0Amore"]


# against an address


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from emulator.pytest_plugin import BrazeServer

    server = BrazeServer(Emulator())
    yield server.url
    server.stop()


@pytest.mark.parametrize("remote", [False, True])
def test_explain_draws_what_a_call_led_to(url: str, remote: bool, capsys: pytest.CaptureFixture[str]) -> None:
    path = SCENARIOS.parent / "messages" / "event_orders_a_postcard.yaml"
    assert replay.replay([path], url=url if remote else None, explain=True) == 0
    lines = capsys.readouterr().out.splitlines()
    drawn = [line for line in lines if "│" in line]
    assert sum("POST /integrations/webhook  #" in line for line in drawn) == 1
    assert any("• bob, Welcome card: not sent: club.level equals 'gold'" in line for line in drawn)
    assert max(map(len, drawn)) <= 100
    assert sum(line.strip().startswith("trace ") for line in lines) == 2, "an export leads to nothing and is not drawn"


@pytest.mark.parametrize("path", replay.files([SCENARIOS.parent, FIXTURES]), ids=lambda path: path.stem)
def test_an_address_gives_the_same_as_in_process(url: str, path: Path) -> None:
    def told(result: reports.Result) -> list[tuple[str, str, int]]:
        return [(step.status, step.told, len(step.findings)) for step in result.steps]

    what = replay.load(path)
    remote = replay.run(what, replay.Remote(url, what.given), strict=True)
    assert told(remote) == told(one(path, strict=True))


def test_an_address_leaves_nothing_behind(url: str) -> None:
    control = replay.ControlClient(url)
    before = control.get("/workspaces")
    assert replay.replay([SCENARIOS], url=url) == 0
    assert control.get("/workspaces") == before


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.replay([SCENARIOS], url="http://127.0.0.1:9") == replay.USAGE
    assert "no emulator answers at http://127.0.0.1:9" in capsys.readouterr().err


# a failed step can be repeated

STATEFUL = """scenario: A block that is not as expected
given:
  clock: {now: 2026-03-01, frozen: true}
  api_keys: [{key: shop, permissions: [content_blocks.create]}]
  content_blocks: [{name: taken, content: x}]
steps:
  - call: {service: braze, operation: create_content_block, body: {name: first, content: x}}
    expect: {status: 201}
  - name: fails
    call: {service: braze, operation: create_content_block, body: {name: second, content: x}}
    expect: {status: 400}
"""


def stateful(folder: Path, text: str = STATEFUL) -> Path:
    (folder / "stateful.yaml").write_text(text, encoding="utf-8")
    return folder / "stateful.yaml"


def commands(report: str, label: str) -> list[str]:
    return [line.split(f" {label}: ", 1)[1].strip() for line in report.splitlines() if f" {label}: " in line]


def shell(command: str, **more: Any) -> str:
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, **more).stdout


def answered(curl: str) -> tuple[int, Any]:
    """Status and body that the printed command gets."""
    head, _, body = shell(curl).replace("\r", "").partition("\n\n")
    return int(head.split()[1]), orjson.loads(body)


def test_a_printed_command_repeats_the_failed_step(url: str, tmp_path: Path, capsys: Any) -> None:
    report = tmp_path / "report.json"
    assert replay.replay([stateful(tmp_path)], url=url, json=report) == 1
    printed = capsys.readouterr().out
    step = orjson.loads(report.read_bytes())["scenarios"][0]["steps"][1]
    shown = step["exchange"]["status"], step["exchange"]["response"]["body"]
    assert shown[0] == 201
    for _ in range(2):
        assert [orjson.loads(shell(command)) for command in commands(printed, "first")] == [{"restored": replay.BEFORE}]
        assert answered(commands(printed, "repeat")[0]) == shown
    kept = step["kept"].split(" ")[2].rstrip(",")
    assert orjson.loads(shell(step["kept"].split("delete it: ")[1])) == {"deleted": kept}
    assert answered(commands(printed, "repeat")[0])[0] == 401, "nobody has the key any more"


def test_what_was_kept_makes_room_for_the_next_run(url: str, tmp_path: Path) -> None:
    names = lambda: {one["name"] for one in replay.ControlClient(url).get("/workspaces")}  # noqa: E731
    before, path = names(), stateful(tmp_path)
    assert [replay.replay([path], url=url) for _ in range(2)] == [1, 1]
    assert len(names() - before) == 1
    other = tmp_path / "same_key.yaml"
    other.write_text(STATEFUL, encoding="utf-8")
    assert replay.replay([path, other], url=url) == 1, "a scenario with the same credentials is no obstacle"
    other.unlink()
    stateful(tmp_path, STATEFUL.replace("name: second", "name: taken"))
    replay.ControlClient(url).delete(f"/workspaces/{(names() - before).pop()}")
    assert replay.replay([path], url=url) == 0
    assert names() == before, "a scenario that passes leaves nothing behind"


def test_a_workspace_in_use_is_left_alone(url: str) -> None:
    first, second = (replay.Remote(url, {}, name="in-use") for _ in range(2))
    assert first.name == "in-use" != second.name
    for target in (first, second):
        target.close()


def test_a_step_that_failed_in_process_is_repeated_by_what_is_printed(tmp_path: Path) -> None:
    """Every printed line is run as it stands, one after the other, in one shell each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "BRAZE_EMULATOR_PORT": str(port)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment.pop("BRAZE_EMULATOR_URL", None)
    stateful(tmp_path)
    run = partial(shell, cwd=tmp_path, env=environment)
    printed = run("braze-emulator replay --json report.json stateful.yaml")
    serve, again, put_back = commands(printed, "first")
    quiet = f"{serve.removesuffix('&')} >/dev/null 2>&1 & echo $!"
    server = int(run(quiet))
    try:
        while "ok" not in run("braze-emulator health"):
            pass
        run(again)
        run(put_back)
        step = orjson.loads((tmp_path / "report.json").read_bytes())["scenarios"][0]["steps"][1]
        assert answered(commands(printed, "repeat")[0]) == (201, step["exchange"]["response"]["body"])
    finally:
        os.kill(server, signal.SIGTERM)
