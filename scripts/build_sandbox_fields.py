"""Derive ``agentops/sandbox/schema/fields.json`` from the protobuf descriptors inside a kubectl binary.

Run at development time, after ``build_sandbox_schema.py``, with any real kubectl (1.32 was used):

    python scripts/build_sandbox_fields.py /usr/bin/kubectl

kubectl holds the gzipped descriptors of ``k8s.io/api`` (Apache-2.0). Kept are the messages that the kinds which kubectl
writes as protobuf reach: number -> field name, or ``*message`` where JSON has that message's fields inline.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[1] / "agentops" / "sandbox" / "schema"
# What kubectl create, autoscale and auth send, and what other Go clients delete and evict with.
SENT = {
    "core": "ConfigMap Secret Namespace ServiceAccount Service ResourceQuota Pod",
    "apps": "Deployment",
    "batch": "Job CronJob",
    "autoscaling": "HorizontalPodAutoscaler",
    "policy": "PodDisruptionBudget Eviction",
    "networking": "Ingress",
    "rbac": "Role RoleBinding ClusterRole ClusterRoleBinding",
    "scheduling": "PriorityClass",
    "authentication": "TokenRequest SelfSubjectReview",
    "authorization": "SelfSubjectAccessReview SelfSubjectRulesReview",
}
ROOTS = [f"io.k8s.api.{group}.v1.{kind}" for group, kinds in SENT.items() for kind in kinds.split()]
ROOTS += ["io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"]
_GZIP = re.compile(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00[\x00-\x04]\xff")
_MESSAGE = 11


def main() -> None:
    """Write the table."""
    messages = dict(found for text in descriptors(Path(sys.argv[1]).read_bytes()) for found in read_file(text))
    definitions = json.loads((SCHEMA / "definitions.json").read_text(encoding="utf-8"))
    table: dict[str, dict[str, str]] = {}
    todo = [(name, name) for name in ROOTS]
    while todo:
        name, owner = todo.pop()
        if name in table or name not in messages:
            continue
        known = definitions.get(owner, {}).get("properties", {})
        table[name] = {}
        for number, field, inner in messages[name]:
            if field in known:
                table[name][str(number)] = field
                todo += [(one, one) for one in references(known[field]) if one in definitions]
            elif inner:
                table[name][str(number)] = f"*{inner}"
                todo.append((inner, owner))
    lines = (f"{json.dumps(name)}:{json.dumps(table[name], separators=(',', ':'))}" for name in sorted(table))
    (SCHEMA / "fields.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def descriptors(binary: bytes) -> Iterator[bytes]:
    """Yield every file descriptor that is embedded in a Go binary."""
    for match in _GZIP.finditer(binary):
        try:
            text = zlib.decompressobj(31).decompress(binary[match.start() : match.start() + 400_000])
        except zlib.error:
            continue
        if b"generated.proto" in text[:120]:
            yield text


def read_file(text: bytes) -> Iterator[tuple[str, list[tuple[int, str, str]]]]:
    """Yield each message of a FileDescriptorProto: its definition name; number, name and message type of its fields."""
    parts = list(parse(text))
    package = next(value.decode() for number, value in parts if number == 2)
    for number, value in parts:
        if number == 4:
            message = list(parse(value))
            name = next(one.decode() for which, one in message if which == 1)
            yield definition_name(f".{package}.{name}"), [read_field(one) for which, one in message if which == 2]


def read_field(text: bytes) -> tuple[int, str, str]:
    """Return number, name and message type of a FieldDescriptorProto."""
    given = dict(parse(text))
    inner = definition_name(given[6].decode()) if given.get(5) == _MESSAGE and 6 in given else ""
    return given[3], given[1].decode(), inner


def definition_name(name: str) -> str:
    """Return ``.k8s.io.api.core.v1.Pod`` as OpenAPI names it: ``io.k8s.api.core.v1.Pod``."""
    return name.removeprefix(".").replace("k8s.io.", "io.k8s.", 1)


def parse(text: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of every field of a protobuf message; varints and length-delimited ones only."""
    at = 0
    while at < len(text):
        tag, at = varint(text, at)
        value, at = varint(text, at)
        if tag & 7 == 2:
            yield tag >> 3, text[at : at + value]
            at += value
        else:
            yield tag >> 3, value


def varint(text: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at ``at``, and where it ends."""
    value = shift = 0
    while True:
        byte = text[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def references(value: Any) -> Iterator[str]:
    """Yield the definitions that a schema refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rsplit("/", 1)[1]
        for item in value.values():
            yield from references(item)


if __name__ == "__main__":
    main()
