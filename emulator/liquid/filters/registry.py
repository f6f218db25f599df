"""All filters by name, with how we know of each, and those that Braze says it does not have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from emulator.liquid.filters import arrays, data, encodings, numbers, texts
from emulator.liquid.findings import ASSUMED, DOCUMENTED, ENGINE
from emulator.liquid.ruby import RubyError

PROVIDED: Final = ("now", "note")
"""Arguments that the rendering gives and no template."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`least` and `most` count arguments as Ruby does: with the value, without what is named."""

    name: str
    function: Callable[..., Any]
    least: int
    most: int
    named: frozenset[str]
    wants: tuple[str, ...]
    level: str
    source: str

    def check(self, given: int) -> None:
        """Raises RubyError for too few or too many arguments."""
        if not self.least <= given <= self.most:
            expected = str(self.least) if self.least == self.most else f"{self.least}..{self.most}"
            raise RubyError(f"wrong number of arguments (given {given}, expected {expected})")


_DOCS: Final = "Braze user guide, Liquid filters"
_LISTED: Final = {
    DOCUMENTED: (
        _DOCS,
        "join first last compact concat map reverse size slice sort sort_natural uniq where "
        "abs at_most at_least ceil divided_by floor minus plus round times modulo money "
        "append capitalize downcase escape newline_to_br prepend remove remove_first replace replace_first split strip "
        "strip_html strip_newlines truncate truncatewords upcase md5 sha1 sha2 base64_encode "
        "hmac_sha1 hmac_sha1_hex hmac_sha1_base64 hmac_sha256_hex hmac_sha256_base64 url_escape url_param_escape "
        "url_encode json_escape json_parse as_json_string property_accessor number_with_delimiter date time_zone "
        "default",
    ),
    ENGINE: (
        "Shopify Liquid 5.5 has it, Braze does not list it",
        "escape_once remove_last replace_last sum url_decode base64_decode",
    ),
}
_ASSUMED: Final = {
    "hmac_sha256": f"{_DOCS}: the name is there, its encoding is not; taken as hex, as hmac_sha1 is",
    "hmac_sha512": f"{_DOCS}: the name is there, its encoding is not; taken as hex, as hmac_sha1 is",
    "to_i": "a partner's page uses it; taken as Ruby's",
    "id": "Braze's composer writes it on Content Blocks; it leaves the value alone",
}
UNSUPPORTED: Final = {
    "camelize": "",
    "handleize": "",
    "pluralize": "",
    "lstrip": "strip",
    "rstrip": "strip",
    "format_address": "",
    "highlight": "",
    "find_index": "",
    "money_with_currency": "money",
    "money_without_currency": "money",
    "to_json": "as_json_string",
    "json": "as_json_string",
    "base64": "base64_encode",
    "sha256": "sha2",
    "strip_tags": "strip_html",
    "url_param_encode": "url_param_escape",
}
"""A filter that Braze says it does not have, or that it calls otherwise -> what to use, if there is something."""


def _filters() -> dict[str, Filter]:
    functions = arrays.FILTERS | numbers.FILTERS | texts.FILTERS | encodings.FILTERS | data.FILTERS
    known = {name: (level, source) for level, (source, names) in _LISTED.items() for name in names.split()} | {
        name: (ASSUMED, source) for name, source in _ASSUMED.items()
    }
    return {name: _filter(name, functions[name], *evidence) for name, evidence in known.items()}


def _filter(name: str, function: Callable[..., Any], level: str, source: str) -> Filter:
    parameters = inspect.signature(function).parameters.values()
    named = frozenset(one.name for one in parameters if one.name == "allow_false")
    wants = tuple(one.name for one in parameters if one.name in PROVIDED)
    counted = [one for one in parameters if one.name not in named and one.name not in wants]
    least = sum(one.default is one.empty for one in counted)
    return Filter(name, function, least, len(counted), named, wants, level, source)


FILTERS: Final = _filters()
