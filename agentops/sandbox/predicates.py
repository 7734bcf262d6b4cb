"""Which nodes a pod may go to: kube-scheduler's filter plugins, in their order and their words.

Comes in: a pod, and the cluster as it stands. Goes out: per node what speaks against it; of the plugins the first that
refuses a node gives its reasons. Wording as of kube-scheduler 1.36. Must never change anything.
Source: https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from agentops.sandbox.objects import (
    containers_of,
    deleting,
    expression_holds,
    has_all,
    labels_of,
    matches,
    name_of,
    namespace_of,
    quantity,
    request_of,
    tolerates,
)
from agentops.sandbox.store import Obj
from agentops.sandbox.world import World

Term: TypeAlias = Mapping[str, Any]
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_NO_PROVISIONER = "kubernetes.io/no-provisioner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What speaks against a node; ``hopeless`` when no pod that went could change it."""

    words: str
    hopeless: bool = True


@dataclass(kw_only=True)
class SchedulingAttempt:
    """One look for a node: the pod, the nodes, and the pods that occupy them."""

    world: World
    pod: Obj
    nodes: list[Obj]
    held: dict[str, list[Obj]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.nodes:
            self.held[name_of(node)] = [one for one in self.world.pods_on(name_of(node)) if _occupies(one)]

    def reasons(self, node: Obj) -> list[Reason]:
        """Return what speaks against a node; empty when the pod may go there."""
        return next((found for one in _FILTERS if (found := list(one(self, node)))), [])

    def places(self, key: str, counts: Callable[[Obj], bool]) -> set[str]:
        """Return the values of a node label under which a pod that counts is running."""
        return {
            labels_of(node)[key]
            for node in self.nodes
            if key in labels_of(node) and any(map(counts, self.held[name_of(node)]))
        }

    @cached_property
    def together(self) -> list[tuple[str, set[str]]]:
        """Where the pods are that this one must be near: topology key and values, per required term."""
        terms = _terms(self.pod, "podAffinity")
        found = [(one["topologyKey"], self.places(one["topologyKey"], self._meets(terms))) for one in terms]
        if not any(values for _, values in found) and self._meets(terms)(self.pod):
            # The first of a group that wants to be together has nobody to be near, and may go anywhere.
            return [(key, {labels_of(node)[key] for node in self.nodes if key in labels_of(node)}) for key, _ in found]
        return found

    @cached_property
    def apart(self) -> list[tuple[str, set[str]]]:
        """Where the pods are that this one must not be near."""
        terms = _terms(self.pod, "podAntiAffinity")
        return [(one["topologyKey"], self.places(one["topologyKey"], self._meets([one]))) for one in terms]

    @cached_property
    def shunned(self) -> list[tuple[str, set[str]]]:
        """Where the pods are that must not be near this one."""
        found: list[tuple[str, set[str]]] = []
        for node in self.nodes:
            for other in self.held[name_of(node)]:
                for term in _terms(other, "podAntiAffinity"):
                    value = labels_of(node).get(term["topologyKey"])
                    if value is not None and _selects(self.world, other, term, self.pod):
                        found.append((term["topologyKey"], {value}))
        return found

    @cached_property
    def spreads(self) -> list[tuple[Term, dict[str, int], int]]:
        """Return the hard spread constraints, each with its matching pods per topology value and the fewest of them."""
        hard = self.pod["spec"].get("topologySpreadConstraints") or []
        hard = [one for one in hard if one.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"]
        keys = [one["topologyKey"] for one in hard]
        found: list[tuple[Term, dict[str, int], int]] = []
        for one in hard:
            counts: dict[str, int] = {}
            for node in self.nodes:
                if all(key in labels_of(node) for key in keys) and self._judged(one, node):
                    value = labels_of(node)[one["topologyKey"]]
                    kin = [other for other in self.held[name_of(node)] if self.spreads_with(one, other)]
                    counts[value] = counts.get(value, 0) + len(kin)
            fewest = min(counts.values(), default=0) if len(counts) >= (one.get("minDomains") or 1) else 0
            found.append((one, counts, fewest))
        return found

    def _judged(self, constraint: Term, node: Obj) -> bool:
        """Return whether a node's pods count: by default those of the nodes that the pod's own selector asks for."""
        honoured = constraint.get("nodeAffinityPolicy", "Honor") == "Ignore" or not list(_affinity(self, node))
        return honoured and (constraint.get("nodeTaintsPolicy") != "Honor" or not list(_tainted(self, node)))

    def spreads_with(self, constraint: Term, other: Obj) -> bool:
        """Return whether a pod counts among those that a constraint spreads."""
        same = namespace_of(other) == namespace_of(self.pod) and not deleting(other)
        own = labels_of(self.pod)
        keys = {key: own[key] for key in constraint.get("matchLabelKeys") or [] if key in own}
        return same and matches(constraint.get("labelSelector"), labels_of(other)) and has_all(keys, labels_of(other))

    def _meets(self, terms: list[Term]) -> Callable[[Obj], bool]:
        return lambda other: all(_selects(self.world, self.pod, one, other) for one in terms)


def _occupies(pod: Obj) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _terms(pod: Obj, kind: str) -> list[Term]:
    rules = ((pod["spec"].get("affinity") or {}).get(kind) or {}).get(_REQUIRED) or []
    return [one for one in rules if one.get("topologyKey")]


def _selects(world: World, owner: Obj, term: Term, other: Obj) -> bool:
    """Return whether an affinity term of ``owner`` speaks of another pod."""
    names = term.get("namespaces") or ([] if "namespaceSelector" in term else [namespace_of(owner)])
    home = world.peek("Namespace", "", namespace_of(other)) or {"metadata": {}}
    meant = namespace_of(other) in names or matches(term.get("namespaceSelector"), labels_of(home))
    return meant and matches(term.get("labelSelector"), labels_of(other))


def allocatable_of(node: Obj) -> Mapping[str, Any]:
    """Return what a node has to give away; nothing while its kubelet has not said."""
    found: Mapping[str, Any] = (node.get("status") or {}).get("allocatable") or {}
    return found


def _cordoned(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if node["spec"].get("unschedulable") and not tolerates(attempt.pod["spec"].get("tolerations") or [], taint):
        yield Reason(words="node(s) were unschedulable")


def _tainted(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    tolerations = attempt.pod["spec"].get("tolerations") or []
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] in ("NoSchedule", "NoExecute") and not tolerates(tolerations, taint):
            yield Reason(words="node(s) had untolerated taint(s)")
            return


def _affinity(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    spec = attempt.pod["spec"]
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED)
    fits = has_all(spec.get("nodeSelector") or {}, labels_of(node))
    if not fits or (required and not _any_term(required, node)):
        yield Reason(words="node(s) didn't match Pod's node affinity/selector")


def _any_term(selector: Term, node: Obj) -> bool:
    fields = {"metadata.name": name_of(node)}
    return any(
        all(expression_holds(one, labels_of(node)) for one in term.get("matchExpressions") or [])
        and all(expression_holds(one, fields) for one in term.get("matchFields") or [])
        and bool(term.get("matchExpressions") or term.get("matchFields"))
        for term in selector.get("nodeSelectorTerms") or []
    )


def _host_ports(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    wanted = _ports(attempt.pod)
    taken = [port for other in attempt.held[name_of(node)] for port in _ports(other)]
    if any(_clash(one, other) for one in wanted for other in taken):
        yield Reason(words="node(s) didn't have free ports for the requested pod ports", hopeless=False)


def _ports(pod: Obj) -> list[tuple[int, str, str]]:
    """Return the ports that a pod takes of its node: number, protocol, address."""
    field_name = "containerPort" if pod["spec"].get("hostNetwork") else "hostPort"
    every = [port for box in containers_of(pod["spec"]) for port in box.get("ports") or []]
    return [
        (port[field_name], port.get("protocol") or "TCP", port.get("hostIP") or "0.0.0.0")  # noqa: S104  compared only
        for port in every
        if port.get(field_name)
    ]


def _clash(one: tuple[int, str, str], other: tuple[int, str, str]) -> bool:
    return one[:2] == other[:2] and (one[2] == other[2] or "0.0.0.0" in (one[2], other[2]))  # noqa: S104


def _room(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    allocatable, held = allocatable_of(node), attempt.held[name_of(node)]
    if len(held) + 1 > quantity(allocatable.get("pods", "110" if allocatable else "0")):
        yield Reason(words="Too many pods", hopeless=False)
    spec = attempt.pod["spec"]
    named = {name for box in containers_of(spec) for name in (box.get("resources") or {}).get("requests") or {}}
    for resource in sorted({"cpu", "memory", *named}):
        wanted, has = request_of(spec, resource), quantity(allocatable.get(resource)) + 1e-6
        if wanted and sum(request_of(one["spec"], resource) for one in held) + wanted > has:
            # What the whole node does not have, no other pod's going gives.
            yield Reason(words=f"Insufficient {resource}", hopeless=wanted > has)


def _volumes(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    world = attempt.world
    for volume in attempt.pod["spec"].get("volumes") or []:
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = world.peek("PersistentVolumeClaim", namespace_of(attempt.pod), name) if name else None
        if claim is None:
            continue
        if not claim["spec"].get("volumeName"):
            if _made_by_hand(world, claim):
                yield Reason(words="node(s) didn't find available persistent volumes to bind")
            continue
        bound = world.peek("PersistentVolume", "", claim["spec"]["volumeName"])
        required = (((bound or {}).get("spec") or {}).get("nodeAffinity") or {}).get("required")
        if required and not _any_term(required, node):
            yield Reason(words="node(s) didn't match PersistentVolume's node affinity")


def _made_by_hand(world: World, claim: Obj) -> bool:
    """Return whether nothing makes the volume of an unbound claim: what is there is bound as soon as it fits."""
    found = world.peek("StorageClass", "", claim["spec"].get("storageClassName") or "", group="storage.k8s.io")
    return found is not None and found.get("provisioner") == _NO_PROVISIONER


def _spread(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    for constraint, counts, fewest in attempt.spreads:
        value = labels_of(node).get(constraint["topologyKey"])
        if value is None:
            yield Reason(words="node(s) didn't match pod topology spread constraints (missing required label)")
            return
        would_be = counts.get(value, 0) + attempt.spreads_with(constraint, attempt.pod)
        if would_be - fewest > constraint["maxSkew"]:
            yield Reason(words="node(s) didn't match pod topology spread constraints", hopeless=False)
            return


def _neighbours(attempt: SchedulingAttempt, node: Obj) -> Iterable[Reason]:
    labels = labels_of(node)
    if any(labels.get(key) not in values for key, values in attempt.together):
        yield Reason(words="node(s) didn't match pod affinity rules")
    elif any(labels.get(key) in values for key, values in attempt.apart):
        yield Reason(words="node(s) didn't match pod anti-affinity rules", hopeless=False)
    elif any(labels.get(key) in values for key, values in attempt.shunned):
        yield Reason(words="node(s) didn't satisfy existing pods anti-affinity rules", hopeless=False)


_FILTERS: tuple[Callable[[SchedulingAttempt, Obj], Iterable[Reason]], ...] = (
    _cordoned, _tainted, _affinity, _host_ports, _room, _volumes, _spread, _neighbours,
)  # fmt: skip
