"""How expected and actual are compared: the rule of scenarios, journal queries and tests, as cases."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import matching

MATCHES: list[tuple[Any, Any]] = [
    ({}, {"a": 1}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 2, "d": 3}]}}),
    ([], []),
    (1, 1.0),
    (None, None),
    ({"a": None}, {"a": None}),
    ("{{any}}", None),
    ("{{any}}", {"a": 1}),
    ({"a": "{{text}}"}, {"a": ""}),
    ({"a": "{{number}}"}, {"a": 0}),
    ({"a": "{{number}}"}, {"a": 1.5}),
    ({"a": "{{uuid}}"}, {"a": "0B4A2CB9-3F5C-4a53-8D3B-1d4f5e6a7b8c"}),
    ({"a": "{{absent}}"}, {"b": 1}),
]

MISSES: list[tuple[Any, Any, str]] = [
    ({"a": 1}, {}, "/a: expected 1, found nothing"),
    ({"a": 1}, {"a": 2}, "/a: expected 1, found 2"),
    ({"a": None}, {}, "/a: expected None, found nothing"),
    ({"a": {"b": 1}}, {"a": {"b": 2}}, "/a/b: expected 1, found 2"),
    ([1, 2], [1, 3], "/1: expected 2, found 3"),
    ([1], [1, 2], "the value: expected [1], found [1, 2]"),
    ({"a": 1}, [1], "the value: expected {'a': 1}, found [1]"),
    (1, True, "the value: expected 1, found True"),
    (False, 0, "the value: expected False, found 0"),
    ("1", 1, "the value: expected '1', found 1"),
    ({"a": "{{any}}"}, {}, "/a: expected '{{any}}', found nothing"),
    ({"a": "{{text}}"}, {"a": 1}, "/a: expected '{{text}}', found 1"),
    ({"a": "{{number}}"}, {"a": True}, "/a: expected '{{number}}', found True"),
    ({"a": "{{uuid}}"}, {"a": "x"}, "/a: expected '{{uuid}}', found 'x'"),
    ({"a": "{{absent}}"}, {"a": None}, "/a: expected '{{absent}}', found None"),
]


@pytest.mark.parametrize(("expected", "actual"), MATCHES)
def test_it_matches(expected: Any, actual: Any) -> None:
    assert matching.differences(expected, actual) == []
    assert matching.matches(expected, actual)


@pytest.mark.parametrize(("expected", "actual", "told"), MISSES)
def test_it_does_not_match_and_says_where(expected: Any, actual: Any, told: str) -> None:
    assert list(map(str, matching.differences(expected, actual))) == [told]
    assert not matching.matches(expected, actual)


def test_every_difference_is_told() -> None:
    found = matching.differences({"a": 1, "b": {"c": 2}, "d": 4}, {"a": 0, "b": {"c": 0}, "d": 4})
    assert [difference.pointer for difference in found] == ["/a", "/b/c"]


def test_a_long_value_is_cut() -> None:
    assert len(str(matching.differences("x", "y" * 10_000)[0])) < 400
