"""What all tags share: they are steps of the trace, and may hold pieces of text that are templates themselves."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, TextIO, cast

from liquid.ast import Node
from liquid.exceptions import LiquidSyntaxError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token

from emulator.liquid.scanner import Scanned, scan

if TYPE_CHECKING:
    from liquid import Environment, RenderContext

    from emulator.liquid.engine import Parsed
    from emulator.liquid.work import Context, Work


def work_of(context: RenderContext) -> Work:
    return cast("Context", context).work


class Followed(Node):
    """A node that is a step of the trace."""

    def render(self, context: RenderContext, buffer: TextIO) -> int:
        return work_of(context).follow(self, cast("Context", context), buffer)


def markup(stream: TokenStream) -> tuple[Token, str]:
    """The token of a tag that reads its own text, and that text. Leaves the stream at the tag's last token."""
    token = stream.expect(TOKEN_TAG)
    if stream.peek.kind != TOKEN_EXPRESSION:
        return token, ""
    next(stream)
    return token, stream.current.value


class Piece:
    """A part of a tag that is a template: a URL, a header, the id of an item. Most are plain text."""

    __slots__ = ("_at", "_nodes", "_scanned", "_env", "text")

    def __init__(self, env: Environment, text: str, parent: Token) -> None:
        self._env, self.text = env, text
        self._at = max(parent.start_index, parent.source.find(text, parent.start_index))
        self._scanned: Scanned | None = None
        if "{{" not in text and "{%" not in text:
            return
        try:
            self._scanned = scan(text)
            self._nodes = get_parser(env).parse(TokenStream(iter(self._scanned.tokens)))
        except LiquidSyntaxError as error:
            error.token = parent
            raise

    def render(self, context: RenderContext) -> str:
        if self._scanned is None:
            return self.text
        work = work_of(context)
        buffer = context.get_buffer()
        with work.inside(cast("Parsed", self), work.place, work.located(self._at)):
            for node in self._nodes:
                node.render(context, buffer)
        return buffer.getvalue()

    @property
    def scanned(self) -> Scanned:
        assert self._scanned is not None
        return self._scanned


def captured(block: Node, context: RenderContext) -> str:
    """What a block writes, taken out of the output."""
    buffer: StringIO = context.get_buffer()
    block.render(context, buffer)
    return buffer.getvalue()
