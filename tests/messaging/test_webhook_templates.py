"""The library of webhook templates: each one is sent for a complete user and meets the partner it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from emulator import inspection, resources, seed
from emulator.errors import ConfigError
from emulator.journal import Entry
from emulator.matching import differences
from emulator.state import webhook_templates
from tests.conftest import Client, client
from tests.messaging.sends import NOW, table, track

LIBRARY = webhook_templates.built_in()
MESSAGES = {name: one for name, one in LIBRARY.items() if "message" in one}
BLOCKS = {name: one for name, one in LIBRARY.items() if "content_block" in one}
ADA = {
    "external_id": "ada",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone": "+14155552671",
    "home_city": "Austin",
    "country": "US",
    "time_zone": "America/New_York",
    "custom_attributes": {"company_name": "Acme", "address": "12 Main", "address2": "B", "state": "TX", "zip": "78701"},
}
"""A user who lacks nothing that a template takes."""


def emulator(messages: list[dict[str, Any]], event: str = "seen", partners: Any = None, **more: Any) -> Client:
    campaign = {"id": "c", "name": "A & B", "trigger": {"event": {"name": event}}, "messages": messages}
    document = {
        "clock": {"now": NOW, "frozen": True},
        "profiles": [ADA],
        "partners": partners or {},
        "campaigns": [{**campaign, **more.pop("campaign", {})}],
        **more,
    }
    seed.check(document)
    return client(document)


def sent(name: str) -> tuple[Client, Entry]:
    """The built-in message, sent for its example, and what the receiver recorded."""
    example = LIBRARY[name]["example"]
    message = {"id": "m", "template": name, "parameters": example.get("parameters", {}), **example.get("overrides", {})}
    braze = emulator([message], example["event"]["name"], example.get("given"))
    trace = track(braze, name=example["event"]["name"], **example["event"].get("properties", {}))
    entries = braze.emulator.journal.find(limit=-1, trace=trace, direction="in")
    assert len(entries) == 2, [(entry.path, entry.status, entry.note) for entry in braze.entries]
    return braze, entries[1]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_template_meets_its_partner_as_its_example_says(name: str) -> None:
    _, entry = sent(name)
    wanted = MESSAGES[name]["example"]["answer"]
    shown = inspection.shown(entry, reveal=True)
    assert entry.status == wanted["status"], (entry.request_body, entry.response_body)
    assert [str(one) for one in differences(wanted.get("body", {}), shown["response"]["body"])] == []
    rules = [one if isinstance(one, dict) else {"rule": one} for one in wanted.get("fates", ())]
    found = [{name: fate[name] for name in rule} for rule, fate in zip(rules, shown["fates"], strict=True)]
    assert found == rules


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_not_as_printed_renders_without_a_finding(name: str) -> None:
    braze, _ = sent(name)
    [message] = table(braze, "messages")
    findings = [one for one in message["findings"] if "empty" not in one]
    assert bool(findings) is name.endswith("_as_printed"), findings


POOR = {"external_id": 'a"b\\c', "first_name": '"', "custom_attributes": {"address": "1\n2"}}
"""A user who has next to nothing, and whose texts JSON has to escape."""


@pytest.mark.parametrize("name", [one for one in MESSAGES if not one.endswith("_as_printed") and one != "blank"])
def test_a_mended_body_is_json_whatever_the_user_lacks(name: str) -> None:
    message = {"id": "m", "template": name, "parameters": MESSAGES[name]["example"]["parameters"]}
    braze = emulator([message], profiles=[POOR])
    track(braze, str(POOR["external_id"]))
    [sent] = braze.emulator.journal.find(limit=-1, direction="out")
    assert POOR["external_id"] in orjson.loads(sent.request_body).values() or name == "inkit/postcard"


def printed(name: str) -> tuple[Client, str]:
    """What a message prints that calls the Content Block, as its example says."""
    example = LIBRARY[name]["example"]
    push = {"id": "m", "channel": "email", "app_id": "a", "from": "a@b.co", "subject": "s", "body": example["text"]}
    block = {"template": name, "parameters": example["parameters"]}
    braze = emulator([push], example["event"]["name"], example.get("given"), content_blocks=[block])
    track(braze, name=example["event"]["name"])
    [message] = table(braze, "messages")
    assert message["status"] == "sent", message
    return braze, message["content"]["body"]


@pytest.mark.parametrize("name", [name for name in BLOCKS if "prints" in BLOCKS[name]["example"]])
def test_a_content_block_prints_what_its_example_says(name: str) -> None:
    assert printed(name)[1] == BLOCKS[name]["example"]["prints"]


@pytest.mark.parametrize("name", [name for name in BLOCKS if "opens" in BLOCKS[name]["example"]])
def test_a_link_opens_as_its_example_says(name: str) -> None:
    braze, link = printed(name)
    parts = urlsplit(link)
    response = braze.send("GET", parts.path or "/", query=parts.query, host=parts.hostname or "")
    wanted = BLOCKS[name]["example"]["opens"]
    assert response.status == wanted["status"], (link, response.headers)
    assert [fate.rule for fate in braze.entries[-1].fates] == wanted["fates"]


def test_every_template_has_an_example_with_an_outcome_and_a_source() -> None:
    for name, one in LIBRARY.items():
        assert one["title"] and one["about"] and one["source"], name
        assert one["level"] in ("documented", "observed", "assumed"), name
        assert {"answer", "prints", "opens"} & one["example"].keys(), name
        assert ("message" in one) is not ("content_block" in one), name


def test_every_placeholder_stands_in_the_template_and_is_explained() -> None:
    for name, one in LIBRARY.items():
        for parameter in one.get("parameters", {}).values():
            assert parameter["placeholder"] in str(one.get("message") or one["content_block"]), name
            assert parameter["about"], name


@pytest.mark.parametrize("name", ["product_viewed", "category_viewed", "identify"])
def test_the_printed_bodies_are_those_of_the_page(name: str) -> None:
    page = Path(__file__).parent.parent / "fixtures" / "movable_ink" / f"{name}.liquid"
    assert LIBRARY[f"movable_ink/{name}_as_printed"]["message"]["body"].strip() == page.read_text().strip()


def test_every_partner_that_takes_webhooks_has_a_template() -> None:
    folders = {path.parent.name for path in resources.folder("schemas").glob("*/webhook_templates.yaml")}
    assert folders == {"braze", "inkit", "movable_ink", "passkit", "your_partner"}


# copies


OWN = {
    "name": "reviews",
    "parameters": {"key": {"placeholder": "<KEY>", "about": "the key"}},
    "message": {
        "url": "https://rest.iad-01.braze.com/users/track?k=<KEY>",
        "request_method": "POST",
        "request_headers": {"Authorization": "Bearer <KEY>", "X-Kind": "a"},
        "body": '{"attributes": []}',
    },
}


def variant(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    braze = emulator([{"id": "m", **message}], webhook_templates=[OWN], **more)
    found: dict[str, Any] = braze.emulator.workspaces.default.view().campaigns["c"]["messages"][0]
    return {name: found[name] for name in ("channel", "url", "request_method", "request_headers", "body")}


def test_a_message_gets_a_copy_of_the_template_under_its_own_fields() -> None:
    message = {"template": "reviews", "parameters": {"key": "k1"}}
    assert variant({**message, "request_headers": {"x-kind": "b"}, "body": "{}"}) == {
        "channel": "webhook",
        "url": "https://rest.iad-01.braze.com/users/track?k=k1",
        "request_method": "POST",
        "request_headers": {"Authorization": "Bearer k1", "x-kind": "b"},
        "body": "{}",
    }


def test_a_parameter_is_needed_only_where_its_placeholder_is_left() -> None:
    own = {"url": "https://example.com", "request_headers": {"authorization": "Bearer {{'k'}}"}}
    assert variant({"template": "reviews", **own})["request_headers"] == {
        "X-Kind": "a",
        "authorization": "Bearer {{'k'}}",
    }


def test_changes_that_are_not_published_have_copies_too() -> None:
    message = {"id": "m", "template": "reviews", "parameters": {"key": "k"}}
    campaign = {"post_launch_draft": {"messages": [message]}}
    braze = emulator([message], webhook_templates=[OWN], campaign=campaign)
    [found] = braze.emulator.workspaces.default.view().campaigns["c"]["post_launch_draft"]["messages"]
    assert (found["channel"], "template" in found) == ("webhook", False)


def test_a_value_that_looks_like_another_placeholder_stays_what_it_is() -> None:
    template = {
        "name": "two",
        "parameters": {"a": {"placeholder": "<A>"}, "b": {"placeholder": "<B>"}},
        "message": {"url": "https://example.com/<A>/<B>", "request_method": "POST"},
    }
    message = {"id": "m", "template": "two", "parameters": {"a": "<B>", "b": "2"}}
    braze = emulator([message], webhook_templates=[template])
    [found] = braze.emulator.workspaces.default.view().campaigns["c"]["messages"]
    assert found["url"] == "https://example.com/<B>/2"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"template": "reviews"}, "messages[0].parameters.key: missing; it stands for <KEY>: the key"),
        ({"template": "review"}, "messages[0].template: there is no template 'review'; did you mean 'reviews'?"),
        (
            {"template": "inkit"},
            "messages[0].template: there is no template 'inkit'; there are: reviews, blank, ",
        ),
        (
            {"template": "reviews", "parameters": {"key": "k", "kye": "k"}},
            "messages[0].parameters.kye: the template has no such parameter; it takes: key",
        ),
        (
            {"template": "reviews", "parameters": {"key": "a'b"}},
            "messages[0].parameters.key: Liquid, quotation marks, backslashes and line breaks have no place here",
        ),
        (
            {"template": "reviews", "parameters": {"key": "{{x}}"}},
            "messages[0].parameters.key: Liquid, quotation marks",
        ),
        ({"template": "blank"}, "messages[0].url: the template 'blank' has none; say where the webhook goes"),
        (
            {"template": "passkit/coupon_status"},
            "messages[0].template: 'passkit/coupon_status' is a Content",
        ),
    ],
)
def test_a_message_that_cannot_be_made_says_what_is_wrong(message: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigError) as raised:
        variant(message)
    assert str(raised.value).startswith(f"seed.campaigns[0].{error}")


def test_the_flaws_of_all_messages_and_campaigns_are_told() -> None:
    broken = [{"id": "1", "template": "x"}, {"id": "2", "template": "reviews"}]
    with pytest.raises(ConfigError) as raised:
        emulator(broken, webhook_templates=[OWN], campaign={"delay": "soon"})
    assert [line.partition(": ")[0] for line in str(raised.value).splitlines()] == [
        "seed.campaigns[0].messages[0].template",
        "seed.campaigns[0].messages[1].parameters.key",
    ]


@pytest.mark.parametrize("name", ["blank", "reviews"])
def test_an_own_template_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ConfigError, match=r"seed\.webhook_templates\[1\]\.name: '\w+' .*; choose another name"):
        client({"webhook_templates": [OWN, {**OWN, "name": name}]})


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"template": "blank", "channel": "email"}, "channel: 'webhook' was expected"),
        ({"template": "blank", "subject": "x"}, "messages[0]: 'subject' was unexpected"),
        ({"template": "blank", "parameters": {"a": 1}}, "parameters.a: 1 is not of type 'string'"),
        ({"parameters": {}, "channel": "webhook", "url": "x", "request_method": "POST"}, "'parameters' was unexpected"),
    ],
)
def test_the_schema_says_what_stands_beside_a_template(message: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigError) as raised:
        emulator([{"id": "m", **message}])
    assert error in str(raised.value)


def test_a_content_block_may_have_a_name_of_its_own() -> None:
    block = {"template": "passkit/smartpass_url", "name": "link", "parameters": {"secret": "s"}, "tags": ["wallet"]}
    view = client({"content_blocks": [block]}).emulator.workspaces.default.view()
    [found] = view.content_blocks.values()
    assert (found["name"], 'hmac_sha1: "s"' in found["content"]) == ("link", True)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({"template": "passkit/smartpass_url"}, "seed.content_blocks[0].parameters.secret: missing; it stands for Pro"),
        ({"template": "x"}, "seed.content_blocks[0].template: there is no template 'x'; there are: passkit"),
        ({"template": "blank"}, "seed.content_blocks[0].template: 'blank' is a webhook, not a Content Block"),
        ({"name": "a"}, "seed.content_blocks[0]: 'content' is a required property"),
    ],
)  # fmt: skip
def test_a_content_block_that_cannot_be_made_says_what_is_wrong(block: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigError) as raised:
        client({"content_blocks": [block]})
    assert str(raised.value).startswith(error)
