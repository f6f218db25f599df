"""Bodies that are JSON, nearly JSON, and not JSON at all."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import bodies
from emulator.mending import MAX_DEFECTS


def defects_of(text: str) -> list[str]:
    return [str(defect) for defect in bodies.repair(text.encode()).defects]


# what is wrong


@pytest.mark.parametrize(
    ("raw", "line", "column", "what"),
    [
        (b"", 1, 1, "the body is empty"),
        (b" \n ", 1, 1, "the body is empty"),
        (b'{\n  "a": NaN\n}', 2, 8, "NaN is not JSON"),
        (b'{"a": Infinity}', 1, 7, "Infinity is not JSON"),
        (b'{\n\n"a":"\xff"}', 3, 6, "the byte 0xff is not UTF-8"),
        (b"\xff", 1, 1, "the byte 0xff is not UTF-8"),
    ],
)
def test_parse_says_what_to_do_about_the_usual_mistakes(raw: bytes, line: int, column: int, what: str) -> None:
    with pytest.raises(bodies.Malformed) as caught:
        bodies.parse(raw)
    found = caught.value.defects[0]
    assert (found.line, found.column, found.what) == (line, column, what)
    assert found.fix


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"{'a': 1}", 1),
        (b'{\n"a": 1', 2),
        (b'{\n"a": 1}\n}', 3),
        (b'{"a": "x\ny"}', 1),
        (b"[" * 2000, 1),
        (b"[1,-Infinity]", 1),
        (b"\xef\xbb\xbf{}", 1),
        (b"\x00", 1),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_parse_names_a_line_for_everything_else(raw: bytes, line: int) -> None:
    with pytest.raises(bodies.Malformed) as caught:
        bodies.parse(raw)
    assert [found.line for found in caught.value.defects] == [line]
    assert caught.value.defects[0].what


# keys that stand twice


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        ('{"a": 1, "b": 2}', []),
        ('{"a": 1, "a": 2}', ["/a"]),
        ('{"a": 1, "b": 1, "b": 1, "a": 2, "a": 3}', ["/a", "/b"]),
        ('{"list": [{}, {"x": {"a/b": 1, "a/b": 2}}]}', ["/list/1/x/a~1b"]),
        ('{"a": {"b": 1, "b": 2}, "c": 1, "c": 2}', ["/c", "/a/b"]),
        ('{"\\u0061": 1, "a": "\\u0022\\u0022"}', ["/a"]),
        ('[{"a": 1, "a": 1e400}]', ["/0/a"]),
    ],
)
def test_parse_points_at_keys_that_stand_twice(text: str, pointers: list[str]) -> None:
    raw = text.encode()
    assert bodies.duplicate_keys(raw) == pointers
    if b"e400" not in raw:
        assert bodies.parse(raw) == (orjson.loads(raw), pointers)


def test_duplicate_keys_are_bounded() -> None:
    raw = b'{"%s": [%s]}' % (b"k" * 100_000, b",".join([b'{"a":1,"a":2}'] * 5_000))
    found = bodies.duplicate_keys(raw)
    assert len(found) == bodies.MAX_DUPLICATES
    assert max(map(len, found)) <= bodies.MAX_STEP + 10


def test_duplicate_keys_below_what_python_can_read_are_given_up() -> None:
    raw = b"[" * 100_000 + b'{"a":1,"a":2}' + b"]" * 100_000
    assert bodies.duplicate_keys(raw) == []


def test_parse_takes_what_can_be_written_again_and_no_more() -> None:
    deepest = b"[" * bodies.MAX_DEPTH + b"]" * bodies.MAX_DEPTH
    assert orjson.dumps({"stored": [[bodies.parse(deepest)[0]]]})
    with pytest.raises(bodies.Malformed, match=f"nested more than {bodies.MAX_DEPTH} deep"):
        bodies.parse(b"[" + deepest + b"]")


def test_a_long_number_beside_a_duplicate_key_is_no_bug() -> None:
    raw = b'{"a":1,"a":' + b"1" * 6_000 + b"}"
    assert bodies.duplicate_keys(raw) == ["/a"]


# repairs


@pytest.mark.parametrize(
    ("text", "value", "defects"),
    [
        ('// note\n{"a": 1}', {"a": 1}, ["line 1: comment line (//)"]),
        ('{"a": 1, // note\n"b": 2}', {"a": 1, "b": 2}, ["line 1: comment line (//)"]),
        ('{"a": 1}\n// "b"', {"a": 1}, ["line 2: comment line (//)"]),
        ('{"a": 1,}', {"a": 1}, ["line 1: trailing comma"]),
        ('{"a": [1, 2,\n]}', {"a": [1, 2]}, ["line 1: trailing comma"]),
        ('{"a": [1,],}', {"a": [1]}, ["line 1: trailing comma", "line 1: trailing comma"]),
        ('{"a": 1\n"b": 2}', {"a": 1, "b": 2}, ["line 1: missing comma after 1"]),
        ('{"a": {}\n\n"b": []}', {"a": {}, "b": []}, ["line 1: missing comma after }"]),
        ("[1 2\n3]", [1, 2, 3], ["line 1: missing comma after 1", "line 1: missing comma after 2"]),
        ('["a""b"]', ["a", "b"], ['line 1: missing comma after "a"']),
        (
            '{"a": "x"\n// why\n"b": 2,\n}',
            {"a": "x", "b": 2},
            ['line 1: missing comma after "x"', "line 2: comment line (//)", "line 3: trailing comma"],
        ),
    ],
)
def test_repair_takes_out_the_usual_mistakes(text: str, value: Any, defects: list[str]) -> None:
    repaired = bodies.repair(text.encode())
    assert (repaired.works, repaired.value) == (True, value)
    assert list(map(str, repaired.defects)) == defects
    assert all(defect.fix for defect in repaired.defects)


def test_repair_leaves_texts_alone() -> None:
    inner = {"url": "https://x.example//y", "a": ",]", "b": '\\" // "', "c": "{{x}} {% y %}", "d": "\\"}
    text = "// note\n" + orjson.dumps(inner).decode()
    assert bodies.repair(text.encode()).value == inner


def test_repair_counts_columns() -> None:
    found = bodies.repair(b'{\n  "a": 1\n  "b": 2,\n}').defects
    assert [(defect.line, defect.column) for defect in found] == [(2, 8), (3, 9)]


def test_repair_reports_keys_that_stand_twice() -> None:
    assert bodies.repair(b'// x\n{"a": 1, "a": 2}').repeated == ["/a"]


def test_repair_says_where_each_value_stands() -> None:
    repaired = bodies.repair(b'// x\n{\n "a": [\n  1,\n  {"b/c": true}\n ]\n}')
    assert repaired.place([]) == (2, 1)
    assert repaired.place(["a"]) == (3, 7)
    assert repaired.place(["a", "0"]) == (4, 3)
    assert repaired.place(["a", "1", "b/c"]) == (5, 11)
    assert repaired.place(["a", "1", "missing"]) == (5, 3)
    assert repaired.place(["missing"]) == (2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a" 1}',
        "{'a': 1}",
        '{"a":: 1}',
        "{a: 1}",
        '{"a": 1}}',
        '{"a": }',
        "[1,,2]",
        "[,1]",
        '"x',
        '{"a"}',
        "]",
    ],
)
def test_repair_gives_up_on_what_it_does_not_know(text: str) -> None:
    assert bodies.repair(text.encode()) == bodies.Repaired(False, None, [])


@pytest.mark.parametrize(
    ("text", "first", "line"),
    [
        ("// note\n{'a': 1}", "line 1: comment line (//)", 2),
        ('{"a": 1\n"b": 2\n', "line 1: missing comma after 1", 3),
        ('// note\n{"a": "line\nbreak"}', "line 1: comment line (//)", 2),
        ('// note\n{"a": undefined}', "line 1: comment line (//)", 2),
    ],
)
def test_repair_names_what_it_knows_before_what_stopped_it(text: str, first: str, line: int) -> None:
    repaired = bodies.repair(text.encode())
    assert (repaired.works, repaired.value) == (False, None)
    assert str(repaired.defects[0]) == first
    assert repaired.defects[-1].line == line


# Liquid that was not rendered


@pytest.mark.parametrize(
    ("text", "value", "tokens"),
    [
        ('{% assign a = "b" %}\n{"a": 1}', {"a": 1}, ['{% assign a = "b" %}']),
        ('{% capture x %}"a": "{{b}}"{% endcapture %}\n{}', {}, ['{% capture x %}"a": "{{b}}"{% endcapture']),
        ('{"a": {{b}}}', {"a": None}, ["{{b}}"]),
        ('{"a": {{${user_id}}}}', {"a": None}, ["{{${user_id}}}"]),
        ('{"a": {{e.${c}[0].id}}, "b": 1}', {"a": None, "b": 1}, ["{{e.${c}[0].id}}"]),
        ('{ {{member}}, "a": 1}', {"{{member}}": None, "a": 1}, ["{{member}}"]),
        ('{% if a %}\n{"a": 1}\n{% endif %}', {"a": 1}, ["{% if a %}", "{% endif %}"]),
    ],
)
def test_repair_names_liquid_but_does_not_claim_to_work(text: str, value: Any, tokens: list[str]) -> None:
    repaired = bodies.repair(text.encode())
    assert (repaired.works, repaired.value) == (False, value)
    told = [defect.what.removeprefix("Liquid that was not rendered: ").removesuffix("…") for defect in repaired.defects]
    assert told == tokens


@pytest.mark.parametrize("text", ["{% if", "{{", "{% capture x %}", '// a\n{"a": {{'])
def test_repair_gives_up_on_liquid_that_does_not_end(text: str) -> None:
    assert not bodies.repair(text.encode()).works


# hostile input


HOSTILE = {
    "deep arrays": "[" * 100_000,
    "deep arrays with a comment": "//\n" + "[" * 100_000,
    "deep and closed": "// x\n" + "[" * 2_000 + "]" * 2_000,
    "missing commas": "[" + "1 " * 100_000 + "]",
    "comments": "//\n" * 80_000,
    "unclosed text": '"' + '\\"' * 100_000,
    "many unclosed texts": '"\n' * 100_000,
    "liquid": "{%" * 100_000,
    "liquid that ends": "{%%}" * 60_000,
    "captures": "{%capture " * 20_000 + "%}",
    "outputs": "[" + "{{" * 100_000 + "}}",
    "backslashes": "//\n[" + "\\" * 200_000,
    "long keys": '// x\n{"' + "k" * 60_000 + '": [' + "[]," * 60_000 + "0]}",
    "one long line of spaces": "// x\n" + " " * 250_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_repair_of_hostile_text_ends_soon(text: str) -> None:
    repaired = bodies.repair(text.encode())
    assert len(repaired.defects) <= MAX_DEFECTS + 1
    assert sum(len(str(defect)) for defect in repaired.defects) < 10_000


def test_repair_does_not_look_at_long_bodies() -> None:
    text = '{"a": "' + "x" * bodies.MAX_REPAIR_BYTES + '",}'
    assert bodies.repair(text.encode()) == bodies.Repaired(False, None, [])


def test_repair_of_bytes_that_are_no_text() -> None:
    assert bodies.repair(b"// x\n\xff") == bodies.Repaired(False, None, [])


# properties

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_json_without_mistakes_comes_through_unchanged(value: Any) -> None:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    assert bodies.repair(text).defects == []
    repaired = bodies.repair(b"// note\n" + text)
    assert (repaired.works, repaired.value) == (True, value)


@given(JSON)
def test_every_comma_can_be_forgotten(value: Any) -> None:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    lines = [line.removesuffix(",") for line in text.split("\n")]
    forgotten = text.count(",\n")
    if 0 < forgotten <= MAX_DEFECTS:
        repaired = bodies.repair("\n".join(lines).encode())
        assert (repaired.works, repaired.value) == (True, value)
        assert len(repaired.defects) == forgotten


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:/\\ \n%a1-', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        bodies.parse(raw)
    except bodies.Malformed as error:
        assert error.defects[0].line >= 1
    repaired = bodies.repair(raw)
    assert repaired.defects == sorted(repaired.defects) or not repaired.works
