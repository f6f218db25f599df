"""What can be said about a rendered text: is it JSON, is something empty, is a time in seconds, is a link a link."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, Protocol

from emulator.liquid.values import JSON, MESSAGE, OUTPUT, TEXT, Finding, Options
from emulator.mending import Mender

_WHOLE_LINK: Final = re.compile(r"(?<![=&%/\w])https?%3A%2F%2F[^\s\"'<>]*", re.IGNORECASE)
_SECONDS: Final = re.compile(r'"(\w{0,40}time_?stamp\w{0,40})"\s*:\s*("?)(\d{10})\2(?![\d.])', re.IGNORECASE)
_KEY_BEFORE: Final = re.compile(r'"((?:[^"\\\n]|\\.){1,100})"\s*:\s*"?$')
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+>|\[[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\]")
_MOST: Final = 20
_MENDED: Final = 131_072
"""Characters of a body whose mistakes are named one by one; of a longer one only the first is."""
_DEEPEST: Final = 100


class Wrote(Protocol):
    """A tag or output that wrote `output[start:end]`."""

    place: str
    start: int
    end: int

    @property
    def tag(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def shown(self) -> str: ...

    @property
    def at(self) -> tuple[int, int]: ...


def check(output: str, steps: list[Wrote], options: Options) -> list[Finding]:
    """`steps` are those that wrote into the output."""
    found = list(_links(output, steps))
    if options.expects == JSON:
        found += [*_json(output, steps, options), *_seconds(output, steps), *_empty_keys(output, steps, options)]
    elif options.expects != TEXT:
        found += [
            Finding("empty_value", f"{step.source} prints nothing into the {options.expects}", *_place(step))
            for step in steps
            if step.start == step.end and step.tag in ("output", "echo")
        ]
    return found


def placeholders(template: str) -> Iterator[Finding]:
    """What a page writes for a secret of yours, such as `<INKIT_API_TOKEN>`."""
    for found in islice(_PLACEHOLDER.finditer(template), _MOST):
        line, column = (
            template.count("\n", 0, found.start()) + 1,
            found.start() - template.rfind("\n", 0, found.start()),
        )
        yield Finding("placeholder_left", f"{found[0]} stands for a value of yours; put it in", MESSAGE, line, column)


def _links(output: str, steps: list[Wrote]) -> Iterator[Finding]:
    for link in islice(_WHOLE_LINK.finditer(output), _MOST):
        text = f"{link[0][:60]}… is a whole link, URL-encoded; nothing can open it"
        yield _at(output, steps, link.start(), "link_encoded_whole", text)


def _json(output: str, steps: list[Wrote], options: Options) -> Iterator[Finding]:
    """Every usual mistake with its line and column, and what a parser says after those are mended."""
    try:
        value = json.loads(output)
    except RecursionError:
        return
    except ValueError:
        mender = Mender(output)
        mended = mender.mended() if len(output) <= _MENDED else output
        for defect in mender.defects[:_MOST]:
            at = _offset(output, defect.line, defect.column)
            yield _at(output, steps, at, "invalid_json", f"{defect.what}: {defect.fix}")
        yield from _rest(output, mended, steps)
    else:
        yield from _missing(value, options)
        yield from islice(_blanks(value, ""), _MOST)


def _rest(output: str, mended: str, steps: list[Wrote]) -> Iterator[Finding]:
    try:
        json.loads(mended)
    except RecursionError:
        return
    except json.JSONDecodeError as error:
        if not mended.strip():
            yield Finding("invalid_json", "there is nothing but white space", OUTPUT, 1, 1)
            return
        before = next((step for step in reversed(steps) if step.start <= error.pos), None)
        hint = f"; {before.source} of line {before.at[0]} is before it" if before and mended == output else ""
        yield Finding("invalid_json", f"{error.msg}{hint}", OUTPUT, error.lineno, error.colno)


def _missing(value: Any, options: Options) -> Iterator[Finding]:
    for key in sorted(options.required):
        if not isinstance(value, Mapping) or value.get(key) is None:
            yield Finding("required_value", f"{key} is not there, and the receiver insists on it", OUTPUT, 1, 1)


def _blanks(value: Any, path: str, depth: int = 0) -> Iterator[Finding]:
    if isinstance(value, str) and value != value.strip() and value.strip():
        yield Finding("blank_in_value", f"{path or 'the text'} is {value[:60]!r}, with a blank at an end", OUTPUT)
    elif isinstance(value, dict) and depth < _DEEPEST:
        for key, held in value.items():
            yield from _blanks(held, f"{path}.{key}".lstrip("."), depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for number, held in enumerate(value):
            yield from _blanks(held, f"{path}[{number}]", depth + 1)


def _seconds(output: str, steps: list[Wrote]) -> Iterator[Finding]:
    for found in islice(_SECONDS.finditer(output), _MOST):
        quoted = " and a text" if found[2] else ""
        text = f"{found[1]} is {found[3]}: seconds{quoted}; in milliseconds it is {found[3]}000"
        yield _at(output, steps, found.start(3), "seconds_not_milliseconds", text)


def _empty_keys(output: str, steps: list[Wrote], options: Options) -> Iterator[Finding]:
    for step in steps:
        if step.tag not in ("output", "echo") or step.shown.strip():
            continue
        key = _KEY_BEFORE.search(output, max(0, step.start - 200), step.start)
        if key is None or output[step.end : step.end + 1] not in ('"', ",", "}", "\n", " "):
            continue
        needed = key[1] in options.required
        text = f"{key[1]} is empty: {step.source} prints nothing" + ("; the receiver insists on it" if needed else "")
        yield Finding("required_value" if needed else "empty_value", text, *_place(step))


def _place(step: Wrote) -> tuple[str, int, int]:
    return step.place, *step.at


def _at(output: str, steps: list[Wrote], at: int, rule: str, text: str) -> Finding:
    """A finding about a place in the output, with the tag that wrote it."""
    line = output.count("\n", 0, at) + 1
    column = at - output.rfind("\n", 0, at)
    index = bisect_right([step.start for step in steps], at) - 1
    wrote = steps[index] if index >= 0 and steps[index].start <= at < steps[index].end else None
    hint = (
        f" (written by {wrote.source}, {wrote.place} line {wrote.at[0]})" if wrote and len(wrote.source) < 100 else ""
    )
    return Finding(rule, text + hint, OUTPUT, line, column)


def _offset(output: str, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = output.find("\n", at) + 1
    return at + column - 1
