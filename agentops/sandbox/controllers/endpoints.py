"""EndpointSlices and Endpoints: which ready pods stand behind each Service.

Comes in: Services and the pods that they select. Goes out: one EndpointSlice and one Endpoints object per Service
with a selector, following readiness. A Service without a selector is left alone. Must never judge whether a port is
listened on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from agentops.sandbox.controllers.runtime import Controller, itself, while_there
from agentops.sandbox.objects import deleting, has_all, labels_of, name_of, named_ports, namespace_of, own, pod_ready
from agentops.sandbox.store import Key, Obj, key_of
from agentops.sandbox.world import World


def controller() -> Controller:
    """Return the control loop: Services, and the pods that they select."""
    return Controller(
        name="endpoints", watches={"Service": itself, "Pod": _services_of}, reconcile=while_there(reconcile)
    )


def _services_of(world: World, pod: Obj) -> Iterable[Key]:
    # All services of the namespace: the pod may just have stopped matching one. They are few.
    return [key_of(service) for service in world.namespaced("Service", pod) if service["spec"].get("selector")]


def reconcile(world: World, service: Obj) -> datetime | None:
    """Write the endpoints of one Service."""
    if not service["spec"].get("selector"):
        return None
    pods = [
        pod
        for pod in world.namespaced("Pod", service)
        if has_all(service["spec"]["selector"], labels_of(pod))
        and (pod.get("status") or {}).get("podIP")
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
    ]
    groups: dict[tuple[int, ...], list[Obj]] = {}
    for pod in pods:
        groups.setdefault(tuple(_target(port, pod) or 0 for port in service["spec"].get("ports") or []), []).append(pod)
    _write_slice(world, service, groups)
    _write_endpoints(world, service, groups)
    return None


def _target(port: dict[str, Any], pod: Obj) -> int | None:
    """Return the pod's port behind a service port; None when the pod has no port of that name."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    return named_ports(pod["spec"]).get(target)


def _ports(service: Obj, targets: tuple[int, ...]) -> list[dict[str, Any]]:
    return [
        {"name": port.get("name", ""), "port": target, "protocol": port.get("protocol", "TCP")}
        for port, target in zip(service["spec"].get("ports") or [], targets, strict=True)
        if target
    ]


def _target_ref(pod: Obj) -> dict[str, Any]:
    return {"kind": "Pod", "name": name_of(pod), "namespace": namespace_of(pod), "uid": pod["metadata"]["uid"]}


def _endpoint(world: World, pod: Obj, always: bool) -> dict[str, Any]:
    node = pod["spec"]["nodeName"]
    ready = pod_ready(pod)
    found: dict[str, Any] = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": (ready and not deleting(pod)) or always,
            "serving": ready,
            "terminating": deleting(pod),
        },
        "nodeName": node,
        "targetRef": _target_ref(pod),
    }
    zone = labels_of(world.peek("Node", "", node) or {"metadata": {}}).get("topology.kubernetes.io/zone")
    return {**found, "zone": zone} if zone else found


def _write_slice(world: World, service: Obj, groups: dict[tuple[int, ...], list[Obj]]) -> None:
    """Write the slices: one per set of target ports, the first kept when there is no pod at all."""
    always = bool(service["spec"].get("publishNotReadyAddresses"))
    existing = world.owned(service, "EndpointSlice")
    wanted = sorted(groups.items()) or [((), [])]
    for number, (targets, pods) in enumerate(wanted):
        body = {
            "addressType": "IPv4",
            "endpoints": [_endpoint(world, pod, always) for pod in pods],
            "ports": _ports(service, targets) if targets else [],
        }
        if number < len(existing):
            _replace(world, existing[number], body)
            continue
        labels = {
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": name_of(service),
        }
        name = f"{name_of(service)}-{world.suffix()}"
        metadata = {"name": name, "namespace": namespace_of(service), "labels": labels, "ownerReferences": own(service)}
        world.store.create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, **body})
    for left in existing[len(wanted) :]:
        world.delete(left)


def _replace(world: World, old: Obj, body: dict[str, Any]) -> None:
    if any(old.get(field) != value for field, value in body.items()):
        world.store.replace({**old, **body})


def _write_endpoints(world: World, service: Obj, groups: dict[tuple[int, ...], list[Obj]]) -> None:
    subsets: list[dict[str, Any]] = []
    for targets, pods in sorted(groups.items()):
        subset: dict[str, Any] = {"ports": _ports(service, targets)}
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            found = [
                {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": _target_ref(pod)}
                for pod in pods
                if pod_ready(pod) is ready and not deleting(pod)
            ]
            if found:
                subset[field] = found
        if len(subset) > 1:
            subsets.append(subset)
    key = Key("", "Endpoints", namespace_of(service), name_of(service))
    old = world.store.peek(key)
    if old is None:
        metadata = {
            "name": name_of(service),
            "namespace": namespace_of(service),
            "labels": {**labels_of(service), "endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            "ownerReferences": own(service),
        }
        world.store.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets})
    else:
        _replace(world, old, {"subsets": subsets})
