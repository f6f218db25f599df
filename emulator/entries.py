"""A journal entry as JSON, the form in which people and programs see it: on one line, and held against a query."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from emulator.matching import differences

Entry = Mapping[str, Any]
"""What the control API shows of one exchange; see `inspection.shown`."""


def line(entry: Entry) -> str:
    """`#7 ← 201 POST /users/track  braze/track_users  (created_profile)  (note)`."""
    what = "/".join(filter(None, (entry["service"], entry["operation"])))
    rules = ", ".join(sorted({fate["rule"] for fate in entry["fates"]}))
    arrow = "→" if entry["direction"] == "out" else "←"
    note = entry["note"].strip().splitlines()[-1:]
    return f"#{entry['id']} {arrow} {entry['status']} {address(entry)}  {what}" + "".join(
        f"  ({part})" for part in (rules, *note) if part
    )


def address(entry: Entry) -> str:
    return f"{entry['method']} {entry['path']}{'?' if entry['query'] else ''}{entry['query']}"


def misses(wanted: Mapping[str, Any], entry: Entry) -> list[str]:
    """What keeps an entry from being as wanted, one text a field; see `journal.FILTERS` for the names."""
    return [text for name, value in wanted.items() if (text := _miss(name, value, entry))]


def _miss(name: str, value: Any, entry: Entry) -> str:
    if name in ("workspace", "after"):  # they say where to look, not what to find
        return ""
    if name in ("body", "answer"):
        found = differences(value, entry["request" if name == "body" else "response"]["body"])
        return f"{name}{found[0]}" if found else ""
    if name == "fate":
        return "" if any(fate["rule"] == value for fate in entry["fates"]) else f"fate: no {value}"
    if name == "path" and fnmatchcase(entry["path"], value):
        return ""
    actual = bool(entry["operation"]) if name == "matched" else entry[name]
    return "" if actual == value else f"{name}: expected {value!r}, found {actual!r}"
