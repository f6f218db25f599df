"""Whose workspace a delivery arrives in: the credential's, or the sender's where that declares none for the service."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, client
from tests.messaging.sends import EVENT, HOOK, out, track

INKIT = "https://internal.inkit.io/integrations/webhook"
CARD = (
    '{"api_token": "TOKEN", "template_id": "bd9b0b8c-c47b-40ae-8787-80dd76f6d2bb", "first_name": "A", "last_name": "B",'
    ' "email": "a@example.com", "address_line_1": "12 Main Street", "address_city": "Austin", "address_state": "TX",'
    ' "address_zip": "78701", "address_country": "US", "source": "Braze"}'
)


def two(seed: dict[str, Any] | None = None, token: str = "tok", **hook: Any) -> Client:
    """A default workspace that declares nothing, and `other`, whose campaign orders a card with a token."""
    braze = client()
    message = {**HOOK, "url": INKIT, "request_headers": {"Content-Type": "application/json"},
               "body": CARD.replace("TOKEN", token), **hook}  # fmt: skip
    campaign = {"id": "c", "name": "C", "trigger": EVENT, "messages": [message]}
    document = {"profiles": [{"external_id": "ada"}], "api_keys": [{"key": "other"}], "campaigns": [campaign]}
    braze.emulator.workspaces.mint("other", {**document, **(seed or {})})
    braze.headers["authorization"] = "Bearer other"
    return braze


def arrived(braze: Client, service: str = "inkit") -> list[tuple[str, int]]:
    found = braze.emulator.journal.find(limit=-1, service=service, direction="in")
    return [(one.workspace, one.status) for one in found]


def test_a_service_without_declared_credentials_answers_within_the_senders_workspace() -> None:
    braze = two()
    track(braze)
    assert arrived(braze) == [("other", 202)]
    assert len(braze.emulator.workspaces.all["other"].state["inkit_mailings"]) == 1
    assert len(braze.emulator.workspaces.default.state["inkit_mailings"]) == 0


def test_a_declared_credential_decides() -> None:
    declared = {"partners": {"inkit": {"tokens": ["mine"]}}}
    right, wrong = two(declared, token="mine"), two(declared, token="tok")
    track(right)
    track(wrong)
    assert arrived(right) == [("other", 202)]
    assert arrived(wrong) == [("other", 401)], "refused as by the real service, and told where the sender looks"


def test_the_credential_of_another_workspace_leads_there_as_from_anybody() -> None:
    braze = two(token="theirs")
    braze.emulator.workspaces.mint("third", {"partners": {"inkit": {"tokens": ["theirs"]}}})
    track(braze)
    assert arrived(braze) == [("third", 202)]


def test_a_client_cannot_say_that_it_is_a_delivery() -> None:
    braze = two()
    answer = braze.send("POST", "/integrations/webhook", CARD, x_emulator_workspace="other", host="internal.inkit.io")
    assert answer.status == 401
    assert len(braze.emulator.workspaces.all["other"].state["inkit_mailings"]) == 0


def test_a_rendered_header_cannot_choose_a_workspace() -> None:
    braze = two(request_headers={"Content-Type": "application/json", "x-emulator-workspace": "default"})
    track(braze)
    assert arrived(braze) == [("other", 202)]


@pytest.mark.parametrize(("keys", "status"), [([], 201), ([{"key": "mine"}], 401)])
def test_braze_to_braze(keys: list[dict[str, str]], status: int) -> None:
    braze = two({"api_keys": keys}, url="https://rest.iad-01.braze.com/users/track",
                request_headers={"Authorization": "Bearer any", "Content-Type": "application/json"},
                body='{"attributes": [{"external_id": "eve"}]}')  # fmt: skip
    braze.headers["authorization"] = f"Bearer {'mine' if keys else 'key-other'}"
    track(braze)
    assert arrived(braze, "braze")[-1] == ("other", status)
    assert out(braze)[0].status == status


def test_a_seed_that_is_planted_later_declares_anew() -> None:
    braze = two()
    spaces = braze.emulator.workspaces
    spaces.plant(spaces.all["other"], {**spaces.all["other"].document, "partners": {"inkit": {"tokens": ["mine"]}}})
    track(braze)
    assert arrived(braze) == [("other", 401)]


def test_messages_of_a_branch_stay_in_it() -> None:
    """They use the credentials of the workspace that it came from."""
    braze = two({"partners": {"inkit": {"tokens": ["mine"]}}}, token="mine")
    spaces = braze.emulator.workspaces
    branch = spaces.branch(spaces.all["other"], "branch")
    braze.headers["authorization"] = f"Bearer {spaces.credentials(branch)[0][1].credential}"
    track(braze)
    assert arrived(braze) == [("branch", 202)]
    assert spaces.branch(branch, "twig").inherited.keys() >= {("inkit", "mine")}
    other = braze.send("POST", "/integrations/webhook", CARD.replace("TOKEN", "mine"), authorization="Inkit mine")
    assert other.status == 202 and arrived(braze)[-1] == ("other", 202), "whoever calls from outside means the owner"
