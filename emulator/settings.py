"""The one owner of the environment: flag, then BRAZE_EMULATOR_* variable, then braze-emulator.yaml, then default."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from emulator.errors import ConfigError

PREFIX: Final = "BRAZE_EMULATOR_"
FILE: Final = "braze-emulator.yaml"
EXPORTED: Final = frozenset({"URL", "KEY"})
"""What `exec` and `env` hand to the application under test: no settings of ours."""
RANGES: Final = {
    "port": (0, 65_535),
    "journal_entries": (1, 10**9),
    "journal_bytes": (1, 10**12),
    "threads": (1, 1000),
}
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def _setting(default: Any, help: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": help, **more})


@dataclass(frozen=True)
class Settings:
    """Every setting: its field name is the flag (--journal-entries), the variable and the key in the file."""

    host: str = _setting("127.0.0.1", "Address to listen on; one that is not loopback demands a control token.")
    port: int = _setting(27293, "Port for the emulated APIs and the control API; 0 takes a free one.")
    seed: str = _setting("", "YAML or JSON file with the seed document of the default workspace.")
    journal: str = _setting("", "SQLite file that keeps the journal; without it, a temporary one.")
    journal_entries: int = _setting(20_000, "How many exchanges the journal keeps; the oldest fall out.")
    journal_bytes: int = _setting(256_000_000, "How many bytes the journal keeps; the oldest exchanges fall out.")
    allow_hosts: tuple[str, ...] = _setting((), "Hosts that messages may really be sent to, separated by commas.")
    control_token: str = _setting("", "Bearer token for /_emulator/…; made and printed when needed.", secret=True)
    log: str = _setting("auto", "One line an exchange: text, json, off, or auto (text on a terminal, else json).")
    random_seed: str = _setting("braze", "Seed of every identifier that the emulator makes up.")
    threads: int = _setting(4, "Threads that answer requests; all but one are parked until a call blocks.")

    @property
    def on_loopback(self) -> bool:
        return self.host in LOOPBACK


def fields() -> dict[str, dataclasses.Field[Any]]:
    """name -> field, in the order of the documentation."""
    return {item.name: item for item in dataclasses.fields(Settings)}


def load(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None, start: Path | None = None) -> Settings:
    """Put the four sources together. Raises ConfigError that names the source, the key and the fix."""
    environment = os.environ if environment is None else environment
    found = {**_from_file(start or Path.cwd()), **_from_environment(environment)}
    found.update({name: value for name, value in flags.items() if value is not None})
    made = Settings(**{name: _converted(name, value) for name, value in found.items()})
    if made.log not in ("auto", "text", "json", "off"):
        raise ConfigError(f"log: '{made.log}' is not text, json, off or auto")
    for name, (least, most) in RANGES.items():
        if not least <= getattr(made, name) <= most:
            raise ConfigError(f"{name}: {getattr(made, name)} is not a number from {least} to {most}")
    return made


def running_url() -> str:
    """Where commands look for a running emulator unless told: what `exec` exports, else where `serve` would listen."""
    told = os.environ.get(f"{PREFIX}URL")
    if told:
        return told
    found = load({})
    host = {"0.0.0.0": Settings.host, "::": "::1"}.get(found.host, found.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{found.port or Settings.port}"


def running_token() -> str:
    """The control token that `serve` would demand here."""
    return load({}).control_token


def in_github_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def forget_environment() -> None:
    """Keep of the environment what a server needs.

    The web server puts all of it into each request's WSGI environment, where HTTP_PROXY would pass for a header of the
    request, and where every variable costs time.
    """
    kept = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "http_proxy", "https_proxy", "no_proxy")
    for name in os.environ.keys() - set(kept):
        del os.environ[name]


def child_environment(exported: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command that `exec` runs."""
    return {**os.environ, **exported}


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    names = {name[len(PREFIX) :]: value for name, value in environment.items() if name.startswith(PREFIX)}
    for name in sorted(names.keys() - {known.upper() for known in fields()} - EXPORTED):
        raise ConfigError(f"{PREFIX}{name}: no such setting; known are {', '.join(fields())}")
    return {name.lower(): value for name, value in names.items() if name not in EXPORTED}


def _from_file(start: Path) -> dict[str, Any]:
    for folder in (start, *start.parents):
        path = folder / FILE
        if path.is_file():
            return _read(path)
    return {}


def _read(path: Path) -> dict[str, Any]:
    import yaml  # 20 ms, and only where the file exists

    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: must hold keys and values, as in 'port: 27293'")
    for key, _ in node.value if node else ():
        if key.value not in fields():
            line = key.start_mark.line + 1
            raise ConfigError(f"{path}, line {line}: unknown key '{key.value}'; known are {', '.join(fields())}")
    return raw


def _converted(name: str, value: Any) -> Any:
    wanted: Any = type(fields()[name].default)
    if wanted is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
            raise ConfigError(f"{name}: '{value}' is not a list of texts")
        return tuple(part.strip().lower() for part in parts if part.strip())
    try:
        return wanted(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name}: '{value}' is not a {'whole number' if wanted is int else 'text'}") from None
