"""Inkit's old public API: the contacts that webhooks made."""

from __future__ import annotations

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import inkit


def list_contacts(call: Call) -> Json:
    """All contacts, oldest first, each in its wrapper."""
    return [_wrapped(contact) for contact in inkit.contacts(call.state)]


def get_contact(call: Call) -> Json:
    """A list of the one contact. Raises ApiError contact_not_found."""
    found = call.state.inkit_contacts.get(call.params["contact_id"])
    if found is None:
        raise ApiError("contact_not_found", hint="GET /v1/contacts/ lists the ids; each accepted webhook makes one")
    return [_wrapped(inkit.shown(found))]


def _wrapped(contact: Json) -> Json:
    return {"body": contact, "response": {"message": "OK", "status_code": 200}}
