"""Volumes: claims that stay unbound and why, mounts and attachments that fail, volumes that are lost.

Source: the PersistentVolume controller's and the attach/detach controller's events and messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Fact, Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote, subject
from agentops.providers.kubernetes.analyzers.configuration import missing_reference
from agentops.providers.kubernetes.analyzers.declaration import OWNER, analyzer, exact, vague
from agentops.providers.kubernetes.objects.fields import (
    condition,
    key_of,
    mapping,
    moment,
    name_of,
    namespace_of,
    pod_spec,
    string_map,
    strings,
    text,
)
from agentops.providers.kubernetes.objects.pod_template import claim_names
from agentops.providers.kubernetes.objects.quantity import amount
from agentops.providers.kubernetes.objects.suggestions import only_nearest

NAME = "storage"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_FRESH = timedelta(minutes=30)
_RESIZING = timedelta(hours=6)
_BINDING = timedelta(seconds=30)
_MULTI_ATTACH = re.compile(r"(?i)multi-attach error")


@analyzer(
    NAME,
    vague("VolumeMountFailed", OWNER, "a volume cannot be attached or mounted", Trait.SELF_CONTAINED, Trait.TELLING),
    exact("PvcUnbound", "PersistentVolumeClaim", "it stays Pending; why no volume fits is said"),
    exact("StorageClassMissing", "PersistentVolumeClaim", "its StorageClass does not exist"),
    exact("VolumeResizeFailed", "PersistentVolumeClaim", "its volume cannot be made larger"),
    exact("PvcLost", "PersistentVolumeClaim", "its volume is gone"),
    exact("VolumeFailed", "PersistentVolume", "it could not be reclaimed"),
)
def storage(graph: Graph) -> Iterable[Problem]:
    """Return what is wrong with claims, volumes and mounts."""
    for claim in graph.of("PersistentVolumeClaim"):
        yield from _claim(graph, claim)
    for volume in graph.of("PersistentVolume"):
        if text(volume, "status", "phase") == "Failed":
            yield _failed_volume(graph, volume)
    yield from collapse(graph, NAME, [sign for pod in graph.unwell_pods for sign in _mounts(graph, pod)])


def users_of(graph: Graph, namespace: str, claim: str) -> tuple[ResourceRef, ...]:
    """Return the workloads whose pods mount the claim."""
    found = {graph.workload(pod) for pod in graph.in_namespace("Pod", namespace) if claim in claim_names(pod_spec(pod))}
    return tuple(graph.ref_of(key) for key in sorted(found))


def _claim(graph: Graph, claim: dict[str, Any]) -> Iterator[Problem]:
    phase, key = text(claim, "status", "phase"), key_of(claim)
    created = moment(claim, "metadata", "creationTimestamp")
    if phase == "Lost":
        volume = text(claim, "spec", "volumeName")
        words = f"{subject(key)}: its volume {volume} is gone"
        yield _problem(graph, claim, "PvcLost", words, [quote(graph, claim, "status.phase", "Lost")])
    if phase == "Pending" and (_has_no_class(graph, claim) or created is None or graph.now - created >= _BINDING):
        yield from _pending(graph, claim)
    if phase == "Bound":
        yield from _resize(graph, claim)


def _has_no_class(graph: Graph, claim: dict[str, Any]) -> bool:
    """Return whether the class that the claim names does not exist: no patience helps there."""
    name = text(claim, "spec", "storageClassName")
    absent = bool(name) and graph.find("StorageClass", "", name) is None
    return absent and graph.was_read("StorageClass") and not _static(graph, name)


def _resize(graph: Graph, claim: dict[str, Any]) -> Iterator[Problem]:
    """Yield an expansion that failed lately and is not done yet.

    Source: the external resizer's and the kubelet's event reasons; ``status.capacity`` is the size that is there.
    """
    wanted = mapping(claim, "spec", "resources", "requests").get("storage")
    has = mapping(claim, "status", "capacity").get("storage")
    events = graph.events(key_of(claim), "VolumeResizeFailed", "FileSystemResizeFailed", "VolumeResizeInfeasible")
    late = [event for event in events if event.last is not None and graph.now - event.last <= _RESIZING]
    if not late or amount(has) >= amount(wanted):
        return
    event = late[-1]
    words = f"{subject(key_of(claim))}: its volume stays at {has}, {wanted} is asked: {quoted(event.message, 280)}"
    facts = [
        quote(graph, event.event, "message", event.message),
        quote(graph, claim, "status.capacity.storage", has or "?"),
        quote(graph, claim, "spec.resources.requests.storage", wanted or "?"),
    ]
    problem = _problem(graph, claim, "VolumeResizeFailed", words, facts, "Do what the storage system's message says.")
    yield replace(problem, since=event.first, severity=Severity.HIGH)


def _pending(graph: Graph, claim: dict[str, Any]) -> Iterator[Problem]:
    key, class_name = key_of(claim), text(claim, "spec", "storageClassName")
    storage_class = graph.find("StorageClass", "", class_name)
    facts = [quote(graph, claim, "status.phase", "Pending")]
    if _has_no_class(graph, claim):
        yield _no_class(graph, claim, class_name, facts)
        return
    events = graph.events(key, "ProvisioningFailed", "FailedBinding", "ExternalProvisioning", "WaitForFirstConsumer")
    users = users_of(graph, key[1], key[2])
    late_binding = text(storage_class, "volumeBindingMode") == "WaitForFirstConsumer"
    provisioning = any(e.reason == "ExternalProvisioning" for e in events)
    if (
        late_binding
        and not provisioning
        and not any(e.warning for e in events)
        and (not users or _waits_for_scheduling(graph, claim))
    ):
        return  # by design it is bound when a pod that uses it is scheduled
    words = f"{subject(key)}: not bound: {_why(graph, claim, class_name, events)}"
    facts += [quote(graph, event.event, "message", event.message) for event in events[-1:]]
    if class_name:
        facts.append(quote(graph, claim, "spec.storageClassName", class_name))
    yield _problem(graph, claim, "PvcUnbound", words, facts)


def _waits_for_scheduling(graph: Graph, claim: dict[str, Any]) -> bool:
    pods = [p for p in graph.in_namespace("Pod", namespace_of(claim)) if name_of(claim) in claim_names(pod_spec(p))]
    return all(not text(pod, "spec", "nodeName") for pod in pods)


def _static(graph: Graph, class_name: str) -> bool:
    """A class name may merely match volumes made by hand, without a StorageClass object."""
    return any(text(volume, "spec", "storageClassName") == class_name for volume in graph.of("PersistentVolume"))


def _no_class(graph: Graph, claim: dict[str, Any], class_name: str, facts: list[Fact]) -> Problem:
    names = [name_of(obj) for obj in graph.of("StorageClass")]
    near = only_nearest(class_name, names)
    words = f"{subject(key_of(claim))}: not bound: its StorageClass {class_name} does not exist"
    words += f" (nearest: {near})" if near else f" (there are: {', '.join(names[:5]) or 'none'})"
    facts = [*facts, quote(graph, claim, "spec.storageClassName", class_name)]
    facts += [quote(graph, obj, "metadata.name", name_of(obj)) for obj in graph.of("StorageClass")[:3]]
    advice = "A claim's class cannot be changed: make the claim again with a class that exists, or create the class."
    return _problem(graph, claim, "StorageClassMissing", words, facts, advice)


def _why(graph: Graph, claim: dict[str, Any], class_name: str, events: list[Any]) -> str:
    failed = [event for event in events if event.reason == "ProvisioningFailed"]
    if failed:
        return f"provisioning fails: {quoted(failed[-1].message)}"
    if not class_name:
        defaults = [
            obj
            for obj in graph.of("StorageClass")
            if string_map(obj, "metadata", "annotations").get(_DEFAULT_CLASS) == "true"
        ]
        if graph.was_read("StorageClass") and not defaults:
            return "it names no StorageClass and the cluster has no default one"
    misses = [f"{name_of(v)}: {miss}" for v in graph.of("PersistentVolume") if (miss := _volume_miss(claim, v))]
    if misses:
        return "no volume fits: " + "; ".join(misses[:3])
    external = [event for event in events if event.reason == "ExternalProvisioning"]
    if external:
        return f"no provisioner has answered ({plural(external[-1].count, 'reminder')}): {quoted(external[-1].message)}"
    if events:
        return quoted(events[-1].message)
    return "nothing has provisioned a volume for it"


def _volume_miss(claim: dict[str, Any], volume: dict[str, Any]) -> str:
    """Return why a volume made by hand does not serve the claim; empty when it is somebody else's."""
    if text(volume, "status", "phase") == "Bound":
        return ""
    if text(volume, "status", "phase") == "Released":
        return "Released, still reserved for its last claim"
    if text(volume, "spec", "storageClassName") != text(claim, "spec", "storageClassName"):
        return f"has class {text(volume, 'spec', 'storageClassName') or '(none)'}"
    wanted = mapping(claim, "spec", "resources", "requests").get("storage")
    size = mapping(volume, "spec", "capacity").get("storage")
    if amount(size) < amount(wanted):
        return f"has {size}, {wanted} asked"
    lacking = set(strings(claim, "spec", "accessModes")) - set(strings(volume, "spec", "accessModes"))
    return f"lacks access mode {sorted(lacking)[0]}" if lacking else ""


def _problem(
    graph: Graph, claim: dict[str, Any], name: str, words: str, facts: list[Fact], advice: str = ""
) -> Problem:
    key = key_of(claim)
    users = users_of(graph, key[1], key[2])
    pending = f"; {', '.join(ref.short for ref in users[:3])} waits for it" if users else ""
    return Problem(
        resource=graph.ref(claim),
        condition=name,
        summary=words + pending,
        severity=Severity.CRITICAL if users else Severity.WARNING,
        analyzer=NAME,
        facts=tuple(facts),
        affects=users,
        since=moment(claim, "metadata", "creationTimestamp"),
        advice=advice or "Look at the provisioner, or make a volume that fits.",
    )


def _failed_volume(graph: Graph, volume: dict[str, Any]) -> Problem:
    message = text(volume, "status", "message")
    return Problem(
        resource=graph.ref(volume),
        condition="VolumeFailed",
        summary=f"{subject(key_of(volume))}: failed: {quoted(message) or 'no message'}",
        severity=Severity.WARNING,
        analyzer=NAME,
        facts=(quote(graph, volume, "status.phase", "Failed"), quote(graph, volume, "status.message", message)),
        advice="Look at the storage system; the volume could not be reclaimed.",
    )


def _mounts(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    """Yield mounts and attachments that fail for another reason than a missing ConfigMap or Secret."""
    if text(pod, "status", "phase") != "Pending" or not text(pod, "spec", "nodeName"):
        return
    events = graph.events(key_of(pod), "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    fresh = [e for e in events if e.last is None or graph.now - e.last <= _FRESH]
    telling = [e for e in fresh if "timed out waiting for the condition" not in e.message] or fresh
    if not telling:
        return
    event = telling[-1]
    if missing_reference(event.message, namespace_of(pod)) or "references non-existent" in event.message:
        return
    claims = [graph.ref_of(("PersistentVolumeClaim", namespace_of(pod), c)) for c in claim_names(pod_spec(pod))]
    words = f"a volume cannot be mounted: {quoted(event.message, 220)}"
    advice = "Look at the volume and at the node's mount errors."
    if _MULTI_ATTACH.search(event.message):
        words += _holder(graph, pod)
        advice = "A ReadWriteOnce volume serves one node: let the old pod end first, or use the Recreate strategy."
    yield PodSymptom(
        pod=pod,
        condition="VolumeMountFailed",
        what=words,
        facts=(quote(graph, event.event, "message", event.message), quote(graph, event.event, "reason", event.reason)),
        since=event.first or moment(condition(pod, "PodScheduled"), "lastTransitionTime"),
        advice=advice,
        affects=tuple(claims),
    )


def _holder(graph: Graph, pod: dict[str, Any]) -> str:
    mine = set(claim_names(pod_spec(pod)))
    for other in graph.in_namespace("Pod", namespace_of(pod)):
        if other is not pod and mine & set(claim_names(pod_spec(other))) and text(other, "spec", "nodeName"):
            return f"; pod {name_of(other)} on node {text(other, 'spec', 'nodeName')} holds it"
    return ""
