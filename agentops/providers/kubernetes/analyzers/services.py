"""Services that lead nowhere: a selector that no pod carries, a port that no container has, pods that are not ready.

Source: EndpointSlices follow from selector, pod readiness and ports; what the slices say is checked against why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.reachability import asked_services, callers_of, is_parked, missed_services
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import PATCH, analyzer, exact, symptom
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    items,
    key_of,
    moment,
    name_of,
    namespace_of,
    number,
    pod_labels,
    pod_spec,
    scalar,
    string_map,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_active, is_ready
from agentops.providers.kubernetes.objects.pod_ports import declared_ports
from agentops.providers.kubernetes.objects.selectors import Miss, contains, near_miss
from agentops.providers.kubernetes.objects.suggestions import only_nearest

NAME = "services"


@analyzer(
    NAME,
    exact(
        "ServiceSelectorMismatch", "Service", "its selector matches no pod; the near miss is named", remedies=(PATCH,)
    ),
    exact("ServicePortMismatch", "Service", "its targetPort is no port of the pods", remedies=(PATCH,)),
    exact(
        "ServiceSelectsForeignPods",
        "Service",
        "it selects pods of another workload, which lack its port",
        remedies=(PATCH,),
    ),
    exact(
        "ServiceLocalTrafficOnly",
        "Service",
        "it serves a node's own pods only, and a caller's node has none",
        remedies=(PATCH,),
    ),
    symptom("ServiceNoReadyEndpoints", "Service", "none of the pods that it selects is ready"),
)
def services(graph: Graph) -> Iterable[Problem]:
    """Return the Services that have nothing ready behind them, or the wrong port."""
    for service in graph.of("Service"):
        selector = string_map(service, "spec", "selector")
        if text(service, "spec", "type") == "ExternalName" or not selector:
            continue
        if not graph.was_read("Pod", namespace_of(service)):
            continue
        yield from _service(graph, service, selector)


def _service(graph: Graph, service: dict[str, Any], selector: dict[str, str]) -> Iterator[Problem]:
    namespace = namespace_of(service)
    pods = [pod for pod in graph.pods_labelled(namespace, selector) if is_active(pod)]
    if not pods:
        workloads = graph.workloads_labelled(namespace, selector)
        yield from _unready(graph, service, [], workloads) if workloads else _selects_none(graph, service, selector)
        return
    yield from _ports(graph, service, pods)
    yield from _local_only(graph, service, [pod for pod in pods if is_ready(pod)])
    yield from _foreign(graph, service, [pod for pod in pods if is_ready(pod)])
    if not any(is_ready(pod) for pod in pods):
        yield from _unready(graph, service, pods, [])


def _local_only(graph: Graph, service: dict[str, Any], pods: list[dict[str, Any]]) -> Iterator[Problem]:
    """``internalTrafficPolicy: Local`` drops what comes from a node without a ready pod of the Service.

    Source: https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/
    """
    if text(service, "spec", "internalTrafficPolicy") != "Local" or not pods:
        return
    key, served = key_of(service), {text(pod, "spec", "nodeName") for pod in pods}
    for client in callers_of(graph, key):
        cut_off = [
            pod
            for pod in graph.pods_of(client)
            if is_active(pod) and text(pod, "spec", "nodeName") and text(pod, "spec", "nodeName") not in served
        ]
        if cut_off:
            node = text(cut_off[0], "spec", "nodeName")
            yield Problem(
                resource=graph.ref(service),
                condition="ServiceLocalTrafficOnly",
                summary=f"{subject(key)}: internalTrafficPolicy is Local, and node {node}, where "
                f"{plural(len(cut_off), 'pod')} of {subject(client)} {'runs' if len(cut_off) == 1 else 'run'}, has no "
                f"ready pod of it (they are on {', '.join(sorted(served))})",
                severity=Severity.HIGH,
                analyzer=NAME,
                facts=(
                    quote(graph, service, "spec.internalTrafficPolicy", "Local"),
                    quote(graph, cut_off[0], "spec.nodeName", node),
                ),
                affects=(graph.ref_of(client),),
                advice="Set internalTrafficPolicy to Cluster, or run a pod of it on each node that calls it.",
                remedies=(
                    Change(
                        tool="kubernetes_patch",
                        target=graph.ref(service),
                        arguments={"path": "spec.internalTrafficPolicy", "old": "Local", "new": "Cluster"},
                        reason=f"callers on {node} have no pod of the Service on their node",
                    ),
                ),
            )
            return


def _foreign(graph: Graph, service: dict[str, Any], pods: list[dict[str, Any]]) -> Iterator[Problem]:
    """Traffic is spread over all ready pods, so those of a workload without the port get their share and drop it."""
    ports = [scalar(port, "targetPort") or scalar(port, "port") for port in items(service, "spec", "ports")]
    if len(ports) != 1 or not ports[0]:
        return
    by_workload: dict[Key, list[dict[str, Any]]] = {}
    for pod in pods:
        by_workload.setdefault(graph.workload(pod), []).append(pod)
    lacking = [
        key
        for key, mine in by_workload.items()
        if _serving_ports(declared_ports(pod_spec(mine[0]))) and not _has_port(mine[0], ports[0])
    ]
    serving = [key for key in by_workload if _has_port(by_workload[key][0], ports[0])]
    if not lacking or not serving:
        return
    foreign = sum(len(by_workload[key]) for key in lacking)
    declared = ", ".join(str(number_) for _, _, number_ in declared_ports(pod_spec(by_workload[lacking[0]][0])))
    yield Problem(
        resource=graph.ref(service),
        condition="ServiceSelectsForeignPods",
        summary=f"{subject(key_of(service))}: its selector also matches {plural(foreign, 'ready pod')} of "
        f"{subject(lacking[0])}, which declare port {declared} and not {ports[0]}: {foreign} of {len(pods)} "
        "connections go there",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=(
            quote(graph, service, "spec.selector", str(string_map(service, "spec", "selector"))),
            quote(graph, lacking[0], "template.spec.containers[*].ports", declared),
        ),
        affects=tuple(graph.ref_of(key) for key in serving),
        remedies=_narrower(graph, service, serving, lacking),
        advice=f"Narrow the selector to the pods of {subject(serving[0])}.",
    )


def _narrower(graph: Graph, service: dict[str, Any], serving: list[Key], lacking: list[Key]) -> tuple[Change, ...]:
    """Return the change of the selector to the labels of the one workload that serves, where they tell it apart."""
    if len(serving) != 1:
        return ()
    old = string_map(service, "spec", "selector")
    new = string_map(graph.get(serving[0]), "spec", "selector", "matchLabels")
    if not new or any(contains(pod_labels(graph.get(key)), new) for key in lacking):
        return ()
    change = Change(
        tool="kubernetes_patch",
        target=graph.ref(service),
        arguments={"path": "spec.selector", "old": old, "new": new},
        reason=f"these are the labels of {subject(serving[0])} alone, which has the port",
    )
    return (change,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    workload: dict[str, Any]
    miss: Miss


def _candidates(graph: Graph, namespace: str, selector: dict[str, str]) -> list[_Candidate]:
    found = []
    for workload in graph.workloads_by_namespace.get(namespace, ()):
        if text(workload, "kind") in ("Job", "CronJob"):
            continue
        miss = near_miss(selector, pod_labels(workload))
        if miss is not None:
            found.append(_Candidate(workload=workload, miss=miss))
    return found


def _selects_none(graph: Graph, service: dict[str, Any], selector: dict[str, str]) -> Iterator[Problem]:
    key, namespace = key_of(service), namespace_of(service)
    written = ", ".join(f"{k}={v}" for k, v in selector.items())
    candidates = _candidates(graph, namespace, selector)
    facts: list[Fact] = [quote(graph, service, "spec.selector", written)]
    words = f"{subject(key)}: its selector {written} matches no pod"
    remedies: tuple[Change, ...] = ()
    since = None
    if candidates:
        best = candidates[0]
        miss, target = best.miss, key_of(best.workload)
        words += f"; {subject(target)} is the near miss: its pods carry {miss.has_key}={miss.has}"
        words += f", not {miss.key}={miss.wanted}"
        facts.append(quote(graph, best.workload, f"template.metadata.labels[{miss.has_key}]", miss.has))
        # Pods of another track, version or role may be meant to get no traffic: that is for a person to say.
        if len(candidates) == 1 and miss.spelling:
            remedies = (_selector_change(graph, key, miss),)
    since = _endpoints_changed(graph, service)
    yield Problem(
        resource=graph.ref(service),
        condition="ServiceSelectorMismatch",
        summary=words,
        severity=Severity.CRITICAL if _hurts(graph, key, candidates) else Severity.WARNING,
        analyzer=NAME,
        facts=tuple(facts),
        since=since,
        affects=(),
        remedies=remedies,
        advice="Make the selector and the pods' labels agree." if candidates else "Correct the selector, or remove it.",
        root=bool(candidates) or is_asked_for(graph, key),
    )


def _hurts(graph: Graph, key: Key, candidates: list[_Candidate]) -> bool:
    """A Service of another track may be empty by design, until somebody misses it; a misspelt one never is."""
    if any(one.miss.spelling for one in candidates) or graph.snapshot.target.name == key[2]:
        return True
    if key in missed_services(graph):
        return True
    return not candidates and is_asked_for(graph, key)


def is_asked_for(graph: Graph, service: Key) -> bool:
    """Return whether the alert is about the Service, or a workload's configuration or an Ingress leads to it."""
    if graph.snapshot.target.name == service[2]:
        return True
    return service in asked_services(graph)


def _selector_change(graph: Graph, key: Key, miss: Miss) -> Change:
    old, new = {miss.key: miss.wanted}, {miss.has_key: miss.has}
    return Change(
        tool="kubernetes_patch",
        target=graph.ref_of(key),
        arguments={"path": "spec.selector", "old": old, "new": new},
        reason=f"the pods carry {miss.has_key}={miss.has}",
    )


def _endpoints_changed(graph: Graph, service: dict[str, Any]) -> Any:
    """EndpointSlices note when they last changed, which for an emptied Service is when it broke."""
    namespace, name = namespace_of(service), name_of(service)
    times = []
    for endpoint_slice in graph.in_namespace("EndpointSlice", namespace):
        if text(endpoint_slice, "metadata", "labels", "kubernetes.io/service-name") == name:
            annotations = string_map(endpoint_slice, "metadata", "annotations")
            stamp = annotations.get("endpoints.kubernetes.io/last-change-trigger-time")
            times.append(moment({"at": stamp}, "at"))
    return max((time for time in times if time), default=None)


def _ports(graph: Graph, service: dict[str, Any], pods: list[dict[str, Any]]) -> Iterator[Problem]:
    for port in items(service, "spec", "ports"):
        wanted = scalar(port, "targetPort") or scalar(port, "port")
        if not wanted or text(port, "protocol") not in ("", "TCP", "UDP", "SCTP"):
            continue
        if any(_has_port(pod, wanted) for pod in pods):
            continue
        declared = declared_ports(pod_spec(pods[0]))
        if not _serving_ports(declared) and wanted.isdecimal():
            continue  # ports need not be declared; without one that serves a number proves nothing
        yield _mismatch(graph, service, pods[0], port, wanted, declared)


_AUXILIARY = frozenset(
    {
        "metrics", "http-metrics", "prometheus", "prom", "admin", "http-admin", "health", "healthz", "debug", "pprof",
        "jmx", "management", "monitoring", "probes", "status",
    }
)  # fmt: skip
"""Names of ports on which a program is looked at, and does not serve."""


def _serving_ports(declared: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    return [port for port in declared if port[1] not in _AUXILIARY]


_SERVES_HTTP = frozenset({"app", "http", "main", "server", "web", "www"})
"""Names that people give to the one port on which a program serves."""


def _has_port(pod: dict[str, Any], wanted: str) -> bool:
    return any(wanted in (name, str(number_)) for _, name, number_ in declared_ports(pod_spec(pod)))


def _meant_port(wanted: str, declared: list[tuple[str, str, int]]) -> str | int:
    """Return the one declared port that ``wanted`` can have meant; empty when nobody can know."""
    numbers = sorted({n for _, _, n in declared})
    names = [name for _, name, _ in declared if name]
    near = only_nearest(wanted, names) if not wanted.isdecimal() else ""
    if near:
        return near
    # A port of another name serves something else, be it the only one; a number says nothing of what it serves.
    if len(numbers) == 1 and (wanted.isdecimal() or not names):
        return numbers[0]
    return names[0] if len(names) == 1 and {wanted, names[0]} <= _SERVES_HTTP else ""


def _mismatch(
    graph: Graph,
    service: dict[str, Any],
    pod: dict[str, Any],
    port: dict[str, Any],
    wanted: str,
    declared: list[tuple[str, str, int]],
) -> Problem:
    key, label = key_of(service), text(port, "name") or scalar(port, "port")
    listing = ", ".join(f"{name} {n}" if name else str(n) for _, name, n in declared) or "none"
    workload = graph.workload(pod)
    new = _meant_port(wanted, declared)
    change = Change(
        tool="kubernetes_patch",
        target=graph.ref(service),
        arguments={
            "path": f"spec.ports[{label}].targetPort",
            "old": int(wanted) if wanted.isdecimal() else wanted,
            "new": new,
        },
        reason=f"{new} is the port that the pods of {subject(workload)} have",
    )
    return Problem(
        resource=graph.ref(service),
        condition="ServicePortMismatch",
        summary=f"{subject(key)}: port {label} leads to targetPort {wanted}, but the pods of {subject(workload)} "
        f"declare {listing}",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=(
            quote(graph, service, f"spec.ports[{label}].targetPort", wanted),
            quote(graph, workload, "template.spec.containers[*].ports", listing),
        ),
        since=_endpoints_changed(graph, service),
        remedies=(change,) if new else (),
        advice="Point targetPort at a port that the containers have.",
    )


def _unready(
    graph: Graph, service: dict[str, Any], pods: list[dict[str, Any]], workloads: list[dict[str, Any]]
) -> Iterator[Problem]:
    at_zero = bool(workloads) and all(number(obj, "spec", "replicas", default=1) == 0 for obj in workloads)
    if at_zero:
        words = f"its workload {subject(key_of(workloads[0]))} is scaled to 0"
    elif workloads:
        words = f"{subject(key_of(workloads[0]))} has no pods"
    else:
        words = "its 1 pod is not ready" if len(pods) == 1 else f"none of its {plural(len(pods), 'pod')} is ready"
    times = [moment(condition(pod, "Ready"), "lastTransitionTime") for pod in pods]
    first = pods[0] if pods else None
    parked = at_zero and is_parked(graph, key_of(workloads[0]), [key_of(service)])
    yield Problem(
        resource=graph.ref(service),
        condition="ServiceNoReadyEndpoints",
        summary=f"{subject(key_of(service))}: {words}",
        severity=Severity.WARNING if parked else Severity.CRITICAL,
        analyzer=NAME,
        facts=(
            quote(graph, first, "status.conditions[Ready].status", text(condition(first, "Ready"), "status") or "unset")
            if first is not None
            else quote(graph, service, "spec.selector", str(string_map(service, "spec", "selector"))),
        ),
        since=max((time for time in times if time), default=None),
        advice="Look at why those pods are not ready.",
        root=False,
    )
