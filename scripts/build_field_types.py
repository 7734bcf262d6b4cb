"""Derive ``agentops/providers/kubernetes/objects/field_types.json`` from the sandbox's OpenAPI definitions.

Run at development time, after ``build_sandbox_schema.py``:

    python scripts/build_field_types.py

Kept are the types of the fields of the built-in kinds that agentops reads, without descriptions. A type is one word:
``s`` string, ``i`` integer, ``n`` number, ``b`` boolean, ``q`` string or number (quantities, ports), ``*`` anything,
``[T`` a list, ``{T`` a map by strings, ``@Name`` an object of that name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind

PACKAGE = Path(__file__).parents[1] / "agentops"
SOURCE = PACKAGE / "sandbox" / "schema" / "definitions.json"
TARGET = PACKAGE / "providers" / "kubernetes" / "objects" / "field_types.json"
_SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
_ANYTHING = ("managedFields", "openAPIV3Schema")
"""Fields that nobody reads by their parts."""


def main() -> None:
    """Write the table."""
    definitions = json.loads(SOURCE.read_text(encoding="utf-8"))
    short = _short_names(definitions)
    roots = {kind.kind: name for kind in BUILTIN for name in definitions if _is_of(name, kind)}
    types: dict[str, dict[str, str]] = {}
    todo = list(roots.values())
    while todo:
        name = todo.pop()
        if short[name] in types:
            continue
        fields = definitions[name].get("properties", {})
        types[short[name]] = {
            field: "*" if field in _ANYTHING else _type(spec, definitions, short) for field, spec in fields.items()
        }
        todo += [one for field, spec in fields.items() if field not in _ANYTHING for one in _references(spec)
                 if "properties" in definitions[one]]  # fmt: skip
    lines = [f"{json.dumps(name)}:{json.dumps(types[name], separators=(',', ':'))}" for name in sorted(types)]
    kinds = json.dumps({kind: short[name] for kind, name in sorted(roots.items())}, separators=(",", ":"))
    TARGET.write_text(f'{{"kinds":{kinds},\n"types":{{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def _is_of(name: str, kind: Kind) -> bool:
    group = kind.group.partition(".")[0] or "core"
    return name.endswith(f".{group}.{kind.version}.{kind.kind}")


def _short_names(definitions: Mapping[str, Any]) -> dict[str, str]:
    last = [name.rpartition(".")[2] for name in definitions]
    return {
        name: one if last.count(one) == 1 else ".".join(name.split(".")[-3:])
        for name, one in zip(definitions, last, strict=True)
    }


def _type(spec: Mapping[str, Any], definitions: Mapping[str, Any], short: Mapping[str, str]) -> str:
    reference = _target(spec)
    if reference:
        return f"@{short[reference]}" if "properties" in definitions[reference] else _plain(definitions[reference])
    return _plain(spec, definitions, short)


def _plain(spec: Mapping[str, Any], definitions: Mapping[str, Any] = {}, short: Mapping[str, str] = {}) -> str:
    kinds = {one.get("type") for one in spec.get("oneOf", ())}
    if kinds:
        return "q" if kinds <= {"string", "number", "integer"} else "*"
    if spec.get("type") == "array":
        return "[" + _type(spec["items"], definitions, short)
    if isinstance(spec.get("additionalProperties"), dict):
        return "{" + _type(spec["additionalProperties"], definitions, short)
    return _SCALARS.get(spec.get("type", ""), "*")


def _target(spec: Mapping[str, Any]) -> str:
    inner = [one.get("$ref", "") for one in (spec, *spec.get("allOf", ()))]
    return next((one.rpartition("/")[2] for one in inner if one), "")


def _references(spec: Any) -> Iterator[str]:
    if isinstance(spec, dict):
        if isinstance(spec.get("$ref"), str):
            yield spec["$ref"].rpartition("/")[2]
        for one in spec.values():
            yield from _references(one)
    elif isinstance(spec, list):
        for one in spec:
            yield from _references(one)


if __name__ == "__main__":
    main()
