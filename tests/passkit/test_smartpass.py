"""SmartPass links: the signature decides, the first visit makes the pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from emulator.call import Response
from tests.conftest import Client, client

URL = "https://pub1.pskt.io/c/abc123"
SECRET = "exampleSmartPassSecret0"
VECTOR = (
    "data=eyJwZXJzb24uZXh0ZXJuYWxJZCI6InVzZXItMSIsInBlcnNvbi5lbWFpbEFkZHJlc3MiOiJhQGV4YW1wbGUuY29tIiwibWVtYmVycy50aWVy"
    "LmlkIjoiYmFzZSJ9&sig=f4562998155f8f29e8b90f998b6b25d915609084"
)
"""Computed with Python's hmac and with OpenSSL, for URL and SECRET."""
PAGE_FIELDS = {
    "members.member.externalId": "user-1",
    "members.member.points": "100",
    "members.tier.name": "current_customer",
    "person.displayName": "Ada L",
    "person.externalId": "user-1",
    "universal.expiryDate": "2027-03-02T12:00:00Z",
}
"""The payload of the Braze page, rendered."""


def smartpass(mode: str = "strict", host: str = "127.0.0.1:27293", **project: Any) -> Client:
    declared = {"shortCode": "abc123", "secret": SECRET, "classId": "prog000000000000000001", **project}
    document = {
        "clock": {"now": "2026-03-01T12:00:00Z", "frozen": True},
        "settings": {"modes": {"passkit": mode}},
        "partners": {"passkit": {"projects": [declared]}},
    }
    return client(document, host=host)


def coupons() -> Client:
    return smartpass(protocol="SINGLE_USE_COUPON", classId="camp", offerId="offer")


def signed(data: str, url: str = URL, secret: str = SECRET) -> str:
    signature = hmac.new(secret.encode(), f"{url}?data={data}".encode(), hashlib.sha1).hexdigest()
    return f"data={data}&sig={signature}"


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.b64encode(raw).decode()


def visit(opened: Client, query: str, code: str = "abc123") -> Response:
    return opened.send("GET", f"/c/{code}", query=query, authorization="", user_agent="test-browser")


def passes(opened: Client) -> list[Any]:
    return list(opened.emulator.workspaces.default.view().passkit_passes.values())


def rules(opened: Client) -> list[str]:
    return [rule for _, rule in opened.fates]


# the signature


@pytest.mark.parametrize("host", ["127.0.0.1:27293", "localhost", "pub1.pskt.io", ""])
def test_open_smartpass_verifies_the_vector_at_every_host(host: str) -> None:
    opened = smartpass(host=host)
    response = visit(opened, VECTOR)
    assert response.status == 302
    assert response.headers["Location"] == f"/{passes(opened)[0]['id']}"
    assert len(passes(opened)[0]["id"]) == 22
    assert "X-Passkit-Token" not in response.headers


def test_open_smartpass_verifies_against_the_project_url_of_the_seed() -> None:
    opened = smartpass(url="https://pub2.pskt.io/c/abc123")
    assert visit(opened, VECTOR).status == 400
    assert visit(opened, signed(encoded({}), "https://pub2.pskt.io/c/abc123")).status == 302


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        (VECTOR[:-1] + "5", "HMAC-SHA1(project secret, 'https://pub1.pskt.io/c/abc123?data=...')"),
        (VECTOR.replace("InVzZXItMSI", "InVzZXItMiI"), "HMAC-SHA1"),
        (VECTOR[:-1], "HMAC-SHA1"),
        (VECTOR + "0", "HMAC-SHA1"),
        (VECTOR.replace("f4562998155f", "F4562998155F"), "lower-case"),
        (VECTOR.partition("&sig=")[0], "&sig="),
        ("sig=00&" + VECTOR, "HMAC-SHA1"),
        ("data=&sig=00", "&sig="),
        ("", "&sig="),
        ("data=abc&iv=000102", "encrypted"),
        (VECTOR.replace("&sig=", "&sig=é"), "HMAC-SHA1"),
        (signed(encoded({}), secret="another"), "HMAC-SHA1"),
        (signed(encoded({}).replace("=", "%3D")).replace("%3D", "="), "HMAC-SHA1"),
        (signed("e30=").replace("e30=", "e30%3D"), "percent-encoded"),
    ],
)
def test_open_smartpass_refuses_a_bad_signature_with_a_page(query: str, hint: str) -> None:
    opened = smartpass()
    response = visit(opened, query)
    assert response.status == 400
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.body.startswith(b"<!doctype html>")
    assert hint in response.headers["X-Emulator-Hint"]
    assert passes(opened) == []


def test_open_smartpass_names_a_query_that_was_encoded_into_the_path() -> None:
    response = smartpass().send("GET", f"/c/abc123?{VECTOR}")
    assert response.status == 404
    assert response.headers["X-Emulator-Hint"].startswith("the query was URL-encoded")


BYTES_WITH_ALL_SIGNS = {"person.displayName": "~~~???>>>ÿÿÿ"}


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        lambda text: text.rstrip("="),
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
        lambda text: text.replace("+", " "),
        lambda text: text.replace("+", "%2B").replace("=", "%3D"),
    ],
    ids=["standard", "without padding", "url-safe", "url-safe without padding", "spaces", "percent-encoded"],
)
def test_open_smartpass_reads_every_form_of_base64(form: Any) -> None:
    text = encoded(json.dumps(BYTES_WITH_ALL_SIGNS, ensure_ascii=False).encode())
    assert "+" in text and "/" in text and "=" in text, "the sample must have all the signs"
    opened = smartpass()
    assert visit(opened, signed(form(text))).status == 302
    assert passes(opened)[0]["values"] == BYTES_WITH_ALL_SIGNS


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ("*", "not base64"),
        ("a", "not base64"),
        (encoded(b"{"), "not JSON"),
        (encoded(b"\xff"), "not JSON"),
        (encoded(b'{"person.displayName": "the "quoted" one"}'), "not JSON"),
        (encoded(b'{"universal.expiryDate": "{{ "now" | date: "%s" }}"}'), "Liquid that was not rendered"),
        (encoded(["a"]), "JSON object"),
        (encoded({"members.member.points": 100}), "must be a text"),
        (encoded({"person.surname": None}), "must be a text"),
    ],
)
def test_open_smartpass_refuses_signed_nonsense_with_a_page(data: str, hint: str) -> None:
    opened = smartpass()
    response = visit(opened, signed(data))
    assert (response.status, response.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert hint in response.headers["X-Emulator-Hint"]


@pytest.mark.parametrize(
    "document", [None, {"partners": {"passkit": {"projects": [{"shortCode": "x", "secret": "y"}]}}}]
)
def test_open_smartpass_of_an_unknown_project(document: Any) -> None:
    response = visit(client(document), VECTOR)
    assert (response.status, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "seed" in response.headers["X-Emulator-Hint"]


def test_open_smartpass_hint_for_a_newcomer_is_a_seed_that_works() -> None:
    hint = visit(client(), VECTOR).headers["X-Emulator-Hint"]
    assert "partners: {passkit: {projects: [{shortCode: abc123, secret: <project secret>}]}}" in hint


# the pass


def test_open_smartpass_makes_one_pass_for_many_visits() -> None:
    opened = smartpass()
    first, second = visit(opened, VECTOR), visit(opened, VECTOR + "&utm_source=braze")
    assert first.headers["Location"] == second.headers["Location"]
    assert len(passes(opened)) == 1
    assert [[fate.rule for fate in entry.fates] for entry in opened.entries] == [
        ["passkit_pass_created"],
        ["passkit_pass_reused"],
    ]


def test_open_smartpass_records_what_the_link_says() -> None:
    opened = smartpass()
    visit(opened, VECTOR)
    assert passes(opened)[0] == {
        "id": passes(opened)[0]["id"],
        "shortCode": "abc123",
        "protocol": "MEMBERSHIP",
        "classId": "prog000000000000000001",
        "externalId": "",
        "values": {
            "person.externalId": "user-1",
            "person.emailAddress": "a@example.com",
            "members.tier.id": "base",
        },
        "passMetaData": {
            "status": "PASS_ISSUED",
            "lifecycleEvents": ["RENDERED"],
            "utm": {"source": "Unknown"},
            "renderUserAgent": "test-browser",
            "issueAt": "2026-03-01T12:00:00Z",
            "renderedAt": "2026-03-01T12:00:00Z",
            "lastUpdatedAt": "2026-03-01T12:00:00Z",
        },
        "created": "2026-03-01T12:00:00Z",
        "updated": "2026-03-01T12:00:00Z",
    }


def test_open_smartpass_reuses_the_pass_of_an_external_id_and_drops_new_values() -> None:
    opened = smartpass()
    locations = [
        visit(
            opened, signed(encoded({"members.member.externalId": "user-1", "members.member.points": points}))
        ).headers["Location"]
        for points in ("100", "200")
    ]
    assert locations[0] == locations[1] and len(passes(opened)) == 1
    assert passes(opened)[0]["values"]["members.member.points"] == "100"
    assert rules(opened) == ["passkit_pass_reused", "passkit_link_values_ignored"]


def test_open_smartpass_makes_another_pass_for_another_link() -> None:
    opened = smartpass()
    for name in ("Ada", "Grace"):
        visit(opened, signed(encoded({"person.forename": name})))
    assert len(passes(opened)) == 2


def test_open_smartpass_keeps_unsigned_tracking() -> None:
    opened = smartpass()
    visit(opened, VECTOR + "&utm_source=braze&utm_name=spring%20sale&utm_campaign=spring&fbclid=1")
    assert passes(opened)[0]["passMetaData"]["utm"] == {"source": "braze", "name": "spring sale"}
    assert opened.fates == [("/utm_campaign", "passkit_unknown_tracking"), ("", "passkit_pass_created")]


@pytest.mark.parametrize(
    ("mode", "rule", "values"),
    [("strict", "passkit_tier_name", {}), ("lenient", "repaired", {"members.tier.id": "current_customer"})],
)
def test_open_smartpass_takes_the_payload_of_the_braze_page(mode: str, rule: str, values: dict[str, str]) -> None:
    opened = smartpass(mode)
    assert visit(opened, signed(encoded(PAGE_FIELDS))).status == 302
    assert opened.fates == [("/data/members.tier.name", rule), ("", "passkit_pass_created")]
    kept = {name: value for name, value in PAGE_FIELDS.items() if name != "members.tier.name"}
    assert passes(opened)[0]["values"] == {**kept, **values}
    assert passes(opened)[0]["externalId"] == "user-1"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("person.email", "a@example.com", "passkit_unknown_smartpass_field"),
        ("singleUseCoupons.coupon.sku", "SKU10", "passkit_unknown_smartpass_field"),
        ("location[11].lat", "1", "passkit_unknown_smartpass_field"),
        ("meta.", "x", "passkit_unknown_smartpass_field"),
        ("person.gender", "female", "passkit_bad_smartpass_value"),
        ("person.dateOfBirth", "10/12/1815", "passkit_bad_smartpass_value"),
        ("person.dateOfBirth", "1815-02-30", "passkit_bad_smartpass_value"),
        ("universal.expiryDate", "tomorrow", "passkit_bad_smartpass_value"),
        ("universal.optIn", "yes", "passkit_bad_smartpass_value"),
    ],
)
def test_open_smartpass_tells_what_it_ignores(name: str, value: str, rule: str) -> None:
    opened = smartpass()
    assert visit(opened, signed(encoded({name: value}))).status == 302
    assert opened.fates == [(f"/data/{name}", rule), ("", "passkit_pass_created")]
    assert passes(opened)[0]["values"] == {}


@pytest.mark.parametrize(
    "name", ["location[10].lat", "beacon[1].uuid", "colors.textColor", "images.privilige", "meta.favourite colour"]
)
def test_open_smartpass_knows_the_published_fields(name: str) -> None:
    opened = smartpass()
    visit(opened, signed(encoded({name: "1", "person.surname": ""})))
    assert rules(opened) == ["passkit_pass_created"]
    assert passes(opened)[0]["values"] == {name: "1"}, "an empty text is unset"


def test_open_smartpass_notices_a_name_that_stands_twice() -> None:
    opened = smartpass()
    visit(opened, signed(encoded(b'{"person.surname":"A","person.surname":"B"}')))
    assert ("/data/person.surname", "duplicate_key") in opened.fates


# coupon projects


def test_open_smartpass_of_a_coupon_project_makes_a_coupon() -> None:
    opened = coupons()
    fields = {
        "singleUseCoupons.coupon.externalId": "user-1",
        "singleUseCoupons.coupon.sku": "SKU10",
        "person.displayName": "Ada L",
        "person.gender": "2",
        "person.dateOfBirth": "1815-12-10",
        "person.otherNames": "Augusta",
        "universal.expiryDate": "2027-03-02T12:00:00Z",
        "universal.optIn": "false",
        "meta.colour": "blue",
    }
    location = visit(opened, signed(encoded(fields)) + "&utm_source=braze").headers["Location"]
    status, coupon = opened.get("/coupon/singleUse/coupon/externalId/camp/user-1")
    assert status == 200
    assert location == f"/{coupon['id']}"
    assert (coupon["offerId"], coupon["sku"], coupon["optOut"]) == ("offer", "SKU10", True)
    assert coupon["expiryDate"] == "2027-03-02T12:00:00Z" and coupon["metaData"] == {"colour": "blue"}
    assert coupon["person"]["gender"] == "FEMALE" and coupon["person"]["otherNames"] == ["Augusta"]
    assert coupon["person"]["dateOfBirth"] == {"year": 1815, "month": 12, "day": 10}
    assert coupon["passMetaData"]["lifecycleEvents"] == ["RENDERED"]
    assert coupon["passMetaData"]["utm"] == {"source": "braze", "medium": "", "name": "", "term": "", "content": ""}


def test_open_smartpass_of_a_coupon_project_reuses_a_coupon_made_by_the_api() -> None:
    opened = coupons()
    body = {"externalId": "user-1", "campaignId": "camp", "offerId": "offer", "sku": "SKU10"}
    id = opened.post("/coupon/singleUse/coupon", body)[1]["id"]
    fields = {"singleUseCoupons.coupon.externalId": "user-1", "singleUseCoupons.coupon.sku": "SKU20"}
    assert visit(opened, signed(encoded(fields))).headers["Location"] == f"/{id}"
    assert rules(opened) == ["passkit_pass_reused", "passkit_link_values_ignored"]
    coupon = opened.get(f"/coupon/singleUse/coupon/{id}")[1]
    assert coupon["sku"] == "SKU10" and coupon["passMetaData"]["renderedAt"] == "2026-03-01T12:00:00Z"
    assert visit(opened, signed(encoded(fields))).headers["Location"] == f"/{id}"
    assert len(passes(opened)) == 1


def test_open_smartpass_belongs_to_the_workspace_of_its_project() -> None:
    opened = smartpass()
    minted = opened.emulator.workspaces.mint("other", {})
    query = signed(encoded({}), "https://pub1.pskt.io/c/other", "secret-other")
    assert visit(opened, query, "other").status == 302
    assert len(minted.view().passkit_passes) == 1 and passes(opened) == []
