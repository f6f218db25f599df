"""What visitors allow, purpose by purpose."""

from __future__ import annotations

from typing import Final

from emulator.call import Call, Json
from emulator.handlers.ketch import _requests
from emulator.state import ketch

KEPT: Final = ("vendors", "googleVendors", "vendorConsents", "protocols", "collectedAt")
"""Fields beside the purposes that are stored with them and answered again."""
WORDS: Final = {"granted": "true", "denied": "false"}
PURPOSE: Final = "purpose "
"""Before a purpose's code in the name of a setting, so that no code can be taken for a field."""


def get_consent(call: Call) -> Json:
    """The request with the stored purposes; a purpose that is not stored comes back as it was asked."""
    organization, identities = _requests.organization(call), _requests.identities(call)
    stored = ketch.stored(call.state.ketch_consents, organization, identities)
    known = {name[len(PURPOSE) :]: value for name, value in stored.items() if name.startswith(PURPOSE)}
    asked = call.body["purposes"]
    purposes = {code: {**asked[code], **known.get(code, {})} for code in asked} or known
    return {**call.body, **{name: stored[name] for name in KEPT if name in stored}, "purposes": purposes}


def update_consent(call: Call) -> Json:
    """Store the purposes; the answer is the request as it was stored."""
    organization, identities = _requests.organization(call), _requests.identities_to_write(call)
    purposes = {code: _purpose(call, code) for code in call.body["purposes"]}
    body = {"collectedAt": _requests.seconds(call), **call.body, "purposes": purposes}
    settings = {name: body[name] for name in KEPT if name in body}
    settings.update({PURPOSE + code: purpose for code, purpose in purposes.items()})
    ketch.store(call.state, call.state.ketch_consents, organization, identities, settings)
    return body


def _purpose(call: Call, code: str) -> Json:
    purpose = call.body["purposes"][code]
    word = WORDS.get(purpose["allowed"])
    if word is None:
        return purpose
    call.fate(_requests.pointer("purposes", code, "allowed"), "ketch_allowed_word", purpose["allowed"], f"'{word}'")
    return {**purpose, "allowed": word}
