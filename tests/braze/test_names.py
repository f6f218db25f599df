"""Names that are nearly reserved, and those that only look so."""

from __future__ import annotations

import pytest

from emulator.state import attributes, names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("First_Name", "first_name"),
        ("firstName", "first_name"),
        ("FIRST-NAME", "first_name"),
        ("frist_name", "first_name"),
        ("fist_name", "first_name"),
        ("firstt_name", "first_name"),
        ("langauge", "language"),
        ("timezone", "time_zone"),
        ("emial", "email"),
        ("e-mail", "email"),
        ("email_address", "email"),
        ("phoneNumber", "phone"),
        ("external_ids", ""),
        ("externalID", "external_id"),
        ("external_user_id", "external_id"),
        ("date_of_birth", "dob"),
        ("userAlias", "user_alias"),
    ],
)
def test_a_near_name_is_recognised(name: str, meant: str) -> None:
    assert names.advice(name) == names.did_you_mean(meant)


@pytest.mark.parametrize(
    "name",
    ["plan", "county", "iphone", "phone2", "emails", "languages", "first_game", "sender", "user_id", "city", "x" * 300],
)  # fmt: skip
def test_another_name_is_left_alone(name: str) -> None:
    assert names.advice(name) == ""


def test_every_reserved_name_is_written_by_a_function() -> None:
    assert attributes.FIELDS.keys() == names.RESERVED
