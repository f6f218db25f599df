"""The example application, tested with the emulator's fixtures."""

from __future__ import annotations

import pytest

from emulator.pytest_plugin import Braze
from tests.examples.shop import BrazeError, Shop

NEWS = "4a2d5c3e-1f6b-4a8d-9c0e-7b3f2a1d6e5c"
SEED = {"subscription_groups": [{"id": NEWS, "name": "News", "channel": "email"}]}


@pytest.fixture
def shop(braze: Braze) -> Shop:
    return Shop(braze.url, braze.key)


def test_a_sign_up_makes_a_profile(shop: Shop, braze: Braze) -> None:
    shop.sign_up("ada", "ada@example.com", first_name="Ada", plan="gold")
    braze.assert_tracked("ada", email="ada@example.com", first_name="Ada", plan="gold")


def test_an_order_is_an_event_and_a_purchase(shop: Shop, braze: Braze) -> None:
    shop.sign_up("ada", "ada@example.com")
    shop.order("ada", "lamp", 24.5)
    braze.assert_event("ada", "order placed")
    assert braze.profile("ada")["total_revenue"] == 24.5


def test_a_failure_of_braze_is_tried_again(shop: Shop, braze: Braze) -> None:
    braze.fault(when={"operation": "track_users"}, status=502, times=1)
    shop.sign_up("ada", "ada@example.com")
    braze.expect(operation="track_users", count=2)
    braze.assert_tracked("ada", email="ada@example.com")


@pytest.mark.braze(seed=SEED)
def test_an_unsubscription_reaches_the_group(shop: Shop, braze: Braze) -> None:
    shop.sign_up("ada", "ada@example.com")
    shop.unsubscribe("ada@example.com", NEWS)
    (entry,) = braze.expect(operation="set_subscription_status", body={"subscription_state": "unsubscribed"})
    assert entry.status == 201


def test_a_wrong_key_is_refused(braze: Braze) -> None:
    with pytest.raises(BrazeError, match="Invalid API key: nonsense"):
        Shop(braze.url, "nonsense").sign_up("ada", "ada@example.com")


@pytest.mark.braze(allow_loss=True)
def test_a_misspelt_field_is_told(shop: Shop, braze: Braze) -> None:
    shop.sign_up("ada", "ada@example.com", First_Name="Ada")
    assert [fate.rule for entry in braze.requests() for fate in entry.fates if fate.pointer.endswith("First_Name")] == [
        "became_custom_attribute"
    ]
