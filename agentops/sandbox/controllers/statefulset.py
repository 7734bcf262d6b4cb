"""The StatefulSet controller: ordered pods with names and claims of their own, updated from the last to the first.

Comes in: StatefulSets and their pods. Goes out: claims, pods, ControllerRevisions, status and events in the wording
of kube-controller-manager 1.32. As in the real one, an unready pod holds up the ones after it, its own replacement
included.
"""

from __future__ import annotations

from datetime import datetime

from agentops.sandbox.controllers.admit import RETRY, admit_pod
from agentops.sandbox.controllers.replicaset import available, new_pod
from agentops.sandbox.controllers.revisions import current_revision, mark_of, template_of
from agentops.sandbox.controllers.runtime import Controller, its_owner, itself, while_there
from agentops.sandbox.manifests import admitted
from agentops.sandbox.objects import deleting, labels_of, name_of, namespace_of, pod_ready, without_zeroes
from agentops.sandbox.store import Obj, copy_json
from agentops.sandbox.world import World, fresh

_HASH = "controller-revision-hash"
_COMPONENT = "statefulset-controller"


def controller() -> Controller:
    """Return the control loop: StatefulSets, and their pods."""
    return Controller(
        name="statefulset",
        watches={"StatefulSet": itself, "Pod": its_owner("StatefulSet")},
        reconcile=while_there(reconcile),
    )


def reconcile(world: World, live: Obj) -> datetime | None:
    """Bring one StatefulSet a step on: at most one pod at a time is made, replaced or removed."""
    update = current_revision(world, live)
    revisions = {mark_of(one): one for one in world.owned(live, "ControllerRevision")}
    current = (live.get("status") or {}).get("currentRevision") or name_of(update)
    due = _step(world, live, update, revisions, current)
    _write_status(world, live, update, current)
    return due


def _step(world: World, live: Obj, update: Obj, revisions: dict[str, Obj], current: str) -> datetime | None:
    spec = live["spec"]
    wanted = spec.get("replicas", 1)
    pods = {_ordinal(pod): pod for pod in world.owned(live, "Pod")}
    parallel, refused = spec.get("podManagementPolicy") == "Parallel", ""
    for number in range(wanted):
        pod = pods.get(number)
        if pod is None:
            refused = _make(world, live, number, _revision_of(live, number, update, revisions, current)) or refused
        elif (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed") and not deleting(pod):
            world.delete(pod)
        if parallel:
            continue
        # In order, each pod waits for the one before it.
        if pod is None or not pod_ready(pod) or deleting(pod):
            return world.now + RETRY if refused else None
        enough, due = available(pod, spec.get("minReadySeconds", 0), world.now)
        if not enough:
            return due
    above = [number for number in sorted(pods, reverse=True) if number >= wanted]
    for number in above if parallel else above[:1]:
        _remove(world, live, pods[number])
    if above and not parallel:
        return None
    if (spec.get("updateStrategy") or {}).get("type") != "OnDelete":
        _update_one(world, live, update, pods, wanted)
    return world.now + RETRY if refused else None


def _revision_of(live: Obj, number: int, update: Obj, revisions: dict[str, Obj], current: str) -> Obj:
    """Return the revision that a new pod is made of: below the partition the current one, else the updated one."""
    if number >= _partition(live):
        return update
    return next((one for one in revisions.values() if name_of(one) == current), update)


def _update_one(world: World, live: Obj, update: Obj, pods: dict[int, Obj], wanted: int) -> None:
    for number in range(wanted - 1, _partition(live) - 1, -1):
        pod = pods.get(number)
        if pod is None or deleting(pod):
            return
        if labels_of(pod).get(_HASH) != mark_of(update):
            _remove(world, live, pod)
            return
        if not pod_ready(pod):
            return


def _partition(live: Obj) -> int:
    """Return the ordinal below which pods keep the current revision."""
    strategy = live["spec"].get("updateStrategy") or {}
    return int((strategy.get("rollingUpdate") or {}).get("partition", 0))


def _ordinal(pod: Obj) -> int:
    return int(name_of(pod).rpartition("-")[2])


def _make(world: World, live: Obj, number: int, revision: Obj) -> str:
    name = f"{name_of(live)}-{number}"
    marks = {
        _HASH: mark_of(revision),
        "apps.kubernetes.io/pod-index": str(number),
        "statefulset.kubernetes.io/pod-name": name,
    }
    pod = new_pod(live, template_of(revision), name, marks)
    pod["spec"] |= {"hostname": name, "subdomain": live["spec"].get("serviceName", "")}
    for claim in live["spec"].get("volumeClaimTemplates") or []:
        _claim(world, live, claim, name)
        volumes = pod["spec"].setdefault("volumes", [])
        called = (claim.get("metadata") or {}).get("name", "")
        volumes.append({"name": called, "persistentVolumeClaim": {"claimName": f"{called}-{name}"}})
    refusal = admit_pod(world, pod)
    if refusal:
        message = f"Create Pod {name} in StatefulSet {name_of(live)} failed error: {refusal}"
        world.event(live, "Warning", "FailedCreate", message, _COMPONENT)
        return refusal
    world.store.create(pod)
    message = f"Create Pod {name} in StatefulSet {name_of(live)} successful"
    world.event(live, "Normal", "SuccessfulCreate", message, _COMPONENT)
    return ""


def _claim(world: World, live: Obj, template: Obj, pod: str) -> None:
    name = f"{(template.get('metadata') or {}).get('name', '')}-{pod}"
    if world.peek("PersistentVolumeClaim", namespace_of(live), name) is not None:
        return
    labels = (live["spec"]["selector"].get("matchLabels")) or {}
    metadata = {"name": name, "namespace": namespace_of(live), "labels": dict(labels)}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
    world.store.create(admitted({**claim, "spec": copy_json(template.get("spec") or {})}, world.store))
    message = f"create Claim {name} Pod {pod} in StatefulSet {name_of(live)} success"
    world.event(live, "Normal", "SuccessfulCreate", message, _COMPONENT)


def _remove(world: World, live: Obj, pod: Obj) -> None:
    if not deleting(pod):
        world.delete(pod)
        message = f"Delete Pod {name_of(pod)} in StatefulSet {name_of(live)} successful"
        world.event(live, "Normal", "SuccessfulDelete", message, _COMPONENT)


def _write_status(world: World, live: Obj, update: Obj, current: str) -> None:
    pods = [pod for pod in world.owned(live, "Pod") if not deleting(pod)]
    mark, wanted = mark_of(update), live["spec"].get("replicas", 1)
    updated = sum(labels_of(pod).get(_HASH) == mark for pod in pods)
    ready = sum(map(pod_ready, pods))
    if updated == wanted == ready:
        current = name_of(update)
    status = fresh(live)
    counts = {
        "observedGeneration": live["metadata"].get("generation", 1),
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": sum(available(pod, live["spec"].get("minReadySeconds", 0), world.now)[0] for pod in pods),
        "currentReplicas": updated if current == name_of(update) else len(pods) - updated,
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": name_of(update),
        "conditions": status.get("conditions"),
    }
    world.set_status(live, {**without_zeroes(counts, "replicas", "availableReplicas"), "collisionCount": 0})
