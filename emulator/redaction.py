"""Credentials are told apart but not told: in logs, in the control API and in reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-inkit-api-token", "x-passkit-token"}
)
"""Header names, in lower case, whose values are credentials."""


def headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value(text) if name.lower() in HEADERS else text for name, text in given.items()}


def value(text: str) -> str:
    """`Bearer abcd…` for `Bearer abcdefgh`: enough to recognise a credential, too little to use it."""
    scheme, blank, secret = text.rpartition(" ")
    return f"{scheme}{blank}{secret[: min(4, len(secret) // 3)]}…"
