"""The Kubernetes read tools: what each declares, and the tools themselves for one cluster.

``SPECS`` is data and imports nothing heavy; ``read_tools`` binds it to a cluster. The descriptions are what a model
chooses by, so they say when to use a tool; together they are kept under 6,500 bytes, because every turn pays for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.tool import ReadTool, ToolSpec

if TYPE_CHECKING:
    from agentops.tools.kubernetes.arguments import Arguments
    from agentops.tools.kubernetes.client import Cluster

_NAME = {"type": "string"}
# Said once, at the first tool, for all: every turn pays for each word.
_KIND = {"type": "string", "description": "kind, plural or short name; CRDs too; KIND.GROUP if ambiguous"}
_NAMESPACE = {"type": "string", "description": "default, here and elsewhere: the pinned one; * for all"}
_ANY = {"type": "string", "description": "* for all"}
_FLAG = {"type": "boolean"}


def _limit(most: int, description: str = "") -> dict[str, Any]:
    limit: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": most}
    return limit | ({"description": description} if description else {})


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _spec(
    name: str, description: str, properties: Mapping[str, Any], required: tuple[str, ...], permissions: tuple[str, ...]
) -> ToolSpec:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return ToolSpec(
        name=f"kubernetes_{name}", description=description, schema=schema, permissions=permissions, timeout_s=60.0
    )


SPECS: tuple[ToolSpec, ...] = (
    _spec(
        "list",
        "List objects of a kind as a table with their health, or count them.",
        {
            "kind": _KIND,
            "namespace": _NAMESPACE,
            "labels": _text("label selector, e.g. app=web,tier!=db"),
            "fields": _text("field selector, e.g. spec.nodeName=n1"),
            "name_contains": _NAME,
            "columns": {
                "type": "array",
                "items": {"type": "string"},
                "description": "paths to show, e.g. spec.containers.image, status.conditions[type=Ready].status",
            },
            "limit": _limit(1000, "default 100"),
            "count": _FLAG,
        },
        ("kind",),
        ("list KIND",),
    ),
    _spec(
        "get",
        "One object as YAML, noise removed. Secret values are never shown, only their keys and sizes.",
        {
            "kind": _NAME,
            "name": _NAME,
            "namespace": _NAME,
            "full": {**_FLAG, "description": "keep noisy status fields"},
        },
        ("kind", "name"),
        ("get KIND",),
    ),
    _spec(
        "describe",
        "One object with owners, children, conditions, events, latest rollout change, who wrote it. Start here.",
        {"kind": _NAME, "name": _NAME, "namespace": _NAME},
        ("kind", "name"),
        ("get KIND", "list pods", "list events", "list replicasets.apps", "list controllerrevisions.apps"),
    ),
    _spec(
        "events",
        "Events, newest first; of one object, or of a namespace.",
        {
            "namespace": _ANY,
            "kind": _NAME,
            "name": _NAME,
            "type": {"type": "string", "enum": ["Warning", "Normal"]},
            "contains": _text("text in reason or message"),
            "since_minutes": _limit(100_000),
            "limit": _limit(500, "default 50"),
        },
        (),
        ("list events",),
    ),
    _spec(
        "logs",
        "Log lines of a pod, or of a workload's or selector's pods (failing first), repeats folded. previous: the run "
        "before a restart.",
        {
            "pod": _NAME,
            "workload": _text("e.g. Deployment/web"),
            "labels": _text("selector"),
            "namespace": _NAME,
            "container": _text("default: all"),
            "previous": _FLAG,
            "tail": _limit(5000, "last lines after filtering, default 200, or 40 a pod"),
            "head": _limit(5000, "first lines instead"),
            "since_minutes": _limit(100_000),
            "include": _text("regex a line must match"),
            "exclude": _text("regex of lines to drop"),
        },
        (),
        ("get pods", "list pods", "get pods/log"),
    ),
    _spec(
        "rollout_history",
        "Which field of the pod template changed in which revision and when.",
        {
            "kind": {"type": "string", "enum": ["Deployment", "StatefulSet", "DaemonSet"]},
            "name": _NAME,
            "namespace": _NAME,
            "limit": _limit(50, "revisions, default 5"),
        },
        ("kind", "name"),
        ("get KIND", "list replicasets.apps", "list controllerrevisions.apps"),
    ),
    _spec(
        "endpoints",
        "Which pods are behind a Service and why others are not: selector near-misses, readiness, port names.",
        {"service": _NAME, "namespace": _NAME},
        ("service",),
        ("get services", "list endpointslices.discovery.k8s.io", "list pods", "list ingresses.networking.k8s.io"),
    ),
    _spec(
        "capacity",
        "Nodes (allocatable, requested, conditions, taints), quotas, limit ranges: for unschedulable pods.",
        {"namespace": _ANY, "node": _text("only this node, with its pods")},
        (),
        ("list nodes", "list pods", "list resourcequotas", "list limitranges"),
    ),
    _spec(
        "metrics",
        "CPU and memory used now, next to requests and limits.",
        {
            "kind": {"type": "string", "enum": ["Pod", "Node"]},
            "namespace": _ANY,
            "name_contains": _NAME,
            "limit": _limit(500, "default 50"),
        },
        ("kind",),
        ("list pods.metrics.k8s.io", "list nodes.metrics.k8s.io", "list pods", "list nodes"),
    ),
    _spec(
        "can_i",
        "Whether this identity may do something, or without a verb all that it may do.",
        {
            "verb": _text("get, list, patch ..."),
            "kind": _NAME,
            "subresource": _text("e.g. log"),
            "name": _NAME,
            "namespace": _ANY,
        },
        (),
        ("create selfsubjectaccessreviews", "create selfsubjectrulesreviews"),
    ),
)


_NEEDS_GROUP: Mapping[str, str] = {"kubernetes_metrics": "metrics.k8s.io"}
"""API groups that not every cluster serves, by the tool that is of no use without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTool:
    """A read tool bound to one cluster."""

    spec: ToolSpec
    cluster: Cluster
    clock: Clock
    carry_out: Callable[[Cluster, Clock, Arguments], Reading]

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Carry out one read.

        Raises:
            ToolInputError: the arguments do not fit.
            ClusterError: the API server refused, failed or did not answer.
        """
        from agentops.tools.kubernetes.arguments import checked

        return self.carry_out(self.cluster, self.clock, checked(self.spec, arguments))


def served_tools(cluster: Cluster, clock: Clock) -> tuple[ReadTool, ...]:
    """Return the read tools that ``cluster`` serves the API of, so that a model is not told of one that cannot answer.

    Where the server does not say what it serves, all of them: the tool itself will say that it is not served.
    """
    from agentops.core.errors import ClusterError

    tools = read_tools(cluster, clock)
    try:
        groups = {kind.group for kind in cluster.kinds()}
    except ClusterError:
        return tools
    return tuple(tool for tool in tools if _NEEDS_GROUP.get(tool.spec.name, "") in {"", *groups})


def read_tools(cluster: Cluster, clock: Clock) -> tuple[ReadTool, ...]:
    """Return all read tools for ``cluster``, in the order of ``SPECS``."""
    from agentops.tools.kubernetes.access import can_i
    from agentops.tools.kubernetes.capacity import capacity
    from agentops.tools.kubernetes.description import describe
    from agentops.tools.kubernetes.endpoints import endpoints
    from agentops.tools.kubernetes.listing import list_objects
    from agentops.tools.kubernetes.logs import logs
    from agentops.tools.kubernetes.manifest import get_object
    from agentops.tools.kubernetes.metrics import metrics
    from agentops.tools.kubernetes.occurrences import events
    from agentops.tools.kubernetes.rollout import rollout_history

    parts = (
        list_objects,
        get_object,
        describe,
        events,
        logs,
        rollout_history,
        endpoints,
        capacity,
        metrics,
        can_i,
    )
    return tuple(
        ClusterTool(spec=spec, cluster=cluster, clock=clock, carry_out=part)
        for spec, part in zip(SPECS, parts, strict=True)
    )
