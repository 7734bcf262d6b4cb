"""Labels that name the workload an alert is about beside a pod that is of another one: the reporter's pod.

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
