"""Credentials are told apart but not told: in logs, in the control API and in reports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import orjson

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


def text(given: str) -> str:
    """A body as text: what `body` does to it, and every other letter as it was."""
    try:
        found = orjson.loads(given)
    except orjson.JSONDecodeError:
        return given
    for name in FIELDS & found.keys() if isinstance(found, dict) else ():
        secret = found[name]
        if isinstance(secret, str) and secret:
            given = given.replace(orjson.dumps(secret).decode()[1:-1], value(secret))
    return given


def headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value(text) if name.lower() in HEADERS else text for name, text in given.items()}


def value(text: str) -> str:
    """`Bearer abcd…` for `Bearer abcdefgh`: enough to recognise a credential, too little to use it."""
    scheme, blank, secret = text.strip().partition(" ")
    if not blank:
        scheme, secret = "", scheme
    return f"{scheme}{blank}{_cut(secret)}"


def _cut(secret: str) -> str:
    return f"{secret[: min(4, len(secret) // 3)]}…"


class Addresses:
    """Cuts the credentials of an address. `paths` are beginnings of paths, as far as a secret part (`/behavioral/`);
    `names` are those of query parameters that are secret beside FIELDS.

    A beginning counts wherever it stands, in any case of letters, because a mistyped address holds the same secret.
    """

    def __init__(self, paths: Iterable[str], names: Iterable[str]) -> None:
        beginnings = ["[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path))).replace("/", "/+") for path in paths]
        self._paths = [re.compile(f"({beginning})([^/?]+)", re.IGNORECASE) for beginning in beginnings]
        self._names = FIELDS.union(names)

    def path(self, given: str) -> str:
        """A path or a whole URL. A query that was URL-encoded has become a part of the path, and is cut as one."""
        path, mark, query = given.partition("?")
        for pattern in self._paths:
            path = pattern.sub(lambda found: f"{found[1]}{_cut(found[2])}", path)
        return f"{path}{mark}{self.query(query)}" if mark else path

    def query(self, given: str) -> str:
        """A raw query; everything but its secret values stays as it is."""
        return "&".join(map(self._parameter, given.split("&"))) if given else given

    def _parameter(self, given: str) -> str:
        name, sign, secret = given.partition("=")
        return f"{name}{sign}{_cut(secret)}" if unquote(name).removesuffix("[]") in self._names and secret else given
