"""What no undo brings back, from the kind and the fields that a change touches.

Comes in: a kind, the objects before and after. Goes out: sentences for what an undo does not bring back, and how far
the change can be undone. Pure; a model's words are not looked at. ``risk.py`` has the risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.risk import Reversal
from agentops.providers.kubernetes.objects.fields import template_of
from agentops.providers.kubernetes.objects.workloads import SCALED_KINDS, replaces_pods

NO_UNDO = "No typed change leads back to what was there."
GROWN = "A volume that has grown cannot be made smaller."


def irreversible_effects(
    kind: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[tuple[str, ...], Reversal]:
    """Return what an undo does not bring back, and how far the change can be undone for that."""
    had, has = ((one.get("spec") or {}) for one in (before, after))
    fixed = _one_way(kind, before, after)
    if fixed:
        return (fixed,), Reversal.NONE
    if replaces_pods(before, after):
        if template_of(before) == template_of(after):
            return ("Pods that the resumed rollout replaces do not come back.",), Reversal.COMPENSATING
        return ("The pods are replaced by the change, and once more by its undo.",), Reversal.COMPENSATING
    fewer = _count(has.get("replicas")) < _count(had.get("replicas"))
    if kind in SCALED_KINDS and fewer:
        policy = has.get("persistentVolumeClaimRetentionPolicy") or {}
        if kind == "StatefulSet" and isinstance(policy, Mapping) and policy.get("whenScaled") == "Delete":
            why = "The claims of the pods that go are deleted with them (whenScaled: Delete), and their data."
            return (why,), Reversal.NONE
        return ("The pods that are stopped are not the ones that the undo starts.",), Reversal.COMPENSATING
    return _ELSE.get(kind, ()), Reversal.EXACT


def _one_way(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return why the API does not let a change be undone, or nothing.

    No dry run can tell: the undo would be tried on an object that does not exist yet.
    """
    had, has = ((one.get("spec") or {}) for one in (before, after))
    if kind == "PersistentVolumeClaim" and had.get("resources") != has.get("resources"):
        return GROWN
    if kind in {"ConfigMap", "Secret"} and after.get("immutable") and not before.get("immutable"):
        return "What has become immutable stays so."
    if kind == "Pod" and any(had.get(field) != has.get(field) for field in ("tolerations", "activeDeadlineSeconds")):
        return "Tolerations and deadlines of a pod cannot be taken away again."
    return ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 1


_ELSE = {
    "CronJob": ("Runs that are started or missed in the meantime stay as they are.",),
    "Node": ("Pods that are placed in the meantime stay where they are.",),
    "HorizontalPodAutoscaler": ("The number of pods moves back only as the autoscaler decides.",),
}
