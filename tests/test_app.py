"""WSGI to the pipeline and back."""

from __future__ import annotations

import io
from typing import Any

import pytest

from emulator.app import create_app
from emulator.front import Delayed, read
from emulator.pipeline import Emulator


def environ(**more: Any) -> dict[str, Any]:
    body = more.pop("body", b"")
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/partners/your_partner/webhook",
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": "Bearer t",
        "wsgi.input": io.BytesIO(body),
        **more,
    }


def test_headers_are_lower_case_and_content_type_is_among_them() -> None:
    request = read(environ(HTTP_X_TWO_WORDS="v"))
    assert request.headers["x-two-words"] == "v"
    assert request.headers["content-type"] == "application/json"


def test_a_path_is_utf8() -> None:
    assert read(environ(PATH_INFO="/caf\xc3\xa9")).path == "/café"


def test_a_query_stays_raw() -> None:
    assert read(environ(QUERY_STRING="data=a+b&sig=%2F")).query == "data=a+b&sig=%2F"


def test_a_chunked_body_is_read_whole() -> None:
    raw = environ(HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    raw["wsgi.input"] = io.BytesIO(b'{"a":1}')
    assert read(raw).body == b'{"a":1}'


def test_an_answer_has_its_length_and_head_has_no_body() -> None:
    web = create_app(Emulator()).test_client()
    answer = web.post("/partners/your_partner/webhook", json={}, headers={"Authorization": "Bearer t"})
    assert answer.headers["Content-Length"] == str(len(answer.data))
    head = web.head("/partners/your_partner/webhook")
    assert (head.status_code, head.data) == (405, b"")


def test_a_bug_of_ours_is_a_500_that_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    emulator = Emulator()

    def broken(*_: Any) -> None:
        raise RuntimeError("kaboom")

    monkeypatch.setattr("emulator.limits.take", broken)
    answer = (
        create_app(emulator)
        .test_client()
        .post("/partners/your_partner/webhook", json={}, headers={"Authorization": "Bearer t"})
    )
    assert (answer.status_code, "X-Emulator-Bug" in answer.headers) == (500, True)
    assert b"kaboom" not in answer.data
    assert "kaboom" in capsys.readouterr().err
    assert "kaboom" in emulator.journal.find()[0].note


@pytest.mark.parametrize("path", ["/_emulatorx", "/x/_emulator"])
def test_only_the_prefix_belongs_to_the_control_api(path: str) -> None:
    answer = create_app(Emulator()).test_client().get(path)
    assert answer.json == {"message": "Not Found"}


def test_an_application_is_made_once_and_only_when_it_is_needed() -> None:
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        return lambda environ, start_response: [b"hello"]

    delayed = Delayed(make)
    assert made == []
    assert [delayed({}, None), delayed({}, None), delayed.ready()({}, None)] == [[b"hello"]] * 3
    assert made == [1]
