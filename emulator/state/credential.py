"""What a seed says of one credential: the service it opens, its value, what it may do, and its own record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Credential(NamedTuple):
    """`permissions` None means all. `service` is a service's name, or `<service>:<path part>` for public addresses."""

    service: str
    value: str
    permissions: frozenset[str] | None = None
    data: Mapping[str, Any] = {}
