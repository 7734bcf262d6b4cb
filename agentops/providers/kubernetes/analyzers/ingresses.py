"""Ingresses whose class, backend Service, backend port or TLS Secret is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import PATCH, analyzer, exact
from agentops.providers.kubernetes.objects.fields import (
    items,
    key_of,
    mapping,
    name_of,
    namespace_of,
    scalar,
    string_map,
    text,
)
from agentops.providers.kubernetes.objects.suggestions import likeness

NAME = "ingresses"
_CLOUD_CLASSES = frozenset({"gce", "gce-internal", "alb", "addon-http-application-routing"})


@analyzer(
    NAME,
    exact("IngressBackendMissing", "Ingress", "a backend Service does not exist", remedies=(PATCH,)),
    exact("IngressPortMismatch", "Ingress", "it routes to a port that the Service does not have", remedies=(PATCH,)),
    exact("IngressClassMissing", "Ingress", "its IngressClass does not exist", remedies=(PATCH,)),
    exact("IngressTlsSecretMissing", "Ingress", "its TLS Secret does not exist"),
)
def ingresses(graph: Graph) -> Iterable[Problem]:
    """Return the Ingresses that cannot serve one of their routes."""
    for ingress in graph.of("Ingress"):
        yield from _class(graph, ingress)
        for path, backend in backends(ingress):
            yield from _backend(graph, ingress, path, backend)
        yield from _tls(graph, ingress)


def backends(ingress: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(path in the object, service backend)`` of every route of an Ingress."""
    default = mapping(ingress, "spec", "defaultBackend", "service")
    if default:
        yield "spec.defaultBackend.service", default
    # By position: hosts and paths may repeat, and no key of theirs tells the items apart.
    for place, rule in enumerate(items(ingress, "spec", "rules")):
        for position, route in enumerate(items(rule, "http", "paths")):
            service = mapping(route, "backend", "service")
            if service:
                yield f"spec.rules[{place}].http.paths[{position}].backend.service", service


def _class(graph: Graph, ingress: dict[str, Any]) -> Iterator[Problem]:
    named = text(ingress, "spec", "ingressClassName")
    named = named or string_map(ingress, "metadata", "annotations").get("kubernetes.io/ingress.class", "")
    if not named or named in _CLOUD_CLASSES or not graph.was_read("IngressClass"):
        return
    if graph.find("IngressClass", "", named) is not None:
        return
    like = likeness(named, [name_of(obj) for obj in graph.of("IngressClass")])
    by_field = bool(text(ingress, "spec", "ingressClassName"))
    change = _correct(graph, ingress, "spec.ingressClassName", named, like.near if by_field else "", like.why)
    words = f"its IngressClass {named} does not exist{like.hint}"
    yield _problem(graph, ingress, "IngressClassMissing", "spec.ingressClassName", named, words, change)


def _correct(
    graph: Graph, ingress: dict[str, Any], path: str, old: str | int, new: str | int, reason: str
) -> tuple[Change, ...]:
    """Return the change that writes what is there for what is not; none where nobody can know what was meant."""
    if not new:
        return ()
    arguments = {"path": path, "old": old, "new": new}
    return (Change(tool="kubernetes_patch", target=graph.ref(ingress), arguments=arguments, reason=reason),)


def _backend(graph: Graph, ingress: dict[str, Any], path: str, backend: dict[str, Any]) -> Iterator[Problem]:
    namespace, name = namespace_of(ingress), text(backend, "name")
    if not name or not graph.was_read("Service", namespace):
        return
    service = graph.find("Service", namespace, name)
    if service is None:
        like = likeness(name, [name_of(obj) for obj in graph.in_namespace("Service", namespace)])
        words = f"its backend Service {namespace}/{name} does not exist{like.hint}"
        change = _correct(graph, ingress, f"{path}.name", name, like.near, like.why)
        yield _problem(graph, ingress, "IngressBackendMissing", f"{path}.name", name, words, change)
        return
    port = text(backend, "port", "name") or scalar(backend, "port", "number")
    ports = items(service, "spec", "ports")
    known = {text(entry, "name") for entry in ports} | {scalar(entry, "port") for entry in ports}
    if port and port not in known:
        words = f"it routes to port {port} of Service {namespace}/{name}, which has {', '.join(sorted(known - {''}))}"
        only = scalar(ports[0], "port") if len(ports) == 1 else ""
        by_number = bool(scalar(backend, "port", "number")) and only.isdecimal()
        change = _correct(
            graph, ingress, f"{path}.port.number", int(port) if by_number else 0, int(only) if by_number else 0,
            f"{only} is the only port of Service {name}",
        )  # fmt: skip
        yield _problem(graph, ingress, "IngressPortMismatch", f"{path}.port", port, words, change)


def _tls(graph: Graph, ingress: dict[str, Any]) -> Iterator[Problem]:
    namespace = namespace_of(ingress)
    if not graph.was_read("Secret", namespace):
        return
    for entry in items(ingress, "spec", "tls"):
        name = text(entry, "secretName")
        if name and graph.find("Secret", namespace, name) is None:
            words = f"its TLS Secret {namespace}/{name} does not exist"
            yield _problem(graph, ingress, "IngressTlsSecretMissing", "spec.tls[].secretName", name, words)


def _problem(
    graph: Graph,
    ingress: dict[str, Any],
    name: str,
    path: str,
    value: str,
    words: str,
    remedies: tuple[Change, ...] = (),
) -> Problem:
    return Problem(
        resource=graph.ref(ingress),
        condition=name,
        summary=f"{subject(key_of(ingress))}: {words}",
        severity=Severity.HIGH,
        analyzer=NAME,
        facts=(quote(graph, ingress, path, value),),
        remedies=remedies,
        advice="Create what is missing, or correct the reference.",
    )
