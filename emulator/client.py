"""A client of a running emulator's control API, for the command line: small, and quick to import."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from emulator.errors import ConfigError

TIMEOUT = 70.0
"""Seconds: longer than the longest wait of the control API."""


class ControlClient:
    """`url` is where the emulator answers. Errors are ConfigError with the text of the problem document."""

    def __init__(self, url: str, token: str = "", workspace: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ConfigError(f"'{url}' is not an address such as http://127.0.0.1:27293")
        self._host, self._port = parts.hostname, parts.port or 80
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if workspace:
            self._headers["X-Emulator-Workspace"] = workspace

    def get(self, path: str, **query: Any) -> Any:
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        return self._send("GET", f"{path}?{asked}" if asked else path)

    def post(self, path: str, body: Any = None) -> Any:
        return self._send("POST", path, json.dumps(body or {}))

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def first_key(self, workspace: str = "default") -> str:
        """A Braze API key that opens the workspace; while its seed declares none, any does."""
        found = self.get(f"/workspaces/{workspace}")["credentials"].get("braze")
        return str(found[0]["credential"]) if found else "test-key"

    def _send(self, method: str, path: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        try:
            connection.request(method, f"/_emulator{path}", body, self._headers)
            answer = connection.getresponse()
            found = json.loads(answer.read())
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            where = f"http://{self._host}:{self._port}"
            raise ConfigError(f"no emulator answers at {where} ({error}); start one: braze-emulator serve") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise ConfigError(found.get("detail") or found.get("title") or str(answer.status))
        return found
