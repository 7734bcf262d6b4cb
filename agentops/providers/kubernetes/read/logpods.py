"""Which pods a log is wanted of: one by name, those of a workload, or those that a selector picks.

Comes in: the arguments of ``kubernetes_logs``. Goes out: a few pods, what does not run first and then the youngest, and
a phrase about those that were left out. The pods themselves are read; their logs are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentops.core.errors import NotFound, ToolInputError
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.api.relatives import USED, children, users
from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.paths import check_part
from agentops.providers.kubernetes.objects.pod_health import restarts
from agentops.providers.kubernetes.objects.status import pod_state
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.lookup import object_named

_PODS_READ = 5
_LIST_LIMIT = 1_000
_QUIET = frozenset({"Running", "Succeeded"})
_WAYS = ("pod", "workload", "labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPods:
    """The pods to read; ``what`` names them in a summary, ``note`` says which are left out, ``named``: it is one."""

    pods: tuple[Object, ...]
    what: str
    note: str = ""
    named: bool = False


def log_pods(cluster: Cluster, arguments: Arguments, namespace: str) -> LogPods:
    """Return the pods that the arguments mean.

    Raises:
        ToolInputError: none or several of ``pod``, ``workload`` and ``labels`` are given, or one cannot be used.
        NotFound: there is no such pod or workload, or it has no pods; the hint names near ones.
        ClusterError: what is asked for cannot be read.
    """
    given = [way for way in _WAYS if arguments.text(way)]
    if len(given) != 1:
        raise ToolInputError(f"give one of pod, workload and labels, not {' and '.join(given) or 'none'}")
    if given == ["pod"]:
        name = arguments.name("pod")
        return LogPods(
            pods=(object_named(cluster, builtin("Pod"), name, namespace),), what=f"{namespace}/{name}", named=True
        )
    if given == ["labels"]:
        labels = arguments.text("labels")
        found, _more = cluster.list_objects(
            builtin("Pod"), Selection(namespace=namespace, labels=labels), limit=_LIST_LIMIT
        )
        return _chosen(found, f"pods {one_line(labels, 80)} in {namespace}")
    return _of_workload(cluster, arguments.text("workload"), namespace)


def _of_workload(cluster: Cluster, text: str, namespace: str) -> LogPods:
    kind_name, slash, name = text.partition("/")
    if not slash:
        raise ToolInputError(f"workload {one_line(text, 60)!r} names no kind", hint="Write it like Deployment/web.")
    kind = cluster.kind(kind_name)
    if not kind.namespaced:
        raise ToolInputError(f"a {kind.kind} is no workload", hint="Name a Deployment, StatefulSet, Job or the like.")
    item = {"kind": kind.kind, **object_named(cluster, kind, check_part(name, "workload"), namespace)}
    # A Service or a claim owns no pods but has pods that use it; those are what is meant.
    owned, _notes = users(cluster, item) if kind.kind in USED else children(cluster, item)
    return _chosen(owned.get("Pod", ()), f"pods of {kind.kind} {namespace}/{name}")


def _chosen(pods: Sequence[Object], what: str) -> LogPods:
    if not pods:
        raise NotFound(f"there are no {what}", hint="kubernetes_list shows which pods there are.")
    # Sorting is stable: what does not run, then what has restarted, and the youngest first among equals.
    youngest = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp") or ""), reverse=True)
    first = sorted(youngest, key=lambda pod: (pod_state(pod) in _QUIET, not restarts(pod)))
    left = len(pods) - _PODS_READ
    note = f"{plural(left, 'other pod')} of {len(pods):,} not read" if left > 0 else ""
    return LogPods(pods=tuple(first[:_PODS_READ]), what=what, note=note)
