"""The argument checker: each keyword, in the words that the model reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.agent.arguments import complaints


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "string"}, 3, "`x` must be a string, not 3"),
        ({"type": ["string", "null"]}, 3, "`x` must be a string or null, not 3"),
        ({"type": "integer"}, True, "`x` must be an integer, not true"),
        ({"type": "integer"}, 1.5, "`x` must be an integer, not 1.5"),
        ({"type": "integer"}, "10", '`x` must be an integer, not "10"'),
        ({"enum": ["a", "b"]}, "c", '`x` must be one of a, b, not "c"'),
        ({"const": "a"}, "c", '`x` must be a, not "c"'),
        ({"type": "integer", "minimum": 1, "maximum": 9}, 10, "`x` must be from 1 to 9, not 10"),
        ({"type": "number", "minimum": 1}, 0.5, "`x` must be from 1 to any, not 0.5"),
        ({"type": "string", "minLength": 1}, "", "`x` must not be empty"),
        ({"type": "string", "minLength": 2}, "a", "`x` is too short"),
        ({"type": "string", "maxLength": 2}, "abc", "`x` is longer than 2 characters"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A", '`x` does not have the form ^[a-z]+$: "A"'),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "`x[1]` must be a string, not 1"),
        ({"type": "array", "minItems": 1}, [], "`x` needs at least 1"),
        ({"type": "array", "maxItems": 1}, [1, 2], "`x` takes at most 1"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "`x` holds the same item twice"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "`x` fits none of the allowed forms: 1"),
        ({"type": "object", "minProperties": 1}, {}, "`x` must hold at least 1"),
        ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2}, "`x` may hold at most 1"),
        ({"type": "object", "required": ["a"]}, {}, "`x.a` is missing"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"a": 1}, "`x.a` must be a string, not 1"),
        (
            {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            "`x.b` is not an argument (known: a)",
        ),
    ],
)
def test_each_keyword_complains(schema, value, said):
    """One mismatch gives one complaint, with path, expectation and value."""
    assert complaints({"type": "object", "properties": {"x": schema}}, {"x": value}) == (said,)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 3.0),
        ({"type": "number"}, 3),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"type": "object"}, {"anything": [1]}),
        ({"type": "boolean", "description": "d", "default": False}, True),
    ],
)
def test_fitting_values_pass(schema, value):
    """What fits gives no complaint."""
    assert complaints(schema, value) == ()


def test_unknown_keyword_is_our_mistake():
    """A constraint that nobody checks is worse than none: it raises."""
    with pytest.raises(ValueError, match="oneOf is not supported"):
        complaints({"oneOf": []}, 1)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_gets_an_answer(value):
    """No value, however odd, makes the checker itself fail."""
    schema = {"type": "object", "properties": {"x": {"type": "integer", "minimum": 0}}, "additionalProperties": False}
    assert isinstance(complaints(schema, value), tuple)
