"""Tags that fetch what Braze stores: catalog_items, catalog_selection_items, shopping_cart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TextIO

from liquid.ast import Node
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import Token

from emulator.liquid.tags.options import split, words
from emulator.liquid.tags.steps import Followed, Piece, markup, work_of
from emulator.liquid.work import Aborted

if TYPE_CHECKING:
    from liquid import RenderContext

    from emulator.liquid.work import Work

OFFERED: Final = 3
MOST_SELECTED: Final = 50


class _Stored(Followed):
    """The words of a tag, and its options. Fills a variable and prints nothing."""

    variable = "items"

    def __init__(self, token: Token, pieces: list[Piece], options: dict[str, str]) -> None:
        super().__init__(token)
        self.pieces, self.options = pieces, options
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        work = work_of(context)
        given = [piece.render(context).strip() for piece in self.pieces]
        found = self.fetch(work, given)
        if "rerender" in self.options:
            found = _rerendered(found, context)
        context.assign(self.variable, found)
        work.step.value = found
        return 0

    def fetch(self, work: Work, given: list[str]) -> Any:
        raise NotImplementedError


class Items(_Stored):
    """Items of a catalog by their ids; those that are not there are left out."""

    def fetch(self, work: Work, given: list[str]) -> list[Any]:
        name, ids = (given[0] if given else ""), [one for one in given[1:] if one]
        catalog = (work.given.get("catalogs") or {}).get(name)
        if catalog is None:
            work.find("catalog_missing", f"there is no catalog {name!r}")
            return []
        if len(ids) > OFFERED:
            work.find("too_many_items", f"{len(ids)} items in one tag; the composer offers {OFFERED}")
        for one in ids:
            if one not in catalog:
                self._missing(work, name, one)
        return [catalog[one] for one in ids if one in catalog]

    def _missing(self, work: Work, name: str, one: str) -> None:
        written = {piece.text for piece in self.pieces}
        if one in written and not one[:1].isdigit() and ("[" in one or one in work.given.get("vars", {})):
            work.find("item_not_braced", f"{one} is taken as an id; write {{{{ {one} }}}}")
        else:
            work.find("item_missing", f"the catalog {name!r} has no item {one!r}")


class Selection(_Stored):
    """The items of a selection: a list of items, or of ids in the catalog."""

    def fetch(self, work: Work, given: list[str]) -> list[Any]:
        name, selection = (*given, "", "")[:2]
        found = ((work.given.get("catalog_selections") or {}).get(name) or {}).get(selection)
        if found is None:
            work.find("catalog_missing", f"the catalog {name!r} has no selection {selection!r}")
            return []
        catalog = (work.given.get("catalogs") or {}).get(name) or {}
        items = [catalog.get(one) if isinstance(one, str) else one for one in found]
        return [one for one in items if one is not None][:MOST_SELECTED]


class Cart(_Stored):
    variable = "shopping_cart"

    def fetch(self, work: Work, given: list[str]) -> Any:
        """Raises Aborted for a cart that is not abandoned, unless that is turned off."""
        cart: Mapping[str, Any] = (work.given.get("shopping_carts") or {}).get(given[0] if given else "") or {}
        if self.options.get("abort_if_not_abandoned") != "false" and not cart.get("abandoned", True):
            raise Aborted("the shopping cart is not abandoned")
        return {"products": cart.get("products", [])}


def _rerendered(held: Any, context: RenderContext) -> Any:
    """Liquid in the texts of items is rendered, one level deep."""
    if isinstance(held, str) and ("{{" in held or "{%" in held):
        work = work_of(context)
        parsed, buffer = work.engine.read(held, work.meter), context.get_buffer()
        with work.inside(parsed, "catalog item"):
            parsed.render(context, buffer)
        return buffer.getvalue()
    if isinstance(held, Mapping):
        return {key: _rerendered(one, context) for key, one in held.items()}
    return [_rerendered(one, context) for one in held] if isinstance(held, list) else held


class _StoredTag(Tag):
    block = False
    node: type[_Stored]

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        head, options = split(text)
        return self.node(token, [Piece(self.env, word, token) for word in words(head)], dict(options))


class ItemsTag(_StoredTag):
    name = "catalog_items"
    node = Items


class SelectionTag(_StoredTag):
    name = "catalog_selection_items"
    node = Selection


class CartTag(_StoredTag):
    name = "shopping_cart"
    node = Cart
