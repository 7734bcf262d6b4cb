"""The triage sweep: everything around an alert's target, read in parallel, then the logs of what is unwell.

Comes in: a cluster, the alert's target, the namespaces that the user chose. Goes out: a ``Snapshot`` of plain, pruned
objects; roles and bindings only where a log says that the API refused something. What cannot be read becomes a gap with
its reason. It never guesses: a kind whose absence is itself a finding (ConfigMap, Secret, Service ...) is left out as a
whole when it was read only in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, Forbidden, NotFound
from agentops.core.progress import Progress, Stage, Step
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.objects.kinds import ABSENCE_IS_A_FINDING, Kind, builtin
from agentops.providers.kubernetes.objects.snapshot import Snapshot
from agentops.providers.kubernetes.sweep.fetch import FetchResult, ListRequest, gaps_of, read_lists, read_logs
from agentops.providers.kubernetes.sweep.grants import READ_WITH_GRANTS, read_grants
from agentops.providers.kubernetes.sweep.on_need import READ_ON_NEED, read_cluster_dns, read_priorities
from agentops.providers.kubernetes.sweep.scope import find_scope, named_namespaces
from agentops.providers.kubernetes.sweep.unwell import log_requests

# The largest lists first, so that all lists together take no longer than the longest.
NAMESPACED = (
    "Pod", "Event", "ReplicaSet", "ConfigMap", "Secret", "Deployment", "StatefulSet", "DaemonSet", "Service",
    "EndpointSlice", "Job", "CronJob", "ControllerRevision", "PersistentVolumeClaim", "HorizontalPodAutoscaler",
    "PodDisruptionBudget", "NetworkPolicy", "Ingress", "ResourceQuota", "LimitRange", "ServiceAccount",
)  # fmt: skip
CLUSTER_SCOPED = (
    "Node", "Namespace", "PersistentVolume", "StorageClass", "IngressClass", "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
)  # fmt: skip
PERMISSIONS = (
    *(f"list {builtin(kind).full_name}" for kind in (*NAMESPACED, *CLUSTER_SCOPED) if kind != "Secret"),
    *(f"list {builtin(kind).full_name}" for kind in (*READ_WITH_GRANTS, *READ_ON_NEED) if kind != "ClusterRole"),
    f"get {builtin('ClusterRole').full_name}",
    "get pods/log",
)
"""What a sweep asks of the API server, as tools declare it. Secrets are listed where that is allowed, not needed."""
_LISTS_S = 60.0
_LOGS_S = 15.0
_NEIGHBOURS_S = 20.0
_LOG_LIMIT = 12
_NEIGHBOUR_LIMIT = 3
_NAMESPACES_SHOWN = 12


def sweep(
    cluster: Cluster,
    *,
    target: Target,
    namespaces: tuple[str, ...],
    clock: Clock,
    progress: Progress,
    log_window_s: int = 0,
    whole: tuple[Kind, ...] = (),
) -> Snapshot:
    """Read the neighbourhood of ``target``, or the given namespaces; no namespaces and no target means all of them.

    Arguments:
        cluster: where to read.
        target: what the alert is about; its namespace is found by its name when it has none.
        namespaces: the user's choice; overrides the target's namespace.
        clock: the time of the snapshot.
        progress: told of each list as it arrives.
        log_window_s: read only log lines that are younger; 0 reads the last ones however old they are.
        whole: kinds whose objects are read besides with all their fields.

    Raises:
        Unreachable: the API server does not answer at all.
        ClusterError: the API server does not accept the credentials.
    """
    observed_at = clock()
    scope, gaps = find_scope(cluster, target, namespaces)
    where = ", ".join(scope) or "all namespaces"
    progress(Step(stage=Stage.SWEEP, text=f"reading {where} in {cluster.context}", key="sweep"))
    result = FetchResult()
    allowed, walled = _inside(cluster)
    gaps = (*gaps, *walled, *_target_outside(cluster, target))
    requests = (*_requests(scope, cluster_scoped=allowed), *_whole(scope, whole))
    read_lists(cluster, requests, result, progress=progress, deadline_s=_LISTS_S)
    if not scope and _is_locked_out(result):
        scope = (cluster.namespace,)
        gaps = (*gaps, Gap(what="all namespaces", reason=f"not allowed; only {cluster.namespace} was read"))
        _narrow(cluster, result, (*_requests(scope), *_whole(scope, whole)), progress)
    gaps = (*gaps, *_unknown_namespaces(cluster, result, scope))
    if scope:
        scope = (*scope, *_add_neighbours(cluster, result, scope, progress))
    _leave_out_partial(result)
    wanted_logs = log_requests(result.objects, target, observed_at, limit=_LOG_LIMIT)
    logs, log_gaps = read_logs(cluster, wanted_logs, progress=progress, deadline_s=_LOGS_S, window_s=log_window_s)
    read_grants(cluster, logs, result, progress=progress)
    logs = (*logs, *read_cluster_dns(cluster, logs, result, scope, observed_at, progress=progress))
    read_priorities(cluster, result)
    count = sum(map(len, result.objects.values()))
    progress(
        Step(
            stage=Stage.SWEEP,
            text=f"read {count:,} {'object' if count == 1 else 'objects'} in {where}",
            key="sweep",
            done=True,
        )
    )
    return Snapshot(
        context=cluster.context,
        observed_at=observed_at,
        namespaces=scope,
        target=target,
        objects={kind: tuple(found) for kind, found in result.objects.items()},
        logs=logs,
        gaps=(*gaps, *gaps_of(result), *log_gaps),
        whole={kind: tuple(found) for kind, found in result.whole.items()},
    )


def _requests(scope: tuple[str, ...], *, cluster_scoped: Sequence[str] = ()) -> tuple[ListRequest, ...]:
    lists = [ListRequest(kind=builtin(kind), namespace=name) for name in scope or ("",) for kind in NAMESPACED]
    lists += [ListRequest(kind=builtin(kind)) for kind in cluster_scoped]
    return tuple(lists)


def _inside(cluster: Cluster) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
    """Return the kinds without a namespace that the run's boundary allows, and the gap of those that it does not."""
    allowed = tuple(kind for kind in CLUSTER_SCOPED if cluster.boundary.allows(builtin(kind)))
    left_out = [kind for kind in CLUSTER_SCOPED if kind not in allowed]
    if not left_out:
        return allowed, ()
    reason = f"{cluster.boundary.words}; see kubernetes.cluster_kinds"
    return allowed, (Gap(what=", ".join(left_out), reason=reason, chosen=True),)


def _target_outside(cluster: Cluster, target: Target) -> Iterator[Gap]:
    if target.namespace and not cluster.boundary.has(target.namespace):
        yield Gap(what=f"namespace {target.namespace}", reason=cluster.boundary.words)


def _whole(scope: tuple[str, ...], kinds: tuple[Kind, ...]) -> Iterator[ListRequest]:
    for kind in kinds:
        for namespace in scope if kind.namespaced and scope else ("",):
            yield ListRequest(kind=kind, namespace=namespace, whole=True)


def _unknown_namespaces(cluster: Cluster, result: FetchResult, scope: tuple[str, ...]) -> tuple[Gap, ...]:
    """Tell a namespace that does not exist from one that is empty; their lists look the same."""
    if "Namespace" not in result.objects:
        return tuple(_absent_namespaces(cluster, scope))
    known = sorted(str(item["metadata"].get("name")) for item in result.objects.get("Namespace", ()))
    near = ", ".join(known[:_NAMESPACES_SHOWN]) + (" ..." if len(known) > _NAMESPACES_SHOWN else "")
    reason = f"it does not exist; there are: {near}"
    return tuple(Gap(what=f"namespace {name}", reason=reason) for name in scope if known and name not in known)


def _absent_namespaces(cluster: Cluster, scope: tuple[str, ...]) -> Iterator[Gap]:
    """Ask for each namespace by its name, where they may not be listed."""
    for name in scope:
        try:
            cluster.get_object(builtin("Namespace"), name)
        except NotFound:
            yield Gap(what=f"namespace {name}", reason="it does not exist")
        except ClusterError:
            continue  # who may not read it has read nothing of it that says otherwise


def _is_locked_out(result: FetchResult) -> bool:
    """Return whether this identity may not even list pods across namespaces."""
    return any(request.kind.kind == "Pod" and isinstance(error, Forbidden) for request, error in result.failed.items())


def _narrow(cluster: Cluster, result: FetchResult, requests: Sequence[ListRequest], progress: Progress) -> None:
    """Read the namespaced kinds again, by ``requests`` of fewer namespaces, in place of what was read of all."""
    result.failed = {request: error for request, error in result.failed.items() if not request.kind.namespaced}
    result.objects = {kind: found for kind, found in result.objects.items() if kind in CLUSTER_SCOPED}
    result.whole.clear()
    read_lists(cluster, requests, result, progress=progress, deadline_s=_LISTS_S)


def _add_neighbours(
    cluster: Cluster, result: FetchResult, scope: tuple[str, ...], progress: Progress
) -> tuple[str, ...]:
    """Read the namespaces that the workloads talk to; one of which less can be read than here is left out whole."""
    named = named_namespaces(result.objects, scope)[:_NEIGHBOUR_LIMIT]
    names = [name for name in named if cluster.boundary.has(name)]
    result.cut += [
        Gap(what=f"neighbour namespace {name}", reason=cluster.boundary.words) for name in named if name not in names
    ]
    if not names:
        return ()
    extra = FetchResult()
    requests = [request for name in names for request in _requests((name,))]
    try:
        read_lists(cluster, requests, extra, progress=progress, deadline_s=_NEIGHBOURS_S)
    except ClusterError as error:
        result.cut += [Gap(what=f"neighbour namespace {name}", reason=error.message) for name in names]
        return ()
    # A kind that is not read here either (Secrets, for most) makes no claim anywhere.
    unread = {request.kind.kind for request in result.failed}
    broken = {
        request.namespace: error
        for request, error in extra.failed.items()
        if request.kind.kind in ABSENCE_IS_A_FINDING and request.kind.kind not in unread
    }
    result.cut += [Gap(what=f"neighbour namespace {name}", reason=error.message) for name, error in broken.items()]
    result.cut += extra.cut
    for kind, found in extra.objects.items():
        kept = [item for item in found if item["metadata"].get("namespace") not in broken]
        result.objects.setdefault(kind, []).extend(kept)
    return tuple(name for name in names if name not in broken)


def _leave_out_partial(result: FetchResult) -> None:
    """Drop kinds that were read in some namespaces only: what is missing there would look as if it did not exist."""
    for request in result.failed:
        if request.kind.kind in ABSENCE_IS_A_FINDING:
            result.objects.pop(request.kind.kind, None)
