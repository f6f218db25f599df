"""What README and docs/ show is true: their commands are run, their snippets executed, their links followed.

Fenced blocks by language:
  console   lines that begin with `$ ` are run by a shell against a fresh server (here-documents too); the
            lines below each are what it must print, where `…` stands for any text and a line of `…` alone for any lines
  python    with a first line `# test_name.py`, a test module that must pass; with `# from path`, a part of that file;
            else it must compile
  yaml      with a first line `# scenario`, a scenario that must pass; `# seed`, a seed document that must be valid
A first line `# not run: reason` in any block is an exception with its reason.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator import fates, seed, settings
from emulator.cli import COMMANDS
from emulator.control.routes import ROUTES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PORT = 27293


@dataclass
class Block:
    page: Path
    line: int
    language: str
    text: str

    @property
    def first(self) -> str:
        return self.text.split("\n", 1)[0]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text()
        for fence in FENCE.finditer(text):
            line = text.count("\n", 0, fence.start()) + 1
            found.append(Block(page, line, fence[1], fence[2]))
    chosen = [block for block in found if not languages or block.language in languages]
    return [block for block in chosen if not block.first.startswith("# not run: ")]


@pytest.fixture
def server() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--json", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def commands(text: str) -> list[tuple[str, str]]:
    """(command, expected output) pairs; a command goes on over lines that end in a backslash, and over <<'END'."""
    found: list[list[str]] = []
    open_command, end = False, ""
    for line in text.splitlines():
        if end or open_command:
            found[-1][0] += f"\n{line}"
        elif line.startswith("$ "):
            found.append([line[2:], ""])
        else:
            found[-1][1] += f"{line}\n"
            continue
        here = re.search(r"<<'(\w+)'", line)
        end = "" if line == end else end or (here[1] if here else "")
        open_command = not end and line.endswith("\\")
    return [(command, expected) for command, expected in found]


def looks_like(expected: str, actual: str) -> bool:
    parts = [re.escape(part.strip()) for part in expected.strip().split("…")]
    return (
        re.fullmatch(r"[\s\S]*?".join(rf"\s*{part}\s*" if part else "" for part in parts), actual.strip()) is not None
    )


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_commands_print_what_the_page_shows(block: Block, server: dict[str, Any], tmp_path: Path) -> None:
    for name in ("scenarios", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRAZE_EMULATOR_")}
    kept["BRAZE_EMULATOR_URL"] = server["url"]
    kept["PATH"] = f"{Path(sys.executable).parent}:{kept['PATH']}"
    for command, expected in commands(block.text):
        command = command.replace(f":{PORT}", f":{server['port']}")
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, timeout=90, env=kept
        )
        printed = (done.stdout + done.stderr).replace(f":{server['port']}", f":{PORT}")
        assert looks_like(expected, printed), f"{block}: {command}\nprinted:\n{printed}\nthe page shows:\n{expected}"


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_snippets_work(block: Block, tmp_path: Path) -> None:
    quoted = re.match(r"# from (\S+)\n", block.text)
    if quoted:
        assert block.text.split("\n", 1)[1] in (ROOT / quoted[1]).read_text(), f"{block} is not in {quoted[1]}"
        return
    name = re.match(r"# (\w+\.py)\n", block.text)
    if name is None or not name[1].startswith("test_"):
        compile(block.text, str(block), "exec")
        return
    (tmp_path / name[1]).write_text(block.text)
    for helper in blocks("python"):  # modules that the same page shows
        other = re.match(r"# (\w+\.py)\n", helper.text)
        if other and helper.page == block.page and not other[1].startswith("test_"):
            (tmp_path / other[1]).write_text(helper.text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)], capture_output=True, text=True,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_snippets_are_valid(block: Block, tmp_path: Path) -> None:
    from emulator.replay.replay import replay

    path = tmp_path / "snippet.yaml"
    path.write_text(block.text)
    if block.first == "# scenario":
        assert replay([path]) == 0
    elif block.first == "# seed":
        seed.check(seed.read(path))
    else:
        pytest.fail(f"{block}: begin the block with '# scenario', '# seed' or '# not run: reason'")


def test_every_block_says_what_it_is() -> None:
    known = {"console", "python", "yaml", "text", "json", "liquid"}
    assert [str(block) for block in blocks() if block.language not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


@pytest.mark.parametrize("name", [command[0] for command in COMMANDS])
def test_every_command_is_documented(name: str) -> None:
    assert f"`{name}`" in page("cli.md")


@pytest.mark.parametrize("name", settings.fields())
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in page("cli.md")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_control_operation_is_documented(route: Any) -> None:
    path = route.template
    assert f"`{route.method} {path}`" in page("control.md")


@pytest.mark.parametrize("rule", fates.rules().values(), ids=lambda rule: rule.id)
def test_every_fate_is_documented(rule: fates.Rule) -> None:
    """The row is the rule itself; where it differs, paste what the failure shows."""
    lost = "lost" if rule.loss else ""
    assert f"| `{rule.id}` | {rule.sentence} | {lost} | {rule.level} |" in page("fates.md")


@pytest.mark.parametrize("name", sorted(seed.schema()["properties"]))
def test_every_part_of_a_seed_is_documented(name: str) -> None:
    assert f"`{name}`" in page("seed.md")
