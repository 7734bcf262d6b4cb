"""What a pod asks for, and may use at most, as the scheduler counts it.

Comes in: a pod's spec. Goes out: amounts in basic units (cores, bytes, counts) by resource. Source: ``PodRequests`` and
``PodLimits`` (component-helpers/resource/helpers.go), which the scheduler, quotas and kubectl share: the containers and
sidecars together, or more where an init container needs more beside the sidecars that started before it; what the pod
itself says instead, where it does; and the overhead of its runtime class.
"""

from __future__ import annotations

from typing import Any

from agentops.providers.kubernetes.objects.fields import containers_of, mapping, text
from agentops.providers.kubernetes.objects.quantity import amount

_OF_PODS = ("cpu", "memory", "hugepages-")
"""What may stand in the ``resources`` of a pod itself."""


def pod_requests(spec: Any) -> dict[str, float]:
    """Return what the pod asks of a node; a container that has a limit only asks for that much."""
    found = _together(spec, "requests")
    for resource, wanted in mapping(spec, "overhead").items():
        found[resource] = found.get(resource, 0.0) + amount(wanted)
    return found


def pod_limits(spec: Any) -> dict[str, float]:
    """Return what the pod may use at most, of the resources that something in it is limited in."""
    found = _together(spec, "limits")
    overhead = mapping(spec, "overhead")
    return {resource: most + amount(overhead.get(resource)) for resource, most in found.items()}


def _together(spec: Any, field: str) -> dict[str, float]:
    total: dict[str, float] = {}
    beside: dict[str, float] = {}
    start: dict[str, float] = {}
    for listing, container in containers_of(spec):
        own = _of_container(container, field)
        if listing == "containers":
            total = _sum(total, own)
        elif text(container, "restartPolicy") == "Always":
            # A sidecar runs on beside the containers, and beside every init container that comes after it.
            total, beside = _sum(total, own), _sum(beside, own)
            start = _most(start, beside)
        else:
            start = _most(start, _sum(beside, own))
    of_pod = {k: amount(v) for k, v in mapping(spec, "resources", field).items() if k.startswith(_OF_PODS)}
    return _most(total, start) | of_pod


def _of_container(container: Any, field: str) -> dict[str, float]:
    found = mapping(container, "resources", field)
    if field == "requests":
        # The server fills a missing request from the limit when it stores a pod.
        found = mapping(container, "resources", "limits") | found
    return {resource: amount(value) for resource, value in found.items()}


def _sum(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    return left | {resource: left.get(resource, 0.0) + value for resource, value in right.items()}


def _most(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    return left | {resource: max(left.get(resource, 0.0), value) for resource, value in right.items()}
