"""Why a workload's pods are unavailable during a change: to repair it, to make it smaller, or for another reason.

Comes in: the workload before and after, its live pods, which of them are of the new template already, and whether that
template is one of its earlier revisions. Goes out: a ``Purpose``. Pure. It rests on what the cluster holds and on
nothing that anybody says: a revision is an earlier one when its ReplicaSet or ControllerRevision is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.plan import Purpose
from agentops.providers.kubernetes.impact.disruption import Disruption
from agentops.providers.kubernetes.objects.fields import Object, name_of, spec_of
from agentops.providers.kubernetes.objects.pod_health import is_ready, ready_count
from agentops.providers.kubernetes.objects.workloads import ROLLED_KINDS, SCALED_KINDS, rolls_out, wanted_pods


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What of a workload is of the new template already: ``pods`` by name, and whether a revision that is kept is."""

    pods: frozenset[str] = frozenset()
    earlier: bool = False


def purpose_of(
    before: Object | None, after: Object | None, pods: Sequence[Object], match: Match, cost: Disruption
) -> Purpose:
    """Return what the pods are out for when ``before`` turns into ``after``.

    Arguments:
        before, after: the workload; None when it is created or deleted.
        pods: its active pods as they are now.
        cost: what the change takes from them.
    """
    if before is None or after is None:
        return Purpose.NONE
    if _shrinks(before, after, pods, cost):
        return Purpose.SHRINKS
    kind = str(after.get("kind"))
    if (
        kind not in ROLLED_KINDS
        or not rolls_out(before, after)
        or _rest(before, "template") != _rest(after, "template")
    ):
        return Purpose.NONE
    if match.earlier and _is_failing(before, pods, match) and _may_be_well(pods, match):
        return Purpose.RESTORES
    asked = len(pods) if kind == "DaemonSet" else wanted_pods(before)
    return Purpose.MENDS if 2 * ready_count(pods) <= asked else Purpose.NONE


def _rest(item: Object, left_out: str) -> Mapping[str, Any]:
    return {name: value for name, value in spec_of(item).items() if name != left_out}


def _shrinks(before: Object, after: Object, pods: Sequence[Object], cost: Disruption) -> bool:
    """Return whether fewer pods are asked for, nothing else, and of those that stay as many are ready as can be."""
    new = wanted_pods(after)
    if after.get("kind") not in SCALED_KINDS or not 0 < new < wanted_pods(before) or cost.out is None:
        return False
    left = ready_count(pods) - cost.out
    return _rest(before, "replicas") == _rest(after, "replicas") and left >= min(new, ready_count(pods))


def _is_failing(before: Object, pods: Sequence[Object], match: Match) -> bool:
    """Return whether the template that is to go has a pod that is not ready, or pods that cannot be made."""
    missing = before.get("kind") != "DaemonSet" and len(pods) < wanted_pods(before)
    return missing or any(not is_ready(pod) for pod in pods if name_of(pod) not in match.pods)


def _may_be_well(pods: Sequence[Object], match: Match) -> bool:
    """Return whether nothing speaks against the earlier revision: if pods of it are there, one is ready."""
    of_it = [pod for pod in pods if name_of(pod) in match.pods]
    return not of_it or any(map(is_ready, of_it))


def purpose_words(purpose: Purpose) -> str:
    """Return what the purpose means for the limits, for the reasons; empty when it means nothing."""
    return {
        Purpose.RESTORES: "it goes back to an earlier revision, from one that is not whole",
        Purpose.MENDS: "half of it or more is out already",
        Purpose.SHRINKS: "fewer are asked for, and those that stay are ready",
    }.get(purpose, "")
