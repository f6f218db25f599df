"""PassKit coupons: create, update, read, in both external-id forms of the path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Client, client

COUPON = "/coupon/singleUse/coupon"
CAMPAIGN = "2xa1lRy8dBz4eEElBfmIz8"
OFFER = "4IjBhwkzpHFlqZQVPHz6F1"
NEW = {"externalId": "user-1", "offerId": OFFER, "campaignId": CAMPAIGN}
PAGE_BODY = {"externalId": "user-1", "campaignId": CAMPAIGN, "expiryDate": "2020-05-10T00:00:00Z"}

REDEMPTION_DETAILS = """\
{
    "redemptionDate": null,
    "redemptionCode": "",
    "lat": 0,
    "lon": 0,
    "alt": 0,
    "redemptionSource": "",
    "redemptionReference": "",
    "transactionReference": "",
    "transactionAmount": 0
}"""
"""As the Braze page prints it."""


def passkit(mode: str = "strict", now: str = "2026-03-01T12:00:00Z", **part: Any) -> Client:
    document = {
        "clock": {"now": now, "frozen": True},
        "settings": {"modes": {"passkit": mode}},
        "partners": {"passkit": part},
    }
    return client(document, host="api-pub1.passkit.io")


def created(passkit: Client, **fields: Any) -> str:
    status, answer = passkit.post(COUPON, {**NEW, **fields})
    assert status == 200, answer
    return str(answer["id"])


def put(passkit: Client, **fields: Any) -> tuple[int, Any]:
    return passkit.call("PUT", COUPON, fields)


def read(passkit: Client, campaign: str = CAMPAIGN, external: str = "user-1") -> Any:
    status, answer = passkit.get(f"{COUPON}/externalId/{campaign}/{external}")
    assert status == 200, answer
    return answer


# create


def test_create_coupon_needs_no_seed_and_is_read_back_in_both_ways() -> None:
    newcomer = client()
    id = created(newcomer)
    assert len(id) == 22 and id.isalnum()
    assert put(newcomer, **PAGE_BODY) == (200, {"id": id})
    by_id = newcomer.get(f"{COUPON}/{id}")[1]
    assert by_id == read(newcomer)
    assert by_id["expiryDate"] == "2020-05-10T00:00:00Z"


def test_create_coupon_stamps_the_workspace_time() -> None:
    emulated = passkit()
    created(emulated)
    assert (read(emulated)["created"], read(emulated)["updated"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z")


@pytest.mark.parametrize("missing", ["offerId", "campaignId"])
@pytest.mark.parametrize("value", ["", None, "absent"])
def test_create_coupon_counts_an_empty_field_as_missing(missing: str, value: str | None) -> None:
    body = {name: item for name, item in NEW.items() if name != missing}
    body |= {} if value == "absent" else {missing: value}  # type: ignore[dict-item]
    status, answer = passkit().post(COUPON, body)
    assert (status, answer) == (
        400,
        {"error": f"{missing} is required", "code": 3, "message": f"{missing} is required", "details": []},
    )


def test_create_coupon_refuses_an_external_id_of_the_same_campaign_only() -> None:
    emulated = passkit()
    created(emulated)
    status, answer = emulated.post(COUPON, NEW)
    assert (status, answer["code"]) == (409, 6)
    assert created(emulated, campaignId="another") != created(emulated, externalId="user-2")


def test_create_coupon_without_external_id_may_repeat() -> None:
    emulated = passkit()
    assert created(emulated, externalId="") != created(emulated, externalId="")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 200, None),
        ({"campaignId": "unknown"}, 404, 5),
        ({"campaignId": "closed"}, 400, 9),
        ({"campaignId": f" {CAMPAIGN}"}, 404, 5),
        ({"offerId": "unknown"}, 404, 5),
        ({"offerId": "elsewhere"}, 404, 5),
        ({"offerId": "everywhere"}, 200, None),
    ],
)
def test_create_coupon_checks_the_campaigns_and_offers_of_the_seed(
    fields: dict[str, str], status: int, code: int | None
) -> None:
    emulated = passkit(
        campaigns=[{"id": CAMPAIGN}, {"id": "closed", "status": ["PROJECT_DISABLED_FOR_OBJECT_CREATION"]}],
        offers=[{"id": OFFER, "campaignId": CAMPAIGN}, {"id": "elsewhere", "campaignId": "x"}, {"id": "everywhere"}],
    )
    found, answer = emulated.post(COUPON, {**NEW, **fields})
    assert (found, answer.get("code")) == (status, code)


def test_create_coupon_ignores_what_the_service_sets_itself() -> None:
    emulated = passkit()
    id = created(emulated, id="mine", created="2001-01-01T00:00:00Z")
    assert id != "mine" and read(emulated)["created"] == "2026-03-01T12:00:00Z"
    assert emulated.entries[0].fates[0].rule == "passkit_fixed_field"


def test_create_coupon_reads_both_spellings_and_enum_numbers() -> None:
    emulated = passkit()
    body = {"external_id": "user-1", "offer_id": OFFER, "campaign_id": CAMPAIGN, "status": 1}
    body |= {
        "person": {"display_name": "Ada", "gender": 2, "date_of_birth": {"year": "1815", "month": 12, "day": 10.0}}
    }
    assert emulated.post(COUPON, body)[0] == 200
    coupon = read(emulated)
    assert coupon["status"] == "REDEEMED"
    assert coupon["person"]["displayName"] == "Ada" and coupon["person"]["gender"] == "FEMALE"
    assert coupon["person"]["dateOfBirth"] == {"year": 1815, "month": 12, "day": 10}
    assert "external_id" not in coupon


def test_create_coupon_tells_which_fields_it_ignores() -> None:
    emulated = passkit()
    created(emulated, userDefinedId="user-1", person={"email": "a@example.com"})
    fates = emulated.entries[-1].fates
    assert [(fate.pointer, fate.rule) for fate in fates] == [
        ("/userDefinedId", "passkit_unknown_field"),
        ("/person/email", "passkit_unknown_field"),
    ]
    assert fates[0].note == "userDefinedId belongs to PassKit's earlier API; send externalId"


@pytest.mark.parametrize(
    "fields",
    [
        {"externalId": 5},
        {"optOut": "true"},
        {"status": "USED"},
        {"status": 7},
        {"metaData": {"a": 1}},
        {"metaData": []},
        {"person": "Ada"},
        {"person": {"otherNames": "Ada"}},
        {"redemptionDetails": {"lat": "north"}},
        {"redemptionDetails": {"alt": 1.5}},
        {"expiryDate": 1588000000},
        {"expiryDate": "2020-05-10"},
        {"expiryDate": "2020-05-10T00:00:00"},
        {"expiryDate": "2020-02-30T00:00:00Z"},
        {"expiryDate": "2020-05-10T25:00:00Z"},
        {"expiryDate": "0001-01-01T00:00:00+02:00"},
        {"passOverrides": {"links": [{"type": "URI_FAX"}]}},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_create_coupon_and_update_refuse_values_of_another_type(fields: dict[str, Any], method: str) -> None:
    emulated = passkit(coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}])
    status, answer = emulated.call(method, COUPON, {**NEW, **fields})
    assert (status, answer["code"], answer["details"]) == (400, 3, [])
    assert answer["error"] == answer["message"] != ""


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 2000])
def test_create_coupon_refuses_what_is_no_object(body: bytes) -> None:
    status, answer = passkit().post(COUPON, body)
    assert (status, answer["code"]) == (400, 3)


# update


def test_update_coupon_takes_the_body_of_the_braze_page_without_its_space() -> None:
    emulated = passkit(coupons=[{"id": "0aBcDeFgHiJkLmNoPqRsTu", "externalId": "user-1", "campaignId": CAMPAIGN}])
    response = emulated.send("PUT", COUPON, PAGE_BODY)
    assert (response.status, response.body) == (200, b'{"id":"0aBcDeFgHiJkLmNoPqRsTu"}')
    assert response.headers["X-Passkit-Token"] == "test-key"
    assert emulated.fates == []


def test_update_coupon_refuses_the_leading_space_and_says_so() -> None:
    emulated = passkit(coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}])
    response = emulated.send("PUT", COUPON, {**PAGE_BODY, "campaignId": f" {CAMPAIGN}"})
    assert response.status == 404
    assert json.loads(response.body) == {
        "error": "campaign not found",
        "code": 5,
        "message": "campaign not found",
        "details": [],
    }
    assert emulated.fates == [("/campaignId", "passkit_space_around_id")]
    assert response.headers["X-Emulator-Fates"] == "passkit_space_around_id"
    assert response.headers["X-Emulator-Hint"].endswith(f"send '{CAMPAIGN}'")
    assert read(emulated)["expiryDate"] is None


def test_update_coupon_trims_the_space_in_lenient_mode() -> None:
    emulated = passkit("lenient", coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}])
    assert put(emulated, **{**PAGE_BODY, "campaignId": f" {CAMPAIGN}"})[0] == 200
    assert emulated.fates == [("/campaignId", "repaired")]
    assert read(emulated)["expiryDate"] == "2020-05-10T00:00:00Z"


def test_update_coupon_is_a_patch() -> None:
    emulated = passkit()
    id = created(emulated, sku="SKU10", metaData={"a": "b"}, person={"displayName": "Ada"})
    before = read(emulated)
    assert put(emulated, id=id, status="REDEEMED")[0] == 200
    assert read(emulated) == {**before, "status": "REDEEMED"}
    assert emulated.entries[-2].fates == []


def test_update_coupon_moves_updated_and_keeps_created() -> None:
    emulated = passkit()
    id = created(emulated)
    emulated.emulator.workspaces.default.clock.advance(60)
    put(emulated, id=id, sku="SKU10")
    assert read(emulated)["created"] == "2026-03-01T12:00:00Z"
    assert read(emulated)["updated"] == "2026-03-01T12:01:00Z"


@pytest.mark.parametrize(
    "body", [{}, {"externalId": "user-1"}, {"campaignId": CAMPAIGN}, {"id": "", "sku": "x"}, {"id": None, "sku": "x"}]
)
def test_update_coupon_needs_an_address(body: dict[str, Any]) -> None:
    status, answer = put(passkit(coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}]), **body)
    assert (status, answer["code"]) == (400, 3)


@pytest.mark.parametrize("body", [{"id": "unknown"}, {"externalId": "user-2", "campaignId": CAMPAIGN}])
def test_update_coupon_does_not_create(body: dict[str, Any]) -> None:
    emulated = passkit(coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}])
    assert put(emulated, **body) == (
        404,
        {"error": "coupon not found", "code": 5, "message": "coupon not found", "details": []},
    )


@pytest.mark.parametrize(
    ("field", "value"), [("externalId", "user-9"), ("campaignId", "another"), ("created", "2001-01-01T00:00:00Z")]
)
def test_update_coupon_cannot_change_fixed_fields(field: str, value: str) -> None:
    emulated = passkit()
    id = created(emulated)
    before = read(emulated)
    assert put(emulated, id=id, **{field: value})[0] == 200
    assert emulated.fates == [(f"/{field}", "passkit_fixed_field")]
    assert read(emulated) == before


@pytest.mark.parametrize(
    ("field", "stored", "empty"),
    [("sku", "SKU10", ""), ("optOut", True, False), ("status", "REDEEMED", "UNREDEEMED"), ("metaData", {"a": "b"}, {})],
)
def test_update_coupon_cannot_empty_a_field(field: str, stored: Any, empty: Any) -> None:
    emulated = passkit()
    id = created(emulated, **{field: stored})
    assert put(emulated, id=id, **{field: empty})[0] == 200
    assert emulated.fates == [(f"/{field}", "passkit_empty_value")]
    assert read(emulated)[field] == stored


def test_update_coupon_has_no_fate_for_an_empty_value_of_an_empty_field() -> None:
    emulated = passkit()
    id = created(emulated)
    put(emulated, id=id, sku="", optOut=False, status="UNREDEEMED", person=None)
    assert emulated.fates == []


def test_update_coupon_replaces_an_object_and_names_what_is_gone() -> None:
    emulated = passkit()
    id = created(emulated, person={"displayName": "Ada", "externalId": "user-1"})
    put(emulated, id=id, person={"displayName": "Ada L"})
    assert emulated.entries[-1].fates[0].rule == "passkit_replaced"
    assert emulated.entries[-1].fates[0].note == "gone: externalId"
    assert read(emulated)["person"]["externalId"] == ""


# read


def test_get_coupon_prints_redemption_details_byte_for_byte() -> None:
    emulated = passkit()
    created(emulated)
    assert json.dumps(read(emulated)["redemptionDetails"], indent=4) == REDEMPTION_DETAILS


def test_get_coupon_emits_every_field_in_order() -> None:
    emulated = passkit()
    id = created(emulated, person={"externalId": "user-1"})
    body = emulated.send("GET", f"{COUPON}/{id}").body.decode()
    assert body == (
        f'{{"id":"{id}","externalId":"user-1","offerId":"{OFFER}","campaignId":"{CAMPAIGN}",'
        '"person":{"surname":"","forename":"","otherNames":[],"salutation":"","suffix":"","displayName":"",'
        '"gender":"NOT_KNOWN","dateOfBirth":null,"emailAddress":"","mobileNumber":"","externalId":"user-1",'
        '"externalIds":{}},"metaData":{},"sku":"","optOut":false,"status":"UNREDEEMED","expiryDate":null,'
        '"redemptionDetails":{"redemptionDate":null,"redemptionCode":"","lat":0,"lon":0,"alt":0,'
        '"redemptionSource":"","redemptionReference":"","transactionReference":"","transactionAmount":0},'
        '"passOverrides":null,"passMetaData":{"status":"PASS_ISSUED","lifecycleEvents":[],"utm":null,"altId":"",'
        '"issueIpAddress":"","installIpAddress":"","renderLocation":null,"renderIpAddress":"","installUserAgent":"",'
        '"renderUserAgent":"","installDeviceAttributes":[],"renderDeviceAttributes":[],"issueAt":null,'
        '"renderedAt":null,"firstInstalledAt":null,"lastInstalledAt":null,"firstUninstalledAt":null,'
        '"lastUninstalledAt":null,"invalidatedAt":null,"lastUpdatedAt":null},'
        '"created":"2026-03-01T12:00:00Z","updated":"2026-03-01T12:00:00Z"}'
    )


def test_get_coupon_of_an_unknown_id() -> None:
    response = passkit().send("GET", f"{COUPON}/unknown")
    assert (response.status, json.loads(response.body)["code"]) == (404, 5)
    assert "X-Passkit-Token" not in response.headers


def test_get_coupon_by_external_id_keeps_campaigns_apart() -> None:
    coupons = [{"externalId": "user-1", "campaignId": campaign, "sku": campaign} for campaign in ("one", "two")]
    emulated = passkit(coupons=coupons)
    assert [read(emulated, campaign)["sku"] for campaign in ("one", "two")] == ["one", "two"]
    assert emulated.get(f"{COUPON}/externalId/three/user-1")[0] == 404


@pytest.mark.parametrize(
    ("mode", "status", "rule"), [("strict", 404, "passkit_space_around_id"), ("lenient", 200, "repaired")]
)
def test_get_coupon_by_external_id_sees_the_space(mode: str, status: int, rule: str) -> None:
    emulated = passkit(mode, coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}])
    assert emulated.get(f"{COUPON}/externalId/ {CAMPAIGN}/user-1")[0] == status
    assert emulated.fates == [("/couponCampaignId", rule)]


def test_find_coupon_by_external_id_is_no_route_of_passkit() -> None:
    emulated = passkit(coupons=[{"externalId": "user-1", "campaignId": CAMPAIGN}])
    response = emulated.send("GET", f"{COUPON}/externalId/user-1")
    assert (response.status, response.body) == (404, b'{"code":5,"message":"Not Found","details":[]}')
    assert response.headers["X-Emulator-Known"] == "unknown-path"
    assert "externalId/{couponCampaignId}/{externalId}" in response.headers["X-Emulator-Hint"]
    assert emulated.fates == [("/externalId", "passkit_no_such_route")]


@pytest.mark.parametrize(("campaigns", "status"), [(0, 404), (1, 200), (2, 404)])
def test_find_coupon_by_external_id_in_lenient_mode_needs_one_campaign(campaigns: int, status: int) -> None:
    coupons = [{"externalId": "user-1", "campaignId": f"camp{number}"} for number in range(campaigns)]
    emulated = passkit("lenient", coupons=coupons)
    found, answer = emulated.get(f"{COUPON}/externalId/user-1")
    assert found == status
    fate = emulated.entries[-1].fates[0]
    if status == 200:
        assert answer["status"] == "UNREDEEMED" and fate.rule == "repaired"
        assert fate.note.endswith(f"{COUPON}/externalId/camp0/user-1")
    else:
        assert answer == {"code": 5, "message": "Not Found", "details": []}
        assert fate.rule == "passkit_no_such_route"
