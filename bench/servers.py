"""Starting a server, asking it once, counting its memory, and stopping it with all its processes."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
TRACK_HEADERS = {"Authorization": "Bearer bench-key", "Content-Type": "application/json"}
LIFETIME = 1800
"""Seconds after which a server is ended whatever happens, so that none outlives a benchmark that was killed."""


class NotStarted(Exception):
    """A server ended, or did not answer as it should, before it could be measured."""


@dataclass(frozen=True)
class Subject:
    """Something to measure: how it starts, and what it is sent. `bodies` maps a size to the file with its bodies."""

    name: str
    command: Callable[[int], list[str]]
    bodies: dict[str, Path]
    path: str = "/users/track"
    headers: dict[str, str] = field(default_factory=lambda: dict(TRACK_HEADERS))
    environment: dict[str, str] = field(default_factory=dict)
    status: int = 201
    invalid: str = ""
    """A body that it must refuse, if it validates."""
    slow_to_warm: int = 1
    """How many times as long as the others it is warmed up."""
    prepare: Callable[[int], None] = lambda port: None
    """Called with the port before each load: to make what the requests need, and forget what earlier ones left."""


@dataclass(frozen=True)
class Running:
    subject: Subject
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{self.subject.path}"

    def rss(self) -> float:
        """Resident memory of all processes of the server, in MB (10^6 bytes)."""
        return sum(int(one[21]) for one in self._stats()) * os.sysconf("SC_PAGESIZE") / 1e6

    def cpu(self) -> float:
        """Seconds of processor time that the server has taken so far."""
        return sum(int(one[11]) + int(one[12]) for one in self._stats()) / os.sysconf("SC_CLK_TCK")

    def _stats(self) -> Iterator[list[str]]:
        """The fields of /proc/PID/stat after the name, for each process of the server's session."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # ended while we looked
                continue
            if int(fields[3]) == self.process.pid:
                yield fields


def free_port() -> int:
    """One that is free with the port above it, below those that the system draws for connections."""
    for port in _ports:
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind((HOST, port))
                other.bind((HOST, port + 1))
            except OSError:
                continue
            return port
    raise NotStarted("no free port")


_ports = iter(range(21_000, 32_000, 2))


def spawn(subject: Subject, log: Path, *, limited: bool = True) -> Running:
    """Start a server in a session of its own; its output goes to `log`."""
    port = free_port()
    command = subject.command(port)
    if limited:
        command = ["timeout", "--signal=KILL", str(LIFETIME), *command]
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, env=_environment(subject))
    return Running(subject, port, process)


def _environment(subject: Subject) -> dict[str, str]:
    """Ours, but every server may keep its compiled files: pip writes those of the peers at installation in any case,
    and an emulator that compiles itself at each start is not what users run.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **subject.environment}


def stop(server: Running) -> None:
    """Ask the server's processes to end, then end them."""
    for way, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(server.process.pid, way)
            server.process.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
    server.process.wait(1)


@contextmanager
def running(subject: Subject, log: Path, size: str = "one") -> Iterator[Running]:
    """A server that has answered one request of `size` as it should. Raises NotStarted."""
    server = spawn(subject, log)
    try:
        wait_for_listening(server, log)
        subject.prepare(server.port)
        check(server, size)
        yield server
    finally:
        stop(server)


def wait_for_listening(server: Running, log: Path, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise NotStarted(f"{server.subject.name} ended with {server.process.returncode}; see {log}")
        try:
            socket.create_connection((HOST, server.port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise NotStarted(f"{server.subject.name} did not listen within {patience:g} s; see {log}")


def check(server: Running, size: str) -> bytes:
    """Send the first body of `size` and give the answer's bytes. Raises NotStarted for an answer that is not right."""
    subject = server.subject
    with subject.bodies[size].open() as file:
        body = file.readline().rstrip("\n")
    status, answer = post(server.port, subject.path, subject.headers, body)
    if status != subject.status:
        raise NotStarted(f"{subject.name} answered {status}, not {subject.status}: {answer[:300]!r}")
    if subject.invalid and post(server.port, subject.path, subject.headers, subject.invalid)[0] < 400:
        raise NotStarted(f"{subject.name} accepts an invalid body: it does not validate")
    return answer


def post(port: int, path: str, headers: dict[str, str], body: str) -> tuple[int, bytes]:
    return ask("POST", port, path, headers, body)


def ask(method: str, port: int, path: str, headers: dict[str, str], body: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
