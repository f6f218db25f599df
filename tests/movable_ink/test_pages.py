"""The three Liquid bodies of the partner page, as they stand there and as they render."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.liquid.render import render
from tests.movable_ink.collector import SECONDS, collector, message, stored, track

FIXTURES = Path(__file__).parent.parent / "fixtures" / "movable_ink"
PAGES = ("product_viewed", "category_viewed", "identify")
COMMENT, COMMA = "comment line (//)", "trailing comma"
USER = {"user_id": "u-1", "email_address": "test@braze.com", "time_zone": "Europe/Paris"}
PROPERTIES = {
    "categories": [{"id": "lighting", "url": "https://shop.example/c/lighting"}],
    "meta": {"color": "black"},
    "title": "Desk lamp",
    "price": 24.5,
    "id": "sku-9",
    "url": "https://shop.example/p/sku-9",
}
DEFECTS = {
    "product_viewed": [(1, COMMENT), (4, COMMENT), (7, COMMENT), (32, SECONDS), (34, COMMA)],
    "category_viewed": [(1, COMMENT), (11, SECONDS)],
    "identify": [(1, COMMENT), (4, COMMENT), (9, SECONDS)],
}
MISSING_COMMA = {"rendered": 'missing comma after "u-1"', "liquid": "missing comma after {{user_identifier}}"}


GONE = 4
"""Lines of product_viewed that are not rendered: an `if` with nothing but captures and blanks in it prints nothing, not
even its line ends (Shopify Liquid: blank blocks). They stand before the object.
"""


def page(name: str, form: str) -> bytes:
    return (FIXTURES / f"{name}.{form}").read_bytes()


@pytest.mark.parametrize("name", PAGES)
def test_the_rendered_pages_are_what_braze_makes_of_them(name: str) -> None:
    given = {"user": USER, "event_properties": PROPERTIES, "now": "2026-01-01T00:00:00Z"}
    assert render(page(name, "liquid").decode(), given).output == page(name, "rendered").decode()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("form", ["rendered", "liquid"])
def test_collect_event_names_every_defect_of_the_page_with_its_line(name: str, form: str) -> None:
    wanted = DEFECTS[name] + ([(15, MISSING_COMMA[form])] if name == "product_viewed" else [])
    if form == "rendered" and name == "product_viewed":
        wanted = [(line - GONE if line > 7 else line, what) for line, what in wanted]
    told = message(collector(), page(name, form)).removeprefix("Invalid JSON: line ").split("; line ")
    found = [text for text in told if "Liquid that was not rendered" not in text]
    assert found == [f"{line}: {what}" for line, what in sorted(wanted)]


@pytest.mark.parametrize(("name", "count"), list(zip(PAGES, (8, 1, 2), strict=True)))
def test_collect_event_says_that_liquid_was_not_rendered(name: str, count: int) -> None:
    assert message(collector(), page(name, "liquid")).count("Liquid that was not rendered") == count
    assert "Liquid" not in message(collector(), page(name, "rendered"))


def test_collect_event_keeps_nothing_of_a_refused_page() -> None:
    calls = collector()
    for name in PAGES:
        message(calls, page(name, "rendered"))
    assert stored(calls) == []
    assert [entry.fates for entry in calls.entries] == [[], [], []]


@pytest.mark.parametrize("name", PAGES)
def test_collect_event_lenient_repairs_the_page_and_tells_each_repair(name: str) -> None:
    calls = collector("lenient")
    assert message(calls, page(name, "rendered"), 200) == "OK"
    repairs = [(fate.pointer, fate.value) for fate in calls.entries[-1].fates if fate.rule == "repaired"]
    broken = [("", what) for _, what in sorted(DEFECTS[name]) if what != SECONDS]
    if name == "product_viewed":
        broken.insert(3, ("", 'missing comma after "u-1"'))
        assert ("/properties/price", "24.5") in repairs
        assert stored(calls)[0]["fields"]["Price"] == 24.5
    wanted = [*broken, ("/timestamp", "1767225600"), ("/timestamp", 1767225600)]
    assert [repair for repair in repairs if repair[0] != "/properties/price"] == wanted
    assert stored(calls)[0]["timestamp"] == 1767225600000


@pytest.mark.parametrize("name", PAGES)
def test_collect_event_lenient_does_not_guess_what_liquid_means(name: str) -> None:
    calls = collector("lenient")
    assert "Liquid that was not rendered" in message(calls, page(name, "liquid"))
    assert stored(calls) == []


def test_collect_event_lenient_still_wants_what_is_required() -> None:
    assert message(collector("lenient"), b'{"type": "track", "event": "search",}').startswith("Missing required field")
    assert message(collector("lenient"), track(timestamp="yesterday")) == SECONDS


@pytest.mark.parametrize(
    "event",
    [
        {"email": "test@braze.com", "name": "Product Viewed", "time": "2023-12-06T19:20:45+01:00", "properties": {}},
        {"external_id": "123456789", "name": "Account Created", "time": "2023-12-06T19:20:45+01:00"},
    ],
)
def test_collect_event_tells_a_body_of_users_track_from_an_event(event: dict[str, Any]) -> None:
    calls = collector()
    assert message(calls, {"events": [event]}) == "Event mapping not found"
    assert "one of Braze's users/track" in calls.entries[-1].note
