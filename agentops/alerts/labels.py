"""From labels to what they are about: the target resource and the severity.

Comes in: an alert's labels. Goes out: a ``Target`` with what the labels say for certain. It never guesses an owner from
the shape of a pod's name, and never takes the labels of the exporter that was scraped for those of the target.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentops.core.alert import Severity, Target

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_NAMESPACE_KEYS = ("exported_namespace", "namespace", "kubernetes_namespace", "kube_namespace", "k8s_namespace_name",
                   "k8s.namespace.name", "destination_workload_namespace", "Namespace")  # fmt: skip
# Most telling first: a claim's or a job's alert may carry the pod of whoever measured it, not the other way round.
_KIND_KEYS = (
    ("PersistentVolumeClaim", ("persistentvolumeclaim", "pvc")),
    ("HorizontalPodAutoscaler", ("horizontalpodautoscaler", "hpa")),
    ("CronJob", ("cronjob", "kube_cronjob")),
    ("Job", ("job_name", "kube_job", "exported_job_name")),
    ("Pod", ("exported_pod", "pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name", "k8s.pod.name", "PodName")),
    ("Deployment", ("deployment", "kube_deployment", "kubernetes_deployment", "k8s.deployment.name")),
    ("StatefulSet", ("statefulset", "kube_stateful_set", "k8s.statefulset.name")),
    ("DaemonSet", ("daemonset", "kube_daemon_set", "k8s.daemonset.name")),
    ("ReplicaSet", ("replicaset", "kube_replica_set", "k8s.replicaset.name")),
    ("PodDisruptionBudget", ("poddisruptionbudget",)),
    ("ResourceQuota", ("resourcequota",)),
    ("Ingress", ("ingress",)),
    ("Service", ("exported_service", "service", "kubernetes_service", "kube_service", "service_name")),
    ("PersistentVolume", ("persistentvolume",)),
    ("Node", ("node", "nodename", "node_name", "kubernetes_node", "k8s.node.name", "NodeName")),
)
_WORKLOAD_KINDS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "replicaset": "ReplicaSet",
    "job": "Job",
    "cronjob": "CronJob",
    "pod": "Pod",
}
CLUSTER_KINDS = frozenset(
    {"Node", "PersistentVolume", "Namespace", "ClusterRole", "ClusterRoleBinding", "StorageClass"}
)
_CONTAINER_KEYS = ("exported_container", "container", "container_name", "k8s.container.name")
# Scrape jobs whose own pod, service and instance labels say nothing about the target.
_EXPORTERS = frozenset({"kube-state-metrics", "kubelet", "node-exporter", "cadvisor", "kubernetes-nodes", "apiserver"})
_SEVERITIES = {
    Severity.CRITICAL: "critical crit page p1 p0 sev0 sev1 s1 emergency fatal disaster urgent alert 1",
    Severity.HIGH: "high major error err p2 sev2 s2 2",
    Severity.WARNING: "warning warn minor medium average moderate p3 sev3 s3 3",
    Severity.INFO: "info informational low notice none ok debug p4 p5 sev4 sev5 s4 s5 4 5",
}
_SEVERITY_OF = {word: severity for severity, words in _SEVERITIES.items() for word in words.split()}


def target_of(labels: Mapping[str, str]) -> Target:
    """Return what the labels are about; parts that they do not say for certain are empty."""
    exporter = labels.get("job", "") if labels.get("job", "") in _EXPORTERS else ""
    if exporter == "node-exporter" or labels.get("alertname", "").startswith(("Node", "KubeNode", "Kubelet")):
        name = _first(labels, ("node", "nodename", "node_name", "kubernetes_node")) or _host(labels.get("instance", ""))
        if name:
            return Target(kind="Node", name=name)
    namespace = _first(labels, _NAMESPACE_KEYS)
    kind, name = _workload(labels) or _object(labels, exporter)
    if kind in CLUSTER_KINDS:
        return Target(kind=kind, name=name)
    container = _first(labels, _CONTAINER_KEYS) if kind == "Pod" or not exporter else ""
    return Target(namespace=namespace, kind=kind, name=name, container=container)


def severity_of(*words: str) -> Severity:
    """Return the severity that the first known of the senders' ``words`` means."""
    for word in words:
        known = _SEVERITY_OF.get(word.strip().lower().replace("-", "").replace(" ", ""))
        if known is not None:
            return known
    return Severity.UNKNOWN


def is_name(text: str) -> bool:
    """Return whether Kubernetes could have an object of that name."""
    return _NAME.fullmatch(text) is not None


def _object(labels: Mapping[str, str], exporter: str) -> tuple[str, str]:
    for kind, keys in _KIND_KEYS:
        name = _first(labels, keys)
        if not name or (exporter and kind == "Service" and "exported_service" not in labels):
            continue
        if exporter and kind == "Pod" and name.startswith(exporter):
            continue
        return kind, name
    return "", ""


def _workload(labels: Mapping[str, str]) -> tuple[str, str] | None:
    for kind_key, name_key in (("workload_type", "workload"), ("owner_kind", "owner_name"), ("kind", "name")):
        kind = _WORKLOAD_KINDS.get(labels.get(kind_key, "").lower())
        if kind and is_name(labels.get(name_key, "")) and not _first(labels, ("pod",)):
            return kind, labels[name_key]
    return None


def _first(labels: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((labels[key] for key in keys if is_name(labels.get(key, ""))), "")


def _host(instance: str) -> str:
    host = instance.rpartition(":")[0] or instance
    return host if is_name(host) and not re.fullmatch(r"[0-9.]+", host) else ""
