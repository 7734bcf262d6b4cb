"""The DaemonSet controller: one pod on every node that it may run on.

Comes in: DaemonSets, their pods, and Nodes. Goes out: pods pinned to nodes, ControllerRevisions, status and events.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agentops.sandbox.controllers.admit import RETRY, make_pod, remove_pod
from agentops.sandbox.controllers.replicaset import new_pod
from agentops.sandbox.controllers.revisions import current_revision, mark_of
from agentops.sandbox.controllers.runtime import Controller, all_of, its_owner, itself, while_there
from agentops.sandbox.data import data
from agentops.sandbox.objects import deleting, has_all, labels_of, name_of, percent_of, pod_ready, tolerates
from agentops.sandbox.store import Obj, copy_json
from agentops.sandbox.world import World, fresh

_HASH = "controller-revision-hash"
_COMPONENT = "daemonset-controller"


def controller() -> Controller:
    """Return the control loop: DaemonSets, their pods, and every node."""
    watches = {"DaemonSet": itself, "Pod": its_owner("DaemonSet"), "Node": all_of("DaemonSet", "apps")}
    return Controller(name="daemonset", watches=watches, reconcile=while_there(reconcile))


def reconcile(world: World, live: Obj) -> datetime | None:
    """Bring one DaemonSet's pods in line with the nodes and its template."""
    revision = current_revision(world, live)
    spec = live["spec"]["template"]["spec"]
    tolerations = [*(spec.get("tolerations") or []), *copy_json(data("nodes.yaml")["daemons"])]
    eligible = [name_of(node) for node in world.store.list("Node") if _fits(node, spec, tolerations)]
    pods = {_node(pod): pod for pod in world.owned(live, "Pod")}
    missing = [node for node in eligible if node not in pods]
    refused = [_make(world, live, node, tolerations, mark_of(revision)) for node in missing]
    for node, pod in pods.items():
        finished = (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded")
        if (node not in eligible or finished) and not deleting(pod):
            remove_pod(world, live, pod, _COMPONENT)
    _update(world, live, mark_of(revision), len(eligible))
    _write_status(world, live, eligible, mark_of(revision))
    return world.now + RETRY if any(refused) else None


def _fits(node: Obj, spec: Obj, tolerations: list[dict[str, Any]]) -> bool:
    blocking = [one for one in node["spec"].get("taints") or [] if one["effect"] != "PreferNoSchedule"]
    # What follows a node's own state never keeps a running daemon off it.
    blocking = [one for one in blocking if not one["key"].startswith("node.kubernetes.io/")]
    return has_all(spec.get("nodeSelector") or {}, labels_of(node)) and all(
        tolerates(tolerations, taint) for taint in blocking
    )


def _node(pod: Obj) -> str:
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])


def _make(world: World, live: Obj, node: str, tolerations: list[dict[str, Any]], mark: str) -> str:
    pod = new_pod(live, live["spec"]["template"], f"{name_of(live)}-{world.suffix()}", {_HASH: mark})
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    pod["spec"] |= {"affinity": {"nodeAffinity": required}, "tolerations": tolerations}
    return make_pod(world, live, pod, _COMPONENT)


def _update(world: World, live: Obj, mark: str, total: int) -> None:
    strategy = live["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return
    most = percent_of((strategy.get("rollingUpdate") or {}).get("maxUnavailable"), total, default=1, up=True)
    pods = world.owned(live, "Pod")
    old = [pod for pod in pods if labels_of(pod).get(_HASH) != mark and not deleting(pod)]
    for pod in (one for one in old if not pod_ready(one)):
        remove_pod(world, live, pod, _COMPONENT)
    down = total - sum(pod_ready(pod) and not deleting(pod) for pod in pods)
    for pod in [one for one in old if pod_ready(one)][: max(most - down, 0)]:
        remove_pod(world, live, pod, _COMPONENT)


def _write_status(world: World, live: Obj, eligible: list[str], mark: str) -> None:
    pods = [pod for pod in world.owned(live, "Pod") if not deleting(pod)]
    right = [pod for pod in pods if _node(pod) in eligible]
    ready = sum(map(pod_ready, right))
    status = {
        **fresh(live),
        "observedGeneration": live["metadata"].get("generation", 1),
        "desiredNumberScheduled": len(eligible),
        "currentNumberScheduled": len(right),
        "numberMisscheduled": len(pods) - len(right),
        "numberReady": ready,
        "numberAvailable": ready,
        "numberUnavailable": len(eligible) - ready,
        "updatedNumberScheduled": sum(labels_of(pod).get(_HASH) == mark for pod in right),
    }
    optional = ("numberAvailable", "numberUnavailable", "updatedNumberScheduled")
    world.set_status(live, {name: value for name, value in status.items() if value or name not in optional})
