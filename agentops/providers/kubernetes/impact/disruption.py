"""What a change of one workload does to its pods: how many are replaced, and how many ready ones are out at the worst.

Comes in: the workload before and after, its live pods, and which of them are already of the new template. Goes out: a
``Disruption``. Pure: no request, no clock. Pods that are not ready are no capacity, so losing them costs nothing.
Sources:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy (maxUnavailable rounds down, maxSurge
up, both zero counts as one unavailable), .../statefulset/#update-strategies, .../tasks/manage-daemon/update-daemon-set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.text import plural
from agentops.providers.kubernetes.objects.fields import Object, labels_of, name_of, spec_of, template_of
from agentops.providers.kubernetes.objects.pod_health import is_ready, ready_count
from agentops.providers.kubernetes.objects.workloads import ordinal_of, rolls_out, wanted_pods

_ON_DELETE = "update strategy OnDelete: pods change only when they are deleted"
_PLACEMENT = ("nodeSelector", "affinity", "tolerations", "nodeName")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruption:
    """What a change takes from one workload.

    ``pods`` are replaced, stopped or newly made, of ``total``; ``out`` ready ones are missing at the worst moment. None
    is not known. ``why`` is the rule in one sentence.
    """

    pods: int | None
    total: int | None
    out: int | None
    why: str


def disruption_of(
    before: Object | None, after: Object | None, pods: Sequence[Object], kept: frozenset[str] | None
) -> Disruption:
    """Return what becomes of ``pods`` when ``before`` turns into ``after``.

    Arguments:
        before, after: the workload; None when it is created or deleted. Not both.
        pods: its active pods as they are now.
        kept: the names of those that are of the new template already; None when that is not known.
    """
    item = after or before or {}
    kind = str(item.get("kind"))
    if after is None:
        return _deletion(kind, pods)
    if kind == "CronJob":
        return Disruption(
            pods=0, total=0, out=0, why="a CronJob's edit touches no pod that runs; its next run is of the new spec"
        )
    if before is None:
        return _creation(kind, after, pods)
    if kind in {"ReplicaSet", "ReplicationController", "Job"} or not rolls_out(before, after):
        return _scaling(kind, before, after, pods)
    if kept is None:
        return Disruption(
            pods=None, total=None, out=None, why="which pods are of the new template already is not known"
        )
    return _ROLLOUTS[kind](after, pods, kept, template_of(before))


def _deletion(kind: str, pods: Sequence[Object]) -> Disruption:
    why = f"the {kind} is deleted and all its {plural(len(pods), 'pod')} with it"
    return Disruption(pods=len(pods), total=len(pods), out=ready_count(pods), why=why)


def _creation(kind: str, after: Object, pods: Sequence[Object]) -> Disruption:
    if kind == "DaemonSet":
        why = "on how many nodes a new DaemonSet will run is not known"
        return Disruption(pods=None, total=None, out=0, why=why)
    made = max(wanted_pods(after) - len(pods), 0)
    return Disruption(
        pods=made, total=made + len(pods), out=0, why=f"{plural(made, 'pod')} will be made, none is stopped"
    )


def _scaling(kind: str, before: Object, after: Object, pods: Sequence[Object]) -> Disruption:
    """A change of the count; other fields of the spec leave the pods alone."""
    old, new, live, ready = wanted_pods(before), wanted_pods(after), len(pods), ready_count(pods)
    if kind == "DaemonSet" or old == new:
        return Disruption(
            pods=0, total=live, out=0, why="the pod template and the number of pods stay: no pod is replaced"
        )
    if new > old:
        why = f"scaling from {old} to {new} makes {plural(new - old, 'pod')} and stops none"
        return Disruption(pods=new - old, total=max(live, new), out=0, why=why)
    stopped = min(old - new, max(live - new, 0))
    if kind == "StatefulSet":
        last = [pod for pod in pods if ordinal_of(pod) >= new + _first_ordinal(after)]
        why = f"scaling from {old} to {new} stops the pods with the highest ordinals"
        return Disruption(pods=len(last), total=live, out=ready_count(last), why=why)
    why = f"scaling from {old} to {new} stops {plural(stopped, 'pod')}, those that are not ready first"
    # The controller stops pods that are not ready before those that are.
    out = max(stopped - (live - ready), 0)
    if kind == "Deployment" and len({labels_of(pod).get("pod-template-hash") for pod in pods}) > 1:
        # Scaling in the middle of a rollout is shared out between revisions; only the floor is certain.
        out = max(ready - max(new - _rolling(after)[0], 0), 0)
        why += "; in the middle of a rollout the floor is replicas minus maxUnavailable"
    return Disruption(pods=stopped, total=live, out=out, why=why)


def _deployment(after: Object, pods: Sequence[Object], kept: frozenset[str], _: Object) -> Disruption:
    new, old_pods = wanted_pods(after), [pod for pod in pods if name_of(pod) not in kept]
    total = max(len(pods), new)
    if spec_of(after).get("paused"):
        return Disruption(
            pods=0, total=total, out=0, why="the Deployment is paused: no pod is replaced until it is resumed"
        )
    changed = max(len(old_pods), new - (len(pods) - len(old_pods)))
    most = ready_count(old_pods)
    if (spec_of(after).get("strategy") or {}).get("type") == "Recreate":
        why = f"strategy Recreate stops all {plural(len(old_pods), 'old pod')} before a new one starts"
        return Disruption(pods=changed, total=total, out=most, why=why)
    unavailable, surge = _rolling(after)
    out = min(max(ready_count(pods) - max(new - unavailable, 0), 0), most)
    why = f"the template changes: a rolling update of {plural(new, 'replica')} with maxUnavailable {unavailable}"
    why += f" and maxSurge {surge}"
    if kept:
        why += f"; {plural(len(pods) - len(old_pods), 'pod')} of the same template stay"
    return Disruption(pods=changed, total=total, out=out, why=why)


def _rolling(after: Object) -> tuple[int, int]:
    """Return maxUnavailable and maxSurge of a Deployment as numbers of pods."""
    rolling = (spec_of(after).get("strategy") or {}).get("rollingUpdate") or {}
    count = wanted_pods(after)
    unavailable = resolve(rolling.get("maxUnavailable", "25%"), count, up=False)
    surge = resolve(rolling.get("maxSurge", "25%"), count, up=True)
    return (unavailable, surge) if unavailable or surge else (1, 0)


def _stateful_set(after: Object, pods: Sequence[Object], kept: frozenset[str], _: Object) -> Disruption:
    new, total = wanted_pods(after), max(len(pods), wanted_pods(after))
    strategy = spec_of(after).get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return Disruption(
            pods=0, total=total, out=0, why="update strategy OnDelete: pods change only when they are deleted"
        )
    rolling = strategy.get("rollingUpdate") or {}
    # Pods with an ordinal below the partition keep the old template.
    partition = int(rolling.get("partition") or 0)
    old_pods = [pod for pod in pods if name_of(pod) not in kept and ordinal_of(pod) >= partition]
    at_once = max(resolve(rolling.get("maxUnavailable", 1), new, up=False), 1)
    missing = max(new - len(pods), 0)
    why = f"a StatefulSet replaces its pods from the last to the first, {at_once} at a time"
    if partition:
        why += f", those with an ordinal of {partition} and above"
    unready = [name_of(pod) for pod in pods if not is_ready(pod)]
    out = min(at_once, ready_count(old_pods))
    if spec_of(after).get("podManagementPolicy") != "Parallel":
        # It goes on only while all the others are ready, so what is out already does not add to what it takes out.
        out = min(out, max(ready_count(pods) - max(new - at_once, 0), 0))
        if unready:
            why += f"; it does not begin while {unready[0]} is not ready, and deleting that pod helps"
    return Disruption(pods=len(old_pods) + missing, total=total, out=out, why=why)


def _daemon_set(after: Object, pods: Sequence[Object], kept: frozenset[str], old_template: Object) -> Disruption:
    total = len(pods)
    strategy = spec_of(after).get("updateStrategy") or {}
    old_pods = [pod for pod in pods if name_of(pod) not in kept]
    most = ready_count(old_pods)
    if any(spec_of(old_template).get(field) != spec_of(template_of(after)).get(field) for field in _PLACEMENT):
        why = "the template's node selection changes: pods may leave their nodes all at once"
        return Disruption(pods=total, total=total, out=ready_count(pods), why=why)
    if strategy.get("type") == "OnDelete":
        return Disruption(
            pods=0, total=total, out=0, why="update strategy OnDelete: pods change only when they are deleted"
        )
    rolling = strategy.get("rollingUpdate") or {}
    # With a surge the new pod is ready before the old one goes; without it at least one is out at a time.
    surge = resolve(rolling.get("maxSurge", 0), total, up=True)
    unavailable = 0 if surge else max(resolve(rolling.get("maxUnavailable", 1), total, up=True), 1)
    out = min(max(ready_count(pods) - (total - unavailable), 0), most)
    why = f"a DaemonSet replaces its pods node by node with maxUnavailable {unavailable} and maxSurge {surge}"
    return Disruption(pods=len(old_pods), total=total, out=out, why=why)


_ROLLOUTS: Mapping[str, Callable[[Object, Sequence[Object], frozenset[str], Object], Disruption]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
}


def resolve(value: Any, total: int, *, up: bool) -> int:
    """Return an int-or-percent as a number of pods; a percentage of ``total`` rounds up or down."""
    text = str(value).strip()
    if not text.endswith("%"):
        return int(text)
    scaled = int(text[:-1]) * total
    return -(-scaled // 100) if up else scaled // 100


def _first_ordinal(item: Object) -> int:
    return int((spec_of(item).get("ordinals") or {}).get("start") or 0)
