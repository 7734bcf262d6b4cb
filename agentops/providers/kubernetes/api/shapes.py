"""Which fields of which kind the sweep keeps: the shapes that large lists are decoded into.

Comes in: nothing. Goes out: msgspec structs, one for each kind that comes in thousands, and one for all other kinds.
A field that is not named here is skipped while the JSON is parsed and never becomes a Python object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType, defstruct

from agentops.providers.kubernetes.objects.edited import EDITED_KINDS
from agentops.providers.kubernetes.objects.field_types import checker_of, field_type

_SCALARS = ("s", "i", "b")


def _shape(name: str, leaves: str, of: str = "", **nested: Any) -> Any:
    """Make a struct of ``leaves`` (space-separated) and of fields with shapes of their own.

    A leaf that holds one value has the type that the API gives it in the object type ``of``; any other may hold
    anything here and is checked once for all objects that share it. Every field may be absent or null.
    """
    fields: list[Any] = [(leaf, _leaf(of, leaf), UNSET) for leaf in leaves.split()]
    fields += [(field, kept | UnsetType | None, UNSET) for field, kept in nested.items()]
    return defstruct(name, fields, gc=False)


def _leaf(of: str, leaf: str) -> Any:
    word = field_type(f"@{of}", leaf) if of else "*"
    return checker_of(word) | UnsetType | None if word in _SCALARS else Any


def _many(shape: Any) -> Any:
    """Return the type of a list of ``shape``; made at run time, which a type checker cannot follow."""
    return list[shape]


_META_LEAVES = (
    "name namespace uid generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds finalizers labels "
    "ownerReferences"
)
_META = _shape("Meta", _META_LEAVES, of="ObjectMeta", annotations=dict[str, Any])
_MOUNT = _shape("Mount", "name mountPath subPath subPathExpr readOnly")
_CONTAINER = _shape(
    "Container",
    "name image imagePullPolicy command args workingDir ports env envFrom resources livenessProbe readinessProbe "
    "startupProbe lifecycle restartPolicy securityContext",
    volumeMounts=_many(_MOUNT),
)
_POD_SPEC = _shape(
    "PodSpec",
    "nodeName nodeSelector affinity tolerations topologySpreadConstraints serviceAccountName imagePullSecrets "
    "restartPolicy priorityClassName priority schedulingGates schedulerName runtimeClassName readinessGates "
    "hostNetwork hostname subdomain dnsPolicy dnsConfig securityContext activeDeadlineSeconds "
    "terminationGracePeriodSeconds automountServiceAccountToken resources overhead",
    of="PodSpec",
    containers=_many(_CONTAINER),
    initContainers=_many(_CONTAINER),
    volumes=list[dict[str, Any]],
)
_CONTAINER_STATUS = _shape("ContainerStatus", "name image ready started restartCount state lastState")
_CONDITION = _shape("Condition", "type status reason message lastTransitionTime")
_POD_STATUS = _shape(
    "PodStatus",
    "phase reason message startTime podIP hostIP qosClass nominatedNodeName observedGeneration",
    of="PodStatus",
    conditions=_many(_CONDITION),
    containerStatuses=_many(_CONTAINER_STATUS),
    initContainerStatuses=_many(_CONTAINER_STATUS),
)
_TEMPLATE = _shape("Template", "", metadata=_shape("TemplateMeta", "labels annotations"), spec=_POD_SPEC)
_ENDPOINT = _shape("Endpoint", "addresses conditions nodeName targetRef zone")

_WHOLE_LEAVES = (
    "spec status data binaryData immutable type revision webhooks provisioner parameters reclaimPolicy "
    "volumeBindingMode allowVolumeExpansion allowedTopologies secrets imagePullSecrets automountServiceAccountToken "
    "rules subjects roleRef"
)
WHOLE = _shape("Whole", _WHOLE_LEAVES, metadata=_META)
"""All kinds without a shape of their own: the top-level fields that any of them has, as they are."""
_EDITED = _shape(
    "Edited",
    _WHOLE_LEAVES,
    metadata=_shape("EditedMeta", f"{_META_LEAVES} managedFields", of="ObjectMeta", annotations=dict[str, Any]),
)

SHAPES: Mapping[str, Any] = {
    "Pod": _shape("Pod", "", metadata=_META, spec=_POD_SPEC, status=_POD_STATUS),
    "ReplicaSet": _shape(
        "ReplicaSet",
        "status",
        metadata=_META,
        spec=_shape("ReplicaSetSpec", "replicas minReadySeconds selector", template=_TEMPLATE),
    ),
    "Event": _shape(
        "Event",
        "involvedObject reason message type count firstTimestamp lastTimestamp eventTime series source "
        "reportingComponent related",
        metadata=_shape("EventMeta", "name namespace uid creationTimestamp", of="ObjectMeta"),
    ),
    "EndpointSlice": _shape("EndpointSlice", "addressType ports", metadata=_META, endpoints=_many(_ENDPOINT)),
    **dict.fromkeys(EDITED_KINDS, _EDITED),
    "Node": _shape(
        "Node",
        "spec",
        metadata=_META,
        status=_shape("NodeStatus", "capacity allocatable conditions addresses nodeInfo"),
    ),
}


def page_of(kind: str) -> Any:
    """Return the shape of one page of a list of ``kind``."""
    more = defstruct("ListMeta", [("more", str | None, None)], rename={"more": "continue"})
    item = SHAPES.get(kind, WHOLE)
    fields = [("kind", str | None, None), ("items", _many(item) | None, None), ("metadata", more | None, None)]
    return defstruct("Page", fields)
