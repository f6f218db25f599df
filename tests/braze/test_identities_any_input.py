"""Whatever is sent to the operations on identities gets a described answer, and the indexes fit the profiles."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import fates, operations
from tests.braze.test_identity_properties import indexes_fit
from tests.conftest import client

OPERATIONS = {one.id: one for one in operations.load() if one.key.startswith("braze/identities/")}
ALIAS = {"alias_label": "l", "alias_name": "1"}
SEED = {
    "settings": {"rate_limits": "off"},
    "profiles": [
        {"external_id": "a", "email": "a@b.co", "user_aliases": [ALIAS], "custom_attributes": {"x": 1}},
        {"external_id": "5", "phone": "+14155552671", "custom_attributes": {"y": {"z": 2}}},
        {"email": "a@b.co", "user_aliases": [{"alias_label": "m", "alias_name": "1"}]},
    ],
}
ATOMS = st.sampled_from(
    [None, True, 0, 5, -1, 5.0, 1e300, 2**64, "", "a", "5", "b", "1", "é" * 494, "a@b.co", "+14155552671", "identified",
     "unidentified", "most_recently_updated", "least_recently_updated", "merge", "none", ALIAS, [], {}]
)  # fmt: skip
NAMES = [
    "external_id", "user_alias", "alias_name", "alias_label", "email", "phone", "prioritization", "braze_id",
    "old_alias_name", "new_alias_name", "current_external_id", "new_external_id", "identifier_to_merge",
    "identifier_to_keep",
]  # fmt: skip
PRIORITIES = st.lists(st.sampled_from(["identified", "unidentified", "most_recently_updated"]), max_size=2)
IDS = st.sampled_from(["a", "5", "b", 5])
GOOD = st.fixed_dictionaries({
    "external_id": IDS, "user_alias": st.just(ALIAS), "email": st.just("a@b.co"), "phone": st.just("+14155552671"),
    "prioritization": PRIORITIES, "alias_name": st.sampled_from(["1", "2"]), "alias_label": st.just("l"),
    "old_alias_name": st.just("1"), "new_alias_name": st.just("2"), "current_external_id": IDS, "new_external_id": IDS,
    "identifier_to_merge": st.just({"external_id": "a"}), "identifier_to_keep": st.just({"external_id": "5"}),
})  # fmt: skip
VALUES = ATOMS | PRIORITIES | st.dictionaries(st.sampled_from(NAMES), ATOMS, max_size=3)


def only_known(item: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in schema.get("properties", {})}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, Any]:
    """An operation id, and a body whose parts are mostly what it takes."""
    operation = draw(st.sampled_from(sorted(OPERATIONS)))
    arrays = OPERATIONS[operation].data["request"]["properties"]
    name = draw(st.sampled_from(sorted(arrays.keys() - {"merge_behavior"})))
    schema = arrays[name].get("items", {})
    item = GOOD.map(lambda good: only_known(good, schema)) if "properties" in schema else IDS | st.just(ALIAS)
    wild = draw(st.integers(0, 3))
    items = st.lists(item if wild < 2 else item | st.tuples(item, CHANGES).map(_with) | VALUES, max_size=3)
    body = {name: draw(items)}
    if "merge_behavior" in arrays and wild:
        body["merge_behavior"] = draw(st.just("none") if wild < 2 else ATOMS)
    return operation, draw(VALUES) if wild > 2 else body


CHANGES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=1)


def _with(pair: tuple[Any, dict[str, Any]]) -> Any:
    item, more = pair
    return {**item, **more} if isinstance(item, dict) else item


def test_identities_take_anything() -> None:
    braze = client(SEED)
    statuses = set()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(calls=st.lists(bodies(), min_size=1, max_size=4))
    def take(calls: list[tuple[str, Any]]) -> None:
        braze.emulator.workspaces.default.reset()
        for name, body in calls:
            operation = OPERATIONS[name]
            answer = braze.send("POST", operation.data["path"], json.dumps(body))
            described = operation.data["responses"][str(answer.status)]["schema"]
            jsonschema_rs.validator_for(described).validate(orjson.loads(answer.body))
            assert all(fate.rule in fates.rules() for fate in braze.entries[-1].fates)
            assert indexes_fit(braze)
            statuses.add((name, answer.status))

    take()
    braze.emulator.journal.close()
    assert statuses == {(one.id, int(status)) for one in OPERATIONS.values() for status in one.data["responses"]}
