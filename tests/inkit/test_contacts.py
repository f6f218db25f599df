"""Reading back what Inkit received."""

from __future__ import annotations

from typing import Any

from tests.inkit.test_integrations import PATH, inkit, postcard


def sent(*bodies: dict[str, Any]) -> Any:
    client = inkit()
    for body in bodies:
        assert client.post(PATH, body)[0] == 202
    return client


def test_list_contacts_wraps_each_contact() -> None:
    client = sent(postcard(plan="gold", points=7))
    for path in ("/v1/contacts/", "/v1/contacts"):
        status, (item,) = client.get(path, authorization="Inkit tok_test")
        assert (status, item["response"]) == (200, {"message": "OK", "status_code": 200})
    contact = item["body"]
    assert contact == {
        "id": contact["id"],
        "created_at": contact["created_at"],
        "updated_at": contact["updated_at"],
        "source": "Braze",
        "first_name": "Ada",
        "last_name": "L",
        "company": "Acme",
        "email": "ada@example.com",
        "address": {
            "street": "1 Main St",
            "unit": "",
            "city": "Austin",
            "state": "TX",
            "zip": "78701",
            "country": "US",
        },
        "tags": [],
        "custom_data": {"phone": "+15125550100", "plan": "gold", "points": 7},
    }


def test_list_contacts_is_empty_before_the_first_postcard() -> None:
    assert inkit().get("/v1/contacts/") == (200, [])


def test_list_contacts_shows_the_oldest_first() -> None:
    client = sent(*(postcard(email=f"{name}@example.com") for name in ("c", "a", "b")))
    emails = [item["body"]["email"] for item in client.get("/v1/contacts/")[1]]
    assert emails == ["c@example.com", "a@example.com", "b@example.com"]


def test_list_contacts_updates_the_contact_of_an_email_address() -> None:
    client = sent(
        postcard(plan="gold"),
        postcard(email="ADA@example.com", first_name="", company="New", address_line_1="2 Main St", team="x"),
    )
    (item,) = client.get("/v1/contacts/")[1]
    contact = item["body"]
    assert (contact["first_name"], contact["company"], contact["address"]["street"]) == ("Ada", "New", "2 Main St")
    assert contact["custom_data"] == {"phone": "+15125550100", "plan": "gold", "team": "x"}


def test_list_contacts_tells_people_without_email_apart_by_name_and_address() -> None:
    same = postcard("email")
    client = sent(same, same, postcard("email", first_name="Bea"), postcard("email", address_line_1="2 Main St"))
    assert len(client.get("/v1/contacts/")[1]) == 3


def test_get_contact_answers_a_list_of_one() -> None:
    client = sent(postcard(), postcard(email="b@example.com"))
    first, second = client.get("/v1/contacts/")[1]
    assert client.get(f"/v1/contacts/{second['body']['id']}", authorization="Inkit tok_test") == (200, [second])
    assert client.get(f"/v1/contacts/{first['body']['id']}", host="api.next.inkit.io") == (200, [first])


def test_get_contact_refuses_an_unknown_id() -> None:
    assert inkit().get("/v1/contacts/x") == (404, {"message": "Contact not found", "status_code": 404})


def test_contacts_need_the_token() -> None:
    client = sent(postcard())
    for path in ("/v1/contacts/", "/v1/contacts/x"):
        assert client.get(path, authorization="Inkit other")[0] == 401
        assert client.get(path, authorization="")[0] == 401


def test_contacts_cannot_be_posted() -> None:
    assert inkit().post("/v1/contacts/", {}) == (405, {"message": "Method Not Allowed", "status_code": 405})


def test_contacts_have_the_time_of_the_workspace() -> None:
    client = inkit()
    clock = client.emulator.workspaces.default.clock
    clock.set(1_767_323_045, frozen=True)
    client.post(PATH, postcard())
    clock.advance(60)
    client.post(PATH, postcard())
    contact = client.get("/v1/contacts/")[1][0]["body"]
    assert (contact["created_at"], contact["updated_at"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z")
