"""Kinds that are served in two versions and stored in one: events.k8s.io Events, and autoscaling/v1 autoscalers.

Comes in: a stored object, or a written one of the other version. Goes out: the same object in the form that is asked
for. kubectl autoscale writes autoscaling/v1, and the newer clients read events.k8s.io. Must never: change what it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.kinds import Resource, built_in

_SCALER = ("autoscaling", "v1", "HorizontalPodAutoscaler")
_CPU = "targetCPUUtilizationPercentage"


def as_new_event(obj: Obj) -> Obj:
    """Return a core/v1 Event in the shape of events.k8s.io/v1; both APIs show the same stored events."""
    renamed = data("served.yaml")["event-fields"]
    return {"apiVersion": "events.k8s.io/v1", **{renamed.get(k, k): v for k, v in obj.items() if k != "apiVersion"}}


def view_of(resource: Resource) -> Callable[[Obj], Obj] | None:
    """Return how a stored object is shown as this resource; None when it is shown as it is."""
    if resource.group == "events.k8s.io":
        return as_new_event
    return _as_first_scaler if _identity(resource) == _SCALER else None


def stored_form(resource: Resource, obj: Obj) -> tuple[Resource, Obj]:
    """Return a written object as it is to be stored, and as which resource."""
    if _identity(resource) != _SCALER:
        return resource, obj
    spec = dict(obj.get("spec") or {})
    wanted = spec.pop(_CPU, None)
    if wanted is not None:
        target = {"type": "Utilization", "averageUtilization": wanted}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    second = next(one for one in built_in() if (one.group, one.version, one.kind) == ("autoscaling", "v2", _SCALER[2]))
    return second, {**obj, "apiVersion": second.api_version, "spec": spec}


def _identity(resource: Resource) -> tuple[str, str, str]:
    return resource.group, resource.version, resource.kind


def _as_first_scaler(obj: Obj) -> Obj:
    """Return an autoscaling/v2 autoscaler as v1: the CPU target is all of its metrics that v1 has a field for."""
    spec, status = dict(obj["spec"]), dict(obj.get("status") or {})
    _cpu(spec, "metrics", "target", _CPU)
    _cpu(status, "currentMetrics", "current", "currentCPUUtilizationPercentage")
    status.pop("conditions", None)
    return {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": status}


def _cpu(part: Obj, metrics: str, field: str, name: str) -> None:
    for metric in part.pop(metrics, None) or ():
        resource: Any = metric.get("resource") or {}
        used = (resource.get(field) or {}).get("averageUtilization")
        if resource.get("name") == "cpu" and used is not None:
            part[name] = used
