"""Manifests as the API server would have stored them: the defaults that controllers and readers rely on.

Comes in: plain manifests as people write them. Goes out: copies with the server's defaults filled in. Must never
change what was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.store import Obj, copy_json, timestamp

_CLUSTER_AGE = timedelta(days=41)
_CLUSTER_SCOPED = frozenset(
    {"Node", "Namespace", "StorageClass", "PersistentVolume", "PriorityClass", "ClusterRole", "ClusterRoleBinding"}
)
_TEMPLATE_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"})
_SPEC_DEFAULTS: dict[str, dict[str, Any]] = {
    "Deployment": {
        "replicas": 1,
        "progressDeadlineSeconds": 600,
        "revisionHistoryLimit": 10,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    },
    "StatefulSet": {
        "replicas": 1,
        "podManagementPolicy": "OrderedReady",
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    "DaemonSet": {
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    },
    "Job": {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False, "completions": 1, "parallelism": 1},
    "CronJob": {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
    "Service": {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"},
    "PersistentVolumeClaim": {"volumeMode": "Filesystem"},
}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def stored_form(manifests: Iterable[Obj], start: datetime) -> list[Obj]:
    """Return manifests with defaults, in an order in which they can be created, cluster-scoped ones 41 days old."""
    found = [_defaulted(copy_json(manifest)) for manifest in manifests]
    for number, obj in enumerate(one for one in found if one["kind"] == "Service"):
        _cluster_ip(obj["spec"], number)
    for obj in found:
        if obj["kind"] in _CLUSTER_SCOPED:
            obj["metadata"].setdefault("creationTimestamp", timestamp(start - _CLUSTER_AGE))
    return sorted(found, key=lambda obj: (obj["kind"] not in _CLUSTER_SCOPED, obj["kind"] in _TEMPLATE_KINDS))


def _defaulted(obj: Obj) -> Obj:
    kind = obj["kind"]
    if kind in _SPEC_DEFAULTS:
        obj["spec"] = {**copy_json(_SPEC_DEFAULTS[kind]), **obj.get("spec", {})}
    if kind in _TEMPLATE_KINDS:
        _pod_template(obj["spec"]["template"])
    if kind == "CronJob":
        _pod_template(obj["spec"]["jobTemplate"]["spec"]["template"])
    if kind == "Service":
        for port in obj["spec"].get("ports") or []:
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port["port"])
    return obj


def _pod_template(template: dict[str, Any]) -> None:
    template.setdefault("metadata", {})
    spec = template["spec"]
    for field, value in (
        ("restartPolicy", "Always"),
        ("terminationGracePeriodSeconds", 30),
        ("dnsPolicy", "ClusterFirst"),
        ("schedulerName", "default-scheduler"),
        ("securityContext", {}),
    ):
        spec.setdefault(field, copy_json(value))
    for container in [*spec["containers"], *(spec.get("initContainers") or [])]:
        latest = ":" not in container["image"].rpartition("/")[2] or container["image"].endswith(":latest")
        container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("resources", {})
        for port in container.get("ports") or []:
            port.setdefault("protocol", "TCP")
        for probe in (container[field] for field in _PROBES if field in container):
            for field, default in _PROBE_DEFAULTS.items():
                probe.setdefault(field, default)
            if "httpGet" in probe:
                probe["httpGet"].setdefault("scheme", "HTTP")


def _cluster_ip(spec: dict[str, Any], number: int) -> None:
    if spec["type"] == "ExternalName":
        return
    spec.setdefault("clusterIP", f"10.96.{1 + number // 200}.{11 + number % 200}")
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
