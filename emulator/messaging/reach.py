"""Whether a channel reaches a user, and where: the address of a message, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from emulator.state import live_activities, profiles, unreachable
from emulator.state.draft import Draft
from emulator.state.profiles import Record


class Reach(NamedTuple):
    """`recipient` is the address, a list of push tokens, or the user's id; nothing where `reason` says why not."""

    recipient: Any
    reason: str


def reach(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    """`message` has its channel and content; `allowed` is the recipient_subscription_state."""
    return CHANNELS[message["channel"]](draft, record, message, allowed)


def _webhook(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    """No subscription state keeps a webhook back (documented)."""
    return Reach(_id(record), "a webhook needs no subscription")


def _card(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    return Reach(_id(record), "a content card waits in the app")


def _id(record: Record) -> str:
    found: str = record.get("external_id") or record["braze_id"]
    return found


def _email(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    """An e-mail that takes something from a template has nothing to send: there are no templates here."""
    email, template = record.get("email"), message.get("email_template_id")
    if template is not None and not ("subject" in message and "body" in message):
        return Reach("", f"e-mail templates are not emulated, and {template!r} is one: write subject and body out")
    if email is None:
        return Reach("", "the profile has no e-mail address")
    key = profiles.email_key(email)
    if key in draft.hard_bounces:
        return Reach("", f"{email} hard bounced")
    if key in draft.spam_reports and allowed != "all":
        return Reach("", f"{email} reported a message as spam")
    return _subscribed(record, "email_subscribe", allowed, email)


def _subscribed(record: Record, field: str, allowed: str, recipient: Any) -> Reach:
    state = record.get(field, "subscribed")
    wanted = {"all": (state,), "opted_in": ("opted_in",)}.get(allowed, ("subscribed", "opted_in"))
    if state not in wanted:
        return Reach("", f"{field} is {state}, and {allowed} is wanted")
    return Reach(recipient, f"{field} is {state}")


def _in_app(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    return Reach(_id(record), "an in-app message waits for the app to be opened")


def _sms(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    phone, group = record.get("phone"), message["subscription_group_id"]
    if phone is None:
        return Reach("", "the profile has no phone number")
    if not profiles.is_e164(phone):
        return Reach("", f"{phone} is not in E.164 form")
    if unreachable.number_key(phone) in draft.invalid_phone_numbers:
        return Reach("", f"{phone} is an invalid number")
    state = record.get("subscription_groups", {}).get(group, "unknown")
    if state != "subscribed":
        return Reach("", f"the user is {state} in the subscription group {group}")
    return Reach(phone, f"subscribed in the subscription group {group}")


def _push(*platforms: str) -> Callable[[Draft, Record, Mapping[str, Any], str], Reach]:
    """A token of an app on one of the platforms; one of an app whose platform is not known counts too (assumed)."""

    def find(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
        held = [one for one in record.get("push_tokens", ()) if _platform(draft, one) in (*platforms, "")]
        if not held:
            return Reach("", f"the profile has no push token for {platforms[0]}")
        if message.get("send_to_most_recent_device_only"):
            held = held[-1:]
        return _subscribed(record, "push_subscribe", allowed, [one["token"] for one in held])

    return find


def _activity(draft: Draft, record: Record, message: Mapping[str, Any], allowed: str) -> Reach:
    """The token for starting one, or the activity's own; no subscription state keeps it back (assumed)."""
    token = live_activities.token(draft, message, record["braze_id"])
    if token:
        return Reach([token], "the app has registered a token")
    if message["event"] == live_activities.START:
        kind, app_id = message["activity_attributes_type"], message["app_id"]
        return Reach("", f"no push-to-start token for {kind} in the app {app_id}; declare one in the seed")
    return Reach("", f"the user does not have the activity {message['activity_id']}")


def _platform(draft: Draft, token: Mapping[str, Any]) -> str:
    return str(draft.apps.get(token["app_id"], {}).get("platform", "")).lower()


CHANNELS: Final[dict[str, Callable[[Draft, Record, Mapping[str, Any], str], Reach]]] = {
    "webhook": _webhook,
    "email": _email,
    "sms": _sms,
    "apple_push": _push("ios"),
    "android_push": _push("android"),
    "kindle_push": _push("kindle"),
    "web_push": _push("web"),
    "content_card": _card,
    "whats_app": _sms,
    "in_app_message": _in_app,
    live_activities.CHANNEL: _activity,
}
