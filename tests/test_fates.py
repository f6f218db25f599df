"""The table of rules: every service's fates.json in one, each complete, none twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import fates, resources
from emulator.errors import SchemaError

GOOD = {"sentence": "It was dropped.", "level": "assumed", "source": "a test"}


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A schemas folder of our own; the table of the process is read anew before and after."""
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path)
    fates.rules.cache_clear()
    yield tmp_path
    fates.rules.cache_clear()


def write(folder: Path, service: str, rules: dict[str, Any]) -> None:
    (folder / service).mkdir()
    (folder / service / "fates.json").write_text(json.dumps(rules))


def test_rules_of_all_services_stand_in_one_table(tables: Path) -> None:
    write(tables, "one", {"a": GOOD})
    write(tables, "two", {"b": {**GOOD, "loss": True}})
    assert fates.rules() == {
        "a": fates.Rule("a", "one", "It was dropped.", "assumed", "a test", False),
        "b": fates.Rule("b", "two", "It was dropped.", "assumed", "a test", True),
    }
    assert [fates.is_loss("a"), fates.is_loss("b")] == [False, True]


def test_an_unknown_rule_is_a_bug_of_ours(tables: Path) -> None:
    with pytest.raises(KeyError):
        fates.is_loss("nothing")


def test_a_rule_that_stands_twice_stops_the_start(tables: Path) -> None:
    write(tables, "one", {"a": GOOD})
    write(tables, "two", {"a": GOOD})
    with pytest.raises(SchemaError, match=r"two/fates\.json: the rule 'a' is already defined by one"):
        fates.rules()


@pytest.mark.parametrize("change", [{"sentence": None}, {"source": None}, {"level": None}, {"level": "guessed"}])
def test_an_incomplete_rule_stops_the_start(tables: Path, change: dict[str, Any]) -> None:
    write(tables, "one", {"a": {name: value for name, value in {**GOOD, **change}.items() if value is not None}})
    with pytest.raises(SchemaError, match=r"one/fates\.json: 'a' needs sentence, source and a level"):
        fates.rules()


def test_every_rule_of_the_project_is_a_sentence() -> None:
    bad = [rule.id for rule in fates.rules().values() if not rule.sentence.endswith(".") or not rule.source]
    assert bad == []


def test_partners_prefix_their_rules() -> None:
    bad = [
        rule.id
        for rule in fates.rules().values()
        if rule.service not in ("braze", "emulator") and not rule.id.startswith(f"{rule.service}_")
    ]
    assert bad == []
