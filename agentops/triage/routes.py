"""``Routes``: what an object depends on, so that a symptom can be followed down to what brings it about.

Comes in: the graph and the problems. Goes out: for each object the objects below it, each with the word for the
relation and whether it is a dependency (another application) or part of the same thing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.triage.analyzers.autoscaling import target_of
from agentops.triage.analyzers.ingresses import backends
from agentops.triage.fields import Key, key_of, mapping, namespace_of, pod_labels, pod_spec, text
from agentops.triage.graph import WORKLOAD_KINDS, Graph
from agentops.triage.health import is_ready
from agentops.triage.reachability import backing_workloads, complaints_of, needs_of
from agentops.triage.selection import matches
from agentops.triage.template import claim_names

MOST_STEPS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step down: to ``key``, by what relation; ``dependency`` when it leads to another application.

    ``witnessed`` says that a log, not only a configuration, names the dependency.
    """

    key: Key
    relation: str
    dependency: bool = False
    witnessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How an object is reached from the aim: the keys on the way, and how many of the hops are dependencies."""

    path: tuple[Key, ...]
    dependencies: int
    broken: bool


def key_of_ref(ref: ResourceRef) -> Key:
    """Return the identity inside the snapshot of a reference."""
    return ref.kind, ref.namespace, ref.name


class Routes:
    """Dependencies of the objects of one snapshot, found on demand."""

    def __init__(self, graph: Graph, problems: Sequence[Problem]) -> None:
        self.graph = graph
        self._affecting: dict[Key, list[Problem]] = {}
        self._known: dict[Key, list[Hop]] = {}
        self._reaches: dict[tuple[tuple[Key, ...], frozenset[Key]], dict[Key, Reach]] = {}
        for problem in problems:
            for ref in problem.affects:
                self._affecting.setdefault(key_of_ref(ref), []).append(problem)

    def below(self, key: Key) -> list[Hop]:
        """Return the hops down from ``key``, each target once."""
        found = self._known.get(key)
        if found is None:
            unique: dict[Key, Hop] = {}
            for hop in self._hops(key):
                known = unique.get(hop.key)
                if hop.key != key and (known is None or (hop.witnessed and not known.witnessed)):
                    unique[hop.key] = hop
            found = self._known[key] = list(unique.values())
        return found

    def _hops(self, key: Key) -> Iterator[Hop]:
        obj = self.graph.get(key)
        if key[0] in WORKLOAD_KINDS or key[0] == "Pod":
            yield from self._workload(key, obj)
        elif obj is not None:
            yield from self._plain(key, obj)
        for problem in self._affecting.get(key, ()):
            yield Hop(key=key_of_ref(problem.resource), relation="suffers from")

    def _plain(self, key: Key, obj: dict[str, Any]) -> Iterator[Hop]:
        kind = key[0]
        if kind == "Service":
            for owner in backing_workloads(self.graph, key):
                yield Hop(key=owner, relation="is served by")
        elif kind == "Ingress":
            for _, backend in backends(obj):
                yield Hop(key=("Service", key[1], text(backend, "name")), relation="routes to")
        elif kind == "HorizontalPodAutoscaler":
            yield Hop(key=target_of(obj), relation="scales")
        elif kind == "PodDisruptionBudget":
            yield from self._budget(obj)
        elif kind == "PersistentVolumeClaim":
            yield Hop(key=("StorageClass", "", text(obj, "spec", "storageClassName")), relation="is provisioned by")
            yield Hop(key=("PersistentVolume", "", text(obj, "spec", "volumeName")), relation="is bound to")

    def _workload(self, key: Key, obj: dict[str, Any] | None) -> Iterator[Hop]:
        if obj is not None:
            top = self.graph.top_of(obj)
            if top != key:
                yield Hop(key=top, relation="is part of")
        for child in self.graph.children.get(key, ()):
            if text(child, "kind") == "Job":
                yield Hop(key=key_of(child), relation="runs")
        pods = self.graph.pods_of(key)[:200]
        if key[0] == "Pod" and obj is not None:
            pods = [obj]
        for pod in pods:
            if not is_ready(pod) and text(pod, "spec", "nodeName"):
                yield Hop(key=("Node", "", text(pod, "spec", "nodeName")), relation="runs on")
        for pod in [*pods[:20], *([obj] if obj is not None else [])]:
            for claim in claim_names(pod_spec(pod)):
                yield Hop(key=("PersistentVolumeClaim", key[1], claim), relation="mounts")
        yield from self._needs(key)

    def _needs(self, key: Key) -> Iterator[Hop]:
        for complaint in complaints_of(self.graph, key) if self.graph.snapshot.logs else ():
            if complaint.service is not None:
                yield Hop(key=complaint.service, relation="cannot reach", dependency=True, witnessed=True)
            if complaint.clue.kind == "unknown-host":
                for pod in self.graph.pods_labelled("kube-system", {"k8s-app": "kube-dns"})[:1]:
                    yield Hop(key=self.graph.workload(pod), relation="asks names of", dependency=True, witnessed=True)
        for need in needs_of(self.graph, key):
            if need.service is not None and self.graph.get(need.service) is not None:
                yield Hop(key=need.service, relation="depends on", dependency=True)

    def _budget(self, obj: dict[str, Any]) -> Iterator[Hop]:
        selector = mapping(obj, "spec", "selector")
        for workload in self.graph.workloads_by_namespace.get(namespace_of(obj), ()):
            if matches(selector, pod_labels(workload)):
                yield Hop(key=key_of(workload), relation="protects")

    def relation(self, upper: Key, lower: Key) -> str:
        """Return the word between two neighbours of a path."""
        return next((hop.relation for hop in self.below(upper) if hop.key == lower), "depends on")

    def reach(self, starts: Sequence[Key], unwell: frozenset[Key]) -> dict[Key, Reach]:
        """Return every object below ``starts`` with the best way to it: fewest dependencies, then fewest hops.

        ``unwell`` are the objects with a problem: a way is broken when each application on it is one of them.
        """
        question = (tuple(starts), unwell)
        known = self._reaches.get(question)
        if known is None:
            known = self._reaches[question] = self._walk(starts, unwell)
        return known

    def _walk(self, starts: Sequence[Key], unwell: frozenset[Key]) -> dict[Key, Reach]:
        found = {key: Reach(path=(key,), dependencies=0, broken=True) for key in starts}
        queue: deque[Key] = deque(starts)
        steps = 0
        while queue and steps < MOST_STEPS:
            key = queue.popleft()
            steps += 1
            here = found[key]
            for hop in self.below(key):
                if hop.key in here.path:
                    continue
                reach = Reach(
                    path=(*here.path, hop.key),
                    dependencies=here.dependencies + hop.dependency,
                    broken=here.broken and (not hop.dependency or hop.witnessed or hop.key in unwell),
                )
                known = found.get(hop.key)
                if known is None or _better(reach, known):
                    found[hop.key] = reach
                    queue.append(hop.key)
        return found


def _better(left: Reach, right: Reach) -> bool:
    return (not left.broken, left.dependencies, len(left.path)) < (
        not right.broken,
        right.dependencies,
        len(right.path),
    )
