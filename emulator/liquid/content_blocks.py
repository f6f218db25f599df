"""Content Blocks: templates inside a message, with its variables, one level deep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from liquid.exceptions import LiquidSyntaxError

from emulator.liquid.work import Shelf

if TYPE_CHECKING:
    from emulator.liquid.work import Context

DEEPEST: Final = 2


class ContentBlocks(Shelf):
    """The namespace content_blocks. Also under the name that a partner's page writes, in the singular."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.context: Context | None = None

    def item(self, key: Any) -> Any:
        """The block's text, rendered. Raises LiquidError, Aborted and CapReached."""
        assert self.context is not None
        work, name = self.context.work, str(key)
        if self.name != "content_blocks":
            work.find("wrong_namespace", f"write content_blocks.${{{name}}}, in the plural")
        if work.blocks >= DEEPEST:
            work.find("block_too_deep", f"the Content Block {name} is too deep inside others; it is removed")
            return ""
        found = self._named(name)
        if found is None:
            work.find("block_missing", f"there is no active Content Block {name}")
            return None
        return self._rendered(found, str(work.given["content_blocks"][found]))

    def _named(self, name: str) -> str | None:
        assert self.context is not None
        blocks = self.context.work.given.get("content_blocks") or {}
        if name in blocks:
            return name
        near = next((one for one in blocks if str(one).lower() == name.lower()), None)
        if near is not None:
            self.context.work.find("block_name_case", f"the Content Block is called {near}, not {name}")
        return near

    def _rendered(self, name: str, source: str) -> str:
        assert self.context is not None
        context, work = self.context, self.context.work
        place = f"content block {name}"
        try:
            parsed = work.engine.read(source, work.meter)
        except LiquidSyntaxError as error:
            error.place = place  # type: ignore[attr-defined]
            raise
        buffer = context.get_buffer()
        work.blocks += 1
        try:
            with work.inside(parsed, place):
                parsed.render(context, buffer)
        finally:
            work.blocks -= 1
        text = buffer.getvalue()
        work.meter.made(text)
        return text
