"""``kubernetes_metrics``: what pods and nodes use now, next to what they asked for and may use.

Source: https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/ (metrics.k8s.io/v1beta1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, NotFound
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import plural
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.kinds import Kind, builtin
from agentops.providers.kubernetes.objects.pod_requests import pod_limits, pod_requests
from agentops.providers.kubernetes.objects.quantity import amount, bytes_text, cpu_text, percent
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import ANY_NAMESPACE, NAME, choice, number, read_tool
from agentops.providers.kubernetes.read.phrases import in_namespace

_GROUP = "metrics.k8s.io"
_VERSION = "v1beta1"
_READ_LIMIT = 10_000


@read_tool(
    "kubernetes_metrics",
    "CPU and memory used now, next to requests and limits.",
    {
        "kind": choice("Pod", "Node"),
        "namespace": ANY_NAMESPACE,
        "name_contains": NAME,
        "limit": number(500, "default 50"),
    },
    required=("kind",),
    permissions=("list pods.metrics.k8s.io", "list nodes.metrics.k8s.io", "list pods", "list nodes"),
    needs_group=_GROUP,
)
def metrics(cluster: Cluster, _clock: Clock, arguments: Arguments) -> Reading:
    """Return usage of pods or nodes, the most memory first.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: the cluster has no metrics server.
        ClusterError: as ``Cluster.list_objects``.
    """
    of_pods = arguments.text("kind") == "Pod"
    namespace = arguments.namespace(cluster.namespace) if of_pods else ""
    kind = Kind(
        kind="PodMetrics" if of_pods else "NodeMetrics",
        plural="pods" if of_pods else "nodes",
        group=_GROUP,
        version=_VERSION,
        namespaced=of_pods,
    )
    try:
        usage, _ = cluster.list_objects(kind, Selection(namespace=namespace), limit=_READ_LIMIT)
    # The group is served by an add-on: without it the server knows no such resource.
    except NotFound as error:
        raise NotFound(
            "this cluster does not serve metrics.k8s.io: no metrics server is installed",
            hint="Judge by requests, limits, OOM kills and events instead.",
            code="no-metrics",
        ) from error
    wanted = arguments.text("name_contains").lower()
    usage = [item for item in usage if wanted in str(item["metadata"].get("name")).lower()]
    whole, note = _whole(cluster, "Pod" if of_pods else "Node", namespace)
    rows = _pod_rows(usage, whole) if of_pods else _node_rows(usage, whole)
    limit = arguments.number("limit", 50)
    notes = [note] if note else []
    if len(rows) > limit:
        notes.append(f"Only the {limit} that use the most memory of {len(rows):,} are shown.")
    header = (
        ("POD", "CONTAINER", "CPU", "CPU REQUEST", "CPU LIMIT", "MEMORY", "MEMORY REQUEST", "MEMORY LIMIT", "OF LIMIT")
        if of_pods
        else ("NODE", "CPU", "OF ALLOCATABLE", "MEMORY", "OF ALLOCATABLE")
    )
    shown = [cells for _, cells in sorted(rows, key=lambda row: row[0], reverse=True)[:limit]]
    where = in_namespace(namespace, namespaced=of_pods)
    return Reading(
        body=table(header, shown) if shown else f"There are no metrics of {kind.plural} {where}.",
        summary=f"usage of {plural(len(rows), 'container' if of_pods else 'node')} {where}",
        footer=" ".join(notes),
    )


def _whole(cluster: Cluster, kind: str, namespace: str) -> tuple[dict[tuple[str, str], Object], str]:
    """Return the pods or nodes themselves by (namespace, name), for their requests; none when they may not be read."""
    try:
        found, _ = cluster.list_objects(builtin(kind), Selection(namespace=namespace), limit=_READ_LIMIT)
    except ClusterError as error:
        return {}, f"Requests and limits are not shown: {error.message}"
    return {(item["metadata"].get("namespace") or "", item["metadata"].get("name") or ""): item for item in found}, ""


def _pod_rows(usage: Sequence[Object], pods: Mapping[tuple[str, str], Object]) -> list[tuple[float, tuple[str, ...]]]:
    rows: list[tuple[float, tuple[str, ...]]] = []
    for item in usage:
        namespace, name = item["metadata"].get("namespace") or "", item["metadata"].get("name") or ""
        spec = (pods.get((namespace, name)) or {}).get("spec") or {}
        # Sidecars are init containers that keep running, so usage may name those too.
        containers = {c.get("name"): c for c in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))}
        for part in item.get("containers") or ():
            used = part.get("usage") or {}
            cpu, memory = amount(used.get("cpu", 0)), amount(used.get("memory", 0))
            # A spec of this one container: what the scheduler counts for a pod holds for a container alone.
            alone = {"containers": [containers.get(part.get("name")) or {}]}
            asked, limits = pod_requests(alone), pod_limits(alone)
            most = limits.get("memory", 0.0)
            cells = (
                f"{namespace}/{name}",
                str(part.get("name")),
                cpu_text(cpu),
                _set(cpu_text, asked.get("cpu", 0.0)),
                _set(cpu_text, limits.get("cpu", 0.0)),
                bytes_text(memory),
                _set(bytes_text, asked.get("memory", 0.0)),
                _set(bytes_text, most),
                percent(memory, most),
            )
            rows.append((memory, cells))
    return rows


def _set(show: Any, value: float) -> str:
    return str(show(value)) if value else "-"


def _node_rows(usage: Sequence[Object], nodes: Mapping[tuple[str, str], Object]) -> list[tuple[float, tuple[str, ...]]]:
    rows: list[tuple[float, tuple[str, ...]]] = []
    for item in usage:
        name = item["metadata"].get("name") or ""
        allocatable = ((nodes.get(("", name)) or {}).get("status") or {}).get("allocatable") or {}
        used = item.get("usage") or {}
        cpu, memory = amount(used.get("cpu", 0)), amount(used.get("memory", 0))
        cells = (
            name,
            cpu_text(cpu),
            percent(cpu, amount(allocatable.get("cpu", 0))),
            bytes_text(memory),
            percent(memory, amount(allocatable.get("memory", 0))),
        )
        rows.append((memory, cells))
    return rows
