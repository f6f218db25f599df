"""A message with its Liquid rendered: every text of it by itself, as Braze does.

What one text assigns, another does not see (documented). The first text that does not render decides for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from emulator.liquid.checks import placeholders
from emulator.liquid.render import render
from emulator.liquid.values import HEADER, JSON, MESSAGE, OUTPUT, RENDERED, TEXT, URL, Finding, Options, Rendered
from emulator.messaging.headers import UNLAWFUL, lawful, misgivings

SENDER: Final = "Braze Sender 1.0.0"
"""That the User-Agent begins so is documented; the version is assumed."""
FORM: Final = "application/x-www-form-urlencoded"
UNRENDERED: Final = frozenset({
    "app_id", "subscription_group_id", "email_template_id", "request_method", "channel",
    "message_type", "template_name", "template_language_code", "flow_id",
    "activity_id", "activity_attributes_type", "activity_attributes", "content_state", "notification",
})  # fmt: skip
"""Fields in which Liquid has no place."""


class Composed(NamedTuple):
    """`outcome` as in liquid.values; `content` is the message, empty unless it is RENDERED.

    `texts` are the fields that were rendered, in their order, `told` what was found in them: (field, finding).
    """

    outcome: str
    content: Mapping[str, Any]
    reason: str = ""
    abort_type: str = ""
    extras: Mapping[str, str] | None = None
    promotions: Mapping[str, str] | None = None
    """List -> the code that the message used up."""
    texts: tuple[tuple[str, Rendered], ...] = ()
    told: tuple[tuple[str, Finding], ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """In words, with their places."""
        return tuple(f"{where(field, one)}: {one.message}" for field, one in self.told)


class _Stopped(Exception):
    def __init__(self, place: str, rendered: Rendered) -> None:
        super().__init__(place)
        self.place, self.rendered = place, rendered


def compose(channel: str, content: Mapping[str, Any], context: Mapping[str, Any], options: Options) -> Composed:
    """Render a message of a channel, its content as in messages of the API."""
    work = _Work(context, options._replace(channel=channel))
    try:
        made = _webhook(content, work) if channel == "webhook" else work.walk(content, "")
    except _Stopped as end:
        at = f"{end.place}: " if end.place else ""
        return work.composed(end.rendered.outcome, {}, f"{at}{end.rendered.reason}", end.rendered.abort_type)
    return work.composed(RENDERED, made)


class _Work:
    """One message under way."""

    def __init__(self, context: Mapping[str, Any], options: Options) -> None:
        self.context, self.options = context, options
        self.texts: list[tuple[str, Rendered]] = []
        self.told: list[tuple[str, Finding]] = []
        self.extras: dict[str, str] = {}
        self.promotions: dict[str, str] = {}
        self.worked = 0.0

    def composed(self, outcome: str, content: Mapping[str, Any], reason: str = "", abort_type: str = "") -> Composed:
        return Composed(
            outcome, content, reason, abort_type, self.extras, self.promotions, tuple(self.texts), tuple(self.told)
        )

    def text(self, template: str, place: str, expects: str = TEXT) -> str:
        """Raises _Stopped for a text that does not render."""
        if expects != JSON and not _has_liquid(template) and (expects == TEXT or template == template.strip()):
            self.told += [(place, one) for one in placeholders(template)]
            return template
        options = self.options._replace(expects=expects, seed=f"{self.options.seed}/{place}", spent=self.worked)
        done = render(template, self.context, options)
        self.worked += done.worked
        self.texts.append((place, done))
        self.told += [(place, one) for one in done.findings]
        if done.outcome != RENDERED:
            raise _Stopped(place, done)
        self.promotions.update(done.promotions)
        self.extras.update({key: value for key, value in done.extras.items() if key not in self.extras})
        return done.output

    def walk(self, held: Any, place: str) -> Any:
        """All texts inside, rendered."""
        if isinstance(held, str):
            return self.text(held, place.lstrip("."))
        if isinstance(held, Mapping):
            return {
                name: value if name in UNRENDERED else self.walk(value, f"{place}.{name}")
                for name, value in held.items()
            }
        if isinstance(held, list):
            return [self.walk(one, f"{place}[{index}]") for index, one in enumerate(held)]
        return held


def where(field: str, finding: Finding) -> str:
    """`body, line 3`, or `body, Content Block x` where it is not in the field itself."""
    inner = finding.place if finding.place not in (MESSAGE, OUTPUT) else ""
    return ", ".join(filter(None, (field, inner, f"line {finding.line}" if finding.line else "")))


def _has_liquid(text: str) -> bool:
    return "{{" in text or "{%" in text or "<!--" in text


def _webhook(content: Mapping[str, Any], work: _Work) -> dict[str, Any]:
    """{url, request_method, request_headers, body}; a GET has no body (documented)."""
    url = work.text(content["url"], "url", URL)
    headers = _headers(content.get("request_headers") or {}, work)
    body = content.get("body", "") if content["request_method"] != "GET" else ""
    said = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    expects = JSON if body and ("json" in said.lower() or (not said and body.lstrip()[:1] in "{[")) else TEXT
    made = work.text(body, "body", expects)
    return {
        "url": url,
        "request_method": content["request_method"],
        "request_headers": {"User-Agent": SENDER, **_kind(said, made), **headers},
        "body": made,
    }


def _headers(given: Mapping[str, str], work: _Work) -> dict[str, str]:
    """Without the names that no HTTP header can have, such as `Request Body` on partners' pages. What Braze does with
    them is not documented.
    """
    work.told += [(f"header {name!r}", UNLAWFUL) for name in given if not lawful(name)]
    made = {name: work.text(value, f"header {name}", HEADER) for name, value in given.items() if lawful(name)}
    work.told += [(f"header {name}", one) for name, value in made.items() for one in misgivings(name, value)]
    return made


def _kind(said: str, body: str) -> dict[str, str]:
    """Without a Content-Type one is inferred from the body (documented; how is assumed)."""
    if said or not body:
        return {}
    return {"Content-Type": "application/json" if body.lstrip()[:1] in ("{", "[") else FORM}
