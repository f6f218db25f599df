"""The tag connected_content: one request, with cache and retry, whose answer becomes a variable or text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TextIO

import orjson
from liquid.ast import Node
from liquid.exceptions import LiquidSyntaxError
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import Token

from emulator import clock
from emulator.liquid import dialect
from emulator.liquid.calls import OPTIONS, NoCredential, build, refused
from emulator.liquid.ruby import leading_integer
from emulator.liquid.tags.options import split
from emulator.liquid.tags.steps import Followed, Piece, markup, work_of
from emulator.liquid.values import Answer, Call, Fetch
from emulator.liquid.work import Aborted

if TYPE_CHECKING:
    from liquid import RenderContext

    from emulator.liquid.work import Work

USUAL_AGE: Final = 300
LEAST_AGE: Final = 300
MOST_AGE: Final = 4 * 3600
LARGEST: Final = 1_048_576
PERSONAL: Final = ("user_id", "braze_id", "email", "phone_number", "date_of_birth")
"""Where the tag's text has one of these, its answer is not kept."""

AGAIN: Final = frozenset({0, 408, 429})


class ConnectedContent(Followed):
    def __init__(self, token: Token, text: str, url: Piece, options: dict[str, Piece]) -> None:
        super().__init__(token)
        self.text, self.url, self.options = text, url, options
        self.save = options["save"].text if "save" in options else ""
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        work = work_of(context)
        rendered = {name: piece.render(context) for name, piece in self.options.items()}
        self._advise(work, rendered)
        try:
            request = build(self.url.render(context), rendered, work.given.get("credentials") or {}, work.find)
        except NoCredential as error:
            raise Aborted(f"the credential {error} of connected_content was deleted", "template_parse_error") from error
        answer = self._answer(work, request, rendered)
        if not 200 <= answer.status < 300:
            self._failed(work, answer, "retry" in self.options)
            context.assign(self.save or "connected", None)
            return 0
        return self._use(answer, context, buffer)

    def _advise(self, work: Work, rendered: dict[str, str]) -> None:
        for name in self.options.keys() - OPTIONS:
            work.find("call_option_unknown", f"connected_content has no option :{name}")
        body = self.options.get("body")
        if body is not None and body.text.startswith("{") and not body.text.startswith("{{") and " " in body.text:
            work.find("call_body_blanks", "JSON written into :body has blanks; capture it and give the variable")

    def _answer(self, work: Work, request: Fetch, rendered: dict[str, str]) -> Answer:
        why_not = refused(request.url, work.options.ports)
        if why_not:
            work.find("call_not_made", why_not)
            return self._told(work, request, Answer(0, problem=why_not), False, False)
        age, key = self._age(work, request, rendered), "\n".join((*request[:2], *_kind_and_body(request)))
        cache, now = work.options.cache, work.now.timestamp()
        kept = cache.get(key, now) if cache is not None and age else None
        if kept is not None:
            return self._told(work, request, kept, False, True)
        answer = self._told(work, request, *self._fetch(work, request))
        if cache is not None and age and 200 <= answer.status < 300:
            if len(answer.body) > LARGEST:
                work.find("answer_too_large", f"{len(answer.body):,} characters are too many to be cached")
            else:
                cache.put(key, answer, now + age)
        return answer

    def _age(self, work: Work, request: Fetch, rendered: dict[str, str]) -> int:
        """For how many seconds an answer is kept; 0 for not at all."""
        asked = rendered.get("cache_max_age", rendered.get("cache", "")).strip()
        if "no_cache" in rendered or any(name in self.text for name in PERSONAL):
            return 0
        if not asked:
            return USUAL_AGE if request.method == "GET" else 0
        age = leading_integer(asked)
        bounded = min(max(age, LEAST_AGE), MOST_AGE)
        if bounded != age:
            work.find("cache_age_bounded", f":cache_max_age {age} counts as {bounded} seconds")
        return bounded

    def _fetch(self, work: Work, request: Fetch) -> tuple[Answer, bool, bool]:
        work.meter.call()
        if work.options.fetch is None:
            return Answer(0, problem="this rendering makes no calls"), False, False
        with work.meter.waiting():
            answer = work.options.fetch(request)
        work.meter.look()
        return answer, True, False

    def _told(self, work: Work, request: Fetch, answer: Answer, called: bool, cached: bool) -> Answer:
        step = work.step
        spent = clock.stopwatch() - step.began
        step.call = Call(
            request, answer.status, answer.problem, called, cached, work.options.attempt + 1 if called else 0, spent
        )
        return answer

    def _failed(self, work: Work, answer: Answer, retry: bool) -> None:
        why = answer.problem or f"status {answer.status}"
        work.find("call_failed", f"{why}: the variable stays empty")
        if retry and (answer.status in AGAIN or answer.status >= 500):
            work.retry = why
            work.find("preview_differs", "a preview does not retry; it says that the message would not have been shown")

    def _use(self, answer: Answer, context: RenderContext, buffer: TextIO) -> int:
        work = work_of(context)
        work.meter.made(answer.body[:LARGEST])
        body = self._again(answer.body, context) if self._may_rerender(work) else answer.body
        held = _parsed(body)
        if isinstance(held, dict):
            held["__http_status_code__"] = answer.status
        work.step.value = body
        if self.save or held is not None:
            context.assign(self.save or "connected", body if held is None else held)
            return 0
        return buffer.write(body)

    def _may_rerender(self, work: Work) -> bool:
        if "rerender" in self.options and work.only is not None:
            work.find("rerender_once", "an answer that is rendered again holds another :rerender; it is ignored")
            return False
        return "rerender" in self.options

    def _again(self, body: str, context: RenderContext) -> str:
        """Liquid in an answer, one level deep. A field has to stand in the message before this tag, too."""
        work = work_of(context)
        assert work.parsed is not None
        before = work.only
        work.only = dialect.fields(work.parsed.scanned.source[: self.token.start_index])
        parsed, buffer = work.engine.read(body, work.meter), context.get_buffer()
        try:
            with work.inside(parsed, "answer of connected_content"):
                parsed.render(context, buffer)
        finally:
            work.only = before
        return buffer.getvalue()


def _kind_and_body(request: Fetch) -> tuple[str, str]:
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    return kind, request.body or ""


def _parsed(body: str) -> Any:
    """A JSON object or array; None for anything else."""
    if not body.lstrip().startswith(("{", "[")):
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


class ConnectedContentTag(Tag):
    name = "connected_content"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token, text = markup(stream)
        url, options = split(text)
        if not url:
            raise LiquidSyntaxError(
                "Syntax Error in 'connected_content' - Valid syntax: connected_content [url]", token=token
            )
        pieces = {name: Piece(self.env, value, token) for name, value in options}
        return ConnectedContent(token, text, Piece(self.env, url, token), pieces)
