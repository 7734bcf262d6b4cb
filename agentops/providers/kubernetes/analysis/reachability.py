"""Who needs which Service: from environment values, and from what logs say could not be reached.

Comes in: the graph. Goes out: ``Need`` values: a workload, the host it names, and the Service that this means; a host
that means no Service of the cluster is marked as such. Nothing is resolved or connected to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import Clue, clues
from agentops.providers.kubernetes.analysis.log_times import present_lines
from agentops.providers.kubernetes.objects.config_references import config_references
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    name_of,
    namespace_of,
    pod_spec,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready
from agentops.providers.kubernetes.objects.pod_template import Host, hosts_in, service_of_host, variables
from agentops.providers.kubernetes.objects.snapshot import LogTail


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A host that a workload's configuration names.

    ``service`` is the identity that the name means inside the cluster (it may not exist), None for a host outside.
    ``where`` is the object and path at which it is written, ``value`` the host as written.
    """

    workload: Key
    service: Key | None
    host: str
    port: int
    where: tuple[Key, str]


@lru_cache(maxsize=4096)
def _hosts(name: str, value: str) -> tuple[Host, ...]:
    return tuple(hosts_in(name, value))


def namespace_known(graph: Graph, namespace: str) -> bool:
    """Return whether ``namespace`` is one of this cluster."""
    if graph.find("Namespace", "", namespace) is not None:
        return True
    if namespace in graph.snapshot.namespaces:
        return True
    return bool(graph.in_namespace("Service", namespace)) or bool(graph.in_namespace("Pod", namespace))


def service_key(graph: Graph, host: str, namespace: str) -> Key | None:
    """Return the Service that ``host`` means for a pod in ``namespace``, or None when it is no cluster name."""
    found = service_of_host(host, namespace)
    if found is None:
        return None
    if namespace_known(graph, found[0]):
        return "Service", found[0], found[1]
    # ``db-0.db``: a pod of a StatefulSet behind its headless Service in the same namespace.
    headless = "Service", namespace, found[0]
    return headless if host.count(".") == 1 and graph.get(headless) is not None else None


def needs_of(graph: Graph, workload: Key) -> list[Need]:
    """Return the hosts that a workload's environment names: literals, and keys of ConfigMaps that it takes in."""
    obj = graph.get(workload)
    if obj is None:
        return []
    spec, namespace = pod_spec(obj), namespace_of(obj)
    found: list[Need] = []
    for variable in variables(spec):
        hosts = _hosts(variable.name, variable.value)
        found.extend(_need(graph, workload, host, (workload, variable.path)) for host in hosts)
    for reference in config_references(spec):
        if reference.kind != "ConfigMap" or ".env" not in reference.path:
            continue
        holder = ("ConfigMap", namespace, reference.name)
        data: Mapping[str, object] = mapping(graph.get(holder), "data")
        for key, value in data.items():
            if isinstance(value, str) and reference.key in ("", key):
                hosts = _hosts(key, value)
                found.extend(_need(graph, workload, host, (holder, f"data[{key}]")) for host in hosts)
    return found


def missed_services(graph: Graph) -> frozenset[Key]:
    """Return the Services that a log says were not reached."""
    if not graph.snapshot.logs:
        return frozenset()
    pods = (graph.find("Pod", tail.namespace, tail.pod) for tail in graph.snapshot.logs)
    keys = {graph.workload(pod) for pod in pods if pod is not None}
    found = {complaint.service for key in keys for complaint in complaints_of(graph, key)}
    return frozenset(key for key in found if key is not None)


_PARKED = timedelta(days=1)


def is_parked(graph: Graph, workload: Key, services: Iterable[Key]) -> bool:
    """Return whether a workload of 0 replicas was put to rest long ago, and nobody misses what it serves."""
    events = graph.events(workload, "ScalingReplicaSet")
    if events and events[-1].last is not None and graph.now - events[-1].last <= _PARKED:
        return False
    keys = [workload, *services]
    about, missed = graph.snapshot.target.name, missed_services(graph)
    return not any(about == key[2] or key in missed for key in keys)


def callers_of(graph: Graph, service: Key) -> list[Key]:
    """Return the workloads whose configuration or log leads to the Service."""
    if graph.callers is None:
        found: dict[Key, set[Key]] = {}
        for workload in graph.workloads:
            key = key_of(workload)
            asked = [need.service for need in needs_of(graph, key)]
            asked += [complaint.service for complaint in complaints_of(graph, key)] if graph.snapshot.logs else []
            for one in asked:
                if one is not None:
                    found.setdefault(one, set()).add(key)
        graph.callers = {one: sorted(keys) for one, keys in found.items()}
    return graph.callers.get(service, [])


def asked_services(graph: Graph) -> frozenset[Key]:
    """Return the Services that a workload's configuration or an Ingress leads to."""
    if graph.asked is None:
        found = {need.service for workload in graph.workloads for need in needs_of(graph, key_of(workload))}
        for ingress in graph.of("Ingress"):
            for rule in items(ingress, "spec", "rules"):
                names = (text(path, "backend", "service", "name") for path in items(rule, "http", "paths"))
                found.update(("Service", namespace_of(ingress), name) for name in names if name)
        graph.asked = frozenset(key for key in found if key is not None)
    return graph.asked


def _need(graph: Graph, workload: Key, host: Host, where: tuple[Key, str]) -> Need:
    return Need(
        workload=workload,
        service=service_key(graph, host.name, workload[1]),
        host=host.name,
        port=host.port,
        where=where,
    )


def backing_workloads(graph: Graph, service: Key) -> list[Key]:
    """Return the workloads whose pods the Service selects."""
    selector = mapping(graph.get(service), "spec", "selector")
    wanted = {k: v for k, v in selector.items() if isinstance(v, str)}
    found = {graph.workload(pod) for pod in graph.pods_labelled(service[1], wanted)}
    found.update(key_of(obj) for obj in graph.workloads_labelled(service[1], wanted))
    return sorted(found)


def service_by_address(graph: Graph, address: str) -> Key | None:
    """Return the Service with this cluster IP: logs often name the address only."""
    for service in graph.of("Service"):
        if address and text(service, "spec", "clusterIP") == address:
            return key_of(service)
    return None


def ports_of(graph: Graph, service: Key) -> list[int]:
    """Return the port numbers of a Service."""
    ports = [entry.get("port") for entry in items(graph.get(service), "spec", "ports")]
    return [port for port in ports if isinstance(port, int)]


def service_names(graph: Graph, namespace: str) -> list[str]:
    """Return the names of the Services in ``namespace``."""
    return [name_of(obj) for obj in graph.in_namespace("Service", namespace)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A log line that says a host could not be reached; ``service`` is None for a host that is not the cluster's."""

    clue: Clue
    pod: Key
    service: Key | None
    host: str
    port: int


def complaints_of(graph: Graph, workload: Key) -> list[Complaint]:
    """Return what the logs of a workload's pods say it could not reach; one entry per kind, host and port."""
    known: list[Complaint] | None = graph.complaints.get(workload)
    if known is None:
        known = graph.complaints[workload] = _complaints(graph, workload)
    return known


def _complaints(graph: Graph, workload: Key) -> list[Complaint]:
    found: dict[tuple[str, str, int], Complaint] = {}
    for pod in graph.pods_of(workload):
        for clue in clues(_present(graph, pod)):
            if clue.kind not in ("unknown-host", "refused", "timeout") or clue.subject in _ITSELF:
                continue
            service, host = _meant(graph, workload, clue)
            if host and (clue.certain or _is_named(graph, workload, service, host)):
                entry = Complaint(clue=clue, pod=key_of(pod), service=service, host=host, port=clue.port)
                found.setdefault((clue.kind, host, clue.port), entry)
    return list(found.values())


def _present(graph: Graph, pod: dict[str, Any]) -> Iterator[LogTail]:
    """Yield the pod's log; of a container that is ready now, only what it says of the last minutes."""
    ready = is_ready(pod)
    for tail in graph.logs(pod):
        yield replace(tail, lines=tuple(present_lines(tail.lines, graph.now))) if ready else tail


_ITSELF = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 — names to compare with, not to bind to
"""Who asks these asks the own pod: no dependency."""


def _is_named(graph: Graph, workload: Key, service: Key | None, host: str) -> bool:
    """Return whether a word is known for a host: a Service bears it, or the workload's configuration asks for it."""
    if service is not None and graph.get(service) is not None:
        return True
    return any(need.host == host for need in needs_of(graph, workload))


def _meant(graph: Graph, workload: Key, clue: Clue) -> tuple[Key | None, str]:
    host = clue.subject
    if host.replace(".", "").isdigit():
        service = service_by_address(graph, host)
        return service, service[2] if service else host
    if not host:
        # ``dial tcp: connection refused`` without a name: the one host of the environment with that port is meant.
        same = {(n.service, n.host) for n in needs_of(graph, workload) if n.port == clue.port and n.port}
        return next(iter(same)) if len(same) == 1 else (None, "")
    return service_key(graph, host, workload[1]), host
