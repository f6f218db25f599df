"""Who calls: one small function per scheme, from a request to the account that its credential belongs to."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from emulator import bodies
from emulator.call import Account, Call
from emulator.errors import ApiError

Lookup = Callable[[str, str], Account | None]
"""(service name, credential) -> account, or None for a credential that no workspace has."""


def authenticate(call: Call, scheme: str, lookup: Lookup) -> None:
    """Set `call.account`. Raises ApiError as the service words it."""
    call.account = SCHEMES[scheme](call, lookup)


def guess(call: Call, lookup: Lookup) -> Account | None:
    """Whose a request is that was refused before anyone asked, so that its journal entry stands in that workspace."""
    try:
        return SCHEMES[call.service.data["auth"]](call, lookup)
    except (ApiError, KeyError):
        return None


def permit(call: Call) -> None:
    """Check the permission that the operation needs. Raises ApiError `forbidden`."""
    assert call.operation is not None and call.account is not None
    needed = call.operation.data.get("permission")
    granted = call.account.permissions
    if needed and granted is not None and needed not in granted:
        raise ApiError(
            "forbidden",
            permission=needed,
            hint=f"give the API key the permission '{needed}', in the seed under api_keys",
        )


def _bearer(call: Call, lookup: Lookup) -> Account:
    """`Authorization: Bearer <key>`. The key is echoed in Braze's refusal (observed)."""
    value = call.request.headers.get("authorization", "")
    key = value[7:].strip() if value[:7].lower() == "bearer " else ""
    account = lookup(call.service.name, key) if key else None
    if account is None:
        raise ApiError("unauthenticated", key=key, hint=_advice(call, key, "Authorization: Bearer <key>"))
    return account


_PLACEHOLDER: Final = re.compile(r"<[^>]*>|\[[A-Z_ ]+\]|\{\{|\{%")
"""What partner pages write where the credential belongs, and Liquid that was not rendered."""


def _advice(call: Call, credential: str, form: str) -> str:
    """What is wrong with a credential that nobody has, or with a request without one. `form` is how to send it."""
    mistake = _mistake(call, credential, form)
    if mistake or not credential:
        return f"{mistake}send the header {form}"
    return "no workspace has this credential; POST /_emulator/workspaces makes one, GET lists them"


def _mistake(call: Call, credential: str, form: str) -> str:
    """The usual ways to lose a credential, in words that go before the advice; nothing for other ways."""
    value = call.request.headers.get("authorization", "")
    if not value:
        if "autorisation" in call.request.headers:
            return "the header is named Authorization, also where a translated page writes Autorisation; "
        return "api_key in the body is not read; " if b'"api_key"' in call.request.body else ""
    scheme, _, rest = value.partition(" ")
    if _PLACEHOLDER.search(value):
        return "the header still holds the placeholder of a template; "
    if rest and not credential and scheme.lower() not in form.lower():
        return f"the scheme is not {scheme[:20]}; "
    return "the key stands in quotation marks, take them out; " if rest[:1] in ('"', "'") else ""


def _inkit(call: Call, lookup: Lookup) -> Account:
    """Basic of the token without a colon, `token:`, `Inkit <token>`, or the body's api_token; two must agree."""
    header = _inkit_header_token(call.request.headers.get("authorization", ""))
    body, readable = _inkit_body_token(call)
    if header and body and header != body:
        raise ApiError("unauthenticated", hint="the token of the header and the api_token of the body differ")
    token = header or body
    account = lookup("inkit", token) if token else None
    if account is None:
        unread = "" if readable else "the body is not JSON, so it has no api_token; "
        hint = _advice(call, token, "Authorization: Basic base64(<token>), without colon")
        raise ApiError("unauthenticated", hint=unread + hint)
    return account


def _inkit_header_token(value: str) -> str:
    """The token of the header, or nothing for another scheme. Raises ApiError for a Basic value that is no base64."""
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "basic" and rest:
        rest = _base64_text(rest).strip().removesuffix(":")
        if not rest:
            raise ApiError("unauthenticated", hint="the value after Basic is not base64; in Liquid: | base64_encode")
    elif scheme.lower() != "inkit":
        rest = ""
    return _inkit_token(rest)


def _inkit_body_token(call: Call) -> tuple[str, bool]:
    """The api_token of the body, and whether there was a body that could be read (none at all counts as read)."""
    if not call.request.body:
        return "", True
    try:
        body = bodies.parse(call.request.body)[0]
    except bodies.Malformed:
        return "", False
    token = body.get("api_token") if isinstance(body, dict) else ""
    return _inkit_token(token) if isinstance(token, str) else "", True


def _inkit_token(text: str) -> str:
    return text.strip().removeprefix("Inkit ").strip()


def _base64_text(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _movable_ink(call: Call, lookup: Lookup) -> Account:
    """The endpoint key of the path first (observed), then the method, then Basic user:password."""
    account = lookup("movable_ink", call.params["key"])
    if account is None:
        raise ApiError("unknown_key", hint="no workspace has this endpoint key; see partners.movable_ink in the seed")
    call.account = account  # whatever comes next is recorded in the workspace that has the key
    if call.operation is None:
        raise ApiError("method_not_allowed", allow="POST", hint="use POST")
    scheme, _, rest = call.request.headers.get("authorization", "").partition(" ")
    given = _base64_text(rest.strip()) if scheme.lower() == "basic" else ""
    wanted = account.data.get("username") and f"{account.data['username']}:{account.data.get('password', '')}"
    if ":" not in given or (wanted and given != wanted):
        raise ApiError("unauthenticated", hint=_advice(call, "", "Authorization: Basic base64(<user>:<password>)"))
    return account


def _passkit(call: Call, lookup: Lookup) -> Account:
    """A long-lived token after Bearer, a bare JWT, or PKAuth <jwt>: whatever stands there names the account."""
    value = call.request.headers.get("authorization", "").strip()
    scheme, _, rest = value.partition(" ")
    token = rest.strip() if scheme in ("Bearer", "bearer", "PKAuth") else value
    account = lookup("passkit", token) if token else None
    if account is None:
        message = "invalid jwt token" if token else "no jwt token provided"  # the first is assumed, the second observed
        hint = _advice(call, token, "Authorization: Bearer <long-lived token>")
        if token and lookup("passkit", _base64_text(token)):
            hint = "the token is base64-encoded; send it as it is"
        raise ApiError("unauthenticated", message=message, hint=hint)
    return account


def _in_path(name: str, refusal: str = "not_found") -> Callable[[Call, Lookup], Account]:
    """A public address: the part of the path called `name` belongs to one workspace."""

    def scheme(call: Call, lookup: Lookup) -> Account:
        account = lookup(f"{call.service.name}:{name}", call.params[name])
        if account is None:
            lost = "the query was URL-encoded and became a part of the path; " if "?" in call.params[name] else ""
            hint = f"{lost}no workspace has the {name} '{call.params[name]}'; see the seed"
            raise ApiError(refusal, hint=hint)
        return account

    return scheme


def _none(call: Call, lookup: Lookup) -> Account:
    account = lookup("", "")
    assert account is not None, "the default workspace always exists"
    return account


SCHEMES: Final[dict[str, Callable[[Call, Lookup], Account]]] = {
    "bearer": _bearer,
    "inkit": _inkit,
    "movable_ink": _movable_ink,
    "passkit": _passkit,
    "ketch_organization": _in_path("org"),
    "smartpass_code": _in_path("code", "no_page"),
    "bucket": _in_path("bucket"),
    "none": _none,
}
