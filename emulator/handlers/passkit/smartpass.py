"""PassKit SmartPass links: the first visit makes the pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from emulator import clock
from emulator.call import Call, Json, Response
from emulator.errors import ApiError
from emulator.handlers.passkit import _links
from emulator.state import passkit

Values = dict[str, Json]

EXTERNAL_ID: Final = {
    "MEMBERSHIP": "members.member.externalId",
    "SINGLE_USE_COUPON": "singleUseCoupons.coupon.externalId",
}
"""Protocol -> the field that makes a pass unique in its program or campaign."""

TRACKING: Final = ("source", "medium", "name", "term", "content")
MEANT: Final = {"person.email": "person.emailAddress", "utm_campaign": "utm_name"}
"""Names that are often sent, and what PassKit calls the same thing."""


def open_smartpass(call: Call) -> Response:
    """302 to the pass, made at the first visit. Raises ApiError no_page, bad_link; both answer HTML."""
    project = _project(call)
    link = _links.opened(call.request.query, project["url"], project["secret"])
    values = _values(call, project, link)
    external = str(values.get(EXTERNAL_ID[project["protocol"]], ""))
    identity = external or f"data {link.data}"
    utm = _utm(call, link.tracking)
    made = passkit.pass_by_identity(call.state, project["shortCode"], identity)
    if made is not None:
        call.fate("", "passkit_pass_reused", made["id"])
        if made["values"] != values:
            call.fate("/data", "passkit_link_values_ignored", values)
        return _to_pass(made["id"])
    made = _new_pass(call, project, external, values, utm)
    passkit.store_pass(call.state, made, identity)
    return _to_pass(made["id"])


def _to_pass(id: str) -> Response:
    return Response(302, {"Location": f"/{id}"})


def _project(call: Call) -> Mapping[str, Any]:
    """Raises ApiError no_page for a short code that no project has."""
    code = call.params["code"]
    project: Mapping[str, Any] | None = call.state.passkit_projects.get(code)
    if project is None:
        declared = f"partners: {{passkit: {{projects: [{{shortCode: {code}, secret: <project secret>}}]}}}}"
        raise ApiError("no_page", hint=f"no project has the short code '{code}'; declare it in the seed: {declared}")
    return project


def _values(call: Call, project: Mapping[str, Any], link: _links.Link) -> Values:
    """The link's fields as values, after the fates of those that PassKit does not take. Empty texts are unset."""
    sent, repeated = _links.fields(link)
    for pointer in repeated:
        call.fate(f"/data{pointer}", "duplicate_key")
    found: Values = {}
    for name, text in _tier_by_id(call, sent).items():
        if not _links.is_field(name, project["protocol"]):
            _unknown_field(call, name, text)
        elif text.strip():
            _keep(call, found, name, text)
    return found


def _keep(call: Call, found: Values, name: str, text: str) -> None:
    try:
        found[name] = _links.typed(name, text.strip())
    except ValueError as error:
        call.fate(_pointer(name), "passkit_bad_smartpass_value", text, str(error))


def _tier_by_id(call: Call, sent: dict[str, str]) -> dict[str, str]:
    """The lenient mode reads members.tier.name, as the Braze page has it, for members.tier.id."""
    if "members.tier.name" not in sent or "members.tier.id" in sent or not call.lenient():
        return sent
    call.fate("/data/members.tier.name", "repaired", sent["members.tier.name"], "send members.tier.id")
    return {"members.tier.id" if name == "members.tier.name" else name: text for name, text in sent.items()}


def _unknown_field(call: Call, name: str, text: str) -> None:
    if name == "members.tier.name":
        call.fate(_pointer(name), "passkit_tier_name", text, "send members.tier.id")
    else:
        call.fate(_pointer(name), "passkit_unknown_smartpass_field", text, _meant(name))


def _meant(name: str) -> str:
    return f"send {MEANT[name]}" if name in MEANT else ""


def _pointer(name: str) -> str:
    return f"/data/{name.replace('~', '~0').replace('/', '~1')}"


def _utm(call: Call, tracking: str) -> dict[str, str]:
    """The unsigned parameters after the signature, as the pass keeps them. An unset source is Unknown (documented)."""
    given = dict(parse_qsl(tracking))
    for name in sorted(given):
        if name.startswith("utm_") and name[4:] not in TRACKING:
            call.fate(f"/{name}", "passkit_unknown_tracking", given[name], _meant(name))
    return {"source": "Unknown", **{name: given[f"utm_{name}"] for name in TRACKING if f"utm_{name}" in given}}


def _new_pass(
    call: Call, project: Mapping[str, Any], external: str, values: Values, utm: dict[str, str]
) -> dict[str, Any]:
    """The pass record of a first visit; in a coupon project it shows the campaign's coupon, made now if need be."""
    now = clock.iso(call.now)
    meta = {
        "status": "PASS_ISSUED",
        "lifecycleEvents": ["RENDERED"],
        "utm": utm,
        "renderUserAgent": call.request.headers.get("user-agent", ""),
        "issueAt": now,
        "renderedAt": now,
        "lastUpdatedAt": now,
    }
    made = {name: project[name] for name in ("shortCode", "protocol", "classId")}
    made |= {"externalId": external, "values": values, "passMetaData": meta, "created": now, "updated": now}
    if project["protocol"] == "SINGLE_USE_COUPON":
        made["id"] = _coupon(call, project, made)
    else:
        made["id"] = call.new_id("base62_22")
        call.fate("", "passkit_pass_created", made["id"])
    return made


def _coupon(call: Call, project: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """The id of the coupon that a pass shows."""
    external, values = made["externalId"], made["values"]
    coupon = passkit.coupon_by_external_id(call.state, project["classId"], external) if external else None
    if coupon is not None:
        call.fate("", "passkit_pass_reused", coupon["id"])
        if set(values) != {EXTERNAL_ID["SINGLE_USE_COUPON"]}:
            call.fate("/data", "passkit_link_values_ignored", values)
        passkit.store_coupon(call.state, {**coupon, "passMetaData": {**coupon["passMetaData"], **made["passMetaData"]}})
        return str(coupon["id"])
    id = call.new_id("base62_22")
    fields = {"id": id, "externalId": external, "passMetaData": made["passMetaData"], **_coupon_fields(project, values)}
    passkit.store_coupon(call.state, passkit.new_coupon(fields, made["created"]))
    call.fate("", "passkit_pass_created", id)
    return id


def _coupon_fields(project: Mapping[str, Any], values: Values) -> dict[str, Any]:
    found: dict[str, Any] = {"campaignId": project["classId"], "offerId": project.get("offerId", "")}
    plain = {"universal.expiryDate": "expiryDate", "singleUseCoupons.coupon.sku": "sku"}
    found.update((plain[name], value) for name, value in values.items() if name in plain)
    if "universal.optIn" in values:
        found["optOut"] = not values["universal.optIn"]
    for start, field in (("person.", "person"), ("meta.", "metaData")):
        group = {name[len(start) :]: value for name, value in values.items() if name.startswith(start)}
        if group:
            found[field] = group
    return found
