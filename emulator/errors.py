"""The two kinds of error: the client's fault, worded as the service words it, and ours, which are loud."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """The client's fault. `kind` names an entry of the service's error table, which holds status, body and headers.

    `details` fill that entry's placeholders. `hint` is our own advice; it travels in a header and in the journal,
    never in the body, which belongs to the emulated service.
    """

    def __init__(self, kind: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(f"{kind}: {details.get('message', hint)}")
        self.kind = kind
        self.hint = hint
        self.details = details


class SchemaError(Exception):
    """An operation, service or handler of this project is incomplete or contradictory: the start fails."""


class CannotStart(Exception):
    """The server cannot be started although nothing is wrong with what was given: a port that is taken."""


class ConfigError(Exception):
    """A flag, variable, configuration file, seed or scenario cannot be used. The text names the field and the fix."""
