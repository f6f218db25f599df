"""Fetching the archives of exports: without a credential, for four hours, from the right workspace only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.export_seed import SEED, begin, fetch, seeded, url_of, users
from tests.conftest import Client

HOURS = 3600


def advance(braze: Client, seconds: float) -> None:
    braze.emulator.workspaces.default.clock.advance(seconds)


def code(body: bytes) -> str:
    text = body.decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>') and text.endswith("</Error>")
    return text.split("<Code>")[1].split("</Code>")[0]


def test_download_export_answers_a_zip_archive() -> None:
    braze = seeded()
    answer = fetch(braze, url_of(braze))
    assert (answer.status, answer.headers["Content-Type"], answer.body[:2]) == (200, "application/zip", b"PK")
    assert "X-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize(
    ("after", "status", "told"),
    [(0, 200, ""), (4 * HOURS - 1, 200, ""), (4 * HOURS, 403, "AccessDenied"), (90 * 24 * HOURS, 403, "AccessDenied")],
)
def test_download_export_for_four_hours(after: float, status: int, told: str) -> None:
    braze = seeded()
    url = url_of(braze)
    advance(braze, after)
    answer = fetch(braze, url)
    assert answer.status == status
    if told:
        assert (code(answer.body), b"Request has expired" in answer.body) == (told, True)


def test_download_export_not_before_it_is_ready() -> None:
    braze = seeded({"exports": {"seconds": 600}})
    url = url_of(braze)
    advance(braze, 599)
    early = fetch(braze, url)
    assert (early.status, code(early.body)) == (404, "NoSuchKey")
    assert "runs for another 1 s" in early.headers["X-Emulator-Hint"]
    advance(braze, 1)
    assert fetch(braze, url).status == 200
    advance(braze, 4 * HOURS - 1)
    assert fetch(braze, url).status == 200


def test_download_export_names_the_day_on_which_it_is_ready() -> None:
    braze = seeded({"exports": {"seconds": 12 * HOURS}})
    assert "/gold/2026-02-01/" in url_of(braze)


def test_download_export_after_a_later_export_has_tidied_up() -> None:
    braze = seeded()
    old, _ = url_of(braze), advance(braze, 4 * HOURS)
    new = url_of(braze)
    assert (fetch(braze, old).status, fetch(braze, new).status) == (403, 200)
    view = braze.emulator.workspaces.default.view()
    assert (len(view.exports), len(view.export_contents)) == (2, 1)


@pytest.mark.parametrize(
    "change", [("gold", "silver"), ("2026-01-31", "2026-01-30"), (".zip", ".gz"), ("default", "other")]
)
def test_download_export_only_at_the_whole_address(change: tuple[str, str]) -> None:
    braze = seeded()
    answer = fetch(braze, url_of(braze).replace(*change))
    assert (answer.status, code(answer.body)) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    "path", ["/object-storage", "/object-storage/default/x", "/object-storage/default/segment-export/a/b/c/d/e"]
)
def test_download_export_has_an_answer_for_other_addresses(path: str) -> None:
    answer = fetch(seeded(), path)
    assert (answer.status, code(answer.body)) == (404, "NoSuchKey")


def test_download_export_is_for_reading() -> None:
    braze = seeded()
    answer = fetch(braze, url_of(braze), method="PUT")
    assert (answer.status, code(answer.body), answer.headers["Allow"]) == (405, "MethodNotAllowed", "GET")


def test_download_export_tells_its_head() -> None:
    braze = seeded()
    answer = fetch(braze, url_of(braze), method="HEAD")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")


def test_download_export_with_own_storage_is_not_there() -> None:
    braze = seeded({"exports": {"own_storage": True}})
    _, body = begin(braze)
    view = braze.emulator.workspaces.default.view()
    answer = fetch(braze, f"/object-storage/default/{view.exports[body['object_prefix']]['key']}")
    assert (answer.status, "own storage" in answer.headers["X-Emulator-Hint"]) == (404, True)


@pytest.mark.parametrize("name", ["tests", "an odd/name ü"])
def test_download_export_from_a_workspace_of_its_own(name: str) -> None:
    braze = seeded()
    own = braze.emulator.workspaces.mint(name, SEED)
    key = next(
        account.credential for service, account in braze.emulator.workspaces.credentials(own) if service == "braze"
    )
    theirs = Client(braze.emulator, {**braze.headers, "authorization": f"Bearer {key}"})
    url = url_of(theirs)
    assert "/object-storage/default/" not in url
    assert [one["external_id"] for one in users(theirs, url)] == ["ada", "bob"]
    assert braze.entries[-1].workspace == name


def test_download_export_is_gone_after_a_reset() -> None:
    braze = seeded()
    url = url_of(braze)
    braze.emulator.workspaces.default.reset()
    assert fetch(braze, url).status == 404


def test_download_export_can_be_followed_from_a_callback() -> None:
    """The address in a callback that has no other host leads back into the emulator."""
    braze = seeded()
    del braze.headers["host"]
    answers: list[Any] = [fetch(braze, url_of(braze), host=host) for host in ("emulator", "rest.fra-01.braze.eu")]
    assert [answer.status for answer in answers] == [200, 200]
