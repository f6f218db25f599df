"""An example application: a shop that tells Braze about its customers. It knows nothing of the emulator."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import requests


class BrazeError(Exception):
    """Braze refused the request, or a part of it."""


class Shop:
    """`url` is the Braze REST endpoint of the company, `key` its REST API key."""

    def __init__(self, url: str, key: str, retries: int = 2) -> None:
        self._url = url
        self._retries = retries
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def sign_up(self, customer: str, email: str, **attributes: Any) -> None:
        """Create the customer's profile."""
        self._track(attributes=[{"external_id": customer, "email": email, **attributes}])

    def order(self, customer: str, product: str, price: float) -> None:
        """Record a purchase and the event that campaigns listen to."""
        now = datetime.now(timezone.utc).isoformat()
        self._track(
            events=[{"external_id": customer, "name": "order placed", "time": now, "properties": {"product": product}}],
            purchases=[
                {"external_id": customer, "product_id": product, "currency": "EUR", "price": price, "time": now}
            ],
        )

    def unsubscribe(self, email: str, group: str) -> None:
        """Take an address out of a subscription group."""
        body = {"subscription_group_id": group, "subscription_state": "unsubscribed", "email": [email]}
        self._post("/subscription/status/set", body)

    def _track(self, **arrays: list[dict[str, Any]]) -> None:
        answer = self._post("/users/track", arrays)
        if answer.get("errors"):
            raise BrazeError(answer["errors"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(self._retries + 1):
            answer = self._session.post(self._url + path, json=body, timeout=10)
            if answer.status_code < 500 or attempt == self._retries:
                break
        found: dict[str, Any] = answer.json()
        if answer.status_code >= 400:
            raise BrazeError(found["message"])
        return found
