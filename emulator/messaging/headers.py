"""What can be said about a header of a webhook: its name, and the scheme of an authorization."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from emulator.liquid.values import OUTPUT, Finding

KNOWN: Final = {
    name.lower(): name
    for name in (
        "Accept", "Accept-Language", "Authorization", "Cache-Control", "Content-Language", "Content-Type", "Cookie",
        "Date", "From", "If-Match", "If-None-Match", "Origin", "Prefer", "Referer", "User-Agent", "X-Api-Key",
        "X-Request-Id",
    )
}  # fmt: skip
"""Headers of requests that a translation or a slip of the finger may mean."""
SCHEMES: Final = {
    name.lower(): name for name in ("Basic", "Bearer", "Digest", "HMAC", "Hawk", "Token", "ApiKey", "AWS4-HMAC-SHA256")
}
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name, RFC 9110."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def lawful(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def misgivings(name: str, value: str) -> Iterator[Finding]:
    """Findings about one header, whose value is rendered already."""
    meant = _meant(name)
    if meant and meant.lower() != name.lower():
        yield _found("header_misspelt", f"{name} is no header that receivers know; do you mean {meant}?")
    if meant == "Authorization":
        yield from _authorization(value)


@lru_cache(maxsize=1024)
def _meant(name: str) -> str:
    near = get_close_matches(name.lower()[:40], KNOWN, 1, 0.85)
    return KNOWN[near[0]] if near else ""


def _authorization(value: str) -> Iterator[Finding]:
    scheme, blank, rest = value.strip().partition(" ")
    if blank and scheme.lower() not in SCHEMES:
        near = get_close_matches(scheme.lower()[:20], SCHEMES, 1, 0.6)
        text = f"{scheme[:20]} is no scheme of an authorization"
        yield _found("scheme_unknown", text + (f"; do you mean {SCHEMES[near[0]]}?" if near else ""))
    elif scheme.lower() == "basic" and not _is_base64(rest.strip()):
        yield _found(
            "basic_not_encoded", "what follows Basic is not Base64; write {{ 'user:password' | base64_encode }}"
        )


def _is_base64(text: str) -> bool:
    if not _BASE64.fullmatch(text) or len(text) % 4:
        return False
    return bool(b64decode(text))


def _found(rule: str, text: str) -> Finding:
    return Finding(rule, text, OUTPUT, 1, 1)


UNLAWFUL: Final = Finding("header_name", "left out, no HTTP header has such a name (Content-Type is meant?)", OUTPUT)
