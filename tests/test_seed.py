"""The seed document: read from files, checked with every field named, planted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from emulator import resources, seed
from emulator.errors import ConfigError, SchemaError


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "seed.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_the_published_schema_is_a_schema_with_every_partner() -> None:
    Draft202012Validator.check_schema(seed.schema())
    assert seed.schema()["properties"]["partners"]["properties"].keys() == seed.partners().keys()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("# nothing yet\n", {}),
        ("{}", {}),
        ('{"tags": ["a"]}', {"tags": ["a"]}),
        ("tags: [no, 12:30, 2026-01-02]", {"tags": ["no", "12:30", "2026-01-02"]}),
        ("clock: {now: 2026-01-02T03:04:05Z}", {"clock": {"now": "2026-01-02T03:04:05Z"}}),
    ],
)
def test_a_file_holds_the_values_of_json(tmp_path: Path, text: str, value: Any) -> None:
    assert seed.read(written(tmp_path, text)) == value
    seed.check(value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", r"seed\.yaml, line \d: not YAML"),
        ("a: 1\nb: 2\na: 3\n", r"seed\.yaml, line 3: the key 'a' stands twice"),
        ("a: !!python/object:os.system x", r"seed\.yaml, line 1: not YAML"),
        (b"\xff\xfe\xfd", r"seed\.yaml: "),
    ],
    ids=["unfinished", "key twice", "python object", "no text"],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        seed.read(written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed.yaml", "tags: [a]\n\napi_keys:\n  - key: a\n  - name: b\nclok: {}\n"),
        ("seed.json", '{"tags": ["a"],\n\n"api_keys": [\n{"key": "a"},\n{"name": "b"}],\n"clok": {}}\n'),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        seed.read(path)
    first, second = str(raised.value).splitlines()
    assert first.startswith(f"{path}, line 6: seed: Additional properties are not allowed ('clok' was unexpected)")
    assert "clock" in first.partition("there are: ")[2]
    assert second == f"{path}, line 5: api_keys[1]: 'key' is a required property"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing.yaml: cannot be read"):
        seed.read(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("document", [[], 0, "", None, "text", [1]], ids=repr)
def test_a_document_is_an_object(document: Any) -> None:
    with pytest.raises(ConfigError, match="seed: .* is not of type 'object'"):
        seed.check(document)


def test_a_document_with_credentials_for_everybody_still_fits() -> None:
    own = seed.with_own_credentials({"tags": ["a"]}, "mine")
    seed.check(own)
    assert own["tags"] == ["a"] and own["api_keys"] and own["partners"].keys() == seed.partners().keys()


def test_a_service_is_known_by_its_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No list of services stands in the code or in seed.schema.json."""
    shutil.copytree(resources.folder("schemas"), tmp_path / "schemas")
    (tmp_path / "schemas" / "newcomer").mkdir()
    shutil.copy(tmp_path / "schemas" / "inkit" / "service.json", tmp_path / "schemas" / "newcomer")
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path / name)
    cached = (seed.schema, seed.partners, seed._parts)
    for one in cached:
        one.cache_clear()
    try:
        assert "newcomer" in seed.schema()["properties"]["settings"]["properties"]["modes"]["propertyNames"]["enum"]
        (tmp_path / "schemas" / "newcomer" / "seed.json").write_text('{"properties": {"tokens": {}}}')
        for one in cached:
            one.cache_clear()
        with pytest.raises(SchemaError, match="newcomer/seed.json: no emulator/state/newcomer.py plants it"):
            seed.schema()
    finally:
        for one in cached:
            one.cache_clear()


@pytest.mark.parametrize("partner", seed.partners())
def test_every_partner_has_the_functions_of_a_partner(partner: str) -> None:
    room = seed.partners()[partner]
    assert all(callable(getattr(room, name)) for name in ("plant", "credentials", "own"))
    assert list(room.credentials({})) == []


def test_a_schema_that_is_not_published_is_refused() -> None:
    assert seed.published("seed") is seed.schema()
    with pytest.raises(KeyError, match="no schema 'nothing'; there are seed, scenario, cases, operation and service"):
        seed.published("nothing")
