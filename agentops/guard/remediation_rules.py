"""A cure of a failing workload never removes it, nor what guards it: both silence an alert and cure nothing.

Comes in: the changes of a plan that is meant to fix an incident, with their predictions or previews. Goes out: nothing,
or the reason why it is no cure. This is not policy and cannot be configured away: an alert that falls silent because
its subject is gone, or because nobody looks any more, is not fixed. Going back to an earlier revision is free to lose
what that revision did not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentops.core.errors import PolicyRefused
from agentops.core.plan import Change, ObjectChange, Preview, Verb
from agentops.core.resource import ResourceRef

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
"""Pod security standards, mildest first; no label enforces nothing."""


def require_remediation(steps: Sequence[tuple[Change, Preview]]) -> None:
    """Raise when the plan as a whole makes the trouble vanish instead of curing it.

    What counts is what becomes of each object in the end: one that is deleted and made again is recreated, and held to
    what an update is held to.

    Raises:
        PolicyRefused: it does (code ``not-a-cure``).
    """
    for change, one in _in_the_end(steps):
        for reason in _reasons(change, one):
            raise PolicyRefused(
                f"{change.tool} is no cure: {reason}",
                hint="Find what makes it fail and change that. What is to go on purpose, take away with kubectl.",
                code="not-a-cure",
            )


def _in_the_end(steps: Sequence[tuple[Change, Preview]]) -> Iterator[tuple[Change, ObjectChange]]:
    """Yield what becomes of each object, from before the first step that touches it to after the last."""
    chains: dict[ResourceRef, list[tuple[Change, ObjectChange]]] = {}
    for change, preview in steps:
        for one in preview.objects:
            chains.setdefault(one.ref, []).append((change, one))
    for chain in chains.values():
        before, after = chain[0][1].before, chain[-1][1].after
        # Going back to an earlier revision is free of some rules; anything else beside it is not.
        change = next((change for change, _ in reversed(chain) if change.tool != _GOES_BACK), chain[-1][0])
        if before is None and after is None:
            continue
        verb = Verb.CREATE if before is None else Verb.DELETE if after is None else Verb.UPDATE
        yield change, replace(chain[-1][1], verb=verb, before=before, after=after)


def _reasons(change: Change, one: ObjectChange) -> Iterator[str]:
    yield from _vanishing(one)
    if one.verb is Verb.UPDATE and change.tool != _GOES_BACK:
        yield from _blinding(one)
        yield from _loosening(one)


def _vanishing(change: ObjectChange) -> Iterator[str]:
    name = change.ref.short
    if change.verb is Verb.DELETE and change.ref.kind in _KEPT | _GUARDS:
        yield f"it deletes {name}"
    if change.verb is not Verb.UPDATE:
        return
    before, after = _map(change.before, "spec"), _map(change.after, "spec")
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
        if _map(before, "resources", "limits").get("memory") and not _map(after, "resources", "limits").get("memory"):
            yield f"it takes the memory limit of container {name} away from {change.ref.short}"


def _loosening(change: ObjectChange) -> Iterator[str]:
    if change.ref.kind != "Namespace":
        return
    before, after = (_map(one, "metadata", "labels").get(_ENFORCED, "") for one in (change.before, change.after))
    if before in _STANDARDS and (after not in _STANDARDS or _STANDARDS.index(after) < _STANDARDS.index(before)):
        yield f"it lets {change.ref.short} enforce {after or 'no pod security standard'} instead of {before}"


def _containers(value: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Return the containers of a pod template by name, wherever the kind keeps its template."""
    spec = _map(value, "spec")
    template = _map(spec, "jobTemplate", "spec", "template") or _map(spec, "template")
    found = _map(template, "spec").get("containers")
    listed = found if isinstance(found, list | tuple) else ()
    return {str(one.get("name")): one for one in listed if isinstance(one, Mapping)}


def _map(value: Any, *path: str) -> Mapping[str, Any]:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
