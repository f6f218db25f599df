"""Flag, then variable, then file, then default; what is unknown fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator import settings
from emulator.errors import ConfigError


def test_the_order_of_the_sources(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text("port: 1\nthreads: 1\nlog: text\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    found = settings.load({"port": 3, "host": None}, {"BRAZE_EMULATOR_PORT": "2", "BRAZE_EMULATOR_THREADS": "2"}, below)
    assert (found.port, found.threads, found.log, found.host) == (3, 2, "text", "127.0.0.1")


def test_an_unknown_key_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text("port: 1\n\nprot: 2\n")
    with pytest.raises(ConfigError, match=r"braze-emulator\.yaml, line 3: unknown key 'prot'"):
        settings.load({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"BRAZE_EMULATOR_PROT": "1"}, "BRAZE_EMULATOR_PROT"),
        ({"BRAZE_EMULATOR_PORT": "many"}, "port: 'many' is not a whole number"),
        ({"BRAZE_EMULATOR_LOG": "loud"}, "log: 'loud'"),
    ],
)
def test_bad_variables_are_named(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        settings.load({}, environment, tmp_path)


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n"])
def test_a_file_that_is_no_mapping_fails(text: str, tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text(text)
    with pytest.raises(ConfigError, match=settings.FILE):
        settings.load({}, {}, tmp_path)


def test_what_we_export_to_others_is_no_setting(tmp_path: Path) -> None:
    assert settings.load({}, {"BRAZE_EMULATOR_URL": "http://x"}, tmp_path) == settings.Settings()


def test_hosts_are_separated_by_commas(tmp_path: Path) -> None:
    found = settings.load({"allow_hosts": "A.example, b.example"}, {}, tmp_path)
    assert found.allow_hosts == ("a.example", "b.example")


@pytest.mark.parametrize("name", settings.fields())
def test_every_setting_has_a_help_text(name: str) -> None:
    assert settings.fields()[name].metadata["help"].endswith(".")


@pytest.mark.parametrize(
    "flags", [{"port": 70000}, {"port": "-1"}, {"threads": 0}, {"journal_entries": 0}, {"journal_bytes": -5}]
)
def test_numbers_have_a_range(flags: dict[str, Any], tmp_path: Path) -> None:
    [name] = flags
    with pytest.raises(ConfigError, match=f"{name}: .* is not a number from"):
        settings.load(flags, {}, tmp_path)


@pytest.mark.parametrize("text", ["allow_hosts: 5\n", "allow_hosts: [1]\n", "allow_hosts: {a: b}\n"])
def test_hosts_are_texts(text: str, tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text(text)
    with pytest.raises(ConfigError, match="allow_hosts: .* is not a list of texts"):
        settings.load({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("port: 8080\n", "http://127.0.0.1:8080"),
        ("host: 0.0.0.0\nport: 0\n", "http://127.0.0.1:27293"),
        ("host: '::1'\n", "http://[::1]:27293"),
    ],
)
def test_commands_look_where_the_server_would_listen(
    text: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / settings.FILE).write_text(f"{text}control_token: secret\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRAZE_EMULATOR_URL", raising=False)
    assert (settings.running_url(), settings.running_token()) == (url, "secret")
    monkeypatch.setenv("BRAZE_EMULATOR_URL", "http://elsewhere:1")
    assert settings.running_url() == "http://elsewhere:1"
