"""Frequency caps: how many messages of a kind a user gets in so many minutes, days or weeks.

Source: Braze's page on rate limiting and frequency capping. Days are calendar days of the user's time zone, a week is
seven of them, today included; minutes are counted back from now. Channels count apart, and the messages of one dispatch
count once in a rule for any channel. In-app messages and Content Cards neither count nor are capped. A rule with a tag
looks at the tags that campaigns have now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from emulator import clock
from emulator.state import zones
from emulator.state.draft import Draft

Rule = Mapping[str, Any]
"""{count, one of minutes, days, weeks, and perhaps channel and tag}."""
Sent = Mapping[str, str]
"""{at, channel, campaign_id or canvas_id, dispatch_id}."""

ANY: Final = "any"
PUSH: Final = frozenset({"apple_push", "android_push", "kindle_push", "web_push"})
UNCAPPED: Final = frozenset({"content_card", "in_app_message"})
UNITS: Final = ("minutes", "days", "weeks")
LONGEST: Final = timedelta(days=31)
"""How long messages are remembered: the longest rule has 30 days, and a day more for time zones."""
MOMENT: Final = timedelta(milliseconds=1)
"""What times are kept to: what was sent exactly ten minutes ago is not of the last ten minutes."""
MOST: Final = 1_000
"""Messages remembered of one user."""


def kind(channel: str) -> str:
    """A channel as rules call it: all platforms of push are one."""
    return "push" if channel in PUSH else channel


def remember(draft: Draft, braze_id: str, sent: Sent) -> None:
    """Let a message count."""
    if sent["channel"] in UNCAPPED:
        return
    before: Sequence[Sent] = draft.counted_sends.get(braze_id, ())
    since = clock.iso_ms(clock.parse_instant(sent["at"]) - LONGEST)
    if before and before[0]["at"] < since:
        before = [one for one in before if one["at"] >= since]
    draft.counted_sends[braze_id] = (*before[1 - MOST :], sent)


def reached(draft: Draft, record: Mapping[str, Any], sent: Sent, now: datetime) -> Rule | None:
    """The first rule that a message would break, were it sent now; `sent` is how it would be remembered."""
    if sent["channel"] in UNCAPPED:
        return None
    before = draft.counted_sends.get(record["braze_id"], ())
    return next((one for one in rules(draft) if _is_full(draft, one, record, sent, before, now)), None)


def rules(draft: Draft) -> list[Rule]:
    found: list[Rule] = draft.settings.get("frequency_caps", [])
    return found


def _is_full(draft: Draft, rule: Rule, record: Mapping[str, Any], sent: Sent, before: Any, now: datetime) -> bool:
    if not _concerns(draft, rule, sent):
        return False
    since = clock.iso_ms(_since(rule, now.astimezone(zones.of_user(draft, record))))
    dispatches = {one["dispatch_id"] for one in before if one["at"] >= since and _concerns(draft, rule, one)}
    return bool(len(dispatches - {sent["dispatch_id"]}) >= rule["count"])


def _concerns(draft: Draft, rule: Rule, sent: Sent) -> bool:
    if rule.get("channel", ANY) not in (ANY, kind(sent["channel"])):
        return False
    source = draft.canvases.get(sent["canvas_id"]) if "canvas_id" in sent else draft.campaigns.get(sent["campaign_id"])
    return "tag" not in rule or rule["tag"] in (source or {}).get("tags", ())


def _since(rule: Rule, at: datetime) -> datetime:
    """Where the time of a rule begins that ends at a local time, in UTC."""
    if "minutes" in rule:
        return at.astimezone(clock.UTC) - timedelta(minutes=rule["minutes"]) + MOMENT
    days = rule.get("days", 7 * rule.get("weeks", 0))
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days - 1)).astimezone(clock.UTC)


def words(rule: Rule) -> str:
    """`5 email messages every 1 week`, as Braze's log has it."""
    number, channel = rule["count"], rule.get("channel", ANY)
    unit = next(one for one in UNITS if one in rule)
    what = f"{'' if channel == ANY else f'{channel} '}message{'s' if number != 1 else ''}"
    tagged = f" with the tag {rule['tag']}" if "tag" in rule else ""
    return f"{number} {what}{tagged} every {rule[unit]} {unit if rule[unit] != 1 else unit[:-1]}"
