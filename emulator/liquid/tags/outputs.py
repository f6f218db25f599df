"""Outputs and variables: `{{ … }}`, echo, assign, capture, increment, decrement, cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import Path, parse_identifier
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.cycle_tag import CycleNode, CycleTag
from liquid.builtin.tags.decrement_tag import DecrementNode, DecrementTag
from liquid.builtin.tags.increment_tag import IncrementNode, IncrementTag
from liquid.exceptions import LiquidSyntaxError
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_ASSIGN, TOKEN_EOF, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from emulator.liquid import misspelt, names, ruby
from emulator.liquid.expressions import Piped, piped
from emulator.liquid.tags.steps import Followed, captured, work_of

if TYPE_CHECKING:
    from liquid import RenderContext

    from emulator.liquid.work import Context


class Output(Followed):
    """Prints a value as Ruby does, and tells where there is none."""

    def __init__(self, token: Token, expression: Piped) -> None:
        super().__init__(token)
        self.expression = expression
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context, self._tell)
        text = ruby.printed(value)
        work_of(context).step.value = text
        return buffer.write(text)

    def _tell(self, path: Path, value: Any, context: Context) -> None:
        work, root = context.work, path.head()
        if value is None and context.missed is not None:
            misspelt.tell_unknown(context)
        elif value is None and not self.expression.defaulted:
            work.find("unset_value", f"{path} is not set, and no default is given{misspelt.asked(path, context)}")
        elif len(path.path) == 1 and root in names.STANDARD and root not in context.locals:
            if "${" not in work.step.source:
                work.find("bare_attribute", f"write ${{{root}}}, not {root}")
        elif path.path[:2] == ["campaign", "dispatch_id"]:
            work.find("preview_differs", f"a preview prints {names.UNSENT} for campaign.${{dispatch_id}}")


def _tell_assigned(path: Path, value: Any, context: Context) -> None:
    if value is None and context.missed is not None:
        misspelt.tell_unknown(context)
    else:
        misspelt.tell(path, value, context)


class OutputTag(Tag):
    name = TOKEN_OUTPUT
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_OUTPUT)
        stream.expect(TOKEN_EXPRESSION)
        return Output(token, piped(self.env, stream.into_inner(eat=False)))


class EchoTag(Tag):
    name = "echo"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.expect(TOKEN_TAG)
        if stream.peek.kind != TOKEN_EXPRESSION:
            return Output(token, piped(self.env, TokenStream(iter(()))))
        next(stream)
        return Output(token, piped(self.env, stream.into_inner(tag=token, eat=False)))


class Assign(Followed):
    def __init__(self, token: Token, name: str, expression: Piped) -> None:
        super().__init__(token)
        self.name, self.expression = name, expression

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context, _tell_assigned)
        work_of(context).step.value = value
        context.assign(self.name, value)
        return 0


class AssignTag(Tag):
    name = "assign"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        if stream.current.kind != TOKEN_EXPRESSION:
            raise _syntax("assign", "assign [var] = [source]", token)
        tokens = stream.into_inner(tag=token, eat=False)
        name = parse_identifier(self.env, tokens, allow_trailing_question_mark=False)
        if tokens.current.kind != TOKEN_ASSIGN:
            raise _syntax("assign", "assign [var] = [source]", token)
        next(tokens)
        if tokens.current.kind == TOKEN_EOF:
            raise _syntax("assign", "assign [var] = [source]", token)
        return Assign(token, name, piped(self.env, tokens))


def _syntax(tag: str, valid: str, token: Token) -> LiquidSyntaxError:
    return LiquidSyntaxError(f"Syntax Error in '{tag}' - Valid syntax: {valid}", token=token)


class Capture(Followed, CaptureNode):
    block: BlockNode

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        work, step = work_of(context), work_of(context).step
        text = captured(self.block, context)
        work.meter.made(text)
        step.value = text
        context.assign(self.name, text)
        return 0


class OurCaptureTag(CaptureTag):
    node_class = Capture


class Increment(Followed, IncrementNode):
    pass


class OurIncrementTag(IncrementTag):
    node_class = Increment


class Decrement(Followed, DecrementNode):
    pass


class OurDecrementTag(DecrementTag):
    node_class = Decrement


class Cycle(Followed, CycleNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Printed as an output is."""
        values = [one.evaluate(context) for one in self.args]
        group = ruby.text(self.group.evaluate(context)) if self.group else str([str(one) for one in self.args])
        at = context.cycle(group, len(values))
        text = ruby.printed(values[at]) if at < len(values) else ""
        work_of(context).step.value = text
        return buffer.write(text)


class OurCycleTag(CycleTag):
    node_class = Cycle
