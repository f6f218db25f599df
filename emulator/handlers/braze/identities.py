"""Braze identities: giving profiles aliases and external ids, bringing two of them together, deleting them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.braze._entry import Entry
from emulator.state import aliases, external_ids, merging, removal
from emulator.state.change import Refused
from emulator.state.profiles import Profiles

_IDENTIFIED: Final = {
    "aliases_to_identify": "user_alias",
    "emails_to_identify": "email",
    "phone_numbers_to_identify": "phone",
}
"""Array of users/identify -> the identifier that its entries have."""
_DELETED: Final = {
    "external_ids": "external_id",
    "user_aliases": "user_alias",
    "braze_ids": "braze_id",
    "email_addresses": "email",
    "phone_numbers": "phone",
}
"""Array of users/delete -> the identifier that its entries are."""
_MERGED: Final = ("external_id", "user_alias", "email", "phone")


def _entries(call: Call, room: Profiles, name: str) -> Iterator[tuple[Entry, Any]]:
    for index, item in enumerate(call.body.get(name) or ()):
        yield Entry(call, room, f"/{name}/{index}"), item


def identify_users(call: Call) -> Json:
    """{aliases_processed, message}: the counter is of aliases only, found or not."""
    room = Profiles(call.state, call.now)
    for name, kind in _IDENTIFIED.items():
        for entry, item in _entries(call, room, name):
            _identify(entry, kind, item, call.body.get("merge_behavior") == "none")
    room.close()
    return {"aliases_processed": len(call.body.get("aliases_to_identify") or ()), "message": "success"}


def _identify(entry: Entry, kind: str, item: Mapping[str, Any], bare: bool) -> None:
    """Give the anonymous profile its external_id, or combine it with the profile that has that already."""
    found = entry.only(kind, item["user_alias"] if kind == "user_alias" else item)
    external_id = entry.text(item["external_id"])
    if found is None:
        return
    target, record = entry.known(external_id), entry.room.read(found)
    if found == target:
        entry.tell("unchanged", external_id, "the profile has this external_id already")
    elif "external_id" in record:
        entry.tell("already_identified", external_id, f"the profile found is '{record['external_id']}'")
    elif target is None:
        _attach(entry, found, external_id)
    else:
        _combine(entry, target, found, bare)


def _attach(entry: Entry, found: str, external_id: str) -> None:
    try:
        external_ids.attach(entry.room, found, external_id)
    except Refused as error:
        raise ApiError("invalid", message=str(error), hint=f"{entry.place}: the external_id is too long") from None


def _combine(entry: Entry, target: str, found: str, bare: bool) -> None:
    room = entry.room
    taken = aliases.labels(room.read(target)) & aliases.labels(room.read(found))
    if taken:
        note = f"both profiles have an alias of the label '{min(taken)}'; they were not combined"
        entry.tell("alias_collision", sorted(taken), note)
    elif bare:
        merging.adopt(room, target, found, entry.tell)
    else:
        merging.merge(room, target, found, entry.tell)


def merge_users(call: Call) -> Json:
    """Each pair in the order given; the real service guarantees none."""
    room = Profiles(call.state, call.now)
    for entry, item in _entries(call, room, "merge_updates"):
        gone = _meant(entry.within("identifier_to_merge"), item["identifier_to_merge"])
        kept = _meant(entry.within("identifier_to_keep"), item["identifier_to_keep"])
        if gone is not None and kept is not None:
            _merge(entry, kept, gone)
    room.close()
    return {"message": "success"}


def _meant(entry: Entry, identifier: Mapping[str, Any]) -> str | None:
    kind = next(name for name in _MERGED if name in identifier)
    return entry.only(kind, identifier if kind in ("email", "phone") else identifier[kind])


def _merge(entry: Entry, kept: str, gone: str) -> None:
    if kept == gone:
        entry.tell("unchanged", kept, "both identifiers mean the same profile")
    elif merging.both_have_invalid_phones(entry.room, kept, gone):
        entry.tell("invalid_phones", gone, f"nor was the profile with the braze_id {kept} changed")
    else:
        merging.merge(entry.room, kept, gone, entry.tell)


def create_alias(call: Call) -> Json:
    """{aliases_processed, message}: every alias counts, added or not (observed)."""
    room = Profiles(call.state, call.now)
    for entry, item in _entries(call, room, "user_aliases"):
        _create_alias(entry, item)
    room.close()
    return {"aliases_processed": len(call.body["user_aliases"]), "message": "success"}


def _create_alias(entry: Entry, item: Mapping[str, Any]) -> None:
    alias = entry.alias(item.get("user_alias") or item)
    if item.get("external_id") is not None:
        braze_id = entry.only("external_id", item["external_id"])
        if braze_id is not None:
            aliases.give(entry.room, braze_id, alias, entry.tell)
    elif aliases.holder(entry.room, alias) is None:
        entry.tell("created_profile", alias, f"braze_id {aliases.create(entry.room, alias)}")
    else:
        entry.tell("unchanged", alias, "a profile has this alias already")


def update_alias(call: Call) -> Json:
    """Each alias in the order given; the real service guarantees none."""
    room = Profiles(call.state, call.now)
    for entry, item in _entries(call, room, "alias_updates"):
        label = item["alias_label"]
        old, new = ({"alias_label": label, "alias_name": item[name]} for name in ("old_alias_name", "new_alias_name"))
        aliases.rename(room, entry.alias(old), entry.alias(new), entry.tell)
    room.close()
    return {"message": "success"}


def delete_users(call: Call) -> Json:
    """{deleted, message}: every identifier counts, known or not (observed)."""
    room = Profiles(call.state, call.now)
    given = 0
    for name, kind in _DELETED.items():
        for entry, item in _entries(call, room, name):
            given += 1
            braze_id = entry.only(kind, item, "nobody_deleted")
            if braze_id is not None:
                removal.delete(room, braze_id)
    room.close()
    return {"deleted": given, "message": "success"}


def rename_external_ids(call: Call) -> Json:
    """{message, external_ids: the pairs as given (observed), rename_errors: [[index, text], …]}."""

    def rename(entry: Entry, item: Mapping[str, Any]) -> Json:
        current, new = (entry.text(item[f"{name}_external_id"], f"{name}_external_id") for name in ("current", "new"))
        external_ids.rename(entry.room, current, new)
        return {"current_external_id": current, "new_external_id": new}

    done, errors = _each(call, "external_id_renames", rename)
    return {"message": "success", "external_ids": done, "rename_errors": errors}


def remove_external_ids(call: Call) -> Json:
    """{message, removed_ids, removal_errors: [[index, text], …]}."""

    def remove(entry: Entry, item: Json) -> Json:
        external_id = entry.text(item)
        external_ids.remove(entry.room, external_id)
        return external_id

    done, errors = _each(call, "external_ids", remove)
    return {"message": "success", "removed_ids": done, "removal_errors": errors}


def _each(call: Call, name: str, work: Callable[[Entry, Any], Json]) -> tuple[list[Json], list[Json]]:
    """What `work` answers for the items it takes, and [index, text] for those that the schema or it refuses."""
    room = Profiles(call.state, call.now)
    refused = {int(problem.steps[1]): problem.message for problem in call.problems}
    done: list[Json] = []
    errors: list[Json] = []
    for index, (entry, item) in enumerate(_entries(call, room, name)):
        try:
            if index in refused:
                raise Refused(refused[index])
            done.append(work(entry, item))
        except Refused as error:
            errors.append([index, str(error)])
            entry.tell("refused", None, str(error))
    room.close()
    return done, errors
