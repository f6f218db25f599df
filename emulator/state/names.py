"""Names that look as if a reserved one was meant: what Braze silently takes for something else."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

CONTROLS: Final = frozenset({
    "external_id", "user_alias", "braze_id", "alias_name", "alias_label", "_update_existing_only", "push_token_import",
    "_merge_objects",
})  # fmt: skip
"""Identifiers and flags of an attributes object."""

RESERVED: Final = CONTROLS | {
    "email", "phone", "country", "current_location", "date_of_first_session", "date_of_last_session", "dob",
    "email_subscribe", "email_open_tracking_disabled", "email_click_tracking_disabled", "facebook", "first_name",
    "last_name", "gender", "home_city", "image_url", "language", "marked_email_as_spam_at", "push_subscribe",
    "push_tokens", "subscription_groups", "time_zone", "twitter",
}  # fmt: skip
"""What has a meaning of its own in an attributes object (documented); everything else is a custom attribute."""

_SYNONYMS: Final = {
    "externaluserid": "external_id",
    "emailaddress": "email",
    "phonenumber": "phone",
    "dateofbirth": "dob",
    "birthdate": "dob",
    "useraliases": "user_alias",
    "subscriptiongroup": "subscription_groups",
}
"""What other places call a reserved field, without its separators. Our own list."""

_WRAPPERS: Final = frozenset({"customattributes", "attributes"})

_WORDS: Final = frozenset({"county", "sender", "lender", "tender", "first_game", "last_game"})
"""Names that are one letter away from a reserved one and mean something else."""

_SEPARATORS: Final = str.maketrans("", "", "_- .$")


@lru_cache(maxsize=8192)
def advice(name: str) -> str:
    """What the sender probably meant by a name that is not reserved, or nothing.

    `First_Name`, `firstName` and `frist_name` mean first_name. Called for every custom attribute of every request,
    hence the cache.
    """
    bare = _bare(name)
    if bare in _WRAPPERS:
        return "custom attributes stand beside the other fields, not under a name of their own"
    if name in _WORDS or len(name) > 40:
        return ""
    return did_you_mean(_SYNONYMS.get(bare) or closest(name, RESERVED))


def did_you_mean(name: str) -> str:
    return f"did you mean '{name}'?" if name else ""


def closest(name: str, known: Iterable[str]) -> str:
    """The one of `known` that differs from `name` in case and separators only, or by one slip of the finger."""
    bare = _bare(name)
    for candidate in sorted(known):
        other = _bare(candidate)
        if bare == other or _one_slip(bare, other):
            return candidate
    return ""


def _bare(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


def _one_slip(given: str, meant: str) -> bool:
    """One letter missing, doubled or wrong, or two neighbours swapped; a letter put at the end is another name.

    A short name may only have a letter wrong or swapped: `iphone` is not `phone`.
    """
    longer = len(given) - len(meant)
    if abs(longer) > (len(meant) > 5) or len(meant) < 5 or given[:-1] == meant:
        return False
    start = 0
    while start < min(len(given), len(meant)) and given[start] == meant[start]:
        start += 1
    left, right = given[start:], meant[start:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or left == right[1::-1] + right[2:]
