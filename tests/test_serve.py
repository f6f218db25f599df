"""The real server against bytes that no HTTP library would send: each is answered, recorded, and serving goes on."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from emulator import inspection, serve
from emulator.call import Fate
from emulator.journal import Entry

HEADERS = b"Host: x\r\nAuthorization: Bearer secret-key\r\nContent-Type: application/json\r\n"
TRACK = b"POST /users/track HTTP/1.1\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def sent(server: dict[str, Any], raw: bytes, close: bool = False) -> tuple[int, bytes]:
    """(status, everything that came) for bytes sent on a connection of their own."""
    with socket.create_connection(("127.0.0.1", server["port"]), timeout=10) as connection:
        with suppress(OSError):  # the server may have answered and closed before all was sent
            connection.sendall(raw)
        if close:
            connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    return int(answer.split(b" ")[1]), answer


def body(raw: bytes) -> bytes:
    return HEADERS + f"Content-Length: {len(raw)}\r\n\r\n".encode() + raw


SYNTAX = b"Error while parsing request body. Please check your syntax."
CASES: dict[str, tuple[bytes, bool, int, bytes]] = {
    "a truncated body": (TRACK + HEADERS + b'Content-Length: 100\r\n\r\n{"a"', True, 400, SYNTAX),
    "a body of 5 MB": (TRACK + body(b" " * 5_000_000), False, 413, b"Request Entity Too Large"),
    "an array 2,000 deep": (TRACK + body(b"[" * 2000 + b"]" * 2000), False, 400, SYNTAX),
    "invalid UTF-8": (TRACK + body(b'{"a":"\xff"}'), False, 400, SYNTAX),
    "NaN": (TRACK + body(b'{"attributes":[NaN]}'), False, 400, SYNTAX),
    "an unknown method": (b"FOO /users/track HTTP/1.1\r\n" + body(b"{}"), False, 404, b"Not Found"),
    "a huge header": (TRACK + b"X-Big: " + b"a" * 60_000 + b"\r\n" + body(b"{}"), False, 431, b"Too Large"),
    "a header of 3 MB": (TRACK + b"X-Big: " + b"a" * 3_000_000 + b"\r\n" + body(b"{}"), False, 431, b"Too Large"),
    "almost 64 KB of path": (b"GET /" + b"a" * 65_500 + b" HTTP/1.1\r\n" + body(b""), False, 404, b"Not Found"),
    "100 headers": (TRACK + b"".join(b"X-%d: a\r\n" % n for n in range(96)) + body(b"{}"), False, 400, b"Valid data"),
    "the same length twice": (TRACK + b"Content-Length: 2\r\n" + body(b"{}"), False, 400, b"Valid data"),
    "header bytes that are no text": (TRACK + b"X-B: \xe9\xff\r\n" + body(b"{}"), False, 400, b"Valid data must"),
    "a path that is no text": (b"GET /caf%C3%A9/%FF%00 HTTP/1.1\r\n" + body(b""), False, 404, b"Not Found"),
    "a chunked body": (
        TRACK + HEADERS + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        False, 400, b"Valid data must",
    ),
    "no body": (TRACK + HEADERS + b"\r\n", False, 400, SYNTAX),
    "another content type": (
        TRACK + b"Host: x\r\nAuthorization: Bearer k\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
        False, 415, b"Unsupported",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_odd_bytes_are_answered_and_recorded(server: dict[str, Any], name: str) -> None:
    raw, close, status, said = CASES[name]
    found, answer = sent(server, raw, close)
    assert (found, said in answer) == (status, True), answer
    assert b"Traceback" not in answer
    number = next(line.split(b": ")[1] for line in answer.split(b"\r\n") if line.startswith(b"x-emulator-entry"))
    entry = requests.get(f"{server['control']}/journal/{number.decode()}", timeout=5).json()
    assert entry["status"] == status
    assert requests.get(f"{server['control']}/health", timeout=5).status_code == 200


BY_THE_SERVER: dict[str, tuple[bytes, int]] = {
    "more than 100 headers": (TRACK + b"".join(b"X-%d: a\r\n" % number for number in range(98)) + body(b"{}"), 431),
    "a head over 4 MB": (TRACK + b"X-Big: " + b"a" * 4_400_000 + b"\r\n" + body(b"{}"), 431),
    "a path over 64 KB": (b"GET /" + b"a" * 65_534 + b" HTTP/1.1\r\n" + body(b""), 414),
    "two lengths": (TRACK + b"Content-Length: 3\r\n" + body(b"{}"), 400),
    "a list of lengths": (TRACK + HEADERS + b"Content-Length: 2, 2\r\n\r\n{}", 400),
    "a length that is no number": (TRACK + HEADERS + b"Content-Length: two\r\n\r\n{}", 400),
    "an unknown coding": (TRACK + HEADERS + b"Transfer-Encoding: gzip\r\n\r\n{}", 400),
    "a header name with a blank": (TRACK + b"Request Body: application/json\r\n" + body(b"{}"), 400),
    "a header name with an accent": (TRACK + "Clé: x\r\n".encode() + body(b"{}"), 400),
    "a control character in a header": (TRACK + b"X: a\x01b\r\n" + body(b"{}"), 400),
    "a blank in the path": (b"GET /a b HTTP/1.1\r\n" + body(b""), 400),
    "a bracket in the path": (b"GET /a<b HTTP/1.1\r\n" + body(b""), 400),
    "no HTTP": (b"hello\r\n\r\n", 400),
    "no version of HTTP": (b"GET /users\r\n\r\n", 400),
}
"""What docs/fidelity.md lists under its known limits."""


@pytest.mark.parametrize("name", BY_THE_SERVER)
def test_what_the_server_refuses_itself_is_not_recorded_and_serving_goes_on(server: dict[str, Any], name: str) -> None:
    raw, status = BY_THE_SERVER[name]
    found, answer = sent(server, raw)
    assert (found, b"x-emulator" in answer) == (status, False), answer
    assert requests.get(f"{server['control']}/health", timeout=5).status_code == 200


def test_waiting_does_not_keep_others_from_being_answered(server: dict[str, Any]) -> None:
    """Two calls wait, a third is held back by a fault, and there is still a thread to answer."""
    asked = json.dumps({"service": "inkit", "timeout": "4s"}).encode()
    wait = b"POST /_emulator/wait HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    wait += f"Content-Length: {len(asked)}\r\n\r\n".encode() + asked
    fault = {"when": {"operation": "track_users"}, "delay": "4s"}
    assert requests.post(f"{server['control']}/faults", json=fault, timeout=5).status_code == 200
    with ExitStack() as stack:
        for raw in (wait, wait, TRACK + body(b"{}")):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server["port"])))
            connection.sendall(raw)
        for _ in range(5):
            assert requests.get(f"{server['control']}/health", timeout=2).status_code == 200


def entry() -> Entry:
    return Entry(
        "t-1", 1767225600.0, "default", "in", "braze", "track_users", "POST", "/users/track", "", 201,
        {"authorization": "Bearer secret-key"}, b"{}", {}, b"{}", [Fate("/a", "duplicate_key", "a")], 1.5, "", 7,
    )  # fmt: skip


def test_a_line_an_exchange_for_people() -> None:
    told = serve._text(entry())
    assert told == "00:00:00 #7 ← 201 POST /users/track  braze/track_users  (duplicate_key)"


def test_a_line_an_exchange_for_machines_has_no_credentials() -> None:
    told = json.loads(serve._json_line(entry()))
    assert (told["id"], told["fates"], told["authorization"]) == (7, ["duplicate_key"], "Bearer sec…")
    assert "secret-key" not in serve._json_line(entry())


def test_what_is_shown_of_an_entry_has_no_credentials() -> None:
    assert "secret-key" not in str(inspection.shown(entry()))
    assert "secret-key" in str(inspection.shown(entry(), reveal=True))
