"""Blocks: if, unless, case, for, tablerow, ifchanged, liquid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO, cast

from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import LoopExpression, StringLiteral, parse_primitive
from liquid.builtin.tags.for_tag import ENDFORBLOCK, ENDFORELSEBLOCK, ForLoop
from liquid.builtin.tags.ifchanged_tag import IfChangedNode, IfChangedTag
from liquid.builtin.tags.liquid_tag import LiquidTag
from liquid.builtin.tags.tablerow_tag import TablerowNode, TablerowTag
from liquid.exceptions import BreakLoop, ContinueLoop, LiquidSyntaxError
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_COMMA, TOKEN_EXPRESSION, TOKEN_OR, TOKEN_TAG, Token

from emulator.liquid import misspelt, ruby
from emulator.liquid.expressions import Condition, condition
from emulator.liquid.limits import bound
from emulator.liquid.scanner import lines
from emulator.liquid.tags.steps import Followed, work_of

if TYPE_CHECKING:
    from liquid import Environment, RenderContext

    from emulator.liquid.work import Context


class Branch:
    """`test` is None for else."""

    __slots__ = ("test", "block", "label")

    def __init__(self, label: str, test: Condition | None, block: BlockNode) -> None:
        self.label, self.test, self.block = label, test, block


class If(Followed):
    """if and unless. A block that can print nothing but white space prints nothing."""

    def __init__(self, token: Token, branches: list[Branch], negated: bool) -> None:
        super().__init__(token)
        self.branches, self.negated = branches, negated
        self.blank = all(branch.block.blank for branch in branches)
        for branch in branches:
            branch.block.blank = self.blank

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        step = work_of(context).step
        for number, branch in enumerate(self.branches):
            if branch.test is None or branch.test.evaluate(context) is not (self.negated and number == 0):
                step.branch = branch.label
                return branch.block.render(context, buffer)
        step.branch = "none"
        return 0


class IfTag(Tag):
    name = "if"
    end = "endif"
    negated = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        ends = frozenset((self.end, "elsif", "else"))
        branches = [self._branch(self.name, token, stream, ends)]
        while stream.current.is_tag("elsif"):
            branches.append(self._branch("elsif", next(stream), stream, ends))
        if stream.current.is_tag("else"):
            next(stream)
            if stream.current.kind == TOKEN_EXPRESSION:
                next(stream)
            branches.append(Branch("else", None, get_parser(self.env).parse_block(stream, ends)))
        while not stream.current.is_tag(self.end):  # branches after else are never taken
            next(stream)
        return If(token, branches, self.negated)

    def _branch(self, label: str, token: Token, stream: TokenStream, ends: frozenset[str]) -> Branch:
        if stream.current.kind != TOKEN_EXPRESSION:
            raise LiquidSyntaxError(f"Syntax Error in tag '{label}' - Valid syntax: {label} [expression]", token=token)
        test = condition(self.env, stream.into_inner(tag=token))
        return Branch(f"{label} {_written(token)}".strip(), test, get_parser(self.env).parse_block(stream, ends))


def _written(token: Token) -> str:
    """The condition as it stands in the source, for the trace."""
    rest = token.source[token.start_index + len(token.value) : token.start_index + 200]
    return rest.partition("%}")[0].removesuffix("-").strip()


class UnlessTag(IfTag):
    name = "unless"
    end = "endunless"
    negated = True


class When:
    """`values` is None for else."""

    __slots__ = ("values", "block")

    def __init__(self, values: list[Expression] | None, block: BlockNode) -> None:
        self.values, self.block = values, block


class Case(Followed):
    def __init__(self, token: Token, subject: Expression, branches: list[When]) -> None:
        super().__init__(token)
        self.subject, self.branches = subject, branches
        self.blank = all(branch.block.blank for branch in branches)
        for branch in branches:
            branch.block.blank = self.blank

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Every branch that fits is taken, as often as it fits; else only where none did before it."""
        step, written, fitted = work_of(context).step, 0, False
        subject = self.subject.evaluate(context)
        for branch in self.branches:
            fits = self._fits(subject, branch, context) if branch.values else int(not fitted)
            fitted = fitted or bool(branch.values and fits)
            if fits:
                step.branch = f"when {ruby.text(subject)}"[:200] if branch.values else "else"
            for _ in range(fits):
                written += branch.block.render(context, buffer)
        step.branch = step.branch or "none"
        return written

    @staticmethod
    def _fits(subject: Any, branch: When, context: RenderContext) -> int:
        return sum(ruby.same(subject, one.evaluate(context)) for one in branch.values or ())


class CaseTag(Tag):
    name = "case"
    end = "endcase"
    ends = frozenset(("endcase", "when", "else"))

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        if stream.current.kind != TOKEN_EXPRESSION:
            raise LiquidSyntaxError("Syntax Error in 'case' - Valid syntax: case [condition]", token=token)
        subject = parse_primitive(self.env, stream.into_inner(tag=token))
        branches: list[When] = []
        get_parser(self.env).parse_block(stream, self.ends)  # what stands before the first when is not printed
        while not stream.current.is_tag(self.end):
            branch = next(stream)
            values = self._values(stream.into_inner(tag=branch)) if branch.value == "when" else None
            branches.append(When(values, get_parser(self.env).parse_block(stream, self.ends)))
        return Case(token, subject, branches)

    def _values(self, tokens: TokenStream) -> list[Expression]:
        values = [parse_primitive(self.env, tokens)]
        while tokens.current.kind in (TOKEN_COMMA, TOKEN_OR):
            next(tokens)
            values.append(parse_primitive(self.env, tokens))
        return values


class For(Followed):
    def __init__(self, token: Token, loop: LoopExpression, block: BlockNode, otherwise: BlockNode | None) -> None:
        super().__init__(token)
        self.loop, self.block, self.otherwise = loop, block, otherwise
        self.blank = block.blank and (otherwise is None or otherwise.blank)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        held = chosen(self.loop, context)
        work_of(context).step.branch = f"{len(held)} turns" if held else "else" if self.otherwise else "no turns"
        if not held:
            return self.otherwise.render(context, buffer) if self.otherwise else 0
        return self._turns(held, context, buffer)

    def _turns(self, held: Sequence[Any], context: RenderContext, buffer: TextIO) -> int:
        name, meter, written = self.loop.identifier, work_of(context).meter, 0
        parent = context.parentloop()
        loop = ForLoop(f"{name}-{self.loop.iterable}", iter(held), len(held), parent)
        namespace: dict[str, object] = {"forloop": loop, name: None}
        with context.loop(namespace, loop):
            for one in loop:
                meter.iterate()
                namespace[name] = one
                try:
                    written += self.block.render(context, buffer)
                except ContinueLoop:
                    continue
                except BreakLoop:
                    break
        return written


def chosen(loop: LoopExpression, context: RenderContext) -> Sequence[Any]:
    """The items that a loop goes through, after offset, limit and reversed."""
    found = loop.iterable.evaluate(context)
    misspelt.tell(loop.iterable, found, cast("Context", context))
    held = _items(found)
    key = f"{loop.identifier}-{loop.iterable}"
    start = _offset(loop, key, context)
    limit = None if loop.limit is None else loop.limit.evaluate(context)
    end = len(held) if limit is None else start + ruby.integer(limit)
    start, end = max(start, 0), max(0, min(end, len(held)))
    context.stopindex(key, end)
    part = held[start:end]
    return part[::-1] if loop.reversed else part


def _items(held: Any) -> Sequence[Any]:
    if isinstance(held, Mapping):
        return [list(pair) for pair in held.items()]
    if isinstance(held, range):
        bound("items", max(0, held.stop - held.start))
        return held
    if isinstance(held, str):
        return [held] if held else []
    return held if isinstance(held, (list, tuple)) else []


def _offset(loop: LoopExpression, key: str, context: RenderContext) -> int:
    if loop.offset is None:
        return 0
    if isinstance(loop.offset, StringLiteral) and loop.offset.value == "continue":
        return context.stopindex(key)
    given = loop.offset.evaluate(context)
    return 0 if given is None else ruby.integer(given)


class ForTag(Tag):
    name = "for"
    end = "endfor"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        if stream.current.kind != TOKEN_EXPRESSION:
            text = "Syntax Error in 'for loop' - Valid syntax: for [item] in [collection]"
            raise LiquidSyntaxError(text, token=token)
        loop = LoopExpression.parse(self.env, stream.into_inner(tag=token))
        block = get_parser(self.env).parse_block(stream, ENDFORBLOCK)
        otherwise = None
        if stream.current.is_tag("else"):
            next(stream)
            otherwise = get_parser(self.env).parse_block(stream, ENDFORELSEBLOCK)
        return For(token, loop, block, otherwise)


class Tablerow(Followed, TablerowNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        held = self.expression.iterable.evaluate(context)
        for _ in islice(_items(held), 100_001):
            work_of(context).meter.iterate()
        return super().render_to_output(context, buffer)


class OurTablerowTag(TablerowTag):
    node_class = Tablerow


class IfChanged(Followed, IfChangedNode):
    pass


class OurIfChangedTag(IfChangedTag):
    node_class = IfChanged


class OurLiquidTag(LiquidTag):
    """One tag a line, without braces."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._tokenize = lambda source, token: lines(source, token)  # type: ignore[assignment]
