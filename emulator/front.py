"""What stands in front of Flask's routing: the emulated services themselves.

Requests for them go from WSGI straight to the pipeline, because Flask's own routing and request objects cost more than
everything the pipeline does with a small request.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from emulator import spare
from emulator.call import Request, Response
from emulator.pipeline import Emulator

CONTROL: Final = "/_emulator"
MAX_READ: Final = 16_000_000
"""Bytes of a body that are read at most; every service refuses far smaller ones."""
REASONS: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class Front:
    """WSGI: /_emulator/… to Flask, everything else to the pipeline."""

    def __init__(self, emulator: Emulator, flask: Wsgi) -> None:
        self._answer = emulator.answer
        self._spare = emulator.spare
        self._flask = flask

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == spare.PATH and environ.get(spare.HEADER) == self._spare.token:
            self._spare.park()
            start_response("204 No Content", [])
            return []
        if path.startswith(CONTROL) and path[len(CONTROL) : len(CONTROL) + 1] in ("", "/"):
            return self._flask(environ, start_response)
        try:
            response = self._answer(read(environ))
        except Exception:  # a bug of ours, already recorded by the pipeline; the client must know that it is ours
            traceback.print_exc()
            response = _bug()
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body
        headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
        start_response(REASONS.get(response.status, f"{response.status} -"), headers)
        return [body]


class Delayed:
    """A WSGI application that is made when it is first called, or before, by `ready`."""

    def __init__(self, make: Callable[[], Wsgi]) -> None:
        self._make = make
        self._made: Wsgi | None = None
        self._lock = threading.Lock()

    def ready(self) -> Wsgi:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return (self._made or self.ready())(environ, start_response)


def read(environ: Environ) -> Request:
    """A WSGI environment as a Request."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name, header in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        if environ.get(name):
            headers[header] = environ[name]
    path = environ["PATH_INFO"]
    if not path.isascii():  # WSGI hands over bytes as Latin-1
        path = path.encode("latin-1").decode("utf-8", "replace")
    return Request(environ["REQUEST_METHOD"], path or "/", environ.get("QUERY_STRING", ""), headers, _body(environ))


def _body(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if length and length.isdigit():
        return bytes(environ["wsgi.input"].read(min(int(length), MAX_READ)))
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return bytes(environ["wsgi.input"].read(MAX_READ))
    return b""


def _bug() -> Response:
    body = b'{"message":"Internal Server Error"}'
    headers = {
        "Content-Type": "application/json",
        "X-Emulator-Bug": "this is a defect of the emulator, not of your request; the journal holds the trace",
    }
    return Response(500, headers, body)
