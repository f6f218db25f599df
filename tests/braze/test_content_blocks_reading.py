"""Reading Content Blocks: what info and list show, the pages, the times, and every text of their tables of errors."""

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
    advance,
    info,
    names,
)
from tests.conftest import Client, client


@pytest.fixture
def blocks() -> Client:
    return client(SEED)


@pytest.mark.parametrize(
    ("more", "data"),
    [
        ("", None),
        ("&include_inclusion_data=false", None),
        ("&include_inclusion_data=0", None),
        ("&include_inclusion_data=true", []),
        ("&include_inclusion_data=1", []),
    ],
)
def test_get_content_block_has_inclusion_data_only_when_asked(blocks: Client, more: str, data: Any) -> None:
    status, body = blocks.get(INFO, f"content_block_id={ACTIVE}{more}")
    assert (status, body.get("inclusion_data")) == (200, data)


CARD = {"channel": "content_card", "type": "CLASSIC", "title": "t", "time_to_live": 60}


def including(campaign_id: str, *texts: str, **more: Any) -> dict[str, Any]:
    messages = [{"id": f"{campaign_id}{number}", "description": text, **CARD} for number, text in enumerate(texts)]
    return {"id": campaign_id, "name": campaign_id, "messages": messages, **more}


def test_get_content_block_names_the_variants_that_include_it() -> None:
    twice = "{{content_blocks.${greeting} | id: 'cb1'}} {{ content_block.${ greeting } }}"
    blocks = client({**SEED, "campaigns": [
        including("a", twice, "{% assign e = {{content_blocks.${greeting}}} | split: ',' %}", "greeting"),
        including("b", "{{content_blocks.${greetings}}}", status="draft"),
        including("c", "{{content_blocks.${greeting}}}", archived=True),
    ]})  # fmt: skip
    found = blocks.get(INFO, f"content_block_id={ACTIVE}&include_inclusion_data=true")[1]
    assert (found["inclusion_count"], found["inclusion_data"]) == (2, ["a0", "a1"])
    listed = blocks.get(LIST)[1]["content_blocks"]
    assert {one["name"]: one["inclusion_count"] for one in listed} == {"greeting": 2, "later": 0}


def test_get_content_block_looks_into_headers_and_other_inner_texts() -> None:
    hook = {"id": "h", "channel": "webhook", "url": "https://example.com", "request_method": "POST",
            "request_headers": {"X-A": "{{content_blocks.${greeting}}}"}}  # fmt: skip
    blocks = client({**SEED, "campaigns": [{"id": "a", "name": "A", "messages": [hook]}]})
    assert info(blocks)["inclusion_count"] == 1


def test_get_content_block_always_has_a_description(blocks: Client) -> None:
    assert info(blocks, DRAFT)["description"] == ""


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<p>Hello</p>", "html"),
        ("Hello<br/>", "html"),
        ("</div>", "html"),
        ("<!-- a remark -->", "html"),
        ("Hello", "text"),
        ("1 < 2 and 3 > 2", "text"),
        ("I <3 {{ you }}", "text"),
    ],
)
def test_get_content_block_infers_the_content_type(blocks: Client, content: str, kind: str) -> None:
    _, created = blocks.post(CREATE, {"name": "kind", "content": content})
    assert info(blocks, created["content_block_id"])["content_type"] == kind


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", BLANK_ID),
        ("content_block_id=", BLANK_ID),
        ("content_block_id=%20", BLANK_ID),
        (f"content_block_id={UNKNOWN}", INVALID_ID),
        (f"content_block_id[]={ACTIVE}", INVALID_ID),
        (f"content_block_id={DELETED}", IS_DELETED),
        (f"content_block_id={ACTIVE}&include_inclusion_data=maybe", "Include Inclusion Data—error"),
        (f"content_block_id={ACTIVE}&include_inclusion_data=", "Include Inclusion Data—error"),
    ],
)
def test_get_content_block_refuses(blocks: Client, query: str, message: str) -> None:
    assert blocks.get(INFO, query) == (400, {"message": message})


def test_get_content_block_of_another_workspace_is_unknown(blocks: Client) -> None:
    blocks.emulator.workspaces.create("other", {"api_keys": [{"key": "other-key"}]})
    answer = blocks.get(INFO, f"content_block_id={ACTIVE}", authorization="Bearer other-key")
    assert answer == (400, {"message": INVALID_ID})


# ---- list


def test_list_content_blocks_shows_summaries_without_content(blocks: Client) -> None:
    _, body = blocks.get(LIST)
    assert body["message"] == "success"
    assert body["content_blocks"][0] == {
        "content_block_id": ACTIVE,
        "name": "greeting",
        "content_type": "html",
        "liquid_tag": "{{content_blocks.${greeting}}}",
        "inclusion_count": 0,
        "created_at": START,
        "last_edited": START,
        "tags": ["footer"],
    }


def test_list_content_blocks_is_empty_in_a_fresh_workspace(braze_client: Client) -> None:
    assert braze_client.get(LIST) == (200, {"count": 0, "content_blocks": [], "message": "success"})


def test_list_content_blocks_has_drafts_but_no_deleted_blocks(blocks: Client) -> None:
    assert names(blocks) == ["greeting", "later"]


def filled(count: int) -> Client:
    made = [{"name": f"block-{number:04}", "content": "x"} for number in range(count)]
    return client({"content_blocks": made})


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ("", 0, 100),
        ("limit=5", 0, 5),
        ("limit=1000", 0, 104),
        ("offset=1", 1, 100),
        ("limit=3&offset=102", 102, 2),
        ("offset=103", 103, 1),
        ("offset=104", 104, 0),
        ("limit=1&offset=999999999", 104, 0),
    ],
)
def test_list_content_blocks_pages_in_the_order_of_creation(query: str, first: int, count: int) -> None:
    assert names(filled(104), query) == [f"block-{number:04}" for number in range(first, first + count)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("modified_after=2026-01-31T12:00:00Z", ["greeting", "later"]),
        ("modified_after=2026-01-31T12:00:00.001Z", ["greeting"]),
        ("modified_after=2026-01-31T12:01:00Z", ["greeting"]),
        ("modified_after=2026-01-31T12:01:01Z", []),
        ("modified_after=2026-01-31T13:01:00%2B01:00", ["greeting"]),
        ("modified_after=2026-01-31", ["greeting", "later"]),
        ("modified_before=2026-01-31", []),
        ("modified_before=2026-01-31T12:00:00Z", ["later"]),
        ("modified_before=2026-01-31T12:01:00Z", ["greeting", "later"]),
        ("modified_after=2026-01-31T12:00:00Z&modified_before=2026-01-31T12:00:00Z", ["later"]),
    ],
)
def test_list_content_blocks_filters_by_the_last_edit(blocks: Client, query: str, found: list[str]) -> None:
    advance(blocks, 60)
    blocks.post(UPDATE, {"content_block_id": ACTIVE, "content": "Good morning"})
    assert names(blocks, query) == found


AFTER, BEFORE = "Modified after time is invalid", "Modified before time is invalid"
LIMIT, OFFSET = "Content Block number limit is invalid", "Offset is invalid"
SMALL_LIMIT, BIG_LIMIT = (
    "Content Block number limit must be greater than 0",
    "Content Block number limit exceeds maximum of 1000",
)
SMALL_OFFSET = "Offset must be greater than 0"
CROSSED = "Modified after time must be earlier than or the same as modified before time."


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("modified_after=yesterday", AFTER),
        ("modified_after=", AFTER),
        ("modified_after[]=2026-01-01", AFTER),
        ("modified_after=2026-13-01T00:00:00Z", AFTER),
        ("modified_after=0001-01-01T00:00:00%2B14:00", AFTER),
        ("modified_before=tomorrow", BEFORE),
        ("modified_after=yesterday&modified_before=tomorrow", AFTER),
        ("modified_after=2026-02-01&modified_before=2026-01-01", CROSSED),
        ("modified_after=2026-01-01T00:00:00.001Z&modified_before=2026-01-01", CROSSED),
        ("limit=many", LIMIT),
        ("limit=", LIMIT),
        ("limit=1.5", LIMIT),
        ("limit=--5", LIMIT),
        ("limit=%C2%B2", LIMIT),
        ("limit=" + "9" * 5000, LIMIT),
        ("limit=0", SMALL_LIMIT),
        ("limit=-1", SMALL_LIMIT),
        ("limit=1001", BIG_LIMIT),
        ("limit=0&offset=x", SMALL_LIMIT),
        ("offset=x", OFFSET),
        ("offset=0", SMALL_OFFSET),
        ("offset=-1", SMALL_OFFSET),
        ("modified_after=yesterday&limit=0", SMALL_LIMIT),
    ],
    ids=lambda text: text[:60],
)
def test_list_content_blocks_refuses(blocks: Client, query: str, message: str) -> None:
    assert blocks.get(LIST, query) == (400, {"message": message})
