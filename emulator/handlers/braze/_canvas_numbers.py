"""Numbers of a Canvas: who entered, by variant, and what each step sent, by channel, on some days together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from emulator.call import Call, Json
from emulator.handlers.braze._campaign_details import shown_channel
from emulator.handlers.braze._send_series import STATISTICS
from emulator.state import conversions, send_counts, series
from emulator.state.canvas_steps import Step
from emulator.state.canvases import Canvas

Numbers = Mapping[str, int]
BY_ENTRY_TIME: Final = "_by_entry_time"


def numbers(call: Call, canvas: Canvas, days: Sequence[str]) -> dict[str, Json]:
    """{total_stats}, and {variant_stats} and {step_stats} where the call asks for them."""
    counted = {one["id"]: _counted(call, canvas, days, one["id"]) for one in _owners(canvas)}
    entries = {one["id"]: counted[one["id"]].get(send_counts.ENTRIES, 0) for one in canvas["variants"]}
    found: dict[str, Json] = {"total_stats": {**_converted(call, canvas, days), "entries": sum(entries.values())}}
    if call.args.get("include_variant_breakdown"):
        found["variant_stats"] = {
            one["id"]: {
                "name": one["name"],
                **_converted(call, canvas, days, one["id"]),
                "entries": entries[one["id"]],
            }
            for one in canvas["variants"]
        }
    if call.args.get("include_step_breakdown"):
        found["step_stats"] = {
            step["id"]: {
                "name": step["name"],
                **_converted(call, canvas, days, step["id"]),
                "messages": _messages(step, counted),
            }
            for step in canvas["steps"].values()
        }
    return found


def _owners(canvas: Canvas) -> Iterable[Mapping[str, Any]]:
    """What has counters of its own: variants, and the messages of steps."""
    return (*canvas["variants"], *(one for step in canvas["steps"].values() for one in step.get("messages", ())))


def _counted(call: Call, canvas: Canvas, days: Sequence[str], owner: str) -> Numbers:
    found: dict[str, int] = {}
    for day in days:
        for name, count in send_counts.read(call.state, canvas["id"], "", day, owner).items():
            found[name] = found.get(name, 0) + count
    return found


def _messages(step: Step, counted: Mapping[str, Numbers]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for one in step.get("messages", ()):
        names = STATISTICS.get(one["channel"], ("sent",))
        entry = {name: counted[one["id"]].get(name, 0) for name in names}
        found.setdefault(shown_channel(one["channel"]), []).append(entry)
    return found


def _converted(call: Call, canvas: Canvas, days: Sequence[str], owner: str = "") -> dict[str, Json]:
    """Of the Canvas or of a variant, without the control group; of a step nothing is known."""
    names = [f"conversions{place or ''}" for place in range(max(1, len(canvas["conversion_events"])))]
    found = {name + by: 0 for name in names for by in ("", BY_ENTRY_TIME)}
    for one in conversions.of_canvas(call.state, canvas["id"]):
        if not one["control"] and owner in ("", one["variant"]):
            name = names[one["conversion"]]
            found[name] += series.local_day(call.state, one["at"]) in days
            found[name + BY_ENTRY_TIME] += series.local_day(call.state, one["sent_at"]) in days
    earned = (send_counts.read(call.state, canvas["id"], "", day, owner).get(send_counts.REVENUE, 0.0) for day in days)
    return {"revenue": round(sum(earned), 2), **found}
