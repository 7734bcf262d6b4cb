"""Which containers' logs are worth reading: those that are unwell, then those that the alert is about.

Comes in: pruned pods and ReplicaSets of a sweep, and the alert's target. Goes out: an ordered, capped list of log
requests. Pure; reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentops.core.alert import Target
from agentops.providers.kubernetes.objects.fields import labels_of, moment
from agentops.providers.kubernetes.objects.owners import owner_of, owner_references
from agentops.providers.kubernetes.objects.pod_health import RECENT
from agentops.providers.kubernetes.objects.selectors import contains

_NO_LOG_YET = frozenset(
    {
        "ContainerCreating", "PodInitializing", "ErrImagePull", "ImagePullBackOff", "InvalidImageName",
        "ErrImageNeverPull", "ImageInspectError", "CreateContainerConfigError", "CreateContainerError",
    }
)  # fmt: skip
_SAME_OWNER_LIMIT = 2
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRequest:
    """One container whose log is wanted; ``rank`` 0 is wanted most."""

    namespace: str
    pod: str
    container: str
    owner: str
    previous: bool
    rank: int


def log_requests(
    objects: Mapping[str, Iterable[Mapping[str, Any]]], target: Target, now: datetime, *, limit: int
) -> tuple[LogRequest, ...]:
    """Return at most ``limit`` containers whose logs should be read, the most telling first.

    At most two pods of one owner are taken for the same container: replicas of one template fail alike.
    """
    owners = _grand_owners(objects.get("ReplicaSet", ()))
    selectors = _service_selector(objects.get("Service", ()), target)
    requests: list[LogRequest] = []
    for pod in objects.get("Pod", ()):
        about = _is_about(pod, target, owners, selectors)
        requests += _of_pod(pod, about, now, owners)
    taken: dict[tuple[str, str, str], int] = {}
    chosen: list[LogRequest] = []
    for request in sorted(
        requests, key=lambda request: (request.rank, request.namespace, request.pod, request.container)
    ):
        key = (request.namespace, request.owner, request.container)
        # The pods of one workload mostly fail alike: a few of their logs tell as much as all.
        if taken.get(key, 0) < _SAME_OWNER_LIMIT:
            taken[key] = taken.get(key, 0) + 1
            chosen.append(request)
    return tuple(chosen[:limit])


def _of_pod(pod: Mapping[str, Any], about: bool, now: datetime, owners: Mapping[str, str]) -> Iterator[LogRequest]:
    metadata, status = pod["metadata"], pod.get("status") or {}
    owner = _owner(pod, owners)
    statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    for container in statuses:
        trouble = _trouble(container, status.get("phase"), now)
        if trouble is None and not (about and _has_log(container)):
            continue
        rank = 8 if trouble is None else trouble
        yield LogRequest(
            namespace=metadata.get("namespace") or "",
            pod=metadata.get("name") or "",
            container=container.get("name") or "",
            owner=owner,
            previous=bool(container.get("restartCount")) and trouble is not None,
            rank=rank - 4 if about and trouble is not None else rank,
        )


def _trouble(container: Mapping[str, Any], phase: Any, now: datetime) -> int | None:
    """Return how telling this container's log will be, 4 for most, or None when it looks well or has no log."""
    state = container.get("state") or {}
    waiting, terminated = state.get("waiting"), state.get("terminated")
    if waiting:
        # A container that waits has a log only when it ran before.
        crashed = bool(container.get("restartCount")) or bool((container.get("lastState") or {}).get("terminated"))
        return 4 if crashed and waiting.get("reason") not in _NO_LOG_YET else None
    if terminated:
        return 4 if terminated.get("exitCode") else None
    if not state.get("running"):
        return None
    if not container.get("ready") and phase == "Running":
        return 5
    ended = moment(container, "lastState", "terminated", "finishedAt")
    return 6 if ended is not None and now - ended <= RECENT else None


def _has_log(container: Mapping[str, Any]) -> bool:
    state = container.get("state") or {}
    return bool(state.get("running"))


def _grand_owners(replica_sets: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what owns each ReplicaSet, ``Deployment/web``, by the ReplicaSet's uid."""
    owned = ((str(item["metadata"].get("uid") or ""), owner_of(item)) for item in replica_sets)
    return {uid: _named(owner) for uid, owner in owned if owner}


def _owner(pod: Mapping[str, Any], owners: Mapping[str, str]) -> str:
    """Return the workload that a pod is of, ``Deployment/web``; a pod of its own is its own."""
    owner = owner_of(pod)
    if owner is None:
        return f"Pod/{pod['metadata'].get('name')}"
    return owners.get(str(owner.get("uid") or "")) or _named(owner)


def _named(reference: Mapping[str, Any]) -> str:
    return f"{reference.get('kind')}/{reference.get('name')}"


def _service_selector(services: Iterable[Mapping[str, Any]], target: Target) -> Mapping[str, str]:
    if target.kind != "Service":
        return {}
    for service in services:
        metadata = service["metadata"]
        if metadata.get("name") == target.name and target.namespace in {"", metadata.get("namespace")}:
            return (service.get("spec") or {}).get("selector") or {}
    return {}


def _is_about(pod: Mapping[str, Any], target: Target, owners: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    metadata = pod["metadata"]
    if not target.known or target.namespace not in {"", metadata.get("namespace")}:
        return False
    if target.kind == "Pod":
        return bool(metadata.get("name") == target.name)
    if target.kind in _WORKLOADS:
        return f"{target.kind}/{target.name}" in {*map(_named, owner_references(pod)), _owner(pod, owners)}
    return bool(selector) and contains(labels_of(pod), selector)
