"""The Flask application: the one object that users run, mount and test."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from emulator.control import edge
from emulator.front import Front
from emulator.pipeline import Emulator


def create_app(emulator: Emulator, control_token: str = "") -> Flask:
    """Flask serves the control API; the front hands it nothing else."""
    app = Flask("emulator", static_folder=None)
    app.register_blueprint(edge.blueprint(emulator, control_token))
    app.register_error_handler(HTTPException, edge.http_problem)
    app.wsgi_app = Front(emulator, app.wsgi_app)  # type: ignore[method-assign]
    return app
