"""A small model of Braze's identities, written from its documentation and not from the emulator.

Profiles are dicts in a list, and everything is found by looking at all of them. Each rule names the page it is from:
identify = POST /users/identify, merge = POST /users/merge, alias = POST /users/alias/new, rename and remove = POST
/users/external_ids/…, delete = POST /users/delete, track = POST /users/track, lifecycle = "User profile lifecycle".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Profile = dict[str, Any]
ATTRIBUTES = ("first_name", "last_name", "email", "phone")


class Model:
    def __init__(self) -> None:
        self.profiles: list[Profile] = []
        self.time = 0

    # finding

    def by_external_id(self, external_id: str) -> Profile | None:
        """Primary and deprecated ids find the profile (rename)."""
        return self.first(lambda one: external_id in (one["external_id"], *one["deprecated"]))

    def by_alias(self, label: str, name: str) -> Profile | None:
        return self.first(lambda one: one["aliases"].get(label) == name)

    def by_address(self, field: str, address: str) -> list[Profile]:
        return [one for one in self.profiles if one["fields"].get(field) == address]

    def first(self, test: Callable[[Profile], bool]) -> Profile | None:
        return next((one for one in self.profiles if test(one)), None)

    def chosen(self, found: list[Profile], prioritization: list[str]) -> Profile | None:
        """The one that is left; nobody if several are (identify, merge, delete)."""
        for name in prioritization:
            if name in ("identified", "unidentified"):
                found = [one for one in found if (one["external_id"] is not None) == (name == "identified")]
            else:
                found = sorted(
                    found,
                    key=lambda one: one["updated"],
                    reverse=name == "most_recently_updated",
                )[:1]
        return found[0] if len(found) == 1 else None

    def meant(self, who: dict[str, Any]) -> Profile | None:
        """By external_id, alias, or address with prioritization."""
        if "external_id" in who:
            return self.by_external_id(who["external_id"])
        if "user_alias" in who:
            return self.by_alias(who["user_alias"]["alias_label"], who["user_alias"]["alias_name"])
        field = "email" if "email" in who else "phone"
        return self.chosen(self.by_address(field, who[field]), who["prioritization"])

    # writing

    def add(self, **known: Any) -> Profile:
        self.time += 1
        blank: Profile = {
            "id": self.time,
            "external_id": None,
            "deprecated": [],
            "aliases": {},
            "fields": {},
        }
        profile = {
            **blank,
            "custom": {},
            "events": {},
            "purchases": {},
            "revenue": 0.0,
            **known,
        }
        self.profiles.append(profile)
        return self.touch(profile)

    def touch(self, profile: Profile) -> Profile:
        self.time += 1
        profile["updated"] = self.time
        return profile

    def tracked(self, who: dict[str, Any]) -> Profile | None:
        """Whom an object of users/track means: an alias alone creates nobody, the others do (track)."""
        if "user_alias" in who:
            return self.meant(who)
        if "external_id" in who:
            return self.by_external_id(who["external_id"]) or self.add(external_id=who["external_id"])
        found = self.by_address("email", who["email"])
        best = max(
            found,
            key=lambda one: (one["external_id"] is not None, one["updated"]),
            default=None,
        )
        return best or self.add(fields={"email": who["email"]})

    def attribute(self, who: dict[str, Any], values: dict[str, Any]) -> None:
        profile = self.tracked(who)
        if profile is not None:
            self.touch(profile)
            for name, value in values.items():
                profile["fields" if name in ATTRIBUTES else "custom"][name] = value

    def happened(self, part: str, who: dict[str, Any], name: str, at: str, price: float = 0.0) -> None:
        profile = self.tracked(who)
        if profile is not None:
            self.touch(profile)
            count(profile[part], name, at, at, 1)
            profile["revenue"] += price

    def new_alias(self, external_id: str | None, label: str, name: str) -> None:
        """A pair that somebody has, or a user that is not there: nothing (alias); one name for a label (lifecycle)."""
        if self.by_alias(label, name) is not None:
            return
        if external_id is None:
            self.add(aliases={label: name})
            return
        profile = self.by_external_id(external_id)
        if profile is not None and label not in profile["aliases"]:
            self.touch(profile)["aliases"][label] = name

    def update_alias(self, label: str, old: str, new: str) -> None:
        profile = self.by_alias(label, old)
        if profile is not None and self.by_alias(label, new) is None:
            self.touch(profile)["aliases"][label] = new

    def identify(self, external_id: str, who: dict[str, Any], behavior: str) -> None:
        """Only anonymous profiles; a label that both have keeps them apart (identify)."""
        profile, target = self.meant(who), self.by_external_id(external_id)
        if profile is None or profile["external_id"] is not None:
            return
        if target is None:
            self.touch(profile)["external_id"] = external_id
        elif not target["aliases"].keys() & profile["aliases"].keys():
            if behavior == "none":
                profile = {
                    **profile,
                    "fields": {},
                    "custom": {},
                    "events": {},
                    "purchases": {},
                    "revenue": 0.0,
                }
            self.unite(profile, target)

    def merge(self, gone: dict[str, Any], kept: dict[str, Any]) -> None:
        one, other = self.meant(gone), self.meant(kept)
        if one is None or other is None or one is other:
            return
        phones = [profile["fields"].get("phone", "+") for profile in (one, other)]
        if any(phone.startswith("+") for phone in phones):  # two invalid ones are not merged (merge)
            self.unite(one, other)

    def unite(self, gone: Profile, kept: Profile) -> None:
        """What the kept profile has stays; counts add up, first dates are the earlier, last dates the later (merge)."""
        self.touch(kept)
        for part in ("aliases", "fields", "custom"):
            kept[part] = {**gone[part], **kept[part]}
        for part in ("events", "purchases"):
            for name, (first, last, times) in gone[part].items():
                count(kept[part], name, first, last, times)
        kept["revenue"] += gone["revenue"]
        self.profiles = [one for one in self.profiles if one["id"] != gone["id"]]

    def rename(self, current: str, new: str) -> bool:
        """Only a primary id, and only to one that is not in use as either (rename)."""
        profile = self.first(lambda one: one["external_id"] == current)
        if profile is None or self.by_external_id(new) is not None:
            return False
        self.touch(profile)
        profile["deprecated"].append(current)
        profile["external_id"] = new
        return True

    def remove(self, external_id: str) -> bool:
        """Only deprecated ids (remove)."""
        profile = self.first(lambda one: external_id in one["deprecated"])
        if profile is None:
            return False
        self.touch(profile)["deprecated"].remove(external_id)
        return True

    def delete(self, who: dict[str, Any]) -> None:
        profile = self.meant(who)
        self.profiles = [one for one in self.profiles if one is not profile]


def count(part: dict[str, Any], name: str, first: str, last: str, times: int) -> None:
    old = part.get(name, (first, last, 0))
    part[name] = (min(old[0], first), max(old[1], last), old[2] + times)


def shown(profile: Profile) -> dict[str, Any]:
    """The profile as an export shows it, as far as the model knows it."""

    def summaries(part: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"name": name, "first": one[0], "last": one[1], "count": one[2]} for name, one in part.items()]

    known: dict[str, Any] = {
        "external_id": profile["external_id"],
        **profile["fields"],
        "custom_attributes": profile["custom"] or None,
        "custom_events": summaries(profile["events"]) or None,
        "purchases": summaries(profile["purchases"]) or None,
    }
    aliases = [{"alias_label": label, "alias_name": name} for label, name in profile["aliases"].items()]
    rest = {"user_aliases": aliases, "total_revenue": profile["revenue"]}
    return {
        **{name: value for name, value in known.items() if value is not None},
        **rest,
    }
