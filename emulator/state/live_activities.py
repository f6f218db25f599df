"""Live Activities: which run, for whom, and the tokens by which a push can start or update them.

An activity is {app_id, activity_id, state: active | ended, users: {braze_id: token}, content_state, …}. The SDK
registers push-to-start tokens and activities that the app launched itself; a seed declares both.
Source: Braze's pages on Live Activities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from emulator.errors import ConfigError
from emulator.state.draft import Draft

CHANNEL: Final = "live_activity"
START, UPDATE, END = "start", "update", "end"


def plant(draft: Draft, document: Mapping[str, Any]) -> None:
    """Write what a checked seed document declares. Raises ConfigError for a user who is not there."""
    for index, one in enumerate(document.get("push_to_start_tokens", ())):
        braze_id = _user(draft, one["external_id"], f"seed.push_to_start_tokens[{index}].external_id")
        draft.push_to_start_tokens[_key(one["app_id"], one["activity_attributes_type"], braze_id)] = one["token"]
    for index, one in enumerate(document.get("live_activities", ())):
        place = f"seed.live_activities[{index}].external_ids"
        users = [_user(draft, external_id, place) for external_id in one["external_ids"]]
        note(draft, one["app_id"], one["activity_id"], users)


def _user(draft: Draft, external_id: str, place: str) -> str:
    braze_id: str | None = draft.external_ids.get(external_id)
    if braze_id is None:
        raise ConfigError(f"{place}: no profile '{external_id}'; declare it in the same seed")
    return braze_id


def note(draft: Draft, app_id: str, activity_id: str, users: Sequence[str], **fields: Any) -> None:
    """Keep an activity that begins for these users; each device gets a token of its own for the updates."""
    held = draft.live_activities.get(_key(app_id, activity_id), {"users": {}})
    tokens = {**held["users"], **{braze_id: draft.new_id("hex32") for braze_id in users}}
    draft.live_activities[_key(app_id, activity_id)] = {
        **held,
        "app_id": app_id,
        "activity_id": activity_id,
        **fields,
        "users": tokens,
        "state": "active",
    }


def running(draft: Draft, app_id: str, activity_id: str) -> Mapping[str, Any] | None:
    """An activity that has not ended."""
    held: Mapping[str, Any] | None = draft.live_activities.get(_key(app_id, activity_id))
    return held if held is not None and held["state"] == "active" else None


def change(draft: Draft, activity: Mapping[str, Any], **fields: Any) -> None:
    key = _key(activity["app_id"], activity["activity_id"])
    draft.live_activities[key] = {**draft.live_activities[key], **fields}


def token(draft: Draft, message: Mapping[str, Any], braze_id: str) -> str:
    """The token that a message of an activity goes to, or nothing."""
    if message["event"] == START:
        key = _key(message["app_id"], message["activity_attributes_type"], braze_id)
        return str(draft.push_to_start_tokens.get(key, ""))
    held = draft.live_activities.get(_key(message["app_id"], message["activity_id"]), {"users": {}})
    return str(held["users"].get(braze_id, ""))


def _key(*parts: str) -> str:
    return "\0".join(parts)
