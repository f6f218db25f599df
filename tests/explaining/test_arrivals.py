"""What arrives at a user, channel by channel."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.explaining.arrivals import CHANNELS, arrivals, segments
from emulator.messaging import reach

EMAIL = {"from": "Shop <s@example.com>", "subject": "Hi", "body": "<p>b</p>"}
BARE_EMAIL = {
    "from": "Shop <s@example.com>", "reply_to": None, "bcc": None, "subject": "Hi", "preheader": None,
    "html": "<p>b</p>", "plaintext": None, "headers": {}, "attachments": [], "extras": {},
}  # fmt: skip
FULL_EMAIL = {
    **EMAIL, "reply_to": "r@example.com", "bcc": "b@example.com", "preheader": "p", "plaintext_body": "t",
    "headers": {"List-Unsubscribe": "<https://example.com>"}, "extras": {"k": "v"},
    "attachments": [{"file_name": "bill", "url": "https://example.com/bill.pdf"}],
}  # fmt: skip
NO_PUSH = {"image": None, "badge": None, "buttons": [], "extra": {}}
CASES: dict[str, tuple[str, Any, dict[str, Any], list[dict[str, Any]]]] = {
    "a bare e-mail": ("email", "a@example.com", EMAIL, [{"to": "a@example.com", **BARE_EMAIL}]),
    "an e-mail": (
        "email", "a@example.com", FULL_EMAIL,
        [{**BARE_EMAIL, "to": "a@example.com", "reply_to": "r@example.com", "bcc": "b@example.com", "preheader": "p",
          "plaintext": "t", "headers": {"List-Unsubscribe": "<https://example.com>"}, "extras": {"k": "v"},
          "attachments": [{"name": "bill", "url": "https://example.com/bill.pdf", "size": None}]}],
    ),
    "no reply": ("email", "a", {**EMAIL, "reply_to": "NO_REPLY_TO"}, [{"to": "a", **BARE_EMAIL}]),
    "an SMS": (
        "sms", "+1", {"body": "Hi", "subscription_group_id": "g"},
        [{"to": "+1", "text": "Hi", "encoding": "GSM-7", "segments": 1, "media": [], "subscription_group_id": "g"}],
    ),
    "push on two devices": (
        "apple_push", ["t1", "t2"], {"alert": {"title": "T", "body": "B"}, "custom_uri": "app://x", "badge": 2},
        [{"to": to, **NO_PUSH, "title": "T", "body": "B", "deep_link": "app://x", "badge": 2} for to in ("t1", "t2")],
    ),
    "a text as alert": (
        "apple_push", ["t"], {"alert": "B"}, [{"to": "t", **NO_PUSH, "title": None, "body": "B", "deep_link": None}],
    ),
    "Android": (
        "android_push", ["t"], {"alert": "B", "title": "T", "extra": {"k": "v"}, "buttons": [{"text": "x"}]},
        [{"to": "t", **NO_PUSH, "title": "T", "body": "B", "deep_link": None, "extra": {"k": "v"},
          "buttons": [{"text": "x"}]}],
    ),
    "the web": (
        "web_push", ["t"], {"alert": "B", "title": "T", "image_url": "https://i"},
        [{"to": "t", **NO_PUSH, "title": "T", "body": "B", "deep_link": None, "image": "https://i"}],
    ),
    "a content card": (
        "content_card", "ada",
        {"type": "CLASSIC", "title": "T", "description": "D", "time_to_live": 60, "ios_uri": "app://x", "web_uri": "https://x"},
        [{"to": "ada", "type": "CLASSIC", "title": "T", "description": "D", "image": None,
          "links": {"ios": "app://x", "web": "https://x"}, "link_text": None, "pinned": False,
          "expires": "60 s after it was sent", "extra": {}}],
    ),
    "WhatsApp": (
        "whats_app", "+1", {"message_type": "text_response_message", "message": {"body": "Hi"}, "app_id": "a"},
        [{"to": "+1", "type": "text_response_message", "body": "Hi"}],
    ),
    "an in-app message": (
        "in_app_message", "ada", {"message": "Hi", "uri": "app://x", "extras": {"k": "v"}},
        [{"to": "ada", "type": None, "header": None, "message": "Hi", "image": None, "deep_link": "app://x",
          "buttons": [], "extra": {"k": "v"}}],
    ),
    "a webhook": ("webhook", "ada", {"url": "https://x"}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_message_in_the_words_of_its_channel(name: str) -> None:
    channel, recipient, content, expected = CASES[name]
    assert arrivals({"channel": channel, "recipient": recipient, "content": content}) == expected


def test_another_channel_arrives_in_the_words_of_the_api() -> None:
    message = {"channel": "live_activity", "recipient": ["t"], "content": {"activity_id": "a"}}
    assert arrivals(message) == [{"to": "t", "activity_id": "a"}]
    assert CHANNELS.keys() <= reach.CHANNELS.keys()


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),
        ("ñandú à la ç" * 2, "UCS-2", 1),
        ("à" * 160, "GSM-7", 1),
        ("Ж" * 70, "UCS-2", 1),
        ("Ж" * 71, "UCS-2", 2),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("😀" * 67, "UCS-2", 3),
    ],
)
def test_segments(text: str, encoding: str, count: int) -> None:
    """A segment of a longer message has room for 153 or 67, and no letter is cut in two."""
    assert segments(text) == (encoding, count)
