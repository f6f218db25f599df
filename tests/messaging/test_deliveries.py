"""Each attempt to deliver a webhook, byte for byte; and webhooks that are resent by hand."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import faults
from emulator.app import create_app
from emulator.liquid import calls
from tests.conftest import Client
from tests.messaging.sends import HOOK, advance, out, outcomes, started, table, track
from tests.messaging.wire import wire

TARGET = "https://rest.iad-01.braze.com/users/alias/new"
TRACK = "https://rest.iad-01.braze.com/users/track"


def control(braze: Client, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = create_app(braze.emulator).test_client().open(f"/_emulator{path}", method=method, json=body)
    assert answer.status_code == status, answer.text
    return answer.json


def deliveries(braze: Client, query: str = "") -> list[Any]:
    found: list[Any] = control(braze, "GET", f"/deliveries?{query}")["deliveries"]
    return found


def resend(braze: Client, status: int = 200, id: str = "000000000001", **body: Any) -> Any:
    return control(braze, "POST", f"/messages/{id}/resend", body, status)


def hook(**fields: Any) -> dict[str, Any]:
    return {"messages": [{**HOOK, **fields}]}


def break_braze(braze: Client, status: int, times: int | None = None, **more: Any) -> None:
    fault = faults.parse({"when": {"operation": "create_alias"}, "status": status, "times": times, **more}, "down")
    braze.emulator.workspaces.default.faults.append(fault)


# exact bytes


BODY = ' {"a":\t"é€😀"}\r\n \r\nend \n\n'


def test_an_outside_host_gets_the_very_bytes_and_nothing_else() -> None:
    headers = {
        "X-Zulu": "{{${user_id}}}",
        "authorization": "Bearer s3cret-token",
        "Content-Type": "text/plain",
        "X-é": "",
    }
    del headers["X-é"]
    with wire() as host:
        braze = started(hook(url=f"{host.url}/p/%7Ea?q=%2c&r=a+b", request_headers=headers, body=BODY),
                        allowed_hosts=[host.host])  # fmt: skip
        track(braze)
    raw = BODY.encode()
    [received] = host.received
    assert (
        received
        == (
            f"POST /p/~a?q=%2C&r=a+b HTTP/1.1\r\nHost: {host.url[7:]}\r\nUser-Agent: Braze Sender 1.0.0\r\n"
            "X-Zulu: ada\r\nauthorization: Bearer s3cret-token\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        ).encode()
        + raw
    )
    [one] = deliveries(braze, "reveal=true")
    assert one["request"]["body"].encode() == raw
    assert list(one["request"]["headers"].items()) == [
        tuple(line.split(": ", 1)) for line in received.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    ]
    assert (one["answer"]["status"], one["answer"]["headers"]["X-Outside"], one["answer"]["body"]) == (
        "200",
        "yes",
        "ok",
    )
    [hidden] = deliveries(braze)
    assert hidden["request"]["headers"]["authorization"] == "Bearer s3cr…"
    assert hidden["request"]["body"] == BODY


def test_a_get_without_a_body() -> None:
    with wire() as host:
        braze = started(hook(url=f"{host.url}/p?a=1", request_method="GET", request_headers={"Accept": "a/b"}),
                        allowed_hosts=[host.host])  # fmt: skip
        track(braze)
    assert host.received == [
        f"GET /p?a=1 HTTP/1.1\r\nHost: {host.url[7:]}\r\nUser-Agent: Braze Sender 1.0.0\r\nAccept: a/b\r\n\r\n".encode()
    ]
    [one] = deliveries(braze)
    assert (one["request"]["line"], one["request"]["body"]) == ("GET /p?a=1 HTTP/1.1", "")
    assert "Content-Length" not in one["request"]["headers"]


def test_credentials_of_this_machine_are_not_sent(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with wire() as host:
        braze = started(hook(url=host.url, request_headers={}), allowed_hosts=[host.host])
        track(braze)
    assert b"Basic" not in host.received[0] and outcomes(braze) == ["sent"]


def test_a_header_beyond_latin_1_travels_as_utf_8() -> None:
    with wire() as host:
        braze = started(hook(url=host.url, request_headers={"X-A": "né €"}), allowed_hosts=[host.host])
        track(braze)
    assert "X-A: né €\r\n".encode() in host.received[0]


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nX-B: b"}, {"X-A": "a\nb"}])
def test_a_header_that_http_cannot_write_is_not_sent(headers: dict[str, str]) -> None:
    with wire() as host:
        braze = started(hook(url=host.url, request_headers=headers), allowed_hosts=[host.host])
        track(braze)
    assert host.received == [] and outcomes(braze) == ["failed"]
    told = out(braze)[0].note.partition("not sent: ")[2]
    assert told == "HTTP cannot write this address or header: X-A has a line break in its value"


def test_nor_does_an_emulated_partner_get_a_header_that_http_cannot_write() -> None:
    braze = started(hook(url="http://emulator/partners/your_partner/webhook", request_headers={
        "Authorization": "Bearer {{event_properties.${token}}}"}))  # fmt: skip
    track(braze, token="a\r\nX-B: b")
    assert outcomes(braze) == ["failed"]
    assert [one.note.partition("not sent: ")[2][-40:] for one in out(braze)] == [
        "Authorization has a line break in its value"[-40:]
    ]


def test_a_redirect_is_not_followed() -> None:
    with wire(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/elsewhere\r\nContent-Length: 0\r\n\r\n") as host:
        braze = started(hook(url=host.url), allowed_hosts=[host.host])
        track(braze)
        advance(braze, 7200)
    assert len(host.received) == 1
    assert outcomes(braze) == ["failed"]
    assert table(braze, "decisions")[0]["reason"] == "answered 302"


def test_a_port_that_braze_does_not_call_is_told() -> None:
    with wire() as host:
        braze = started(hook(url=host.url), allowed_hosts=[host.host])
        track(braze)
    assert f"Braze calls the ports 80 and 443 only, not {host.url.rsplit(':')[-1]}" in out(braze)[0].note


# time


def test_a_host_that_does_not_answer_is_given_up_and_tried_again() -> None:
    settings = {"webhooks": {"timeout_seconds": 0.1, "retry_seconds": [5]}}
    with wire(None) as host:
        braze = started(hook(url=host.url), allowed_hosts=[host.host], settings=settings)
        track(braze)
        [message] = table(braze, "messages")
        assert [(one["status"], one["note"]) for one in message["attempts"]] == [(408, "no answer within 0.1 s")]
        assert message["attempts"][0]["next_due"] == "2026-01-01T12:00:05.000Z"


def test_nobody_listens() -> None:
    with wire() as host:
        pass
    braze = started(hook(url=host.url), allowed_hosts=[host.host])
    track(braze)
    assert [one["status"] for one in deliveries(braze)] == [599]
    assert table(braze, "decisions")[0]["reason"].startswith("answered 599 Connection Error; next attempt in 30 s")


def test_a_fault_that_delays_an_emulated_host_makes_braze_give_up() -> None:
    braze = started(hook(url=TARGET), settings={"webhooks": {"timeout_seconds": 0.05, "retry_seconds": []}})
    break_braze(braze, 200, delay=30)
    track(braze)
    assert [one.status for one in out(braze)] == [408]
    assert [one.status for one in braze.entries if one.operation == "create_alias"] == [200]


FETCH = """{% connected_content URL :method post :headers {"Authorization": "Bearer k"} :save x %}[{{x}}]"""


def fetching_hook(url: str) -> dict[str, Any]:
    """A webhook whose body comes from a host."""
    return hook(url=TARGET, body=FETCH.replace("URL", url))


def test_connected_content_waits_for_two_seconds_and_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calls.SECONDS == 2.0
    monkeypatch.setattr(calls, "SECONDS", 0.05)
    braze = started(fetching_hook(TARGET))
    break_braze(braze, 200, times=1, delay=30)
    track(braze)
    fetched, posted = out(braze)
    assert (fetched.status, fetched.note) == (408, "no answer within 0.05 s")
    assert posted.request_body == b"[]"


def test_connected_content_of_an_outside_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.1)
    with wire(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", None) as host:
        braze = started({**fetching_hook(f"{host.url}/x"), "reeligibility_seconds": 0}, allowed_hosts=[host.host])
        track(braze)
        track(braze)
    assert host.received[0].startswith(b"POST /x HTTP/1.1\r\n") and b"Accept-Encoding: gzip\r\n" in host.received[0]
    port = f"Braze calls the ports 80 and 443 only, not {host.url.rpartition(':')[2]}"
    fetched = [(entry.status, entry.note) for entry in out(braze) if entry.operation == "connected_content"]
    assert fetched == [(200, port), (408, f"{port}; no answer within 0.1 s")]
    assert [entry.request_body for entry in out(braze) if entry.operation == "webhook"] == [b"[hello]", b"[]"]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "100"}, 100),
        ({"Retry-After": "Thu, 01 Jan 2026 12:05:00 GMT"}, 300),
        ({"X-RateLimit-Reset": "1767269000"}, 200),
        ({"X-Rate-Limit-Reset": "90"}, 90),
        ({"X-RateLimit-Reset": "90", "X-RateLimit-Remaining": "5"}, 30),
        ({"X-RateLimit-Reset": "90", "X-RateLimit-Remaining": "0", "Retry-After": "45"}, 90),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "later"}, 30),
        ({"Retry-After": "99999999"}, 86_400),
        ({"Retry-After": "1"}, 30),
    ],
)
def test_headers_of_the_answer_put_off_the_next_attempt(headers: dict[str, str], wait: float) -> None:
    with wire(
        b"HTTP/1.1 429 X\r\n"
        + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items())
        + b"Content-Length: 0\r\n\r\n"
    ) as host:
        braze = started(hook(url=host.url), allowed_hosts=[host.host])
        track(braze)
        assert table(braze, "decisions")[0]["reason"] == f"answered 429; next attempt in {wait:g} s"


def test_a_final_answer_asks_in_vain() -> None:
    braze = started(hook(url=TARGET))
    break_braze(braze, 400, headers={"Retry-After": "100"})
    track(braze)
    assert outcomes(braze) == ["failed"]


# the log


def test_every_attempt_is_told_and_found() -> None:
    braze = started(hook(url=TARGET, body='{"api_token": "secret-token", "a": "secret-token"}'))
    break_braze(braze, 503, times=1)
    trace = track(braze)
    advance(braze, 30)
    first, second = deliveries(braze)
    assert (first["attempt"], first["status"], first["next_due"]) == (1, 503, "2026-01-01T12:00:30.000Z")
    assert (second["attempt"], second["status"], second["next_due"], second["at"]) == (
        2, 400, None, "2026-01-01T12:00:30.000Z",
    )  # fmt: skip
    assert first["request"]["body"] == '{"api_token": "secr…", "a": "secr…"}'
    assert first["answer"]["status"] == "503" and first["entry"] == out(braze)[0].seq
    assert second["answer"]["body"]
    for query, count in {
        f"trace={trace}": 2, "trace=x": 0, "status=503": 1, "host=rest.iad-01.braze.com": 2, "host=x": 0,
        "campaign=C": 2, "campaign=x": 0, "user=ada": 2,
        "message=000000000001": 2, "message=2": 0, "limit=1": 1, "limit=0": 0,
    }.items():  # fmt: skip
        assert len(deliveries(braze, query)) == count, query


def test_an_answer_that_fell_out_of_the_journal_is_none() -> None:
    braze = started(hook(url=TARGET))
    track(braze)
    braze.emulator.journal.clear()
    assert deliveries(braze)[0]["answer"] is None


def test_hosts() -> None:
    braze = started(hook(url=TARGET), settings={"webhooks": {"unhealthy_after": 0}})
    break_braze(braze, 503)
    track(braze)
    assert control(braze, "GET", "/hosts") == {
        "hosts": [
            {
                "host": "rest.iad-01.braze.com", "kind": "webhook", "failures": 1, "calls": 1, "healthy": False,
                "paused_until": "2026-01-01T12:01:00.000Z",
            }
        ]
    }  # fmt: skip


# resend


def test_resent_as_it_was() -> None:
    braze = started(hook())
    trace = track(braze, title="t")
    before = table(braze, "receipts")
    found = resend(braze)
    assert (found["attempt"], found["resent"], found["differs"], found["status"]) == (2, True, [], 201)
    first, second = out(braze)
    assert (first.request_body, first.request_headers) == (second.request_body, second.request_headers)
    assert second.trace == trace and second.note == "resent"
    assert table(braze, "receipts") == before
    assert table(braze, "messages")[0]["status"] == "sent"
    assert [one["resent"] for one in deliveries(braze)] == [False, True]


def test_resent_edited() -> None:
    braze = started(hook(url=TARGET))
    track(braze, title="t")
    assert outcomes(braze) == ["failed"]
    body = '{"attributes": [{"external_id": "eve", "plan": "gold"}]}'
    found = resend(braze, url=TRACK, body=body, request_headers={"X-New": "1", "authorization": "Bearer another"})
    assert found["status"] == 201
    assert found["differs"] == [
        "line: 'POST /users/alias/new HTTP/1.1' -> 'POST /users/track HTTP/1.1'",
        f"url: '{TARGET}' -> '{TRACK}'",
        "header Authorization: 'Bearer …' -> 'Bearer an…'",
        "header X-New: nothing -> '1'",
        f"body, line 1: {table(braze, 'messages')[0]['content']['body']!r} -> {body!r}",
    ]
    assert braze.emulator.workspaces.default.view().external_ids.get("eve")
    assert outcomes(braze) == ["failed"], "what somebody does by hand is not what Braze did"
    assert table(braze, "messages")[0]["status"] == "failed"


def test_resent_and_rendered_again() -> None:
    braze = started(hook())
    track(braze, title="t")
    braze.send("POST", "/users/track", {"attributes": [{"external_id": "ada", "plan": "gold"}]})
    found = resend(
        braze,
        render=True,
        body='{"attributes": [{"external_id": "{{custom_attribute.${plan}}}", "x": "{{event_properties.${title}}}"}]}',
    )
    assert found["request"]["body"] == '{"attributes": [{"external_id": "gold", "x": "t"}]}'
    assert resend(braze, render=True)["differs"] == []
    headers = {"X-New": "{{${user_id}}}", "content-type": None}
    assert resend(braze, render=True, request_headers=headers)["differs"] == ["header X-New: nothing -> 'ada'"]


def test_a_template_that_does_not_render_sends_nothing() -> None:
    braze = started(hook())
    track(braze)
    found = resend(braze, render=True, body="{% abort_message('no') %}")
    assert (found["status"], found["note"], found["resent"]) == (0, "not sent: body: no", True)
    assert len(out(braze)) == 1


def test_what_is_resent_is_not_tried_again() -> None:
    braze = started(hook(url=TARGET))
    track(braze)
    break_braze(braze, 503)
    found = resend(braze)
    assert (found["status"], found["next_due"]) == (503, None)
    assert advance(braze, 7200) == 0


def test_retries_of_the_message_go_on_beside_it() -> None:
    braze = started(hook(url=TARGET))
    break_braze(braze, 503, times=1)
    track(braze)
    resend(braze)
    assert outcomes(braze) == ["sending"]
    advance(braze, 7200)
    assert [one.status for one in out(braze)] == [503, 400, 400]
    assert table(braze, "decisions")[0]["reason"] == "answered 400; exhausted_retries after 2 attempts"


def test_headers_can_be_taken_out_and_a_get_has_no_body() -> None:
    braze = started(hook())
    track(braze)
    found = resend(braze, request_headers={"Authorization": None}, request_method="GET", body="x")
    assert "Authorization" not in found["request"]["headers"] and found["request"]["body"] == ""


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"id": "000000000009"}, 404, "no message '000000000009'; GET /_emulator/messages lists them"),
        ({"request_headers": {"X": 1}}, 400, "request_headers: each value is a text, or null to leave the header out"),
        ({"headers": {}}, 400, "'headers' was unexpected"),
        ({"request_method": "PATCH"}, 400, "'PATCH' is not one of"),
    ],
)
def test_what_cannot_be_resent(body: dict[str, Any], status: int, text: str) -> None:
    braze = started(hook())
    track(braze)
    assert text in resend(braze, status, **body)["detail"]


def test_an_email_is_not_resent() -> None:
    message = {"id": "m", "channel": "email", "app_id": "a", "from": "B <b@example.com>", "subject": "s", "body": "b"}
    braze = started({"messages": [message]})
    track(braze)
    assert "only rendered; resend webhooks" in resend(braze, 400)["detail"]


def test_a_message_whose_user_is_gone_is_not_rendered_again() -> None:
    braze = started(hook())
    track(braze)
    braze.send("POST", "/users/delete", {"external_ids": ["ada"]})
    assert resend(braze, render=True)["note"] == "not sent: the user was deleted"
