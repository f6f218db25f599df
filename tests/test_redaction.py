"""Credentials are told apart but not told."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import redaction


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Bearer abcdefghijkl", "Bearer abcd…"),
        ("Bearer abc", "Bearer a…"),
        ("Basic dG9rX3Rlc3Q=", "Basic dG9r…"),
        ("bare-key-without-scheme", "bare…"),
        ("Bearer secret-secret ", "Bearer secr…"),
        ("Bearer secret-secret and more", "Bearer secr…"),
        ("", "…"),
    ],
)
def test_a_value_is_cut_short(text: str, told: str) -> None:
    assert redaction.value(text) == told


@pytest.mark.parametrize("name", sorted(redaction.HEADERS))
def test_headers_that_hold_credentials(name: str) -> None:
    found = redaction.headers({name.title(): "Bearer secret-secret", "host": "x"})
    assert found == {name.title(): "Bearer secr…", "host": "x"}


@pytest.mark.parametrize("name", sorted(redaction.FIELDS))
def test_fields_that_hold_credentials(name: str) -> None:
    assert redaction.body({name: "secret-secret", "n": 1}) == {name: "secr…", "n": 1}


@pytest.mark.parametrize("body", [None, "text", [1], {"n": 1}, {"token": 5}])
def test_other_bodies_stay(body: Any) -> None:
    assert redaction.body(body) == body
