"""A host of the outside world: it keeps the bytes that it was sent, and answers as it was told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Outside: yes\r\n\r\nok"


class Wire:
    """`answers` are given in turn, the last one again and again; None means that no answer comes."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers or (OK,))
        self.received: list[bytes] = []
        self._held: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1"
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self.received.append(_read(caller))
            answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
            if answer is None:
                self._held.append(caller)
                continue
            caller.sendall(answer)
            caller.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for a caller
        self._socket.close()
        for one in self._held:
            one.close()


def _read(caller: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += caller.recv(65_536)
    head, _, body = found.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while lengths and len(body) < int(lengths[0]):
        body += caller.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def wire(*answers: bytes | None) -> Iterator[Wire]:
    made = Wire(*answers)
    try:
        yield made
    finally:
        made.close()
