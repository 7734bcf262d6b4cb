"""Derive ``agentops/sandbox/schema/definitions.json`` from the schemas that ``kubernetes-validate`` ships.

Run at development time, in an environment with ``pip install kubernetes-validate==1.37.0``:

    python scripts/build_sandbox_schema.py

Keeps the definitions that the kinds in ``kinds.json`` reach, with types, references, required fields, list and map
types, merge keys, and the first sentence of each description; one definition a line, so that a diff can be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

VERSION = "v1.32.0"
SCHEMA = Path(__file__).parents[1] / "agentops" / "sandbox" / "schema"
EXTRA = (
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.policy.v1.Eviction",
    "io.k8s.api.authentication.v1.TokenRequest",
    "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
)
DROPPED = ("x-kubernetes-unions",)


def main() -> None:
    """Write the pruned definitions."""
    source = files("kubernetes_validate") / "kubernetes-json-schema" / f"{VERSION}-local" / "_definitions.json"
    definitions = json.loads(source.read_text(encoding="utf-8"))["$defs"]
    kinds = json.loads((SCHEMA / "kinds.json").read_text(encoding="utf-8"))
    wanted = {(kind["group"], kind["version"], kind["kind"]) for kind in kinds}
    todo = [*EXTRA, *(name for name, one in definitions.items() if wanted & set(identities(one)))]
    kept: dict[str, Any] = {}
    while todo:
        name = todo.pop()
        if name not in kept:
            kept[name] = definitions[name]
            todo.extend(references(definitions[name]))
    lines = (
        f"{json.dumps(name)}:{json.dumps(pruned(kept[name]), separators=(',', ':'), sort_keys=True)}"
        for name in sorted(kept)
    )
    (SCHEMA / "definitions.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def identities(definition: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the group, version and kind of a definition that is a kind."""
    for one in definition.get("x-kubernetes-group-version-kind", ()):
        yield one["group"], one["version"], one["kind"]


def references(value: Any) -> Iterator[str]:
    """Yield the names that a definition refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rsplit("/", 1)[1]
        for item in value.values():
            yield from references(item)


def pruned(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in OpenAPI v3 form: single types, short descriptions, references into components."""
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: pruned(one) for name, one in value.items()}
        elif key in ("items", "additionalProperties"):
            kept[key] = pruned(value) if isinstance(value, dict) else value
        elif key == "oneOf":
            kept[key] = [pruned(one) for one in value]
        elif key == "type":
            kept[key] = value[0] if isinstance(value, list) else value
        elif key == "description":
            kept[key] = re.split(r"(?<=\.)\s", value, maxsplit=1)[0]
        elif key == "$ref":
            kept[key] = "#/components/schemas/" + value.rsplit("/", 1)[1]
        elif key not in DROPPED and not (key == "enum" and len(value) == 1):
            kept[key] = value
    return kept


if __name__ == "__main__":
    main()
