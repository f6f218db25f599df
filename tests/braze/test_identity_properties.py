"""Random sequences of calls about identities give the same profiles in the emulator and in the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.braze.model_identity import Model, shown
from tests.conftest import Client, client

SEED = {
    "clock": {"now": "2026-01-31T12:00:00Z", "frozen": True},
    "settings": {"rate_limits": "off"},
}
EXTERNAL_IDS = ["a", "b", "c", "d"]
LABELS, NAMES = ["l", "m"], ["1", "2"]
EMAILS, PHONES = ["x@e.co", "y@e.co"], ["+14155552671", "123"]
DAYS = [
    "2026-01-02T00:00:00.000Z",
    "2026-01-20T00:00:00.000Z",
    "2026-01-30T00:00:00.000Z",
]
COMPARED = {
    "external_id", "user_aliases", "first_name", "last_name", "email", "phone", "custom_attributes", "custom_events",
    "purchases", "total_revenue",
}  # fmt: skip

external_id, label, name = (
    st.sampled_from(EXTERNAL_IDS),
    st.sampled_from(LABELS),
    st.sampled_from(NAMES),
)
alias = st.fixed_dictionaries({"alias_label": label, "alias_name": name})
priorities = st.sampled_from(
    [[], ["identified"], ["unidentified"], ["most_recently_updated"], ["least_recently_updated"],
     ["unidentified", "most_recently_updated"], ["least_recently_updated", "identified"]]
)  # fmt: skip
by_id = st.fixed_dictionaries({"external_id": external_id})
by_alias = st.fixed_dictionaries({"user_alias": alias})
by_email = st.fixed_dictionaries({"email": st.sampled_from(EMAILS), "prioritization": priorities})
by_phone = st.fixed_dictionaries({"phone": st.sampled_from(PHONES), "prioritization": priorities})
anybody = st.one_of(by_id, by_alias, by_email, by_phone)
sender = st.one_of(by_id, by_alias, st.fixed_dictionaries({"email": st.sampled_from(EMAILS)}))
word, day = st.sampled_from(["u", "v", "w"]), st.sampled_from(DAYS)
values = st.fixed_dictionaries(
    {},
    optional={
        "first_name": word, "last_name": word, "plan": word, "tier": word,
        "email": st.sampled_from(EMAILS), "phone": st.sampled_from(PHONES),
    },
)  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("attribute"), sender, values),
    st.tuples(st.just("event"), sender, word, day),
    st.tuples(st.just("purchase"), sender, word, day, st.sampled_from([0.5, 1.25])),
    st.tuples(st.just("new_alias"), st.none() | external_id, label, name),
    st.tuples(st.just("update_alias"), label, name, name),
    st.tuples(
        st.just("identify"),
        external_id,
        by_alias | by_email | by_phone,
        st.sampled_from(["merge", "none"]),
    ),
    st.tuples(st.just("merge"), anybody, anybody),
    st.tuples(st.just("rename"), external_id, external_id),
    st.tuples(st.just("remove"), external_id),
    st.tuples(st.just("delete"), anybody),
)
EVERYBODY: list[tuple[Any, ...]] = [
    (
        "attribute",
        {"external_id": "a"},
        {"first_name": "u", "plan": "u", "email": EMAILS[0], "phone": PHONES[1]},
    ),
    (
        "attribute",
        {"external_id": "b"},
        {"first_name": "v", "tier": "v", "phone": PHONES[1]},
    ),
    ("event", {"external_id": "a"}, "u", DAYS[1]),
    ("event", {"external_id": "b"}, "u", DAYS[0]),
    ("purchase", {"external_id": "b"}, "u", DAYS[2], 1.25),
    ("new_alias", "a", "l", "1"),
    ("new_alias", None, "m", "1"),
    ("new_alias", None, "l", "2"),
    (
        "attribute",
        {"user_alias": {"alias_label": "m", "alias_name": "1"}},
        {"plan": "w", "email": EMAILS[0]},
    ),
    ("event", {"user_alias": {"alias_label": "m", "alias_name": "1"}}, "u", DAYS[2]),
    ("attribute", {"email": EMAILS[1]}, {"last_name": "w"}),
    ("purchase", {"email": EMAILS[1]}, "u", DAYS[0], 0.5),
]
"""What there is before the random steps: users with and without external_id that have things in common."""


class Pair:
    """The same step in both, and what each says."""

    def __init__(self, braze: Client) -> None:
        self.model = Model()
        self.braze = braze

    def do(self, step: tuple[Any, ...]) -> None:
        what, *rest = step
        work: Callable[..., None] = getattr(self, what)
        work(*rest)

    def post(self, path: str, body: Any, status: int = 201) -> dict[str, Any]:
        answered, answer = self.braze.post(path, body)
        assert answered == status, answer
        return dict(answer)

    def attribute(self, who: dict[str, Any], values: dict[str, Any]) -> None:
        if "email" in who:  # as the identifier it is no attribute
            values = {key: value for key, value in values.items() if key != "email"}
        self.model.attribute(who, values)
        self.post("/users/track", {"attributes": [{**who, **values}]})

    def event(self, who: dict[str, Any], named: str, at: str) -> None:
        self.model.happened("events", who, named, at)
        self.post("/users/track", {"events": [{**who, "name": named, "time": at}]})

    def purchase(self, who: dict[str, Any], named: str, at: str, price: float) -> None:
        self.model.happened("purchases", who, named, at, price)
        bought = {
            **who,
            "product_id": named,
            "time": at,
            "price": price,
            "currency": "USD",
        }
        self.post("/users/track", {"purchases": [bought]})

    def new_alias(self, owner: str | None, label: str, name: str) -> None:
        self.model.new_alias(owner, label, name)
        given = {"alias_label": label, "alias_name": name}
        known = {} if owner is None else {"external_id": owner}
        assert self.post("/users/alias/new", {"user_aliases": [{**known, **given}]})["aliases_processed"] == 1

    def update_alias(self, label: str, old: str, new: str) -> None:
        self.model.update_alias(label, old, new)
        change = {"alias_label": label, "old_alias_name": old, "new_alias_name": new}
        self.post("/users/alias/update", {"alias_updates": [change]})

    def identify(self, owner: str, who: dict[str, Any], behavior: str) -> None:
        self.model.identify(owner, who, behavior)
        array = {"user_alias": "aliases", "email": "emails", "phone": "phone_numbers"}[kind_of(who)]
        entry = {"external_id": owner, **who}
        self.post(
            "/users/identify",
            {f"{array}_to_identify": [entry], "merge_behavior": behavior},
        )

    def merge(self, gone: dict[str, Any], kept: dict[str, Any]) -> None:
        self.model.merge(gone, kept)
        self.post(
            "/users/merge",
            {"merge_updates": [{"identifier_to_merge": gone, "identifier_to_keep": kept}]},
            202,
        )

    def rename(self, current: str, new: str) -> None:
        renamed = self.model.rename(current, new)
        pair = {"current_external_id": current, "new_external_id": new}
        answer = self.post("/users/external_ids/rename", {"external_id_renames": [pair]})
        assert answer["external_ids"] == ([pair] if renamed else [])
        assert [error[0] for error in answer["rename_errors"]] == ([] if renamed else [0])

    def remove(self, owner: str) -> None:
        removed = self.model.remove(owner)
        answer = self.post("/users/external_ids/remove", {"external_ids": [owner]})
        assert answer["removed_ids"] == ([owner] if removed else [])
        assert [error[0] for error in answer["removal_errors"]] == ([] if removed else [0])

    def delete(self, who: dict[str, Any]) -> None:
        if "least_recently_updated" in who.get("prioritization", ()):  # not a value of this operation
            who = {**who, "prioritization": ["most_recently_updated"]}
        self.model.delete(who)
        kind = kind_of(who)
        arrays = {
            "external_id": "external_ids",
            "user_alias": "user_aliases",
            "email": "email_addresses",
        }
        item = who if kind in ("email", "phone") else who[kind]
        answer = self.post("/users/delete", {arrays.get(kind, "phone_numbers"): [item]})
        assert answer == {"deleted": 1, "message": "success"}

    # what can be seen

    def compare(self) -> None:
        for owner in EXTERNAL_IDS:
            self.same({"external_ids": [owner]}, [self.model.by_external_id(owner)])
        for tag in LABELS:
            for number in NAMES:
                given = {"alias_label": tag, "alias_name": number}
                self.same({"user_aliases": [given]}, [self.model.by_alias(tag, number)])
        for field, key, addresses in (
            ("email", "email_address", EMAILS),
            ("phone", "phone", PHONES),
        ):
            for address in addresses:
                self.same({key: address}, self.model.by_address(field, address))

    def same(self, wanted: dict[str, Any], profiles: list[Any]) -> None:
        seen = self.post("/users/export/ids", wanted)["users"]
        known = [shown(one) for one in profiles if one is not None]
        assert in_order(seen) == in_order(known), wanted


def kind_of(who: dict[str, Any]) -> str:
    return next(kind for kind in ("external_id", "user_alias", "email", "phone") if kind in who)


def in_order(users: list[dict[str, Any]]) -> list[Any]:
    """What is compared of exported users, with every list in an order of our own."""

    def text(value: Any) -> str:
        return repr(sorted(value.items())) if isinstance(value, dict) else repr(value)

    def ordered(value: Any) -> Any:
        return sorted(value, key=text) if isinstance(value, list) else value

    kept = [{key: ordered(value) for key, value in one.items() if key in COMPARED} for one in users]
    return sorted(kept, key=text)


def indexes_fit(braze: Client) -> bool:
    """Whether every index leads to profiles that are there, and every profile counts at most once in each."""
    view = braze.emulator.workspaces.default.view()
    known = {one["braze_id"] for one in view.profiles.values()}
    single = {braze_id for table in (view.external_ids, view.aliases) for _, braze_id in table.items()}
    shared = [braze_ids for table in (view.emails, view.phones) for _, braze_ids in table.items()]
    return single <= known and all(len(ids) == len({*ids}) and {*ids} <= known for ids in shared)


def test_emulator_and_model_agree() -> None:
    braze = client(SEED)

    @settings(
        max_examples=200,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(steps=st.lists(STEPS, min_size=1, max_size=12))
    def agree(steps: list[tuple[Any, ...]]) -> None:
        braze.emulator.workspaces.default.reset()
        pair = Pair(braze)
        for step in [*EVERYBODY, *steps]:
            pair.do(step)
            assert indexes_fit(braze), step
        pair.compare()

    agree()
    braze.emulator.journal.close()
