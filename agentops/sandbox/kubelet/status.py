"""The pod status that a kubelet reports, built from its own records.

Comes in: a pod and its ``PodRecord``. Goes out: the status as the API shows it. Must never decide what happens next.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from agentops.sandbox.admission.allocation import qos_class
from agentops.sandbox.kubelet.runs import Box, ContainerRun, PodRecord
from agentops.sandbox.objects import set_condition
from agentops.sandbox.programs import split_image
from agentops.sandbox.store import Obj, timestamp
from agentops.sandbox.world import World, fresh

NODE_IPS = "192.168.10."


def pod_status(world: World, pod: Obj, record: PodRecord) -> dict[str, Any]:
    """Return the pod's whole status as of now."""
    status = fresh(pod)
    phase = _phase(pod, record)
    status |= {
        "phase": phase,
        "hostIP": host_ip(world, pod["spec"]["nodeName"]),
        "hostIPs": [{"ip": host_ip(world, pod["spec"]["nodeName"])}],
        "qosClass": qos_class(pod["spec"]),
        "startTime": timestamp(record.admitted_at),
        "containerStatuses": [_container(box) for box in record.app_boxes],
    }
    if record.ip:
        status |= {"podIP": record.ip, "podIPs": [{"ip": record.ip}]}
    if record.init_boxes:
        status["initContainerStatuses"] = [_container(box) for box in record.init_boxes]
    if record.failed:
        status["reason"], status["message"] = record.failed
    status["conditions"] = conditions(status.get("conditions") or [], record, phase, world.now)
    return status


def host_ip(world: World, node: str) -> str:
    """Return the node's internal IP."""
    found = world.peek("Node", "", node)
    addresses = ((found or {}).get("status") or {}).get("addresses") or []
    return next((one["address"] for one in addresses if one["type"] == "InternalIP"), f"{NODE_IPS}254")


def conditions(old: list[dict[str, Any]], record: PodRecord, phase: str, now: datetime) -> list[dict[str, Any]]:
    """Return the pod's conditions in the order in which a kubelet writes them."""
    done = phase == "Succeeded"
    unready = [box.name for box in record.app_boxes if not box.ready]
    incomplete = [box.name for box in record.init_boxes if not (box.succeeded or _sidecar_started(box))]
    initialized: dict[str, Any] = {"type": "Initialized", "status": "True", "lastProbeTime": None}
    if incomplete:
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        initialized |= {"status": "False", "reason": "ContainersNotInitialized", "message": message}
    ready: dict[str, Any] = {"status": "True", "lastProbeTime": None}
    if done:
        ready |= {"status": "False", "reason": "PodCompleted"}
    elif phase == "Failed":
        ready |= {"status": "False", "reason": "PodFailed"}
    elif unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        ready |= {"status": "False", "reason": "ContainersNotReady", "message": message}
    sandbox = {"type": "PodReadyToStartContainers", "status": str(bool(record.ip) and not done), "lastProbeTime": None}
    found = list(old)
    for one in (sandbox, initialized, {"type": "Ready", **ready}, {"type": "ContainersReady", **ready}):
        set_condition(found, one, now)
    order = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return sorted(found, key=lambda one: order.index(one["type"]) if one["type"] in order else len(order))


def _sidecar_started(box: Box) -> bool:
    return box.spec.get("restartPolicy") == "Always" and box.started


def _phase(pod: Obj, record: PodRecord) -> str:
    if record.failed:
        return "Failed"
    policy = pod["spec"].get("restartPolicy", "Always")
    boxes = record.app_boxes
    finished = [box.run for box in boxes if box.run is not None and not box.running]
    if any(_init_gave_up(box, policy) for box in record.init_boxes):
        return "Failed"
    if policy != "Always" and len(finished) == len(boxes):
        if all(run.exit_code == 0 for run in finished):
            return "Succeeded"
        if policy == "Never":
            return "Failed"
    return "Running" if any(box.run is not None for box in boxes) else "Pending"


def _init_gave_up(box: Box, policy: str) -> bool:
    return policy == "Never" and box.run is not None and not box.running and box.run.exit_code != 0


def _container(box: Box) -> dict[str, Any]:
    run, image = box.run, box.spec["image"]
    digest = hashlib.sha256(image.encode()).hexdigest()
    status: dict[str, Any] = {
        "name": box.name,
        "image": image,
        "imageID": f"{split_image(image)[0]}@sha256:{digest}" if run else "",
        "ready": box.ready,
        "restartCount": box.restarts,
        "started": box.started,
        "state": _state(box),
        "lastState": {},
    }
    if run is not None:
        status["containerID"] = run.container_id
    last = box.previous if box.running or "terminated" in status["state"] else run
    if last is not None:
        status["lastState"] = {"terminated": terminated(last)}
    return status


def _state(box: Box) -> dict[str, Any]:
    if box.running and box.run is not None:
        return {"running": {"startedAt": timestamp(box.run.started_at)}}
    if box.run is not None and not box.waiting[0]:
        return {"terminated": terminated(box.run)}
    reason, message = box.waiting
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def terminated(run: ContainerRun) -> dict[str, Any]:
    """Return the ``terminated`` state of a finished run."""
    return {
        "exitCode": run.exit_code,
        "reason": run.reason,
        "startedAt": timestamp(run.started_at),
        "finishedAt": timestamp(run.finished_at or run.started_at),
        "containerID": run.container_id,
    }
