"""Server-side Tables: the columns that ``kubectl get`` shows, computed here as the real server computes them.

Comes in: stored objects of one kind. Goes out: a ``meta.k8s.io/v1`` Table. Columns of built-in kinds follow
kubernetes/pkg/printers/internalversion/printers.go (1.32); those of custom kinds come from their definition.

Must never: be parsed by our own tools; a Table is for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentops.sandbox.store import Obj, Objects
from agentops.sandbox.wire import cells, pod_cells
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import Request
from agentops.sandbox.wire.status import bad_request


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how its cell is computed, its OpenAPI type, and whether only ``-o wide`` shows it."""

    name: str
    cell: Callable[[Obj, datetime], Any]
    type: str = "string"
    wide: bool = False


def table(resource: Resource, objects: Objects, metadata: Obj, request: Request, now: datetime) -> Obj:
    """Return a Table with a row for each object.

    Arguments:
        resource: the kind of the objects.
        objects: what to show, in order.
        metadata: the list's metadata.
        request: its ``includeObject`` says how much of each object goes along: Metadata, Object or None.
        now: for ages.
    """
    columns = _columns(resource)
    included = request.query.get("includeObject", "Metadata")
    if included not in ("Metadata", "Object", "None", ""):
        words = f"Invalid value: \"{included}\": must be 'Metadata', 'Object', 'None', or empty"
        raise bad_request(f"Unable to convert to Table as requested: includeObject: {words}")
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_definition(column) for column in columns],
        "rows": [
            {"cells": [column.cell(obj, now) for column in columns], **_row_object(obj, included)} for obj in objects
        ],
    }


def _definition(column: Column) -> Obj:
    return {
        "name": column.name,
        "type": column.type,
        "format": "name" if column.name == "Name" else "",
        "description": "",
        "priority": int(column.wide),
    }


def _row_object(obj: Obj, included: str) -> Obj:
    if included == "None":
        return {}
    if included == "Object":
        return {"object": obj}
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return {"object": partial}


def _columns(resource: Resource) -> Sequence[Column]:
    if resource.custom and resource.columns:
        return (_NAME, *(_custom_column(column) for column in resource.columns))
    return _BY_KIND.get(resource.kind, (_NAME, _AGE)) if not resource.custom else (_NAME, _AGE)


def _custom_column(definition: Obj) -> Column:
    path = [part for part in re.split(r"[.\[\]'\"]+", definition["jsonPath"].replace("\\.", "\0")) if part]

    def cell(obj: Obj, now: datetime) -> Any:
        value: Any = cells.at(obj, *(part.replace("\0", ".") for part in path), default=None)
        if definition["type"] == "date":
            return cells.since(value, now) if value else None
        return value

    kind = "string" if definition["type"] == "date" else definition["type"]
    return Column(definition["name"], cell, kind, bool(definition.get("priority")))


def _path(name: str, *path: str, default: Any = "", kind: str = "string", wide: bool = False) -> Column:
    return Column(name, lambda obj, _: cells.at(obj, *path, default=default), kind, wide)


def _count(name: str, *path: str) -> Column:
    return _path(name, *path, default=0, kind="integer")


def _size(name: str, field: str) -> Column:
    return Column(name, lambda obj, _: len(obj.get(field) or ()), "integer")


_NAME = _path("Name", "metadata", "name")
_AGE = Column("Age", cells.age)
_CREATED = _path("Created At", "metadata", "creationTimestamp")
_CONTAINERS = (Column("Containers", cells.containers, wide=True), Column("Images", cells.images, wide=True))
_SELECTOR = Column("Selector", cells.selector, wide=True)
_RS = (
    _NAME,
    _count("Desired", "spec", "replicas"),
    _count("Current", "status", "replicas"),
    _count("Ready", "status", "readyReplicas"),
    _AGE,
    *_CONTAINERS,
    _SELECTOR,
)
_BINDING = (
    _NAME,
    Column("Role", cells.role),
    _AGE,
    Column("Users", cells.subjects("User"), wide=True),
    Column("Groups", cells.subjects("Group"), wide=True),
    Column("ServiceAccounts", cells.subjects("ServiceAccount"), wide=True),
)
_BY_KIND: dict[str, Sequence[Column]] = {
    "Pod": (
        _NAME,
        Column("Ready", pod_cells.pod_ready),
        Column("Status", pod_cells.pod_status),
        Column("Restarts", pod_cells.pod_restarts),
        _AGE,
        _path("IP", "status", "podIP", default="<none>", wide=True),
        _path("Node", "spec", "nodeName", default="<none>", wide=True),
        _path("Nominated Node", "status", "nominatedNodeName", default="<none>", wide=True),
        Column("Readiness Gates", lambda _obj, _now: "<none>", wide=True),
    ),
    "Deployment": (
        _NAME,
        Column("Ready", cells.ready_of_desired),
        _count("Up-to-date", "status", "updatedReplicas"),
        _count("Available", "status", "availableReplicas"),
        _AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
    "ReplicaSet": _RS,
    "ReplicationController": _RS,
    "StatefulSet": (_NAME, Column("Ready", cells.ready_of_desired), _AGE, *_CONTAINERS),
    "DaemonSet": (
        _NAME,
        _count("Desired", "status", "desiredNumberScheduled"),
        _count("Current", "status", "currentNumberScheduled"),
        _count("Ready", "status", "numberReady"),
        _count("Up-to-date", "status", "updatedNumberScheduled"),
        _count("Available", "status", "numberAvailable"),
        Column("Node Selector", cells.node_selector),
        _AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
    "Job": (
        _NAME,
        Column("Status", cells.job_status),
        Column("Completions", cells.job_completions),
        Column("Duration", cells.job_duration),
        _AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
    "CronJob": (
        _NAME,
        _path("Schedule", "spec", "schedule"),
        _path("Timezone", "spec", "timeZone", default="<none>"),
        Column("Suspend", lambda obj, _: str(cells.at(obj, "spec", "suspend", default=False)), "boolean"),
        Column("Active", lambda obj, _: len(cells.at(obj, "status", "active", default=())), "integer"),
        Column("Last Schedule", cells.since_path("status", "lastScheduleTime", absent="<none>")),
        _AGE,
        *_CONTAINERS,
        _SELECTOR,
    ),
    "Service": (
        _NAME,
        _path("Type", "spec", "type"),
        _path("Cluster-IP", "spec", "clusterIP", default="<none>"),
        Column("External-IP", cells.external_ip),
        Column("Port(s)", cells.service_ports),
        _AGE,
        Column("Selector", cells.service_selector, wide=True),
    ),
    "Endpoints": (_NAME, Column("Endpoints", cells.endpoints), _AGE),
    "EndpointSlice": (
        _NAME,
        _path("AddressType", "addressType"),
        Column("Ports", cells.slice_ports),
        Column("Endpoints", cells.slice_endpoints),
        _AGE,
    ),
    "Node": (
        _NAME,
        Column("Status", cells.node_status),
        Column("Roles", cells.node_roles),
        _AGE,
        _path("Version", "status", "nodeInfo", "kubeletVersion"),
        Column("Internal-IP", cells.node_address("InternalIP"), wide=True),
        Column("External-IP", cells.node_address("ExternalIP"), wide=True),
        _path("OS-Image", "status", "nodeInfo", "osImage", default="<unknown>", wide=True),
        _path("Kernel-Version", "status", "nodeInfo", "kernelVersion", default="<unknown>", wide=True),
        _path("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion", default="<unknown>", wide=True),
    ),
    "Namespace": (_NAME, _path("Status", "status", "phase"), _AGE),
    "Event": (
        Column("Last Seen", cells.event_seen("lastTimestamp")),
        _path("Type", "type"),
        _path("Reason", "reason"),
        Column("Object", cells.event_object),
        _path("Subobject", "involvedObject", "fieldPath", wide=True),
        Column("Source", cells.event_source, wide=True),
        Column("Message", lambda obj, _: str(obj.get("message", "")).strip()),
        Column("First Seen", cells.event_seen("firstTimestamp"), wide=True),
        Column("Count", lambda obj, _: obj.get("count") or 1, "integer", wide=True),
        _path("Name", "metadata", "name", wide=True),
    ),
    "ConfigMap": (_NAME, Column("Data", lambda o, _: len(o.get("data") or ()) + len(o.get("binaryData") or ())), _AGE),
    "Secret": (_NAME, _path("Type", "type"), _size("Data", "data"), _AGE),
    "ServiceAccount": (_NAME, _size("Secrets", "secrets"), _AGE),
    "PersistentVolumeClaim": (
        _NAME,
        Column("Status", cells.claim_status),
        _path("Volume", "spec", "volumeName"),
        _path("Capacity", "status", "capacity", "storage"),
        Column("Access Modes", cells.access_modes("status")),
        _path("StorageClass", "spec", "storageClassName"),
        Column("VolumeAttributesClass", lambda _obj, _now: "<unset>"),
        _AGE,
        _path("VolumeMode", "spec", "volumeMode", default="<unset>", wide=True),
    ),
    "PersistentVolume": (
        _NAME,
        _path("Capacity", "spec", "capacity", "storage"),
        Column("Access Modes", cells.access_modes("spec")),
        _path("Reclaim Policy", "spec", "persistentVolumeReclaimPolicy"),
        _path("Status", "status", "phase"),
        Column("Claim", cells.volume_claim),
        _path("StorageClass", "spec", "storageClassName"),
        Column("VolumeAttributesClass", lambda _obj, _now: "<unset>"),
        _path("Reason", "status", "reason"),
        _AGE,
        _path("VolumeMode", "spec", "volumeMode", default="<unset>", wide=True),
    ),
    "StorageClass": (
        Column("Name", cells.class_name),
        _path("Provisioner", "provisioner"),
        _path("ReclaimPolicy", "reclaimPolicy"),
        _path("VolumeBindingMode", "volumeBindingMode"),
        _path("AllowVolumeExpansion", "allowVolumeExpansion", default=False, kind="boolean"),
        _AGE,
    ),
    "Ingress": (
        _NAME,
        _path("Class", "spec", "ingressClassName", default="<none>"),
        Column("Hosts", cells.ingress_hosts),
        Column("Address", cells.ingress_address),
        Column("Ports", lambda obj, _: "80, 443" if cells.at(obj, "spec", "tls") else "80"),
        _AGE,
    ),
    "HorizontalPodAutoscaler": (
        _NAME,
        Column("Reference", lambda o, _: "{kind}/{name}".format(**o["spec"]["scaleTargetRef"])),
        Column("Targets", cells.hpa_targets),
        _path("MinPods", "spec", "minReplicas", default="<unset>"),
        _count("MaxPods", "spec", "maxReplicas"),
        _count("Replicas", "status", "currentReplicas"),
        _AGE,
    ),
    "PodDisruptionBudget": (
        _NAME,
        Column("Min Available", lambda obj, _: str(cells.at(obj, "spec", "minAvailable", default="N/A"))),
        Column("Max Unavailable", lambda obj, _: str(cells.at(obj, "spec", "maxUnavailable", default="N/A"))),
        _count("Allowed Disruptions", "status", "disruptionsAllowed"),
        _AGE,
    ),
    "NetworkPolicy": (_NAME, Column("Pod-Selector", cells.policy_selector), _AGE),
    "ResourceQuota": (
        _NAME,
        Column("Request", cells.quota_use(limits=False)),
        Column("Limit", cells.quota_use(limits=True)),
        _AGE,
    ),
    "LimitRange": (_NAME, _CREATED),
    "Role": (_NAME, _CREATED),
    "ClusterRole": (_NAME, _CREATED),
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "CustomResourceDefinition": (_NAME, _CREATED),
    "Lease": (_NAME, _path("Holder", "spec", "holderIdentity"), _AGE),
    "PriorityClass": (
        _NAME,
        _count("Value", "value"),
        _path("Global-Default", "globalDefault", default=False, kind="boolean"),
        _AGE,
        _path("PreemptionPolicy", "preemptionPolicy"),
    ),
    "ControllerRevision": (_NAME, Column("Controller", cells.controller), _count("Revision", "revision"), _AGE),
}
