"""The rights that visitors invoke."""

from __future__ import annotations

from emulator.call import Call, Json
from emulator.handlers.ketch import _requests


def invoke_right(call: Call) -> Json:
    """Record the right. Nothing is carried to Braze."""
    organization = _requests.organization(call)
    number = call.state.next("ketch_rights")
    call.state.ketch_rights[f"{number:012d}"] = {
        "invokedAt": _requests.seconds(call),
        **call.body,
        "organizationCode": organization,
    }
    note = "send users/delete or users/export/ids to Braze yourself"
    call.fate("/rightCode", "ketch_right_not_forwarded", call.body["rightCode"], note)
    return {}
