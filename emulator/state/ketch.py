"""Ketch's part of a seed document, the credentials it declares, and the settings it stores for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator.errors import ConfigError
from emulator.state.credential import Credential
from emulator.state.draft import Draft, Table

PERMISSIONS: Final = (
    "users.track",
    "subscription.status.get",
    "subscription.status.set",
    "users.delete",
    "users.alias.new",
    "users.export.ids",
    "email.unsubscribe",
    "email.blacklist",
)
"""What the API key of a connection may do: exactly these, as Braze's Ketch page lists them."""

ENDPOINT: Final = "https://rest.iad-01.braze.com"
IDENTITY: Final = {"email": "email", "phone": "phone", "external_id": "external_id"}
"""Braze's identifier -> Ketch's identity space, where a connection maps nothing."""

CREDENTIAL_TABLES: Final = ("ketch_organizations",)


def plant(draft: Draft, part: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables of a draft from the checked part of a seed document. Raises ConfigError."""
    organizations = part.get("organizations", ())
    _refuse_repeated([item["code"] for item in organizations], "organization code")
    every = [connection["code"] for item in organizations for connection in item.get("connections", ())]
    _refuse_repeated(every, "connection code (it must be unique over all connections)")
    for item in organizations:
        for name in ("topics", "controls"):
            _refuse_repeated([entry["code"] for entry in item.get(name, ())], f"code in {name} of '{item['code']}'")
        _refuse_unknown_connections(item)
        draft.ketch_organizations[item["code"]] = item
        for connection in item.get("connections", ()):
            draft.ketch_connections[_key(item["code"], connection["code"])] = {
                "status": "untested",
                "last_outcome": None,
            }


def _refuse_repeated(codes: list[str], what: str) -> None:
    for code in codes:
        if codes.count(code) > 1:
            raise ConfigError(f"seed.partners.ketch: the {what} '{code}' stands twice; rename one")


def _refuse_unknown_connections(organization: Mapping[str, Any]) -> None:
    known = [connection["code"] for connection in organization.get("connections", ())]
    used = [control.get("connection") for control in organization.get("controls", ())]
    for topic in organization.get("topics", ()):
        used += [channel.get("connection") for channel in topic.get("channels", {}).values()]
    for code in used:
        if code is not None and code not in known:
            raise ConfigError(
                f"seed.partners.ketch: organization '{organization['code']}' uses the connection '{code}', "
                f"but declares {', '.join(known) or 'none'}"
            )


def credentials(part: Mapping[str, Any]) -> Iterator[Credential]:
    yield from (Credential("ketch:org", item["code"], data=item) for item in part.get("organizations", ()))


def own(part: Mapping[str, Any], name: str, braze_key: str) -> dict[str, Any]:
    """The part with an organization and a connection, made for the workspace `name` unless the part declares one."""
    made = {"code": f"ketch-{name}", "connections": [{"code": f"braze-{name}", "braze_key": _own_key(braze_key)}]}
    return {**part, "organizations": part.get("organizations") or [made]}


def own_keys(part: Mapping[str, Any], braze_key: str) -> list[dict[str, Any]]:
    """The API keys that Braze must know for the connection that `own` makes."""
    if part.get("organizations"):
        return []
    return [{"key": _own_key(braze_key), "name": "Ketch connection", "permissions": list(PERMISSIONS)}]


def _own_key(braze_key: str) -> str:
    return f"{braze_key}-ketch"


def _key(*parts: str) -> str:
    return "\0".join(parts)


def entry(draft: Draft, organization: str, kind: str, code: str) -> Mapping[str, Any] | None:
    """One of the `connections`, `topics` or `controls` of an organization."""
    found: Mapping[str, Any] = draft.ketch_organizations.get(organization, {})
    return next((item for item in found.get(kind, ()) if item["code"] == code), None)


def spaces(connection: Mapping[str, Any], kinds: tuple[str, ...]) -> dict[str, str]:
    """Those of Braze's identifiers that a connection maps, in the order of `kinds`, and their identity spaces."""
    mapped = connection.get("identity", IDENTITY)
    return {kind: mapped[kind] for kind in kinds if kind in mapped}


def stored(table: Table, organization: str, identities: Mapping[str, str]) -> dict[str, Any]:
    """The settings of whoever has these identities: setting -> value; of several identities the newest counts."""
    newest: dict[str, Mapping[str, Any]] = {}
    for space, value in identities.items():
        for name, item in table.get(_key(organization, space, value), {}).items():
            if name not in newest or item["number"] > newest[name]["number"]:
                newest[name] = item
    return {name: item["value"] for name, item in newest.items()}


def store(draft: Draft, table: Table, organization: str, identities: Mapping[str, str], settings: Any) -> None:
    """Write settings (setting -> value) to each of the identities."""
    number = draft.next("ketch_settings")
    items = {name: {"value": value, "number": number} for name, value in settings.items()}
    for space, value in identities.items():
        key = _key(organization, space, value)
        table[key] = {**table.get(key, {}), **items}


def record_outcome(draft: Draft, organization: str, connection: str, outcome: Mapping[str, Any]) -> None:
    """Whether a connection works, by the last answer that Braze gave it."""
    status = "ok" if 200 <= outcome["status"] < 300 else "error"
    draft.ketch_connections[_key(organization, connection)] = {"status": status, "last_outcome": dict(outcome)}
