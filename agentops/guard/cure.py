"""A cure of a failing workload never removes it: scaling to zero, deleting and recreating are refused as fixes.

Comes in: the steps of a plan that is meant to fix an incident. Goes out: nothing, or the reason why it is no cure. This
is not policy and cannot be configured away: an alert that falls silent because its subject is gone is not fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.errors import PolicyRefused
from agentops.core.plan import ObjectChange, Verb
from agentops.guard.states import Ruled

_KEPT = frozenset(
    {
        "ConfigMap", "CronJob", "CustomResourceDefinition", "DaemonSet", "Deployment", "HorizontalPodAutoscaler",
        "Ingress", "Job", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "ReplicaSet", "Secret",
        "Service", "StatefulSet",
    }
)  # fmt: skip
"""Kinds whose deletion takes away what was failing, or what it needs."""
_COUNTS = ("replicas", "parallelism", "minReplicas", "maxReplicas")


def require_cure(steps: Sequence[Ruled]) -> None:
    """Return when no step makes the trouble vanish instead of curing it.

    Raises:
        PolicyRefused: one does (code ``not-a-cure``).
    """
    for step in steps:
        for reason in (words for one in step.preview.objects for words in _vanishing(one)):
            raise PolicyRefused(
                f"{step.change.tool} is no cure: {reason}",
                hint="Find what makes it fail and change that. What is to go on purpose, take away with kubectl.",
                code="not-a-cure",
            )


def _vanishing(change: ObjectChange) -> Iterator[str]:
    name = change.ref.short
    if change.verb is Verb.DELETE and change.ref.kind in _KEPT:
        yield f"it deletes {name}"
    if change.verb is not Verb.UPDATE:
        return
    before, after = _spec(change.before), _spec(change.after)
    for count in _COUNTS:
        if after.get(count) == 0 and before.get(count) != 0:
            yield f"it sets spec.{count} of {name} to 0"
    if after.get("suspend") is True and before.get("suspend") is not True:
        yield f"it suspends {name}"


def _spec(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    spec = (value or {}).get("spec")
    return spec if isinstance(spec, Mapping) else {}
