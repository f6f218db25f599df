"""The shape of the house: which room may know which, who owns what, how big things may be, and which words are used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "emulator"

FLOORS = {
    "start": "__main__",
    "edge": "cli pytest_plugin",
    "serving": "serve execute composer",
    "web": "app",
    "adapters": "control ui replay front",
    "pipeline": "pipeline",
    "work": "handlers messaging partner_files explaining",
    "steps": "auth limits faults validation workspaces openapi answers asynchrony inspection",
    "seed": "seed",
    "model": "operations state journal fates liquid bodies entries spare unknown_fields",
    "ground": "call clock ids resources settings matching redaction documents client mending advice",
    "errors": "errors",
}
"""From the roof to the cellar. A room knows the floors under its own; rooms of one floor do not know each other."""

HEIGHT = {room: height for height, rooms in enumerate(reversed(FLOORS.values())) for room in rooms.split()}

ALLOWED_IMPORTS: dict[tuple[str, str], str] = {}
"""(room, room it imports) -> why this one import may break a rule."""

OWNERS = {
    "flask": ("app", "control", "ui", "cli", "pytest_plugin"),
    "werkzeug": ("app", "control", "ui", "cli", "pytest_plugin"),
    "granian": ("serve",),
    "requests": ("messaging/outside", "replay/replay"),
    "urllib.request": (),
    "http.client": ("client", "spare"),
    "time": ("clock",),
    "secrets": ("ids",),
    "uuid": ("ids",),
    "random": ("ids",),
    "sqlite3": ("journal",),
    "immutables": ("state",),
    "liquid": ("liquid",),
    "dateutil": ("liquid",),
}
"""Third-party or standard module -> the only rooms (or modules) that may import it."""

ALLOWED_OWNERS: dict[tuple[str, str], str] = {}
"""(module file without .py, imported module) -> why it may import what another room owns."""

MAX_FILE, MAX_FUNCTION, MAX_MEDIAN = 400, 40, 10
ALLOWED_LENGTHS: dict[str, str] = {}
"""`file` or `file:function` -> why it may be longer."""

BAD_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "core", "misc", "tools"}

PYTHON = sorted(PACKAGE.rglob("*.py"))


FOLDERS = ("emulator", "schemas", "scenarios", "tests", "docs", "bench", ".ci")
INSTALLED = {".peers", "node_modules", "__pycache__"}


def ours(*globs: str) -> Iterator[Path]:
    """The files of the project whose names match, without what was installed or built beside them."""
    places = [ROOT]
    while places:
        for path in sorted(places.pop().iterdir()):
            if path.is_dir() and path.name not in INSTALLED and (path.parent != ROOT or path.name in FOLDERS):
                places.append(path)
            elif path.is_file() and any(path.match(glob) for glob in globs):
                yield path


def short(path: Path) -> str:
    """`messaging/dispatcher` for emulator/messaging/dispatcher.py, `control` for emulator/control/__init__.py."""
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return name.removesuffix("/__init__") if name != "__init__" else ""


def room(module: str) -> str:
    return module.split("/")[0]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, without what stands under `if TYPE_CHECKING`: that is not there when the program runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            children: list[ast.AST] = list(child.orelse)
            for other in children:
                yield other
                yield from executed(other)
            continue
        yield child
        yield from executed(child)


def imported(path: Path) -> Iterator[str]:
    """Dotted names of modules that a file imports, `from a import b` as `a.b`."""
    for node in executed(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import; write the full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def modules() -> frozenset[str]:
    return frozenset(short(path) for path in PYTHON)


def inside(name: str) -> str | None:
    """The short name of the module of ours that a dotted name leads to, or None for somebody else's."""
    parts = name.split(".")
    if parts[0] != "emulator":
        return None
    for length in range(len(parts), 0, -1):
        candidate = "/".join(parts[1:length])
        if candidate in modules():
            return candidate
    raise AssertionError(f"{name} is no module of the package")


@cache
def edges() -> dict[str, frozenset[str]]:
    """module -> the modules of ours that it imports."""
    found: dict[str, set[str]] = {name: set() for name in modules()}
    for path in PYTHON:
        targets = {target for name in imported(path) if (target := inside(name)) is not None}
        found[short(path)] |= targets - {short(path)}
    return {name: frozenset(targets) for name, targets in found.items()}


def between_rooms() -> Iterator[tuple[str, str]]:
    for module, targets in edges().items():
        for target in targets:
            yield module, target


# floors


def test_every_room_has_a_floor() -> None:
    strangers = {room(name) for name in modules()} - {""} - HEIGHT.keys()
    assert not strangers, f"give {sorted(strangers)} a floor in FLOORS"


def test_nobody_imports_from_the_package_itself() -> None:
    users = sorted(module for module, target in between_rooms() if target == "")
    assert not users, f"{users} import a name from emulator/__init__.py; import it from its room"


def test_imports_go_down() -> None:
    wrong = sorted(
        f"{module} -> {target}"
        for module, target in between_rooms()
        if module and target and room(module) != room(target)
        if HEIGHT[room(target)] >= HEIGHT[room(module)]
        if (room(module), room(target)) not in ALLOWED_IMPORTS
    )
    assert not wrong, "imports must go to a lower floor:\n" + "\n".join(wrong)


def test_the_exceptions_are_needed() -> None:
    used = {(room(module), room(target)) for module, target in between_rooms()}
    assert ALLOWED_IMPORTS.keys() <= used, f"remove {ALLOWED_IMPORTS.keys() - used}"


def cycle(graph: dict[str, frozenset[str]]) -> list[str]:
    """One cycle of the graph, or an empty list."""
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph[name]):
            if found := visit(target, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := visit(name, []))), [])


def test_there_is_no_cycle_of_modules() -> None:
    found = cycle(edges())
    assert not found, " -> ".join(found)


def test_a_cycle_would_be_found() -> None:
    graph = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"b"})}
    assert cycle(graph) == ["b", "c", "b"]


def test_services_do_not_know_each_other() -> None:
    """handlers/<service>/… and state/<service>.py speak to another service only through the dispatcher."""
    services = {path.name for path in (PACKAGE / "handlers").iterdir() if path.is_dir() and path.name[0] != "_"}

    def service(module: str) -> str | None:
        parts = module.split("/")
        return parts[1] if len(parts) > 1 and parts[0] in ("handlers", "state") and parts[1] in services else None

    wrong = [
        f"{module} -> {target}"
        for module, target in between_rooms()
        if service(module) and service(target) and service(module) != service(target)
    ]
    assert not wrong, "\n".join(wrong)


# owners


def owned(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_only_by_its_owners(library: str) -> None:
    owners = OWNERS[library]
    wrong = sorted(
        short(path)
        for path in PYTHON
        if any(owned(name, library) for name in imported(path))
        if short(path) not in owners and room(short(path)) not in owners
        if (short(path), library) not in ALLOWED_OWNERS
    )
    assert not wrong, f"{library} belongs to {owners}; {wrong} must ask for what they need as an argument"


def uses(path: Path, *wanted: tuple[str, str]) -> list[int]:
    """The lines of a file that hold one of these `name.attribute` expressions."""
    return [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if (node.value.id, node.attr) in wanted
    ]


CLOCK_READS = tuple((name, read) for name in ("datetime", "date") for read in ("now", "utcnow", "today"))
ENVIRONMENT = (("os", "environ"), ("os", "getenv"), ("os", "putenv"))


@pytest.mark.parametrize(
    ("owner", "reads"),
    [("clock", CLOCK_READS), ("settings", ENVIRONMENT)],
    ids=["time", "environment"],
)
def test_only_the_owner_reads(owner: str, reads: tuple[tuple[str, str], ...]) -> None:
    wrong = [f"{short(path)}:{line}" for path in PYTHON if short(path) != owner for line in uses(path, *reads)]
    assert not wrong, f"only emulator/{owner}.py may read this: {wrong}"


def test_only_resources_looks_for_files_beside_the_code() -> None:
    wrong = [
        f"{short(path)}:{node.lineno}"
        for path in PYTHON
        if short(path) != "resources"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Name) and node.id == "__file__"
    ]
    assert not wrong, f"ask emulator/resources.py for a folder instead: {wrong}"


def test_handlers_compute() -> None:
    """No HTTP framework, no JSON reading or writing, no clock reads, no sending in a handler."""
    barred = ("json", "orjson", "flask", "werkzeug", "requests", "emulator.journal", "emulator.workspaces")
    wrong = [
        f"{short(path)} imports {name}"
        for path in sorted((PACKAGE / "handlers").glob("*/*.py"))
        for name in imported(path)
        if any(owned(name, library) for library in barred)
    ]
    assert not wrong, "\n".join(wrong)


# sizes


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(file:function, lines from `def` to its end) of every function in a file, methods and inner ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno is not None
            yield f"{short(path)}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_long() -> None:
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    long = {name: length for name, length in lengths.items() if length >= MAX_FILE and name not in ALLOWED_LENGTHS}
    assert not long, f"files have less than {MAX_FILE} lines: {long}"


def test_no_function_is_long() -> None:
    long = [
        f"{name}: {length}"
        for path in PYTHON
        for name, length in functions(path)
        if length > MAX_FUNCTION and name not in ALLOWED_LENGTHS
    ]
    assert not long, f"functions have at most {MAX_FUNCTION} lines: {long}"


def test_functions_are_short_in_the_median() -> None:
    middle = median(length for path in PYTHON for _, length in functions(path))
    assert middle < MAX_MEDIAN, f"the median of all functions is {middle} lines"


# words


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {name for path in ours("*.py", "*.json", "*.yaml") for name in path.relative_to(ROOT).with_suffix("").parts}
    bad = sorted(name for name in names if name.strip("_") in BAD_NAMES)
    assert not bad, f"name these by what they do: {bad}"


WRONG_WORDS = {
    "endpoint": "operation",
    "catalogue": "operations",
    "vendor": "service",
    "tenant": "workspace",
    "quota": "rate limit",
    "toxic": "fault",
    "ctx": "call",
    "req": "request",
    "resp": "response",
}
"""Names that code must not use, and the word of the house (the partners' own words are theirs to keep)."""


def named(path: Path) -> Iterator[tuple[str, int]]:
    """The names that a file gives: functions, classes, arguments."""
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def test_names_use_the_words_of_the_house() -> None:
    wrong = [
        f"{short(path)}:{line}: {name} (say {WRONG_WORDS[word.lower()]})"
        for path in PYTHON
        for name, line in named(path)
        for word in re.split(r"_|(?<=[a-z])(?=[A-Z])", name)
        if word.lower() in WRONG_WORDS
    ]
    assert not wrong, "\n".join(wrong)


TEXTS = ("*.py", "*.json", "*.yaml", "*.yml", "*.md", "*.cfg", "*.toml", "*.html", "*.js", "*.css", "Makefile", "run")
LOCAL = {
    "a folder of one machine": r"(?<![\w.])/(work|root|home/\w+)/",
    "a place outside this project": r"\bshared/(reference|seeds|design)",
    "a package registry's host": r"\b(pypi|pythonhosted|npmjs|deb" r"ian)\.(org|io|com)\b",
    "who wrote this": r"\b(this|another|previous|later|parallel) sess" r"ion\b|\b(sub-?|coding |AI )ag" r"ents?\b",
}
ALLOWED_TEXTS: dict[str, str] = {"tests/test_architecture.py": "names what it looks for"}


@pytest.mark.parametrize("what", LOCAL)
def test_no_text_speaks_of_where_it_was_written(what: str) -> None:
    pattern = re.compile(LOCAL[what], re.IGNORECASE)
    wrong = [
        f"{name}:{number}: {line.strip()[:120]}"
        for path in ours(*TEXTS)
        if (name := path.relative_to(ROOT).as_posix()) not in ALLOWED_TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not wrong, f"{what}:\n" + "\n".join(wrong)
