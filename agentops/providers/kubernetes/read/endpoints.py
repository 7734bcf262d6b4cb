"""``kubernetes_endpoints``: which pods are behind a Service, and for every other candidate why it is not.

Source: https://kubernetes.io/docs/concepts/services-networking/service/ (selectors, targetPort, readiness).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.fields import Object, condition
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.pod_ports import listed_ports
from agentops.providers.kubernetes.objects.status import pod_state, readiness
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import NAME, read_tool
from agentops.providers.kubernetes.read.lookup import object_named
from agentops.providers.kubernetes.read.phrases import not_read

_POD_LIMIT = 2_000
_SHOWN = 60
_NEAR_SHOWN = 8


@read_tool(
    "kubernetes_endpoints",
    "Which pods are behind a Service and why others are not: selector near-misses, readiness, port names.",
    {"service": NAME, "namespace": NAME},
    required=("service",),
    permissions=(
        "get services",
        "list endpointslices.discovery.k8s.io",
        "list pods",
        "list ingresses.networking.k8s.io",
    ),
)
def endpoints(cluster: Cluster, _clock: Clock, arguments: Arguments) -> Reading:
    """Return the Service's selector, ports, endpoints and candidates.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: there is no such Service; the hint names near ones.
        ClusterError: as ``Cluster.list_objects``.
    """
    name = arguments.name("service")
    namespace = arguments.one_namespace(cluster.namespace)
    service = object_named(cluster, builtin("Service"), name, namespace)
    spec = service.get("spec") or {}
    lines = [f"Service {namespace}/{name} type {spec.get('type', 'ClusterIP')}"]
    # An ExternalName is only DNS: it has neither selector nor endpoints to compare.
    if spec.get("type") == "ExternalName":
        lines.append(f"It is only a DNS alias of {one_line(str(spec.get('externalName')), 120)}; it has no endpoints.")
        return _reading(cluster, namespace, name, lines, "an alias", "")
    selector = spec.get("selector") or {}
    pods, more = cluster.list_objects(builtin("Pod"), Selection(namespace=namespace), limit=_POD_LIMIT)
    ready, not_ready = _addresses(_slices(cluster, namespace, name))
    lines.append(f"selector: {_pairs(selector) or 'none (endpoints are made by hand or by another controller)'}")
    matching = [pod for pod in pods if selector and _misses(selector, pod) == []]
    lines += _port_lines(spec, matching)
    lines.append(f"endpoints: {plural(len(ready), 'ready address', 'ready addresses')}, {len(not_ready)} not ready")
    lines += _pod_lines(matching, ready, not_ready)
    if selector and not matching:
        lines += _near_lines(selector, pods)
    lines += _ingress_lines(cluster, namespace, name)
    summary = f"{plural(len(ready), 'ready endpoint')}, {plural(len(matching), 'matching pod')}"
    footer = f"Only the first {_POD_LIMIT:,} pods of the namespace were compared." if more else ""
    return _reading(cluster, namespace, name, lines, summary, footer)


def _reading(cluster: Cluster, namespace: str, name: str, lines: Sequence[str], summary: str, footer: str) -> Reading:
    return Reading(
        body="\n".join(lines),
        summary=f"Service {namespace}/{name}: {summary}",
        footer=footer,
        resources=(cluster.ref("Service", name, namespace),),
    )


def _slices(cluster: Cluster, namespace: str, name: str) -> list[dict[str, Any]]:
    selection = Selection(namespace=namespace, labels=f"kubernetes.io/service-name={name}")
    return cluster.list_objects(builtin("EndpointSlice"), selection, limit=1_000)[0]


def _addresses(slices: Sequence[Object]) -> tuple[dict[str, str], dict[str, str]]:
    """Return address -> pod for ready and for other endpoints."""
    ready: dict[str, str] = {}
    not_ready: dict[str, str] = {}
    for part in slices:
        for endpoint in part.get("endpoints") or ():
            pod = str((endpoint.get("targetRef") or {}).get("name") or "")
            # Absent means ready (EndpointConditions.ready).
            is_ready = (endpoint.get("conditions") or {}).get("ready") is not False
            for address in endpoint.get("addresses") or ():
                (ready if is_ready else not_ready)[str(address)] = pod
    return ready, not_ready


def _pairs(selector: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in selector.items())


def _misses(selector: Mapping[str, Any], pod: Object) -> list[str]:
    """Return how a pod's labels differ from a selector."""
    labels = (pod.get("metadata") or {}).get("labels") or {}
    return [
        f"{key}: the selector wants {value!r}, the pod has {labels[key]!r}" if key in labels
        else f"{key}: the selector wants {value!r}, the pod has no such label"
        for key, value in selector.items()
        if labels.get(key) != value
    ]  # fmt: skip


def _port_lines(spec: Object, pods: Sequence[Object]) -> Iterator[str]:
    ports = [one for pod in pods for one in listed_ports(pod)]
    for port in spec.get("ports") or ():
        target = port.get("targetPort", port.get("port"))
        text = f"port {port.get('port')}/{port.get('protocol', 'TCP')} -> {target}"
        yield text + (_port_fault(target, ports) if pods else "")


def _port_fault(target: Any, ports: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with a target port, to stand behind it; empty when the containers declare it."""
    shown = ", ".join(sorted({_port_text(one) for one in ports})) or "none"
    # A name must be declared by some container; a number works even when nobody declares it, but is worth a word.
    if isinstance(target, str) and not target.isdigit():
        is_known = target in {one.get("name") for one in ports}
        return "" if is_known else f": NO container port has this name; declared ports: {shown}"
    if ports and int(target or 0) not in {one.get("containerPort") for one in ports}:
        return f": no container declares this port; declared ports: {shown}"
    return ""


def _port_text(port: Mapping[str, Any]) -> str:
    return f"{port.get('name') or '-'}={port.get('containerPort')}"


def _pod_lines(pods: Sequence[Object], ready: Mapping[str, str], not_ready: Mapping[str, str]) -> list[str]:
    if not pods:
        return []
    in_ready, in_other = set(ready.values()), set(not_ready.values())
    rows = []
    for pod in pods[:_SHOWN]:
        name = pod["metadata"].get("name") or ""
        address = str((pod.get("status") or {}).get("podIP") or "-")
        # Endpoints made by hand carry addresses only, those of the controller name their pod.
        if name in in_ready or address in ready:
            place = "behind it"
        elif name in in_other or address in not_ready:
            place = "listed, not ready: " + _why_not_ready(pod)
        else:
            place = "NOT listed: " + _why_not_ready(pod)
        rows.append((name, readiness(pod), pod_state(pod), address, place))
    lines = [table(("POD", "READY", "STATUS", "ADDRESS", "PLACE"), rows)]
    if len(pods) > _SHOWN:
        lines.append(f"... and {len(pods) - _SHOWN} more pods")
    return lines


def _why_not_ready(pod: Object) -> str:
    status = pod.get("status") or {}
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return "the pod is being deleted"
    if status.get("phase") in {"Succeeded", "Failed"}:
        return f"the pod has ended ({status['phase']})"
    if not status.get("podIP"):
        return f"the pod has no address yet ({pod_state(pod)})"
    found = condition(pod, "Ready")
    if found.get("status") == "True":
        return "the pod is ready; the endpoints have not caught up"
    return one_line(str(found.get("message") or found.get("reason") or "the pod is not ready"), 200)


def _near_lines(selector: Mapping[str, Any], pods: Sequence[Object]) -> list[str]:
    """Return the pods that nearly match: those that miss the fewest labels of the selector."""
    scored = sorted(
        ((len(misses), pod, misses) for pod in pods if (misses := _misses(selector, pod))), key=lambda s: s[0]
    )
    # A pod is near when it has at least one of the labels, or a value that looks like a wanted one.
    near = [entry for entry in scored if entry[0] < len(selector) or _shares_value(selector, entry[1])]
    if not near:
        return [f"NO pod of the namespace matches the selector, nor nearly ({plural(len(pods), 'pod')} compared)."]
    lines = ["NO pod matches the selector. Nearest:"]
    for _, pod, misses in near[:_NEAR_SHOWN]:
        lines.append(f"  {pod['metadata'].get('name')}: {'; '.join(misses)}")
    return lines


def _shares_value(selector: Mapping[str, Any], pod: Object) -> bool:
    """Return whether a pod has one of the wanted values under another key, or nearly the wanted value."""
    labels = (pod.get("metadata") or {}).get("labels") or {}
    wanted = [str(value) for value in selector.values()]
    return any(str(v) in wanted or any(_is_close(str(v), value) for value in wanted) for v in labels.values())


def _is_close(one: str, other: str) -> bool:
    import difflib

    return difflib.SequenceMatcher(None, one, other).ratio() >= 0.7


def _ingress_lines(cluster: Cluster, namespace: str, name: str) -> list[str]:
    try:
        found, _ = cluster.list_objects(builtin("Ingress"), Selection(namespace=namespace), limit=500)
    except ClusterError as error:
        return [not_read("ingresses", error)]
    lines = []
    for ingress in found:
        for host, path, backend in _backends(ingress):
            if backend.get("name") == name:
                port = backend.get("port") or {}
                number = port.get("name") or port.get("number")
                lines.append(f"ingress {ingress['metadata'].get('name')}: {host}{path} -> port {number}")
    return lines


def _backends(ingress: Object) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    spec = ingress.get("spec") or {}
    default = (spec.get("defaultBackend") or {}).get("service")
    if default:
        yield "*", "", default
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            service = (path.get("backend") or {}).get("service")
            if service:
                yield str(rule.get("host") or "*"), str(path.get("path") or "/"), service
