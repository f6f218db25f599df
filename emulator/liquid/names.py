"""The names that Braze gives: standard attributes, namespaces, and what they are called wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.liquid.dialect import ODD as ODD

if TYPE_CHECKING:
    from liquid.token import Token


def listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


STANDARD: Final = listed(
    "user_id braze_id first_name last_name email_address phone_number gender date_of_birth city country language"
    " time_zone last_used_app_date most_recent_app_version most_recent_locale most_recent_location random_bucket_number"
    " set_user_to_unsubscribed_url unsubscribe_url set_user_to_subscribed_url set_user_to_opted_in_url"
    " set_user_to_one_click_list_unsubscribe email_footer"
)
"""Standard attributes and links of a message, called as `${name}`."""

NAMESPACES: Final = listed(
    "custom_attribute event_properties api_trigger_properties context canvas_entry_properties canvas campaign"
    " subscribed_state most_recently_used_device targeted_device app sms whats_app card content_blocks"
)
"""Called as `namespace.${name}`."""

RESULTS: Final = frozenset({"connected", "items", "shopping_cart", "forloop", "tablerowloop"})
"""Variables that tags set."""

GUESSED: Final = frozenset({"api_trigger_properties", "context", "canvas_entry_properties"})
"""Their values have no type in the composer, so that a preview guesses it."""

INSTEAD: Final = {
    "external_id": "user_id",
    "external_user_id": "user_id",
    "email": "email_address",
    "phone": "phone_number",
    "dob": "date_of_birth",
    "timezone": "time_zone",
    "custom_attributes": "custom_attribute",
    "event_property": "event_properties",
    "api_trigger_property": "api_trigger_properties",
    "content_block": "content_blocks",
    "campaigns": "campaign",
}
"""A name that Braze does not have -> the one that is meant."""

NOTES: Final = {
    "curly_quotes": "curly quotation marks do not quote; type straight ones",
    "double_ampersand": "&& is no operator of Liquid; write and",
    "two_attributes": "two custom attributes in one expression; assign one to a variable first",
}
"""Findings of the scanner, in words."""

UNSENT: Final = "dispatch_id_for_unsent_campaign"


def tag(token: Token) -> str:
    return "output" if token.kind == "output" else token.value
