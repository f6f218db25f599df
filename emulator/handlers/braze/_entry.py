"""One entry of a request about identities: where it stands, and which profiles its identifiers mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import aliases, identity, prioritization, subscriptions
from emulator.state.prioritization import Found
from emulator.state.profiles import Profiles


class Entry:
    __slots__ = ("call", "room", "place")

    def __init__(self, call: Call, room: Profiles, place: str) -> None:
        self.call = call
        self.room = room
        self.place = place

    def within(self, name: str) -> Entry:
        return Entry(self.call, self.room, f"{self.place}/{name}")

    def tell(self, rule: str, value: Json = None, note: str = "") -> None:
        self.call.fate(self.place, rule, value, note)

    def text(self, value: Json, name: str = "external_id") -> str:
        """Text as it is, an integer as text (as users/track does)."""
        if isinstance(value, str):
            return value
        text = str(int(value))
        self.tell("coerced_to_text", value, f"{name}: read as '{text}'")
        return text

    def alias(self, item: Mapping[str, str]) -> dict[str, str]:
        """The pair of label and name. Raises ApiError for a part that is too long."""
        label, name = item["alias_label"], item["alias_name"]
        if aliases.too_long(label, name):
            hint = f"{self.place}: each part of an alias has at most {identity.MAX_ALIAS_BYTES} bytes"
            raise ApiError("invalid", message="'user_alias' is not valid", hint=hint)
        return aliases.pair(label, name)

    def known(self, external_id: str) -> str | None:
        """The braze_id of the profile that an external_id finds; a deprecated one does too, with a fate."""
        braze_id: str | None = self.room.draft.external_ids.get(external_id)
        if braze_id is not None:
            primary = self.room.read(braze_id).get("external_id")
            if primary != external_id:
                self.tell("deprecated_id", external_id, f"the profile's is '{primary}'")
        return braze_id

    def only(self, kind: str, given: Json, missing: str = "no_match") -> str | None:
        """The one profile that an identifier means, or None and a fate: nobody (`missing`), or several."""
        found = self._find(kind, given)
        if len(found) == 1:
            return found[0]
        if found:
            self.tell("ambiguous_match", given, f"{len(found)} profiles are left; add most_recently_updated")
        else:
            self.tell(missing, given)
        return None

    def _find(self, kind: str, given: Any) -> Found:
        if kind in subscriptions.INDEX:
            return self._by_address(kind, given)
        if kind == "external_id":
            return _one(self.known(self.text(given)))
        if kind == "user_alias":
            return _one(aliases.holder(self.room, self.alias(given)))
        return _one(given if given in self.room.draft.profiles else None)

    def _by_address(self, kind: str, given: Any) -> Found:
        """`given` is {email or phone, prioritization}, or the address alone."""
        item = given if isinstance(given, Mapping) else {kind: given}
        found = subscriptions.holders(self.room.draft, kind, self.text(item[kind], kind))
        return prioritization.choose(self.room, found, item.get("prioritization", ()))


def _one(braze_id: str | None) -> Found:
    return () if braze_id is None else (braze_id,)
