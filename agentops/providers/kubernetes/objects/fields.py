"""Tolerant reading of API objects: a missing field, a null or a wrong type reads as empty, never as an exception.

Comes in: plain JSON as dicts and lists, from a server or from a test, possibly mangled. Goes out: values of the type
that was asked for. Nothing here knows what a field means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from agentops.core.clock import from_iso

Object: TypeAlias = Mapping[str, Any]
"""A Kubernetes object, or a part of one, as a server sends it."""
Key = tuple[str, str, str]
"""An object's identity inside one snapshot: kind, namespace (empty for cluster-scoped kinds), name."""


def at(value: Any, *path: str | int) -> Any:
    """Return what stands at ``path`` below ``value``, or None."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and -len(value) <= part < len(value):
            value = value[part]
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """Return the string at ``path``, or the empty string."""
    for part in path:
        value = value.get(part) if isinstance(value, dict) else at(value, part)
    return value if isinstance(value, str) else ""


def scalar(value: Any, *path: str | int) -> str:
    """Return the string or number at ``path`` as text (ports and quantities come as either), or the empty string."""
    found = at(value, *path)
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else ""


def number(value: Any, *path: str | int, default: int = 0) -> int:
    """Return the integer at ``path``, or ``default``."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def flag(value: Any, *path: str | int) -> bool:
    """Return whether ``path`` holds true; anything else is false."""
    return at(value, *path) is True


def items(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the objects of the list at ``path``; what is not an object is left out."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list | tuple) else []


def strings(value: Any, *path: str | int) -> list[str]:
    """Return the strings of the list at ``path``."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list | tuple) else []


def mapping(value: Any, *path: str | int) -> dict[str, Any]:
    """Return the object at ``path``, or an empty one; keys that are not strings are left out."""
    found = at(value, *path)
    if not isinstance(found, dict):
        return {}
    return found if all(type(key) is str for key in found) else {k: v for k, v in found.items() if isinstance(k, str)}


def string_map(value: Any, *path: str | int) -> dict[str, str]:
    """Return the string-to-string pairs at ``path``: labels, selectors, annotations."""
    found = at(value, *path)
    if not isinstance(found, dict):
        return {}
    return {key: item for key, item in found.items() if isinstance(key, str) and isinstance(item, str)}


@lru_cache(maxsize=16384)
def parse_time(stamp: str) -> datetime | None:
    """Return an RFC 3339 time, or None when it is not one."""
    try:
        return from_iso(stamp)
    except (ValueError, OverflowError):
        return None


def moment(value: Any, *path: str | int) -> datetime | None:
    """Return the time at ``path``, or None."""
    found = at(value, *path)
    return parse_time(found) if isinstance(found, str) and found else None


def condition(value: Any, kind: str) -> dict[str, Any]:
    """Return the entry of ``status.conditions`` whose type is ``kind``, or an empty one."""
    for entry in items(value, "status", "conditions"):
        if entry.get("type") == kind:
            return entry
    return {}


def _metadata(value: Any, field: str) -> str:
    # Asked of every object several times: spelled out, for a general walk down a path costs three times as much.
    if isinstance(value, dict):
        metadata = value.get("metadata")
        if isinstance(metadata, dict):
            found = metadata.get(field)
            if isinstance(found, str):
                return found
    return ""


def name_of(value: Any) -> str:
    """Return ``metadata.name``."""
    return _metadata(value, "name")


def namespace_of(value: Any) -> str:
    """Return ``metadata.namespace``; empty for cluster-scoped objects."""
    return _metadata(value, "namespace")


def key_of(value: Any) -> Key:
    """Return the object's identity."""
    kind = value.get("kind") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else "", _metadata(value, "namespace"), _metadata(value, "name")


def labels_of(value: Any) -> dict[str, str]:
    """Return ``metadata.labels``."""
    return string_map(value, "metadata", "labels")


def annotations_of(value: Any) -> dict[str, str]:
    """Return ``metadata.annotations``."""
    return string_map(value, "metadata", "annotations")


def spec_of(value: Any) -> dict[str, Any]:
    """Return ``spec``."""
    return mapping(value, "spec")


def status_of(value: Any) -> dict[str, Any]:
    """Return ``status``."""
    return mapping(value, "status")


def containers_of(spec: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(list name, container)`` of a pod spec: init containers first, as they run."""
    for listing in ("initContainers", "containers"):
        for container in items(spec, listing):
            yield listing, container


def template_of(value: Any) -> dict[str, Any]:
    """Return the pod template of a workload, a Job or a CronJob; empty when it has none."""
    if isinstance(at(value, "spec", "jobTemplate"), dict):
        return mapping(value, "spec", "jobTemplate", "spec", "template")
    return mapping(value, "spec", "template")


def pod_spec(value: Any) -> dict[str, Any]:
    """Return the pod spec inside a pod, a workload with a template, a Job or a CronJob."""
    return spec_of(value if text(value, "kind") == "Pod" else template_of(value))


def pod_labels(value: Any) -> dict[str, str]:
    """Return the labels that the pods of this pod, workload, Job or CronJob carry."""
    return labels_of(value if text(value, "kind") == "Pod" else template_of(value))


def template_path(key: Key) -> str:
    """Return the path of the pod spec inside an object of this kind."""
    if key[0] == "Pod":
        return "spec"
    return "spec.jobTemplate.spec.template.spec" if key[0] == "CronJob" else "spec.template.spec"
