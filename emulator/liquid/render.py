"""Render a template of Braze's: the room's one door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.liquid.values import Options, Rendered

if TYPE_CHECKING:
    from emulator.liquid.rendering import Renderer

_renderer: list[Renderer] = []


def render(template: str, context: Mapping[str, Any], options: Options | None = None) -> Rendered:
    """One field of a message, for one user.

    `context` has plain values under names: `user` (standard attributes, called as `${name}`), every namespace of
    Braze (`custom_attribute`, `event_properties`, `api_trigger_properties`, `context`, `campaign`, `canvas`, …), `vars`
    (variables), and what tags take from: `now` (a datetime or ISO 8601; without it, it is 1970), `content_blocks`
    (name -> source), `catalogs` (name -> id -> item), `catalog_selections` (catalog -> name -> items or ids),
    `shopping_carts` (id -> {products, abandoned}), `promotions` (list -> codes), `translations` (id -> text),
    `credentials` (name -> {username, password} or {token}). `{"$time": ISO 8601}` and a datetime are attributes of
    type time.

    Never raises for what is in a template: the outcome says what became of it.
    """
    if not _renderer:
        from emulator.liquid.rendering import Renderer  # the engine takes a tenth of a second; not everybody renders

        _renderer.append(Renderer())
    return _renderer[0].render(template, context, options or Options())
