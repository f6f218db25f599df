"""Exports of a segment or of the Global Control Group: who, which fields, where to fetch them, how many at a time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.state import profiles
from tests.braze.export_seed import (
    CANCEL,
    GOLD,
    GROUP,
    HOST,
    SEED,
    SEGMENT,
    begin,
    fetch,
    files,
    seeded,
    url_of,
    users,
)
from tests.conftest import Client, client

RUNNING = "An export of this segment is already running"


@pytest.fixture
def braze() -> Client:
    return seeded()


# ---- the answer


def test_export_segment_answers_at_once(braze: Client) -> None:
    status, body = braze.post(SEGMENT, {"segment_id": "gold", "fields_to_export": ["email"]})
    assert (status, body.keys(), body["message"]) == (201, {"message", "object_prefix", "url"}, "success")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-1769860800", body["object_prefix"])
    start = f"http://{HOST}/object-storage/default/segment-export/gold/2026-01-31/{body['object_prefix']}/"
    assert re.fullmatch(re.escape(start) + r"[0-9a-f]{32}\.zip", body["url"])


@pytest.mark.parametrize(
    ("headers", "start"),
    [
        ({"host": "localhost:8080"}, "http://localhost:8080/object-storage/"),
        ({"host": "rest.iad-01.braze.com"}, "http://rest.iad-01.braze.com/object-storage/"),
        ({"host": "braze.test", "x_forwarded_proto": "https"}, "https://braze.test/object-storage/"),
    ],
    ids=str,
)
def test_export_segment_gives_an_url_under_the_address_that_was_used(
    braze: Client, headers: dict[str, str], start: str
) -> None:
    _, body = braze.post(SEGMENT, {"segment_id": "gold", "fields_to_export": ["email"]}, **headers)
    assert body["url"].startswith(start)
    assert fetch(braze, body["url"], host=headers["host"]).status == 200


def test_export_segment_without_a_host_names_the_one_that_the_dispatcher_knows() -> None:
    nobody = client(SEED)
    _, body = nobody.post(SEGMENT, {"segment_id": "gold", "fields_to_export": ["email"]})
    assert body["url"].startswith("http://emulator/object-storage/")


def test_export_segment_makes_an_address_of_strange_ids() -> None:
    braze = seeded(segments=[{"id": "a/b ü", "name": "S"}])
    url = url_of(braze, segment_id="a/b ü")
    assert url.isascii() and " " not in url
    assert len(users(braze, url)) == 3


# ---- what is exported


def test_export_segment_writes_its_members_with_the_wanted_fields(braze: Client) -> None:
    url = url_of(braze, fields_to_export=["external_id", "email", "apps", "first_name"])
    assert users(braze, url) == [{"external_id": "ada", "email": "ada@example.com"}, {"external_id": "bob"}]
    assert braze.entries[-2].fates == []


def test_export_segment_of_everybody(braze: Client) -> None:
    url = url_of(braze, segment_id="all", fields_to_export=["external_id"])
    assert braze.fates == [("/segment_id", "segment_without_filters")]
    assert users(braze, url) == [{"external_id": "ada"}, {"external_id": "bob"}, {"external_id": "eve"}]


def test_export_segment_leaves_out_what_is_older_than_90_days(braze: Client) -> None:
    url = url_of(braze, fields_to_export=["external_id", "custom_events", "campaigns_received", "canvases_received"])
    ada, bob = users(braze, url)
    assert [one["name"] for one in ada["custom_events"]] == ["recent"]
    assert [one["name"] for one in ada["campaigns_received"]] == ["June", "Undated"]
    assert [one["name"] for one in ada["canvases_received"]] == ["Welcome"]
    assert bob == {"external_id": "bob"}


@pytest.mark.parametrize(
    ("wanted", "found", "rules"),
    [
        ({"fields_to_export": ["custom_attributes"]}, {"plan": "gold", "city": "London", "size": 5}, []),
        ({"fields_to_export": ["email"], "custom_attributes_to_export": ["city", "none"]}, {"city": "London"}, []),
        ({"fields_to_export": ["email"], "custom_attributes_to_export": ["none"]}, None, []),
        ({"fields_to_export": ["email"], "custom_attributes_to_export": []}, None, []),
        ({"fields_to_export": ["email"], "custom_attributes_to_export": None}, None, []),
        (
            {"fields_to_export": ["custom_attributes"], "custom_attributes_to_export": ["city"]},
            {"plan": "gold", "city": "London", "size": 5},
            ["all_attributes_exported"],
        ),
    ],
    ids=str,
)
def test_export_segment_of_custom_attributes(braze: Client, wanted: Any, found: Any, rules: list[str]) -> None:
    url = url_of(braze, **wanted)
    assert [rule for _, rule in braze.fates] == rules
    assert users(braze, url)[0].get("custom_attributes") == found


def test_export_segment_shows_the_users_of_the_moment_of_the_call(braze: Client) -> None:
    url = url_of(braze, fields_to_export=["external_id", "email"])
    braze.post("/users/track", {"attributes": [{"external_id": "ada", "email": "new@example.com"}]})
    braze.post("/users/track", {"attributes": [{"external_id": "zoe", "plan": "gold"}]})
    assert [one.get("email") for one in users(braze, url)] == ["ada@example.com", None]


def test_export_segment_ignores_what_it_does_not_know(braze: Client) -> None:
    body = {"segment_id": "gold", "fields_to_export": ["custom_events", "customevents"], "call_back_endpoint": "x"}
    assert braze.post(SEGMENT, body)[0] == 201
    assert braze.fates == [("/call_back_endpoint", "ignored"), ("/fields_to_export/1", "ignored")]
    notes = [fate.note for fate in braze.entries[-1].fates]
    assert notes == ["did you mean 'callback_endpoint'?", "did you mean 'custom_events'?"]


def test_export_segment_of_unknown_fields_only_has_empty_users(braze: Client) -> None:
    assert users(braze, url_of(braze, fields_to_export=["nonsense"])) == [{}, {}]


SEED_ONLY = {
    "random_bucket": 7,
    "apps": [
        {"name": "Shop", "platform": "iOS", "version": "1.2", "sessions": 3, "last_used": "2026-01-01T00:00:00.000Z"}
    ],
    "devices": [{"model": "iPhone", "os": "iOS 19", "carrier": None, "device_id": "d", "ad_tracking_enabled": False}],
    "campaigns_received": [
        {"name": "June", "last_received": "2026-01-02T00:00:00.000Z", "engaged": {}, "converted": True}
    ],
    "canvases_received": [{"name": "Welcome", "last_entered": "2026-01-01T00:00:00.000Z", "in_control": False}],
    "cards_clicked": [{"name": "Card"}],
    "attributed_campaign": "c",
    "attributed_source": "s",
    "attributed_adgroup": "g",
    "attributed_ad": "a",
    "uninstalled_at": "2026-01-03T00:00:00.000Z",
}


def test_export_segment_shows_what_only_a_seed_can_say() -> None:
    assert SEED_ONLY.keys() == profiles.SEED_ONLY
    braze = seeded(profiles=[{"external_id": "ada", **SEED_ONLY}])
    url = url_of(braze, segment_id="all", fields_to_export=[*SEED_ONLY])
    assert users(braze, url) == [SEED_ONLY]
    _, body = braze.post("/users/export/ids", {"external_ids": ["ada"], "fields_to_export": [*SEED_ONLY]})
    assert body["users"] == [SEED_ONLY]


# ---- the archive


def test_export_segment_puts_5000_users_into_a_file() -> None:
    everybody = [{"external_id": f"u{number}"} for number in range(10_001)]
    braze = seeded(profiles=everybody)
    found = files(braze, url_of(braze, segment_id="all", fields_to_export=["external_id"]))
    assert sorted(len(lines) for lines in found.values()) == [1, 5000, 5000]
    assert {user["external_id"] for lines in found.values() for user in lines} == {
        one["external_id"] for one in everybody
    }
    assert all(re.fullmatch(r"[0-9a-f]{32}\.json", name) for name in found)


def test_export_segment_of_nobody_has_one_empty_file() -> None:
    braze = seeded(profiles=[])
    assert list(files(braze, url_of(braze)).values()) == [[]]


def test_export_segment_gives_the_same_bytes_for_the_same_calls() -> None:
    def archive() -> bytes:
        braze = seeded()
        return fetch(braze, url_of(braze, fields_to_export=["external_id", "custom_attributes", "created_at"])).body

    assert archive() == archive()


def test_export_segment_gives_the_same_bytes_each_time_it_is_fetched(braze: Client) -> None:
    url = url_of(braze)
    first = fetch(braze, url).body
    braze.emulator.workspaces.default.clock.advance(3600)
    braze.post("/users/track", {"attributes": [{"external_id": "ada", "email": "new@example.com"}]})
    assert fetch(braze, url).body == first


# ---- fields, formats, accounts


@pytest.mark.parametrize("fields", [{}, {"fields_to_export": None}, {"fields_to_export": []}], ids=str)
@pytest.mark.parametrize("path", [SEGMENT, GROUP])
def test_export_segment_needs_fields(path: str, fields: dict[str, Any]) -> None:
    braze = seeded({"global_control_group": {"percentage": 100}})
    named = {"segment_id": "gold"} if path == SEGMENT else {}
    assert braze.post(path, {**named, **fields}) == (400, {"message": "fields_to_export is required"})


def test_export_segment_of_an_old_account_exports_all_fields() -> None:
    braze = seeded({"exports": {"all_fields": True}})
    _, body = braze.post(SEGMENT, {"segment_id": "gold"})
    ada = users(braze, body["url"])[0]
    assert {"braze_id", "created_at", "custom_attributes", "email", "random_bucket", "campaigns_received"} <= ada.keys()


@pytest.mark.parametrize(
    ("own", "sent", "ending", "rules"),
    [
        (False, None, "zip", []),
        (False, "zip", "zip", []),
        (False, "gzip", "zip", ["gzip_needs_own_storage"]),
        (True, "zip", None, []),
        (True, "gzip", None, []),
    ],
)
def test_export_segment_formats(own: bool, sent: str | None, ending: str | None, rules: list[str]) -> None:
    braze = seeded({"exports": {"own_storage": own}})
    _, body = begin(braze, output_format=sent)
    assert [rule for _, rule in braze.fates] == rules
    assert body.get("url", "x.None").rsplit(".", 1)[1] == str(ending)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"segment_id": "nobody"}, "segment_id must be a string of the Segment api identifier"),
    ({"segment_id": None}, "segment_id must be a string of the Segment api identifier"),
    ({"segment_id": 7}, "segment_id must be a string of the Segment api identifier"),
    ({"fields_to_export": "email"}, "fields_to_export must be an array of strings"),
    ({"fields_to_export": [7]}, "fields_to_export must be an array of strings"),
    ({"custom_attributes_to_export": ["a"] * 501}, "At most 500 custom attributes can be exported"),
    ({"custom_attributes_to_export": [1]}, "custom_attributes_to_export must be an array of strings"),
    ({"callback_endpoint": 7}, "callback_endpoint must be a string"),
    ({"output_format": "tar"}, "output_format must be either zip or gzip"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda value: str(value)[:40])
def test_export_segment_refuses(braze: Client, change: dict[str, Any], message: str) -> None:
    body = {"segment_id": "gold", "fields_to_export": ["email"], **change}
    assert braze.post(SEGMENT, body) == (400, {"message": message})


def test_export_segment_takes_500_custom_attributes(braze: Client) -> None:
    assert begin(braze, custom_attributes_to_export=["a"] * 500)[0] == 201


# ---- the Global Control Group


@pytest.mark.parametrize(
    ("group", "wanted"),
    [({"percentage": 1}, ["ada"]), ({"from": 50, "to": 100}, ["bob"]), ({"from": 9000, "to": 9998}, [])],
    ids=str,
)
def test_export_global_control_group_follows_the_setting(group: Any, wanted: list[str]) -> None:
    braze = seeded({"global_control_group": group})
    status, body = braze.post(GROUP, {"fields_to_export": ["external_id"]})
    assert (status, "/segment-export/global_control_group/2026-01-31/" in body["url"]) == (201, True)
    assert [one["external_id"] for one in users(braze, body["url"])] == wanted


def test_export_global_control_group_without_a_group(braze: Client) -> None:
    answer = braze.send("POST", GROUP, {"fields_to_export": ["email"]})
    assert answer.status == 400
    assert "global_control_group: {percentage: 5}" in answer.headers["X-Emulator-Hint"]


def test_export_global_control_group_has_fewer_fields() -> None:
    braze = seeded({"global_control_group": {"percentage": 1}})
    wanted = ["external_id", "push_tokens", "email_subscribe"]
    _, body = braze.post(GROUP, {"fields_to_export": wanted, "custom_attributes_to_export": ["plan"]})
    assert braze.fates == [
        ("/custom_attributes_to_export", "ignored"),
        ("/fields_to_export/1", "ignored"),
        ("/fields_to_export/2", "ignored"),
    ]
    assert users(braze, body["url"]) == [{"external_id": "ada"}]


# ---- one at a time, and no more than 100


def test_export_segment_takes_no_time_unless_the_seed_says_so(braze: Client) -> None:
    assert [begin(braze)[0] for _ in range(3)] == [201] * 3


def test_export_segment_once_at_a_time() -> None:
    braze = seeded({"exports": {"seconds": 60}})
    assert begin(braze)[0] == 201
    assert begin(braze) == (429, {"message": RUNNING})
    assert begin(braze, segment_id="all")[0] == 201
    braze.emulator.workspaces.default.clock.advance(59)
    assert begin(braze)[0] == 429
    braze.emulator.workspaces.default.clock.advance(1)
    assert begin(braze)[0] == 201


def test_export_segment_100_at_a_time() -> None:
    segments = [{"id": f"s{number}", "name": "S"} for number in range(101)]
    braze = seeded({"exports": {"seconds": 60}, "global_control_group": {"percentage": 1}}, segments=segments)
    assert {begin(braze, segment_id=f"s{number}")[0] for number in range(100)} == {201}
    refused = (429, {"message": "At most 100 exports can run at the same time"})
    assert begin(braze, segment_id="s100") == refused
    assert braze.post(GROUP, {"fields_to_export": ["email"]}) == refused
    braze.post(CANCEL, {"segment_id": "s0"})
    assert begin(braze, segment_id="s100")[0] == 201


# ---- cancel


def test_cancel_segment_export_stops_it_and_its_callback() -> None:
    braze = seeded({"exports": {"seconds": 60}})
    url = url_of(braze, callback_endpoint="http://emulator/hook")
    other = url_of(braze, segment_id="all", callback_endpoint="http://emulator/hook")
    assert braze.post(CANCEL, {"segment_id": "gold"}) == (201, {"message": "success"})
    assert braze.fates == []
    assert begin(braze)[0] == 201
    workspace = braze.emulator.workspaces.default
    assert braze.emulator.dispatcher.advance(workspace, 60) == 1
    assert (fetch(braze, url).status, fetch(braze, other).status) == (404, 200)


def test_cancel_segment_export_with_nothing_running(braze: Client) -> None:
    url = url_of(braze)
    assert braze.post(CANCEL, {"segment_id": "gold"}) == (201, {"message": "success"})
    assert braze.fates == [("/segment_id", "no_export_running")]
    assert fetch(braze, url).status == 200


def test_cancel_segment_export_needs_the_permission_to_list_segments() -> None:
    keys = [{"key": "a", "permissions": ["segments.list"]}, {"key": "b", "permissions": ["users.export.segment"]}]
    braze = client({"segments": GOLD, "api_keys": keys})
    codes = [braze.post(CANCEL, {"segment_id": "gold"}, authorization=f"Bearer {key}")[0] for key in "ab"]
    assert codes == [201, 403]


@pytest.mark.parametrize("body", [{}, {"segment_id": "nobody"}, {"segment_id": 7}], ids=str)
def test_cancel_segment_export_refuses(braze: Client, body: Any) -> None:
    assert braze.post(CANCEL, body) == (400, {"message": "segment_id must be a string of the Segment api identifier"})


# ---- the callback


def called_back(braze: Client) -> list[tuple[str, int, bytes, str]]:
    out = [entry for entry in braze.entries if entry.direction == "out"]
    return [(entry.path, entry.status, entry.request_body, entry.note) for entry in out]


def test_export_segment_calls_back_when_it_is_ready() -> None:
    braze = seeded({"exports": {"seconds": 60}})
    url = url_of(braze, callback_endpoint="http://emulator/users/track")
    assert called_back(braze) == []
    braze.emulator.dispatcher.advance(braze.emulator.workspaces.default, 60)
    ((path, _, body, _),) = called_back(braze)
    assert (path, body) == ("http://emulator/users/track", f'{{"success":true,"url":"{url}"}}'.encode())


def test_export_segment_with_own_storage_calls_back_without_url() -> None:
    braze = seeded({"exports": {"own_storage": True}})
    status, body = begin(braze, callback_endpoint="http://emulator/hook")
    assert (status, body.keys()) == (201, {"message", "object_prefix"})
    assert [sent for _, _, sent, _ in called_back(braze)] == [b'{"success":true}']


@pytest.mark.parametrize("place", ["https://hooks.example.com/x", "example_endpoint"])
def test_export_segment_calls_nobody_outside_unless_that_is_allowed(braze: Client, place: str) -> None:
    assert begin(braze, callback_endpoint=place)[0] == 201
    ((path, status, _, note),) = called_back(braze)
    assert (path, status) == (place, 0)
    assert "--allow-hosts hooks.example.com" in note or "is not an address" in note


@pytest.mark.parametrize("place", [None, ""])
def test_export_segment_without_a_callback(braze: Client, place: Any) -> None:
    assert begin(braze, callback_endpoint=place)[0] == 201
    assert called_back(braze) == []
