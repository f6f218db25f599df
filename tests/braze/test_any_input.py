"""Whatever is sent to users/track gets an answer, fates of known rules, and indexes that fit the profiles."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import fates
from emulator.state import names, profiles
from tests.conftest import Client, client

GROUPS = [{"id": "news", "name": "News", "channel": "email"}, {"id": "texts", "name": "Texts", "channel": "sms"}]
ATOMS = st.sampled_from(
    [None, True, False, 0, 1, -1, 1.5, 1e308, 10**18, "", "x", "2020-01-01", "9999-12-31", "1/2/2020", "a@b.co", "US",
     "+14155552671", "en", "M", "é" * 300, "subscribed", "Europe/Paris", "news", "texts", "USD"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["a", "b c", "", "$time", "inc", "add", "remove", "$add", "$remove", "$update", "$identifier_key", "$new_object",
     "$identifier_value", "longitude", "latitude", "alias_name", "alias_label", "app_id", "token",
     "subscription_group_id", "subscription_state"]
)  # fmt: skip
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
WHO = st.sampled_from(
    [{"external_id": "a"}, {"external_id": 1}, {"user_alias": {"alias_name": "a", "alias_label": "l"}}, {},
     {"email": "a@b.co"}, {"phone": "+14155552671"}, {"braze_id": "x"}]
)  # fmt: skip
FIELDS = st.sampled_from([*sorted(names.RESERVED), "plan", "First_Name", "a/b~c", "x" * 300])
ACTIVITY = st.sampled_from(["name", "time", "properties", "product_id", "currency", "price", "quantity", "zz", "email"])
GOOD = {"name": "e", "product_id": "p", "currency": "EUR", "price": 1.5, "time": "2020-01-01T00:00:00Z"}


def objects(fields: st.SearchStrategy[str], start: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    written = st.builds(
        lambda who, more: {**start, **who, **more}, WHO, st.dictionaries(fields, VALUES, max_size=4)
    )  # fmt: skip
    return st.lists(written | VALUES, max_size=3)


EVENTS = objects(ACTIVITY, GOOD)
BODIES = st.fixed_dictionaries(
    {}, optional={"attributes": objects(FIELDS, {}), "events": EVENTS, "purchases": EVENTS}
)  # fmt: skip


def fits(braze: Client) -> bool:
    """Whether every index leads to the profiles that have the address, and to no other."""
    view = braze.emulator.workspaces.default.view()
    records = view.profiles.values()
    emails = {(profiles.email_key(one["email"]), one["braze_id"]) for one in records if "email" in one}
    phones = {(profiles.phone_key(one["phone"]), one["braze_id"]) for one in records if "phone" in one}
    known = {(one["external_id"], one["braze_id"]) for one in records if "external_id" in one}
    return (
        emails == {(key, braze_id) for key, ids in view.emails.items() for braze_id in ids}
        and phones == {(key, braze_id) for key, ids in view.phones.items() for braze_id in ids}
        and known == set(view.external_ids.items())
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(bodies=st.lists(BODIES, min_size=1, max_size=5))
def test_track_users_takes_anything(bodies: list[Any]) -> None:
    braze = client({"subscription_groups": GROUPS})
    for body in bodies:
        status, answer = braze.post("/users/track", body)
        sent = sum(len(body.get(name) or ()) for name in ("attributes", "events", "purchases"))
        processed = sum(count for name, count in answer.items() if name.endswith("_processed"))
        assert (status, processed + len(answer.get("errors", ()))) in ((201, sent), (400, sent))
        assert all(fate.rule in fates.rules() for fate in braze.entries[-1].fates)
        assert fits(braze)
    braze.emulator.journal.close()
