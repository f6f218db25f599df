"""Outgoing work: sent when due, mirrored in process, retried on the virtual clock, never off the machine unasked."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
import requests

from emulator import faults
from emulator.journal import Entry
from emulator.messaging import outbox
from emulator.messaging.dispatcher import MAX_CHAIN
from emulator.messaging.retries import BACKOFF, RETRIED
from emulator.workspaces import Workspace
from tests import toy
from tests.conftest import Client
from tests.messaging.wire import wire

PARTNER = "http://partner.toy/partner/x"
SEND = "/things/send"


def send(client: Client, *urls: str, **more: Any) -> str:
    """Ask the toy to send; answers the trace."""
    response = client.send("POST", SEND, {"urls": urls, **more})
    assert response.status == 202
    return response.headers["X-Emulator-Trace"]


def sent(client: Client) -> list[Entry]:
    return client.emulator.journal.find(limit=-1, direction="out")


def default(client: Client) -> Workspace:
    return client.emulator.workspaces.default


def advance(client: Client, seconds: float) -> int:
    return client.emulator.dispatcher.advance(default(client), seconds)


def outcomes(client: Client) -> list[int]:
    """What the toy's follow-up was told."""
    found: list[int] = default(client).view().tags["outcome"]["statuses"]
    return found


def break_partner(client: Client, status: int = 503, times: int | None = None) -> None:
    fault = {"when": {"service": "your_partner"}, "status": status, "times": times}
    default(client).faults.append(faults.parse(fault, "down"))


# at once, and later


def test_work_without_a_delay_is_sent_before_the_answer_returns() -> None:
    client = toy.client()
    send(client, PARTNER, text='{"a": 1}', about="a thing")
    [out] = sent(client)
    assert (out.service, out.operation, out.method, out.path, out.status) == ("braze", "a thing", "POST", PARTNER, 200)
    assert out.request_body == b'{"a": 1}'
    assert out.request_headers["authorization"] == "Bearer test-key"
    assert out.response_headers["X-Partner"] == "yes"


def test_the_partner_receives_it_through_the_same_pipeline() -> None:
    client = toy.client()
    send(client, f"{PARTNER}?a=b#c", text="héllo")
    [received] = client.emulator.journal.find(service="your_partner")
    assert (received.direction, received.operation, received.path) == ("in", "receive_it", "/partner/x")
    assert (received.query, received.request_body) == ("a=b", "héllo".encode())


def test_one_trace_leads_from_the_cause_to_the_partner() -> None:
    client = toy.client()
    trace = send(client, PARTNER)
    assert [(entry.service, entry.direction) for entry in client.emulator.journal.find(trace=trace)] == [
        ("braze", "in"),
        ("your_partner", "in"),
        ("braze", "out"),
    ]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://PARTNER.toy:8443/partner/x", "/partner/x"),
        ("http://partner.toy/partner/%20a%2Cb", "/partner/ a,b"),
        ("http://emulator/partner/x", "/partner/x"),
    ],
)
def test_an_address_is_read_as_a_server_would(url: str, path: str) -> None:
    client = toy.client()
    send(client, url)
    assert [entry.path for entry in client.emulator.journal.find(service="your_partner")] == [path]


def test_delayed_work_waits_for_the_clock() -> None:
    client = toy.client()
    send(client, PARTNER, delay=60)
    assert (sent(client), advance(client, 59.5), sent(client)) == ([], 0, [])
    assert advance(client, 0.5) == 1
    assert len(sent(client)) == 1


def test_work_runs_in_order_and_each_at_its_own_time() -> None:
    client = toy.client()
    start = default(client).clock.seconds()
    for delay in (30, 10, 20, 10):
        send(client, f"http://partner.toy/partner/{delay}", delay=delay)
    assert advance(client, 100) == 4
    assert [(entry.path[-2:], entry.time - start) for entry in sent(client)] == [
        ("10", 10),
        ("10", 10),
        ("20", 20),
        ("30", 30),
    ]
    assert default(client).clock.seconds() == start + 100


def test_what_is_overdue_runs_oldest_first_and_equals_in_the_order_they_came() -> None:
    client = toy.client()
    for name, delay in (("c", 20), ("a", 10), ("d", 20), ("b", 10)):
        send(client, f"http://partner.toy/partner/{name}", delay=delay)
    default(client).clock.advance(100)
    assert client.emulator.dispatcher.run_due(default(client)) == 4
    assert [entry.path[-1] for entry in sent(client)] == ["a", "b", "c", "d"]


def test_work_that_makes_work_is_followed_on_the_way() -> None:
    """Braze sends to itself, and that call sends to the partner ten seconds later."""
    client = toy.client()
    inner = '{"urls": ["http://partner.toy/partner/x"], "delay": 10}'
    trace = send(client, "https://braze.toy/things/send", text=inner, delay=10)
    assert advance(client, 15) == 1
    assert advance(client, 5) == 1
    assert client.emulator.journal.count(trace=trace) == 5


def test_work_of_a_call_that_failed_does_not_exist() -> None:
    client = toy.client()
    client.post("/things/refuse", {})
    assert len(default(client).state["outbox"]) == 0
    assert advance(client, 1000) == 0


def test_a_reset_empties_the_outbox() -> None:
    client = toy.client()
    send(client, PARTNER, delay=10)
    default(client).reset()
    assert advance(client, 1000) == 0


def test_a_snapshot_holds_what_waits() -> None:
    client = toy.client()
    send(client, PARTNER, delay=10)
    default(client).snapshot("waiting")
    assert advance(client, 10) == 1
    default(client).restore("waiting")
    assert advance(client, 10) == 1


def test_the_work_of_another_workspace_is_left_alone() -> None:
    client = toy.client()
    client.emulator.workspaces.mint("other", {**toy.FROZEN, "api_keys": [{"key": "other-key"}]})
    client.send("POST", SEND, {"urls": [PARTNER], "delay": 10}, authorization="Bearer other-key")
    assert advance(client, 100) == 0


# retries


@pytest.mark.parametrize("status", sorted(RETRIED - {598, 599}))
def test_a_passing_failure_is_tried_again_on_the_virtual_clock(status: int) -> None:
    client = toy.client()
    start = default(client).clock.seconds()
    break_partner(client, status)
    send(client, PARTNER)
    advance(client, 7200)
    times = [entry.time - start for entry in sent(client)]
    assert times == [sum(BACKOFF[:count]) for count in range(len(BACKOFF) + 1)]
    assert {entry.status for entry in sent(client)} == {status}
    assert len({entry.trace for entry in sent(client)}) == 1


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404])
def test_any_other_answer_is_final(status: int) -> None:
    client = toy.client()
    break_partner(client, status)
    send(client, PARTNER)
    assert advance(client, 7200) == 0
    assert [entry.status for entry in sent(client)] == [status]


def test_retries_stop_when_it_works() -> None:
    client = toy.client()
    break_partner(client, 503, times=2)
    send(client, PARTNER)
    advance(client, 7200)
    assert [entry.status for entry in sent(client)] == [503, 503, 200]


def test_an_entry_says_which_attempt_it_was_and_when_the_next_comes() -> None:
    client = toy.client()
    break_partner(client)
    send(client, PARTNER)
    advance(client, 7200)
    assert [entry.note for entry in sent(client)] == [
        "attempt 1, next in 30 s",
        "attempt 2, next in 120 s",
        "attempt 3, next in 480 s",
        "attempt 4, next in 1200 s",
        "",
    ]


def test_a_follow_up_is_told_every_outcome() -> None:
    client = toy.client()
    break_partner(client, 503, times=1)
    send(client, PARTNER, then="braze.remember")
    assert outcomes(client) == [503]
    advance(client, 30)
    assert outcomes(client) == [503, 200]


# nothing leaves the machine


def test_a_host_that_is_not_allowed_is_refused_and_the_fix_told() -> None:
    client = toy.client()
    send(client, "https://example.com/hook", then="braze.remember")
    [out] = sent(client)
    assert (out.status, out.path) == (0, "https://example.com/hook")
    assert out.note == ("not sent: nothing leaves this machine; to allow it, start with --allow-hosts example.com")
    assert advance(client, 7200) == 0, "a refusal is not tried again"
    assert outcomes(client) == [0]


@pytest.mark.parametrize(
    "url", ["", "hook", "/hook", "ftp://example.com/x", "file:///etc/passwd", "http://", "http://[::1/x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    client = toy.client()
    send(client, url)
    [out] = sent(client)
    assert (out.status, out.path) == (0, url)
    assert out.note == f"not sent: '{url}' is not an address; write http:// or https:// and a host"


def test_an_allowed_host_is_called_over_http() -> None:
    with wire(b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nX-Outside: yes\r\n\r\nmade") as host:
        client = toy.client(allowed_hosts=[host.host])
        send(client, f"{host.url}/hook?a=1", text="é")
    [received] = host.received
    assert received.startswith(b"POST /hook?a=1 HTTP/1.1\r\n") and received.endswith("\r\n\r\né".encode())
    [out] = sent(client)
    assert (out.status, out.response_body, out.response_headers["X-Outside"]) == (201, b"made", "yes")


@pytest.mark.parametrize("error", [requests.ConnectionError("x"), requests.Timeout("x"), requests.ConnectTimeout("x")])
def test_an_allowed_host_that_does_not_answer_is_tried_again(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    outside = mock.Mock(side_effect=error)
    monkeypatch.setattr(requests.Session, "request", outside)
    client = toy.client(allowed_hosts=["example.com"])
    send(client, "https://Example.com/hook")
    advance(client, 7200)
    assert outside.call_count == len(BACKOFF) + 1
    assert {entry.status for entry in sent(client)} == {599}
    assert sent(client)[0].note.startswith(f"connection error: {type(error).__name__}")


def test_a_loop_of_messages_is_cut_and_told() -> None:
    client = toy.client()
    assert client.post("/things/send_myself", {}) == (200, {})
    assert [entry.status for entry in sent(client)] == [200] * MAX_CHAIN + [0]
    assert (
        sent(client)[-1].note == f"not sent: {MAX_CHAIN} messages each caused the next at once; this looks like a loop"
    )
    assert client.post("/things/make", {"name": "still here"})[0] == 201


def test_many_messages_that_each_cause_one_are_no_loop() -> None:
    client, count = toy.client(), MAX_CHAIN * 2
    inner = '{"urls": ["http://partner.toy/partner/x"]}'
    send(client, *["https://braze.toy/things/send"] * count, text=inner, delay=10)
    assert advance(client, 10) == count * 2
    assert {entry.status for entry in sent(client)} == {200, 202}


# how much it costs


class Counted(dict[str, Any]):
    """A record that counts how often one like it is read."""

    reads = 0

    def __getitem__(self, key: str) -> Any:
        Counted.reads += key == "due"
        return super().__getitem__(key)


@pytest.mark.parametrize("spread", [0, 1], ids=["due at once", "each at its own time"])
def test_sending_many_reads_the_outbox_once_and_not_once_an_item(spread: int) -> None:
    client, count = toy.client(), 500
    send(client, *[PARTNER] * count, delay=10)
    with default(client).transaction() as draft:
        for number, (key, item) in enumerate(draft.outbox.items()):
            draft.outbox[key] = Counted(item, due=item["due"] + spread * number)
    Counted.reads = 0
    assert advance(client, 10 + count) == count
    assert count <= Counted.reads <= 5 * count


def test_work_that_is_put_there_by_work_keeps_the_order() -> None:
    client = toy.client()
    send(client, "http://partner.toy/partner/c", delay=20)
    inner = '{"urls": ["http://partner.toy/partner/b"], "delay": 5}'
    send(client, "https://braze.toy/things/send", text=inner, delay=10)
    send(client, "http://partner.toy/partner/a", delay=10)
    assert advance(client, 20) == 4
    assert [entry.path[-1] for entry in sent(client)] == ["d", "a", "b", "c"]


def test_a_line_is_read_again_where_the_outbox_was_replaced() -> None:
    client, line = toy.client(), outbox.Line()
    send(client, PARTNER, PARTNER, delay=20)
    with default(client).transaction() as draft:
        first = line.first(draft)
        line.take(draft)
    default(client).reset()
    assert line.first(default(client).view()) is None
    send(client, PARTNER, delay=30)
    send(client, PARTNER, delay=10)
    assert first is not None
    with default(client).transaction() as draft:
        assert [line.first(draft), line.take(draft)["due"]] == [first - 10, first - 10]
        assert line.first(draft) == first + 10


# bugs of ours behind the address


def test_a_bug_behind_the_address_is_recorded_twice_and_raised() -> None:
    client = toy.client()
    with pytest.raises(RuntimeError, match="a bug of the toy"):
        client.send("POST", SEND, {"urls": ["https://braze.toy/things/break"]})
    found = [(entry.direction, entry.status, "a bug of the toy" in entry.note) for entry in client.entries]
    assert found == [("in", 202, False), ("in", 500, True), ("out", 500, True)]
    assert advance(client, 7200) == 0
