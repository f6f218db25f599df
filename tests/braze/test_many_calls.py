"""Calls from many threads lose nothing; the same calls with the same seed give the same state, byte for byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import requests

from emulator.pipeline import Emulator
from tests.braze.calls import ALIAS, EARLIER, EVENT, NOW, PURCHASE, only
from tests.conftest import Client, client

THREADS, EACH = 32, 20
COUNTED = {"external_id": "u", "n": {"inc": 1}, "log": {"$add": [{"id": 1}]}}
NOT_YET = "2999-01-01T00:00:00Z"
"""Becomes now, by whatever clock: an export shows the last 90 days."""
BODY = {"attributes": [COUNTED], "events": [{**EVENT, "time": NOT_YET}], "purchases": [{**PURCHASE, "time": NOT_YET}]}


def everything(profile: dict[str, Any]) -> tuple[int, ...]:
    """How often BODY was applied, by each way to count it."""
    attributes = profile["custom_attributes"]
    counts = (part[0]["count"] for part in (profile["custom_events"], profile["purchases"]))
    return attributes["n"], len(attributes["log"]), *counts, round(profile["total_revenue"] / PURCHASE["price"])


def test_track_users_from_many_threads_loses_nothing() -> None:
    braze = client({"settings": {"rate_limits": "off"}})
    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(lambda _: braze.post("/users/track", BODY)[0], range(THREADS * EACH)))
    assert set(statuses) == {201}
    assert everything(only(braze, external_ids=["u"])) == (THREADS * EACH,) * 5


def test_track_users_over_http_from_many_threads_loses_nothing() -> None:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--json", "--quiet"]
    headers = {"Authorization": "Bearer test-key"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]

        def send(_: int) -> int:
            return requests.post(f"{url}/users/track", json=BODY, headers=headers, timeout=30).status_code

        with ThreadPoolExecutor(THREADS) as pool:
            statuses = list(pool.map(send, range(THREADS * 5)))
        asked = {"external_ids": ["u"]}
        answer = requests.post(f"{url}/users/export/ids", json=asked, headers=headers, timeout=30).json()
        process.terminate()
    assert set(statuses) == {201}
    assert everything(answer["users"][0]) == (THREADS * 5,) * 5


def told() -> bytes:
    """Every table after a row of calls of many kinds, as JSON in a fixed order."""
    seed = {
        "clock": {"now": NOW, "frozen": True},
        "subscription_groups": [{"id": "news", "name": "News", "channel": "email"}],
        "custom_attributes": [{"name": "forced", "type": "number"}],
        "profiles": [{"external_id": "seeded", "email": "a@b.co"}],
    }
    braze = Client(Emulator(seed), {"content-type": "application/json", "authorization": "Bearer test-key"})
    group = {"subscription_group_id": "news", "subscription_state": "subscribed"}
    tokens = [{"app_id": "app", "token": "one"}, {"app_id": "app", "token": "two"}]
    people = [
        {"external_id": f"u{n}", "email": f"p{n % 3}@b.co", "forced": str(n), "tags": ["b", "a"]} for n in range(9)
    ]
    bodies: list[dict[str, Any]] = [
        {"attributes": people, "events": [EVENT], "purchases": [PURCHASE, {**PURCHASE, "product_id": "other"}]},
        {"attributes": [{"user_alias": ALIAS, "_update_existing_only": False, "deep": {"b": 1, "a": {"$time": NOW}}}]},
        {"attributes": [{"push_token_import": True, "push_tokens": tokens}, {"email": "x@y.zz", "n": {"inc": 1}}]},
        {"attributes": [{"external_id": "u1", "subscription_groups": [group], "push_tokens": tokens[:1], "n": "text"}]},
        {"events": [{"email": "p1@b.co", "name": name, "time": EARLIER} for name in "cab"]},
    ]
    assert {braze.post("/users/track", body)[0] for body in bodies} == {201}
    state = braze.emulator.workspaces.default.state
    return orjson.dumps({name: sorted(state[name].items()) for name in sorted(state)})


def test_the_same_calls_give_the_same_state_byte_for_byte() -> None:
    code = "import sys; from tests.braze.test_many_calls import told; sys.stdout.buffer.write(told())"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": number}
        ).stdout
        for number in ("1", "2")
    ]
    assert runs[0] == runs[1] == told()
    assert len(orjson.loads(runs[0])["profiles"]) > 12
