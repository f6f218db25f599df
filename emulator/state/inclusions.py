"""Which messages include a Content Block: read off the campaigns and Canvases that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from emulator.state import campaigns
from emulator.state.campaigns import Variant
from emulator.state.draft import Draft

_TAG: Final = re.compile(r"content_blocks?\s*\.\s*\$\{\s*([^{}|]*?)\s*[|}]")
"""The singular is understood where messages are rendered, too."""

Inclusions = dict[str, list[str]]
"""Name of a block -> ids of the variants that include it."""


def of_blocks(draft: Draft) -> Inclusions:
    """Archived ones do not count (documented). A block that is included by a block only is in no message."""
    found: Inclusions = {}
    for one in _variants(draft):
        for name in sorted({match for text in campaigns.texts(one) for match in _TAG.findall(text)}):
            found.setdefault(name, []).append(one["id"])
    return found


def _variants(draft: Draft) -> Iterator[Variant]:
    for campaign in campaigns.listed(draft.campaigns.values(), newest_first=False, archived=False):
        yield from campaign["messages"]
    for canvas in campaigns.listed(draft.canvases.values(), newest_first=False, archived=False):
        for step in canvas["steps"].values():
            yield from step.get("messages", ())
