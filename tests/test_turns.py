"""Who sends for a workspace while an outside host is slow: nobody else waits, nothing is sent twice or out of order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from emulator import clock
from emulator.call import Work
from emulator.journal import Entry
from emulator.messaging import outbox
from emulator.workspaces import Workspace
from tests import toy
from tests.conftest import Client

OUTSIDE = "https://example.com/hook"
INSIDE = "http://partner.toy/partner/x"
PATIENCE = 10.0


class SlowHost:
    """An allowed outside host that answers when it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked, self.reached, self.go = list[str](), threading.Event(), threading.Event()

    def __call__(self, method: str, url: str, data: bytes, **more: Any) -> requests.Response:
        self.asked.append(data.decode())
        self.reached.set()
        assert self.go.wait(PATIENCE)
        made = requests.Response()
        made._content_consumed = True
        made.status_code, made._content = 200, b""
        return made


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowHost]:
    slow = SlowHost()
    monkeypatch.setattr(requests.Session, "request", slow)
    yield slow
    slow.go.set()


@pytest.fixture
def client() -> Client:
    """Both workspaces declare their keys: a key that nobody has would mean the sender's own workspace."""
    made = toy.client({**toy.FROZEN, "api_keys": [{"key": "test-key"}]}, allowed_hosts=["example.com"])
    made.emulator.workspaces.mint("other", {**toy.FROZEN, "api_keys": [{"key": "other-key"}]})
    return made


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def send(client: Client, url: str, text: str = "{}", key: str = "test-key", delay: float = 0) -> int:
    body = {"urls": [url], "text": text, "delay": delay}
    return client.send("POST", "/things/send", body, authorization=f"Bearer {key}").status


def sent(client: Client, workspace: str = "default") -> list[Entry]:
    return client.emulator.journal.find(limit=-1, direction="out", workspace=workspace)


def workspace(client: Client, name: str = "default") -> Workspace:
    return client.emulator.workspaces.all[name]


def until(true: Any) -> None:
    end = clock.stopwatch() + PATIENCE
    while not true():
        assert clock.stopwatch() < end
        clock.pause(0.005)


def test_another_workspace_is_not_stalled_by_a_slow_host(
    client: Client, host: SlowHost, pool: ThreadPoolExecutor
) -> None:
    slow = pool.submit(send, client, OUTSIDE)
    assert host.reached.wait(PATIENCE)
    assert send(client, INSIDE, key="other-key") == 202
    assert client.emulator.dispatcher.advance(workspace(client, "other"), 10) == 0
    assert [entry.status for entry in sent(client, "other")] == [200]
    assert not slow.done()
    host.go.set()
    assert slow.result(PATIENCE) == 202


def test_the_same_workspace_answers_too_and_its_work_is_sent_next_in_order(
    client: Client, host: SlowHost, pool: ThreadPoolExecutor
) -> None:
    slow = pool.submit(send, client, OUTSIDE, "0")
    assert host.reached.wait(PATIENCE)
    for number in range(1, 5):
        assert send(client, OUTSIDE, str(number)) == 202
    assert (host.asked, sent(client)) == (["0"], [])
    host.go.set()
    assert slow.result(PATIENCE) == 202
    assert host.asked == ["0", "1", "2", "3", "4"]
    assert [entry.request_body for entry in sent(client)] == [b"0", b"1", b"2", b"3", b"4"]


def test_who_settles_or_advances_waits_until_it_is_sent(
    client: Client, host: SlowHost, pool: ThreadPoolExecutor
) -> None:
    pool.submit(send, client, OUTSIDE)
    assert host.reached.wait(PATIENCE)
    advancing = pool.submit(client.emulator.dispatcher.advance, workspace(client), 60)
    settling = pool.submit(client.emulator.dispatcher.run_due, workspace(client), patient=True)
    assert not advancing.done() and not settling.done()
    host.go.set()
    assert (advancing.result(PATIENCE), settling.result(PATIENCE)) == (0, 0)
    assert len(sent(client)) == 1


def test_the_clockwork_goes_on_to_the_next_workspace(client: Client, host: SlowHost) -> None:
    send(client, OUTSIDE, delay=10)
    send(client, INSIDE, key="other-key", delay=10)
    for one in client.emulator.workspaces:
        one.clock.advance(10)
    for _ in range(3):
        for one in client.emulator.workspaces:
            client.emulator.dispatcher.run_apart(one)
    until(lambda: sent(client, "other"))
    assert sent(client) == []
    host.go.set()
    until(lambda: sent(client))
    assert (len(host.asked), len(sent(client)), len(sent(client, "other"))) == (1, 1, 1)


def test_two_threads_never_send_the_same(client: Client, pool: ThreadPoolExecutor) -> None:
    one, dispatcher = workspace(client), client.emulator.dispatcher
    for number in range(100):
        send(client, INSIDE, str(number), delay=10)
    one.clock.advance(10)
    gate = threading.Barrier(8)

    def run(patient: bool) -> int:
        gate.wait(PATIENCE)
        return dispatcher.run_due(one, patient=patient)

    assert sum(pool.map(run, [True, False] * 4)) == 100
    assert [entry.request_body.decode() for entry in sent(client)] == [str(number) for number in range(100)]


def test_workspaces_that_send_to_each_other_do_not_wait_for_each_other(
    client: Client, pool: ThreadPoolExecutor
) -> None:
    """Each message is a call in the other workspace which sends one to the partner; two threads at once."""
    keys = {"default": "other-key", "other": "test-key"}

    def ping(name: str) -> None:
        for _ in range(50):
            inner = {"urls": [INSIDE]}
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {keys[name]}"}
            call = Work("https://braze.toy/things/send", "POST", headers, inner)
            with workspace(client, name).transaction() as draft:
                outbox.add(draft, call, "braze", "t", workspace(client, name).clock.seconds())
            client.emulator.dispatcher.run_due(workspace(client, name))

    for done in [pool.submit(ping, name) for name in keys]:
        done.result(PATIENCE)
    for name in keys:
        client.emulator.dispatcher.run_due(workspace(client, name), patient=True)
    assert [len(sent(client, name)) for name in keys] == [100, 100]


def test_a_bug_ends_the_turn(client: Client) -> None:
    with pytest.raises(RuntimeError, match="a bug of the toy"):
        send(client, "https://braze.toy/things/break")
    assert send(client, INSIDE) == 202
    assert [entry.status for entry in sent(client)] == [500, 200]
