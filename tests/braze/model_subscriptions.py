"""Subscriptions retold in a hundred lines, with no regard to speed or storage: what the emulator is compared with.

A group has one channel, and through it one kind of address. All who share an address share the state, so the state of
an address is that of anybody who has one. What is said of an address that nobody has waits for the first who gets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GROUPS = {"news": "email", "digest": "email", "texts": "phone"}
"""group -> the kind of address that decides."""


@dataclass
class User:
    email: str | None = None
    phone: str | None = None
    groups: dict[str, str] = field(default_factory=dict)
    state: str = "subscribed"
    explicit: bool = False
    """Whether `state` was ever said, and not only the default."""

    def has(self, kind: str) -> str | None:
        return self.email if kind == "email" else self.phone


class Model:
    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.waiting: dict[tuple[str, str], str] = {}
        """(group, address) -> state."""
        self.said: dict[str, str] = {}
        """e-mail address -> global state."""

    def sharing(self, kind: str, address: str | None) -> list[User]:
        return [user for user in self.users.values() if address is not None and user.has(kind) == address]

    # what is done

    def track(self, name: str, item: dict[str, Any]) -> None:
        user = self.users.setdefault(name, User())
        for kind in ("email", "phone"):
            if kind in item and item[kind] != user.has(kind):
                self.move(user, kind, item[kind])
        if "email_subscribe" in item:
            self.say_for(user, item["email_subscribe"])
        for group, state in item.get("groups", {}).items():
            self.put_for(user, group, state)

    def move(self, user: User, kind: str, address: str | None) -> None:
        others = self.sharing(kind, address)
        setattr(user, kind, address)
        if address is None:
            return
        for group, decides in GROUPS.items():
            if decides == kind:
                waiting = self.waiting.pop((group, address), None)
                states = {other.groups[group] for other in others if group in other.groups}
                assert len(states) < 2, "who shares an address agrees"
                state = states.pop() if states else waiting
                if state is not None:
                    user.groups[group] = state
        if kind == "email":
            self.settle(user, address, others)

    def settle(self, user: User, address: str, others: list[User]) -> None:
        """An address that is known brings its global state, one that is not takes the user's."""
        if address in self.said:
            user.state, user.explicit = self.said[address], True
        elif others:
            user.state, user.explicit = "subscribed", False
        elif user.explicit:
            self.said[address] = user.state

    def put_for(self, user: User, group: str, state: str) -> None:
        for other in [user, *self.sharing(GROUPS[group], user.has(GROUPS[group]))]:
            other.groups[group] = state

    def put(self, group: str, state: str, names: list[str], addresses: list[str]) -> None:
        for name in names:
            if name in self.users:
                self.put_for(self.users[name], group, state)
        for address in [] if names else addresses:
            others = self.sharing(GROUPS[group], address)
            for user in others:
                user.groups[group] = state
            if not others:
                self.waiting[group, address] = state

    def say_for(self, user: User, state: str) -> None:
        user.state, user.explicit = state, True
        if user.email is not None:
            self.say(user.email, state)

    def say(self, address: str, state: str) -> None:
        self.said[address] = state
        for user in self.sharing("email", address):
            user.state, user.explicit = state, True

    # what is seen

    def group_of(self, group: str, address: str) -> str | None:
        others = self.sharing(GROUPS[group], address)
        states = [user.groups[group] for user in others if group in user.groups]
        return states[0] if states else None if others else self.waiting.get((group, address))

    def unsubscribed(self) -> set[str]:
        return {address for address, state in self.said.items() if state == "unsubscribed"}
