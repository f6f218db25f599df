"""Workspaces are values: commit or nothing, snapshots, branches, resets; and a credential leads to one of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emulator import operations, seed
from emulator.errors import ConfigError
from emulator.state.draft import Draft
from emulator.state.tables import TABLES
from emulator.workspaces import Workspace, Workspaces
from tests import toy
from tests.conftest import Client

NOON = 1_767_355_200.0
FROZEN: dict[str, Any] = {"clock": {"now": "2026-01-02T12:00:00Z", "frozen": True}}
DOCUMENT: dict[str, Any] = {**FROZEN, "tags": ["seeded"], "api_keys": [{"key": "k1"}]}


def names(workspace: Workspace) -> list[str]:
    return list(workspace.view().tags)


def write(workspace: Workspace, name: str) -> None:
    with workspace.transaction() as draft:
        draft.tags[name] = {}


# commit


def test_a_transaction_commits() -> None:
    workspace = Workspace("w")
    write(workspace, "a")
    assert names(workspace) == ["a"]


def test_a_transaction_that_raises_leaves_no_trace() -> None:
    workspace = Workspace("w", DOCUMENT)
    before = workspace.state
    with pytest.raises(RuntimeError), workspace.transaction() as draft:
        draft.tags["a"] = {}
        del draft.tags["seeded"]
        draft.new_id("uuid")
        raise RuntimeError
    assert workspace.state is before


def test_a_draft_that_changes_nothing_is_the_same_state() -> None:
    workspace = Workspace("w", DOCUMENT)
    before = workspace.state
    with workspace.transaction() as draft:
        assert "seeded" in draft.tags and len(draft.tags) == 1
    assert workspace.state is before


def test_what_a_view_writes_is_thrown_away() -> None:
    workspace = Workspace("w")
    workspace.view().tags["a"] = {}
    assert names(workspace) == []


def test_untouched_tables_are_shared_between_states() -> None:
    workspace = Workspace("w", DOCUMENT)
    before = workspace.state
    write(workspace, "a")
    assert workspace.state["tags"] is not before["tags"]
    assert all(workspace.state[name] is before[name] for name in TABLES if name != "tags")


def test_a_table_is_listed_in_the_order_of_its_keys() -> None:
    workspace = Workspace("w")
    for name in ("b", "c", "a"):
        write(workspace, name)
    with workspace.transaction() as draft:
        draft.tags["aa"] = {}
        assert [*draft.tags] == [key for key, _ in draft.tags.items()] == ["a", "aa", "b", "c"]
        draft.tags["d"] = {}
        del draft.tags["b"]
    assert names(workspace) == ["a", "aa", "c", "d"]


def test_an_unknown_table_says_where_the_tables_are() -> None:
    with pytest.raises(AttributeError, match=r"no table 'users'; the tables are in emulator/state/tables\.py"):
        _ = Workspace("w").view().users


def test_no_write_is_lost_when_32_commit_at_once() -> None:
    workspace, gate = Workspace("w"), threading.Barrier(32)

    def work(_: int) -> None:
        gate.wait()
        for _ in range(25):
            with workspace.transaction() as draft:
                draft.tags[draft.new_id("hex24")] = {}

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    assert len(names(workspace)) == workspace.state["counters"]["ids"] == 32 * 25


# reset, snapshot, branch


def test_a_reset_returns_to_the_seed_and_its_time() -> None:
    workspace = Workspace("w", DOCUMENT)
    origin = workspace.state
    write(workspace, "a")
    workspace.clock.advance(1000)
    workspace.reset()
    assert workspace.state is origin
    assert (workspace.clock.seconds(), workspace.clock.frozen) == (NOON, True)


@pytest.mark.parametrize("table", TABLES)
def test_a_reset_forgets_no_table(table: str) -> None:
    workspace = Workspace("w")
    with workspace.transaction() as draft:
        getattr(draft, table)["x"] = {}
    workspace.reset()
    assert len(workspace.state[table]) == 0


def test_after_a_reset_the_same_identifiers_come_again() -> None:
    workspace = Workspace("w", DOCUMENT)

    def draw() -> str:
        with workspace.transaction() as draft:
            return draft.new_id("uuid")

    first = draw()
    assert draw() != first
    workspace.reset()
    assert draw() == first


def test_a_snapshot_keeps_state_and_time() -> None:
    workspace = Workspace("w", DOCUMENT)
    write(workspace, "a")
    workspace.clock.advance(5)
    workspace.snapshot("before")
    write(workspace, "b")
    workspace.clock.advance(5)
    workspace.restore("before")
    assert (names(workspace), workspace.clock.seconds()) == (["a", "seeded"], NOON + 5)


def test_snapshots_survive_a_reset() -> None:
    workspace = Workspace("w", DOCUMENT)
    write(workspace, "a")
    workspace.snapshot("kept")
    workspace.reset()
    workspace.restore("kept")
    assert names(workspace) == ["a", "seeded"]


def test_an_unknown_snapshot_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Workspace("w").restore("nothing")


def test_a_branch_begins_where_its_source_is_and_goes_its_own_way() -> None:
    all_workspaces = Workspaces(DOCUMENT)
    source = all_workspaces.default
    write(source, "a")
    source.clock.advance(7)
    branch = all_workspaces.branch(source, "branch")
    write(branch, "b")
    write(source, "c")
    assert (names(source), names(branch)) == (["a", "c", "seeded"], ["a", "b", "seeded"])
    assert branch.clock.seconds() == NOON + 7


def test_a_branch_resets_to_where_it_began() -> None:
    all_workspaces = Workspaces(DOCUMENT)
    write(all_workspaces.default, "a")
    branch = all_workspaces.branch(all_workspaces.default, "branch")
    write(branch, "b")
    branch.reset()
    assert names(branch) == ["a", "seeded"]


def test_a_branch_has_credentials_of_its_own() -> None:
    all_workspaces = Workspaces(DOCUMENT)
    branch = all_workspaces.branch(all_workspaces.default, "branch")
    keys = {account.credential for service, account in all_workspaces.credentials(branch) if service == "braze"}
    assert keys and "k1" not in keys
    assert keys == set(branch.view().api_keys)


# the seed


def test_planting_replaces_the_seed_and_the_credentials() -> None:
    all_workspaces = Workspaces(DOCUMENT)
    all_workspaces.plant(all_workspaces.default, {"tags": ["new"], "api_keys": [{"key": "k2"}]})
    assert names(all_workspaces.default) == ["new"]
    assert all_workspaces.account("braze", "k1") is None
    assert all_workspaces.account("braze", "k2") is not None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown part": ({"tag": []}, "seed: .*'tag'"),
    "wrong type": ({"tags": "x"}, "seed.tags: 'x' is not of type 'array'"),
    "in a list": ({"api_keys": [{"key": "a"}, {}]}, r"seed.api_keys\[1\]: 'key' is a required property"),
    "unknown partner": ({"partners": {"nobody": {}}}, "seed.partners: .*'nobody'"),
    "a day that does not exist": ({"clock": {"now": "2026-02-30"}}, "seed.clock.now: day is out of range"),
    "a time that is none": ({"clock": {"now": "noon"}}, "seed.clock.now: 'noon' does not match"),
    "another workspace's key": ({"api_keys": [{"key": "other-key"}]}, "credential of workspace 'other' already"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_seed_names_the_field_and_changes_nothing(case: str) -> None:
    document, told = WRONG[case]
    all_workspaces = Workspaces(DOCUMENT)
    all_workspaces.create("other", {"api_keys": [{"key": "other-key"}]})
    before = all_workspaces.default.state
    with pytest.raises(ConfigError, match=told):
        all_workspaces.plant(all_workspaces.default, document)
    assert all_workspaces.default.state is before
    assert all_workspaces.default.document == DOCUMENT
    kept = all_workspaces.account("braze", "k1")
    assert kept is not None and kept.workspace is all_workspaces.default


@pytest.mark.parametrize("case", WRONG)
def test_a_workspace_with_a_wrong_seed_is_not_made(case: str) -> None:
    all_workspaces = Workspaces(DOCUMENT)
    all_workspaces.create("other", {"api_keys": [{"key": "other-key"}]})
    with pytest.raises(ConfigError):
        all_workspaces.create("new", WRONG[case][0])
    assert sorted(all_workspaces.all) == ["default", "other"]


def test_every_problem_of_a_seed_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        Workspaces({"tags": 1, "api_keys": 2})
    assert str(raised.value).splitlines() == [
        "seed.api_keys: 2 is not of type 'array'",
        "seed.tags: 1 is not of type 'array'",
    ]


# names


def test_a_name_is_taken_once() -> None:
    all_workspaces = Workspaces()
    all_workspaces.create("a", {})
    with pytest.raises(ConfigError, match="workspace 'a' exists already"):
        all_workspaces.create("a", {})


def test_a_deleted_workspace_takes_its_credentials_along() -> None:
    all_workspaces = Workspaces(DOCUMENT)
    all_workspaces.create("a", {"api_keys": [{"key": "ka"}]})
    all_workspaces.delete("a")
    assert all_workspaces.account("braze", "ka") is None
    assert sorted(all_workspaces.all) == ["default"]
    all_workspaces.create("b", {"api_keys": [{"key": "ka"}]})


def test_what_cannot_be_deleted() -> None:
    with pytest.raises(ConfigError, match="the default workspace cannot be deleted; reset it instead"):
        Workspaces().delete("default")
    with pytest.raises(KeyError):
        Workspaces().delete("nobody")


# the credential is the workspace

SERVICES = sorted(operations.load().services)
EVERY = ["braze", *sorted(seed.partners())]


@pytest.mark.parametrize("service", EVERY)
def test_with_nothing_declared_every_credential_means_the_default_workspace(service: str) -> None:
    all_workspaces = Workspaces()
    account = all_workspaces.account(service, "whatever")
    assert account is not None
    assert (account.workspace, account.permissions) == (all_workspaces.default, None)


def test_a_declared_credential_closes_its_service_only() -> None:
    all_workspaces = Workspaces({"api_keys": [{"key": "k1", "permissions": ["users.track"]}]})
    known = all_workspaces.account("braze", "k1")
    assert known is not None and known.permissions == frozenset({"users.track"})
    assert all_workspaces.account("braze", "k2") is None
    assert all_workspaces.account("inkit", "whatever") is not None


def test_a_key_without_permissions_may_do_everything() -> None:
    account = Workspaces({"api_keys": [{"key": "k1"}]}).account("braze", "k1")
    assert account is not None and account.permissions is None


@pytest.mark.parametrize("service", SERVICES)
def test_a_minted_workspace_has_a_credential_at_every_service(service: str) -> None:
    all_workspaces = Workspaces()
    minted = all_workspaces.mint("mine", {})
    own = {found.partition(":")[0] for found, _ in all_workspaces.credentials(minted)}
    assert service in own


def test_minted_workspaces_do_not_share_credentials() -> None:
    all_workspaces = Workspaces()
    found = [
        {
            (service, account.credential)
            for service, account in all_workspaces.credentials(all_workspaces.mint(name, {}))
        }
        for name in ("a", "b")
    ]
    assert found[0] and found[1] and not found[0] & found[1]


def test_minting_leaves_the_default_workspace_open() -> None:
    all_workspaces = Workspaces()
    all_workspaces.mint("mine", {})
    account = all_workspaces.account("braze", "whatever")
    assert account is not None and account.workspace is all_workspaces.default


def test_a_client_that_names_its_workspace_has_only_the_credentials_of_that_one() -> None:
    all_workspaces = Workspaces()
    mine = all_workspaces.mint("mine", {"api_keys": [{"key": "k1"}]})
    all_workspaces.mint("other", {"api_keys": [{"key": "k2"}]})
    found = all_workspaces.account_in("mine", "braze", "k1")
    assert found is not None and found.workspace is mine
    assert all_workspaces.account_in("mine", "braze", "k2") is None, "another workspace's"
    assert all_workspaces.account_in("mine", "braze", "whatever") is None, "the default workspace is not meant"
    assert all_workspaces.account_in("nobody", "braze", "k1") is None
    found = all_workspaces.account_in("default", "braze", "whatever")
    assert found is not None and found.workspace is all_workspaces.default, "it takes any while its seed declares none"


def test_a_client_that_names_its_workspace_needs_no_credential_where_none_is_asked_for() -> None:
    all_workspaces = Workspaces()
    mine = all_workspaces.mint("mine", {})
    for name, workspace in (("mine", mine), ("nobody", all_workspaces.default)):
        found = all_workspaces.account_in(name, "", "")
        assert found is not None and found.workspace is workspace


def test_a_minted_workspace_keeps_the_keys_of_its_seed() -> None:
    all_workspaces = Workspaces()
    minted = all_workspaces.mint("mine", {"api_keys": [{"key": "mine", "permissions": []}]})
    account = all_workspaces.account("braze", "mine")
    assert account is not None and account.workspace is minted and account.permissions == frozenset()


def two() -> tuple[Client, Client]:
    first = toy.client(DOCUMENT)
    first.emulator.workspaces.mint("second", {**FROZEN, "api_keys": [{"key": "k2"}]})
    return (
        Client(first.emulator, {**toy.HEADERS, "authorization": "Bearer k1"}),
        Client(first.emulator, {**toy.HEADERS, "authorization": "Bearer k2"}),
    )


def test_two_workspaces_do_not_see_each_other() -> None:
    first, second = two()
    first.post("/things/make", {"name": "mine"})
    assert [thing.get("name") for thing in first.get("/things/list")[1]["things"]] == ["mine", None]
    assert second.get("/things/list")[1]["things"] == []
    journal = first.emulator.journal
    assert (journal.count(workspace="default"), journal.count(workspace="second")) == (2, 1)


def test_resetting_one_workspace_leaves_the_other() -> None:
    first, second = two()
    for client in (first, second):
        client.post("/things/make", {"name": "mine"})
    first.emulator.workspaces.default.reset()
    assert len(second.get("/things/list")[1]["things"]) == 1


def test_the_clocks_of_two_workspaces_are_their_own() -> None:
    first, second = two()
    first.emulator.workspaces.default.clock.advance(3600)
    assert first.post("/things/make", {"name": "a"})[1]["at"] == "2026-01-02T13:00:00Z"
    assert second.post("/things/make", {"name": "a"})[1]["at"] == "2026-01-02T12:00:00Z"


def test_a_draft_counts_by_name() -> None:
    draft: Draft = Workspace("w").view()
    assert [draft.next("a"), draft.next("a"), draft.next("b")] == [1, 2, 1]
