"""What users install is what the checkout holds: wheel and sdist, file by file, and it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from emulator import resources

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "bench", "docs", "tests", "node_modules"
)


def run(*command: str | Path, cwd: Path, path: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of a copy of the checkout; no build folder is left in the checkout."""
    place = tmp_path_factory.mktemp("packaging")
    copied = shutil.copytree(ROOT, place / "copy", ignore=LEFT_OUT)
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", place / "dist", cwd=copied)
    return place / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked as an installer does it, away from the checkout."""
    place = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def in_checkout(folder: str, *globs: str) -> set[str]:
    return {
        path.relative_to(ROOT / folder).as_posix()
        for glob in globs
        for path in (ROOT / folder).rglob(glob)
        if "__pycache__" not in path.parts
    }


def in_wheel(wheel: Path, prefix: str) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name.removeprefix(prefix) for name in archive.namelist() if name.startswith(prefix)}


@pytest.mark.parametrize(("folder", "globs"), [("schemas", ("*.json", "*.yaml")), ("scenarios", ("*.yaml",))])
def test_the_wheel_holds_every_data_file(wheel: Path, folder: str, globs: tuple[str, ...]) -> None:
    assert all(in_checkout(folder, glob) for glob in globs), f"{folder}/ is empty"
    wanted = in_checkout(folder, *globs)
    assert in_wheel(wheel, f"emulator/data/{folder}/") == wanted


def test_the_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    found = {name for name in in_wheel(wheel, "emulator/") if not name.startswith("data/")}
    beside = {name for name in in_checkout("emulator", "*") if (ROOT / "emulator" / name).is_file()}
    assert found == beside


def test_the_wheel_holds_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"emulator"}


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "emulator").rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_the_sdist_can_be_built_from(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {f"schemas/{name}" for name in in_checkout("schemas", "*.json", "*.yaml")}
    wanted |= {f"scenarios/{name}" for name in in_checkout("scenarios", "*.yaml")}
    wanted |= {f"emulator/{name}" for name in in_checkout("emulator", "*.py")}
    wanted |= {"setup.py", "setup.cfg", "pyproject.toml", "README.md"}
    assert wanted - names == set()


FACTS = """
import json
from emulator import operations, resources
from emulator.pipeline import Emulator
loaded = operations.load()
Emulator()
scenarios = len(list(resources.folder("scenarios").rglob("*.yaml")))
print(json.dumps([sorted(o.key for o in loaded), str(resources.folder("schemas")), scenarios]))
"""


def test_the_installed_package_finds_its_own_data(installed: Path) -> None:
    keys, schemas, scenarios = json.loads(run(sys.executable, "-c", FACTS, cwd=installed.parent, path=installed))
    assert schemas == str(installed / "emulator/data/schemas")
    assert keys == sorted(
        name.removesuffix(".json") for name in in_checkout("schemas", "*.json") if name.count("/") == 2
    )
    assert scenarios == len(in_checkout("scenarios", "*.yaml"))


def test_the_installed_command_line_starts(installed: Path) -> None:
    assert "serve" in run(sys.executable, "-m", "emulator", "--help", cwd=installed.parent, path=installed)


@pytest.fixture(scope="module")
def entry_points(installed: Path) -> ConfigParser:
    parsed = ConfigParser()
    parsed.read(next(installed.glob("*.dist-info")) / "entry_points.txt")
    return parsed


def test_the_command_and_the_plugin_are_named(entry_points: ConfigParser) -> None:
    assert dict(entry_points["console_scripts"]) == {"braze-emulator": "emulator.cli:main"}
    # the plugin is named like its module: so pytest's -p option and the entry point mean the same plugin
    assert dict(entry_points["pytest11"]) == {"emulator.pytest_plugin": "emulator.pytest_plugin"}


def test_a_folder_that_is_missing_is_told_with_the_places() -> None:
    with pytest.raises(FileNotFoundError, match="the folder 'nothing' is neither in .*data nor in .*; reinstall"):
        resources.folder("nothing")


def test_a_bare_checkout_works_too(tmp_path: Path) -> None:
    keys, schemas, _ = json.loads(run(sys.executable, "-c", FACTS, cwd=tmp_path, path=ROOT))
    assert schemas == str(ROOT / "schemas")
    assert keys
