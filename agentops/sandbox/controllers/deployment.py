"""The Deployment controller: ReplicaSets per template, rolling updates, revisions, conditions, progress deadline.

Comes in: Deployments and their ReplicaSets. Goes out: ReplicaSets created and scaled, status and events in the
wording of kube-controller-manager 1.32. The rolling arithmetic follows pkg/controller/deployment/rolling.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.controllers.runtime import Controller, its_owner, itself, while_there
from agentops.sandbox.objects import (
    condition,
    deleting,
    labels_of,
    name_of,
    namespace_of,
    own,
    percent_of,
    pod_active,
    template_hash,
    without_zeroes,
)
from agentops.sandbox.store import Key, Obj, copy_json, key_of
from agentops.sandbox.world import World, fresh, moment

REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"
_COMPONENT = "deployment-controller"
_UPDATED = "lastUpdateTime"
_NOT_COPIED = {"kubectl.kubernetes.io/last-applied-configuration", REVISION}


def controller() -> Controller:
    """Return the control loop: Deployments, their ReplicaSets, and the pods that a Recreate waits for."""
    watches = {"Deployment": itself, "ReplicaSet": its_owner("Deployment"), "Pod": _waiting_for}
    return Controller(name="deployment", watches=watches, reconcile=while_there(reconcile))


def _waiting_for(world: World, pod: Obj) -> Iterable[Key]:
    """Watch: a pod is gone, and its Deployment may be waiting for that to make new ones."""
    if world.store.peek(key_of(pod)) is None:
        for key in its_owner("ReplicaSet")(world, pod):
            replica_set = world.store.peek(key)
            if replica_set is not None:
                yield from its_owner("Deployment")(world, replica_set)


def reconcile(world: World, live: Obj) -> datetime | None:
    """Bring one Deployment's ReplicaSets nearer to its template and replica count."""
    sets = world.owned(live, "ReplicaSet")
    current = next((one for one in sets if _same_template(one, live)), None)
    if live["spec"].get("paused"):
        _scale_held(world, live, sets, current)
        return _write_status(world, world.store.peek(key_of(live)) or live, current)
    current, said = _current_set(world, live, sets, current)
    old = [one for one in world.owned(live, "ReplicaSet") if name_of(one) != name_of(current)]
    if (live["spec"].get("strategy") or {}).get("type") == "Recreate":
        _recreate(world, live, current, old)
    else:
        _roll(world, live, current, old)
    return _write_status(world, world.store.peek(key_of(live)) or live, current, said)


def _scale_held(world: World, live: Obj, sets: list[Obj], current: Obj | None) -> None:
    """Scale a paused Deployment: the newest set that has pods takes the difference; nothing is rolled out."""
    active = sorted((one for one in sets if _replicas(one)), key=_revision) or ([current] if current else [])
    if active:
        others = sum(map(_replicas, active[:-1]))
        _scale(world, live, active[-1], max(live["spec"].get("replicas", 1) - others, 0))


def _same_template(replica_set: Obj, deployment: Obj) -> bool:
    template = copy_json(replica_set["spec"]["template"])
    template["metadata"]["labels"].pop(_HASH, None)
    return bool(template == deployment["spec"]["template"])


def _current_set(world: World, live: Obj, sets: list[Obj], current: Obj | None) -> tuple[Obj, str]:
    """Return the ReplicaSet of the template, made or brought to the newest revision, and the reason if it is news."""
    newest = max((_revision(one) for one in sets), default=0)
    said = ""
    if current is None:
        current, said = _create_set(world, live, newest + 1, sum(map(_replicas, sets))), "NewReplicaSetCreated"
    elif _revision(current) < newest:

        def renew(one: Obj) -> None:
            annotations = one["metadata"].setdefault("annotations", {})
            history = annotations.get("deployment.kubernetes.io/revision-history", "")
            annotations["deployment.kubernetes.io/revision-history"] = ",".join(
                part for part in (history, annotations.get(REVISION, "")) if part
            )
            annotations[REVISION] = str(newest + 1)

        current, said = world.edit(key_of(current), renew) or current, "FoundNewReplicaSet"
    wanted = (current["metadata"].get("annotations") or {}).get(REVISION, "1")
    if (live["metadata"].get("annotations") or {}).get(REVISION) != wanted:
        world.edit(key_of(live), lambda one: one["metadata"].setdefault("annotations", {}).update({REVISION: wanted}))
    return current, said


def _create_set(world: World, live: Obj, revision: int, others: int) -> Obj:
    """Make the ReplicaSet of the template, with as many pods as there is room for beside those of the other sets."""
    spec = live["spec"]
    marked = {_HASH: template_hash(spec["template"])}
    template = copy_json(spec["template"])
    template.setdefault("metadata", {}).setdefault("labels", {}).update(marked)
    kept = {k: v for k, v in (live["metadata"].get("annotations") or {}).items() if k not in _NOT_COPIED}
    surge, _ = _bounds(live)
    wanted = spec.get("replicas", 1)
    counts = {
        "deployment.kubernetes.io/desired-replicas": str(wanted),
        "deployment.kubernetes.io/max-replicas": str(wanted + surge),
    }
    recreate = (spec.get("strategy") or {}).get("type") == "Recreate"
    first = 0 if recreate and others else min(wanted, max(wanted + surge - others, 0))
    made = world.store.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name_of(live)}-{marked[_HASH]}",
                "namespace": namespace_of(live),
                "labels": {**labels_of({"metadata": template["metadata"]})},
                "annotations": {**kept, REVISION: str(revision), **counts},
                "ownerReferences": own(live),
            },
            "spec": {
                "replicas": first,
                "selector": {
                    **copy_json(spec["selector"]),
                    "matchLabels": {**(spec["selector"].get("matchLabels") or {}), **marked},
                },
                "template": template,
                **({"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}),
            },
        }
    )
    if first:
        _say_scaled(world, live, made, 0, first)
    return made


def _revision(replica_set: Obj) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, "0"))


def _bounds(live: Obj) -> tuple[int, int]:
    """Return how many pods may be above and below the wanted count: surge rounds up, unavailable down."""
    wanted = live["spec"].get("replicas", 1)
    rolling = (live["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = percent_of(rolling.get("maxSurge"), wanted, default="25%", up=True)
    unavailable = percent_of(rolling.get("maxUnavailable"), wanted, default="25%", up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _replicas(replica_set: Obj) -> int:
    return int(replica_set["spec"].get("replicas", 0))


def _available(replica_set: Obj) -> int:
    return int((replica_set.get("status") or {}).get("availableReplicas", 0))


def _scale(world: World, live: Obj, replica_set: Obj, wanted: int) -> Obj:
    had = _replicas(replica_set)
    if wanted == had:
        return replica_set

    def change(one: Obj) -> None:
        one["spec"]["replicas"] = wanted
        one["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] = str(
            live["spec"].get("replicas", 1)
        )

    _say_scaled(world, live, replica_set, had, wanted)
    return world.edit(key_of(replica_set), change) or replica_set


def _say_scaled(world: World, live: Obj, replica_set: Obj, had: int, wanted: int) -> None:
    verb = "up" if wanted > had else "down"
    message = f"Scaled {verb} replica set {name_of(replica_set)} from {had} to {wanted}"
    world.event(live, "Normal", "ScalingReplicaSet", message, _COMPONENT)


def _roll(world: World, live: Obj, current: Obj, old: list[Obj]) -> None:
    wanted = live["spec"].get("replicas", 1)
    surge, unavailable = _bounds(live)
    total = _replicas(current) + sum(map(_replicas, old))
    if _replicas(current) > wanted:
        current = _scale(world, live, current, wanted)
    elif _replicas(current) < wanted and total < wanted + surge:
        room = wanted + surge - total
        current = _scale(world, live, current, min(_replicas(current) + room, wanted))
    if not any(map(_replicas, old)):
        return
    total = _replicas(current) + sum(map(_replicas, old))
    not_yet = _replicas(current) - _available(current)
    budget = total - (wanted - unavailable) - not_yet
    budget = _drop_unhealthy(world, live, old, budget)
    spare = _available(current) + sum(map(_available, old)) - (wanted - unavailable)
    for one in sorted(old, key=_revision):
        fewer = min(_replicas(one), max(min(spare, budget), 0))
        if fewer:
            _scale(world, live, world.store.peek(key_of(one)) or one, _replicas(one) - fewer)
            spare, budget = spare - fewer, budget - fewer


def _drop_unhealthy(world: World, live: Obj, old: list[Obj], budget: int) -> int:
    """Scale old sets down by the pods that are not available anyway; they cost no capacity."""
    for number, one in enumerate(old):
        fewer = min(_replicas(one) - _available(one), max(budget, 0))
        if fewer > 0:
            old[number] = _scale(world, live, one, _replicas(one) - fewer)
            budget -= fewer
    return budget


def _recreate(world: World, live: Obj, current: Obj, old: list[Obj]) -> None:
    for one in old:
        _scale(world, live, one, 0)
    if not any(_alive(pod) for one in old for pod in world.owned(one, "Pod")):
        _scale(world, live, current, live["spec"].get("replicas", 1))


def _alive(pod: Obj) -> bool:
    return pod_active(pod) or deleting(pod)


def _write_status(world: World, live: Obj, current: Obj | None, said: str = "") -> datetime | None:
    sets = world.owned(live, "ReplicaSet")
    status = fresh(live)

    def count(field: str, among: list[Obj]) -> int:
        return sum((one.get("status") or {}).get(field, 0) for one in among)

    wanted = live["spec"].get("replicas", 1)
    newest = [one for one in sets if current is not None and name_of(one) == name_of(current)]
    counts: dict[str, Any] = {
        "observedGeneration": live["metadata"].get("generation", 1),
        "replicas": count("replicas", sets),
        "updatedReplicas": count("replicas", newest),
        "readyReplicas": count("readyReplicas", sets),
        "availableReplicas": count("availableReplicas", sets),
        "terminatingReplicas": count("terminatingReplicas", sets),
    }
    counts["unavailableReplicas"] = max(
        sum(map(_replicas, sets)) - counts["availableReplicas"], wanted - counts["availableReplicas"], 0
    )
    conditions = copy_json(status.get("conditions") or [])
    due = _judge(world, live, current, counts, conditions, status, said)
    _set_available(world, live, counts, conditions)
    _copy_failure(world, newest, conditions)
    world.set_status(live, without_zeroes({**counts, "conditions": conditions}, "terminatingReplicas"))
    if current is not None and counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == wanted:
        _clean_up(world, live, sets, current)
    return due


def _set_available(world: World, live: Obj, counts: dict[str, Any], conditions: list[dict[str, Any]]) -> None:
    enough = counts["availableReplicas"] >= live["spec"].get("replicas", 1) - _bounds(live)[1]
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    message = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    world.judge(conditions, "Available", str(enough), reason, message, updated=_UPDATED)


def _copy_failure(world: World, newest: list[Obj], conditions: list[dict[str, Any]]) -> None:
    failure = condition(newest[0], "ReplicaFailure") if newest else None
    conditions[:] = [one for one in conditions if one["type"] != "ReplicaFailure" or failure]
    if failure:
        kept = (failure[field] for field in ("type", "status", "reason", "message"))
        world.judge(conditions, *kept, updated=_UPDATED)


def _judge(
    world: World,
    live: Obj,
    current: Obj | None,
    counts: dict[str, Any],
    conditions: list[dict[str, Any]],
    before: dict[str, Any],
    said: str,
) -> datetime | None:
    """Set the Progressing condition; return when the progress deadline will have passed."""
    old = condition({"status": {"conditions": conditions}}, "Progressing")
    if _held(world, live, conditions, (old or {}).get("reason", "")) or current is None:
        return None
    wanted, name = live["spec"].get("replicas", 1), name_of(current)
    finished = old is not None and old["reason"] == "NewReplicaSetAvailable" and not said
    if finished and counts["updatedReplicas"] == counts["replicas"]:
        # A finished rollout that is scaled, or loses pods later, is not judged again.
        return None
    complete = counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == wanted
    moved = counts["updatedReplicas"] > before.get("updatedReplicas", 0) or counts["availableReplicas"] > before.get(
        "availableReplicas", 0
    )
    deadline = timedelta(seconds=live["spec"].get("progressDeadlineSeconds", 600))
    since = moment((old or {}).get("lastUpdateTime"), world.now)
    is_late = old is not None and world.now >= since + deadline
    new = _progress(name, said, complete=complete, moved=moved, is_late=is_late)
    if new is None:
        return since + deadline
    if old is not None and new[1] == "ReplicaSetUpdated":
        # Progress counts anew from now, though the condition's status stays what it was.
        old["reason"] = ""
    status, reason, message = new
    world.judge(conditions, "Progressing", status, reason, message, updated=_UPDATED)
    return None if complete or status == "False" else world.now + deadline


def _progress(name: str, said: str, *, complete: bool, moved: bool, is_late: bool) -> tuple[str, str, str] | None:
    """Return the condition's status, reason and message; None while nothing is to be said."""
    if said:
        text = "Created new" if said == "NewReplicaSetCreated" else "Found new"
        return "True", said, f'{text} replica set "{name}"'
    if complete:
        return "True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'
    if moved:
        return "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'
    if is_late:
        return "False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.'
    return None


def _held(world: World, live: Obj, conditions: list[dict[str, Any]], reason: str) -> bool:
    """Say in the Progressing condition that the Deployment was paused or resumed; tell whether it is paused."""
    paused = bool(live["spec"].get("paused"))
    if paused is not (reason == "DeploymentPaused") and reason != "ProgressDeadlineExceeded":
        word = "paused" if paused else "resumed"
        reason, message = f"Deployment{word.title()}", f"Deployment is {word}"
        world.judge(conditions, "Progressing", "Unknown", reason, message, updated=_UPDATED)
    return paused


def _clean_up(world: World, live: Obj, sets: list[Obj], current: Obj) -> None:
    """Forget old, empty ReplicaSets beyond the history limit."""
    limit = live["spec"].get("revisionHistoryLimit", 10)
    empty = [one for one in sets if name_of(one) != name_of(current) and not (one.get("status") or {}).get("replicas")]
    for one in sorted(empty, key=_revision)[: max(len(empty) - limit, 0)]:
        world.delete(one)
