"""Push tokens: given to a profile, or imported for people who are not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.state import profiles, removal
from emulator.state.bounds import bound
from emulator.state.change import Change, Refused

DEVICE_ID_BYTES: Final = range(bound("least_device_id_bytes"), bound("device_id_bytes") + 1)
BAD_DEVICE_ID: Final = "token import with 'device_id' must have a device_id less than 255 bytes and at least 8 bytes"


def check(change: Change, wanted: list[Mapping[str, Any]]) -> None:
    """Raises Refused for an app that the workspace does not have, and for a device_id that is too short or too long.

    While the workspace declares no app, every app is taken.
    """
    apps = change.profiles.draft.apps
    if len(apps) and any(token["app_id"] not in apps for token in wanted):
        raise Refused("BAD_PUSH_TOKEN_APP_ID")
    if any("device_id" in token and len(token["device_id"].encode()) not in DEVICE_ID_BYTES for token in wanted):
        raise Refused(BAD_DEVICE_ID)


def assign(change: Change, name: str, wanted: list[Mapping[str, Any]]) -> None:
    """Add tokens to the profile; one that it has already is left as it is."""
    for index, token in enumerate(wanted):
        _add(change, index, token)


def import_all(change: Change, wanted: list[Mapping[str, Any]]) -> None:
    """push_token_import: an anonymous profile for each token that nobody has (documented)."""
    for index, token in enumerate(wanted):
        if profiles.token_key(token) in change.profiles.draft.push_tokens:
            change.note("token_known", str(index), token, "", "push_tokens")
            continue
        change.use(change.profiles.create(push_token_import=True))
        change.note("created_profile", str(index), token, f"braze_id {change.record['braze_id']}", "push_tokens")
        _add(change, index, token)


def _add(change: Change, index: int, token: Mapping[str, Any]) -> None:
    room, key = change.profiles, profiles.token_key(token)
    owner = room.draft.push_tokens.get(key)
    if owner == change.record["braze_id"]:
        change.note("unchanged", str(index), token, "", "push_tokens")
        return
    if owner is not None:
        _take_away(change, owner, token)
        change.note("token_moved", str(index), token, f"from the profile with the braze_id {owner}", "push_tokens")
    device_id = token.get("device_id") or room.draft.new_id("uuid")
    new = {"app_id": token["app_id"], "token": token["token"], "device_id": device_id}
    change.put("push_tokens", [*change.record.get("push_tokens", ()), new])
    room.draft.push_tokens[key] = change.record["braze_id"]


def _take_away(change: Change, owner: str, token: Mapping[str, Any]) -> None:
    record = change.profiles.open(owner).record
    gone = profiles.token_key(token)
    record["push_tokens"] = [one for one in record["push_tokens"] if profiles.token_key(one) != gone]
    if record.get("push_token_import") and not record["push_tokens"] and not _is_somebody(record):
        removal.remove(change.profiles, owner)
        change.note("temporary_profile_removed", "push_tokens", owner)


def _is_somebody(record: Mapping[str, Any]) -> bool:
    return any(record.get(name) for name in ("external_id", "user_aliases", "email", "phone"))
