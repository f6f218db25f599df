"""The only outgoing HTTP: one request to a host of the outside world, with the bytes and headers that it was given.

Nothing is added but what HTTP itself needs (Host, Content-Length, Connection). Redirects are not followed (documented).
No proxy and no .netrc of this machine has a say: they could change a header, or who is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from emulator import clock
from emulator.call import Response

UNREACHABLE: Final = 599
"""No connection: Braze's own code (documented)."""
TOO_LATE: Final = 408
"""No answer in time: that such a call is a failure is documented, the code that stands for it is assumed."""
MAX_ANSWER: Final = 16_000_000
"""Bytes of an answer that are read at most."""
_PIECE: Final = 65_536
PORTS: Final = {"http": 80, "https": 443}


def port_note(url: str) -> str:
    """What Braze would say to the port of an address: it calls 80 and 443 only (documented)."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    return "" if port in (0, 80, 443) else f"Braze calls the ports 80 and 443 only, not {port}"


def too_late(seconds: float) -> tuple[Response, str]:
    return Response(TOO_LATE), f"no answer within {seconds:g} s"


def call(item: Mapping[str, Any], timeout: float) -> tuple[Response, str]:
    """The answer and what there is to say of it; `item` has method, url, headers and body."""
    import requests  # 60 ms, and only where a host was allowed

    with requests.Session() as session:
        session.trust_env = False
        session.headers.clear()
        try:
            with session.request(
                item["method"], item["url"], headers=_headers(item["headers"]), data=item["body"].encode(),
                timeout=timeout, allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                content, note = _read(answer, timeout)
        except requests.ReadTimeout:
            return too_late(timeout)
        except ValueError as error:  # its text may hold a credential
            return Response(0), f"not sent: HTTP cannot write this address or header: {type(error).__name__}"
        except requests.RequestException as error:
            return Response(UNREACHABLE), f"connection error: {type(error).__name__}"
    return Response(answer.status_code, dict(answer.headers), content), note


def _headers(given: Mapping[str, str]) -> dict[str, Any]:
    """In their order and with their letters; what `requests` would add by itself is left out."""
    from urllib3.util import SKIP_HEADER

    names = {name.lower() for name in given}
    added = {name: SKIP_HEADER for name in ("User-Agent", "Accept-Encoding") if name.lower() not in names}
    return {**{name: value.encode() for name, value in given.items()}, **added}


def _read(answer: Any, timeout: float) -> tuple[bytes, str]:
    """The body, as far as it is taken; an answer that trickles in may take no longer than one that does not come."""
    import requests

    found, end = bytearray(), clock.stopwatch() + timeout
    for piece in answer.iter_content(_PIECE):
        found += piece
        if len(found) > MAX_ANSWER:
            return bytes(found[:MAX_ANSWER]), f"only the first {MAX_ANSWER} bytes of the answer were read"
        if clock.stopwatch() > end:
            raise requests.ReadTimeout
    return bytes(found), ""
