"""Random calls against the emulator and against the reference model of this folder: both must tell the same."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.braze.calls import attributes, export
from tests.braze.model_subscriptions import GROUPS, Model
from tests.conftest import Client, client

# few, so that they meet often
NAMES = ["ada", "bob", "eve"]
EMAILS = ["a@b.co", "c@d.co", "e@f.co"]
PHONES = ["+14155552671"]
SEED = {
    "clock": {"now": "2026-01-31T12:00:00Z", "frozen": True},
    "subscription_groups": [
        {"id": group, "name": group, "channel": "email" if kind == "email" else "sms"} for group, kind in GROUPS.items()
    ],
}
SHOWN = {"subscribed": "Subscribed", "unsubscribed": "Unsubscribed", None: "unknown"}

names, groups = st.sampled_from(NAMES), st.sampled_from(list(GROUPS))
states = st.sampled_from(["subscribed", "unsubscribed"])
globals_ = st.sampled_from(["subscribed", "unsubscribed", "opted_in"])
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from([*EMAILS, None]),
        "phone": st.sampled_from([*PHONES, None]),
        "email_subscribe": globals_,
        "groups": st.dictionaries(groups, states, min_size=1, max_size=2),
    },
)
TRACKS = st.tuples(st.just("track"), names, ITEMS)
BY_NAME = st.lists(names, min_size=1, max_size=2, unique=True)
SETS = groups.flatmap(
    lambda group: st.tuples(
        st.sampled_from(["v1", "v2"]),
        st.just(group),
        states,
        st.just([]) | BY_NAME,
        st.lists(st.sampled_from(EMAILS if GROUPS[group] == "email" else PHONES), min_size=1, max_size=2, unique=True),
    )
)
SAYS = st.tuples(st.just("say"), st.sampled_from(EMAILS[:2]), globals_)
STEPS = st.lists(st.one_of(TRACKS, TRACKS, TRACKS, SETS, SETS, SAYS), min_size=8, max_size=16)


def do(braze: Client, model: Model, step: tuple[Any, ...]) -> None:
    if step[0] == "track":
        _, name, item = step
        model.track(name, item)
        attributes(braze, sent(name, item))
    elif step[0] == "say":
        model.say(*step[1:])
        body = {"email": step[1], "subscription_state": step[2]}
        assert braze.post("/email/status", body) == (201, {"message": "success"})
    else:
        model.put(*step[1:])
        put(braze, *step)


def sent(name: str, item: dict[str, Any]) -> dict[str, Any]:
    """An attributes object, with the addresses last: the order of the keys must not matter."""
    found = {key: item[key] for key in ("email_subscribe", "email", "phone") if key in item}
    wanted = [{"subscription_group_id": group, "subscription_state": state}
              for group, state in item.get("groups", {}).items()]  # fmt: skip
    return {"external_id": name, **({"subscription_groups": wanted} if wanted else {}), **found}


def put(braze: Client, version: str, group: str, state: str, who: list[str], addresses: list[str]) -> None:
    entry: dict[str, Any] = {"subscription_group_id": group, "subscription_state": state}
    many = "s" if version == "v2" else ""
    entry["external_id" + many if who else GROUPS[group] + many] = who or addresses
    path = "/subscription/status/set" if version == "v1" else "/v2/subscription/status/set"
    body = entry if version == "v1" else {"subscription_groups": [entry]}
    assert braze.post(path, body) == (201, {"message": "success"})


def seen(braze: Client, group: str, kind: str, values: list[str]) -> dict[str, str]:
    query = "&".join(f"{kind}[]={value.replace('+', '%2B')}" for value in values)
    status, body = braze.get("/subscription/status/get", f"subscription_group_id={group}&{query}")
    assert status == 200
    return dict(body["status"])


def compare(braze: Client, model: Model) -> None:
    for group, kind in GROUPS.items():
        by_name = {
            name: SHOWN[model.users[name].groups.get(group)] if name in model.users else "unknown" for name in NAMES
        }
        assert seen(braze, group, "external_id", NAMES) == by_name
        known = EMAILS if kind == "email" else PHONES
        assert seen(braze, group, kind, known) == {one: SHOWN[model.group_of(group, one)] for one in known}
    body = braze.get("/subscription/user/status", "&".join(f"external_id[]={name}" for name in NAMES))[1]
    told = {
        user["external_id"]: {group["id"]: group["status"] for group in user["subscription_groups"]}
        for user in body["users"]
    }
    assert told == {
        name: {group: SHOWN[state] for group, state in user.groups.items()} for name, user in model.users.items()
    }
    exported = {user["external_id"]: user["email_subscribe"] for user in export(braze, external_ids=NAMES)}
    assert exported == {name: user.state for name, user in model.users.items()}
    listed = braze.get("/email/unsubscribes", "start_date=2026-01-01&end_date=2026-02-01")[1]["emails"]
    assert {one["email"] for one in listed} == model.unsubscribed()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(steps=STEPS)
def test_set_subscription_status_and_its_like_agree_with_the_model(steps: list[tuple[Any, ...]]) -> None:
    braze, model = client(SEED), Model()
    for number, step in enumerate(steps, start=1):
        do(braze, model, step)
        if number % 3 == 0 or number == len(steps):
            compare(braze, model)
    braze.emulator.journal.close()
