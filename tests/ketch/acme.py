"""The organization that the tests of Ketch use, and a client of its web API."""

from __future__ import annotations

from typing import Any

from emulator.pipeline import Emulator
from emulator.state import ketch
from tests.conftest import Client

NEWS, TEXTS = "7b3a4d5e-0c1f-4c58-9f0e-2d6a1b8c9e01", "7b3a4d5e-0c1f-4c58-9f0e-2d6a1b8c9e02"
BASE = {"organizationCode": "acme", "propertyCode": "web", "environmentCode": "production"}
WHO = {"identities": {"email": "a@b.c"}}


def organization(**more: Any) -> dict[str, Any]:
    return {
        "code": "acme",
        "connections": [{"code": "braze", "name": "Braze", "braze_key": "ketch-key"}],
        "topics": [
            {
                "code": "news",
                "channels": {
                    "email": {"connection": "braze", "subscription_group_id": NEWS},
                    "sms": {"connection": "braze", "subscription_group_id": TEXTS},
                },
            }
        ],
        "controls": [{"code": "global_unsubscribe", "opt_out": "granted", "connection": "braze"}],
        **more,
    }


def document(**more: Any) -> dict[str, Any]:
    return {
        "api_keys": [
            {"key": "app-key"},
            {"key": "ketch-key", "name": "Ketch", "permissions": list(ketch.PERMISSIONS)},
        ],
        "subscription_groups": [
            {"id": NEWS, "name": "News", "channel": "email"},
            {"id": TEXTS, "name": "Texts", "channel": "sms"},
        ],
        "partners": {"ketch": {"organizations": [organization(**more)]}},
    }


def acme(given: Any = None, **more: Any) -> Client:
    """A client without any credential, as the browser is one."""
    headers = {"accept": "application/json", "content-type": "application/json"}
    return Client(Emulator(given or document(**more)), headers)


def path(what: str, version: str = "v2") -> str:
    """`consent/get` as the path of the organization acme."""
    kind, _, verb = what.partition("/")
    return f"/web/{version}/{kind}/acme/{verb}"


def update(client: Client, topics: Any = None, controls: Any = None, version: str = "v2", **more: Any) -> None:
    """Change subscriptions; Ketch always answers an empty object."""
    body = {**BASE, **WHO, "topics": topics or {}, "controls": controls or {}, **more}
    assert client.post(path("subscriptions/update", version), body) == (200, {})


def news(status: str, channel: str = "email") -> dict[str, Any]:
    return {"news": {channel: {"status": status}}}


def rules(client: Client) -> list[tuple[str, str]]:
    """(pointer, rule) of the newest entry of Ketch's own."""
    entry = client.emulator.journal.find(limit=1, newest=True, service="ketch", direction="in")[0]
    return [(fate.pointer, fate.rule) for fate in entry.fates]


def notes(client: Client) -> str:
    entry = client.emulator.journal.find(limit=1, newest=True, service="ketch", direction="in")[0]
    return "; ".join(fate.note for fate in entry.fates)


def connection_state(client: Client) -> dict[str, Any]:
    """What Ketch remembers of its only connection."""
    (found,) = client.emulator.workspaces.default.view().ketch_connections.values()
    return dict(found)
