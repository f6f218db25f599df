"""A trace as a diagram: one arrow an exchange, notes where something happened, lines that fit."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import faults
from emulator.app import create_app
from emulator.explaining import drawing, gathering, sequence
from emulator.explaining.sequence import Arrow, Gap, Note
from tests.conftest import Client
from tests.messaging.sends import HOOK, NOW, advance, started, track

INKIT = "https://internal.inkit.io/integrations/webhook"
ALIAS = "https://rest.iad-01.braze.com/users/alias/new"
MAIL = {"id": "m", "channel": "email", "app_id": "a", "from": "B <b@example.com>", "subject": "Hi {{${first_name}}}",
        "body": "b"}  # fmt: skip
FETCH = (
    "{% connected_content https://rest.iad-01.braze.com/users/export/ids :method post :content_type application/json"
    """ :headers {"Authorization": "Bearer k"} :body {"external_ids":["ada"]} :save f %}[]"""
)


def hook(**fields: Any) -> dict[str, Any]:
    return {"messages": [{**HOOK, "body": "{}", **fields}]}


def told(braze: Client, trace: str) -> Any:
    return gathering.told(braze.emulator.journal, braze.emulator.workspaces, trace)


def steps(braze: Client, trace: str) -> list[sequence.Step]:
    return list(sequence.steps(told(braze, trace)))


def break_service(braze: Client, service: str, **fault: Any) -> None:
    braze.emulator.workspaces.default.faults.append(faults.parse({"when": {"service": service}, **fault}, "down"))


def test_a_call_and_what_it_led_to() -> None:
    braze = started([hook(url=INKIT), {"id": "o", "name": "O", "trigger": {"event": {"name": "other"}}}])
    assert steps(braze, track(braze)) == [
        Arrow("your app", "Braze", "POST /users/track  #1", "201"),
        Note("Braze", "ada, C: failed: answered 401"),
        Note("Braze", "rendered: C for ada", opens=True),
        Arrow("Braze", "Inkit", "POST /integrations/webhook  #3 = #2", "401", opens=False),
        Note("Inkit", "the scheme is not Bearer; send the header Authorization: Basic base64(<token>), without colon"),
    ]


def test_fates_stand_at_the_service_and_messages_at_their_time() -> None:
    braze = started([{"messages": [MAIL]}, {"id": "l", "name": "Later", "delay": "1h", "messages": [MAIL]},
                     {"id": "n", "name": "Never", "delay": "9d", "messages": [MAIL]}])  # fmt: skip
    event = {"external_id": "ada", "name": "seen", "time": NOW}
    body = {"events": [event], "attributes": [{"external_id": "ada", "Email": "x"}]}
    trace = braze.send("POST", "/users/track", body).headers["X-Emulator-Trace"]
    advance(braze, 7200)
    texts = [step.text if isinstance(step, (Note, Gap)) else step.label for step in steps(braze, trace)]
    assert texts[1].startswith("/attributes/0/Email  lost: ") and texts[1].endswith("[documented]")
    assert [texts[0], *texts[2:]] == [
        "POST /users/track  #1",
        "ada, C: sent",
        "ada, Later: sent",
        "ada, Never: waiting",
        "email to ada@example.com: Hi Ada",
        "1h later, at 13:00:00",
        "email to ada@example.com: Hi Ada",
        "waits until 2026-01-10 12:00:00: the message of Never for ada",
    ]


def test_retries_a_resent_message_and_a_refusal() -> None:
    braze = started([hook(url=ALIAS), {"id": "x", "name": "X", **hook(url="https://example.com/p?q=1")}])
    trace = braze.send(
        "POST", "/users/track", {"events": [{"external_id": "ada", "name": "unseen", "time": NOW}]}
    ).headers["X-Emulator-Trace"]
    braze.headers["x-emulator-trace"] = trace
    braze.emulator.workspaces.default.faults.append(
        faults.parse({"when": {"operation": "create_alias"}, "status": 503, "times": 1}, "down")
    )
    track(braze)
    del braze.headers["x-emulator-trace"]
    advance(braze, 40)
    create_app(braze.emulator).test_client().post("/_emulator/messages/000000000001/resend", json={})
    drawn = drawing.draw(told(braze, trace))
    for part in (
        "fault down fired",
        "attempt 1, next in 30 s",
        "┊  30 s later, at 12:00:30",
        "attempt 2: C for ada",
        "resent by hand: C for ada",
        "POST /p?q=1  #",
        "✗ not sent",
        "--allow-hosts example.com",
        "example.com",
        "───┐",
        "<──┘ 400",
    ):
        assert part in drawn, part


@pytest.mark.parametrize(
    ("url", "end", "label"),
    [
        ("http://[::1/x", "nowhere", "POST http://[::1/x  #2"),
        ("hook", "nowhere", "POST hook  #2"),
        ("https://example.com", "example.com", "POST /  #2"),
    ],
)
def test_an_address_that_is_none_leads_nowhere(url: str, end: str, label: str) -> None:
    braze = started(hook(url=url))
    [_, arrow] = [step for step in steps(braze, track(braze)) if isinstance(step, Arrow)]
    assert (arrow.end, arrow.label, arrow.sent) == (end, label, False)
    assert create_app(braze.emulator).test_client().get("/_emulator/deliveries").status_code == 200


def test_an_answer_that_nobody_waited_for_is_one_arrow() -> None:
    braze = started(hook(url=ALIAS), settings={"webhooks": {"timeout_seconds": 0.01, "retry_seconds": []}})
    when = {"operation": "create_alias"}
    braze.emulator.workspaces.default.faults.append(faults.parse({"when": when, "delay": 30}, "slow"))
    arrows = [step for step in steps(braze, track(braze)) if isinstance(step, Arrow)]
    assert [(arrow.start, arrow.end, arrow.answer) for arrow in arrows] == [
        ("your app", "Braze", "201"), ("Braze", "Braze", "408"),
    ]  # fmt: skip


def test_connected_content_is_named() -> None:
    braze = started(hook(body=FETCH))
    found = steps(braze, track(braze))
    arrows = [step.label for step in found if isinstance(step, Arrow)]
    assert arrows[1] == "POST /users/export/ids  #3 = #2  connected content"


def test_a_journey_through_a_canvas_is_told_step_by_step() -> None:
    mail = {name: value for name, value in MAIL.items() if name != "id"}
    way = [{"name": "Mail", "message": mail}, {"delay": "1h"}, {"name": "Hook", "message": {**HOOK, "body": "{}"}}]
    canvas = {"id": "v", "name": "V", "trigger": {"event": {"name": "seen"}}, "steps": way}
    braze = started([], canvases=[canvas])
    trace = track(braze)
    assert [step.text for step in steps(braze, trace) if isinstance(step, Note)] == [
        "ada, V: waiting",
        "ada, V, step Mail: sent",
        "email to ada@example.com: Hi Ada",
        "waits until 2026-01-01 13:00:00: the journey of ada through V",
    ]
    advance(braze, 3600)
    texts = [step.text for step in steps(braze, trace) if isinstance(step, Note)]
    assert texts[0] == "ada, V: finished" and "rendered: V, step Hook for ada" in texts


def test_notes_stand_where_they_belong() -> None:
    """A decision before what follows from it, a message after what it had to ask, each at its time."""
    later = {"id": "l", "name": "Later", "delay": "1h", "messages": [{**MAIL, "body": FETCH}]}
    braze = started([later, {"id": "n", "name": "Now", "messages": [MAIL]}])
    trace = track(braze)
    advance(braze, 3600)
    texts = [step.text if isinstance(step, (Note, Gap)) else step.label for step in steps(braze, trace)]
    assert texts == [
        "POST /users/track  #1",
        "ada, Later: sent",
        "ada, Now: sent",
        "email to ada@example.com: Hi Ada",
        "1h later, at 13:00:00",
        "POST /users/export/ids  #3 = #2  connected content",
        "email to ada@example.com: Hi Ada",
    ]


def test_a_hint_that_a_fate_has_told_is_not_told_twice() -> None:
    hint = "no campaign id begins or ends with a space"
    coupon = {"url": "https://api-pub1.passkit.io/coupon/singleUse/coupon", "request_method": "PUT",
              "body": '{"campaignId": " x", "externalId": "a"}'}  # fmt: skip
    braze = started(hook(request_headers={"Authorization": "Bearer t"}, **coupon))
    notes = [step.text for step in steps(braze, track(braze)) if isinstance(step, Note)]
    assert len([text for text in notes if hint in text]) == 1


def test_what_waits_without_a_decision() -> None:
    braze = started(hook(url=ALIAS))
    break_service(braze, "braze", status=503, times=None, skip=1)
    trace = track(braze)
    assert steps(braze, trace)[-1] == Note("Braze", f"waits until 2026-01-01 12:00:30: attempt 2 of POST {ALIAS}")


def test_a_call_that_waits_for_somebody_is_told() -> None:
    braze = started(hook(), settings={"asynchrony": {"policy": "manual"}})
    trace = track(braze)
    drawn = drawing.draw(told(braze, trace))
    assert "POST /users/track  #1" in drawn


def test_many_decisions_are_counted() -> None:
    users = [{"external_id": f"u{number:02}"} for number in range(40)]
    braze = started({"messages": [MAIL]}, profiles=users)
    events = [{"external_id": one["external_id"], "name": "seen", "time": NOW} for one in users]
    trace = braze.send("POST", "/users/track", {"events": events}).headers["X-Emulator-Trace"]
    notes = [step.text for step in steps(braze, trace) if isinstance(step, Note)]
    assert len(notes) == sequence.MOST + 1
    assert notes[-1] == f"… and {40 - sequence.MOST} more: GET /_emulator/decisions?trace={trace}"


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_lines_fit(width: int) -> None:
    braze = started([hook(url=INKIT), {"id": "x", "name": "X" * 300, **hook(url="https://example.com/" + "p" * 300)}])
    drawn = drawing.draw(told(braze, track(braze)), width)
    assert max(map(len, drawn.splitlines())) <= width
    assert all(line == line.rstrip() for line in drawn.splitlines())


def test_credentials_are_not_drawn() -> None:
    key = "a-secret-endpoint-key"
    braze = started(hook(url=f"https://collector.movableink-dmz.com/behavioral/{key}?token=another-secret"))
    drawn = drawing.draw(told(braze, track(braze)))
    assert "behavioral/a-se…" in drawn and key not in drawn and "another-secret" not in drawn


def test_no_text_reaches_into_the_terminal() -> None:
    subject = "\x1b[2J{{${first_name}}}\x07\r\nnext"
    braze = started({"messages": [{**MAIL, "subject": subject}]})
    drawn = drawing.draw(told(braze, track(braze)))
    assert "\ufffd[2JAda\ufffd" in drawn
    assert all(letter.isprintable() for line in drawn.splitlines() for letter in line)


def test_an_arrow_points_from_the_caller_to_the_callee() -> None:
    paper = drawing._Paper(["a", "b"], 60)
    right = [line.strip() for line in paper.lines(Arrow("a", "b", "GET /", "200"))]
    left = [line.strip() for line in paper.lines(Arrow("b", "a", "GET /", "200"))]
    assert right[2].endswith(">│") and right[3].startswith("│<")
    assert left[2].startswith("│<") and left[3].endswith(">│")


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 s"), (90, "90 s"), (120, "2m"), (3661, "1h1m1s"), (273_600, "3d4h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert sequence._duration(seconds) == text


def test_the_control_api_tells_what_is_drawn() -> None:
    braze = started(hook(url=INKIT))
    trace = track(braze)
    web = create_app(braze.emulator).test_client()
    assert web.get("/_emulator/explain/3").json == web.get(f"/_emulator/explain/{trace}").json
    found = web.get("/_emulator/explain/1").json
    assert found.keys() == {"trace", "entries", "decisions", "messages", "waiting"}
    assert web.get("/_emulator/explain/99").status_code == 404
