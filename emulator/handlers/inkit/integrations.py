"""Inkit's webhooks for other systems: postcards."""

from __future__ import annotations

import unicodedata
from typing import Final

from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.state import inkit

MEANT: Final = {"compagnie": "company", "telephone": "phone"}
"""Keys of the translated webhook template, without accents -> the field that the original writes there."""


def send_mailing(call: Call) -> Json:
    """Queue a postcard, and make or update the contact it is for. Raises ApiError template_not_found."""
    body = _with_translated_keys(call)
    if not inkit.knows_template(call.state, body["template_id"]):
        raise ApiError(
            "template_not_found",
            hint=f"declare '{body['template_id']}' in the seed under partners.inkit.templates, or declare no template",
        )
    contact_id = inkit.save_contact(call.state, body, call.now)
    mailing = inkit.save_mailing(call.state, body, contact_id, call.now)
    if mailing["duplicate_of"]:
        call.fate("", "inkit_possible_duplicate", mailing["duplicate_of"], "the value is the id of the earlier one")
    return {"message": "Accepted", "status_code": 202, "id": mailing["id"]}


def _with_translated_keys(call: Call) -> dict[str, Json]:
    """The body as Inkit reads it: a translated key is custom data, and in lenient mode the field that was meant."""
    body: dict[str, Json] = dict(call.body)
    for name in call.body:
        meant = _meant(name)
        if not meant or body.get(meant):
            continue
        if call.lenient():
            body[meant] = body.pop(name)
            call.fate(f"/{name}", "inkit_translated_key_taken", body[meant], f"taken as '{meant}'; write that")
        else:
            call.fate(f"/{name}", "inkit_translated_key", body[name], f"'{meant}' was meant; write that")
    return body


def _meant(name: str) -> str:
    if name in inkit.FIELDS:
        return ""
    letters = unicodedata.normalize("NFKD", name)
    return MEANT.get("".join(letter for letter in letters if not unicodedata.combining(letter)), "")
