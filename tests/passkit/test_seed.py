"""PassKit's part of a seed document."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import seed
from emulator.errors import ConfigError
from emulator.pipeline import Emulator

COUPON = {"externalId": "user-1", "campaignId": "camp"}


def test_seed_plants_what_it_declares() -> None:
    part = {
        "campaigns": [{"id": "camp", "name": "Spring", "status": ["PROJECT_PUBLISHED"]}],
        "offers": [{"id": "offer", "campaignId": "camp", "offerTitle": "Half price"}],
        "coupons": [COUPON, {**COUPON, "externalId": "user-2", "id": "0aBcDeFgHiJkLmNoPqRsTu"}],
        "projects": [{"shortCode": "abc123", "secret": "s"}],
    }
    emulator = Emulator({"clock": {"now": "2026-03-01T12:00:00Z", "frozen": True}, "partners": {"passkit": part}})
    state = emulator.workspaces.default.view()
    assert [state.passkit_campaigns["camp"]["name"], state.passkit_offers["offer"]["offerTitle"]] == [
        "Spring",
        "Half price",
    ]
    assert state.passkit_projects["abc123"] == {
        "shortCode": "abc123",
        "secret": "s",
        "url": "https://pub1.pskt.io/c/abc123",
        "protocol": "MEMBERSHIP",
        "classId": "abc123",
    }
    assert {coupon["externalId"] for coupon in state.passkit_coupons.values()} == {"user-1", "user-2"}
    assert state.passkit_coupons["0aBcDeFgHiJkLmNoPqRsTu"]["created"] == "2026-03-01T12:00:00Z"


def test_seed_gives_the_same_ids_every_time() -> None:
    documents = [Emulator({"partners": {"passkit": {"coupons": [COUPON]}}}) for _ in range(2)]
    assert len({next(iter(emulator.workspaces.default.view().passkit_coupons)) for emulator in documents}) == 1


def test_seed_refuses_one_external_id_twice_in_a_campaign() -> None:
    with pytest.raises(ConfigError, match="'user-1' stands twice in campaign 'camp'"):
        Emulator({"partners": {"passkit": {"coupons": [COUPON, COUPON]}}})
    Emulator({"partners": {"passkit": {"coupons": [COUPON, {**COUPON, "campaignId": "other"}]}}})


@pytest.mark.parametrize(
    "part",
    [
        {"token": ["a"]},
        {"projects": [{"shortCode": "abc123"}]},
        {"projects": [{"shortCode": "a/b", "secret": "s"}]},
        {"coupons": [{"externalId": "user-1"}]},
        {"coupons": [{**COUPON, "expiryDate": "2020-05-10"}]},
        {"coupons": [{**COUPON, "external_id": "user-1"}]},
        {"campaigns": [{"id": "camp", "status": ["OPEN"]}]},
    ],
)
def test_seed_refuses_what_does_not_fit(part: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"partners\.passkit"):
        seed.check({"partners": {"passkit": part}})
