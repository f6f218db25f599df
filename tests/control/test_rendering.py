"""POST /_emulator/render: whom it renders for, what a template sees, what is said about it, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator.app import create_app
from emulator.control.rendering import FROM_SEND
from emulator.liquid.limits import CAPS
from emulator.liquid.names import NAMESPACES
from emulator.pipeline import Emulator
from tests.liquid.bombs import BOMBS

SEED: dict[str, Any] = {
    "clock": {"now": "2026-01-01T12:00:00Z", "frozen": True},
    "profiles": [
        {"external_id": "ada", "first_name": "Ada", "custom_attributes": {"plan": "gold", "company": "Analytical"}},
        {"external_id": "bob", "first_name": "Bob"},
    ],
    "content_blocks": [{"name": "sig", "content": "-- {{${first_name}}}"}],
    "partners": {"passkit": {"tokens": ["t"]}},
}
CC = "{% connected_content https://api-pub1.passkit.io/coupon/singleUse/coupon/externalId/x OPTION :save c %}"


@pytest.fixture
def web() -> FlaskClient:
    return create_app(Emulator(SEED)).test_client()


def render(web: FlaskClient, template: str = "", **given: Any) -> Any:
    body = {**({"template": template} if template else {}), **given}
    answer = web.post("/_emulator/render", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json


def refusal(web: FlaskClient, **given: Any) -> tuple[int, str]:
    answer = web.post("/_emulator/render", json=given)
    return answer.status_code, answer.json.get("detail", "")


def rules(found: Any) -> list[str]:
    return [one["rule"] for one in found["findings"]]


# whom it renders for


def test_an_existing_user(web: FlaskClient) -> None:
    template = "{{${first_name}}} {{custom_attribute.${plan}}} {{content_blocks.${sig}}}"
    found = render(web, template, user={"external_id": "ada"})
    assert (found["outcome"], found["output"]) == ("rendered", "Ada gold -- Ada")
    assert found["user"]["external_id"] == "ada"
    assert render(web, template, user={"braze_id": found["user"]["braze_id"]})["output"] == found["output"]


def test_nobody(web: FlaskClient) -> None:
    found = render(web, "Hi {{${first_name} | default: 'you'}}")
    assert (found["output"], found["user"]) == ("Hi you", {})


def test_a_random_user_is_another_one_each_time_and_the_same_in_every_run(web: FlaskClient) -> None:
    def drawn(client: FlaskClient) -> list[str]:
        return [render(client, "{{${first_name}}}", user={"random": True})["output"] for _ in range(12)]

    first = drawn(web)
    assert set(first) == {"Ada", "Bob"}
    assert drawn(create_app(Emulator(SEED)).test_client()) == first


def test_a_random_user_of_nobody(web: FlaskClient) -> None:
    web.post("/_emulator/seed", json={})
    status, said = refusal(web, template="a", user={"random": True})
    assert (status, said) == (400, "user: the workspace has no profiles; seed some, or give a custom user")


def test_a_custom_user_is_read_as_a_profile_of_a_seed_and_kept_nowhere(web: FlaskClient) -> None:
    custom = {"external_id": "ada", "email": "Eve@Example.com", "custom_attributes": {"born": "1990-01-31T00:00:00Z"}}
    template = "{{${email_address}}} {{custom_attribute.${born} | date: '%Y'}} {{custom_attribute.${plan}}}."
    found = render(web, template, user={"custom": custom})
    assert (found["output"], found["user"]["external_id"]) == ("eve@example.com 1990 .", "ada")
    assert render(web, "{{${first_name}}}", user={"external_id": "ada"})["output"] == "Ada"
    assert render(web, "{{${first_name}}}", user={"custom": {"first_name": "Zoe"}})["output"] == "Zoe"


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({}, 400, "give either a template or a message"),
        ({"template": "a", "message": {"url": "u"}}, 400, "give either a template or a message"),
        ({"template": "a", "user": {"external_id": "eve"}}, 404, "no profile has the external_id 'eve'"),
        ({"template": "a", "user": {"external_id": "ada", "random": True}}, 400, "the request.user: "),
        ({"template": "a", "user": {"custom": {"email": "x"}}}, 400, "user.custom.email: 'x' does not match"),
        ({"template": "a", "user": {"custom": {"frist_name": "x"}}}, 400, "first_name"),
        ({"template": "a", "now": "soon"}, 400, "now: 'soon' is not an ISO 8601 time"),
        ({"template": "a", "expects": "yaml"}, 400, "the request.expects: "),
        ({"message": {"body": "b"}}, 400, "message.url: a webhook needs an address"),
        ({"message": {"channel": "fax"}}, 400, "the request.message.channel: "),
        ({"template": 1}, 400, "the request.template: 1 is not of type 'string'"),
    ],
)
def test_what_cannot_be_rendered_is_refused(web: FlaskClient, given: Any, status: int, said: str) -> None:
    found = refusal(web, **given)
    assert (found[0], said in found[1]) == (status, True), found


# what a template sees


def test_every_namespace_of_braze_is_given_or_comes_from_the_user() -> None:
    of_user = {"custom_attribute", "subscribed_state", "most_recently_used_device", "content_blocks"}
    assert FROM_SEND.keys() | of_user >= NAMESPACES


def test_what_comes_from_the_send(web: FlaskClient) -> None:
    template = (
        "{{event_properties.${a}}} {{api_trigger_properties.${a}}} {{context.${a}}} {{campaign.${name}}} {{v}} "
        "{% catalog_items C x %}{{items[0].n}} {{content_blocks.${mine}}} {{'now' | date: '%F'}}"
    )
    given: dict[str, Any] = {name: {"a": name[0]} for name in ("event_properties", "api_trigger_properties", "context")}
    given |= {"campaign": {"name": "N"}, "vars": {"v": "V"}, "catalogs": {"C": {"x": {"n": 7}}}}
    found = render(web, template, **given, content_blocks={"mine": "M"}, now="2020-02-03T00:00:00Z")
    assert found["output"] == "e a c N V 7 M 2020-02-03"


def test_a_preview_is_not_a_send(web: FlaskClient) -> None:
    template = "{% if api_trigger_properties.${n} == 3 %}three{% endif %} {{campaign.${dispatch_id}}}"
    given = {"api_trigger_properties": {"n": "3"}}
    sent, preview = render(web, template, **given), render(web, template, **given, preview=True)
    assert preview["output"] == "three dispatch_id_for_unsent_campaign"
    assert len(sent["output"]) == 1 + 32
    assert rules(sent) == ["preview_differs", "preview_differs"]


def test_another_random_seed_draws_other_numbers(web: FlaskClient) -> None:
    drawn = [render(web, "{% random 1000000 %}", random_seed=seed)["output"] for seed in ("a", "a", "b")]
    assert drawn[0] == drawn[1] != drawn[2]


# the trace


def test_the_trace_tells_each_tag_with_its_place_value_and_branch(web: FlaskClient) -> None:
    template = "<!-- one\ntwo -->a {{${first_name}}}\n{% if 1 == 2 %}x{% else %}{{ 'y' | upcase }}{% endif %}"
    [text] = render(web, template, user={"external_id": "ada"})["fields"]
    told = [(step["tag"], step["line"], step["column"], step["depth"], step["value"]) for step in text["steps"]]
    assert told == [("output", 2, 10, 0, "Ada"), ("if", 3, 1, 0, ""), ("output", 3, 27, 1, "Y")]
    assert [step.get("branch") for step in text["steps"]] == [None, "else", None]
    assert [text["output"][slice(*step["output"])] for step in text["steps"]] == ["Ada", "Y", "Y"]
    assert all(step["milliseconds"] >= 0 for step in text["steps"])
    assert render(web, template, steps=False)["fields"][0]["steps"] == []


def test_a_fetch_is_answered_by_the_partner_recorded_and_cached(web: FlaskClient) -> None:
    template = CC.replace("OPTION", ':headers {"Authorization": "Bearer t"}') + "{{c.__http_status_code__}}"
    first, second = render(web, template), render(web, template)
    fetch = first["fields"][0]["steps"][0]["fetch"]
    assert (fetch["method"], fetch["status"], fetch["called"], fetch["cached"]) == ("GET", 404, True, False)
    assert "call_failed" in rules(first)
    entries = web.get(f"/_emulator/explain/{first['trace']}").json["entries"]
    assert [one["operation"] for one in entries if one["direction"] == "out"] == ["connected_content"]
    assert second["fields"][0]["steps"][0]["fetch"]["called"], "only 2xx is cached"


def test_an_answer_of_a_partner_is_cached(web: FlaskClient) -> None:
    template = (
        '{% connected_content https://rest.iad-01.braze.com/segments/list :headers {"Authorization": "Bearer k"}'
        " :save s %}{{s.message}}"
    )
    found = [render(web, template) for _ in range(2)]
    fetches = [one["fields"][0]["steps"][0]["fetch"] for one in found]
    assert [one["output"] for one in found] == ["success", "success"]
    assert [(one["called"], one["cached"]) for one in fetches] == [(True, False), (False, True)]


def test_no_other_host_is_called(web: FlaskClient) -> None:
    [text] = render(web, "{% connected_content https://example.com/x %}")["fields"]
    assert "--allow-hosts example.com" in text["steps"][0]["fetch"]["problem"]


# what is found


@pytest.mark.parametrize(
    ("template", "given", "rule", "place"),
    [
        ("{{${first_name} | camelize}}", {}, "unsupported_filter", ("message", 1, 1)),
        ("{{${frist_name}}}", {}, "unknown_name", ("message", 1, 1)),
        ("\n {{custom_attribute.${compny}}}", {}, "unset_value", ("message", 2, 2)),
        ("{{content_block.${sig}}}", {}, "wrong_namespace", ("message", 1, 1)),
        ("{{ 'https://a.test/?b=c' | url_encode }}", {}, "link_encoded_whole", ("output", 1, 1)),
        ('{"a": 1,}', {"expects": "json"}, "invalid_json", ("output", 1, 8)),
        ('{"timestamp": "1767268800"}', {"expects": "json"}, "seconds_not_milliseconds", ("output", 1, 16)),
        ('{"a": "{{${last_name}}}"}', {"expects": "json", "required": ["a"]}, "required_value", ("message", 1, 8)),
        ('{"a": "b"}', {"expects": "json", "required": ["c"]}, "required_value", ("output", 1, 1)),
        ("{{api_trigger_properties.${n}}}{% random %}", {}, "preview_differs", ("message", 1, 32)),
        ("\nBearer <PARTNER_TOKEN>", {}, "placeholder_left", ("message", 2, 8)),
    ],
)
def test_findings_have_their_place(web: FlaskClient, template: str, given: Any, rule: str, place: Any) -> None:
    found = render(web, template, user={"external_id": "ada"}, **given)["findings"]
    assert (rule, place) in [(one["rule"], (one["place"], one["line"], one["column"])) for one in found]


@pytest.mark.parametrize(
    ("template", "meant"),
    [
        ("{{${frist_name}}}", "first_name"),
        ("{{custom_attributes.${plan}}}", "custom_attribute"),
        ("{{custom_attribute.${compny}}}", "company"),
        ("{% if 'gold' == custom_attribute.${plann} %}{% endif %}", "plan"),
        ("{% unless custom_attribute.${compny} %}{% endunless %}", "company"),
        ("{% for x in custom_attribute.${plann} %}{% endfor %}", "plan"),
        ("{% assign x = custom_attribute.${plann} | default: '' %}", "plan"),
        ("{% assign passData = 1 %}{% assign b = passDatapassData | base64_encode %}", "passData"),
    ],
)
def test_a_slip_of_the_finger_is_told_what_it_means(web: FlaskClient, template: str, meant: str) -> None:
    [finding] = render(web, template, user={"external_id": "ada"})["findings"]
    assert f"do you mean {meant}?" in finding["message"]


@pytest.mark.parametrize("template", [
    "{% if custom_attribute.${age} > 3 %}{% endif %}", "{% if passes %}{% endif %}",
    "{% for x in custom_attribute.${list} %}{% endfor %}", "{% assign x = custom_attribute.${age} | default: 3 %}",
])  # fmt: skip
def test_to_ask_for_what_is_not_set_is_usual(web: FlaskClient, template: str) -> None:
    assert render(web, template, user={"external_id": "ada"})["findings"] == []


def test_a_name_with_another_number_is_another_name(web: FlaskClient) -> None:
    [finding] = render(web, "{{custom_attribute.${plan2}}}", user={"external_id": "ada"})["findings"]
    assert "do you mean" not in finding["message"]


@pytest.mark.parametrize(
    ("template", "outcome", "reason", "place"),
    [
        ("a\n{% abort_message('no') %}", "aborted", "no", (2, 1)),
        ("{{ 1 | divided_by: 0 }}", "failed", "Liquid error: divided by 0", (1, 1)),
        ("<!-- \n --> {% if a %}", "failed", "Liquid syntax error: 'if' tag was never closed", (2, 6)),
        ("a\n  {% nope %}", "failed", "Liquid syntax error: Unknown tag 'nope'", (2, 6)),
    ],
)
def test_how_a_rendering_ends(web: FlaskClient, template: str, outcome: str, reason: str, place: Any) -> None:
    found = render(web, template)
    [text] = found["fields"]
    assert (found["outcome"], found["reason"], (text["line"], text["column"])) == (outcome, reason, place)
    assert found["abort_type"] == ("liquid_abort_message" if outcome == "aborted" else "template_parse_error")


def test_an_abort_without_a_text_is_nothing_to_find(web: FlaskClient) -> None:
    found = render(web, "{% abort_message %}")
    assert (found["reason"], found["findings"]) == ("{% abort_message %} called", [])


def test_errors_may_be_printed_instead(web: FlaskClient) -> None:
    assert render(web, "a {{ 1 | divided_by: 0 }}", print_errors=True)["output"] == "a Liquid error: divided by 0"


# messages


def test_a_webhook_is_rendered_field_by_field(web: FlaskClient) -> None:
    message = {
        "url": " https://internal.inkit.io/{{'a'}}",
        "request_headers": {"Authorization": "Basic {{ 'k' | base64_encode }}", "Content-Type": "application/json"},
        "body": '{"name": "{{${first_name}}}",}',
    }
    found = render(web, message=message, user={"external_id": "ada"})
    assert found["content"]["url"] == "https://internal.inkit.io/a"
    assert found["content"]["request_headers"]["Authorization"] == "Basic aw=="
    assert [one["field"] for one in found["fields"]] == ["url", "header Authorization", "body"]
    [wrong] = [one for one in found["findings"] if one["breaking"]]
    assert (wrong["field"], wrong["rule"], wrong["line"], wrong["column"]) == ("body", "invalid_json", 1, 15)


def test_the_headers_of_a_translated_page(web: FlaskClient) -> None:
    message = {
        "url": "https://internal.inkit.io/integrations/webhook",
        "request_headers": {
            "Autorisation": "Basique {{ '<INKIT_API_TOKEN>' | base64_encode }}",
            "Corps de la requête": "application/json",
        },
    }
    told = [(one["field"], one["rule"], one["message"]) for one in render(web, message=message)["findings"]]
    name = "header Autorisation"
    assert (
        name,
        "header_misspelt",
        "Autorisation is no header that receivers know; do you mean Authorization?",
    ) in told
    assert (name, "scheme_unknown", "Basique is no scheme of an authorization; do you mean Basic?") in told
    assert (name, "placeholder_left", "<INKIT_API_TOKEN> stands for a value of yours; put it in") in told
    assert ("header 'Corps de la requête'", "header_name") in [one[:2] for one in told]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Basic user:password", ["basic_not_encoded"]),
        ("Basic dXNlcjpwYXNzd29yZA==", []),
        ("bearer abc", []),
        ("just-a-key", []),
        ("Bearer <PARTNER_TOKEN>", ["placeholder_left"]),
    ],
)
def test_what_an_authorization_says(web: FlaskClient, value: str, found: list[str]) -> None:
    message = {"url": "https://a.test", "request_headers": {"Authorization": value}}
    assert rules(render(web, message=message)) == found


def test_an_email_is_rendered_field_by_field(web: FlaskClient) -> None:
    message = {"channel": "email", "subject": "Hi {{${first_name}}}", "body": "{% message_extras :key a :value b %}x"}
    found = render(web, message=message, user={"external_id": "ada"})
    assert found["content"] == {"subject": "Hi Ada", "body": "x"}
    assert found["extras"] == {"a": "b"}


# what it costs


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_answered_with_a_clear_error_or_cut(web: FlaskClient, name: str) -> None:
    template, cap = BOMBS[name]
    found = render(web, template, content_blocks={"loop": "{{content_blocks.${loop}}}"})
    assert found["outcome"] in ("rendered", "failed", "aborted")
    assert found["outcome"] == "failed" or not cap
    assert len(found["findings"]) <= CAPS["findings"] + 100


def test_the_texts_of_a_message_share_their_time(web: FlaskClient) -> None:
    bomb = "{% for i in (1..99999) %}" + "{% if a == b %}{% endif %}" * 90 + "{% endfor %}"
    found = render(web, message={"channel": "email", **{f"f{number}": bomb for number in range(1000)}})
    assert found["reason"].endswith("Liquid rendering timeout: a template gets 0.75 seconds of work")
    assert len(found["fields"]) == 1
    small = "{% for i in (1..90) %}{% for j in (1..9) %}{{ i | times: j }}{% endfor %}{% endfor %}"
    found = render(web, message={"channel": "email", **{f"f{number}": small for number in range(500)}})
    assert "rendering timeout" in found["reason"], "none of them alone takes so long"
    assert len(found["fields"]) > 1


HOSTILE = {
    "a trace of big values": "{% assign a = (1..90000) | sort %}{% for i in (1..1900) %}{% assign b = a %}{% endfor %}",
    "a trace of deep values": "{% assign a = custom_attribute.${deep} %}{{ a | size }}",
    "a trace of long tags": "{% for i in (1..1900) %}{% random " + " " * 500_000 + "2 %}{% endfor %}",
    "findings without end": "{% for i in (1..9000) %}{% assign x = i | append: 'x' | money %}{% endfor %}",
    "links without end": "{% for i in (1..90000) %}https%3A%2F%2F {% endfor %}",
    "a name that looks like a time": "{{ '\"' | append: t }}",
    "an endless array that is no JSON": "[{% for i in (1..90000) %}1,1,1,1,1,1,1,1,1,{% endfor %}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_told_about_a_hostile_template_is_bounded(web: FlaskClient, name: str) -> None:
    deep: Any = 1
    for _ in range(100):
        deep = {"a": [deep]}
    user = {"custom": {"custom_attributes": {"deep": deep}}}
    answer = web.post("/_emulator/render", json={
        "template": HOSTILE[name], "expects": "json", "user": user, "vars": {"t": "timestamp" * 100_000},
    })  # fmt: skip
    assert answer.status_code == 200
    assert len(answer.data) < 4 * CAPS["output"]
    assert len(answer.json["findings"]) <= CAPS["findings"] + 100
