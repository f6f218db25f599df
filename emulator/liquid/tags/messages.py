"""Tags that do something to the message: abort_message, message_extras, promotion, random, translation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TextIO

from liquid.ast import BlockNode, Node
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import Token

from emulator.liquid import ruby
from emulator.liquid.tags.options import split
from emulator.liquid.tags.steps import Followed, Piece, markup, work_of
from emulator.liquid.work import Aborted

if TYPE_CHECKING:
    from liquid import RenderContext

ABORT_TEXT: Final = "{% abort_message %} called"
MOST_EXTRAS: Final = 1024
_QUOTED: Final = re.compile(r"(['\"])(.*)\1", re.S)
PREVIEW_CODE: Final = "PREVIEW-CODE"
PROMOTIONS: Final = re.compile(r"\{%-?\s*promotion\s*\(\s*['\"]([^'\"]*)['\"]\s*\)")


def argument(text: str) -> str:
    """What stands in parentheses or quotation marks, or in neither."""
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    quoted = _QUOTED.fullmatch(text)
    return quoted[2] if quoted else text


class Abort(Followed):
    def __init__(self, token: Token, text: str) -> None:
        super().__init__(token)
        self.text = text
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        work = work_of(context)
        work.step.value = self.text
        if self.text != ABORT_TEXT and ("{{" in self.text or "{%" in self.text):
            work.find("abort_text_is_static", "Liquid in the text of abort_message is not rendered")
        raise Aborted(self.text)


class AbortTag(Tag):
    name = "abort_message"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        return Abort(token, argument(text) or ABORT_TEXT)


class Extras(Followed):
    def __init__(self, token: Token, key: Piece, value: Piece) -> None:
        super().__init__(token)
        self.key, self.value = key, value
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        work = work_of(context)
        key, value = argument(self.key.render(context)), argument(self.value.render(context))
        work.step.value = f"{key}: {value}"
        used = sum(len(name.encode()) + len(held.encode()) for name, held in work.extras.items())
        if key in work.extras:
            work.find("extras_twice", f"{key!r} has a value already; the first counts")
        elif used + len(key.encode()) + len(value.encode()) > MOST_EXTRAS:
            work.find("extras_too_large", f"{key!r} does not fit into 1 KB; it is left out")
        else:
            work.extras[key] = value
        return 0


class ExtrasTag(Tag):
    name = "message_extras"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        _, pairs = split(text)
        given = dict(pairs)
        if [name for name, _ in pairs] != ["key", "value"]:
            from emulator.liquid.scanner import syntax_error

            raise syntax_error(
                "Syntax Error in 'message_extras' - Valid syntax: message_extras :key [key] :value [value]",
                token.source, token.start_index,
            )  # fmt: skip
        return Extras(token, *(Piece(self.env, given[name], token) for name in ("key", "value")))


class Promotion(Followed):
    def __init__(self, token: Token, name: str) -> None:
        super().__init__(token)
        self.name = name
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """One code of a list for all of one message."""
        work = work_of(context)
        if work.options.preview:
            work.find("preview_differs", f"a preview shows no code of the list {self.name!r}")
            work.promotions.setdefault(self.name, PREVIEW_CODE)
        elif self.name not in work.promotions:
            codes = (work.given.get("promotions") or {}).get(self.name) or []
            if not codes:
                raise Aborted(f"no promotion code is left in the list {self.name!r}")
            work.promotions[self.name] = codes[0]
        code = work.step.value = work.promotions[self.name]
        return buffer.write(code)


class PromotionTag(Tag):
    name = "promotion"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        return Promotion(token, argument(text))


class Random(Followed):
    def __init__(self, token: Token, most: Piece) -> None:
        super().__init__(token)
        self.most = most
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """From 0 up to 1, or an integer below the one that is given."""
        work = work_of(context)
        most = self.most.render(context).strip()
        drawn = work.chance()
        work.find("preview_differs", "random gives another number at every rendering, also in a preview")
        text = ruby.text(int(drawn * max(1, ruby.leading_integer(most))) if most else drawn)
        work.step.value = text
        return buffer.write(text)


class RandomTag(Tag):
    name = "random"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        return Random(token, Piece(self.env, text, token))


class Translation(Followed):
    def __init__(self, token: Token, name: str, block: BlockNode) -> None:
        super().__init__(token)
        self.name, self.block = name, block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """The text of the user's locale where there is one, else what stands in the tag."""
        work = work_of(context)
        found = (work.given.get("translations") or {}).get(self.name)
        if work.options.channel == "webhook":
            work.find("translation_not_here", "the translation tag does not work in webhooks")
            found = None
        work.step.branch = "own text" if found is None else "translated"
        return self.block.render(context, buffer) if found is None else buffer.write(str(found))


class TranslationTag(Tag):
    name = "translation"
    end = "endtranslation"

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        next(stream)
        return Translation(token, argument(text), get_parser(self.env).parse_block(stream, (self.end,)))
