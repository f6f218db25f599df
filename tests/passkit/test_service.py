"""What is around PassKit's operations: tokens, content types, sizes, and paths that it has or has not."""

from __future__ import annotations

import json

import pytest

from tests.passkit.test_coupons import COUPON, NEW, passkit


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer "])
def test_create_coupon_without_token(authorization: str) -> None:
    response = passkit(tokens=["pk-token"]).send("POST", COUPON, {}, authorization=authorization)
    assert (response.status, response.body) == (
        401,
        b'{"error":"no jwt token provided","code":16,"message":"no jwt token provided","details":[]}',
    )


def test_create_coupon_with_another_token() -> None:
    status, answer = passkit(tokens=["pk-token"]).post(COUPON, NEW, authorization="Bearer other")
    assert (status, answer["code"], answer["message"]) == (401, 16, "invalid jwt token")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_create_coupon_does_not_look_at_the_content_type(content_type: str) -> None:
    assert passkit().post(COUPON, NEW, content_type=content_type)[0] == 200


def test_update_coupon_over_four_megabytes() -> None:
    status, answer = passkit().call("PUT", COUPON, b" " * 4_194_305)
    assert (status, answer["code"]) == (413, 8)


@pytest.mark.parametrize(
    ("method", "path", "status", "known"),
    [
        ("PATCH", COUPON, 501, None),
        ("GET", "/coupon/nothing", 404, "unknown-path"),
        ("PUT", f"{COUPON}/redeem", 404, "not-emulated"),
        ("DELETE", COUPON, 404, "not-emulated"),
    ],
)
def test_get_coupon_neighbours_answer_as_the_gateway_does(
    method: str, path: str, status: int, known: str | None
) -> None:
    response = passkit().send(method, path, {})
    message = "Method Not Allowed" if status == 501 else "Not Found"
    assert (response.status, json.loads(response.body)["message"]) == (status, message)
    assert response.headers.get("X-Emulator-Known") == known
