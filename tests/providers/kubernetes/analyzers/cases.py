"""The cases of ``tests/cases`` as values: each file read into an alert, a snapshot and what is expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agentops.core.alert import Alert, Target
from agentops.core.clock import from_iso, to_iso
from agentops.providers.kubernetes.analyzers.registry import ANALYZERS
from agentops.providers.kubernetes.objects.snapshot import Snapshot
from tests.providers.kubernetes.analyzers.builder import Builder

CASES = sorted((Path(__file__).parents[3] / "cases").glob("*.yaml"))
_CLUSTER_SCOPED = ("Node", "Namespace", "PersistentVolume", "StorageClass", "IngressClass", "ClusterRole",
                   "ClusterRoleBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
                   "PriorityClass", "RuntimeClass", "CSIDriver", "VolumeAttachment",
                   "CustomResourceDefinition")  # fmt: skip


DECLARED = frozenset((one.name, condition.name) for one in ANALYZERS for condition in (*one.conditions, *one.also))
"""(analyzer, condition) of everything that an analyzer may report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; ``expect`` is what ``tests/cases/README.md`` says."""

    alert: Alert | None
    snapshot: Snapshot
    expect: Mapping[str, Any]


def read_case(path: Path) -> Case:
    """Return the case that a file holds."""
    case = _times_as_text(yaml.safe_load(path.read_text(encoding="utf-8")))
    alert, build = _alert(case), Builder()
    logs = [
        build.log(
            {"metadata": {"name": log["pod"]}}, *log["lines"], container=log["container"], previous=log["previous"]
        )
        for log in case.get("logs", [])
    ]
    where = alert.target if alert is not None else None
    target = {"namespace": where.namespace, "kind": where.kind, "name": where.name} if where else {}
    snapshot = build.snapshot(*_objects(case), logs=logs, target=target, unread=case.get("unread", ()))
    return Case(alert=alert, snapshot=snapshot, expect=case["expect"])


def _times_as_text(value: Any) -> Any:
    """YAML reads times as datetimes; the API sends text."""
    if isinstance(value, dict):
        return {key: _times_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_times_as_text(item) for item in value]
    return to_iso(value) if hasattr(value, "isoformat") else value


def _objects(case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for obj in case.get("objects", []):
        obj.setdefault("apiVersion", "v1")
        if obj["kind"] not in _CLUSTER_SCOPED:
            obj["metadata"].setdefault("namespace", case["namespace"])
        yield obj


def _alert(case: Mapping[str, Any]) -> Alert | None:
    written = case.get("alert")
    if written is None:
        return None
    target = {"namespace": case["namespace"], **written.get("target", {})}
    if target.get("kind") in _CLUSTER_SCOPED:
        target["namespace"] = ""
    return Alert(
        name=written["name"],
        source="text",
        status=written.get("status", "firing"),
        summary=written.get("summary", ""),
        labels=written.get("labels", {}),
        started_at=from_iso(written["started_at"]) if "started_at" in written else None,
        target=Target(**target),
    )
