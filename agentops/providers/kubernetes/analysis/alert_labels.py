"""What an alert is about where its name for it needs a second look: the reporter's pod, an owner that was not read.

Comes in: the alert and what it was taken to be about. Goes out: the same, or the workload of the label. An exporter
such as kube-state-metrics puts its own pod into ``pod`` and ``container``, and the object that it reports on into a
label of that object's kind; where the two disagree, the label of the kind is meant.
"""

from __future__ import annotations

from agentops.core.alert import Alert
from agentops.core.analysis import ResolvedTarget
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import subject

_KINDS = (
    ("statefulset", "StatefulSet"),
    ("deployment", "Deployment"),
    ("daemonset", "DaemonSet"),
    ("cronjob", "CronJob"),
    ("horizontalpodautoscaler", "HorizontalPodAutoscaler"),
    ("persistentvolumeclaim", "PersistentVolumeClaim"),
)


def subject_of_labels(graph: Graph, alert: Alert | None, target: ResolvedTarget) -> ResolvedTarget:
    """Return the workload that a label of its kind names, where the target is a pod of another workload."""
    if not target.refs and alert is not None:
        return _owner_of_pods(graph, alert) or target
    if alert is None or alert.is_named or len(target.refs) != 1:
        return target
    ref = target.refs[0]
    pod = graph.find("Pod", ref.namespace, ref.name) if ref.kind == "Pod" else None
    if pod is None:
        return target
    for label, kind in _KINDS:
        name = alert.labels.get(label, "")
        namespace = alert.labels.get("namespace", "") or ref.namespace
        key = (kind, namespace, name)
        if name and graph.get(key) is not None and graph.workload(pod) != key and pod not in graph.pods_of(key):
            how = f"{subject(key)} (label {label}; pod {ref.name} is of another workload, which reports)"
            return ResolvedTarget(refs=(graph.ref_of(key),), how=how, exact=True)
    return target


def _owner_of_pods(graph: Graph, alert: Alert) -> ResolvedTarget | None:
    """Return the owner that pods name, though nobody read it: an Argo Rollout, a CloneSet, a kind of somebody's own."""
    where = alert.target
    key = (where.kind, where.namespace, where.name)
    if not where.known or not graph.pods_of(key):
        return None
    return ResolvedTarget(refs=(graph.ref_of(key),), how=f"{subject(key)} (named by its pods)", exact=True)
