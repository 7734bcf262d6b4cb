"""What JSON, TOML and YAML of somebody else can be, and what is refused."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.foreign_documents import read_json, read_toml
from agentops.core.foreign_yaml import YamlError, read_documents, read_yaml

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_what_json_can_say_is_read_as_it_is(value: object) -> None:
    """The limits take nothing away from a value within them."""
    assert read_json(json.dumps(value)) == value


@given(st.text(max_size=200))
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    """Nothing else is raised, whatever the text."""
    for read in (read_json, read_toml, read_yaml):
        with suppress(ValueError):
            read(text)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "-1e999", "9" * 21, "9" * 100_000, '{"a": 1, "a": 1}'])
def test_what_two_readers_read_differently_is_refused(text: str) -> None:
    """Numbers that are none, numbers beyond 64 bits, and a name twice."""
    with pytest.raises(ValueError, match=r"is not JSON|no number|twice"):
        read_json(text)


def test_odd_numbers_stay_text_where_they_are_only_shown() -> None:
    """An alert with one is read all the same."""
    assert read_json("[NaN, 1e999, 999999999999999999999]", odd_numbers_as_text=True) == [
        "NaN",
        "1e999",
        "999999999999999999999",
    ]
    assert read_yaml("[.inf, 1.0e+999, 999999999999999999999]", odd_numbers_as_text=True) == [
        ".inf",
        "1.0e+999",
        "999999999999999999999",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- " * 100_000, "nested deeper than 100 levels"),
        ("[" * 500, "nested deeper than 100 levels"),
        ("a: &x [1]\nb: *x", "uses YAML aliases"),
        ("a: 1\na: 2", "the key a is there twice (line 2)"),
        ("a: .nan", "no number"),
        ("!!python/object:os.system {}", "could not determine a constructor"),
        ("a: 1\n---\nb: 2", "more than one document"),
    ],
)
def test_yaml_that_cannot_be_used_says_why(text: str, said: str) -> None:
    """Depth, aliases, keys, numbers, tags and further documents."""
    with pytest.raises(YamlError) as refused:
        read_yaml(text)
    assert said in str(refused.value)


def test_a_few_aliases_stand_for_no_gigabytes() -> None:
    """Nine of nine of nine: refused when the document has more parts than characters."""
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(YamlError, match="more than it holds"):
        list(read_documents(text, aliases=True))


def test_times_stay_text_and_aliases_are_followed_where_they_may_be() -> None:
    """As JSON has them; a table of one's own may use an anchor."""
    assert read_yaml("a: &a {at: 2026-11-29}\nb: {<<: *a, c: 1}", aliases=True) == {
        "a": {"at": "2026-11-29"},
        "b": {"at": "2026-11-29", "c": 1},
    }
