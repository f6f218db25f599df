"""What the toy does when work that it sent was answered."""

from __future__ import annotations

from typing import Any

from emulator.call import Response


def remember(draft: Any, data: dict[str, Any], response: Response) -> None:
    known = draft.tags.get(data["name"], {"statuses": []})
    draft.tags[data["name"]] = {"statuses": [*known["statuses"], response.status]}
