"""What the web API's calls have in common: whose data it is, and where in the body a value stands."""

from __future__ import annotations

from emulator.call import Call


def organization(call: Call) -> str:
    """The organization of the path. The client names it in the body too."""
    code = call.params["org"]
    named = call.body.get("organizationCode", code)
    if named != code:
        call.fate("/organizationCode", "ketch_organization_differs", named, f"'{code}' stands in the path")
    return code


def identities(call: Call) -> dict[str, str]:
    """Identity space -> value, without the empty ones."""
    return {space: value for space, value in call.body.get("identities", {}).items() if value}


def identities_to_write(call: Call) -> dict[str, str]:
    """The identities of a call that stores something; a fate tells when there is none to store it for."""
    found = identities(call)
    if not found:
        note = "send an identity with a value, for example email; did Ketch's tag capture the identity space?"
        call.fate("/identities", "ketch_no_identity", call.body.get("identities"), note)
    return found


def pointer(*steps: str) -> str:
    """A JSON pointer into the body."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def seconds(call: Call) -> int:
    """Now, as Ketch counts it."""
    return int(call.now.timestamp())
