"""The fixtures as a user's suite sees them, each in a pytest run of its own."""

from __future__ import annotations

from typing import Any

import pytest

pytest_plugins = ["pytester"]
HOOK = """
import requests
def hook(braze, **body):
    headers = {"Authorization": "Bearer " + braze.credential("your_partner")}
    return requests.post(braze.url + "/partners/your_partner/webhook", json=body, headers=headers)
"""


def outcome(pytester: pytest.Pytester, body: str, *arguments: str, **expected: int) -> str:
    """Run a test module with the plugin installed; answers what pytest printed."""
    pytester.makepyfile(HOOK + body)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(**expected)
    return result.stdout.str()


def test_each_test_has_a_workspace_of_its_own(pytester: pytest.Pytester) -> None:
    body = """
def test_one(braze):
    assert hook(braze, n=1).status_code == 202
    braze.expect(service="your_partner", count=1)
def test_two(braze):
    assert hook(braze, n=2).status_code == 202
    (entry,) = braze.expect(service="your_partner", body={"n": 2})
    assert entry.path == "/partners/your_partner/webhook"
"""
    outcome(pytester, body, passed=2)


def test_it_works_with_xdist(pytester: pytest.Pytester) -> None:
    body = """
import pytest
@pytest.mark.parametrize("n", range(6))
def test_one(braze, n):
    hook(braze, n=n)
    braze.expect(service="your_partner", body={"n": n})
"""
    outcome(pytester, body, "-n", "2", passed=6)


def test_a_failed_expectation_shows_the_nearest_request(pytester: pytest.Pytester) -> None:
    body = """
def test_one(braze):
    hook(braze, n=1)
    braze.expect(service="your_partner", body={"n": 2})
"""
    printed = outcome(pytester, body, failed=1)
    assert "body/n: expected 2, found 1" in printed


def test_waiting_gives_up_with_what_came(pytester: pytest.Pytester) -> None:
    body = """
def test_one(braze):
    hook(braze, n=1)
    assert braze.wait_for(service="your_partner")
    braze.wait_for(service="your_partner", count=2, timeout=0.05)
"""
    printed = outcome(pytester, body, failed=1)
    assert "1 of 2 requests came within 0.05 s" in printed


TWICE = """requests.post(braze.url + "/partners/your_partner/webhook", data='{"a":1,"a":2}', headers={
        "Content-Type": "application/json", "Authorization": "Bearer " + braze.credential("your_partner")})"""
UNKNOWN = 'requests.get(braze.url + "/nope", headers={"Authorization": "Bearer " + braze.key})'


@pytest.mark.parametrize(
    ("step", "allowed", "said"),
    [
        (UNKNOWN, "allow_unmatched", "/nope"),
        ('requests.get(braze.url + "/nope")', "allow_unmatched", "/nope"),
        (TWICE, "allow_loss", "duplicate_key"),
        ('braze.fault(when={"service": "inkit"}, status=500)', "allow_unused_faults", "fault-1"),
    ],
)
def test_the_end_of_a_test_is_strict_unless_the_marker_allows(
    pytester: pytest.Pytester, step: str, allowed: str, said: str
) -> None:
    body = f"""
import pytest
def test_strict(braze):
    {step}
@pytest.mark.braze({allowed}=True)
def test_allowed(braze):
    {step}
"""
    printed = outcome(pytester, body, passed=2, errors=1)
    assert said in printed


def test_a_failed_test_is_not_failed_twice(pytester: pytest.Pytester) -> None:
    body = """
def test_one(braze):
    requests.get(braze.url + "/nope")
    assert False
"""
    outcome(pytester, body, failed=1)


def test_seed_and_clock(pytester: pytest.Pytester) -> None:
    body = """
import pytest
@pytest.fixture(scope="session")
def braze_seed():
    return {"tags": ["from the fixture"]}
@pytest.mark.braze(seed={"clock": {"now": "2026-01-01T00:00:00Z", "frozen": True}})
def test_one(braze):
    assert list(braze.workspace.view().tags) == ["from the fixture"]
    braze.advance("1h")
    hook(braze)
    assert braze.requests()[0].time == 1767229200.0
"""
    outcome(pytester, body, passed=1)


def test_settings_of_the_marker(pytester: pytest.Pytester) -> None:
    body = """
import pytest
@pytest.mark.braze(settings={"rate_limits": "off"})
def test_one(braze):
    assert braze.workspace.settings()["rate_limits"] == "off"
"""
    outcome(pytester, body, passed=1)


def test_an_unknown_option_of_the_marker_fails(pytester: pytest.Pytester) -> None:
    body = """
import pytest
@pytest.mark.braze(allow_lost=True)
def test_one(braze): pass
"""
    assert "no option 'allow_lost'; use seed, settings, allow_unmatched" in outcome(pytester, body, errors=1)


def test_a_test_may_have_any_name(pytester: pytest.Pytester) -> None:
    """Parameters of a test stand in its workspace's name, and that in addresses."""
    body = """
import pytest
@pytest.mark.parametrize("path", ["/a/b", "a?b#c", "%2F", "", "\u00e9", "a\\nb"])
def test_one(braze, path):
    assert hook(braze).status_code == 202
    collector = braze.url + "/behavioral/" + braze.credential("movable_ink")
    assert requests.post(collector, json={}).status_code == 401
"""
    outcome(pytester, body, passed=6)


def test_nothing_is_imported_before_a_fixture_asks(pytester: pytest.Pytester) -> None:
    body = """
import sys
def test_one():
    assert not [name for name in sys.modules if name.startswith("emulator.") and name != "emulator.pytest_plugin"]
"""
    outcome(pytester, body, passed=1)


def test_the_key_of_another_is_refused(pytester: pytest.Pytester) -> None:
    body = """
import pytest
@pytest.mark.braze(allow_unmatched=True)
def test_one(braze):
    answer = requests.post(braze.url + "/partners/your_partner/webhook", json={}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
"""
    outcome(pytester, body, passed=1)


def test_the_marker_is_registered(pytester: pytest.Pytester) -> None:
    result: Any = pytester.runpytest_subprocess("--markers")
    assert "braze(seed=None" in result.stdout.str()


def test_losses_are_allowed_by_rule(pytester: pytest.Pytester) -> None:
    body = f"""
import pytest
@pytest.mark.braze(allow_loss="duplicate_key")
def test_allowed(braze):
    {TWICE}
@pytest.mark.braze(allow_loss=["repaired"])
def test_another(braze):
    {TWICE}
@pytest.mark.braze(allow_loss=["no_such_rule"])
def test_unknown(braze):
    pass
"""
    printed = outcome(pytester, body, passed=3, errors=2)
    assert "duplicate_key" in printed and "there is no rule 'no_such_rule'" in printed


def test_why_and_what_if_and_apply(pytester: pytest.Pytester) -> None:
    body = """
import pytest
def track(braze, **attributes):
    requests.post(braze.url + "/users/track", json={"attributes": [attributes]},
                  headers={"Authorization": "Bearer " + braze.key})

@pytest.mark.braze(settings={"asynchrony": {"policy": "manual"}})
def test_one(braze):
    track(braze, external_id="ada", plan="free")
    assert [change["field"] for change in braze.what_if("/users/track", {"attributes": [{"external_id": "ada"}]})
            ["changes"]].count("") >= 1
    braze.apply()
    assert [reason["after"] for reason in braze.why("ada", "plan")] == ["free"]
    assert braze.what_if("/users/track", {"attributes": [{"external_id": "ada", "plan": "pro"}]})["status"] == 201
    assert braze.profile("ada")["custom_attributes"] == {"plan": "free"}
"""
    outcome(pytester, body, passed=1)


def test_a_campaign_is_declared_for_one_test(pytester: pytest.Pytester) -> None:
    body = """
import pytest, requests
from emulator.errors import ConfigError
PARAMETERS = {"url": "http://emulator/partners/your_partner/webhook", "token": "t"}
def campaign(braze, **fields):
    parameters = {**PARAMETERS, "token": braze.credential("your_partner")}
    message = {"template": "your_partner/webhook", "parameters": parameters}
    return braze.campaign("C", [message], trigger={"event": {"name": "seen"}}, **fields)
def see(braze, user="ada"):
    event = {"external_id": user, "name": "seen", "time": "2026-01-01T00:00:00Z"}
    headers = {"Authorization": "Bearer " + braze.key}
    requests.post(braze.url + "/users/track", json={"events": [event]}, headers=headers)
def test_one(braze):
    assert campaign(braze)["messages"][0]["id"] == "C-1"
    see(braze)
    braze.expect(operation="receive_webhook", body={"external_id": "ada"})
    assert braze.messages(campaign="C", user="ada")[0]["status"] == "sent"
    braze.expect_messages(campaign="C", channel="webhook")
    with pytest.raises(AssertionError, match="webhook of 'C' to ada: channel: expected 'sms', found 'webhook'"):
        braze.expect_messages(campaign="C", channel="sms")
    with pytest.raises(ValueError, match="messages have no 'chanel' to look for"):
        braze.messages(chanel="sms")
    for find, query, told in (
        (braze.messages, {"channel": "mail"}, "there is no channel 'mail'; use webhook, email, sms"),
        (braze.messages, {"status": "delivered"}, "there is no status 'delivered'; use sent, sending, failed"),
        (braze.decisions, {"outcome": "skipped"}, "there is no outcome 'skipped'; use waiting"),
        (braze.decisions, {"usr": "ada"}, "decisions have no 'usr' to look for; use campaign"),
        (braze.decisions, {"canvas": "V"}, "there is no canvas 'V'; there are: none"),
    ):
        with pytest.raises(ValueError, match=told):
            find(**query)
    with pytest.raises(ValueError, match="there is no campaign 'D'; there are: C"):
        braze.expect_messages(count=0, campaign="D")
    braze.expect_messages(count=0, user="nobody")
    campaign(braze, audience={"profiles": ["eve"]})
    see(braze, "bob")
    assert [one["outcome"] for one in braze.decisions(campaign="C")] == ["sent", "not_sent"]
def test_two(braze):
    see(braze)
    assert braze.decisions() == []
    braze.expect_messages(count=0)
    with pytest.raises(AssertionError, match="nobody was to get one"):
        braze.expect_messages()
def test_canvas(braze):
    push = {"channel": "email", "app_id": "a", "from": "a@b.co", "subject": "{{context.${n}}}", "body": "<p>"}
    braze.canvas("V", [{"delay": "1h"}, {"message": push}], trigger={"event": {"name": "seen"}})
    see(braze)
    braze.advance("1h")
    assert [one["outcome"] for one in braze.decisions(canvas="V", user="ada")] == ["finished", "not_sent"]
def test_three(braze):
    with pytest.raises(ConfigError, match=r"campaign\\.delay: "):
        campaign(braze, delay="soon")
"""
    outcome(pytester, body, passed=4)
