"""The request of a connected_content tag, from its options as they were rendered."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import orjson

from emulator.liquid.names import listed
from emulator.liquid.values import Fetch

OPTIONS: Final = listed(
    "save method headers body content_type basic_auth auth_credentials cache_max_age no_cache cache retry rerender"
)
SECONDS: Final = 2.0
VERSION: Final = "1.0.0"
ALWAYS: Final = {
    "User-Agent": f"Braze Sender {VERSION}",
    "X-Braze-Sender-Version": VERSION,
    "Accept-Encoding": "gzip",
}
"""Sent with every request, besides what HTTP itself needs."""

FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_BRAZE: Final = re.compile(r"rest(\.[\w-]+)*\.braze\.(com|eu)", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443}

Note = Callable[[str, str], None]


class NoCredential(Exception):
    """The tag names a credential that is not there."""


def build(url: str, options: Mapping[str, str], credentials: Mapping[str, Any], note: Note) -> Fetch:
    """Raises NoCredential."""
    method = "POST" if options.get("method", "").strip().lower() == "post" else "GET"
    url, headers = _without_user(url.replace("\u00a0", "").strip())
    kind = options.get("content_type", "").strip()
    defaults = {"Content-Type": kind or (FORM if method == "POST" else _JSON), "Accept": kind or "*/*"}
    host = _host(url)
    headers |= _credential(options, credentials, host, note)
    if _BRAZE.fullmatch(host):
        headers["BrazeToBraze"] = "true"
    merged = _merged(ALWAYS | defaults, headers, _given(options.get("headers", ""), note))
    body = _body(options, _named(merged, "content-type"), note) if method == "POST" else None
    return Fetch(method, url, merged, body, SECONDS)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _without_user(url: str) -> tuple[str, dict[str, str]]:
    """User and password in a URL go into a header."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, {}
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {_base64(unquote(user))}"}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _credential(options: Mapping[str, str], credentials: Mapping[str, Any], host: str, note: Note) -> dict[str, str]:
    """Raises NoCredential where there is none of this name and kind. A token goes to its own domain only."""
    pair, token = options.get("basic_auth", "").strip(), options.get("auth_credentials", "").strip()
    held = credentials.get(pair or token, {})
    if pair and "username" in held:
        return {"Authorization": f"Basic {_base64(held['username'] + ':' + held['password'])}"}
    if not (pair or token):
        return {}
    if pair or "token" not in held:
        raise NoCredential(pair or token)
    domain = held.get("allowed_domain", "").lower()
    if domain and host != domain and not host.endswith(f".{domain}"):
        note("credential_other_domain", f"the token {token!r} is for {domain}, not for {host}; it is not sent")
        return {}
    return {held.get("header", "Authorization"): held["token"]}


def _given(text: str, note: Note) -> dict[str, str]:
    if not text.strip():
        return {}
    try:
        found = orjson.loads(text)
        return {
            str(name): value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in found.items()
        }
    except (orjson.JSONDecodeError, AttributeError):
        note("call_headers_unreadable", ":headers is not a JSON object; none of it is sent")
        return {}


def _merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Later headers win, whatever the case of their names."""
    merged: dict[str, tuple[str, str]] = {}
    for layer in layers:
        merged |= {name.lower(): (name, value) for name, value in layer.items()}
    return dict(merged.values())


def _named(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _body(options: Mapping[str, str], kind: str, note: Note) -> str | None:
    body = options.get("body")
    if body is None:
        return None
    if kind.startswith(_JSON) and not body.lstrip().startswith(("{", "[")):
        return orjson.dumps(dict(parse_qsl(body, keep_blank_values=True))).decode()
    return body


def refused(url: str, ports: frozenset[int] | None) -> str:
    """Why Braze would not call a URL; nothing where it would."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError as error:
        return str(error)
    if parts.scheme.lower() not in _PORTS or not parts.hostname:
        return f"{url[:80]!r} is no URL of http or https"
    if ports is not None and port not in ports:
        return f"port {port} is not called, only {' and '.join(map(str, sorted(ports)))}"
    return ""
