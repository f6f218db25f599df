"""What the emulator tells about a template besides its text, with how we know."""

from __future__ import annotations

from typing import Final, NamedTuple

DOCUMENTED: Final = "documented"
ENGINE: Final = "engine"
ASSUMED: Final = "assumed"
LEVELS: Final = {
    DOCUMENTED: "Braze's documentation says so",
    ENGINE: "Shopify Liquid 5.5 behaves so, the engine under Braze's dialect",
    ASSUMED: "nothing is known; this is our choice",
}


class Rule(NamedTuple):
    sentence: str
    level: str
    source: str


_DOCS = "Braze user guide, Liquid"
_CC = "Braze user guide, Connected Content"
_OURS = "advice of the emulator"

RULES: Final[dict[str, Rule]] = {
    "unsupported_filter": Rule(
        "A filter that Braze does not have leaves the value as it is.", ENGINE, f"{_DOCS}, filters; the engine"
    ),
    "unset_value": Rule(
        "A value that is not set is printed, and no default is given.", DOCUMENTED, f"{_DOCS}, setting default values"
    ),
    "unknown_name": Rule(
        "Nothing has this name: no tag of Braze, and no variable that the message assigns.",
        DOCUMENTED,
        f"{_DOCS}, tags",
    ),
    "name_misspelt": Rule(
        "A condition, loop or assign asks for what is not set, and something is nearly called so.", ASSUMED, _OURS
    ),
    "bare_attribute": Rule(
        "A standard attribute is written without ${}; Braze documents it only with.", ASSUMED, f"{_DOCS}, tags"
    ),
    "attribute_shadowed": Rule(
        "A variable is assigned that has the name of a standard attribute, and hides it.", ASSUMED, f"{_DOCS}, tags"
    ),
    "wrong_namespace": Rule(
        "Content Blocks are called as content_blocks, in the plural; the singular is let pass here.",
        ASSUMED,
        f"{_DOCS}, Content Blocks; a partner's page writes the singular",
    ),
    "block_name_case": Rule(
        "A Content Block is called in other letter case than its name has; this is let pass here.",
        ASSUMED,
        f"{_DOCS}, Content Blocks; a partner's page does so",
    ),
    "block_missing": Rule("There is no active Content Block of this name; it prints nothing.", ASSUMED, _OURS),
    "block_too_deep": Rule(
        "A Content Block inside a Content Block inside a Content Block is removed.",
        DOCUMENTED,
        "Braze user guide, Content Blocks",
    ),
    "curly_quotes": Rule(
        "Curly quotation marks do not make a text: what stands in them counts as a name that is not set.",
        ASSUMED,
        f"{_DOCS}: they break a template; the engine in its lax mode prints nothing",
    ),
    "double_ampersand": Rule(
        "&& is read as `and`; write `and`.", ASSUMED, "one example of Braze's documentation has it"
    ),
    "filter_in_condition": Rule(
        "A filter in a condition is ignored with all that follows; assign the value first.",
        ASSUMED,
        f"{_DOCS}: filters stand in outputs and assigns; the engine in its lax mode ignores them",
    ),
    "two_attributes": Rule(
        "Two custom attributes stand in one expression; Braze documents that this does not work. Assign one first.",
        DOCUMENTED,
        f"{_DOCS}, using Liquid",
    ),
    "money_of_text": Rule(
        "money is for numbers; a text stays as it is until `plus: 0` makes it one.", DOCUMENTED, f"{_DOCS}, filters"
    ),
    "time_zone_unknown": Rule("There is no such time zone; the time stays as it is.", ASSUMED, _OURS),
    "unreadable_json": Rule("json_parse got a text that is not JSON, and gives nothing.", ASSUMED, _OURS),
    "abort_text_is_static": Rule(
        "The text of abort_message is not rendered: Liquid in it stays as it is.",
        ASSUMED,
        f"{_DOCS}, aborting messages",
    ),
    "invalid_json": Rule("The body is not JSON.", DOCUMENTED, "RFC 8259"),
    "required_value": Rule("A value that the receiver insists on is empty or not there.", ASSUMED, _OURS),
    "placeholder_left": Rule("A placeholder of a page stands where a value of yours belongs.", ASSUMED, _OURS),
    "header_name": Rule(
        "A header has a name that HTTP does not allow; it is left out.", ASSUMED, "RFC 9110 has no such names"
    ),
    "header_misspelt": Rule(
        "A header's name is nearly that of one which receivers know.", ASSUMED, "translated pages of partners do so"
    ),
    "scheme_unknown": Rule(
        "Authorization begins with the name of a scheme, such as Basic or Bearer.", DOCUMENTED, "RFC 9110"
    ),
    "basic_not_encoded": Rule("What follows Basic is Base64.", DOCUMENTED, "RFC 7617"),
    "blank_in_value": Rule("A text in the JSON body begins or ends with a blank.", ASSUMED, _OURS),
    "empty_value": Rule("A value is empty where the receiver takes something.", ASSUMED, _OURS),
    "seconds_not_milliseconds": Rule(
        'A timestamp is in seconds, as `date: "%s"` gives it; a receiver may mean milliseconds.',
        ASSUMED,
        "a partner's page takes milliseconds and sends seconds",
    ),
    "link_encoded_whole": Rule(
        "A whole link is URL-encoded, so that it is none any more; encode only the values in it.",
        ASSUMED,
        "a partner's page does so",
    ),
    "value_trimmed": Rule("White space around a URL or a header value is taken off.", ASSUMED, _OURS),
    "preview_differs": Rule("A preview shows something else than what is sent.", DOCUMENTED, f"{_DOCS}, previews"),
    "translation_not_here": Rule(
        "The translation tag is not for webhooks; its own text is printed.", DOCUMENTED, f"{_DOCS}, translation"
    ),
    "extras_too_large": Rule(
        "message_extras hold 1 KB in all; what is over is left out.", DOCUMENTED, f"{_DOCS}, message extras"
    ),
    "extras_twice": Rule("The first of two extras with one key counts.", DOCUMENTED, f"{_DOCS}, message extras"),
    "promotion_of_other_branch": Rule(
        "A promotion code is used up although its branch was not taken.", DOCUMENTED, f"{_DOCS}, promotion codes"
    ),
    "catalog_missing": Rule("There is no such catalog or selection; items is empty.", ASSUMED, _OURS),
    "item_missing": Rule("A catalog has no item of this id; it is left out.", DOCUMENTED, "Braze user guide, Catalogs"),
    "item_not_braced": Rule(
        "The id of a catalog item looks like a variable without braces.", DOCUMENTED, "Braze user guide, Catalogs"
    ),
    "too_many_items": Rule("The composer offers three items a tag.", DOCUMENTED, "Braze user guide, Catalogs"),
    "call_failed": Rule(
        "Connected Content got no answer that is used: only 2xx is; the variable stays empty.", DOCUMENTED, _CC
    ),
    "call_not_made": Rule("Connected Content calls ports 80 and 443 only, over http or https.", DOCUMENTED, _CC),
    "call_option_unknown": Rule("connected_content has no such option; it is ignored.", DOCUMENTED, _CC),
    "call_body_blanks": Rule(
        "JSON written into :body must not have blanks; capture it and give the variable.", DOCUMENTED, _CC
    ),
    "credential_other_domain": Rule(
        "A stored token is sent to its allowed domain only; that the call goes on without it is assumed.", ASSUMED, _CC
    ),
    "call_headers_unreadable": Rule(":headers is not a JSON object; no header of it is sent.", ASSUMED, _OURS),
    "answer_too_large": Rule("An answer over 1 MB is not cached.", DOCUMENTED, _CC),
    "cache_age_bounded": Rule(":cache_max_age is between 5 minutes and 4 hours.", DOCUMENTED, _CC),
    "rerender_once": Rule("An answer is rendered again one level deep, no further.", DOCUMENTED, _CC),
    "rerender_field_missing": Rule(
        "A field in a rerendered answer has to stand in the message before it, too; else it prints nothing.",
        DOCUMENTED,
        _CC,
    ),
}
"""Finding -> what it means."""

BREAKING: Final = frozenset({
    "invalid_json", "required_value", "link_encoded_whole", "header_name", "call_not_made", "block_missing",
})  # fmt: skip
"""Findings after which what is sent cannot be what is meant; all others may be."""
