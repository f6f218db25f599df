"""Chance has one owner: the same seed and count give the same identifier, and no two are alike."""

from __future__ import annotations

import re
import uuid

import pytest

from emulator import ids

FORMS = {
    "hex24": r"[0-9a-f]{24}",
    "hex32": r"[0-9a-f]{32}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "base62_22": r"[0-9A-Za-z]{22}",
    "number_10000": r"\d{1,4}",
}


def test_every_kind_has_a_form() -> None:
    assert FORMS.keys() == ids.KINDS.keys()


@pytest.mark.parametrize("kind", FORMS)
def test_a_kind_is_written_in_its_form(kind: str) -> None:
    for count in range(50):
        assert re.fullmatch(FORMS[kind], ids.draw("seed", count, kind))


@pytest.mark.parametrize("kind", FORMS)
def test_the_same_seed_and_count_give_the_same_id(kind: str) -> None:
    assert ids.draw("seed", 7, kind) == ids.draw("seed", 7, kind)


@pytest.mark.parametrize("kind", sorted(FORMS.keys() - {"number_10000"}))
def test_ids_do_not_repeat(kind: str) -> None:
    found = {ids.draw(seed, count, kind) for seed in ("a", "b") for count in range(2000)}
    assert len(found) == 4000


def test_request_ids_are_uuids_and_tokens_cannot_be_guessed() -> None:
    assert uuid.UUID(ids.request_id()) != uuid.UUID(ids.request_id())
    assert re.fullmatch(r"key-[0-9a-f]{24}", ids.token("key"))
    assert ids.token("key") != ids.token("key")


def test_a_name_in_a_path_is_safe_and_still_its_own() -> None:
    assert ids.in_path("test-one_2.b") == "test-one_2.b"
    odd = ["a/b", "a?b", "a b", "é", "", "a%2Fb"]
    safe = [ids.in_path(name) for name in odd]
    assert len({*safe}) == len(odd)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]*", name) for name in safe)
