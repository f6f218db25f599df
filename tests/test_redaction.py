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


ADDRESSES = redaction.Addresses(["/behavioral/", "/a/{org}/b/"], ["sig"])


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/behavioral/secret-secret", "/behavioral/secr…"),
        ("/behavioral/secret-secret/more/still", "/behavioral/secr…/more/still"),
        ("/Behavioral//secret-secret", "/Behavioral//secr…"),
        ("/api/behavioral/secret-secret/", "/api/behavioral/secr…/"),
        ("https://collector.example/behavioral/secret-secret", "https://collector.example/behavioral/secr…"),
        ("/a/acme/b/secret-secret/get", "/a/acme/b/secr…/get"),
        ("/behavioral/", "/behavioral/"),
        ("/behavioral", "/behavioral"),
        ("/users/track", "/users/track"),
        ("/c/code?data=x&sig=secret-secret", "/c/code?data=x&sig=secr…"),
    ],
)
def test_secret_parts_of_a_path(path: str, told: str) -> None:
    assert ADDRESSES.path(path) == told


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ""),
        ("data=a%3D&sig=secret-secret&utm_source=x", "data=a%3D&sig=secr…&utm_source=x"),
        ("%73ig=secret-secret", "%73ig=secr…"),
        ("api_key=secret-secret&sig[]=secret-secret", "api_key=secr…&sig[]=secr…"),
        ("sig&sig=&a&=b", "sig&sig=&a&=b"),
    ],
)
def test_secret_parameters_of_a_query(query: str, told: str) -> None:
    assert ADDRESSES.query(query) == told
