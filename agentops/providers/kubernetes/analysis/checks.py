"""What was looked at and is in order, what was not looked at, and what shows that trouble is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from agentops.core.clock import age
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import subject
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    items,
    key_of,
    mapping,
    moment,
    name_of,
    number,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready
from agentops.providers.kubernetes.objects.quantity import amount

_BEYOND = (
    "what the applications do inside: only the last log lines of unwell containers were read",
    "systems outside the cluster",
)
_LATELY = timedelta(hours=3)


def in_order(graph: Graph, problems: Sequence[Problem]) -> tuple[str, ...]:
    """Return sentences about what was read and is well, with counts."""
    found = frozenset(p.condition for p in problems)
    return tuple(sentence for check in _CHECKS if (sentence := check(graph, found)))


def _nodes_in_order(graph: Graph, found: frozenset[str]) -> str:
    nodes = graph.of("Node")
    ready = sum(1 for node in nodes if condition(node, "Ready").get("status") == "True")
    if not nodes or ready < len(nodes) or found & {"NodePressure", "NodeNetworkUnavailable"}:
        return ""
    return f"nodes: {ready} of {len(nodes)} Ready, none under pressure"


def _storage_in_order(graph: Graph, _found: frozenset[str]) -> str:
    claims = graph.of("PersistentVolumeClaim")
    if not claims or any(text(claim, "status", "phase") != "Bound" for claim in claims):
        return ""
    return f"storage: {plural(len(claims), 'claim')}, all Bound"


def _quotas_in_order(graph: Graph, found: frozenset[str]) -> str:
    quotas = graph.of("ResourceQuota")
    if not quotas or found & {"QuotaExceeded", "QuotaFull"} or any(map(_is_full, quotas)):
        return ""
    return f"quotas: {plural(len(quotas), 'quota')}, none used up"


def _configuration_in_order(graph: Graph, found: frozenset[str]) -> str:
    was_read = graph.snapshot.was_read("ConfigMap") and graph.snapshot.was_read("Secret")
    if not was_read or found & {"MissingConfigMap", "MissingSecret", "MissingConfigMapKey", "MissingSecretKey"}:
        return ""
    return "configuration: every ConfigMap, Secret and key that a workload refers to exists"


def _services_in_order(graph: Graph, found: frozenset[str]) -> str:
    services = graph.of("Service")
    if not services or any(name.startswith("Service") for name in found):
        return ""
    return f"services: {plural(len(services), 'Service')}, each with ready pods behind it or none asked for"


def _images_in_order(graph: Graph, found: frozenset[str]) -> str:
    is_waiting = any(name.startswith("Image") or name == "InvalidImageName" for name in found)
    return "images: none is waiting to be pulled" if graph.of("Pod") and not is_waiting else ""


def _policies_in_order(graph: Graph, found: frozenset[str]) -> str:
    if not graph.of("NetworkPolicy") or "NetworkPolicyBlocks" in found:
        return ""
    return "network policies: none blocks a path that a configuration names"


_CHECKS = (
    _nodes_in_order,
    _storage_in_order,
    _quotas_in_order,
    _configuration_in_order,
    _services_in_order,
    _images_in_order,
    _policies_in_order,
)


def _is_full(quota: dict[str, object]) -> bool:
    used = mapping(quota, "status", "used")
    hard = mapping(quota, "status", "hard")
    return any(amount(bound) > 0 and amount(used.get(name)) >= amount(bound) for name, bound in hard.items())


def gaps(graph: Graph) -> tuple[str, ...]:
    """Return sentences about what could not be read, and about what a look at objects cannot see."""
    found = [f"{gap.what}: {gap.reason}" for gap in graph.snapshot.gaps]
    if graph.snapshot.namespaces:
        found.append("namespaces other than " + ", ".join(graph.snapshot.namespaces))
    return (*found, *_BEYOND)


def recovery(graph: Graph, refs: Sequence[ResourceRef], started: datetime | None) -> tuple[str, ...]:
    """Return sentences that show that the target was unwell lately and is well again."""
    found: list[str] = []
    for key in ((ref.kind, ref.namespace, ref.name) for ref in refs):
        if key[0] == "Node":
            found.extend(_node_recovery(graph, key, started))
            continue
        for workload in _workloads(graph, key):
            found.extend(_workload_recovery(graph, workload, started))
    return tuple(dict.fromkeys(found))


def _workloads(graph: Graph, key: Key) -> list[Key]:
    obj = graph.get(key)
    if obj is None:
        return []
    if key[0] == "Service":
        selector = {k: v for k, v in mapping(obj, "spec", "selector").items() if isinstance(v, str)}
        return sorted({graph.workload(pod) for pod in graph.pods_labelled(key[1], selector)})
    return [graph.top_of(obj)]


def _since_alert(graph: Graph, when: datetime | None, started: datetime | None) -> bool:
    if when is None or graph.now - when > timedelta(days=1):
        return False
    return when >= started - timedelta(hours=1) if started is not None else graph.now - when <= _LATELY


def _workload_recovery(graph: Graph, key: Key, started: datetime | None) -> Iterator[str]:
    pods = graph.pods_of(key)
    if not pods or not all(is_ready(pod) for pod in pods):
        return
    obj = graph.get(key)
    back = moment(condition(obj, "Available"), "lastTransitionTime")
    created = moment(obj, "metadata", "creationTimestamp")
    if _since_alert(graph, back, started) and back and created and back - created > timedelta(minutes=10):
        yield f"{subject(key)} became available {age(back, graph.now)} ago"
    for pod in pods:
        yield from _pod_recovery(graph, pod, started)
    for event in graph.events_of_all([key, *(key_of(pod) for pod in pods)]):
        # A warning from before the alert is no sign that what the alert is about was there, and has gone.
        if started is not None and (event.last is None or event.last < started):
            continue
        if event.warning and _since_alert(graph, event.last, started) and event.last:
            yield f"the last warning about {subject(event.about)} was {event.reason}, {age(event.last, graph.now)} ago"
            break


def _pod_recovery(graph: Graph, pod: dict[str, object], started: datetime | None) -> Iterator[str]:
    for status in items(pod, "status", "containerStatuses"):
        ended = moment(status, "lastState", "terminated", "finishedAt")
        if number(status, "restartCount") and ended and _since_alert(graph, ended, started):
            who = f"container {text(status, 'name')} of pod {name_of(pod)}"
            yield f"{who} last ended {age(ended, graph.now)} ago and is ready"
    ready, begun = moment(condition(pod, "Ready"), "lastTransitionTime"), moment(pod, "status", "startTime")
    if ready and begun and ready - begun > timedelta(minutes=5) and _since_alert(graph, ready, started):
        yield f"pod {name_of(pod)} became ready again {age(ready, graph.now)} ago"


def _node_recovery(graph: Graph, key: Key, started: datetime | None) -> Iterator[str]:
    entry = condition(graph.get(key), "Ready")
    when = moment(entry, "lastTransitionTime")
    if entry.get("status") == "True" and when and _since_alert(graph, when, started):
        yield f"node {key[2]} became Ready {age(when, graph.now)} ago"
