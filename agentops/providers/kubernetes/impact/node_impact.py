"""What a change of a node or a namespace gets at: the pods that run there.

Comes in: one object's change and the ``ImpactReader``. Goes out: an ``Impact``. It must never take a pod for staying
whose toleration it did not read.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.plan import ObjectChange, Preview
from agentops.core.risk import Risk
from agentops.providers.kubernetes.impact.impact import Impact, not_known
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.impact.pod_impact import of_pods
from agentops.providers.kubernetes.objects.fields import Object, labels_of, namespace_of, spec_of
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_health import is_active
from agentops.providers.kubernetes.objects.taints import tolerates_forever


def of_node(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a node that is edited or deleted; a drain's pods are changes of their own."""
    ref, before, after = change.ref, change.before, change.after
    if before is None:
        return Impact(reasons=(f"{ref.short}: a new node takes no pod away",))
    moving, keys = _evicting_taints(before, after), _changed_labels(before, after)
    if after is not None and not moving and not keys:
        return Impact(reasons=(f"{ref.short}: pods that run on it stay; only where new ones are placed changes",))
    listed = reader.items("Pod", "", fields=f"spec.nodeName={ref.name}")
    if listed is None:
        return not_known(f"the pods on {ref.short}")
    pods = [pod for pod in listed if is_active(pod)]
    reader.want(("Pod", "ReplicaSet"), sorted({namespace_of(pod) for pod in pods}))
    if after is None:
        return of_pods(reader, pods, evicted=False, why=f"deleted with the node {ref.name}")
    # A pod leaves for a NoExecute taint that it does not tolerate, or for a label that its DaemonSet selects by.
    gone = [
        pod for pod in pods if any(not tolerates_forever(pod, taint) for taint in moving) or _needs_label(pod, keys)
    ]
    found = of_pods(reader, gone, evicted=False, why=f"taken off {ref.name} by its new taints or labels")
    return replace(found, risk=Risk.HIGH) if gone else found


def _evicting_taints(before: Object, after: Object | None) -> list[Object]:
    """Return the taints that are new and make pods leave that run already."""
    had = spec_of(before).get("taints") or ()
    return [one for one in spec_of(after).get("taints") or () if one not in had and one.get("effect") == "NoExecute"]


def _changed_labels(before: Object, after: Object | None) -> set[str]:
    """Return the keys of the labels that differ; none when the node is deleted, for then all pods go anyway."""
    if after is None:
        return set()
    old, new = labels_of(before), labels_of(after)
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def _needs_label(pod: Object, keys: set[str]) -> bool:
    """Only a DaemonSet's pods leave a node whose labels change (required...IgnoredDuringExecution for all others)."""
    if (controller_of(pod) or {}).get("kind") != "DaemonSet":
        return False
    spec = spec_of(pod)
    return any(key in (spec.get("nodeSelector") or {}) or f"'{key}'" in str(spec.get("affinity")) for key in keys)


def of_namespace(reader: ImpactReader, change: ObjectChange, _: Preview) -> Impact:
    """Return the impact of a namespace: nothing when it is made or labelled, everything in it when it is deleted."""
    ref = change.ref
    if change.after is not None:
        return Impact(reasons=(f"{ref.short}: pods that run stay; new ones are judged by the new labels",))
    pods = reader.items("Pod", ref.name)
    if pods is None:
        return not_known(f"what is in {ref.short}", namespaces=(ref.name,))
    found = of_pods(reader, [pod for pod in pods if is_active(pod)], evicted=False, why="deleted with the namespace")
    why = f"{ref.short}: all objects in it are deleted, PersistentVolumeClaims included"
    return Impact(
        shares=found.shares,
        concerned=found.concerned,
        namespaces=(ref.name,),
        stateful=found.stateful,
        data_loss=True,
        by_budget=False,
        counted=found.counted,
        unknown=found.unknown,
        reasons=(why, *found.reasons),
    )
