"""The postcard webhook: every way to authenticate, every reason to refuse, and what is told about translated keys."""

from __future__ import annotations

import base64
import unicodedata
from typing import Any

import pytest

from emulator import fates
from emulator.pipeline import Emulator
from tests.conftest import Client

PATH = "/integrations/webhook"
TEMPLATE = "bd9b0b8c-c47b-40ae-8787-80dd76f6d2bb"
ACCEPTED = {"message": "Accepted", "status_code": 202}
UNAUTHORIZED = {"message": "Unauthorized", "status_code": 401}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def inkit(part: dict[str, Any] | None = None, mode: str = "strict", authorization: str = basic("tok_test")) -> Client:
    document = {"settings": {"modes": {"inkit": mode}}, "partners": {"inkit": {"tokens": ["tok_test"], **(part or {})}}}
    headers = {"content-type": "application/json", "authorization": authorization}
    return Client(Emulator(document), {name: value for name, value in headers.items() if value})


def postcard(without: str = "", **fields: Any) -> dict[str, Any]:
    body = {
        "api_token": "tok_test",
        "template_id": TEMPLATE,
        "first_name": "Ada",
        "last_name": "L",
        "email": "ada@example.com",
        "company": "Acme",
        "phone": "+15125550100",
        "address_line_1": "1 Main St",
        "address_line_2": "",
        "address_city": "Austin",
        "address_state": "TX",
        "address_zip": "78701",
        "address_country": "US",
        "source": "Braze",
        **fields,
    }
    return {name: value for name, value in body.items() if name != without}


def test_send_mailing_accepts_the_sample() -> None:
    client = inkit()
    status, body = client.post(PATH, postcard(plan="gold"))
    assert (status, client.fates) == (202, [])
    assert body == {**ACCEPTED, "id": body["id"]} and len(body["id"]) == 36


def test_send_mailing_accepts_every_token_while_none_is_seeded() -> None:
    assert Client(Emulator(), {"authorization": basic("anything")}).post(PATH, postcard("api_token"))[0] == 202


@pytest.mark.parametrize(
    "authorization, api_token, status",
    [
        (basic("tok_test"), "tok_test", 202),
        (basic("tok_test"), None, 202),
        (basic("tok_test"), "", 202),
        (basic("tok_test:"), "tok_test", 202),
        (basic("tok_test:"), None, 202),
        (basic("Inkit tok_test"), "Inkit tok_test", 202),
        ("basic " + basic("tok_test")[6:], "tok_test", 202),
        ("Inkit tok_test", "tok_test", 202),
        ("Inkit tok_test", None, 202),
        ("", "tok_test", 202),
        ("", "Inkit tok_test", 202),
        ("Basic ", "tok_test", 202),
        ("Bearer something", "tok_test", 202),
        ("", None, 401),
        ("", "other", 401),
        ("", 7, 401),
        (basic("other"), None, 401),
        (basic("other"), "tok_test", 401),
        (basic("tok_test"), "<INKIT_API_TOKEN>", 401),
        (basic("user:tok_test"), "tok_test", 401),
        (basic(":"), "tok_test", 401),
        ("Inkit other", "tok_test", 401),
        ("Bearer tok_test", None, 401),
        ("Basic tok_test", "tok_test", 401),
        ("Basic %%%", "tok_test", 401),
    ],
)
def test_send_mailing_knows_the_token_in_all_its_forms(authorization: str, api_token: Any, status: int) -> None:
    body = postcard("api_token") if api_token is None else postcard(api_token=api_token)
    assert inkit(authorization=authorization).post(PATH, body)[0] == status


@pytest.mark.parametrize(
    "authorization, body, hint",
    [
        (basic("other"), postcard(), "differ"),
        ("Basic tok_test", postcard(), "base64_encode"),
        ("", postcard("api_token"), "Authorization: Basic base64(<token>), without colon"),
        ("Inkit other", postcard(api_token="other"), "no workspace has this credential"),
        ("", '{"api_token": "tok_test"', "the body is not JSON"),
    ],
)
def test_send_mailing_says_why_the_token_was_refused(authorization: str, body: Any, hint: str) -> None:
    client = inkit(authorization=authorization)
    response = client.send("POST", PATH, body)
    assert response.status == 401
    assert hint in response.headers["X-Emulator-Hint"] and hint in client.entries[-1].note
    assert client.post(PATH, body) == (401, UNAUTHORIZED)


def test_send_mailing_looks_at_the_token_before_the_body() -> None:
    assert inkit(authorization="Inkit other").post(PATH, {"address_state": "Texas"}) == (401, UNAUTHORIZED)


REQUIRED = "This field is required."
LETTERS = "Must be two letters."


@pytest.mark.parametrize("field", ["template_id", "address_line_1", "address_city", "address_zip"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_send_mailing_takes_an_empty_text_for_a_missing_one(field: str, how: str) -> None:
    body = postcard(field) if how == "absent" else postcard(**{field: ""})
    expected = {"message": "Validation error", "status_code": 422, "errors": {field: [REQUIRED]}}
    assert inkit().post(PATH, body) == (422, expected)


@pytest.mark.parametrize(
    "fields, errors",
    [
        ({"address_state": "Texas"}, {"address_state": [LETTERS]}),
        ({"address_state": "T"}, {"address_state": [LETTERS]}),
        ({"address_state": "42"}, {"address_state": [LETTERS]}),
        ({"address_state": ""}, {"address_state": [REQUIRED]}),
        ({"address_country": "USA"}, {"address_country": [LETTERS]}),
        ({"address_country": ""}, {"address_country": [REQUIRED]}),
        ({"address_line_1": "x" * 65}, {"address_line_1": ["Longer than maximum length 64."]}),
        ({"address_zip": 78701}, {"address_zip": ["Not a valid string."]}),
        ({"address_zip": None}, {"address_zip": ["Not a valid string."]}),
        ({"phone": 5125550100}, {"phone": ["Not a valid string."]}),
        ({"first_name": "", "last_name": ""}, {"first_name": ["Either first_name or last_name is required."]}),
        ({"first_name": None, "last_name": None}, {"first_name": ["Either first_name or last_name is required."]}),
        (
            {"address_city": "", "address_state": "Texas"},
            {"address_city": [REQUIRED], "address_state": [LETTERS]},
        ),
    ],
)
def test_send_mailing_refuses_what_cannot_be_posted(fields: dict[str, Any], errors: dict[str, list[str]]) -> None:
    client = inkit()
    assert client.post(PATH, postcard(**fields)) == (
        422,
        {"message": "Validation error", "status_code": 422, "errors": errors},
    )
    assert client.emulator.workspaces.default.view().inkit_mailings.values() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"address_line_1": "x" * 64},
        {"first_name": ""},
        {"last_name": ""},
        {"first_name": None},
        {"email": "", "company": "", "phone": ""},
        {"email": None, "company": None, "phone": None, "address_line_2": None, "source": None},
        {"address_state": "tx", "address_country": "us"},
        {"address_zip": "01234"},
        {"template_id": "tmpl_3bDScFl9cwr3OAVR1RSdEC"},
        {"plan": {"name": "gold"}, "points": 7},
    ],
)
def test_send_mailing_takes_what_can_be_posted(fields: dict[str, Any]) -> None:
    assert inkit().post(PATH, postcard(**fields))[0] == 202


@pytest.mark.parametrize("name", ["first_name", "last_name"])
def test_send_mailing_needs_one_name_only(name: str) -> None:
    assert inkit().post(PATH, postcard(name))[0] == 202


def test_send_mailing_refuses_a_body_that_is_no_json() -> None:
    cut = '{"api_token":"tok_test","first_name":"Dwayne "The Rock" Johnson"}'
    assert inkit().post(PATH, cut) == (400, {"message": "Malformed JSON", "status_code": 400})


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_send_mailing_refuses_a_body_that_is_no_object(body: Any) -> None:
    assert inkit().call("POST", PATH, body if body is not None else b"null")[0] in (400, 422)


def test_send_mailing_does_not_look_at_the_content_type() -> None:
    assert Client(Emulator(), {"request body": "application/json"}).post(PATH, postcard())[0] == 202


def test_send_mailing_knows_seeded_templates_only() -> None:
    client = inkit({"templates": [{"id": TEMPLATE, "name": "Welcome"}]})
    assert client.post(PATH, postcard())[0] == 202
    response = client.send("POST", PATH, postcard(template_id="tmpl_x"))
    assert client.post(PATH, postcard(template_id="tmpl_x")) == (
        404,
        {"message": "Template not found", "status_code": 404},
    )
    assert "partners.inkit.templates" in response.headers["X-Emulator-Hint"]


@pytest.mark.parametrize(
    "name, meant",
    [
        ("compagnie", "company"),
        ("téléphone", "phone"),
        (unicodedata.normalize("NFD", "téléphone"), "phone"),
        ("telephone", "phone"),
    ],
)
def test_send_mailing_tells_that_a_translated_key_is_lost(name: str, meant: str) -> None:
    client = inkit()
    assert client.post(PATH, postcard(meant, **{name: "x"}))[0] == 202
    (fate,) = client.entries[-1].fates
    assert (fate.pointer, fate.rule, fate.value) == (f"/{name}", "inkit_translated_key", "x")
    assert f"'{meant}' was meant" in fate.note and fates.is_loss(fate.rule)
    (contact,) = client.get("/v1/contacts/")[1]
    assert contact["body"]["custom_data"][name] == "x" and not contact["body"].get(meant)


@pytest.mark.parametrize("name, meant", [("compagnie", "company"), ("téléphone", "phone"), ("telephone", "phone")])
def test_send_mailing_takes_a_translated_key_in_lenient_mode(name: str, meant: str) -> None:
    client = inkit(mode="lenient")
    assert client.post(PATH, postcard(meant, **{name: "x"}))[0] == 202
    assert client.fates == [(f"/{name}", "inkit_translated_key_taken")]
    contact = client.get("/v1/contacts/")[1][0]["body"]
    assert {**contact, **contact["custom_data"]}[meant] == "x" and name not in contact["custom_data"]


def test_send_mailing_says_nothing_where_the_original_key_is_there_too() -> None:
    client = inkit()
    client.post(PATH, postcard(compagnie="x", company="Acme"))
    assert client.fates == []


def test_send_mailing_prints_an_equal_postcard_twice_and_says_so() -> None:
    client = inkit()
    first = client.post(PATH, postcard(phone="1"))[1]["id"]
    second = client.post(PATH, postcard(phone="2", address_city=" AUSTIN "))[1]["id"]
    assert [(fate.rule, fate.value) for fate in client.entries[-1].fates] == [("inkit_possible_duplicate", first)]
    mailings = client.emulator.workspaces.default.view().inkit_mailings
    assert {first, second} == set(mailings) and mailings[second]["duplicate_of"] == first
    assert not fates.is_loss("inkit_possible_duplicate")


@pytest.mark.parametrize(
    "fields", [{"template_id": "tmpl_x"}, {"email": "b@example.com"}, {"address_line_1": "2 Main St"}]
)
def test_send_mailing_does_not_call_other_postcards_duplicates(fields: dict[str, Any]) -> None:
    client = inkit()
    client.post(PATH, postcard())
    client.post(PATH, postcard(**fields))
    assert client.fates == []


def test_send_mailing_does_not_keep_the_token() -> None:
    client = inkit()
    client.post(PATH, postcard())
    assert "tok_test" not in str(client.emulator.workspaces.default.view().inkit_mailings.values())


@pytest.mark.parametrize(
    "method, path, status, message",
    [
        ("GET", "/integrations/webhook", 405, "Method Not Allowed"),
        ("POST", "/integrations/letters-webhook", 404, "Not Found"),
        ("POST", "/integrations/nothing", 404, "Not Found"),
    ],
)
def test_send_mailing_is_the_only_webhook(method: str, path: str, status: int, message: str) -> None:
    assert inkit().call(method, path, {}) == (status, {"message": message, "status_code": status})


def test_send_mailing_is_found_by_the_real_host_name() -> None:
    client = inkit()
    assert client.post(PATH, postcard(), host="internal.inkit.io")[0] == 202
    assert client.post("/nothing", {}, host="internal.inkit.io") == (404, {"message": "Not Found", "status_code": 404})


def test_send_mailing_refuses_a_body_over_a_megabyte() -> None:
    assert inkit().post(PATH, postcard(plan="x" * 1_048_576))[0] == 413


def test_a_minted_workspace_has_a_token_of_its_own() -> None:
    client = inkit()
    client.emulator.workspaces.mint("w1", {})
    assert client.post(PATH, postcard(api_token="inkit-w1"), authorization=basic("inkit-w1"))[0] == 202
    assert client.entries[-1].workspace == "w1"
    assert client.get("/v1/contacts/", authorization="Inkit tok_test") == (200, [])
