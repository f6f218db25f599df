"""Every scenario that comes with the emulator replays, loses nothing unannounced, and says what it means."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from emulator import documents, resources
from emulator.replay import replay, reports, scenario

ROOT = resources.folder("scenarios")
FILES = replay.files([ROOT])


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_it_is_valid_against_the_published_schema(path: Path) -> None:
    jsonschema.validate(documents.read(path).value, scenario.schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_it_replays(path: Path) -> None:
    what = replay.load(path)
    result = replay.run(what, replay.in_process()(what), strict=True)
    assert result.status == reports.PASSED, reports.text(result)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_step_has_a_name_and_says_what_it_means(path: Path) -> None:
    silent = [step for step in documents.read(path).value["steps"] if not step.get("means") or not step.get("name")]
    assert not silent


def test_titles_are_unique_and_every_scenario_says_what_it_is_about() -> None:
    loaded = [replay.load(path) for path in FILES]
    assert len({what.title for what in loaded}) == len(FILES)
    assert not [what.path for what in loaded if not what.about]
