"""The look that decides and the walk that explains say the same of every nested value."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.state import nested

KEYS = st.sampled_from(["a", "b c", "d.e", "$f", "", "é", "n" * 255, "n" * 256, "$time", "$add", "a\n"])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "text", "t" * 255, "t" * 256, "é" * 255]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
NESTED = st.dictionaries(KEYS, VALUES, max_size=3) | st.lists(st.dictionaries(KEYS, VALUES, max_size=3), max_size=3)


def dollar_time(value: Any) -> bool:
    inside = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return (isinstance(value, dict) and "$time" in value) or any(map(dollar_time, inside))


@settings(max_examples=300, deadline=None)
@given(NESTED)
def test_deciding_and_explaining_agree(value: Any) -> None:
    plain = nested.all_plain([{"external_id": "a", "x": value}])
    assert plain == (nested.flaw(value) == "" and not dollar_time(value))
