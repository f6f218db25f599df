"""Fields that an operation does not have: named, wherever the schema lists what there is."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import unknown_fields
from tests.conftest import client

GROUP = "11111111-1111-4111-8111-111111111111"
ALIAS = {"alias_name": "a", "alias_label": "b"}


@pytest.mark.parametrize(
    ("schema", "subject", "expected"),
    [
        ({"properties": {"a": {}}}, {"a": 1, "b": 2}, ["/b"]),
        ({"properties": {"a": {}}, "additionalProperties": True}, {"b": 2}, []),
        ({"type": "object"}, {"b": 2}, []),
        ({"properties": {"a": {"items": {"properties": {"x": {}}}}}}, {"a": [{"x": 1}, {"y/z": 1}]}, ["/a/1/y~1z"]),
        ({"properties": {"a": {"$ref": "#/$defs/pair"}}}, {"a": {"left": 1, "mid": 2}}, ["/a/mid"]),
        ({"if": {}, "then": {"$ref": "#/$defs/pair"}}, {"left": 1, "mid": 2}, ["/mid"]),
        ({"properties": {"a": {}}, "anyOf": [{"properties": {"b": {}}}, {"required": ["c"]}]}, {"b": 1, "c": 2}, []),
        ({"$ref": "#/$defs/tree"}, {"child": {"child": {"leaf": 1}}}, ["/child/child/leaf"]),
        ({"properties": {"a": {}}}, ["b"], []),
        ({"properties": {"a": {"properties": {"x": {}}}}}, {"a": None}, []),
    ],
)
def test_fields_that_no_schema_names_are_found(schema: dict[str, Any], subject: Any, expected: list[str]) -> None:
    definitions = {
        "pair": {"type": "object", "properties": {"left": {}, "right": {}}},
        "tree": {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}}},
    }
    shape = unknown_fields.shape(schema, definitions)
    assert [pointer for pointer, _, _ in unknown_fields.find(shape, subject)] == expected


BODIES: dict[str, tuple[Any, str]] = {
    "/users/delete": ({"external_ids": ["u"], "externalids": 1}, "/externalids"),
    "/users/identify": (
        {"aliases_to_identify": [{"external_id": "u", "user_alias": {**ALIAS, "label": 1}}]},
        "/aliases_to_identify/0/user_alias/label",
    ),
    "/users/merge": (
        {
            "merge_updates": [
                {"identifier_to_merge": {"external_id": "a", "x": 1}, "identifier_to_keep": {"external_id": "u"}}
            ]
        },
        "/merge_updates/0/identifier_to_merge/x",
    ),
    "/users/alias/new": ({"user_aliases": [{**ALIAS, "externalId": "u"}]}, "/user_aliases/0/externalId"),
    "/users/external_ids/remove": ({"external_ids": ["u"], "force": True}, "/force"),
    "/email/status": ({"email": "a@b.co", "subscription_state": "subscribed", "state": 1}, "/state"),
    "/email/blocklist": ({"email": "a@b.co", "emails": ["c@d.co"]}, "/emails"),
    "/sms/invalid_phone_numbers/remove": ({"phone_numbers": ["+14155552671"], "phones": []}, "/phones"),
    "/subscription/status/set": (
        {"subscription_group_id": GROUP, "subscription_state": "subscribed", "external_id": "u", "emails": ["a@b.co"]},
        "/emails",
    ),
    "/v2/subscription/status/set": (
        {"subscription_groups": [{"subscription_group_id": GROUP, "subscription_state": "subscribed",
                                  "external_ids": ["u"], "email": "a@b.co"}]},
        "/subscription_groups/0/email",
    ),
    "/users/export/ids": ({"external_ids": ["u"], "fields_to_exports": ["email"]}, "/fields_to_exports"),
    "/users/export/segment": ({"segment_id": "s", "fields_to_export": ["email"], "format": "zip"}, "/format"),
}  # fmt: skip


@pytest.mark.parametrize("path", BODIES)
def test_a_field_that_the_operation_does_not_have_has_a_fate(path: str) -> None:
    body, pointer = BODIES[path]
    braze = client({
        "subscription_groups": [{"id": GROUP, "name": "News", "channel": "email"}],
        "segments": [{"id": "s", "name": "S"}],
        "profiles": [{"external_id": "u"}],
    })  # fmt: skip
    status, _ = braze.post(path, body)
    assert status < 300
    assert (pointer, "ignored") in braze.fates


@pytest.mark.parametrize("field", ["api_key", "partner"])
def test_fields_that_old_and_partner_clients_always_send_have_none(field: str) -> None:
    braze = client()
    braze.post("/email/bounce/remove", {"email": "a@b.co", field: "x"})
    assert [pointer for pointer, rule in braze.fates if rule == "ignored"] == []


def test_a_parameter_that_the_operation_does_not_have_has_a_fate() -> None:
    braze = client()
    status, _ = braze.get("/kpi/dau/data_series", "length=2&ending=2026-01-01&=")
    assert (status, braze.fates) == (200, [("/ending", "ignored")])


def test_a_near_name_is_pointed_out() -> None:
    braze = client()
    braze.get("/kpi/dau/data_series", "length=2&endingAt=2026-01-01")
    assert [fate.note for fate in braze.entries[-1].fates] == ["did you mean 'ending_at'?"]


def test_attributes_of_users_track_are_no_unknown_fields() -> None:
    braze = client()
    braze.post("/users/track", {"attributes": [{"external_id": "u", "plan": "gold", "prefs": {"a": 1}}]})
    assert [rule for _, rule in braze.fates] == ["created_profile"]
