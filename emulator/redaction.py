"""Credentials are told apart but not told: in logs, in the control API and in reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-inkit-api-token", "x-passkit-token"}
)
"""Header names, in lower case, whose values are credentials."""


FIELDS: Final = frozenset({"api_token", "api_key", "password", "token"})
"""Top-level body fields that hold credentials: Inkit's token, Braze's older key, what a log-in sends and gets."""


def body(given: Any) -> Any:
    """A JSON body with its credentials cut short."""
    if not isinstance(given, dict) or FIELDS.isdisjoint(given):
        return given
    return {name: value(text) if name in FIELDS and isinstance(text, str) else text for name, text in given.items()}


def headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value(text) if name.lower() in HEADERS else text for name, text in given.items()}


def value(text: str) -> str:
    """`Bearer abcd…` for `Bearer abcdefgh`: enough to recognise a credential, too little to use it."""
    scheme, blank, secret = text.strip().partition(" ")
    if not blank:
        scheme, secret = "", scheme
    return f"{scheme}{blank}{secret[: min(4, len(secret) // 3)]}…"
