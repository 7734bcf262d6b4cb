"""JSON Schema checks: each keyword in the words that a model or a person reads, and what the specification says."""

from __future__ import annotations

import json
import socket
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import ToolInputError
from agentops.core.json_schema import SizeLimits, checked_arguments, faults, wrong_schema
from agentops.core.tool import ToolSpec


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
        ({"type": "number", "minimum": 1}, 0.5, "`x` must be at least 1, not 0.5"),
        ({"type": "string", "minLength": 1}, "", "`x` must not be empty"),
        ({"type": "string", "minLength": 2}, "a", "`x` is shorter than 2 characters"),
        ({"type": "string", "maxLength": 2}, "abc", "`x` is longer than 2 characters"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A", '`x` does not have the form ^[a-z]+$: "A"'),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "`x[1]` must be a string, not 1"),
        ({"type": "array", "minItems": 1}, [], "`x` must hold at least 1"),
        ({"type": "array", "maxItems": 1}, [1, 2], "`x` may hold at most 1"),
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
    assert faults({"type": "object", "properties": {"x": schema}}, {"x": value}) == (said,)


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
    assert faults(schema, value) == ()


_MARK = {"type": "object", "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 9}, "kind": {}}}


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({**_MARK, "additionalProperties": False}, {"limt": 3}, ("`limt` is not an argument (did you mean `limit`?)",)),
        ({**_MARK, "additionalProperties": False}, {"x": 3}, ("`x` is not an argument (known: limit, kind)",)),
        ({"additionalProperties": False}, {"x": 3}, ("`x` is not an argument (known: none)",)),
        (
            {"additionalProperties": False, "patternProperties": {"^a": {}}},
            {"a1": 1, "b": 2},
            ("`b` is not an argument (known: none)",),
        ),
        (
            {**_MARK, "required": ["limit", "kind"]},
            {},
            ("`limit` is missing (an integer from 1 to 9)", "`kind` is missing"),
        ),
        ({**_MARK, "required": ["kind"]}, {"limit": 0}, ("`limit` must be from 1 to 9, not 0", "`kind` is missing")),
        ({"maximum": 9}, 10, ("the arguments must be at most 9, not 10",)),
        ({"type": "integer", "enum": [1, 2]}, "1", ('the arguments must be one of 1, 2, not "1"',)),
        ({"enum": [None, "a"]}, "b", ('the arguments must be one of null, a, not "b"',)),
        ({"multipleOf": 2}, 3, ("the arguments must fit `multipleOf`: 3 is not a multiple of 2",)),
        ({"properties": {"\u202ea": {"type": "string"}}}, {"\u202ea": 1}, ("`\\u{202e}a` must be a string, not 1",)),
    ],
)
def test_the_words_say_which_value_and_what_is_expected(schema, value, said):
    """Also the near name of a misspelt one, what a missing one takes, and every fault of a call at once."""
    assert faults(schema, value) == said


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        # The checker of change tools refused 3.0, that of the loop took it. Section 4.2.2 of the specification: numbers
        # are compared by their value; section 6.1.1 of validation: an integer is a number with a zero fractional part.
        ({"type": "integer"}, 3.0, True),
        ({"enum": [3]}, 3.0, True),
        # All three took true for 1 in an enumeration. Section 4.2.2: equal values are of the same type.
        ({"enum": [1, 2]}, True, False),
        ({"const": 0}, False, False),
        ({"uniqueItems": True}, [1, True], True),
        ({"uniqueItems": True}, [1, 1.0], False),
        # Those of the tools skipped these without a word; that of the loop checked them.
        ({"pattern": "^a"}, "b", False),
        ({"minLength": 1}, "", False),
        ({"maxProperties": 0}, {"a": 1}, False),
        ({"anyOf": [{"type": "string"}]}, 1, False),
        # None of them knew these; a schema of another server may use them.
        ({"oneOf": [{"minimum": 1}, {"maximum": 9}]}, 5, False),
        ({"not": {"type": "string"}}, "a", False),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, False),
        ({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}, 1, False),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}}, {"a": 1}, False),
        # A bound does not stop what cannot be compared with it, and JSON has no such number.
        ({"type": "number", "minimum": 0, "maximum": 9}, float("nan"), False),
        ({"type": "number"}, float("inf"), False),
        # A value may be a tuple or a read-only mapping, and so may a schema.
        ({"type": "array", "items": {"type": "integer"}}, (1, "a"), False),
        ({"type": "object", "additionalProperties": MappingProxyType({"type": "string"})}, {"a": 1}, False),
        ({"type": "object"}, MappingProxyType({"a": 1}), True),
    ],
)
def test_what_fits_is_what_the_specification_says(schema, value, fits):
    """Where three checkers of our own disagreed with one another, or with JSON Schema 2020-12, its text decides."""
    assert (faults(schema, value) == ()) is fits


def test_a_schema_elsewhere_is_not_fetched(unused_address):
    """What a schema of somebody else refers to is not asked for over the network: the check fails instead."""
    address, asked = unused_address
    said = f"the schema refers to {address}/schema.json, which it does not hold, so nothing can be checked"
    assert (faults({"$ref": f"{address}/schema.json"}, 1), asked()) == ((said,), 0)


@pytest.fixture
def unused_address():
    """Return an address on this machine, and how many connections have come to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def asked() -> int:
            try:
                server.accept()
            except BlockingIOError:
                return 0
            return 1

        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


_SPEC = ToolSpec(
    name="look",
    description="",
    schema={
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "old": {},
            "only": {"enum": ["a", None]},
            "count": {"type": "integer"},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
)


def test_null_is_left_out_where_the_schema_has_no_null():
    """Some models write null for what they leave out; where null is a value, it stays one."""
    given = {"name": "web", "count": None, "old": None, "only": None}
    assert checked_arguments(_SPEC, given) == {"name": "web", "old": None, "only": None}
    with pytest.raises(ToolInputError, match=r"^look was called wrongly: `name` is missing \(a string\)$"):
        checked_arguments(_SPEC, {"name": None})


def test_checked_arguments_are_plain_json():
    """Tuples become lists and mappings dicts; a whole number written 3.0 is 3, for a server that knows integers."""
    given = {"name": "web", "count": 3.0, "old": MappingProxyType({"a": (1.0, 1.5, 1e300)})}
    found = checked_arguments(_SPEC, given)
    assert json.dumps(found) == '{"name": "web", "count": 3, "old": {"a": [1, 1.5, 1e+300]}}'


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("a" * 11, "`old` is longer than 10 characters"),
        (["a" * 11], "`old[0]` is longer than 10 characters"),
        ([1, 2, 3], "`old` may hold at most 2"),
        ([[[[1]]]], "`old[0][0]` is nested too deeply"),
    ],
)
def test_what_is_too_large_is_refused_whatever_the_schema_says(old, said):
    """A schema that leaves a value open is no way round the limits of a call."""
    with pytest.raises(ToolInputError) as caught:
        checked_arguments(_SPEC, {"name": "web", "old": old}, SizeLimits(text_chars=10, items=2, depth=2))
    assert caught.value.message == f"look was called wrongly: {said}"


def test_the_first_faults_are_enough():
    """A call that is wrong everywhere is answered with five faults."""
    with pytest.raises(ToolInputError) as caught:
        checked_arguments(_SPEC, {str(number): 1 for number in range(9)})
    assert caught.value.message.count("`") == 10


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_gets_an_answer(value):
    """No value, however odd, makes the checker itself fail."""
    schema = {"type": "object", "properties": {"x": {"type": "integer", "minimum": 0}}, "additionalProperties": False}
    assert isinstance(faults(schema, value), tuple)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strng"},
        {"pattern": "("},
        {"pattern": "(?=x)"},
        {"pattern": 5},
        {"enum": 5},
        {"type": 5},
        {"required": 5},
    ],
    ids=str,
)
def test_a_schema_that_is_none_lets_nothing_pass(schema: dict[str, Any]) -> None:
    """Whatever the library raises, nothing was checked, and the value does not fit."""
    assert faults(schema, {} if "required" in schema else "x", "it")


def test_a_pattern_that_backtracks_takes_no_time() -> None:
    """Whoever chooses the value cannot make the check hang; 28 letters took it 90 seconds."""
    assert faults({"pattern": "^(a+)+$"}, "a" * 50_000 + "!", "it")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"enum": ["a"], "title": "One", "default": {"any": 1}}, ""),
        ({"type": "object", "properties": {"pattern": {"type": "string"}}, "required": ["pattern"]}, ""),
        ({"dependentRequired": {"a": ["b"]}}, ""),
        ({"anyOf": [{"const": {"odd": 1}}, {"pattern": "^a$"}]}, ""),
        ({"patern": "^x"}, "patern is no keyword; did you mean pattern?"),
        ({"properties": {"a": {"maxLenght": 3}}}, "maxLenght is no keyword; did you mean maxLength?"),
        ({"anyOf": [{"$ref": "#/x"}]}, "$ref cannot be used here"),
        ({"patternProperties": {"(a+)+": {}}}, "patternProperties cannot be used here"),
        ({"minimum": "1"}, "minimum is not as JSON Schema has it"),
        ({"items": {"pattern": "(?=x)"}}, "`pattern` '(?=x)' is not a regular expression"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_schema_is_said(schema: dict[str, Any], said: str) -> None:
    """A misspelt keyword forbids nothing, so it is refused where a person wrote it."""
    found = wrong_schema(schema)
    assert found.startswith(said) if said else found == ""
