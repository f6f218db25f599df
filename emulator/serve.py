"""The server: granian in front of the application, a clockwork thread behind it, a banner when it answers."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime
from functools import partial
from multiprocessing import util
from pathlib import Path
from typing import Any, Final, TextIO

import orjson

from emulator import clock, ids, inspection, redaction, seed
from emulator.errors import CannotStart, ConfigError
from emulator.front import Delayed, Front
from emulator.journal import Entry, Journal
from emulator.pipeline import Emulator
from emulator.settings import Settings, forget_environment
from emulator.spare import Spare

TICK: Final = 0.05
"""Seconds between two looks of the clockwork at what is due and what is not yet written."""
PATIENCE: Final = 5
"""Seconds that a stop waits for calls that are still being answered."""
MAX_HEAD: Final = 4_194_304
"""Bytes of a request's head that the server reads, so that a service refuses long headers itself; 400 KB by default."""
STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
UNREAD_LINES: Final = 10_000
"""Lines of the log that wait for a reader; when he takes none, the oldest are dropped."""


def serve(settings: Settings, as_json: bool = False) -> None:
    """Serve until interrupted. Raises ConfigError for a bad seed and CannotStart for a port that is taken."""
    # importing granian takes 50 ms, which no other command should pay
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    document = seed.read(Path(settings.seed)) if settings.seed else {}
    reserved, port = _reserve(settings)
    token = settings.control_token or ("" if settings.on_loopback else ids.token("control"))
    server = Granian(
        "emulator",
        address=settings.host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=max(2, settings.threads),  # while one waits, another answers
        log_enabled=False,
        workers_kill_timeout=PATIENCE,
        http1_settings=HTTP1Settings(max_buffer_size=MAX_HEAD),
    )
    _obey_signals(server.signal_handler_interrupt)
    # the application is made in the worker; what this process has imported comes along with the fork
    try:
        server.serve(target_loader=partial(_load, settings, document, port, token, as_json), wrap_loader=False)
    except SystemExit as error:  # the worker died and has said why
        raise SystemExit(3) from error
    finally:
        if reserved:
            reserved.close()


def _reserve(settings: Settings) -> tuple[socket.socket | None, int]:
    """The port to use; port 0 is drawn here and held, bound but not listening, until granian's worker has it too."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    probe = socket.socket(family, socket.SOCK_STREAM)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.port == 0:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        probe.bind((settings.host, settings.port))
    except OSError as error:
        raise CannotStart(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            "stop what is there, or choose another port with --port N (0 takes a free one)"
        ) from error
    if settings.port:
        probe.close()
        return None, settings.port
    return probe, probe.getsockname()[1]


def _load(settings: Settings, document: dict[str, Any], port: int, token: str, as_json: bool) -> Any:
    """Called in the worker process: the application, with its clockwork running."""
    _leave_the_group()
    forget_environment()
    try:
        emulator = build(settings, document)
    except ConfigError as error:
        told = seed.located(error, settings.seed) if settings.seed else error
        print(f"braze-emulator serve: {told}", file=sys.stderr)
        raise SystemExit(3) from None
    form = _log_format(settings.log)
    if form != "off":
        emulator.journal.listeners.append(Log(form, sys.stderr).take)
    util.Finalize(None, emulator.journal.flush, exitpriority=1)  # the worker is a forked process: atexit is not for it
    announce = partial(_announce, settings, port, token, as_json, emulator)
    control = Delayed(partial(_control, emulator, token))
    threading.Thread(
        target=_clockwork, args=(emulator, announce, control, os.getppid()), daemon=True, name="clockwork"
    ).start()
    app = Front(emulator, control)
    # state is many small long-lived objects and calls leave no cycles: collecting seldom saves a tenth of each
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app


def _obey_signals(stop: Any) -> None:
    """Call `stop` on the first SIGINT or SIGTERM, from a thread that waits for nothing else.

    A terminal and `timeout` may send two at once, and of those Python can miss both while it waits for its worker.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)

    def wait() -> None:
        signal.sigwait(STOPPING)
        stop()

    # not before the worker is forked: Python 3.12 and later do not like to fork beside a thread
    os.register_at_fork(after_in_parent=threading.Thread(target=wait, daemon=True, name="signals").start)


def _leave_the_group() -> None:
    """Ctrl-C signals the whole process group, and the worker may hang when its parent's signal comes on top of that.
    So only the parent hears it, and passes on one.
    """
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # a terminal may stop a group in the background that prints


def build(settings: Settings, document: dict[str, Any]) -> Emulator:
    """An emulator as the settings describe it."""
    path = Path(settings.journal) if settings.journal else None
    journal = Journal(path, settings.journal_entries, settings.journal_bytes)
    return Emulator(
        document,
        journal=journal,
        allowed_hosts=settings.allow_hosts,
        random_seed=settings.random_seed,
        spare=Spare(max(1, settings.threads - 1)),
    )


def _control(emulator: Emulator, token: str) -> Any:
    """The control API. Flask takes as long to import as everything else together, and the first call need not wait."""
    from emulator.app import create_app

    return create_app(emulator, token)


def _clockwork(emulator: Emulator, announce: Any, control: Delayed, parent: int) -> None:
    """Send what falls due as real time passes, and write what was recorded. A bug here is printed, not fatal."""
    with suppress(OSError):  # nobody reads the banner
        announce()
    clock.pause(TICK)
    control.ready()
    while os.getppid() == parent:
        clock.pause(TICK)
        try:
            emulator.journal.flush()
            for workspace in emulator.workspaces:
                emulator.dispatcher.run_apart(workspace)
        except Exception as error:
            with suppress(OSError):
                print(f"clockwork: {type(error).__name__}: {error}", file=sys.stderr)
    os.kill(os.getpid(), signal.SIGTERM)  # the parent was killed and could not stop us


def _announce(settings: Settings, port: int, token: str, as_json: bool, emulator: Emulator) -> None:
    local = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    url = f"http://{f'[{local}]' if ':' in local else local}:{port}"
    _await(local, port)
    emulator.spare.start(local, port)
    if as_json:
        told = {"url": url, "port": port, "control": f"{url}/_emulator", "control_token": token or None}
        print(json.dumps(told), flush=True)
    else:
        print(banner(url, token, emulator), flush=True)


def _await(host: str, port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            clock.pause(0.005)


def banner(url: str, token: str, emulator: Emulator) -> str:
    """What a person sees when the emulator answers."""
    keys = [one for service, one in emulator.workspaces.credentials(emulator.workspaces.default) if service == "braze"]
    key = f"{keys[0].credential} (and {len(keys) - 1} more)" if keys else "any key works, for example  test-key"
    lines = [
        "braze-emulator is ready",
        "",
        f"  API       {url}        Braze and its partners: {', '.join(sorted(emulator.operations.services))}",
        f"  Control   {url}/_emulator/journal   what arrived; /_emulator/openapi.json describes the rest",
        f"  Health    {url}/_emulator/health",
        f"  API key   {key}",
        "",
        "In your own application, use this address in place of https://rest.iad-01.braze.com:",
        f"  export BRAZE_EMULATOR_URL={url}",
    ]
    if token:
        lines += ["", f"  Control token (send it as Authorization: Bearer …)   {token}"]
    return "\n".join(lines)


def _log_format(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "text" if sys.stderr.isatty() else "json"


class Log:
    """One line an exchange, printed by a thread of its own: who reads slowly, or not at all, delays no answer."""

    def __init__(self, form: str, stream: TextIO) -> None:
        self._line = _text if form == "text" else _json_line
        self._stream = stream
        self._unread: deque[str] = deque(maxlen=UNREAD_LINES)
        threading.Thread(target=self._run, daemon=True, name="log").start()
        util.Finalize(None, self._print_last, exitpriority=0)

    def take(self, batch: list[Entry]) -> None:
        self._unread.extend(f"{self._line(entry)}\n" for entry in batch)

    def print(self) -> None:
        """Print what waits, in one write."""
        lines: list[str] = []
        with suppress(IndexError):  # nothing is left
            while True:
                lines.append(self._unread.popleft())
        if lines:
            self._stream.write("".join(lines))
            self._stream.flush()

    def _print_last(self) -> None:
        with suppress(OSError):
            self.print()

    def _run(self) -> None:
        with suppress(OSError):  # the reader is gone
            while True:
                clock.pause(TICK)
                self.print()


def _text(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry.time, clock.UTC).strftime("%H:%M:%S")
    return f"{at} {inspection.line(entry)}"


def _json_line(entry: Entry) -> str:
    told = inspection.summary(entry)
    told["fates"] = [fate.rule for fate in entry.fates]
    told["authorization"] = redaction.value(entry.request_headers.get("authorization", ""))
    return orjson.dumps(told).decode()
