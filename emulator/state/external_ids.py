"""External ids: a profile has one primary id and, after renames, deprecated ones that still find it.

Both kinds stand in the table `external_ids`, so that every look-up finds both; the record tells them apart.
Source: Braze's pages on renaming and removing external ids.
"""

from __future__ import annotations

from emulator.state import identity
from emulator.state.change import Refused
from emulator.state.profiles import Profiles, Record


def all_of(record: Record) -> list[str]:
    """Every external_id that finds the profile, deprecated ones first."""
    own = [record["external_id"]] if "external_id" in record else []
    return [*record.get("deprecated_external_ids", ()), *own]


def attach(room: Profiles, braze_id: str, external_id: str) -> None:
    """Identify an anonymous profile with an external_id that nobody has. Raises Refused."""
    _check(external_id)
    room.open(braze_id).record["external_id"] = external_id
    room.draft.external_ids[external_id] = braze_id


def _check(external_id: str) -> None:
    if len(external_id.encode()) > identity.MAX_BYTES:
        raise Refused("EXTERNAL_USER_ID_TOO_LARGE")


def rename(room: Profiles, current: str, new: str) -> None:
    """Make `new` the primary id and deprecate `current`. Raises Refused."""
    if current == new:
        raise Refused("current_external_id and new_external_id must not be the same")
    braze_id = room.draft.external_ids.get(current)
    if braze_id is None:
        raise Refused("current_external_id does not exist")
    if room.read(braze_id).get("external_id") != current:
        raise Refused("current_external_id is a deprecated external_id")
    if new in room.draft.external_ids:
        raise Refused("new_external_id is already in use")
    _check(new)
    record = room.open(braze_id).record
    record["deprecated_external_ids"] = [*record.get("deprecated_external_ids", ()), current]
    record["external_id"] = new
    room.draft.external_ids[new] = braze_id


def remove(room: Profiles, external_id: str) -> None:
    """Take a deprecated id from its profile, for good. Raises Refused."""
    braze_id = room.draft.external_ids.get(external_id)
    if braze_id is None:
        raise Refused("external_id does not exist")
    if room.read(braze_id).get("external_id") == external_id:
        raise Refused("external_id is a primary external_id; only deprecated ones can be removed")
    record = room.open(braze_id).record
    record["deprecated_external_ids"] = [other for other in record["deprecated_external_ids"] if other != external_id]
    del room.draft.external_ids[external_id]
