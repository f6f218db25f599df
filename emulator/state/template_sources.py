"""What templates take from the workspace beside the user: catalogs, promotion codes, credentials, shopping carts.

Only Braze's dashboard and other operations make them, so a seed declares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator.errors import ConfigError
from emulator.state import conditions
from emulator.state.draft import Draft

Item = Mapping[str, Any]

LISTS: Final = {
    "connected_content_credentials": "name",
    "shopping_carts": "id",
}
"""Lists of a seed document that are tables of the same name, and the field that is the table's key."""


def plant(draft: Draft, document: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables from a checked seed document. Raises ConfigError for a selection that cannot be evaluated."""
    for name, key in LISTS.items():
        for item in document.get(name, ()):
            getattr(draft, name)[item[key]] = item
    for item in document.get("promotion_codes", ()):
        draft.promotion_codes[item["name"]] = tuple(item["codes"])
    flaws: list[str] = []
    for index, catalog in enumerate(document.get("catalogs", ())):
        flaws += _flaws(catalog, f"seed.catalogs[{index}]", now)
        items = {item["id"]: item for item in catalog.get("items", ())}
        selections = {one["name"]: one for one in catalog.get("selections", ())}
        draft.catalogs[catalog["name"]] = {"name": catalog["name"], "items": items, "selections": selections}
    if flaws:
        raise ConfigError("\n".join(flaws))


def _flaws(catalog: Mapping[str, Any], place: str, now: datetime) -> Iterator[str]:
    for index, selection in enumerate(catalog.get("selections", ())):
        for number, one in enumerate(selection.get("filters", ())):
            try:
                conditions.test(one, now)(None)
            except (ValueError, TypeError) as error:
                yield f"{place}.selections[{index}].filters[{number}]: {error}"


def sources(draft: Draft, now: datetime) -> dict[str, Any]:
    """Under the names that liquid.render takes; only what the workspace has."""
    found: dict[str, Any] = {}
    if len(draft.catalogs):
        held = draft.catalogs.values()
        found["catalogs"] = {one["name"]: one["items"] for one in held}
        found["catalog_selections"] = {one["name"]: Selections(one, now) for one in held}
    for name, table in (
        ("promotions", draft.promotion_codes),
        ("credentials", draft.connected_content_credentials),
        ("shopping_carts", draft.shopping_carts),
    ):
        if len(table):
            found[name] = table.frozen()
    return found


def consume(draft: Draft, used: Mapping[str, str]) -> None:
    """Take promotion codes (list -> code) that a message has used out of their lists."""
    for name, code in used.items():
        draft.promotion_codes[name] = tuple(one for one in draft.promotion_codes.get(name, ()) if one != code)


class Selections(Mapping[str, list[Item]]):
    """The selections of a catalog: name -> items, looked for when a template asks. The tag takes 50 of them at most."""

    def __init__(self, catalog: Mapping[str, Any], now: datetime) -> None:
        self._catalog, self._now = catalog, now

    def __getitem__(self, name: str) -> list[Item]:
        selection = self._catalog["selections"][name]
        tests = [(one["field"], conditions.test(one, self._now)) for one in selection.get("filters", ())]
        found = [
            item for item in self._catalog["items"].values() if all(test(item.get(field)) for field, test in tests)
        ]
        if "sort_field" in selection:
            found.sort(key=_by(selection["sort_field"]), reverse=selection.get("sort_order") == "desc")
        return found[: selection.get("limit")]

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalog["selections"])

    def __len__(self) -> int:
        return len(self._catalog["selections"])


def _by(field: str) -> Callable[[Item], tuple[bool, bool, Any]]:
    """Numbers before texts, and what has no value first, so that any values can be compared."""

    def key(item: Item) -> tuple[bool, bool, Any]:
        value = item.get(field)
        plain = value if isinstance(value, (int, float, str)) else ""
        return value is not None, isinstance(plain, str), plain

    return key
