"""The peers: installed here by package name, into bench/.peers, with generated configurations."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.servers import HOST, Subject, ask, post
from emulator import openapi, operations, settings

ROOM = Path(__file__).with_name(".peers")
NODE = ROOM / "node"
PACKAGES = ("@stoplight/prism-cli@5.14.2", "wiremock@3.13.2", "mountebank@2.9.1")
"""Prism 5.14.2 is the last that runs on Node 20; the npm package `wiremock` carries the standalone jar."""
MOTO = "moto[server]==5.2.5"
INVALID = json.dumps({"events": [{"external_id": "bench-user-000000"}]})
"""What a peer that validates must refuse: an event without name and time."""
SEED: dict[str, Any] = {"settings": {"rate_limits": "count"}}
THREADS = settings.load({}).threads
"""Of the bare application: as many as the emulator takes from its default or its environment."""


def install() -> dict[str, str]:
    """Install whatever is missing. Gives what could not be had, and why."""
    ROOM.mkdir(exist_ok=True)
    missing: dict[str, str] = {}
    for tool, package in (("wrk", "wrk"), ("npm", "npm"), ("java", "default-jre-headless")):
        missing |= _attempt(tool, partial(_system, tool, package))
    missing |= _attempt("npm packages", _npm)
    return missing | _attempt("moto", _moto)


def _attempt(name: str, step: Callable[[], None]) -> dict[str, str]:
    try:
        step()
    except (OSError, subprocess.SubprocessError) as error:
        return {name: str(error)}
    return {}


def _system(tool: str, package: str) -> None:
    if shutil.which(tool) is None:
        _quietly(["apt-get", "install", "-y", package])


def _npm() -> None:
    wanted = NODE / "installed.txt"
    if not wanted.exists() or wanted.read_text() != "\n".join(PACKAGES):
        _quietly(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(NODE), *PACKAGES])
        wanted.write_text("\n".join(PACKAGES))


def _moto() -> None:
    python = ROOM / "moto" / "bin" / "python"
    if not (ROOM / "moto" / "bin" / "moto_server").exists():
        _quietly([sys.executable, "-m", "venv", str(ROOM / "moto")])
        _quietly([str(python), "-m", "pip", "install", "--quiet", MOTO])


def _quietly(command: list[str]) -> None:
    print("installing:", " ".join(command), flush=True)
    with (ROOM / "install.log").open("ab") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log, timeout=600)


def emulator(bodies: dict[str, Path], *, quiet: bool = True, seed: dict[str, Any] = SEED) -> Subject:
    """Ours. Rate limits are counted but do not refuse: the load is above Braze's own limit."""
    seed_file = _config("seed.json", seed)
    command = [str(Path(sys.executable).with_name("braze-emulator")), "serve", "--seed", str(seed_file)]
    log = ["--quiet"] if quiet else []
    return Subject("braze-emulator", lambda port: [*command, *log, "--port", str(port)], bodies)


def bare(bodies: dict[str, Path], answer: bytes) -> Subject:
    """A Flask view that returns the same bytes, on the same server with one worker."""
    file = ROOM / "answer.json"
    file.write_bytes(answer)
    return Subject(
        "bare Flask view on granian",
        lambda port: [sys.executable, "-m", "bench.bare", str(port), str(THREADS)],
        bodies,
        environment={"BENCH_ANSWER": str(file)},
    )


def prism(bodies: dict[str, Path], document: dict[str, Any], *, quiet: bool) -> Subject:
    """Only validates, against an OpenAPI document, and answers its example. As it comes, it logs every request."""
    command = [str(NODE / "node_modules" / ".bin" / "prism"), "mock", str(_config("openapi.json", document))]
    log = ["--verboseLevel", "silent"] if quiet else []
    return Subject(
        f"Prism, {'silent' if quiet else 'as it comes'}",
        lambda port: [*command, *log, "--host", HOST, "--port", str(port)],
        bodies,
        invalid=INVALID,
    )


def wiremock(bodies: dict[str, Path], schema: dict[str, Any], answer: bytes) -> Subject:
    """matchesJsonSchema decides, and the journal in memory keeps everything, as it does unless told otherwise.

    It is cleared before each load: a limit on its entries would make every request walk the whole journal.
    """
    matcher = {"matchesJsonSchema": json.dumps(schema), "schemaVersion": "V202012"}
    _config("wiremock/mappings/track.json", _stub({"bodyPatterns": [matcher]}, answer))
    jars = list((NODE / "node_modules" / "wiremock" / "build").glob("*.jar")) or [Path("no wiremock jar")]
    options = ["--disable-banner", "--bind-address", HOST]

    def clear(port: int) -> None:
        ask("DELETE", port, "/__admin/requests", {})

    return Subject(
        "WireMock",
        lambda port: [
            *("java", "-jar", str(jars[0]), "--port", str(port), "--root-dir", str(ROOM / "config/wiremock"), *options)
        ],
        bodies,
        invalid=INVALID,
        slow_to_warm=3,  # the JVM compiles for twenty seconds before its rate settles
        prepare=clear,
    )


def _stub(request: dict[str, Any], answer: bytes) -> dict[str, Any]:
    response = {"status": 201, "headers": {"Content-Type": "application/json"}, "body": answer.decode()}
    return {"request": {"method": "POST", "urlPath": "/users/track", **request}, "response": response}


def schema() -> dict[str, Any]:
    """The request's JSON Schema, with everything it refers to inside."""
    found = operations.load().find("braze", "track_users").schema
    assert found is not None
    return dict(found)


def openapi_document(answer: bytes) -> dict[str, Any]:
    """The emulator's own OpenAPI document, with this one operation and with `answer` as its example."""
    document = openapi.document(operations.load(), "braze")
    operation = document["paths"]["/users/track"]
    content = operation["post"]["responses"]["201"].setdefault("content", {}).setdefault("application/json", {})
    content["example"] = json.loads(answer)
    return {**document, "paths": {"/users/track": operation}}


def mountebank(bodies: dict[str, Path], answer: bytes) -> Subject:
    """Records every request in memory and validates nothing. What it recorded is cleared before each load."""
    response = {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": answer.decode()}
    stub = {
        "predicates": [{"equals": {"method": "POST", "path": "/users/track"}}],
        "responses": [{"is": response}],
    }
    command = str(NODE / "node_modules" / ".bin" / "mb")

    def start(port: int) -> list[str]:
        imposter = {"protocol": "http", "port": port, "host": HOST, "recordRequests": True, "stubs": [stub]}
        file = _config("imposters.json", {"imposters": [imposter]})
        own = ["--port", str(port + 1), "--host", HOST, "--pidfile", str(ROOM / "mb.pid")]
        return [command, "start", *own, "--configfile", str(file), "--nologfile", "--loglevel", "error"]

    def clear(port: int) -> None:
        ask("DELETE", port + 1, f"/imposters/{port}/savedRequests", {})

    return Subject("mountebank", start, bodies, prepare=clear)


def moto(bodies: dict[str, Path]) -> Subject:
    """Another emulator that keeps state: the same objects as records put into a Kinesis stream."""
    credential = (
        "AWS4-HMAC-SHA256 Credential=bench/20250101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
    )
    headers = {"Content-Type": "application/x-amz-json-1.1", "Authorization": credential}

    def make_stream(port: int) -> None:
        post(port, "/moto-api/reset", {}, "")
        target = {"X-Amz-Target": "Kinesis_20131202.CreateStream"}
        post(port, "/", headers | target, json.dumps({"StreamName": "bench", "ShardCount": 1}))

    return Subject(
        "moto server (Kinesis PutRecords)",
        lambda port: [str(ROOM / "moto" / "bin" / "moto_server"), "-H", HOST, "-p", str(port)],
        {size: bodies[f"kinesis-{size}"] for size in ("one", "batch")},
        path="/",
        headers=headers | {"X-Amz-Target": "Kinesis_20131202.PutRecords"},
        status=200,
        prepare=make_stream,
    )


def _config(name: str, value: dict[str, Any]) -> Path:
    file = ROOM / "config" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=2))
    return file
