"""What is no remedy in Kubernetes: what silences an alert because its subject is gone, or nobody looks any more.

Comes in: what a plan does to one object in the end. Goes out: the reasons why that cures nothing. Going back to an
earlier revision is free to lose what that revision did not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.plan import Change, ObjectChange, Verb
from agentops.providers.kubernetes.objects.fields import items, mapping, template_of, text

_KEPT = frozenset(
    {
        "ConfigMap", "CronJob", "CustomResourceDefinition", "DaemonSet", "Deployment", "HorizontalPodAutoscaler",
        "Ingress", "Job", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "ReplicaSet", "Secret",
        "Service", "StatefulSet",
    }
)  # fmt: skip
"""Kinds whose deletion takes away what was failing, or what it needs."""
_GUARDS = frozenset({"LimitRange", "NetworkPolicy", "PodDisruptionBudget", "ResourceQuota"})
"""Kinds whose deletion takes away a limit that somebody set on purpose; a limit that is wrong is corrected."""
_COUNTS = ("replicas", "parallelism", "minReplicas", "maxReplicas")
_GOES_BACK = "kubernetes_rollout_undo"
_PROBES = ("livenessProbe", "readinessProbe")
_ENFORCED = "pod-security.kubernetes.io/enforce"
_STANDARDS = ("", "privileged", "baseline", "restricted")
"""Pod security standards, least strict first; no label enforces nothing."""


def reasons_against(changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:
    """Yield why what becomes of an object is no remedy.

    Arguments:
        changes: the steps that touch it, in order.
        result: the object before the first of them and after the last.
    """
    yield from _vanishing(result)
    goes_back_only = all(change.tool == _GOES_BACK for change in changes)
    if result.verb is Verb.UPDATE and not goes_back_only:
        yield from _blinding(result)
        yield from _loosening(result)


def _vanishing(change: ObjectChange) -> Iterator[str]:
    name = change.ref.short
    if change.verb is Verb.DELETE and change.ref.kind in _KEPT | _GUARDS:
        yield f"it deletes {name}"
    if change.verb is not Verb.UPDATE:
        return
    before, after = mapping(change.before, "spec"), mapping(change.after, "spec")
    for count in _COUNTS:
        if after.get(count) == 0 and before.get(count) != 0:
            yield f"it sets spec.{count} of {name} to 0"
    if after.get("suspend") is True and before.get("suspend") is not True:
        yield f"it suspends {name}"


def _blinding(change: ObjectChange) -> Iterator[str]:
    """Say which probe or memory limit a container that stays would lose."""
    left = _containers(change.after)
    for name, before in _containers(change.before).items():
        after = left.get(name)
        if after is None:
            continue
        for probe in _PROBES:
            if before.get(probe) and not after.get(probe):
                yield f"it takes the {probe} of container {name} away from {change.ref.short}"
        had, has = (mapping(one, "resources", "limits").get("memory") for one in (before, after))
        if had and not has:
            yield f"it takes the memory limit of container {name} away from {change.ref.short}"


def _loosening(change: ObjectChange) -> Iterator[str]:
    if change.ref.kind != "Namespace":
        return
    before, after = (mapping(one, "metadata", "labels").get(_ENFORCED, "") for one in (change.before, change.after))
    if before in _STANDARDS and (after not in _STANDARDS or _STANDARDS.index(after) < _STANDARDS.index(before)):
        yield f"it lets {change.ref.short} enforce {after or 'no pod security standard'} instead of {before}"


def _containers(value: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Return the containers of a pod template by name, wherever the kind keeps its template."""
    return {text(one, "name"): one for one in items(template_of(value), "spec", "containers")}
