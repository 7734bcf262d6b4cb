"""What a Kubernetes object depends on: the edges of the dependency graph.

Comes in: the graph of a snapshot and the reference of an object. Goes out: for each object below it the word for the
relation, and whether it is a dependency (another application) or part of the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agentops.core.analysis import Edge
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.analysis.graph import WORKLOAD_KINDS, Graph
from agentops.providers.kubernetes.analysis.reachability import backing_workloads, complaints_of, needs_of
from agentops.providers.kubernetes.analysis.waits import awaited
from agentops.providers.kubernetes.analyzers.autoscaling import target_of
from agentops.providers.kubernetes.analyzers.ingresses import backends
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    namespace_of,
    pod_labels,
    pod_spec,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready
from agentops.providers.kubernetes.objects.pod_template import claim_names
from agentops.providers.kubernetes.objects.selectors import matches


class KubernetesEdges:
    """The edges down from the objects of one snapshot, found on demand."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self, ref: ResourceRef) -> Iterator[Edge]:
        """Yield the edges down from one object; none for a resource of another provider."""
        if ref.scheme != "k8s":
            return
        key = (ref.kind, ref.namespace, ref.name)
        obj = self.graph.get(key)
        if key[0] in WORKLOAD_KINDS or key[0] == "Pod":
            yield from self._workload(key, obj)
        elif obj is not None:
            yield from self._plain(key, obj)

    def _edge(
        self, key: Key, relation: str, *, dependency: bool = False, witnessed: bool = False, own: bool = False
    ) -> Edge:
        ref = self.graph.ref_of(key)
        return Edge(ref=ref, relation=relation, dependency=dependency, witnessed=witnessed, own=own)

    def _plain(self, key: Key, obj: dict[str, Any]) -> Iterator[Edge]:
        kind = key[0]
        if kind == "Service":
            for owner in backing_workloads(self.graph, key):
                yield self._edge(owner, "is served by", own=True)
        elif kind == "Ingress":
            for _, backend in backends(obj):
                yield self._edge(("Service", key[1], text(backend, "name")), "routes to", own=True)
        elif kind == "HorizontalPodAutoscaler":
            yield self._edge(target_of(obj), "scales", own=True)
        elif kind == "PodDisruptionBudget":
            yield from self._budget(obj)
        elif kind == "PersistentVolumeClaim":
            yield self._edge(("StorageClass", "", text(obj, "spec", "storageClassName")), "is provisioned by")
            yield self._edge(("PersistentVolume", "", text(obj, "spec", "volumeName")), "is bound to")

    def _workload(self, key: Key, obj: dict[str, Any] | None) -> Iterator[Edge]:
        if obj is not None:
            top = self.graph.top_of(obj)
            if top != key:
                yield self._edge(top, "is part of", own=True)
        for child in self.graph.children.get(key, ()):
            if text(child, "kind") == "Job":
                yield self._edge(key_of(child), "runs")
        pods = self.graph.pods_of(key)[:200]
        if key[0] == "Pod" and obj is not None:
            pods = [obj]
        for pod in pods:
            if not is_ready(pod) and text(pod, "spec", "nodeName"):
                yield self._edge(("Node", "", text(pod, "spec", "nodeName")), "runs on")
        for pod in [*pods[:20], *([obj] if obj is not None else [])]:
            for claim in claim_names(pod_spec(pod)):
                yield self._edge(("PersistentVolumeClaim", key[1], claim), "mounts")
        yield from self._awaited(pods)
        yield from self._needs(key)

    def _awaited(self, pods: Sequence[dict[str, Any]]) -> Iterator[Edge]:
        """What a pod's init container waits for: the pod does not start without it."""
        for pod in pods[:20]:
            if text(pod, "status", "phase") != "Pending":
                continue
            for status in items(pod, "status", "initContainerStatuses"):
                if not mapping(status, "state", "terminated"):
                    for found in awaited(self.graph, pod, text(status, "name")):
                        yield self._edge(found, "waits for", dependency=True, witnessed=True)

    def _needs(self, key: Key) -> Iterator[Edge]:
        for complaint in complaints_of(self.graph, key) if self.graph.snapshot.logs else ():
            if complaint.service is not None:
                yield self._edge(complaint.service, "cannot reach", dependency=True, witnessed=True)
            if complaint.clue.kind == "unknown-host":
                dns = ("Service", "kube-system", "kube-dns")
                if self.graph.get(dns) is not None:
                    yield self._edge(dns, "asks names of", dependency=True, witnessed=True)
                for pod in self.graph.pods_labelled("kube-system", {"k8s-app": "kube-dns"})[:1]:
                    yield self._edge(self.graph.workload(pod), "asks names of", dependency=True, witnessed=True)
        for need in needs_of(self.graph, key):
            if need.service is not None and self.graph.get(need.service) is not None:
                yield self._edge(need.service, "depends on", dependency=True)

    def _budget(self, obj: dict[str, Any]) -> Iterator[Edge]:
        selector = mapping(obj, "spec", "selector")
        for workload in self.graph.workloads_by_namespace.get(namespace_of(obj), ()):
            if matches(selector, pod_labels(workload)):
                yield self._edge(key_of(workload), "protects")
