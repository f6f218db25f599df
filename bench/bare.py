"""What the emulator is measured against: a Flask application that answers the same bytes and does nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask import Flask, Response
from granian import Granian
from granian.constants import Interfaces

app = Flask(__name__)
_ANSWER = Path(os.environ["BENCH_ANSWER"]).read_bytes()


@app.post("/users/track")
def track() -> Response:
    return Response(_ANSWER, 201, content_type="application/json")


def serve(port: int, threads: int) -> None:
    """On granian with one worker, started as the emulator starts it."""
    server = Granian("bare", port=port, interface=Interfaces.WSGI, blocking_threads=threads, log_enabled=False)
    server.serve(target_loader=_load, wrap_loader=False)


def _load() -> Flask:
    return app


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
