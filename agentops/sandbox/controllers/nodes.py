"""The node lifecycle controller: conditions, taints that follow them, and eviction from nodes that are gone.

Comes in: Nodes, and which machines are down. Goes out: Ready conditions, taints, ``NodeNotReady`` events, pods marked
unready and then for deletion when their toleration runs out. Wording as of kube-controller-manager 1.32.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.controllers.runtime import Controller, itself
from agentops.sandbox.data import data
from agentops.sandbox.objects import condition, deleting, name_of, pod_active, pod_ready, set_condition, tolerates
from agentops.sandbox.store import Key, Obj, copy_json, key_of
from agentops.sandbox.world import World, fresh, moment, soonest

# How long the controller waits for a heartbeat before it calls a node's state unknown.
GRACE = timedelta(seconds=40)
# A kubelet that has nothing new to say writes its status this often.
HEARTBEAT = timedelta(minutes=5)
_COMPONENT = "node-controller"
_PREFIX = "node.kubernetes.io/"


def controller() -> Controller:
    """Return the control loop: Nodes."""
    return Controller(name="node", watches={"Node": itself}, reconcile=reconcile)


def reconcile(world: World, key: Key) -> datetime | None:
    """Bring one node's conditions and taints up to date, and evict what may not stay."""
    node = world.store.peek(key)
    if node is None:
        return None
    due = _heartbeat(world, node)
    _taint(world, key)
    return soonest(due, _evict(world, key))


def set_pressure(world: World, name: str, kind: str, on: bool) -> None:
    """Have the kubelet of a node report MemoryPressure, DiskPressure or PIDPressure, or that it has passed."""
    node = world.peek("Node", "", name)
    if node is not None:
        status = fresh(node)
        reason, message = data("nodes.yaml")["conditions"][kind]["bad" if on else "good"]
        world.judge(status["conditions"], kind, str(on), reason, message)
        world.set_status(node, status)
        event = f"NodeHas{kind.removesuffix('Pressure')}Pressure" if on else f"NodeHasNo{kind}"
        world.event(node, "Normal", reason, f"Node {name} status is now: {event}", "kubelet", host=name)


def _node_info(name: str, given: dict[str, str]) -> dict[str, str]:
    """Return what a kubelet reports of its machine, made up where nothing is given: typed clients want all of it."""
    machine = uuid.uuid5(uuid.NAMESPACE_DNS, name)
    made_up = {
        **data("nodes.yaml")["info"],
        "bootID": str(uuid.uuid5(machine, "boot")),
        "machineID": machine.hex,
        "systemUUID": str(machine),
    }
    made_up["kubeProxyVersion"] = given.get("kubeletVersion", made_up["kubeletVersion"])
    return {**made_up, **given}


def _heartbeat(world: World, node: Obj) -> datetime | None:
    """Report readiness: the kubelet's word while it lives, and unknown when it has been silent for too long."""
    name, status = name_of(node), fresh(node)
    conditions = status.setdefault("conditions", [])
    ready = condition(node, "Ready")
    if name not in world.dead_nodes:
        status["nodeInfo"] = _node_info(name, status.get("nodeInfo") or {})
        for kind, said in data("nodes.yaml")["conditions"].items():
            found = condition(node, kind)
            if found is None or found["status"] == "Unknown":
                state = "True" if kind == "Ready" else "False"
                reason, message = said["good"]
                new = {"type": kind, "status": state, "reason": reason, "message": message}
                set_condition(conditions, {**new, "lastHeartbeatTime": world.stamp}, world.now)
        last = max((moment(one.get("lastHeartbeatTime"), world.now) for one in conditions), default=world.now)
        if world.now >= last + HEARTBEAT:
            _stamp(conditions, world.stamp)
        if ready is not None and ready["status"] != "True":
            world.event(node, "Normal", "NodeReady", f"Node {name} status is now: NodeReady", "kubelet", host=name)
        world.set_status(node, status)
        return last + HEARTBEAT if world.now < last + HEARTBEAT else world.now + HEARTBEAT
    if ready is None or ready["status"] == "Unknown":
        return None
    last = moment(ready.get("lastHeartbeatTime"), world.now)
    if world.now < last + GRACE:
        return last + GRACE
    for one in list(conditions):
        unknown = {
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
        }
        set_condition(conditions, {**one, **unknown}, world.now)
    world.set_status(node, status)
    world.event(node, "Normal", "NodeNotReady", f"Node {name} status is now: NodeNotReady", _COMPONENT)
    _mark_unready(world, name)
    return None


def _mark_unready(world: World, name: str) -> None:
    for pod in world.pods_on(name):
        if pod_ready(pod):
            status = fresh(pod)
            set_condition(status["conditions"], {"type": "Ready", "status": "False", "lastProbeTime": None}, world.now)
            world.set_status(pod, status)
            world.event(pod, "Warning", "NodeNotReady", "Node is not ready", _COMPONENT)


def _wanted_taints(node: Obj) -> list[dict[str, Any]]:
    ready = (condition(node, "Ready") or {}).get("status", "True")
    wanted: list[dict[str, Any]] = []
    if node["spec"].get("unschedulable"):
        wanted.append({"key": _PREFIX + "unschedulable", "effect": "NoSchedule"})
    if ready != "True":
        key = _PREFIX + ("unreachable" if ready == "Unknown" else "not-ready")
        wanted += [{"key": key, "effect": "NoSchedule"}, {"key": key, "effect": "NoExecute"}]
    for kind, said in data("nodes.yaml")["conditions"].items():
        if "taint" in said and (condition(node, kind) or {}).get("status") == "True":
            wanted.append({"key": _PREFIX + said["taint"], "effect": "NoSchedule"})
    return wanted


def _taint(world: World, key: Key) -> None:
    node = world.store.peek(key)
    if node is None:
        return
    had = node["spec"].get("taints") or []
    kept = [one for one in had if not one.get("key", "").startswith(_PREFIX)]
    ours = {(one["key"], one["effect"]): one for one in had if one not in kept}
    wanted = [ours.get((one["key"], one["effect"]), {**one, "timeAdded": world.stamp}) for one in _wanted_taints(node)]
    if kept + wanted != had:
        live = copy_json(node)
        live["spec"]["taints"] = kept + wanted
        if not live["spec"]["taints"]:
            del live["spec"]["taints"]
        world.store.update(live)


def _evict(world: World, key: Key) -> datetime | None:
    """Delete pods that do not tolerate a NoExecute taint, each when its toleration has run out."""
    node = world.store.peek(key)
    due: datetime | None = None
    for taint in (node or {"spec": {}})["spec"].get("taints") or []:
        if taint["effect"] != "NoExecute":
            continue
        since = moment(taint.get("timeAdded"), world.now)
        for pod in world.pods_on(key.name):
            if deleting(pod) or not pod_active(pod):
                continue
            stays = [one for one in pod["spec"].get("tolerations") or [] if tolerates([one], taint)]
            limits = [one["tolerationSeconds"] for one in stays if one.get("tolerationSeconds") is not None]
            if stays and not limits:
                continue
            at = since + timedelta(seconds=min(limits, default=0))
            if world.now < at:
                due = soonest(due, at)
                continue
            where = f"{pod['metadata']['namespace']}/{name_of(pod)}"
            message = f"Marking for deletion Pod {where}"
            world.event(pod, "Normal", "TaintManagerEviction", message, "taint-eviction-controller")
            world.delete(pod)
    return due


def beat(world: World, name: str) -> None:
    """Stamp the heartbeat of a node at the moment its machine goes down, so that the grace period counts from there."""
    node = world.peek("Node", "", name)
    if node is None:
        return
    status = fresh(node)
    _stamp(status.get("conditions") or [], world.stamp)
    world.store.update({**node, "status": status})
    world.wake([world.store.peek(key_of(node)) or node])


def _stamp(conditions: list[dict[str, Any]], stamp: str) -> None:
    for one in conditions:
        one["lastHeartbeatTime"] = stamp
