"""pytest fixtures: `braze_server`, one emulator for the session, and `braze`, a workspace of its own for each test.

The package is imported inside the fixtures: pytest loads plugins before coverage starts measuring.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.call import Json
    from emulator.journal import Entry
    from emulator.pipeline import Emulator
    from emulator.workspaces import Workspace

MARKER = (
    "braze(seed=None, allow_unmatched=False, allow_loss=False, allow_unused_faults=False, settings=None): "
    "seed document, its settings, and what the emulator forgives in this test; allow_loss may name rules"
)
OPTIONS = ("seed", "settings", "allow_unmatched", "allow_loss", "allow_unused_faults")


_PASSED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


class BrazeServer:
    """One emulator answering over HTTP in a thread of the test process; `url` is where."""

    def __init__(self, emulator: Emulator) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        from emulator.app import create_app

        class Quiet(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log(self, type: str, message: str, *args: Any) -> None:
                """The journal is the log."""

        self.emulator = emulator
        self._server = make_server("127.0.0.1", 0, create_app(emulator), threaded=True, request_handler=Quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.emulator.journal.close()


class Braze:
    """A workspace of a running emulator, as a test sees it.

    `url` and `key` are what the application under test is given. Queries name journal filters: service, operation,
    method, path, status, direction, trace, fate, body (a JSON subset of the request's body).
    """

    def __init__(self, server: BrazeServer, workspace: Workspace) -> None:
        self.url = server.url
        self.emulator = server.emulator
        self.workspace = workspace
        self.key = self.credential("braze")
        self._first = self.emulator.journal.last + 1

    def credential(self, service: str) -> str:
        """The workspace's first credential at a service; `ketch:org` and `passkit:code` name parts of paths."""
        for name, account in self.emulator.workspaces.credentials(self.workspace):
            if name == service:
                return account.credential
        raise LookupError(f"workspace {self.workspace.name} has no credential for '{service}'")

    def requests(self, **query: Json) -> list[Entry]:
        """The recorded exchanges of this workspace that match, oldest first."""
        return self.emulator.journal.find(limit=-1, workspace=self.workspace.name, **query)

    def wait_for(self, *, count: int = 1, timeout: float = 5.0, **query: Json) -> list[Entry]:
        """The matching exchanges as soon as there are `count`; fails with near misses after `timeout` seconds."""
        __tracebackhide__ = True
        from emulator import inspection

        found = inspection.awaited(self.emulator.journal, count, timeout, workspace=self.workspace.name, **query)
        if len(found) < count:
            self._fail(f"{len(found)} of {count} requests came within {timeout:g} s", query)
        return found

    def expect(self, *, count: int = 1, **query: Json) -> list[Entry]:
        """Assert that exactly `count` recorded exchanges match; a failure shows the nearest ones."""
        __tracebackhide__ = True
        found = self.requests(**query)
        if len(found) != count:
            self._fail(f"expected {count} matching requests, found {len(found)}", query)
        return found

    def assert_tracked(self, external_id: str, **attributes: Json) -> None:
        """Assert that a profile holds these attributes, standard or custom."""
        __tracebackhide__ = True
        from emulator.matching import differences

        found = self.profile(external_id)
        held = {**found, **found.get("custom_attributes", {})}
        wrong = [str(one) for one in differences(attributes, held)]
        if wrong:
            raise AssertionError(f"profile {external_id}:\n  " + "\n  ".join(wrong) + self._losses())

    def assert_event(self, external_id: str, name: str, count: int = 1) -> None:
        """Assert how often a profile has performed a custom event."""
        __tracebackhide__ = True
        events = {one["name"]: one["count"] for one in self.profile(external_id).get("custom_events", ())}
        if events.get(name, 0) != count:
            raise AssertionError(f"event '{name}' of {external_id}: expected {count}, found {events}{self._losses()}")

    def profile(self, external_id: str) -> dict[str, Json]:
        """The profile as /users/export/ids would export it. Fails if there is none."""
        __tracebackhide__ = True
        from emulator.state import profiles

        view = self.workspace.view()
        found = view.profiles.get(view.external_ids.get(external_id, external_id))
        if found is None:
            known = ", ".join(list(view.external_ids)[:10]) or "none"
            raise AssertionError(f"no profile '{external_id}'; there are: {known}")
        return profiles.exported(view, found)

    def why(self, external_id: str, field: str) -> list[dict[str, Any]]:
        """Each recorded call that touched the field of a profile: entry, sent, before, after, rules."""
        from emulator.control import why

        braze_id = why.find(self.workspace, external_id)
        told: Any = why.told(self.workspace, self.emulator.journal, braze_id, field)["because"]
        return list(told)

    def what_if(self, path: str, body: Json = None, method: str = "POST") -> dict[str, Any]:
        """What a call would answer and change: status, body, fates, changes. Nothing of it is kept or recorded."""
        from emulator.control import changes

        given = {"path": path, "body": body, "method": method}
        told: Any = changes.what_if(self.emulator, self.workspace, given)
        return dict(told)

    def apply(self, count: int | None = None) -> None:
        """Let accepted calls take effect that wait for it: with the setting asynchrony {policy: manual}."""
        from emulator.control import changes

        changes.apply_accepted(self.emulator, self.workspace, {} if count is None else {"count": count})

    def campaign(
        self, name: str, messages: Sequence[Mapping[str, Json]], id: str = "", **fields: Any
    ) -> dict[str, Any]:
        """Declare a campaign for the rest of the test, in the form of the seed; answers it as it stands, with advice.

        Its id is its name unless given; a message needs none. It takes the place of one of the same id. Raises
        ConfigError that names every field that does not fit.
        """
        from emulator.control import declared

        own = id or name
        numbered = [{"id": f"{own}-{number}", **one} for number, one in enumerate(messages, 1)]
        item = {**fields, "id": own, "name": name, "messages": numbered}
        told: Any = declared.declare_campaign(self.emulator, self.workspace, item)
        return dict(told)

    def canvas(
        self, name: str, steps: Sequence[Mapping[str, Json]] = (), id: str = "", **fields: Any
    ) -> dict[str, Any]:
        """Declare a Canvas for the rest of the test, as `campaign` does a campaign; with variants it has no steps."""
        from emulator.control import declared

        item = {**fields, "id": id or name, "name": name, **({"steps": [*steps]} if steps else {})}
        told: Any = declared.declare_canvas(self.emulator, self.workspace, item)
        return dict(told)

    def messages(self, **query: Json) -> list[dict[str, Any]]:
        """The messages that were rendered for users, oldest first: user, channel, campaign, canvas, status, trace,
        dispatch_id.
        """
        from emulator.control import sent

        return sent.find_messages(self.workspace, query)

    def expect_messages(self, *, count: int = 1, **query: Json) -> list[dict[str, Any]]:
        """Assert that exactly `count` messages match; a failure shows the nearest ones, and who was to get none."""
        __tracebackhide__ = True
        from emulator.control import sent

        found = self.messages(**query)
        if len(found) != count:
            near = sent.near_messages(self.workspace, query) or ["nobody was to get one"]
            raise AssertionError(f"expected {count} messages, found {len(found)}; near:\n  " + "\n  ".join(near))
        return found

    def decisions(self, **query: Json) -> list[dict[str, Any]]:
        """Why users got a message or not, oldest first: campaign, user, outcome, trace, limit."""
        from emulator.control import sent

        return sent.find_decisions(self.workspace, query)

    def advance(self, duration: str | float) -> None:
        """Move the workspace's clock on; what falls due on the way is sent."""
        from emulator.clock import parse_duration

        self.emulator.dispatcher.advance(self.workspace, parse_duration(duration))

    def freeze(self, at: str) -> None:
        from emulator.clock import parse_instant

        self.workspace.clock.set(parse_instant(at).timestamp(), frozen=True)

    def fault(self, **fault: Any) -> None:
        """Arm a fault: when={…}, phase, status, headers, body, delay, times, skip. Unused ones fail the test."""
        from emulator import faults

        self.workspace.faults.append(faults.parse(fault, f"fault-{len(self.workspace.faults) + 1}"))

    def violations(self, allowed: Mapping[str, Any]) -> list[str]:
        """What the test did not allow: unmatched requests, silent losses, unused faults."""
        from emulator import inspection

        strangers = self.emulator.journal.find(limit=-1, workspace="", after=self._first - 1)
        entries = [*self.requests(), *strangers]
        losses = allowed.get("allow_loss", False)
        forgiven = {True: allowed.get("allow_unmatched"), False: losses is True}
        judged = [entry for entry in entries if not forgiven[inspection.is_unmatched(entry)]]
        armed = [] if allowed.get("allow_unused_faults") else self.workspace.faults
        rules = _rules(losses) if losses is not True else ()
        return inspection.violations(judged, [fault.id for fault in armed if not fault.fired], rules)

    def _losses(self) -> str:
        from emulator import inspection

        lost = [inspection.loss(entry, fate) for entry, fate in inspection.silent_losses(self.requests())]
        return "\nlost silently:\n  " + "\n  ".join(lost) if lost else ""

    def _fail(self, text: str, query: Mapping[str, Json]) -> None:
        __tracebackhide__ = True
        from emulator import entries, inspection

        near = inspection.nearest(self.emulator.journal, {**query, "workspace": self.workspace.name})
        shown = [f"  {entries.line(one['entry'])}\n    {'; '.join(one['differs'])}" for one in near]
        raise AssertionError(f"{text}: {dict(query)}\nnearest:\n" + ("\n".join(shown) or "  nothing was recorded"))


def _rules(losses: Any) -> tuple[str, ...]:
    """The rules that `allow_loss` names: one, or several. Raises ValueError for one that does not exist."""
    from emulator import fates

    named = (losses,) if isinstance(losses, str) else tuple(losses or ())
    if unknown := sorted(set(named) - fates.rules().keys()):
        raise ValueError(f"allow_loss: there is no rule '{unknown[0]}'; docs/fates.md lists them")
    return named


@pytest.fixture(scope="session")
def braze_settings() -> dict[str, Any]:
    """Override to change the server: allowed_hosts, random_seed."""
    return {}


@pytest.fixture(scope="session")
def braze_seed() -> dict[str, Any]:
    """Override to give every test's workspace a seed document."""
    return {}


@pytest.fixture(scope="session")
def braze_server(braze_settings: dict[str, Any]) -> Iterator[BrazeServer]:
    """One emulator for the session (with pytest-xdist: for each worker)."""
    from emulator import seed
    from emulator.pipeline import Emulator

    # the default workspace gets credentials, so that a key which is not the test's own is refused
    server = BrazeServer(Emulator(seed.with_own_credentials({}, "default"), **braze_settings))
    yield server
    server.stop()


@pytest.fixture
def braze(request: pytest.FixtureRequest, braze_server: BrazeServer, braze_seed: dict[str, Any]) -> Iterator[Braze]:
    """A workspace of its own, checked at the end: see the marker `braze`."""
    marker = request.node.get_closest_marker("braze")
    options: dict[str, Any] = dict(marker.kwargs) if marker else {}
    if unknown := sorted(options.keys() - OPTIONS):
        pytest.fail(f"@pytest.mark.braze has no option '{unknown[0]}'; use {', '.join(OPTIONS)}", pytrace=False)
    document = {**braze_seed, **(options.get("seed") or {})}
    if "settings" in options:
        document["settings"] = {**document.get("settings", {}), **options["settings"]}
    name = f"test-{request.node.name}"
    workspace = braze_server.emulator.workspaces.mint(name, document)
    found = Braze(braze_server, workspace)
    try:
        yield found
        if request.node.stash.get(_PASSED, False):  # a failed test has said what matters
            _check(found, options)
    finally:
        braze_server.emulator.workspaces.delete(name)
        braze_server.emulator.journal.clear(name)


def _check(found: Braze, options: Mapping[str, Any]) -> None:
    wrong = found.violations(options)
    if wrong:
        pytest.fail(
            "the emulator saw what this test does not allow (see @pytest.mark.braze):\n  " + "\n  ".join(wrong),
            pytrace=False,
        )
