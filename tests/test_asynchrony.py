"""Calls that take effect later: after a while, on somebody's word, when maintenance is over, and shuffled."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import create_app
from emulator.pipeline import Emulator
from tests.conftest import Client

HEADERS = {"content-type": "application/json", "authorization": "Bearer test-key"}
FROZEN = {"now": "2026-01-02T12:00:00Z", "frozen": True}


def client(**settings: Any) -> Client:
    return Client(Emulator({"clock": FROZEN, "settings": settings}), dict(HEADERS))


def later(policy: str, **more: Any) -> Client:
    return client(asynchrony={"policy": policy, **more})


def track(client: Client, *attributes: dict[str, Any]) -> bytes:
    response = client.send("POST", "/users/track", {"attributes": list(attributes)})
    assert response.status == 201, response.body
    return response.body


def stored(client: Client, name: str = "u", field: str = "plan") -> Any:
    state = client.emulator.workspaces.default.state
    record = state["profiles"].get(state["external_ids"].get(name))
    return None if record is None else record["custom_attributes"].get(field)


def control(client: Client, path: str, **body: Any) -> Any:
    answer = create_app(client.emulator).test_client().post(f"/_emulator/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def rules(client: Client, entry: int) -> list[str]:
    found = client.emulator.journal.get(entry)
    assert found is not None
    return [fate.rule for fate in found.fates]


def test_without_a_policy_a_call_takes_effect_at_once() -> None:
    made = client()
    track(made, {"external_id": "u", "plan": "a"})
    assert stored(made) == "a"


def test_a_delayed_call_is_answered_at_once_and_applied_when_its_time_has_come() -> None:
    made = later("delay", seconds=30)
    assert track(made, {"external_id": "u", "plan": "a"}) == b'{"message":"success","attributes_processed":1}'
    assert stored(made) is None
    made.emulator.dispatcher.advance(made.emulator.workspaces.default, 29)
    assert stored(made) is None
    made.emulator.dispatcher.advance(made.emulator.workspaces.default, 1)
    assert stored(made) == "a"


def test_the_entry_tells_first_that_it_waits_and_then_what_became_of_it() -> None:
    made = later("delay", seconds=1)
    track(made, {"external_id": "u", "Email": "a"})
    assert rules(made, 1) == ["applied_later"]
    made.emulator.dispatcher.advance(made.emulator.workspaces.default, 1)
    assert rules(made, 1) == ["applied_later", "created_profile", "became_custom_attribute"]
    assert made.emulator.journal.last == 1


def test_a_refused_call_is_refused_at_once() -> None:
    made = later("delay")
    assert made.send("POST", "/users/track", {"attributes": [{"plan": "a"}]}).status == 400
    assert not made.emulator.workspaces.default.state["outbox"]


def test_reads_and_synchronous_calls_do_not_wait() -> None:
    made = later("manual")
    track(made, {"external_id": "u", "plan": "a"})
    answer = made.send("POST", "/users/export/ids", {"external_ids": ["u"]})
    assert (answer.status, b"invalid_user_ids" in answer.body) == (201, True)


def test_manual_calls_wait_for_a_word_and_keep_their_order() -> None:
    made = later("manual")
    for plan in ("a", "b", "c"):
        track(made, {"external_id": "u", "plan": plan})
    made.emulator.dispatcher.advance(made.emulator.workspaces.default, 1e6)
    assert stored(made) is None
    assert control(made, "apply", count=2) == {"applied": 2}
    assert stored(made) == "b"
    assert control(made, "apply") == {"applied": 1}
    assert stored(made) == "c"


def test_maintenance_queues_and_its_end_applies() -> None:
    made = client(maintenance=True)
    answer = made.send("POST", "/users/track", {"attributes": [{"external_id": "u", "plan": "a"}]})
    assert (answer.status, answer.body) == (202, b'{"message":"queued"}')
    assert made.send("POST", "/users/export/ids", {"external_ids": ["u"]}).status == 201
    assert stored(made) is None
    control(made, "settings", maintenance=False)
    assert stored(made) == "a"
    track(made, {"external_id": "u", "plan": "b"})
    assert stored(made) == "b"


def _order(seed: str, policy: dict[str, Any]) -> str:
    """The order in which eight calls were applied."""
    emulator = Emulator({"clock": FROZEN, "settings": {"asynchrony": policy}}, random_seed=seed)
    made = Client(emulator, dict(HEADERS))
    for plan in "abcdefgh":
        track(made, {"external_id": "u", "plan": plan})
    if policy["policy"] == "manual":
        control(made, "apply")
    emulator.dispatcher.advance(emulator.workspaces.default, 60)
    steps = emulator.workspaces.default.provenance.steps
    assert "abcdefgh"[steps[-1].entry - 1] == stored(made)
    return "".join("abcdefgh"[step.entry - 1] for step in steps)


@pytest.mark.parametrize("policy", [{"policy": "delay", "seconds": 10}, {"policy": "manual"}])
def test_shuffled_calls_apply_in_an_order_of_their_own_that_the_seed_repeats(policy: dict[str, Any]) -> None:
    assert _order("one", policy) == "abcdefgh"
    shuffled = _order("one", {**policy, "shuffle": True})
    assert "".join(sorted(shuffled)) == "abcdefgh" != shuffled
    assert shuffled == _order("one", {**policy, "shuffle": True})
    assert shuffled != _order("two", {**policy, "shuffle": True})


def test_one_call_stays_whole_when_calls_are_shuffled() -> None:
    made = later("delay", seconds=1, shuffle=True)
    body = {
        "attributes": [{"external_id": "u", "plan": "a"}],
        "events": [{"external_id": "u", "name": "e", "time": "2026-01-01T00:00:00Z", "_update_existing_only": True}],
    }
    assert made.send("POST", "/users/track", body).status == 201
    made.emulator.dispatcher.advance(made.emulator.workspaces.default, 1)
    state = made.emulator.workspaces.default.state
    assert state["profiles"][state["external_ids"]["u"]]["custom_events"]["e"]["count"] == 1


def test_a_call_that_is_no_longer_valid_says_so() -> None:
    made = later("manual")
    group = {"subscription_group_id": "g", "subscription_state": "subscribed"}
    made.emulator.workspaces.plant(
        made.emulator.workspaces.default,
        {"clock": FROZEN, "settings": {"asynchrony": {"policy": "manual"}},
         "subscription_groups": [{"id": "g", "name": "G", "channel": "email"}]},
    )  # fmt: skip
    track(made, {"external_id": "u", "subscription_groups": [group]})
    with made.emulator.workspaces.default.transaction() as draft:
        del draft.subscription_groups["g"]
    control(made, "apply")
    assert rules(made, made.emulator.journal.last) == ["applied_later", "refused_later"]


def test_waiting_calls_are_forgotten_by_a_reset_and_copied_by_a_branch() -> None:
    made = later("manual")
    track(made, {"external_id": "u", "plan": "a"})
    branch = made.emulator.workspaces.branch(made.emulator.workspaces.default, "other")
    made.emulator.workspaces.default.reset()
    assert control(made, "apply") == {"applied": 0}
    answer = (
        create_app(made.emulator)
        .test_client()
        .post("/_emulator/apply", json={}, headers={"X-Emulator-Workspace": "other"})
    )
    assert answer.get_json() == {"applied": 1}
    assert "u" in branch.state["external_ids"] and stored(made) is None


def test_settings_are_checked_and_can_be_taken_back() -> None:
    made = client()
    assert control(made, "settings", plan="mau") == {"plan": "mau"}
    assert control(made, "settings", plan=None) == {}
    answer = create_app(made.emulator).test_client().post("/_emulator/settings", json={"plan": "none"})
    assert answer.status_code == 400 and "plan" in answer.get_json()["detail"]
