"""The engine under the dialect: python-liquid with our scanner, tags and filters, and parsed templates kept by text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Final, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.exceptions import LiquidError
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.token import Token

from emulator.liquid.limits import CAPS, Meter
from emulator.liquid.scanner import Scanned, scan
from emulator.liquid.tags.registry import TAGS

KEPT_TEMPLATES: Final = 512
KEPT_WEIGHT: Final = 4_000_000
TOKEN: Final = 40
"""What a token weighs beside the characters of a template: it takes about a kilobyte, a character not much more than
a byte.
"""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A template, ready to be rendered any number of times, by any thread."""

    scanned: Scanned
    nodes: list[Node]
    template: BoundTemplate

    @property
    def weight(self) -> int:
        return len(self.scanned.source) + TOKEN * len(self.scanned.tokens)

    def render(self, context: RenderContext, buffer: TextIO) -> None:
        for node in self.nodes:
            node.render(context, buffer)


class _Tokens(TokenStream):
    """Reading a template is work, too."""

    def __init__(self, tokens: list[Token], meter: Meter) -> None:
        super().__init__(iter(tokens))
        self._meter = meter

    def __next__(self) -> Token:
        """Raises CapReached."""
        self._meter.look()
        return super().__next__()


class Engine(Environment):
    """One for the process. What belongs to a rendering is in its Work."""

    block_nesting_limit = CAPS["nesting"] + 10
    context_depth_limit = 2 * CAPS["nesting"]

    def __init__(self) -> None:
        super().__init__(strict_filters=False)
        self._kept: OrderedDict[str, Parsed] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for name, tag in TAGS.items():
            self.tags[name] = tag.kind(self)

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        return lambda source: iter(scan(source).tokens)

    def read(self, source: str, meter: Meter) -> Parsed:
        """Parse, or find what was parsed before. Raises LiquidError and CapReached."""
        with self._lock:
            found = self._kept.get(source)
            if found is not None:
                self._kept.move_to_end(source)
                return found
        parsed = self.parse_anew(source, meter)
        self._keep(source, parsed)
        return parsed

    def parse_anew(self, source: str, meter: Meter) -> Parsed:
        scanned = scan(source)
        meter.look()
        try:
            nodes = get_parser(self).parse(_Tokens(scanned.tokens, meter))
        except LiquidError as error:
            if error.token is not None and error.token.source is scanned.source:
                error.at = scanned.place(error.token.start_index)  # type: ignore[attr-defined]
            raise
        return Parsed(scanned, nodes, BoundTemplate(self, nodes))

    def _keep(self, source: str, parsed: Parsed) -> None:
        with self._lock:
            if source not in self._kept:
                self._weight += parsed.weight
            self._kept[source] = parsed
            while len(self._kept) > KEPT_TEMPLATES or (self._weight > KEPT_WEIGHT and len(self._kept) > 1):
                _, dropped = self._kept.popitem(last=False)
                self._weight -= dropped.weight
