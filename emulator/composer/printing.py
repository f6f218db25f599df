"""A rendering for a terminal and for editors: `FILE:LINE:COLUMN: error: …`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

Found = Mapping[str, Any]
"""What POST /_emulator/render answers."""
RENDERED, ABORTED, UNREADABLE, STRICT = 0, 1, 2, 4
_SYNTAX: Final = "Liquid syntax error"
_TEMPLATE: Final = "template"


def exit_code(found: Found, strict: bool) -> int:
    """0 rendered; 1 aborted, in error or breaking; 2 the template cannot be read; 4 with strict: anything was found."""
    if found["outcome"] != "rendered":
        return UNREADABLE if any(one["reason"].startswith(_SYNTAX) for one in found["fields"]) else ABORTED
    if any(one["breaking"] for one in found["findings"]):
        return ABORTED
    return STRICT if strict and found["findings"] else RENDERED


def result(found: Found) -> str:
    if "output" in found:
        return str(found["output"])
    content = found["content"]
    return _webhook(content) if "request_method" in content else json.dumps(content, indent=2, ensure_ascii=False)


def _webhook(content: Found) -> str:
    headers = [f"{name}: {value}" for name, value in content.get("request_headers", {}).items()]
    return "\n".join([f"{content['request_method']} {content['url']}", *headers, "", content["body"]])


def diagnostics(found: Found, name: str) -> Iterator[str]:
    """A line for what ended the rendering, and for each finding."""
    ended = next((one for one in found["fields"] if one["outcome"] != "rendered"), None)
    if ended is not None:
        yield f"{_place(ended, name)}: error: {found['outcome']}: {ended['reason']} [{found['abort_type'] or 'retry'}]"
    for one in found["findings"]:
        kind = "error" if one["breaking"] else "warning"
        yield f"{_place(one, name)}: {kind}: {one['message']} [{one['rule']}]"
    if found["findings_left_out"]:
        yield f"{name}: warning: {found['findings_left_out']} more findings were left out"


def _place(one: Found, name: str) -> str:
    """`FILE:LINE:COLUMN` in the template; for anything else, what it is between the two."""
    parts = [name] if one["field"] == _TEMPLATE else [name, one["field"]]
    parts += [] if one["place"] in ("message", "") else [one["place"]]
    return ":".join([*parts, *(str(at) for at in (one["line"], one["column"]) if at)])


def trace(found: Found) -> Iterator[str]:
    """A line for each tag and output: place, source, what became of it, time."""
    for text in found["fields"]:
        yield f"-- {text['field']}: {text['outcome']} in {text['milliseconds']:g} ms"
        for step in text["steps"]:
            place = "" if step["place"] == "message" else f"{step['place']} "
            source = " ".join(step["source"].split())
            told = [f"-> {step['branch']}"] if "branch" in step else []
            told += [f"= {step['value']!r}"] if step["value"] else []
            told += [_fetched(step["fetch"])] if "fetch" in step else []
            indent = "  " * step["depth"]
            at = f"{place}{step['line']}:{step['column']}"
            yield " ".join([at, indent + source, *told, f"({step['milliseconds']:g} ms)"])
        if text["steps_left_out"]:
            yield f"({text['steps_left_out']} more steps were left out)"


def _fetched(fetch: Found) -> str:
    how = "cached" if fetch["cached"] else "called" if fetch["called"] else "not called"
    return f"{fetch['method']} {fetch['url']}: {how}, {fetch['problem'] or fetch['status']}"
