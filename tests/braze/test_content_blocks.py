"""Writing Content Blocks: what is kept, every text of Braze's tables of errors, and which of two errors is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.braze.content_block_seed import (
    ACTIVE,
    BLANK_ID,
    CREATE,
    DELETED,
    DRAFT,
    INFO,
    INVALID_ID,
    IS_DELETED,
    LIST,
    SEED,
    START,
    UNKNOWN,
    UPDATE,
    Body,
    advance,
    info,
    names,
)
from tests.conftest import Client, client


@pytest.fixture
def blocks() -> Client:
    return client(SEED)


# ---- create


def test_create_content_block_answers_id_tag_and_time(blocks: Client) -> None:
    status, body = blocks.post(CREATE, {"name": "signature", "content": "Yours"})
    assert status == 201
    assert body.keys() == {"content_block_id", "liquid_tag", "created_at", "message"}
    assert (body["liquid_tag"], body["created_at"]) == ("{{content_blocks.${signature}}}", START)


def test_create_content_block_keeps_what_was_sent(blocks: Client) -> None:
    sent = {"name": "A-1_b", "content": "a{{ b }}", "description": "d", "state": "draft", "tags": ["header", "footer"]}
    _, created = blocks.post(CREATE, sent)
    assert info(blocks, created["content_block_id"]) == {
        "content_block_id": created["content_block_id"],
        "name": "A-1_b",
        "content": "a{{ b }}",
        "description": "d",
        "content_type": "text",
        "tags": ["header", "footer"],
        "created_at": START,
        "last_edited": START,
        "inclusion_count": 0,
        "message": "success",
    }


def test_create_content_block_takes_no_state_of_its_own_from_the_body(blocks: Client) -> None:
    more = {"id": "mine", "content_block_id": "mine", "deleted": True, "created_at": "2001-01-01", "content_type": "x"}
    _, created = blocks.post(CREATE, {"name": "plain", "content": "x", **more})
    found = info(blocks, created["content_block_id"])
    assert (found["content_type"], found["created_at"]) == ("text", START)
    assert created["content_block_id"] != "mine"


def test_create_content_block_is_active_unless_it_says_draft(blocks: Client) -> None:
    _, created = blocks.post(CREATE, {"name": "plain", "content": "x"})
    refused = blocks.post(UPDATE, {"content_block_id": created["content_block_id"], "state": "draft"})
    assert refused[1]["message"].startswith("Active Content Block can not be updated to Draft.")


BLANK_NAME = "Content Block name cannot be blank"
WRONG_NAME = "Content Block name can only contain alphanumeric characters"
LONG_NAME = "Content Block name must be shorter than 100 characters"
BLANK_CONTENT = "Content cannot be blank"
BLANK_DESCRIPTION = "Content Block description cannot be blank"
DESCRIPTION_TYPE = "Content Block description must be a string"
STATE = "Content Block state must be either active or draft"

FIELDS: list[tuple[Body, str]] = [
    ({"content": ""}, BLANK_CONTENT),
    ({"content": " \n\t"}, BLANK_CONTENT),
    ({"content": None}, BLANK_CONTENT),
    ({"content": 7}, "Content must be a string"),
    ({"content": ["a"]}, "Content must be a string"),
    ({"content": "a" * 51_200}, "Content must be smaller than 50kb"),
    ({"content": "é" * 25_600}, "Content must be smaller than 50kb"),
    ({"content": "{{ a"}, "Content contains malformed liquid"),
    ({"content": "{% if a %}b"}, "Content contains malformed liquid"),
    ({"content": "{% endif %}"}, "Content contains malformed liquid"),
    (
        {"content": "see {{content_blocks.${later}}}", "name": "later"},
        "Content Block cannot be referenced within itself",
    ),
    ({"content": "{% assign a = content_blocks . ${ later } %}"}, "Content Block cannot be referenced within itself"),
    ({"description": ""}, BLANK_DESCRIPTION),
    ({"description": "  "}, BLANK_DESCRIPTION),
    ({"description": None}, BLANK_DESCRIPTION),
    ({"description": 7}, DESCRIPTION_TYPE),
    ({"description": {}}, DESCRIPTION_TYPE),
    ({"description": "d" * 250}, "Content Block description must be shorter than 250 characters"),
    ({"name": ""}, BLANK_NAME),
    ({"name": "  "}, BLANK_NAME),
    ({"name": None}, BLANK_NAME),
    ({"name": "n" * 100}, LONG_NAME),
    ({"name": "my block"}, WRONG_NAME),
    ({"name": "grüße"}, WRONG_NAME),
    ({"name": "block\n"}, WRONG_NAME),
    ({"name": "a.b"}, WRONG_NAME),
    ({"name": 7}, WRONG_NAME),
    ({"name": "greeting"}, "Content Block with this name already exists"),
    ({"name": "gone"}, "Content Block with this name already exists"),
    ({"state": "archived"}, STATE),
    ({"state": "Active"}, STATE),
    ({"state": None}, STATE),
    ({"tags": "footer"}, "Tags must be an array"),
    ({"tags": None}, "Tags must be an array"),
    ({"tags": {"footer": True}}, "Tags must be an array"),
    ({"tags": ["footer", 7]}, "All tags must be strings"),
    ({"tags": ["footer", "new"]}, "Some tags could not be found"),
    ({"tags": ["Footer"]}, "Some tags could not be found"),
]
"""What makes a request wrong, for create (of a block called `later`) and for update (of the draft called `later`)."""


@pytest.mark.parametrize(("wrong", "message"), FIELDS, ids=str)
def test_create_content_block_refuses(wrong: Body, message: str) -> None:
    blocks = client({**SEED, "content_blocks": [block for block in SEED["content_blocks"] if block["id"] != DRAFT]})
    before = names(blocks)
    assert blocks.post(CREATE, {"name": "later", "content": "Soon", **wrong}) == (400, {"message": message})
    assert names(blocks) == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "a"}, BLANK_CONTENT),
        ({"content": "a"}, BLANK_NAME),
        ({}, BLANK_CONTENT),
        ([], BLANK_CONTENT),
        ("text", BLANK_CONTENT),
        (None, BLANK_CONTENT),
    ],
    ids=str,
)
def test_create_content_block_refuses_a_body_without(blocks: Client, body: Any, message: str) -> None:
    raw = b"null" if body is None else body if not isinstance(body, str) else b'"text"'
    assert blocks.post(CREATE, raw) == (400, {"message": message})


def test_create_content_block_names_every_missing_field_in_the_hint(blocks: Client) -> None:
    hint = blocks.send("POST", CREATE, {}).headers["X-Emulator-Hint"]
    assert hint == "/content: 'content' is required; /name: 'name' is required"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "a b", "state": "x"}, BLANK_CONTENT),
        ({"content": " ", "name": "a b"}, BLANK_CONTENT),
        ({"content": "{{ a", "name": "a b"}, WRONG_NAME),
        ({"content": "a", "description": "", "name": "a b"}, BLANK_DESCRIPTION),
        ({"content": "a", "name": "a b", "state": "x"}, WRONG_NAME),
        ({"content": "a", "name": "a", "state": "x", "tags": 1}, STATE),
        ({"content": "a", "name": "greeting", "tags": [1]}, "All tags must be strings"),
        ({"content": "{{ a", "name": "greeting", "tags": ["new"]}, "Content contains malformed liquid"),
        (
            {"content": "{{content_blocks.${greeting}}}", "name": "greeting"},
            "Content Block cannot be referenced within itself",
        ),
        ({"content": "a", "name": "greeting", "tags": ["new"]}, "Content Block with this name already exists"),
    ],
    ids=str,
)
def test_create_content_block_names_of_two_errors(blocks: Client, body: Body, message: str) -> None:
    assert blocks.post(CREATE, body)[1]["message"] == message


@pytest.mark.parametrize(
    "right",
    [
        {"content": "a" * 51_199},
        {"content": "é" * 25_599},
        {"content": "{{content_blocks.${Later}}} {{content_blocks.${later2}}}"},
        {"description": "d" * 249},
        {"name": "n" * 99},
        {"name": "Greeting"},
        {"tags": []},
        {"tags": ["footer", "header"]},
    ],
    ids=lambda right: str(right)[:40],
)
def test_create_content_block_accepts_what_is_just_right(blocks: Client, right: Body) -> None:
    assert blocks.post(CREATE, {"name": "new", "content": "x", **right})[0] == 201


def test_create_content_block_says_in_the_hint_what_is_wrong_with_the_liquid(blocks: Client) -> None:
    answer = blocks.send("POST", CREATE, {"name": "open", "content": "a\n{% if b %}"})
    assert answer.headers["X-Emulator-Hint"] == "line 2: 'if' tag was never closed; correct the template"


# ---- update


def test_update_content_block_changes_what_was_sent_and_keeps_the_rest(blocks: Client) -> None:
    before = info(blocks)
    advance(blocks, 90)
    status, body = blocks.post(UPDATE, {"content_block_id": ACTIVE, "content": "Good morning", "tags": ["header"]})
    later = "2026-01-31T12:01:30.000Z"
    assert status == 201
    assert body == {
        "content_block_id": ACTIVE,
        "liquid_tag": "{{content_blocks.${greeting}}}",
        "created_at": START,
        "updated_at": later,
        "message": "success",
    }
    changed = {"content": "Good morning", "content_type": "text", "tags": ["header"], "last_edited": later}
    assert info(blocks) == {**before, **changed}


@pytest.mark.parametrize(("wrong", "message"), [pair for pair in FIELDS if "name" not in pair[0]], ids=str)
def test_update_content_block_refuses_of_an_active_block(wrong: Body, message: str) -> None:
    blocks = client({**SEED, "content_blocks": [{"id": ACTIVE, "name": "later", "content": "Soon"}]})
    before = info(blocks)
    advance(blocks, 1)
    assert blocks.post(UPDATE, {"content_block_id": ACTIVE, **wrong}) == (400, {"message": message})
    assert info(blocks) == before


@pytest.mark.parametrize(("wrong", "message"), FIELDS, ids=str)
def test_update_content_block_refuses_of_a_draft(blocks: Client, wrong: Body, message: str) -> None:
    before = info(blocks, DRAFT)
    assert blocks.post(UPDATE, {"content_block_id": DRAFT, **wrong}) == (400, {"message": message})
    assert info(blocks, DRAFT) == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"content": "a"}, BLANK_ID),
        ({"content_block_id": ""}, BLANK_ID),
        ({"content_block_id": "  "}, BLANK_ID),
        ({"content_block_id": None}, BLANK_ID),
        ([], BLANK_ID),
        ({"content_block_id": 7}, INVALID_ID),
        ({"content_block_id": UNKNOWN}, INVALID_ID),
        ({"content_block_id": UNKNOWN, "tags": ["new"]}, INVALID_ID),
        ({"content_block_id": UNKNOWN, "state": "x"}, STATE),
        ({"content_block_id": DELETED, "content": "back"}, IS_DELETED),
    ],
    ids=str,
)
def test_update_content_block_refuses_the_block(blocks: Client, body: Any, message: str) -> None:
    assert blocks.post(UPDATE, body) == (400, {"message": message})


ACTIVE_NAME = "Content Block name cannot be updated for active Content Blocks"
ACTIVE_STATE = "Active Content Block can not be updated to Draft. Create a new Content Block."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "welcome"}, ACTIVE_NAME),
        ({"name": "Greeting"}, ACTIVE_NAME),
        ({"name": "later"}, ACTIVE_NAME),
        ({"name": "welcome", "state": "draft"}, ACTIVE_NAME),
        ({"state": "draft"}, ACTIVE_STATE),
        ({"state": "draft", "content": "{{ a"}, ACTIVE_STATE),
    ],
    ids=str,
)
def test_update_content_block_keeps_name_and_state_of_an_active_block(
    blocks: Client, change: Body, message: str
) -> None:
    assert blocks.post(UPDATE, {"content_block_id": ACTIVE, **change}) == (400, {"message": message})


def test_update_content_block_takes_the_present_name_and_state_of_an_active_block(blocks: Client) -> None:
    assert blocks.post(UPDATE, {"content_block_id": ACTIVE, "name": "greeting", "state": "active"})[0] == 201


def test_update_content_block_renames_a_draft_and_frees_its_name(blocks: Client) -> None:
    status, body = blocks.post(UPDATE, {"content_block_id": DRAFT, "name": "soon", "state": "draft"})
    assert (status, body["liquid_tag"]) == (201, "{{content_blocks.${soon}}}")
    assert names(blocks) == ["greeting", "soon"]
    assert blocks.post(CREATE, {"name": "soon", "content": "x"})[0] == 400
    assert blocks.post(CREATE, {"name": "later", "content": "x"})[0] == 201


def test_update_content_block_refuses_a_rename_that_makes_the_content_refer_to_itself(blocks: Client) -> None:
    _, created = blocks.post(CREATE, {"name": "a", "content": "{{content_blocks.${b}}}", "state": "draft"})
    renamed = blocks.post(UPDATE, {"content_block_id": created["content_block_id"], "name": "b", "state": "draft"})
    assert renamed == (400, {"message": "Content Block cannot be referenced within itself"})


@pytest.mark.parametrize(
    ("state", "after"), [({}, "active"), ({"state": "active"}, "active"), ({"state": "draft"}, "draft")]
)
def test_update_content_block_without_a_state_makes_a_draft_active(blocks: Client, state: Body, after: str) -> None:
    assert blocks.post(UPDATE, {"content_block_id": DRAFT, "content": "Now", **state})[0] == 201
    renamed, _ = blocks.post(UPDATE, {"content_block_id": DRAFT, "name": "now"})
    assert renamed == (400 if after == "active" else 201)


# ---- all of them


@pytest.mark.parametrize(
    ("method", "path"), [("POST", CREATE), ("POST", UPDATE), ("GET", INFO), ("GET", LIST)], ids=lambda text: text
)
def test_content_blocks_need_their_permission(method: str, path: str) -> None:
    permission = f"content_blocks.{path.rpartition('/')[2]}"
    keys = [{"key": "may", "permissions": [permission]}, {"key": "may-not", "permissions": ["users.track"]}]
    blocks = client({"api_keys": keys})
    assert blocks.call(method, path, {}, authorization="Bearer may-not")[0] == 403
    assert blocks.call(method, path, {}, authorization="Bearer may")[0] != 403


def test_content_blocks_of_two_emulators_with_the_same_calls_are_the_same() -> None:
    answers = []
    for _ in range(2):
        blocks = client(SEED)
        blocks.post(CREATE, {"name": "signature", "content": "Yours"})
        answers.append(blocks.get(LIST))
    assert answers[0] == answers[1]
