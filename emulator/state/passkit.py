"""PassKit's part of a seed document, the credentials it declares, and the shape of its tables' keys.

A coupon is a record with the field names of PassKit's JSON; fields at their default may be absent. A pass is
{id, shortCode, protocol, classId, externalId, values, passMetaData, created, updated}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from emulator import clock
from emulator.errors import ConfigError
from emulator.state.credential import Credential
from emulator.state.draft import Draft

Record = dict[str, Any]

CREDENTIAL_TABLES: Final = ("passkit_projects",)


def plant(draft: Draft, part: Mapping[str, Any], now: datetime) -> None:
    """Fill the tables of a draft from the checked part of a seed document.

    Raises ConfigError for two coupons with one external id in one campaign.
    """
    for campaign in part.get("campaigns", ()):
        draft.passkit_campaigns[campaign["id"]] = campaign
    for offer in part.get("offers", ()):
        draft.passkit_offers[offer["id"]] = offer
    for project in part.get("projects", ()):
        draft.passkit_projects[project["shortCode"]] = _project(project)
    for coupon in part.get("coupons", ()):
        _plant_coupon(draft, coupon, clock.iso(now))


def _project(item: Mapping[str, Any]) -> Record:
    code = item["shortCode"]
    return {"url": f"https://pub1.pskt.io/c/{code}", "protocol": "MEMBERSHIP", "classId": code, **item}


def _plant_coupon(draft: Draft, item: Mapping[str, Any], now: str) -> None:
    external = item.get("externalId", "")
    if external and coupon_by_external_id(draft, item["campaignId"], external):
        raise ConfigError(f"partners.passkit.coupons: '{external}' stands twice in campaign '{item['campaignId']}'")
    store_coupon(draft, new_coupon({"id": item.get("id") or draft.new_id("base62_22"), **item}, now))


def credentials(part: Mapping[str, Any]) -> Iterator[Credential]:
    """Tokens open the API; a project's short code is a public address of its own."""
    yield from (Credential("passkit", token) for token in part.get("tokens", ()))
    yield from (Credential("passkit:code", item["shortCode"], data=item) for item in part.get("projects", ()))


def own(part: Mapping[str, Any], name: str, braze_key: str) -> dict[str, Any]:
    """The part with a long-lived token and a project, made for the workspace `name` unless the part declares them."""
    return {
        **part,
        "tokens": part.get("tokens") or [f"passkit-{name}"],
        "projects": part.get("projects") or [{"shortCode": name, "secret": f"secret-{name}"}],
    }


def new_coupon(fields: Mapping[str, Any], now: str) -> Record:
    """A coupon record. Its redemption and pass objects exist from the beginning (observed), others need not."""
    return {"redemptionDetails": {}, "passMetaData": {}, "created": now, "updated": now, **fields}


def store_coupon(draft: Draft, coupon: Record) -> None:
    draft.passkit_coupons[coupon["id"]] = coupon
    if coupon.get("externalId"):
        draft.passkit_external_ids[_key(coupon["campaignId"], coupon["externalId"])] = coupon["id"]


def coupon_by_external_id(draft: Draft, campaign: str, external: str) -> Record | None:
    found = draft.passkit_external_ids.get(_key(campaign, external))
    coupon: Record | None = draft.passkit_coupons.get(found) if found else None
    return coupon


def coupons_of(draft: Draft, external: str) -> list[Record]:
    """Every campaign's coupon with this external id. Walks over all coupons."""
    return [coupon for coupon in draft.passkit_coupons.values() if coupon.get("externalId") == external]


def store_pass(draft: Draft, made: Record, identity: str) -> None:
    draft.passkit_passes[made["id"]] = made
    draft.passkit_links[_key(made["shortCode"], identity)] = made["id"]


def pass_by_identity(draft: Draft, code: str, identity: str) -> Record | None:
    """The pass of an external id, or of a link's data where it names none."""
    found = draft.passkit_links.get(_key(code, identity))
    made: Record | None = draft.passkit_passes.get(found) if found else None
    return made


def _key(group: str, name: str) -> str:
    return f"{group}\0{name}"
