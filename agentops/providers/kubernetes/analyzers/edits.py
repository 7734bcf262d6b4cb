"""What was edited lately and keeps no revisions: Services, Ingresses, policies, ConfigMaps, quotas.

Only who wrote the settings last, and when, can be told (``metadata.managedFields``); what they were before is kept
nowhere, so no way back is proposed. What controllers write is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.conditions import EDITED
from agentops.core.finding import Problem
from agentops.core.text import one_line
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, information
from agentops.providers.kubernetes.objects.config_references import config_references
from agentops.providers.kubernetes.objects.edited import EDITED_KINDS
from agentops.providers.kubernetes.objects.fields import (
    Key,
    items,
    key_of,
    mapping,
    moment,
    namespace_of,
    pod_labels,
    pod_spec,
    scalar,
    string_map,
    text,
)
from agentops.providers.kubernetes.objects.managers import fields_written
from agentops.providers.kubernetes.objects.selectors import matches

NAME = "edits"
WINDOW = timedelta(hours=24)
_AS_MADE = timedelta(minutes=1)
_MOST_FIELDS = 3
_MOST_EDITS = 200
_CONTROLLER = re.compile(r"controller|operator|autoscaler|kubelet|^kube-|leader", re.IGNORECASE)
_DEPLOYER = re.compile(r"argo|flux|kustomize|helm|rancher|fleet", re.IGNORECASE)


@analyzer(
    NAME,
    information(EDITED, "Service, Ingress, policy, ConfigMap ...", "who wrote its settings within a day, and when"),
)
def edits(graph: Graph) -> Iterable[Problem]:
    """Return the objects without revisions that a person or a deployer wrote within the last day."""
    recent = [(obj, entry) for kind in EDITED_KINDS for obj in graph.of(kind) if (entry := _recent(graph, obj))]
    readers = _readers(graph) if recent else {}
    # In a cluster that was made today everything is new; the newest are told.
    for obj, entry in sorted(recent, key=lambda one: text(one[1], "time"), reverse=True)[:_MOST_EDITS]:
        yield _edit(graph, obj, entry, readers)


def _recent(graph: Graph, obj: dict[str, Any]) -> dict[str, Any]:
    """Return who wrote the settings within the window, where that was no controller; else an empty entry."""
    entry = next(iter(items(obj, "metadata", "managedFields")), {})
    manager, written = text(entry, "manager"), moment(entry, "time")
    if written is None or not written <= graph.now <= written + WINDOW:
        return {}
    return {} if _CONTROLLER.search(manager) and not _DEPLOYER.search(manager) else entry


def _edit(
    graph: Graph, obj: dict[str, Any], entry: dict[str, Any], readers: Mapping[tuple[str, str], list[Key]]
) -> Problem:
    manager, written = text(entry, "manager"), moment(entry, "time") or graph.now
    made = moment(obj, "metadata", "creationTimestamp")
    is_new = made is not None and written - made <= _AS_MADE
    fields = fields_written(entry)
    listed = ", ".join(fields[:_MOST_FIELDS]) + (
        f" and {len(fields) - _MOST_FIELDS} more" if fields[_MOST_FIELDS:] else ""
    )
    did = "was made" if is_new else "was edited"
    words = (
        f"{subject(key_of(obj))} {did} {age(written, graph.now)} ago by {one_line(manager or 'an unnamed client', 60)}"
    )
    words += "" if is_new else f" ({one_line(listed, 160)})"
    routes = _routes(obj)
    return Problem(
        resource=graph.ref(obj),
        condition=EDITED,
        summary=words + (f"; it now routes {routes}" if routes else ""),
        severity=Severity.INFO,
        analyzer=NAME,
        facts=(quote(graph, obj, "metadata.managedFields[0]", f"{manager} {text(entry, 'operation')}: {listed}"),),
        affects=tuple(graph.ref_of(key) for key in dict.fromkeys(_users(graph, obj, readers))),
        since=written,
        advice="Compare it with what it was before: no earlier state of it is kept in the cluster.",
        root=False,
    )


def _routes(obj: dict[str, Any]) -> str:
    """Return where an Ingress leads; empty for another kind."""
    if text(obj, "kind") != "Ingress":
        return ""
    found = []
    for rule in items(obj, "spec", "rules"):
        for route in items(rule, "http", "paths"):
            service = mapping(route, "backend", "service")
            port = text(service, "port", "name") or scalar(service, "port", "number")
            found.append(f"{text(route, 'path') or '/'} to {text(service, 'name')}:{port}")
    return one_line(", ".join(found), 200)


def _users(graph: Graph, obj: dict[str, Any], readers: Mapping[tuple[str, str], list[Key]]) -> Iterator[Key]:
    """Yield the workloads that an edit reaches: those that read, serve, or are selected by the object."""
    kind, namespace, name = key_of(obj)
    if kind == "ConfigMap":
        yield from readers.get((namespace, name), ())
    elif kind == "Service" and (selector := string_map(obj, "spec", "selector")):
        yield from map(key_of, graph.workloads_labelled(namespace, selector))
    elif kind == "NetworkPolicy":
        for workload in graph.workloads_by_namespace.get(namespace, ()):
            if matches(mapping(obj, "spec", "podSelector"), pod_labels(workload)):
                yield key_of(workload)


def _readers(graph: Graph) -> dict[tuple[str, str], list[Key]]:
    """Return the workloads that read each ConfigMap, by its namespace and name."""
    found: dict[tuple[str, str], list[Key]] = {}
    for workload in graph.workloads:
        for one in config_references(pod_spec(workload)):
            if one.kind == "ConfigMap":
                found.setdefault((namespace_of(workload), one.name), []).append(key_of(workload))
    return found
