"""``kubernetes_capacity``: what nodes and quotas still have room for.

Requests are summed from the pods themselves, as the scheduler does: a pod that has ended counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, NotFound, Unreachable
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.fields import Object, flag
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.node_conditions import bad_conditions
from agentops.providers.kubernetes.objects.pod_requests import pod_limits, pod_requests
from agentops.providers.kubernetes.objects.quantity import amount, bytes_text, cpu_text, percent
from agentops.providers.kubernetes.objects.status import pod_state
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import ANY_NAMESPACE, read_tool, text
from agentops.providers.kubernetes.read.lookup import object_named
from agentops.providers.kubernetes.read.phrases import not_read

_NODES_SHOWN = 40
_PODS_SHOWN = 40
_NODE_LIMIT = 5_000
_ENDED = frozenset({"Succeeded", "Failed"})


@dataclass(slots=True)
class Load:
    """What the pods of one node ask for."""

    cpu: float = 0.0
    memory: float = 0.0
    pods: int = 0
    names: list[tuple[float, Object]] = field(default_factory=list)


@read_tool(
    "kubernetes_capacity",
    "Nodes (allocatable, requested, conditions, taints), quotas, limit ranges: for unschedulable pods.",
    {"namespace": ANY_NAMESPACE, "node": text("only this node, with its pods")},
    permissions=("list nodes", "list pods", "list resourcequotas", "list limitranges"),
)
def capacity(cluster: Cluster, _clock: Clock, arguments: Arguments) -> Reading:
    """Return nodes with what is allocatable and requested, and the quotas and limit ranges of a namespace.

    What this identity may not read is said in the footer; the rest is shown.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: the node that was asked for does not exist.
        Unreachable: the API server does not answer.
    """
    namespace = arguments.namespace(cluster.namespace)
    only = arguments.optional_name("node")
    parts: list[str] = []
    notes: list[str] = []
    nodes: Sequence[Object] = ()
    try:
        nodes = _nodes(cluster, only)
        loads = _loads(cluster, only, notes)
        parts.append(_node_table(nodes, loads, notes))
        parts += _node_detail(nodes[0], (loads or {}).get(only)) if only else []
    # No answer at all, or a misspelt node, is an error; what may not be read is a note, and the rest is shown.
    except (Unreachable, NotFound):
        raise
    except ClusterError as error:
        notes.append(not_read("nodes", error))
    # Who asks about one node does not ask about a namespace.
    of_namespace = () if only and not arguments.text("namespace") else _OF_NAMESPACE
    for kind, show in of_namespace:
        try:
            found, _ = cluster.list_objects(builtin(kind), Selection(namespace=namespace), limit=1_000)
            parts += show(found)
        except Unreachable:
            raise
        except ClusterError as error:
            notes.append(not_read(builtin(kind).plural, error))
    where = f", quotas in {namespace or 'all namespaces'}" if of_namespace else ""
    return Reading(
        body="\n".join(parts) or "Nothing could be read.",
        summary=plural(len(nodes), "node") + where,
        footer="; ".join(notes),
        resources=tuple(cluster.ref("Node", node["metadata"]["name"]) for node in nodes[:_NODES_SHOWN]),
    )


def _nodes(cluster: Cluster, only: str) -> list[dict[str, Any]]:
    kind = builtin("Node")
    if not only:
        return cluster.list_objects(kind, Selection(), limit=_NODE_LIMIT)[0]
    return [object_named(cluster, kind, only)]


def _loads(cluster: Cluster, only: str, notes: list[str]) -> dict[str, Load] | None:
    from agentops.providers.kubernetes.api.pruning import Pruner

    kind = builtin("Pod")
    selection = Selection(fields=f"spec.nodeName={only}" if only else "")
    loads: dict[str, Load] = {}
    try:
        for page in cluster.list_decoded(kind, selection, Pruner(kind).page):
            _add(loads, page, keep=bool(only))
    except Unreachable:
        raise
    except ClusterError as error:
        notes.append(f"requests are not shown, {not_read('pods', error)}")
        return None
    return loads


def _add(loads: dict[str, Load], pods: Iterable[Object], *, keep: bool) -> None:
    for pod in pods:
        spec = pod.get("spec") or {}
        node = spec.get("nodeName")
        # A pod without a node takes nothing of any, and one that has ended takes nothing any more.
        if not node or (pod.get("status") or {}).get("phase") in _ENDED:
            continue
        load = loads.setdefault(node, Load())
        asked = pod_requests(spec)
        memory = asked.get("memory", 0.0)
        load.cpu += asked.get("cpu", 0.0)
        load.memory += memory
        load.pods += 1
        if keep:
            load.names.append((memory, pod))


def _node_table(nodes: Sequence[Object], loads: Mapping[str, Load] | None, notes: list[str]) -> str:
    rows = []
    for node in nodes:
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        load = (loads or {}).get(node["metadata"]["name"], Load())
        cpu, memory = amount(allocatable.get("cpu", 0)), amount(allocatable.get("memory", 0))
        asked = (
            (
                f"{cpu_text(load.cpu)}/{cpu_text(cpu)} {percent(load.cpu, cpu)}",
                f"{bytes_text(load.memory)}/{bytes_text(memory)} {percent(load.memory, memory)}",
                f"{load.pods}/{allocatable.get('pods', '?')}",
            )
            if loads is not None
            else (cpu_text(cpu), bytes_text(memory), str(allocatable.get("pods", "?")))
        )
        # The fullest nodes first, by whichever of the two is scarcer: that is where pods do not fit.
        used = max(load.cpu / cpu if cpu else 0.0, load.memory / memory if memory else 0.0)
        rows.append((used, (node["metadata"]["name"], *asked, _node_state(node), _taints(node))))
    rows.sort(key=lambda row: row[0], reverse=True)
    if len(rows) > _NODES_SHOWN:
        notes.append(f"only the {_NODES_SHOWN} fullest of {len(rows):,} nodes are shown")
    what = "REQUESTED/ALLOCATABLE" if loads is not None else "ALLOCATABLE"
    header = ("NODE", f"CPU {what}", f"MEMORY {what}", "PODS", "STATE", "TAINTS")
    return table(header, [cells for _, cells in rows[:_NODES_SHOWN]])


def _node_state(node: Object) -> str:
    states = ["cordoned"] if flag(node, "spec", "unschedulable") else []
    states += [f"{found.get('type')}={found.get('status')}" for found in bad_conditions(node)]
    return ",".join(states) or "Ready"


def _taints(node: Object) -> str:
    taints = (node.get("spec") or {}).get("taints") or ()
    return ",".join(f"{t.get('key')}={t.get('value') or ''}:{t.get('effect')}" for t in taints) or "-"


def _node_detail(node: Object, load: Load | None) -> list[str]:
    lines = []
    for found in (node.get("status") or {}).get("conditions") or ():
        message = one_line(str(found.get("message") or ""), 200)
        lines.append(f"{found.get('type')}={found.get('status')} {found.get('reason') or ''}: {message}")
    pods = sorted(load.names, key=lambda entry: entry[0], reverse=True) if load else []
    rows = [
        (
            f"{pod['metadata'].get('namespace')}/{pod['metadata'].get('name')}",
            cpu_text(pod_requests(pod["spec"]).get("cpu", 0.0)),
            bytes_text(memory),
            bytes_text(pod_limits(pod["spec"]).get("memory", 0.0)),
            pod_state(pod),
        )
        for memory, pod in pods[:_PODS_SHOWN]
    ]
    if rows:
        lines.append(table(("POD", "CPU REQUEST", "MEMORY REQUEST", "MEMORY LIMIT", "STATUS"), rows))
    return lines


def _quota_lines(found: Sequence[Object]) -> list[str]:
    rows = []
    for quota in found:
        status = quota.get("status") or {}
        # The status is what the server enforces; the spec is all there is before its controller has looked.
        hard = status.get("hard") or (quota.get("spec") or {}).get("hard") or {}
        for resource, limit in hard.items():
            used = (status.get("used") or {}).get(resource, "0")
            share = percent(amount(used), amount(limit))
            metadata = quota["metadata"]
            rows.append((f"{metadata.get('namespace')}/{metadata.get('name')}", resource, str(used), str(limit), share))
    if not rows:
        return ["There are no resource quotas."]
    return [table(("QUOTA", "RESOURCE", "USED", "HARD", "SHARE"), rows)]


def _range_lines(found: Sequence[Object]) -> list[str]:
    lines = []
    for limits in found:
        metadata = limits["metadata"]
        for entry in (limits.get("spec") or {}).get("limits") or ():
            parts = [
                f"{key} {_pairs(entry[key])}" for key in ("min", "max", "default", "defaultRequest") if entry.get(key)
            ]
            name = f"{metadata.get('namespace')}/{metadata.get('name')}"
            lines.append(f"limit range {name} for each {entry.get('type')}: {'; '.join(parts)}")
    return lines or ["There are no limit ranges."]


def _pairs(values: Mapping[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in values.items())


_OF_NAMESPACE = (("ResourceQuota", _quota_lines), ("LimitRange", _range_lines))
