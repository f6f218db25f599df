"""What a seed may declare of Canvases, and the errors for what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import ConfigError
from emulator.pipeline import Emulator

CARD = {"channel": "content_card", "type": "CLASSIC", "title": "t", "description": "d", "time_to_live": 60}
GOLD = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}


def planted(**fields: Any) -> dict[str, Any]:
    emulator = Emulator({"canvases": [{"id": "v", "name": "V", **fields}]})
    found: dict[str, Any] = emulator.workspaces.default.state["canvases"]["v"]
    return found


def way(canvas: dict[str, Any], variant: int = 0) -> list[str]:
    """The names of the steps from the first one on; of paths, the last."""
    names, place = [], canvas["variants"][variant]["first"]
    while place:
        step = canvas["steps"][place]
        names.append(step["name"])
        place = step["paths"][-1]["next"] if "paths" in step else step["next"]
    return names


def test_an_id_and_a_name_are_enough() -> None:
    found = planted()
    assert (found["trigger"], found["status"], way(found)) == ({"api": True}, "active", [])
    assert [one["percentage"] for one in found["variants"]] == [100]


def test_steps_name_the_next_one() -> None:
    paths = [{"audience": GOLD, "steps": [{"exit": True}]}, {"steps": [{"name": "b", "delay": 1}]}]
    found = planted(steps=[{"name": "a", "message": CARD}, {"audience_paths": paths}, {"name": "c", "delay": "2d"}])
    assert way(found) == ["a", "Audience Paths", "b", "c"]
    step = next(one for one in found["steps"].values() if one["type"] == "audience_paths")
    assert [(one["name"], bool(one["next"])) for one in step["paths"]] == [("Group 1", False), ("Everyone Else", True)]
    assert [one["delay"] for one in found["steps"].values() if one["type"] == "delay"] == [1, 172_800]


def test_ids_that_are_not_given_stay_the_same() -> None:
    steps = [{"message": CARD}, {"delay": 1}, {"id": "own", "message": {**CARD, "id": "mine"}}]
    found, longer = planted(steps=steps), planted(steps=[*steps, {"delay": 2}])
    assert found["variants"] == longer["variants"] and found["steps"]["own"]["messages"][0]["id"] == "mine"
    assert list(longer["steps"])[:3] == list(found["steps"]) and len(longer["steps"]) == 4


def test_silent_variants_share_what_is_left() -> None:
    found = planted(control_percentage=20, variants=[{"percentage": 40}, {"steps": [{"delay": 1}]}, {"name": "x"}])
    assert [(one["name"], one["percentage"]) for one in found["variants"]] == [
        ("Variant 1", 40), ("Variant 2", 20), ("x", 20)]  # fmt: skip
    assert way(found, 1) == ["Delay"]


SMS = {"channel": "sms", "body": "x", "app_id": "a"}
NESTED = {"audience_paths": [{"audience": {"segment": {"segment_id": "s", "comparison": "is_in"}}}]}
REGEX = {"event": {"name": "x", "properties": [{"property": "a", "comparison": "matches_regex", "value": "("}]}}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a field that there is not": ({"step": []}, "'step' was unexpected"),
    "a typo in a step": ({"steps": [{"mesage": {}}]}, "'mesage' was unexpected"),
    "a step that is nothing": ({"steps": [{"name": "x"}]}, "seed.canvases[0].steps[0]: a step has one of message, "),
    "a step that is two": ({"steps": [{"delay": 1, "message": CARD}]}, "this one has message and delay"),
    "an SMS without group": ({"steps": [{"message": SMS}]}, "'subscription_group_id' is a required property"),
    "a field of another channel": ({"steps": [{"message": {**CARD, "url": "x"}}]}, "'url' was unexpected"),
    "nothing but validations": ({"steps": [{"delivery_validations": GOLD}]}, "this one has none"),
    "validations of a delay": (
        {"steps": [{"delay": 1, "delivery_validations": GOLD}]},
        "seed.canvases[0].steps[0].delivery_validations: only a step with message or messages has them",
    ),
    "bad validations": (
        {"steps": [{"message": CARD, "delivery_validations": {"segment": {"segment_id": "s", "comparison": "is_in"}}}]},
        "seed.canvases[0].steps[0].delivery_validations.segment: no segment 's'",
    ),
    "no duration": ({"steps": [{"delay": "soon"}]}, "seed.canvases[0].steps[0].delay: 'soon' is not a duration"),
    "back in time": ({"steps": [{"delay": -1}]}, "seed.canvases[0].steps[0].delay: a message does not come before"),
    "after the exit": ({"steps": [{"exit": True}, {"delay": 1}]}, "seed.canvases[0].steps[0].exit: nobody comes to"),
    "everybody first": (
        {"steps": [{"audience_paths": [{"steps": []}, {"audience": GOLD}]}]},
        "seed.canvases[0].steps[0].audience_paths[0]: a path without an audience takes everybody who is left",
    ),
    "no such segment": (
        {"variants": [{"steps": [{"audience_paths": [{"steps": [NESTED]}]}]}]},
        "variants[0].steps[0].audience_paths[0].steps[0].audience_paths[0].audience.segment: no segment",
    ),
    "steps and variants": ({"steps": [], "variants": [{}]}, "it has steps and variants; write the steps into"),
    "over a hundred": ({"control_percentage": 60, "variants": [{"percentage": 50}]}, "110 percent together"),
    "an id twice": ({"steps": [{"id": "a", "delay": 1}, {"message": {**CARD, "id": "a"}}]}, "the id 'a' stands twice"),
    "two triggers": ({"trigger": {"api": True, "event": {"name": "x"}}}, "too many properties"),
    "a bad pattern": ({"trigger": REGEX}, "seed.canvases[0].trigger.event.properties[0]: '('"),
    "a bad way out": ({"exit_criteria": REGEX}, "seed.canvases[0].exit_criteria.event.properties[0]: '('"),
    "no such group": (
        {"exit_criteria": {"subscription": {"subscription_group_id": "g"}}},
        "seed.canvases[0].exit_criteria.subscription: no group 'g'",
    ),
    "a way out that is none": ({"exit_criteria": {"api": True}}, "'api' was unexpected"),
    "no time": ({"start": "tomorrow"}, "seed.canvases[0].start"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_named(name: str) -> None:
    fields, told = BAD[name]
    with pytest.raises(ConfigError) as error:
        planted(**fields)
    assert told in str(error.value)


@pytest.mark.parametrize(("depth", "innermost", "told"), [
    (20, {"delay": 1}, ""),
    (21, {"delay": 1}, "audience_paths stand at most 20 deep inside each other"),
    (200, {"delay": 1}, "audience_paths stand at most 20 deep inside each other"),
    (200, {"dela": 1}, "seed: what does not fit stands too deep inside; write it flatter"),
])  # fmt: skip
def test_paths_stand_so_deep_in_each_other(depth: int, innermost: dict[str, Any], told: str) -> None:
    steps = [innermost]
    for _ in range(depth):
        steps = [{"audience_paths": [{"steps": steps}]}]
    if not told:
        assert len(planted(steps=steps)["steps"]) == 21
        return
    with pytest.raises(ConfigError) as error:
        planted(steps=steps)
    assert told in str(error.value) and len(str(error.value)) < 10_000


def test_a_canvas_stands_once() -> None:
    with pytest.raises(ConfigError, match="'v' stands twice"):
        Emulator({"canvases": [{"id": "v", "name": "V"}, {"id": "v", "name": "W"}]})
