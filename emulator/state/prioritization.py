"""Which of several profiles with the same address an entry means: the arrays called `prioritization`.

Source: Braze's pages on identifying, merging and deleting users. The array is ordered; each name narrows down what the
one before has left. `identified` demands an external_id, also of a single match (documented); that `unidentified`
demands that there is none is assumed by analogy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from emulator.state.profiles import Profiles

Found = tuple[str, ...]
"""braze_ids."""


def choose(room: Profiles, found: Found, prioritization: Iterable[str]) -> Found:
    """What is left of `found`: one profile if the entry is clear, none or several if nothing is to be done."""
    for name in prioritization:
        found = RULES[name](room, found)
    return found


def _identified(room: Profiles, found: Found) -> Found:
    return tuple(one for one in found if "external_id" in room.read(one))


def _unidentified(room: Profiles, found: Found) -> Found:
    return tuple(one for one in found if "external_id" not in room.read(one))


def _latest(room: Profiles, found: Found) -> Found:
    return tuple(sorted(found, key=lambda one: -room.read(one)["updated"])[:1])


def _earliest(room: Profiles, found: Found) -> Found:
    return tuple(sorted(found, key=lambda one: room.read(one)["updated"])[:1])


RULES: Final[dict[str, Callable[[Profiles, Found], Found]]] = {
    "identified": _identified,
    "unidentified": _unidentified,
    "most_recently_updated": _latest,
    "least_recently_updated": _earliest,
}
