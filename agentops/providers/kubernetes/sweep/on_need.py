"""What a sweep of few namespaces reads beyond them, only when what it read asks for it: cluster DNS, priority classes.

Comes in: the objects and log tails of a sweep. Goes out: CoreDNS with its settings and logs, and PriorityClasses, added
to the result. Nothing leaves the run's boundary: what lies outside is a gap with its name. Nothing here fails a sweep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.core.errors import ClusterError, NotFound
from agentops.core.progress import Progress, Stage, Step
from agentops.core.threads import Job, run_as_they_end
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.api.pruning import Pruner
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.snapshot import LogTail
from agentops.providers.kubernetes.sweep.fetch import THREADS, FetchResult, read_logs
from agentops.providers.kubernetes.sweep.unwell import log_requests

DNS_NAMESPACE = "kube-system"
_DNS_PODS = "k8s-app=kube-dns"
_DNS_KINDS = ("Deployment", "ReplicaSet", "Pod", "Service")
_DNS_SETTINGS = ("coredns", "coredns-custom")
READ_ON_NEED = ("PriorityClass",)
"""The kinds that only this reads; without the right to, a preemption is explained less far."""
_DEADLINE_S = 10.0
_LOG_LIMIT = 2
_UNRESOLVED = re.compile(
    r"no such host|name or service not known|temporary failure in name resolution|could not (?:resolve|translate) host|"
    r"\bNXDOMAIN\b|\bENOTFOUND\b|\bEAI_AGAIN\b|UnknownHostException|nodename nor servname|server misbehaving|"
    r"\blookup \S+.{0,80}(?:i/o timeout|connection refused)",
    re.IGNORECASE,
)
_PRIORITIES = re.compile(r"\bno PriorityClass with name\b|^Preempted by\b")


def read_cluster_dns(
    cluster: Cluster,
    logs: Sequence[LogTail],
    result: FetchResult,
    scope: Sequence[str],
    now: datetime,
    *,
    progress: Progress,
) -> tuple[LogTail, ...]:
    """Read CoreDNS where a log says that a name is not found, and return the logs of its unwell pods.

    Source: every Kubernetes DNS add-on keeps the label ``k8s-app=kube-dns`` and the Service ``kube-dns``
    (https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/).
    """
    said = any(_UNRESOLVED.search(line) for tail in logs for line in tail.lines)
    if not said or not scope or DNS_NAMESPACE in scope:
        return ()
    if not cluster.boundary.has(DNS_NAMESPACE):
        result.cut.append(Gap(what=f"cluster DNS in {DNS_NAMESPACE}", reason=cluster.boundary.words))
        return ()
    progress(Step(stage=Stage.SWEEP, text="a log misses a name: reading the cluster's DNS", key="dns"))
    reads: dict[str, Callable[[], list[dict[str, Any]]]] = {
        kind: partial(_labelled, cluster, kind) for kind in _DNS_KINDS
    }
    reads |= {f"ConfigMap {name}": partial(_settings, cluster, name) for name in _DNS_SETTINGS}
    found = _read(reads, result, where=f" of cluster DNS in {DNS_NAMESPACE}")
    pods = [one for one in found if one["kind"] == "Pod"]
    wanted = log_requests({"Pod": pods}, Target(namespace=DNS_NAMESPACE), now, limit=_LOG_LIMIT)
    tails, gaps = read_logs(cluster, wanted, progress=progress, deadline_s=_DEADLINE_S)
    result.cut += gaps
    return tails


def read_priorities(cluster: Cluster, result: FetchResult) -> None:
    """Read the PriorityClasses where an event tells of a preemption, or of a class that is not there."""
    messages = (str(event.get("message") or "") for event in result.objects.get("Event", ()))
    if not any(map(_PRIORITIES.search, messages)):
        return
    kind = builtin("PriorityClass")
    if not cluster.boundary.allows(kind):
        result.cut.append(Gap(what="PriorityClass", reason=f"{cluster.boundary.words}; see kubernetes.cluster_kinds"))
        return
    result.objects.setdefault("PriorityClass", [])
    if not _read({"PriorityClass": partial(_pages, cluster, "PriorityClass", Selection())}, result, where=""):
        result.objects.pop("PriorityClass")


def _read(
    reads: Mapping[str, Callable[[], list[dict[str, Any]]]], result: FetchResult, *, where: str
) -> list[dict[str, Any]]:
    """Return what was read, added to the result; what could not be is a gap."""
    found: list[dict[str, Any]] = []
    missing = dict.fromkeys(reads, f"no answer within {_DEADLINE_S:.0f} s")
    jobs = [Job(key=name, work=work) for name, work in reads.items()]
    for done in run_as_they_end(jobs, threads=THREADS, deadline_s=_DEADLINE_S):
        if done.error is None:
            del missing[done.key]
            found += done.value or ()
        elif isinstance(done.error, ClusterError):
            missing[done.key] = done.error.message
        else:
            raise done.error
    for one in found:
        result.objects.setdefault(one["kind"], []).append(one)
    result.cut += [Gap(what=f"{name}{where}", reason=reason) for name, reason in missing.items()]
    return found


def _labelled(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    return _pages(cluster, kind, Selection(namespace=DNS_NAMESPACE, labels=_DNS_PODS))


def _pages(cluster: Cluster, kind: str, selection: Selection) -> list[dict[str, Any]]:
    pruner = Pruner(builtin(kind), namespace=selection.namespace)
    pages: Iterable[list[dict[str, Any]]] = cluster.list_decoded(builtin(kind), selection, pruner.page)
    return [one for page in pages for one in page]


def _settings(cluster: Cluster, name: str) -> list[dict[str, Any]]:
    kind = builtin("ConfigMap")
    try:
        found = cluster.get_object(kind, name, DNS_NAMESPACE)
    except NotFound:
        return []
    return [{"apiVersion": kind.api_version, "kind": kind.kind, **found}]
