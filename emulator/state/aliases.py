"""User aliases: a pair of label and name belongs to one profile, and a profile has one name for a label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.call import Json
from emulator.state import identity, profiles
from emulator.state.profiles import Profiles, Record

Tell = Callable[[str, Json, str], None]
"""(rule, value, note): a fate of the entry that is being worked on."""


def pair(label: str, name: str) -> dict[str, str]:
    return {"alias_name": name, "alias_label": label}


def too_long(*parts: str) -> bool:
    return any(len(part.encode()) > identity.MAX_ALIAS_BYTES for part in parts)


def holder(room: Profiles, alias: Mapping[str, str]) -> str | None:
    found: str | None = room.draft.aliases.get(profiles.alias_key(alias))
    return found


def labels(record: Record) -> frozenset[str]:
    return frozenset(alias["alias_label"] for alias in record["user_aliases"])


def create(room: Profiles, alias: Mapping[str, str]) -> str:
    """A profile that has nothing but an alias which nobody has; answers its braze_id."""
    braze_id: str = room.create(user_aliases=[dict(alias)]).record["braze_id"]
    room.draft.aliases[profiles.alias_key(alias)] = braze_id
    return braze_id


def give(room: Profiles, braze_id: str, alias: Mapping[str, str], tell: Tell) -> None:
    """Add an alias to a profile, unless somebody has it or the profile has another name for the label."""
    owner, record = holder(room, alias), room.read(braze_id)
    if owner == braze_id:
        tell("unchanged", alias, "the profile has this alias already")
    elif owner is not None:
        tell("alias_collision", alias, f"the profile with the braze_id {owner} has it")
    elif alias["alias_label"] in labels(record):
        tell("alias_collision", alias, f"the profile has another alias of the label '{alias['alias_label']}'")
    else:
        room.open(braze_id).record["user_aliases"] = [*record["user_aliases"], dict(alias)]
        room.draft.aliases[profiles.alias_key(alias)] = braze_id


def rename(room: Profiles, old: Mapping[str, str], new: Mapping[str, str], tell: Tell) -> None:
    """Give an alias another name under its label, unless somebody has that."""
    braze_id, owner = holder(room, old), holder(room, new)
    if braze_id is None:
        tell("no_match", old, "no profile has this alias")
    elif old == new:
        tell("unchanged", new, "the alias has this name already")
    elif owner is not None:
        tell("alias_collision", new, f"the profile with the braze_id {owner} has it")
    else:
        record = room.open(braze_id).record
        record["user_aliases"] = [dict(new) if alias == old else alias for alias in record["user_aliases"]]
        del room.draft.aliases[profiles.alias_key(old)]
        room.draft.aliases[profiles.alias_key(new)] = braze_id
