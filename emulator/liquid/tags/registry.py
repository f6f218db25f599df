"""All tags by name, with how we know of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from liquid.builtin.content import Literal
from liquid.builtin.illegal import Illegal
from liquid.builtin.tags.for_tag import BreakTag, ContinueTag
from liquid.builtin.tags.inline_comment_tag import InlineCommentTag
from liquid.exceptions import LiquidError, LiquidSyntaxError
from liquid.stream import TokenStream
from liquid.tag import Tag as EngineTag
from liquid.token import TOKEN_CONTENT, TOKEN_ILLEGAL, TOKEN_OUTPUT

from emulator.liquid.findings import ASSUMED, DOCUMENTED, ENGINE
from emulator.liquid.tags import blocks, catalogs, messages, outputs
from emulator.liquid.tags.connected_content import ConnectedContentTag
from emulator.liquid.tags.steps import markup

if TYPE_CHECKING:
    from liquid.ast import Node


class Unknown(Illegal):
    """In Ruby's words."""

    def parse(self, stream: TokenStream) -> Node:  # type: ignore[override]
        name = stream.current.value
        raise LiquidSyntaxError(f"Unknown tag '{name}'", token=stream.current)


class Partial(EngineTag):
    """render and include: Braze has no files."""

    block = False

    def parse(self, stream: TokenStream) -> Node:
        token, _ = markup(stream)
        raise LiquidError("This liquid context does not allow includes", token=token)


class Tag(NamedTuple):
    kind: type[EngineTag]
    level: str
    source: str


_DOCS: Final = "Braze user guide, Liquid"
_UNLISTED: Final = "the engine has it; Braze does not mention it"

TAGS: Final[dict[str, Tag]] = {
    TOKEN_CONTENT: Tag(Literal, ENGINE, "text between tags"),
    TOKEN_OUTPUT: Tag(outputs.OutputTag, DOCUMENTED, _DOCS),
    TOKEN_ILLEGAL: Tag(Unknown, ENGINE, "a tag that is not there"),
    "if": Tag(blocks.IfTag, DOCUMENTED, f"{_DOCS}, conditional logic"),
    "unless": Tag(blocks.UnlessTag, DOCUMENTED, f"{_DOCS}, use cases"),
    "case": Tag(blocks.CaseTag, DOCUMENTED, f"{_DOCS}, use cases"),
    "for": Tag(blocks.ForTag, DOCUMENTED, f"{_DOCS}, supported personalization tags"),
    "break": Tag(BreakTag, DOCUMENTED, f"{_DOCS}, use cases"),
    "continue": Tag(ContinueTag, ENGINE, _UNLISTED),
    "tablerow": Tag(blocks.OurTablerowTag, ENGINE, _UNLISTED),
    "ifchanged": Tag(blocks.OurIfChangedTag, ENGINE, _UNLISTED),
    "cycle": Tag(outputs.OurCycleTag, ENGINE, _UNLISTED),
    "increment": Tag(outputs.OurIncrementTag, ENGINE, _UNLISTED),
    "decrement": Tag(outputs.OurDecrementTag, ENGINE, _UNLISTED),
    "assign": Tag(outputs.AssignTag, DOCUMENTED, f"{_DOCS}, using Liquid"),
    "capture": Tag(outputs.OurCaptureTag, DOCUMENTED, f"{_DOCS}, FAQ"),
    "echo": Tag(outputs.EchoTag, DOCUMENTED, f"{_DOCS}, supported personalization tags"),
    "liquid": Tag(blocks.OurLiquidTag, DOCUMENTED, f"{_DOCS}, supported personalization tags"),
    "#": Tag(InlineCommentTag, ENGINE, _UNLISTED),
    "render": Tag(Partial, ASSUMED, "older pages of Braze's documentation name it; there is nothing to render"),
    "include": Tag(Partial, ENGINE, _UNLISTED),
    "abort_message": Tag(messages.AbortTag, DOCUMENTED, f"{_DOCS}, aborting messages"),
    "message_extras": Tag(messages.ExtrasTag, DOCUMENTED, f"{_DOCS}, message extras"),
    "promotion": Tag(messages.PromotionTag, DOCUMENTED, "Braze user guide, promotion codes"),
    "random": Tag(messages.RandomTag, DOCUMENTED, f"{_DOCS}, use cases"),
    "translation": Tag(messages.TranslationTag, DOCUMENTED, "Braze user guide, locales"),
    "connected_content": Tag(ConnectedContentTag, DOCUMENTED, "Braze user guide, Connected Content"),
    "catalog_items": Tag(catalogs.ItemsTag, DOCUMENTED, "Braze user guide, Catalogs"),
    "catalog_selection_items": Tag(catalogs.SelectionTag, DOCUMENTED, "Braze user guide, Catalogs"),
    "shopping_cart": Tag(catalogs.CartTag, DOCUMENTED, "Braze user guide, eCommerce use cases"),
}

SCANNED: Final = {
    "comment": (DOCUMENTED, f"{_DOCS}, supported personalization tags"),
    "raw": (ENGINE, _UNLISTED),
    "doc": (ENGINE, _UNLISTED),
}
"""Tags whose inside is not read; the scanner sees to them. -> (level, source)"""
