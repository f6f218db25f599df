"""Workspaces: each is a value under a lock, and its credentials lead to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator import clock, ids, seed
from emulator.call import Account
from emulator.clock import Clock
from emulator.errors import ConfigError
from emulator.liquid.caching import AnswerCache
from emulator.state.draft import EMPTY, Draft, State
from emulator.state.provenance import Provenance

if TYPE_CHECKING:  # a workspace keeps what a test armed; only the type is named here
    from emulator.faults import Fault

DEFAULT: Final = "default"
BUCKET: Final = "object_storage:bucket"
"""The service to which every workspace has a credential: its name, as a path can hold it. See auth.SCHEMES."""
Snapshot = tuple[State, tuple[float, float | None]]


class Workspace:
    """One isolated world: state, clock, limits, faults, snapshots. `document` is the seed that a reset returns to."""

    def __init__(self, name: str, document: Mapping[str, Any] | None = None, random_seed: str = "") -> None:
        self.name = name
        self.random_seed = random_seed or name
        self.lock = threading.RLock()
        self.clock = Clock()
        self.state: State = EMPTY
        self.document: Mapping[str, Any] = {}
        self.faults: list[Fault] = []
        self.snapshots: dict[str, Snapshot] = {}
        self.closed: frozenset[str] = frozenset()
        """The services whose credentials its seed declares itself; at the others, it is not asked for one of those."""
        self.inherited: Mapping[tuple[str, str], Account] = {}
        """What opens the workspace that this one is a branch of: its messages may use that, and stay here."""
        self.provenance = Provenance()
        self.answers = AnswerCache()
        """Of Connected Content; no part of the state, because it is best effort (documented)."""
        self._windows: dict[str, tuple[int, int]] = {}
        self._origin: Snapshot = (EMPTY, (0.0, None))
        self.plant(document or {})

    def plant(self, document: Mapping[str, Any]) -> None:
        """Make `document` the seed and return to it. Raises ConfigError and changes nothing if it does not fit."""
        seed.check(document)
        draft, fresh = Draft(EMPTY, self.random_seed), Clock()
        _set_clock(fresh, document.get("clock", {}))
        seed.plant(draft, document, fresh.now())
        self._origin = draft.commit(), fresh.reading()
        self.document = document
        self.reset()

    def begin(self, state: State, reading: tuple[float, float | None]) -> None:
        """Stand at this state and time, and return to it on a reset: where a branch begins."""
        self._origin = state, reading
        self.reset()

    def reset(self) -> None:
        """Back to the seed: state, clock, limits and faults. Snapshots are kept."""
        with self.lock:
            self._windows.clear()
            self.faults.clear()
            self._take(self._origin)

    def _take(self, snapshot: Snapshot) -> None:
        self.state = snapshot[0]
        self.clock.restore(snapshot[1])
        self.provenance.clear()
        self.answers.clear()

    def snapshot(self, name: str) -> None:
        with self.lock:
            self.snapshots[name] = self.state, self.clock.reading()

    def restore(self, name: str) -> None:
        """Raises KeyError for a name that no snapshot has."""
        with self.lock:
            self._take(self.snapshots[name])

    def transaction(self) -> Transaction:
        """`with workspace.transaction() as draft`: the draft becomes the state, or is dropped when the block raises."""
        return Transaction(self)

    def view(self) -> Draft:
        """The present state for reading; what is written to it is thrown away."""
        return Draft(self.state, self.random_seed)

    def settings(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.state["settings"]
        return found

    def count(self, bucket: str, start: int) -> int:
        """One more call in a bucket's window that begins at `start`; answers how many there are now."""
        with self.lock:
            window, used = self._windows.get(bucket, (start, 0))
            used = used + 1 if window == start else 1
            self._windows[bucket] = start, used
            return used


class Transaction:
    """A class and not a generator, because it stands on the path of every call and costs a tenth of one.

    `before` and `after` are the states around the block, the same where it changed nothing or was left by an exception;
    `kept` says whether the workspace's state is another one now.
    Without `keep` the outcome is thrown away: a rehearsal.
    """

    __slots__ = ("before", "after", "kept", "_workspace", "_draft", "_keep")

    def __init__(self, workspace: Workspace, keep: bool = True) -> None:
        self._workspace = workspace
        self._keep = keep
        self.kept = False

    def __enter__(self) -> Draft:
        self._workspace.lock.acquire()
        self.before = self.after = self._workspace.state
        self._draft = self._workspace.view()
        return self._draft

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.after = self._draft.commit()
                if self._keep and self.after is not self.before:
                    self._workspace.state = self.after
                    self.kept = True
        finally:
            self._workspace.lock.release()


def _set_clock(fresh: Clock, raw: Mapping[str, Any]) -> None:
    if "now" in raw:
        try:
            at = clock.parse_instant(raw["now"])
        except (ValueError, OverflowError) as error:
            raise ConfigError(f"seed.clock.now: {error}") from error
        fresh.set(at.timestamp(), frozen=raw.get("frozen", False))
    elif raw.get("frozen"):
        fresh.freeze()


class Workspaces:
    """name -> Workspace, and (service, credential) -> Account."""

    def __init__(self, document: Mapping[str, Any] | None = None, random_seed: str = "braze") -> None:
        self._random_seed = random_seed
        self._lock = threading.RLock()
        self._accounts: dict[tuple[str, str], Account] = {}
        self.all: dict[str, Workspace] = {}
        self.create(DEFAULT, document or {})

    @property
    def default(self) -> Workspace:
        return self.all[DEFAULT]

    def __iter__(self) -> Iterator[Workspace]:
        return iter(list(self.all.values()))

    def create(self, name: str, document: Mapping[str, Any]) -> Workspace:
        """Raises ConfigError for a name that is taken, a bad seed, or a credential of another workspace."""
        with self._lock:
            if name in self.all:
                raise ConfigError(f"workspace '{name}' exists already; choose another name or delete it first")
            workspace = Workspace(name, document, f"{self._random_seed}/{name}")
            self._accounts, workspace.closed = self._accounts_with(workspace, document), _services(document)
            self.all[name] = workspace
            return workspace

    def mint(self, name: str, document: Mapping[str, Any]) -> Workspace:
        """A workspace with a key of its own and credentials for every partner, beside those of its seed."""
        made = self.create(name, seed.with_own_credentials(document, name))
        made.closed = _services(document)  # what it was given besides is nobody's declaration
        return made

    def branch(self, source: Workspace, name: str) -> Workspace:
        """A new workspace that begins where `source` is now, under its own credentials; costs no copying."""
        branch = self.mint(name, {"settings": dict(source.settings())})
        with branch.transaction() as draft:
            own = {table: getattr(draft, table).frozen() for table in seed.credential_tables()}
        with source.lock:
            branch.begin(source.state.update(own), source.clock.reading())
        held = {key: found for key, found in self._accounts.items() if found.workspace is source and ":" not in key[0]}
        branch.closed, branch.inherited = source.closed, {**source.inherited, **held}
        return branch

    def plant(self, workspace: Workspace, document: Mapping[str, Any]) -> None:
        """Replace a workspace's seed and its credentials."""
        with self._lock:
            seed.check(document)
            accounts = self._accounts_with(workspace, document)
            workspace.plant(document)
            self._accounts, workspace.closed, workspace.inherited = accounts, _services(document), {}

    def delete(self, name: str) -> None:
        """Raises KeyError for an unknown name and ConfigError for the default workspace."""
        if name == DEFAULT:
            raise ConfigError("the default workspace cannot be deleted; reset it instead")
        with self._lock:
            gone = self.all.pop(name)
            self._accounts = {key: found for key, found in self._accounts.items() if found.workspace is not gone}

    def account(self, service: str, credential: str) -> Account | None:
        """Who a credential belongs to. A service for which the default workspace's seed declares no credential is open:
        there every credential that nobody else has means the default workspace with all permissions.
        """
        found = self._accounts.get((service, credential))
        if found is not None or service in self.default.closed or service == BUCKET:
            return found
        return Account(credential, self.default)

    def account_in(self, name: str, service: str, credential: str) -> Account | None:
        """As `account`, for a client that names its workspace: only the credentials of that one count."""
        if not service:  # an operation that asks for no credential
            return Account(credential, self.all.get(name, self.default))
        found = self.account(service, credential)
        return found if found is not None and found.workspace.name == name else None

    def account_of(self, sender: Workspace, service: str, credential: str) -> Account | None:
        """As `account`, for what a workspace sends itself: a credential that nobody has means the sender, unless its
        seed declares credentials for the service.
        """
        lent = sender.inherited.get((service, credential))
        if lent is not None:
            return Account(credential, sender, lent.permissions, lent.data)
        found = self._accounts.get((service, credential))
        if found is not None or service in sender.closed or service == BUCKET:
            return found
        return Account(credential, sender)

    def credentials(self, workspace: Workspace) -> list[tuple[str, Account]]:
        return [(service, found) for (service, _), found in self._accounts.items() if found.workspace is workspace]

    def _accounts_with(self, workspace: Workspace, document: Mapping[str, Any]) -> dict[tuple[str, str], Account]:
        """All accounts, those of one workspace taken from `document`. Raises ConfigError for another's credential."""
        kept = {key: found for key, found in self._accounts.items() if found.workspace is not workspace}
        for found in seed.credentials(document):
            key = found.service, found.value
            if key in kept and kept[key].workspace is not workspace:
                other = kept[key].workspace.name
                raise ConfigError(f"{found.service}: '{found.value}' is a credential of workspace '{other}' already")
            kept[key] = Account(found.value, workspace, found.permissions, found.data)
        kept[BUCKET, ids.in_path(workspace.name)] = Account(workspace.name, workspace)
        return kept


def _services(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(found.service for found in seed.credentials(document))


def new_name() -> str:
    return ids.token("ws")
