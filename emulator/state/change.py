"""One object of users/track on its way into one profile, and what may go wrong there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.call import Json
from emulator.state.profiles import Opened, Profiles

Fate = Callable[[str, str, Json, str], None]
"""(JSON pointer, rule, value, note): `Call.fate`."""

MISSING: Final = object()


class Refused(Exception):
    """The object is refused for a reason that its schema cannot see. The text is the service's own.

    Raised before anything was changed.
    """


class Change:
    """What the functions of this folder pass around: the object's place, and the profile it changes.

    `array` and `index` are the object's place in the request; `opened` and `record` are there once the profile is
    found or created. `changed` says whether anything in the profile is different now, `told` whether there was a fate,
    `same` names the fields that had their values already, `kept` those of earlier objects. One Change serves a whole
    array: `turn` goes to the next object, `end` tells what is told once.
    """

    __slots__ = (
        "profiles",
        "array",
        "index",
        "opened",
        "record",
        "created",
        "identifier",
        "merge",
        "changed",
        "told",
        "same",
        "kept",
        "_fate",
    )

    opened: Opened
    record: dict[str, Any]

    def __init__(self, profiles: Profiles, fate: Fate, array: str, index: int) -> None:
        self.profiles = profiles
        self.array = array
        self.index = index
        self.created = False
        self.identifier = ""
        self.merge = False
        self.changed = False
        self.told = False
        self.same: list[str] = []
        self.kept: dict[str, list[str]] = {}
        self._fate = fate

    def turn(self, index: int) -> None:
        """Go on to the next object of the array, which costs less than a Change of its own."""
        self.index = index
        self.created = self.merge = self.changed = self.told = False
        self.identifier = ""
        if self.same:
            self.same = []

    def use(self, opened: Opened) -> None:
        self.opened = opened
        self.record = opened.record

    def note(self, rule: str, name: str = "", value: Json = None, note: str = "", within: str = "") -> None:
        """Record a fate of the field `name` (inside the field `within`), or of the whole object."""
        self.told = True
        place = f"/{self.array}/{self.index}"
        if within:
            place += f"/{within}"
        if name:
            place += "/" + name.replace("~", "~0").replace("/", "~1")
        self._fate(place, rule, value, note)

    def put(self, name: str, value: Json) -> None:
        """Set a field of the profile."""
        record = self.record
        if record.get(name, MISSING) == value:
            self.same.append(name)
        else:
            self.changed = True
        record[name] = value

    def remove(self, name: str) -> None:
        """null removes what is set (documented)."""
        if self.record.pop(name, MISSING) is not MISSING:
            self.changed = True
            self.note("removed", name)
        else:
            self.note("unchanged", name, None, "there was nothing to remove")

    def tell_unchanged(self) -> None:
        """The fate of an object of which the profile had all already; where it had a part, `end` tells."""
        if not self.changed and not self.told:
            self.note("unchanged", "", None, "the profile had all of this already")
        elif self.same:
            self.kept[str(self.index)] = self.same

    def end(self) -> None:
        """Tell of the fields that were unchanged while others changed: one fate an array, because there are many."""
        if len(self.kept) == 1:
            ((index, names),) = self.kept.items()
            self._fate(f"/{self.array}/{index}", "unchanged", names, "the profile had these fields already")
        elif self.kept:
            note = "the profiles had these fields of the objects already, by index"
            self._fate(f"/{self.array}", "unchanged", self.kept, note)
