"""Threads that a server keeps in reserve.

Python runs one thread at a time, and threads that take turns at small requests cost half the speed of one. But a server
with one thread answers nobody while a caller waits for an exchange or a fault holds an answer back. So the threads
beyond the first are parked: each is given a request that does nothing but wait. When a call is going to block, it
says so, and as many parked threads as there are blocked ones go to work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from emulator import clock, ids

PATH: Final = "/_emulator/park"
HEADER: Final = "HTTP_X_EMULATOR_PARK"
SLICE: Final = 1.0
"""Seconds that a thread stays parked at most: so long may a stop of the server have to wait for it."""


class Spare:
    """`count` threads of the server are parked, less one for each call that blocks."""

    def __init__(self, count: int) -> None:
        self.token = ids.token("park")
        self.count = count
        self._parked = 0
        self._blocked = 0
        self._changed = threading.Condition()

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Around whatever keeps a thread of the server from answering."""
        self._block(1)
        try:
            yield
        finally:
            self._block(-1)

    def pause(self, seconds: float) -> None:
        with self.blocking():
            clock.pause(seconds)

    def _block(self, more: int) -> None:
        with self._changed:
            self._blocked += more
            self._changed.notify_all()

    def park(self) -> None:
        """On a thread of the server: wait until it is needed, or for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._parked > self.count - self._blocked, SLICE)

    def start(self, host: str, port: int) -> None:
        """Begin to send the server the requests that park its threads."""
        for number in range(self.count):
            threading.Thread(target=self._keep, args=(host, port), daemon=True, name=f"parking-{number}").start()

    def _keep(self, host: str, port: int) -> None:
        import http.client  # 15 ms that the first answer need not wait for

        connection = http.client.HTTPConnection(host, port)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._parked < self.count - self._blocked)
                self._parked += 1
            try:
                connection.request("GET", PATH, headers={"X-Emulator-Park": self.token})
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):  # the server stops, or has closed an idle connection
                connection.close()
                clock.pause(SLICE)
            finally:
                with self._changed:
                    self._parked -= 1
                    self._changed.notify_all()
