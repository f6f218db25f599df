"""A message with its Liquid rendered: every text of it by itself, as Braze does.

What one text assigns, another does not see (documented). The first text that does not render decides for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from emulator.liquid.render import render
from emulator.liquid.values import HEADER, JSON, RENDERED, TEXT, URL, Finding, Options, Rendered

SENDER: Final = "Braze Sender 1.0.0"
"""That the User-Agent begins so is documented; the version is assumed."""
FORM: Final = "application/x-www-form-urlencoded"
UNRENDERED: Final = frozenset({
    "app_id", "subscription_group_id", "email_template_id", "request_method", "channel",
    "activity_id", "activity_attributes_type", "activity_attributes", "content_state", "notification",
})  # fmt: skip
"""Fields in which Liquid has no place."""
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name, RFC 9110."""


@dataclass(frozen=True, slots=True)
class Composed:
    """`outcome` as in liquid.values; `content` is the message, empty unless it is RENDERED."""

    outcome: str
    content: Mapping[str, Any]
    reason: str = ""
    abort_type: str = ""
    findings: tuple[str, ...] = ()
    extras: Mapping[str, str] | None = None
    promotions: Mapping[str, str] | None = None
    """List -> the code that the message used up."""


class _Stopped(Exception):
    def __init__(self, place: str, rendered: Rendered) -> None:
        super().__init__(place)
        self.place, self.rendered = place, rendered


def compose(channel: str, content: Mapping[str, Any], context: Mapping[str, Any], options: Options) -> Composed:
    """Render a message of a channel, its content as in messages of the API."""
    work = _Work(context, replace(options, channel=channel))
    try:
        made = _webhook(content, work) if channel == "webhook" else work.walk(content, "")
    except _Stopped as end:
        at = f"{end.place}: " if end.place else ""
        reason, kind = f"{at}{end.rendered.reason}", end.rendered.abort_type
        return Composed(end.rendered.outcome, {}, reason, kind, tuple(work.findings))
    return Composed(RENDERED, made, findings=tuple(work.findings), extras=work.extras, promotions=work.promotions)


class _Work:
    """One message under way."""

    def __init__(self, context: Mapping[str, Any], options: Options) -> None:
        self.context, self.options = context, options
        self.findings: list[str] = []
        self.extras: dict[str, str] = {}
        self.promotions: dict[str, str] = {}

    def text(self, template: str, place: str, expects: str = TEXT) -> str:
        """Raises _Stopped for a text that does not render."""
        if expects != JSON and not _has_liquid(template) and (expects == TEXT or template == template.strip()):
            return template
        options = replace(self.options, expects=expects, seed=f"{self.options.seed}/{place}")
        done = render(template, self.context, options)
        self.findings += [f"{_where(place, one)}: {one.message}" for one in done.findings]
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


def _where(field: str, finding: Finding) -> str:
    """`body, line 3`, or `body, Content Block x` where it is not in the field itself."""
    inner = finding.place if finding.place not in (field, "message", "body") else ""
    return ", ".join(filter(None, (field, inner, f"line {finding.line}" if finding.line else "")))


def _has_liquid(text: str) -> bool:
    return "{{" in text or "{%" in text or "<!--" in text


def _webhook(content: Mapping[str, Any], work: _Work) -> dict[str, Any]:
    """{url, request_method, request_headers, body}; a GET has no body (documented)."""
    url = work.text(content["url"], "url", URL)
    given = content.get("request_headers") or {}
    headers = {name: work.text(value, f"header {name}", HEADER) for name, value in _legal(given, work).items()}
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


def _legal(headers: Mapping[str, str], work: _Work) -> dict[str, str]:
    """Without the names that no HTTP header can have, such as `Request Body` on partners' pages. What Braze does with
    them is not documented.
    """
    for name in headers:
        if not _HEADER.fullmatch(name):
            work.findings.append(f"header {name!r}: left out, no HTTP header has such a name (Content-Type is meant?)")
    return {name: value for name, value in headers.items() if _HEADER.fullmatch(name)}


def _kind(said: str, body: str) -> dict[str, str]:
    """Without a Content-Type one is inferred from the body (documented; how is assumed)."""
    if said or not body:
        return {}
    return {"Content-Type": "application/json" if body.lstrip()[:1] in ("{", "[") else FORM}
