"""Objects of Kubernetes, one or a list, as ``kubectl get ... -o json`` or ``-o yaml`` prints them.

Comes in: an object with ``apiVersion``, ``kind`` and ``metadata``. Goes out: a ``Payload`` about the object; of a list,
about what its own status shows to be unwell. When it began is not told: conditions change for other reasons too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.alerts import fields
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import CLUSTER_KINDS, is_name
from agentops.alerts.prometheus_alert import too_many
from agentops.alerts.stating import joined, stated
from agentops.core.alert import Target
from agentops.core.errors import AlertError

_BAD_WHEN_FALSE = frozenset(
    {"Ready", "ContainersReady", "Available", "Healthy", "PodScheduled", "Initialized", "Progressing", "ScalingActive",
     "AbleToScale"}
)  # fmt: skip
_BAD_WHEN_TRUE = frozenset(
    {"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "ReplicaFailure", "Failed", "Stalled"}
)
_WELL_PHASES = frozenset({"", "Running", "Succeeded", "Bound", "Active", "Available"})


def _is_object(item: Any) -> bool:
    named = fields.inside(item, "metadata").get("name")
    return isinstance(named, str) and isinstance(item.get("kind"), str) and isinstance(item.get("apiVersion"), str)


def _is_list(document: Any) -> bool:
    is_list = isinstance(document, dict) and str(document.get("kind", "")).endswith("List")
    return is_list and isinstance(document.get("items"), list) and "apiVersion" in document


def _is_event(item: Any) -> bool:
    return isinstance(item, dict) and ("involvedObject" in item or "regarding" in item)


def _recognises(document: Any) -> bool:
    if _is_list(document):
        listed = document["items"]
        # Items of a typed list may lack their kind, which the list's own tells.
        return all(isinstance(fields.inside(item, "metadata").get("name"), str) for item in listed) and not (
            bool(listed) and all(map(_is_event, listed))
        )
    return _is_object(document) and not _is_event(document)


@alert_format("Kubernetes", "objects (`kubectl get ... -o json`, or YAML)", recognises=_recognises)
def kubernetes_object(document: Mapping[str, Any]) -> Payload:
    """Read the object or the list.

    Raises:
        AlertError: the list is empty.
    """
    if not _is_list(document):
        return _object(document, fields.first_text(document, "kind"))
    listed = fields.items(document, "items")
    if not listed:
        raise AlertError("the list of objects is empty", hint="Send an object that is unwell.")
    of_kind = fields.first_text(document, "kind").removesuffix("List")
    objects = [item for item in listed[: fields.MAX_ALERTS] if not _is_event(item)]
    found = joined(_object(item, fields.first_text(item, "kind") or of_kind) for item in objects)
    unwell = [alert for alert in found.alerts if alert.labels.get("state")]
    well = tuple((alert, "its status shows nothing wrong") for alert in found.alerts if alert not in unwell)
    if not unwell or not well:
        return Payload(alerts=found.alerts, notes=too_many(listed))
    return Payload(alerts=tuple(unwell), aside=well, notes=too_many(listed))


def _object(item: Mapping[str, Any], kind: str) -> Payload:
    metadata = fields.inside(item, "metadata")
    name, place = fields.first_text(metadata, "name"), fields.first_text(metadata, "namespace")
    namespace = place if is_name(place) and kind not in CLUSTER_KINDS else ""
    told = list(dict.fromkeys(_complaints(item)))
    destination = fields.inside(item, "spec", "destination") if kind == "Application" else {}
    target = Target(namespace=namespace, kind=kind, name=name) if kind and is_name(name) else Target()
    if destination:
        # What an Argo CD application consists of stands where it is deployed to.
        into = fields.first_text(destination, "namespace")
        target = Target(namespace=into if is_name(into) else "")
    return stated(
        "kubernetes",
        name=f"{kind} {name}" + (f": {told[0]}" if told else ""),
        state="firing",
        summary="; ".join(told[:4]) or f"{kind} {namespace + '/' if namespace else ''}{name}",
        labels={"kind": kind, "name": name, "namespace": namespace, "state": told[0] if told else ""},
        target=target,
        fingerprint=fields.first_text(metadata, "uid"),
        notes=() if told else (f"nothing in the status of {kind} {name} is wrong: what troubles it is not said",),
    )


def _complaints(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an object's own status shows to be wrong, the most telling first."""
    status = fields.inside(item, "status")
    yield from _of_containers(status)
    phase = fields.first_text(status, "phase")
    if phase not in _WELL_PHASES:
        yield phase
    yield from _of_conditions(status)
    wanted, ready = status.get("replicas"), status.get("readyReplicas") or 0
    if isinstance(wanted, int) and isinstance(ready, int) and ready < wanted:
        yield f"{ready} of {wanted} ready"
    unavailable = status.get("numberUnavailable")
    if isinstance(unavailable, int) and unavailable > 0:
        yield f"{unavailable} unavailable"
    health = fields.first_text(fields.inside(status, "health"), "status")
    if health not in ("", "Healthy"):
        yield f"health is {health}"


def _of_containers(status: Mapping[str, Any]) -> Iterator[str]:
    for key in ("initContainerStatuses", "containerStatuses"):
        for one in _dicts(status.get(key)):
            for state in ("waiting", "terminated"):
                reason = fields.first_text(fields.inside(one, "state", state), "reason")
                if reason not in ("", "Completed", "ContainerCreating", "PodInitializing"):
                    yield reason


def _of_conditions(status: Mapping[str, Any]) -> Iterator[str]:
    for one in _dicts(status.get("conditions")):
        kind, is_so = fields.first_text(one, "type"), fields.first_text(one, "status")
        if (kind in _BAD_WHEN_FALSE and is_so in ("False", "Unknown")) or (kind in _BAD_WHEN_TRUE and is_so == "True"):
            reason, message = fields.first_text(one, "reason"), fields.first_text(one, "message")
            if reason != "PodCompleted":
                yield f"{kind} is {is_so}" + (f" ({reason or message})" if reason or message else "")


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
