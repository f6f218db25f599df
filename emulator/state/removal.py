"""Taking a profile out of the workspace: out of every index, and then away."""

from __future__ import annotations

from emulator.state import email_states, external_ids, profiles, subscriptions
from emulator.state.draft import Table
from emulator.state.profiles import Profiles


def remove(room: Profiles, braze_id: str) -> None:
    """Remove a profile. What another profile has taken over in an index stays there."""
    record, draft = room.read(braze_id), room.draft
    for external_id in external_ids.all_of(record):
        _release(draft.external_ids, external_id, braze_id)
    for alias in record["user_aliases"]:
        _release(draft.aliases, profiles.alias_key(alias), braze_id)
    for token in record.get("push_tokens", ()):
        _release(draft.push_tokens, profiles.token_key(token), braze_id)
    for field, (table, key) in subscriptions.INDEX.items():
        if field in record:
            profiles.reindex(getattr(draft, table), braze_id, key(record[field]), None)
    room.remove(braze_id)


def delete(room: Profiles, braze_id: str) -> None:
    """Remove a profile and, where nobody else has its address, the states of that (documented)."""
    record = room.read(braze_id)
    remove(room, braze_id)
    for field in subscriptions.INDEX:
        address = record.get(field)
        if address is not None and not subscriptions.holders(room.draft, field, address):
            subscriptions.forget(room, field, address)
            if field == "email":
                email_states.forget(room, address)


def _release(table: Table, key: str, braze_id: str) -> None:
    if table.get(key) == braze_id:
        del table[key]
