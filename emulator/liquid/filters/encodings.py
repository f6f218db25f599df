"""Filters that hash, encode and escape. Texts are UTF-8; nothing is the empty text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus

import orjson

from emulator.liquid.ruby import RubyError, text

_KEPT_IN_URLS: Final = "-_.!~*'();/?:@&=+$,[]"


def _digest(name: str) -> Callable[[Any], str]:
    def digest(value: Any) -> str:
        return hashlib.new(name, text(value).encode(), usedforsecurity=False).hexdigest()

    return digest


def _signature(name: str, in_base64: bool = False) -> Callable[[Any, Any], str]:
    def signature(value: Any, key: Any) -> str:
        signed = hmac.digest(text(key).encode(), text(value).encode(), name)
        return base64.b64encode(signed).decode() if in_base64 else signed.hex()

    return signature


def base64_encode(value: Any) -> str:
    return base64.b64encode(text(value).encode()).decode()


def base64_decode(value: Any) -> str:
    try:
        return base64.b64decode(text(value).encode(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise RubyError("invalid base64 provided to base64_decode") from error


def url_encode(value: Any) -> str | None:
    return None if value is None else quote_plus(text(value).encode())


def url_decode(value: Any) -> str | None:
    return None if value is None else unquote_plus(text(value))


def url_escape(value: Any) -> str:
    """What may stand anywhere in a URL stays."""
    return quote(text(value).encode(), safe=_KEPT_IN_URLS)


def url_param_escape(value: Any) -> str:
    return quote(text(value).encode(), safe="")


def json_escape(value: Any) -> str:
    """As it stands between the quotation marks of a JSON text."""
    return orjson.dumps(text(value)).decode()[1:-1]


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "md5": _digest("md5"),
    "sha1": _digest("sha1"),
    "sha2": _digest("sha256"),
    "hmac_sha1": _signature("sha1"),
    "hmac_sha1_hex": _signature("sha1"),
    "hmac_sha1_base64": _signature("sha1", in_base64=True),
    "hmac_sha256": _signature("sha256"),
    "hmac_sha256_hex": _signature("sha256"),
    "hmac_sha256_base64": _signature("sha256", in_base64=True),
    "hmac_sha512": _signature("sha512"),
    "base64_encode": base64_encode,
    "base64_decode": base64_decode,
    "url_encode": url_encode,
    "url_decode": url_decode,
    "url_escape": url_escape,
    "url_param_escape": url_param_escape,
    "json_escape": json_escape,
}
