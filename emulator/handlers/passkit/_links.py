"""SmartPass links: how one is signed, taken apart and read, and which fields it may carry."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple
from urllib.parse import unquote

from emulator import bodies
from emulator.call import Json
from emulator.errors import ApiError
from emulator.handlers.passkit._messages import instant

_GENDERS: Final = {"0": "NOT_KNOWN", "1": "MALE", "2": "FEMALE"}


class Link(NamedTuple):
    """A link's query. `signed` is its text up to the signature, `data` the value in it, `tracking` what follows."""

    signed: str
    data: str
    signature: str
    tracking: str


def sign(project_url: str, secret: str, signed: str) -> str:
    """HMAC-SHA1 of `{projectUrl}?{signed}` in lower-case hexadecimal. Documented: PassKit's article on hashed links."""
    message = f"{project_url}?{signed}".encode("utf-8", "replace")
    return hmac.new(secret.encode(), message, "sha1").hexdigest()


def opened(query: str, project_url: str, secret: str) -> Link:
    """The link of a raw query string whose signature fits. Raises ApiError bad_link."""
    link = _split(query)
    if not hmac.compare_digest(link.signature.encode("utf-8", "replace"), _signature(link, project_url, secret)):
        raise ApiError("bad_link", hint=_advice(link, project_url, secret))
    return link


def _split(query: str) -> Link:
    """Raises ApiError bad_link for a query that is no hashed link."""
    signed, mark, rest = query.partition("&sig=")
    data = next((part[5:] for part in signed.split("&") if part.startswith("data=")), "")
    if "iv=" in query and not mark:
        raise ApiError("bad_link", hint="this is an encrypted link (iv=); encrypted links are not emulated yet")
    if not mark or not data:
        raise ApiError("bad_link", hint="a SmartPass link is {projectUrl}?data=<base64 of JSON>&sig=<HMAC-SHA1 in hex>")
    signature, _, tracking = rest.partition("&")
    return Link(signed, data, signature, tracking)


def _signature(link: Link, project_url: str, secret: str) -> bytes:
    return sign(project_url, secret, link.signed).encode()


def _advice(link: Link, project_url: str, secret: str) -> str:
    if link.signature == sign(project_url, secret, _restored(link.signed)):
        return "the signature fits the text before it was percent-encoded; send the link as it was signed"
    if link.signature.lower().encode() == _signature(link, project_url, secret):
        return "the signature is right but for its case; write it in lower-case hexadecimal"
    return f"the signature must be HMAC-SHA1(project secret, '{project_url}?data=…'), up to and without '&sig='"


def _restored(text: str) -> str:
    """Undo what a query string does to base64: a plus sign arrives as a space where somebody decoded it."""
    return unquote(text).replace(" ", "+")


def fields(link: Link) -> tuple[dict[str, str], list[str]]:
    """The link's field names and texts, and the JSON pointers of those that stand twice. Raises ApiError bad_link."""
    try:
        text = _decoded(link.data)
        value, repeated = bodies.parse(text)
    except bodies.Malformed as error:
        liquid = "; it holds Liquid that was not rendered" if b"{{" in text else ""
        raise ApiError("bad_link", hint=f"the data is not JSON: {error}{liquid}") from None
    except (binascii.Error, ValueError):
        raise ApiError("bad_link", hint="the data is not base64") from None
    if not isinstance(value, dict):
        raise ApiError("bad_link", hint="the data must be a JSON object of field names and texts")
    for name, item in value.items():
        if not isinstance(item, str):
            raise ApiError("bad_link", hint=f"'{name}' must be a text; write numbers and flags in quotation marks")
    return value, repeated


def _decoded(data: str) -> bytes:
    """Standard base64 (what Liquid's base64_encode makes) or the url-safe one, with or without padding."""
    text = _restored(data).translate(str.maketrans("-_", "+/")).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


FIELDS: Final = (
    r"universal\.(optIn|expiryDate)"
    r"|person\.(surname|forename|otherNames|salutation|suffix|displayName|gender|dateOfBirth|emailAddress"
    r"|mobileNumber|externalId)"
    r"|members\.tier\.id"
    r"|members\.member\.(externalId|points|tierPoints|secondaryPoints|groupingIdentifier|profileImage)"
    r"|singleUseCoupons\.coupon\.(externalId|sku)"
    r"|meta\..+"
    r"|location\[([1-9]|10)\]\.(lat|lon|lockScreenMessage|alt|name|position)"
    r"|beacon\[([1-9]|10)\]\.(uuid|major|minor|lockScreenMessage|name|position)"
    r"|colors\.(backgroundColor|labelColor|textColor|stripColor)"
    # 'privilige' is PassKit's own spelling
    r"|images\.(icon|logo|appleLogo|hero|eventStrip|strip|thumbnail|background|footer|security|privilige"
    r"|airlineAlliance|personalization|banner|message|profile|appImage)"
)
"""The names in PassKit's list of SmartPass fields, compiled when the first is asked for."""

PROTOCOLS: Final = {"members.": "MEMBERSHIP", "singleUseCoupons.": "SINGLE_USE_COUPON"}
"""Beginnings of names that only one kind of project has."""


def is_field(name: str, protocol: str) -> bool:
    """Whether a project of this protocol has a field of this name."""
    owner = next((owner for start, owner in PROTOCOLS.items() if name.startswith(start)), protocol)
    return owner == protocol and re.fullmatch(FIELDS, name) is not None


def typed(name: str, text: str) -> Json:
    """A field's text as the value it stands for. Raises ValueError for a text that does not have the field's form."""
    convert = CONVERT.get(name)
    return convert(text) if convert else text


def _gender(text: str) -> str:
    if text not in _GENDERS:
        raise ValueError("write 0 (not known), 1 (male) or 2 (female)")
    return _GENDERS[text]


def _birth(text: str) -> dict[str, int]:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("write the date as yyyy-mm-dd")
    day = date.fromisoformat(text)
    return {"year": day.year, "month": day.month, "day": day.day}


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("write true or false")
    return text == "true"


def _one(text: str) -> list[str]:
    return [text]


CONVERT: Final[dict[str, Callable[[str], Json]]] = {
    "person.gender": _gender,
    "person.dateOfBirth": _birth,
    "person.otherNames": _one,
    "universal.expiryDate": instant,
    "universal.optIn": _flag,
}
"""Field name -> how its text becomes a value; the other fields are texts."""
