"""The ReplicaSet controller, and creating pods from a template, which every workload controller does.

Comes in: ReplicaSets and their pods. Goes out: pods created and deleted, status, events. A pod that admission
refuses (quota, limit range, pod security) becomes a ``FailedCreate`` event and a ``ReplicaFailure`` condition in
the real wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.controllers.admit import make_pod, remove_pod
from agentops.sandbox.controllers.runtime import Controller, its_owner, itself, while_there
from agentops.sandbox.objects import (
    condition,
    deleting,
    drop_condition,
    has_all,
    labels_of,
    name_of,
    namespace_of,
    own,
    pod_active,
    pod_ready,
    without_zeroes,
)
from agentops.sandbox.store import Obj, copy_json
from agentops.sandbox.world import World, fresh, moment, soonest

_COMPONENT = "replicaset-controller"
_FIRST_RETRY_S, _LONGEST_RETRY_S = 5.0, 300.0
# The most pods that are made at one go (BurstReplicas).
_BURST = 500


def controller() -> Controller:
    """Return the control loop: ReplicaSets, and their pods."""
    return Controller(
        name="replicaset",
        watches={"ReplicaSet": itself, "Pod": its_owner("ReplicaSet")},
        reconcile=while_there(reconcile),
    )


def new_pod(owner: Obj, template: Mapping[str, Any], name: str, extra: Mapping[str, str] | None = None) -> Obj:
    """Return a pod made from a workload's template, owned by it."""
    metadata = copy_json(template.get("metadata") or {})
    labels = {**(metadata.get("labels") or {}), **(extra or {})}
    metadata |= {
        "name": name,
        "generateName": f"{name_of(owner)}-",
        "namespace": namespace_of(owner),
        "ownerReferences": own(owner),
        "labels": labels,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy_json(template["spec"])}


def available(pod: Obj, min_ready_s: float, now: datetime) -> tuple[bool, datetime | None]:
    """Return whether a pod is available, or when it will be if it stays ready."""
    if not pod_ready(pod):
        return False, None
    since = moment((condition(pod, "Ready") or {}).get("lastTransitionTime"), now)
    due = since + timedelta(seconds=min_ready_s)
    return (True, None) if now >= due else (False, due)


def reconcile(world: World, live: Obj) -> datetime | None:
    """Bring the number of pods of one ReplicaSet to what it asks for."""
    pods = [pod for pod in world.owned(live, "Pod") if pod_active(pod)]
    wanted = live["spec"].get("replicas", 1)
    failure, retry_at = "", None
    if len(pods) < wanted:
        failure, retry_at = _create(world, live, wanted - len(pods))
    elif len(pods) > wanted:
        for pod in sorted(pods, key=_keep_rank)[: len(pods) - wanted]:
            remove_pod(world, live, pod, _COMPONENT)
    return soonest(retry_at, _write_status(world, live, failure))


def _create(world: World, owner: Obj, count: int) -> tuple[str, datetime | None]:
    for number in range(count):
        if number == _BURST:
            return "", world.now + timedelta(seconds=1)
        pod = new_pod(owner, owner["spec"]["template"], f"{name_of(owner)}-{world.suffix()}")
        refusal = make_pod(world, owner, pod, _COMPONENT)
        if refusal:
            return refusal, _next_try(world, owner)
    return "", None


def _next_try(world: World, owner: Obj) -> datetime:
    """Return when creation is tried again: the wait grows with the time that it has been failing."""
    failure = condition(owner, "ReplicaFailure")
    failing_s = (world.now - moment((failure or {}).get("lastTransitionTime"), world.now)).total_seconds()
    return world.now + timedelta(seconds=min(max(failing_s, _FIRST_RETRY_S), _LONGEST_RETRY_S))


def _keep_rank(pod: Obj) -> tuple[bool, bool, bool, str]:
    """Order pods by how dispensable they are: unassigned, not running, not ready, then the oldest name last."""
    status = pod.get("status") or {}
    return bool(pod["spec"].get("nodeName")), status.get("phase") == "Running", pod_ready(pod), name_of(pod)


def _write_status(world: World, live: Obj, failure: str) -> datetime | None:
    pods = [pod for pod in world.owned(live, "Pod") if pod_active(pod)]
    min_ready_s = live["spec"].get("minReadySeconds", 0)
    states = [available(pod, min_ready_s, world.now) for pod in pods]
    template_labels = (live["spec"]["template"].get("metadata") or {}).get("labels") or {}
    status = fresh(live)
    conditions = status.get("conditions") or []
    if failure and condition(live, "ReplicaFailure") is None:
        # The message stays that of the first failure, as in the real controller.
        world.judge(conditions, "ReplicaFailure", "True", "FailedCreate", failure)
    elif len(pods) >= live["spec"].get("replicas", 1):
        drop_condition(conditions, "ReplicaFailure")
    counts = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(has_all(template_labels, labels_of(pod)) for pod in pods),
        "readyReplicas": sum(map(pod_ready, pods)),
        "availableReplicas": sum(is_available for is_available, _ in states),
        "terminatingReplicas": sum(map(deleting, world.owned(live, "Pod"))),
        "observedGeneration": live["metadata"].get("generation", 1),
        "conditions": conditions,
    }
    world.set_status(live, without_zeroes(counts, "replicas", "terminatingReplicas"))
    return min((at for _, at in states if at is not None), default=None)
