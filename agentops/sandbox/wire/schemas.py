"""The shape of every kind that is served: built-in definitions (data) and the schemas of custom resources.

Comes in: ``schema/definitions.json`` and a ``Resource``. Goes out: schemas with their references resolved one step.
Must never: change a schema; they are shared.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

from agentops.sandbox.data import data
from agentops.sandbox.wire.kinds import Resource

Schema: TypeAlias = dict[str, Any]
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_REFERENCE = "#/components/schemas/"


def definitions() -> dict[str, Schema]:
    """Return every built-in definition by name."""
    found: dict[str, Schema] = data("definitions.json")
    return found


@cache
def _by_kind() -> dict[tuple[str, str, str], str]:
    return {
        (one["group"], one["version"], one["kind"]): name
        for name, definition in definitions().items()
        for one in definition.get("x-kubernetes-group-version-kind", ())
    }


def schema_name(group: str, version: str, kind: str) -> str:
    """Return the definition's name of a built-in kind; empty when there is none."""
    return _by_kind().get((group, version, kind), "")


def schema_of(resource: Resource) -> Schema:
    """Return the schema of a kind's whole object."""
    if not resource.custom:
        return definitions()[schema_name(resource.group, resource.version, resource.kind)]
    given = resource.schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    known = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"$ref": _REFERENCE + _META}}
    return {**given, "properties": {**given.get("properties", {}), **known}}


def name_of(schema: Schema) -> str:
    """Return the definition that a schema refers to; empty for an inline one."""
    reference = schema.get("$ref")
    return reference.removeprefix(_REFERENCE) if isinstance(reference, str) else ""


def resolve(schema: Schema) -> Schema:
    """Return the schema with its reference followed; what stands beside the reference (merge keys) is kept."""
    name = name_of(schema)
    return {**definitions()[name], **schema} if name else schema


def child(schema: Schema, field: str) -> Schema | None:
    """Return the schema of a field; None when the field is not known here."""
    schema = resolve(schema)
    if field in schema.get("properties", {}):
        found: Schema = schema["properties"][field]
        return found
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, dict) else {} if is_open(schema) else None


def items(schema: Schema) -> Schema:
    """Return the schema of a list's items."""
    found: Schema = resolve(schema).get("items", {})
    return found


def is_open(schema: Schema) -> bool:
    """Return whether a schema (already resolved) lets any field in."""
    if schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties"):
        return True
    return "properties" not in schema and schema.get("format") not in ("int-or-string",)


def list_keys(schema: Schema) -> tuple[str, ...]:
    """Return the fields that identify an item of a list of type map; empty for other lists."""
    schema = resolve(schema)
    if schema.get("x-kubernetes-list-type") != "map":
        return ()
    return tuple(schema.get("x-kubernetes-list-map-keys", ()))


def is_set(schema: Schema) -> bool:
    """Return whether a list is a set of scalars."""
    return resolve(schema).get("x-kubernetes-list-type") == "set"
