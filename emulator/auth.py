"""Who calls: one small function per scheme, from a request to the account that its credential belongs to."""

from __future__ import annotations

import base64
import binascii
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
        raise ApiError("unauthenticated", key=key, hint=_advice(key, "Authorization: Bearer <key>"))
    return account


def _advice(credential: str, form: str) -> str:
    if not credential:
        return f"send the header {form}"
    return "no workspace has this credential; POST /_emulator/workspaces makes one, GET lists them"


def _inkit(call: Call, lookup: Lookup) -> Account:
    """Basic of the token without a colon, `token:`, `Inkit <token>`, or the body's api_token; two must agree."""
    header = _inkit_header_token(call.request.headers.get("authorization", ""))
    body = _inkit_body_token(call)
    if header and body and header != body:
        raise ApiError("unauthenticated", hint="the token of the header and the api_token of the body differ")
    token = header or body
    account = lookup("inkit", token) if token else None
    if account is None:
        raise ApiError("unauthenticated", hint=_advice(token, "Authorization: Basic base64(<token>), without colon"))
    return account


def _inkit_header_token(value: str) -> str:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "basic":
        rest = _base64_text(rest.strip()).removesuffix(":")
    elif scheme.lower() != "inkit":
        rest = ""
    return rest.strip().removeprefix("Inkit ").strip()


def _inkit_body_token(call: Call) -> str:
    try:
        body = bodies.parse(call.request.body)[0]
    except bodies.Malformed:
        return ""
    token = body.get("api_token") if isinstance(body, dict) else ""
    return token.removeprefix("Inkit ").strip() if isinstance(token, str) else ""


def _base64_text(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _movable_ink(call: Call, lookup: Lookup) -> Account:
    """The endpoint key of the path first (observed), then the method, then Basic user:password."""
    account = lookup("movable_ink", call.params["key"])
    if account is None:
        raise ApiError("not_found", hint="no workspace has this endpoint key; see partners.movable_ink in the seed")
    if call.operation is None:
        raise ApiError("method_not_allowed", allow="POST", hint="use POST")
    scheme, _, rest = call.request.headers.get("authorization", "").partition(" ")
    given = _base64_text(rest.strip()) if scheme.lower() == "basic" else ""
    wanted = account.data.get("username") and f"{account.data['username']}:{account.data.get('password', '')}"
    if ":" not in given or (wanted and given != wanted):
        raise ApiError("unauthenticated", hint="send Authorization: Basic base64(<user>:<password>)")
    return account


def _passkit(call: Call, lookup: Lookup) -> Account:
    """A long-lived token after Bearer, a bare JWT, or PKAuth <jwt>: whatever stands there names the account."""
    value = call.request.headers.get("authorization", "").strip()
    scheme, _, rest = value.partition(" ")
    token = rest.strip() if scheme in ("Bearer", "bearer", "PKAuth") else value
    account = lookup("passkit", token) if token else None
    if account is None:
        raise ApiError("unauthenticated", hint=_advice(token, "Authorization: Bearer <long-lived token>"))
    return account


def _in_path(name: str) -> Callable[[Call, Lookup], Account]:
    """A public address: the part of the path called `name` belongs to one workspace."""

    def scheme(call: Call, lookup: Lookup) -> Account:
        account = lookup(f"{call.service.name}:{name}", call.params[name])
        if account is None:
            raise ApiError("not_found", hint=f"no workspace has the {name} '{call.params[name]}'; see the seed")
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
    "smartpass_code": _in_path("code"),
    "none": _none,
}
