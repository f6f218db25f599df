"""What stands in outputs and tags: values through filters, and conditions. Evaluated as in Ruby."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from liquid.builtin.expressions import FilteredExpression, Nil, Path, parse_primitive
from liquid.builtin.expressions.filtered import Filter as ParsedFilter
from liquid.exceptions import LiquidSyntaxError
from liquid.expression import Expression
from liquid.stream import TokenStream
from liquid.token import (
    TOKEN_AND,
    TOKEN_CONTAINS,
    TOKEN_EOF,
    TOKEN_EQ,
    TOKEN_GE,
    TOKEN_GT,
    TOKEN_LE,
    TOKEN_LG,
    TOKEN_LT,
    TOKEN_NE,
    TOKEN_OR,
    TOKEN_PIPE,
    Token,
)  # fmt: skip

from emulator.liquid import misspelt, ruby
from emulator.liquid.filters.registry import FILTERS, UNSUPPORTED

if TYPE_CHECKING:
    from liquid import Environment, RenderContext

    from emulator.liquid.work import Context

    Told = Callable[[Path, Any, Context], None]


def _ordered(test: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        found = ruby.order(left, right)
        return found is not None and test(found)

    return compare


OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    TOKEN_EQ: ruby.same,
    TOKEN_NE: lambda left, right: not ruby.same(left, right),
    TOKEN_LG: lambda left, right: not ruby.same(left, right),
    TOKEN_LT: _ordered(lambda found: found < 0),
    TOKEN_GT: _ordered(lambda found: found > 0),
    TOKEN_LE: _ordered(lambda found: found <= 0),
    TOKEN_GE: _ordered(lambda found: found >= 0),
    TOKEN_CONTAINS: ruby.contains,
}


class Called:
    """One filter with its arguments."""

    __slots__ = ("name", "arguments", "named", "filter", "token")

    def __init__(self, parsed: ParsedFilter) -> None:
        self.name, self.token = parsed.name, parsed.token
        self.filter = FILTERS.get(parsed.name)
        pairs = [(getattr(one, "name", None), one.value) for one in parsed.args]
        self.arguments = [value for name, value in pairs if name is None]
        self.named = [(name, value) for name, value in pairs if name is not None]

    def apply(self, value: Any, context: Context) -> Any:
        """Raises RubyError and CapReached."""
        work = context.work
        work.meter.look()
        if self.filter is None:
            work.find("unsupported_filter", _unsupported(self.name))
            return value
        arguments = [one.evaluate(context) for one in self.arguments]
        keywords = {name: one.evaluate(context) for name, one in self.named}
        if keywords.keys() - self.filter.named:
            arguments.append(keywords)
            keywords = {}
        self.filter.check(1 + len(arguments))
        for want in self.filter.wants:
            keywords[want] = getattr(work, want)
        made = self.filter.function(value, *arguments, **keywords)
        work.meter.made(made)
        return made


def _unsupported(name: str) -> str:
    instead = UNSUPPORTED.get(name)
    return f"Braze has no filter {name!r}; the value passes unchanged" + (f"; use {instead}" if instead else "")


class Piped(Expression):
    """A value and the filters it goes through."""

    __slots__ = ("left", "filters")

    def __init__(self, token: Token, left: Expression, filters: list[Called]) -> None:
        super().__init__(token)
        self.left, self.filters = left, filters

    def evaluate(self, context: RenderContext, told: Told | None = None) -> Any:
        """`told` hears of the value before the filters, where it has a name."""
        value = self.left.evaluate(context)
        if told is not None and isinstance(self.left, Path):
            told(self.left, value, cast("Context", context))
        for called in self.filters:
            value = called.apply(value, cast("Context", context))
        return value

    def children(self) -> list[Expression]:
        return [self.left]

    @property
    def defaulted(self) -> bool:
        return any(called.name == "default" for called in self.filters)


def piped(env: Environment, tokens: TokenStream) -> Piped:
    """Raises LiquidSyntaxError. Nothing at all is a value that is not set."""
    if tokens.current.kind == TOKEN_EOF:
        return Piped(tokens.current, Nil(tokens.current), [])
    parsed = FilteredExpression.parse(env, tokens)
    assert isinstance(parsed, FilteredExpression)  # the other kind is turned off
    return Piped(parsed.token, parsed.left, [Called(one) for one in parsed.filters or []])


def _heard(expression: Expression, context: RenderContext) -> Any:
    """The value of one side, where its name is not misspelt."""
    value = expression.evaluate(context)
    misspelt.tell(expression, value, cast("Context", context))
    return value


class Comparison(Expression):
    """One value, or two with an operator."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, token: Token, left: Expression, operator: str, right: Expression | None) -> None:
        super().__init__(token)
        self.left, self.operator, self.right = left, operator, right

    def evaluate(self, context: RenderContext) -> bool:
        left = _heard(self.left, context)
        if self.right is None:
            return ruby.truthy(left)
        right = _heard(self.right, context)
        context.work.guessed(self.left, left)  # type: ignore[attr-defined]
        context.work.guessed(self.right, right)  # type: ignore[attr-defined]
        return OPERATORS[self.operator](left, right)

    def children(self) -> list[Expression]:
        return [one for one in (self.left, self.right) if one is not None]


class Condition(Expression):
    """Comparisons with `and` and `or`, which bind to the right: `a and b or c` is `a and (b or c)`."""

    __slots__ = ("first", "rest", "piped")

    def __init__(self, first: Comparison, rest: list[tuple[str, Comparison]], piped: bool) -> None:
        super().__init__(first.token)
        self.first, self.rest, self.piped = first, rest, piped

    def evaluate(self, context: RenderContext) -> bool:
        if self.piped:
            context.work.find("filter_in_condition", "the filter in this condition and what follows is ignored")  # type: ignore[attr-defined]
        value = self.first.evaluate(context)
        for word, comparison in self.rest:
            if value is (word == TOKEN_OR):
                return value
            value = comparison.evaluate(context)
        return value

    def children(self) -> list[Expression]:
        return [self.first, *(comparison for _, comparison in self.rest)]


def condition(env: Environment, tokens: TokenStream) -> Condition:
    """Raises LiquidSyntaxError. What follows a pipe is not read."""
    first, rest = _comparison(env, tokens), []
    while tokens.current.kind in (TOKEN_AND, TOKEN_OR):
        word = next(tokens).kind
        rest.append((word, _comparison(env, tokens)))
    if tokens.current.kind not in (TOKEN_EOF, TOKEN_PIPE):
        raise LiquidSyntaxError(f"Expected end_of_string but found {tokens.current.value}", token=tokens.current)
    return Condition(first, rest, tokens.current.kind == TOKEN_PIPE)


def _comparison(env: Environment, tokens: TokenStream) -> Comparison:
    token = tokens.current
    left = parse_primitive(env, tokens)
    if tokens.current.kind not in OPERATORS:
        return Comparison(token, left, "", None)
    operator = next(tokens).kind
    return Comparison(token, left, operator, parse_primitive(env, tokens))
