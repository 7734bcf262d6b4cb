"""How a tool's arguments are told: the schema without bounds, and the signature."""

from __future__ import annotations

import pytest

from agentops.agent.signature import signature, without_bounds

TEXT = {"type": "string", "maxLength": 9}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "object", "properties": {}}, "{}"),
        ({"type": "object"}, "{...}"),
        ({"type": "object", "properties": {"a": TEXT, "b": {"type": "integer"}}, "required": ["a"]}, "{a, b?: int}"),
        ({"type": "object", "additionalProperties": TEXT}, "map"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "{name: int}"),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": TEXT}, "{a?: any, name: text}"),
        ({"type": "array", "items": TEXT}, "[text]"),
        ({"type": "array", "items": {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}}, "[{a}]"),
        ({"type": ["string", "null"]}, ""),
        ({"type": ["integer", "string"]}, "int|text"),
        ({"enum": ["on", "off"]}, "on|off"),
        ({"const": 3}, "3"),
        ({"anyOf": [TEXT, {"type": "boolean"}]}, "text|bool"),
    ],
)
def test_signature(schema, told):
    """Every form of argument has its short text; a plain text needs none."""
    assert signature(schema) == told


def test_bounds_are_left_out_at_every_depth():
    """Items, map values and alternatives lose their bounds too; an argument that is named like a bound stays."""
    properties = {"list": {"items": TEXT}, "map": {"additionalProperties": TEXT}, "maximum": {"anyOf": [TEXT]}}
    bare = {"type": "string"}
    assert without_bounds({"type": "object", "properties": properties, "additionalProperties": False}) == {
        "type": "object",
        "properties": {
            "list": {"items": bare},
            "map": {"additionalProperties": bare},
            "maximum": {"anyOf": [bare]},
        },
    }
