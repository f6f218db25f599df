"""Inkit's part of a seed document, the credentials it declares, and what an accepted postcard leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.state.credential import Credential
from emulator.state.draft import Draft

ADDRESS: Final = {
    "street": "address_line_1",
    "unit": "address_line_2",
    "city": "address_city",
    "state": "address_state",
    "zip": "address_zip",
    "country": "address_country",
}
"""A contact's address field -> the webhook's field."""
CONTACT: Final = ("source", "first_name", "last_name", "company", "email")
FIELDS: Final = frozenset({"api_token", "template_id", "phone", *CONTACT, *ADDRESS.values()})
"""What the webhook knows; every other key is custom data."""


def plant(draft: Draft, part: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables of a draft from the checked part of a seed document."""
    for item in part.get("templates", ()):
        draft.inkit_templates[item["id"]] = item


def credentials(part: Mapping[str, Any]) -> Iterator[Credential]:
    yield from (Credential("inkit", token) for token in part.get("tokens", ()))


def own(part: Mapping[str, Any], name: str, braze_key: str) -> dict[str, Any]:
    """The part with an API token, made for the workspace `name` unless the part declares one."""
    return {**part, "tokens": part.get("tokens") or [f"inkit-{name}"]}


def knows_template(draft: Draft, template_id: str) -> bool:
    return not len(draft.inkit_templates) or template_id in draft.inkit_templates


def save_contact(draft: Draft, body: Mapping[str, Any], now: datetime) -> str:
    """Make or update the recipient's contact and answer its id. A field that is empty leaves the stored one."""
    recipient = _recipient(body)
    contact_id: str = draft.inkit_recipients.get(recipient) or draft.new_id("uuid")
    if recipient not in draft.inkit_recipients:
        draft.inkit_recipients[recipient] = contact_id
    old = draft.inkit_contacts.get(contact_id) or _new_contact(draft, contact_id, now)
    draft.inkit_contacts[contact_id] = {
        **old,
        **{name: body[name] for name in CONTACT if body.get(name)},
        "updated_at": clock.iso(now),
        "address": {name: body.get(sent) or "" for name, sent in ADDRESS.items()},
        "custom_data": {**old["custom_data"], **_custom_data(body)},
    }
    return contact_id


def save_mailing(draft: Draft, body: Mapping[str, Any], contact_id: str, now: datetime) -> dict[str, Any]:
    """Record an accepted postcard. `duplicate_of` is the id of an equal one that came before, or None."""
    same = "\0".join([body["template_id"], contact_id, *_address(body)])
    mailing = {
        "id": draft.new_id("uuid"),
        "received_at": clock.iso(now),
        "contact_id": contact_id,
        "duplicate_of": draft.inkit_sent.get(same),
        "body": {name: value for name, value in body.items() if name != "api_token"},
    }
    draft.inkit_mailings[mailing["id"]] = mailing
    draft.inkit_sent[same] = mailing["id"]
    return mailing


def contacts(draft: Draft) -> list[dict[str, Any]]:
    """All contacts as Inkit shows them, oldest first."""
    found = sorted(draft.inkit_contacts.values(), key=lambda contact: contact["number"])
    return [shown(contact) for contact in found]


def shown(contact: Mapping[str, Any]) -> dict[str, Any]:
    """A contact's record without what is ours."""
    return {name: value for name, value in contact.items() if name != "number"}


def _new_contact(draft: Draft, contact_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": contact_id,
        "number": draft.next("inkit_contacts"),
        "created_at": clock.iso(now),
        "updated_at": clock.iso(now),
        **dict.fromkeys(CONTACT, ""),
        "address": {},
        "tags": [],
        "custom_data": {},
    }


def _recipient(body: Mapping[str, Any]) -> str:
    """Who a postcard is for: the e-mail address, or else name and address. Inkit documents neither (assumed)."""
    if body.get("email"):
        return str(body["email"]).strip().lower()
    names = [(body.get(name) or "").strip().lower() for name in ("first_name", "last_name")]
    return "\0".join([*names, *_address(body)])


def _address(body: Mapping[str, Any]) -> list[str]:
    return [(body.get(name) or "").strip().lower() for name in ADDRESS.values()]


def _custom_data(body: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that the webhook does not know, and the phone, for which a contact has no field."""
    found = {name: value for name, value in body.items() if name not in FIELDS}
    return {**found, "phone": body["phone"]} if body.get("phone") else found
