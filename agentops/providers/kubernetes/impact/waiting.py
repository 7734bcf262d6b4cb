"""Finds what waits for a changed object without being named by it, such as pods that need it to start.

Comes in: a preview and the ``ImpactReader``. Goes out: references: claims of a storage class, workloads that a quota, a
limit or a priority class keeps from making pods, workloads whose pods are on a node or wait for one. Only reads; what
cannot be read is left out, for nothing is concluded from its absence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from agentops.core.plan import ObjectChange, Preview
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import Object, name_of, namespace_of, spec_of, status_of
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_health import is_active

_MAKERS = ("Deployment", "StatefulSet", "DaemonSet")
_LATE = "WaitForFirstConsumer"
MOST = 50
"""How many are looked at; they are read with the lists of their kinds."""


def waiting_for(reader: ImpactReader, preview: Preview) -> tuple[ResourceRef, ...]:
    """Return what waits for what the preview changes.

    Raises:
        Unreachable: the API server does not answer.
    """
    rules = ((_WAITING.get(change.ref.kind), change) for change in preview.objects)
    found = [ref for rule, change in rules if rule is not None for ref in rule(reader, change)]
    return tuple(dict.fromkeys(found))[:MOST]


def _claims(reader: ImpactReader, change: ObjectChange) -> Iterator[ResourceRef]:
    """Yield the claims of a class; where it binds late, only those that a pod asks for."""
    late = (change.after or change.before or {}).get("volumeBindingMode") == _LATE
    for claim in reader.items("PersistentVolumeClaim", "") or ():
        if spec_of(claim).get("storageClassName") != change.ref.name:
            continue
        bound = status_of(claim).get("phase") == "Bound"
        if bound or not late or _is_used(reader, claim):
            yield reader.cluster.ref("PersistentVolumeClaim", name_of(claim), namespace_of(claim))


def _is_used(reader: ImpactReader, claim: Object) -> bool:
    pods = reader.items("Pod", namespace_of(claim)) or ()
    return any(
        (volume.get("persistentVolumeClaim") or {}).get("claimName") == name_of(claim)
        for pod in pods
        if is_active(pod)
        for volume in spec_of(pod).get("volumes") or ()
    )


def _held_back(reader: ImpactReader, change: ObjectChange) -> Iterator[ResourceRef]:
    """Yield the workloads of the namespace that have fewer pods than they want."""
    namespace = change.ref.namespace
    for kind in _MAKERS:
        for item in reader.items(kind, namespace) or ():
            if _made(item) < _asked(kind, item):
                yield reader.cluster.ref(kind, name_of(item), namespace or namespace_of(item))


def _made(item: Object) -> int:
    status = status_of(item)
    return int(status.get("replicas") or status.get("currentNumberScheduled") or 0)


def _asked(kind: str, item: Object) -> int:
    if kind == "DaemonSet":
        return int(status_of(item).get("desiredNumberScheduled") or 0)
    return int(spec_of(item).get("replicas", 1))


def _on_node(reader: ImpactReader, change: ObjectChange) -> Iterator[ResourceRef]:
    """Yield the workloads with a pod on the node or with one that no node takes; a DaemonSet is on every node."""
    mine = reader.items("Pod", "", fields=f"spec.nodeName={change.ref.name}") or ()
    pending = reader.items("Pod", "", fields="status.phase=Pending") or ()
    for pod in (*mine, *(one for one in pending if not spec_of(one).get("nodeName"))):
        if is_active(pod) and (controller_of(pod) or {}).get("kind") != "DaemonSet":
            yield reader.workload_of(pod)


_WAITING: Mapping[str, Callable[[ImpactReader, ObjectChange], Iterator[ResourceRef]]] = {
    "StorageClass": _claims,
    "ResourceQuota": _held_back,
    "LimitRange": _held_back,
    "PriorityClass": _held_back,
    "Node": _on_node,
}
