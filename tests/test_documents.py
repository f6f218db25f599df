from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator import documents
from emulator.errors import ConfigError


def read(folder: Path, text: str) -> documents.Document:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return documents.read(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-05-10T00:00:00Z", "2020-05-10T00:00:00Z"),
        ("2020-05-10", "2020-05-10"),
        ("no", "no"),
        ("on", "on"),
        ("12:30:00", "12:30:00"),
        ("02139", "02139"),
        ("0x1F", "0x1F"),
        ("+33123", 33123),
        ("0", 0),
        ("-1", -1),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("-9223372036854775808", -9223372036854775808),
        ("18446744073709551616", 18446744073709551616.0),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("{1: x, true: y, null: z}", {"1": "x", "true": "y", "null": "z"}),
    ],
)
def test_values_are_those_of_json(tmp_path: Path, text: str, value: Any) -> None:
    found = read(tmp_path, f"a: {text}\n").value["a"]
    assert found == value
    assert type(found) is type(value)


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &one {x: 1}\nb: {<<: *one, y: 2}\n")
    assert document.value == {"a": {"x": 1}, "b": {"x": 1, "y": 2}}


def test_every_pointer_has_a_line(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  - x\n  - c/d: 2\n    e: [1,\n      2]\n")
    assert document.lines == {
        "": 1, "/a": 1, "/b": 2, "/b/0": 3, "/b/1": 4, "/b/1/c~1d": 4, "/b/1/e": 5, "/b/1/e/0": 5, "/b/1/e/1": 6,
    }  # fmt: skip


def test_an_unknown_pointer_has_the_line_of_what_is_around_it(tmp_path: Path) -> None:
    document = read(tmp_path, "a:\n  b:\n    c: 1\n")
    assert [document.line(pointer) for pointer in ("/a/b/x/y", "/a/x", "/x", "")] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice; it is in line 1 already"),
        ("a:\n  - {x: 1, x: 2}\n", 2, "'x' stands twice"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: *nothing\n", 1, "undefined alias"),
        ("a: !!python/object:os.system {}\n", 1, "not YAML: could not determine a constructor"),
        ("a: !!set {x, y}\n", 1, "not YAML: could not determine a constructor"),
        ("a:\n  !!binary aGVsbG8=\n", 2, "not YAML: could not determine a constructor"),
        ("a: !!timestamp 2020-01-01\n", 1, "not YAML: could not determine a constructor"),
        ("a: 1\n? [x, y]\n: 1\n", 2, "a key must be a text"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'file.yaml'}, line {line}: ")


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        documents.read(tmp_path / "nothing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        documents.read(tmp_path / "bytes.yaml")


VALUE = {"a/b": [{"c~d": 1}, None], "": 2}


@pytest.mark.parametrize(
    ("pointer", "found"), [("", VALUE), ("/a~1b/0/c~0d", 1), ("/a~1b/1", None), ("/", 2), ("/a~1b/0", {"c~d": 1})]
)
def test_pointed(pointer: str, found: Any) -> None:
    assert documents.pointed(VALUE, pointer) == found


@pytest.mark.parametrize("pointer", ["/x", "/a~1b/2", "/a~1b/x", "/a~1b/-1", "/a~1b/1/x", "//x"])
def test_pointed_raises_where_there_is_nothing(pointer: str) -> None:
    with pytest.raises(KeyError):
        documents.pointed(VALUE, pointer)


def test_an_alias_inside_its_own_anchor_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="an alias that stands inside its own anchor"):
        read(tmp_path, "a: &a [*a]\n")


def test_aliases_that_repeat_each_other_are_told(tmp_path: Path) -> None:
    """Ten lines that would become ten billion values."""
    lines = [
        f"{name}: &{name} [{', '.join([before] * 10)}]" for before, name in zip("xabcdefghi", "abcdefghij", strict=True)
    ]
    with pytest.raises(ConfigError, match="more than 1000000 values"):
        read(tmp_path, "\n".join(lines).replace("[", "[*").replace(", ", ", *").replace("*x", "x"))


@pytest.mark.parametrize("text", ['{"a": "\\ud83d\\ude00 \\/"}', '{\n\t"a": "😀 /"}'])
def test_json_is_read_as_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "seed.json"
    path.write_text(text, encoding="utf-8")
    assert documents.read(path).value == {"a": "😀 /"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [('{"a": 1,\n"b"}', 2, "not JSON"), ('{"a": 1,\n"a": 2}', 2, "'a' stands twice"), ('{"a": NaN}', 1, "not JSON")],
)
def test_a_mistake_in_json_is_told_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = tmp_path / "seed.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"line {line}: .*{reason}"):
        documents.read(path)


# errors of seeds, with their lines

SEED = {
    "yaml": "tags: [a]\nprofiles:\n  - external_id: a\n\n    email: 5\nclok: {}\n",
    "json": '{"tags": ["a"],\n"profiles": [\n{"external_id": "a",\n\n"email": 5}],\n"clok": {}}\n',
}


@pytest.mark.parametrize("form", SEED)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed.profiles[0].email: no", "line 5: profiles[0].email: no"),
        ("profiles[0].phone: no", "line 3: profiles[0].phone: no"),
        ("seed: Additional properties are not allowed ('clok' was unexpected)", "line 6: seed: Additional properties"),
        ("seed: a\nseed.tags: b", "line 1: seed: a\n{path}, line 1: tags: b"),
    ],
)
def test_an_error_of_a_seed_gets_its_line(tmp_path: Path, form: str, text: str, told: str) -> None:
    path = tmp_path / f"seed.{form}"
    path.write_text(SEED[form])
    found = str(documents.read(path).located(ConfigError(text)))
    assert found.startswith(f"{path}, {told.replace('{path}', str(path))}")


@pytest.mark.parametrize("text", ["inkit: 'x' is taken", "a workspace 'x' exists", "journal: no"])
def test_an_error_of_something_else_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(SEED["yaml"])
    assert str(documents.read(path).located(ConfigError(text))) == text
