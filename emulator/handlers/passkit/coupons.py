"""PassKit single-use coupons: create, update, read."""

from __future__ import annotations

from typing import Any, Final

from emulator import clock
from emulator.call import Call, Json
from emulator.errors import ApiError
from emulator.handlers.passkit._messages import emitted, is_default, received
from emulator.state import passkit

Record = dict[str, Any]

SERVER_FIELDS: Final = ("id", "created", "updated")
FIXED_FIELDS: Final = (*SERVER_FIELDS, "externalId", "campaignId")
"""What an update cannot change. Documented for externalId, assumed for the others."""

NO_ROUTE: Final = "unknown-path"
"""As the pipeline says of a path that the real service does not have."""
TRUE_PATH: Final = "GET /coupon/singleUse/coupon/externalId/{couponCampaignId}/{externalId}"


def create_coupon(call: Call) -> Json:
    """-> {id}. Raises ApiError invalid, no_campaign, no_offer, failed_precondition, already_exists."""
    _refresh(call)
    sent = received(call, "Coupon")
    for name in ("offerId", "campaignId"):
        if not sent.get(name):  # protobuf knows no difference between an empty field and an absent one
            raise ApiError("invalid", message=f"{name} is required", hint=f"send {name}")
    sent["campaignId"] = _campaign_id(call, "/campaignId", sent["campaignId"])
    _check_campaign(call, sent["campaignId"])
    _check_offer(call, sent["offerId"], sent["campaignId"])
    _check_external_id(call, sent)
    coupon = passkit.new_coupon(_own_fields(call, sent), clock.iso(call.now))
    coupon["id"] = call.new_id("base62_22")
    passkit.store_coupon(call.state, coupon)
    return {"id": coupon["id"]}


def update_coupon(call: Call) -> Json:
    """-> {id}. A patch: what the body does not name stays. Raises ApiError invalid, no_coupon."""
    _refresh(call)
    sent = received(call, "Coupon")
    coupon = _addressed(call, sent)
    passkit.store_coupon(call.state, {**coupon, **_changes(call, coupon, sent), "updated": clock.iso(call.now)})
    return {"id": coupon["id"]}


def get_coupon(call: Call) -> Json:
    _refresh(call)
    coupon = call.state.passkit_coupons.get(call.params["id"])
    if coupon is None:
        raise ApiError("no_coupon", hint=f"no coupon has the id '{call.params['id']}'")
    return emitted(call, "Coupon", coupon)


def get_coupon_by_external_id(call: Call) -> Json:
    _refresh(call)
    campaign = _campaign_id(call, "/couponCampaignId", call.params["couponCampaignId"])
    return emitted(call, "Coupon", _by_external_id(call, campaign, call.params["externalId"]))


def find_coupon_by_external_id(call: Call) -> Json:
    """The path of the Braze page, without a campaign: no route of PassKit's. Raises ApiError not_found.

    The lenient mode answers it where one campaign only has the external id.
    """
    external = call.params["externalId"]
    if not call.lenient():
        call.fate("/externalId", "passkit_no_such_route", external, f"the route is {TRUE_PATH}")
        raise ApiError("not_found", hint=f"PassKit has no such route; use {TRUE_PATH}", known=NO_ROUTE)
    found = passkit.coupons_of(call.state, external)
    if len(found) != 1:
        call.fate("/externalId", "passkit_no_such_route", external, f"{len(found)} campaigns have this external id")
        hint = f"{len(found)} campaigns have a coupon with the external id '{external}'; use {TRUE_PATH}"
        raise ApiError("not_found", hint=hint, known=NO_ROUTE)
    path = TRUE_PATH.format(couponCampaignId=found[0]["campaignId"], externalId=external)
    call.fate("/externalId", "repaired", external, f"PassKit has no such route; the true one is {path}")
    _refresh(call)
    return emitted(call, "Coupon", found[0])


def _refresh(call: Call) -> None:
    """A refreshed token in the answer (documented). The caller's own is given back, because it stays valid."""
    assert call.account is not None
    call.answer_headers["X-Passkit-Token"] = call.account.credential


def _campaign_id(call: Call, pointer: str, campaign: str) -> str:
    """The id, which spaces around make unknown. Raises ApiError no_campaign."""
    clean = campaign.strip()
    if clean == campaign:
        return campaign
    advice = f"no campaign id begins or ends with a space; send '{clean}'"
    if call.lenient():
        call.fate(pointer, "repaired", campaign, advice)
        return clean
    call.fate(pointer, "passkit_space_around_id", campaign, advice)
    raise ApiError("no_campaign", hint=advice)


def _check_campaign(call: Call, id: str) -> None:
    campaigns = call.state.passkit_campaigns
    if not len(campaigns):
        return
    if id not in campaigns:
        raise ApiError("no_campaign", hint=f"the seed's partners.passkit.campaigns has no '{id}'")
    if "PROJECT_DISABLED_FOR_OBJECT_CREATION" in campaigns[id].get("status", ()):
        hint = "its status holds PROJECT_DISABLED_FOR_OBJECT_CREATION; change it in the seed"
        raise ApiError("failed_precondition", message="campaign is disabled for object creation", hint=hint)


def _check_offer(call: Call, id: str, campaign: str) -> None:
    offers = call.state.passkit_offers
    if len(offers) and (id not in offers or offers[id].get("campaignId", campaign) != campaign):
        raise ApiError("no_offer", hint=f"the seed's partners.passkit.offers has no '{id}' of campaign '{campaign}'")


def _check_external_id(call: Call, sent: Record) -> None:
    external = sent.get("externalId")
    if external and passkit.coupon_by_external_id(call.state, sent["campaignId"], external):
        hint = f"campaign '{sent['campaignId']}' has a coupon '{external}' already; change it with PUT"
        raise ApiError("already_exists", hint=hint)


def _own_fields(call: Call, sent: Record) -> Record:
    """What a new coupon takes from the body."""
    for name in SERVER_FIELDS:
        if sent.get(name):
            call.fate(f"/{name}", "passkit_fixed_field", sent[name])
    return {name: value for name, value in sent.items() if name not in SERVER_FIELDS}


def _addressed(call: Call, sent: Record) -> Record:
    """The coupon that a body names by id, or by externalId and campaignId. Raises ApiError invalid, no_coupon."""
    if sent.get("id"):
        coupon: Record | None = call.state.passkit_coupons.get(sent["id"])
        if coupon is None:
            raise ApiError("no_coupon", hint=f"no coupon has the id '{sent['id']}'; POST makes one")
        return coupon
    if not (sent.get("externalId") and sent.get("campaignId")):
        message = "id, or externalId and campaignId, are required"
        raise ApiError("invalid", message=message, hint="name the coupon by id, or by externalId and campaignId")
    return _by_external_id(call, _campaign_id(call, "/campaignId", sent["campaignId"]), sent["externalId"])


def _by_external_id(call: Call, campaign: str, external: str) -> Record:
    coupon = passkit.coupon_by_external_id(call.state, campaign, external)
    if coupon is None:
        hint = f"campaign '{campaign}' has no coupon '{external}'; POST makes one, as does partners.passkit.coupons"
        raise ApiError("no_coupon", hint=f"{hint} in the seed")
    return coupon


def _changes(call: Call, coupon: Record, sent: Record) -> Record:
    """What the body changes, after the fates of what it cannot."""
    changes: Record = {}
    for name, value in sent.items():
        if name in FIXED_FIELDS:
            if _differs(value, coupon.get(name, "")):
                call.fate(f"/{name}", "passkit_fixed_field", value, f"it stays {coupon.get(name, '')!r}")
        elif is_default(call, "Coupon", name, value):
            if not is_default(call, "Coupon", name, coupon.get(name)):
                call.fate(f"/{name}", "passkit_empty_value", value)
        else:
            _note_lost(call, name, coupon.get(name), value)
            changes[name] = value
    return changes


def _differs(value: str, stored: str) -> bool:
    return bool(value) and value.strip() != stored.strip()


def _note_lost(call: Call, name: str, stored: Json, value: Json) -> None:
    lost = sorted(key for key in stored if key not in value) if isinstance(stored, dict) else []
    if lost:
        call.fate(f"/{name}", "passkit_replaced", value, f"gone: {', '.join(lost)}")
