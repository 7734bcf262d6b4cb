"""What a sweep has read, as text for the model: an object as YAML, the last log lines of what is failing.

Comes in: a snapshot. Goes out: text and readings. Nothing is read here that the sweep has not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef, kubernetes_ref
from agentops.core.tool import ToolCall
from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.noise import strip
from agentops.providers.kubernetes.objects.owners import owner_of
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot
from agentops.providers.kubernetes.read.folding import distinct
from agentops.providers.kubernetes.read.yaml_text import yaml_text

_MOST_TAILS = 2
_TAIL_LINES = 12
_FIRST = ("spec", "data", "template", "jobTemplate", "containers", "initContainers")
_LAST = ("metadata", "status")
_DEEPER = frozenset({"spec", "template", "jobTemplate"})
LOG_TOOL = "sweep_logs"


def object_text(snapshot: Snapshot, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:
    """Return an object as YAML without what the API server fills in, and the containers, mostly changed, first.

    Arguments:
        redacted: hides the secrets of a value.
    """
    found = next((one for one in snapshot.of(ref.kind) if _is(one, ref)), None)
    if found is None:
        return ""
    item = deepcopy(redacted(dict(found)))
    strip(item)
    metadata = item.get("metadata") or {}
    for known in ("name", "namespace", "creationTimestamp", "ownerReferences"):
        metadata.pop(known, None)
    kept = {key: value for key, value in item.items() if key not in ("apiVersion", "kind") and value not in ({}, [])}
    return yaml_text(_ordered(kept)).rstrip("\n")


def _ordered(value: Any) -> Any:
    """Return a map with what people change before what they rarely do, at each depth down to the containers."""
    if not isinstance(value, dict):
        return value
    keys = [*(key for key in _FIRST if key in value), *(key for key in value if key not in (*_FIRST, *_LAST))]
    keys += [key for key in _LAST if key in value]
    return {key: _ordered(value[key]) if key in _DEEPER else value[key] for key in keys}


def _is(found: Object, ref: ResourceRef) -> bool:
    metadata = found.get("metadata") or {}
    return (metadata.get("namespace") or "", metadata.get("name")) == (ref.namespace, ref.name)


def log_readings(snapshot: Snapshot, problems: Sequence[Problem]) -> tuple[tuple[ToolCall, Reading], ...]:
    """Return the last lines of the failing pods' containers: of one pod of each workload.

    Replicas of one template fail alike. The run before a restart knows why there was a restart, so it comes first.
    """
    failing = {ref for p in problems for ref in (p.resource, *p.affects, *(fact.resource for fact in p.facts))}
    chosen: dict[tuple[str, str, str], LogTail] = {}
    for tail in snapshot.logs:
        if kubernetes_ref(snapshot.context, tail.namespace, "Pod", tail.pod) in failing:
            key = (tail.namespace, _owner_of(snapshot, tail), tail.container)
            if key not in chosen or (tail.previous and not chosen[key].previous):
                chosen[key] = tail
    tails = list(chosen.values())[:_MOST_TAILS]
    return tuple((_log_call(tail), _log_reading(tail)) for tail in tails)


def _owner_of(snapshot: Snapshot, tail: LogTail) -> str:
    """Return the name of what made the pod; the pod's own where nothing did."""
    for pod in snapshot.of("Pod"):
        metadata = pod.get("metadata") or {}
        if (metadata.get("namespace"), metadata.get("name")) == (tail.namespace, tail.pod):
            return str((owner_of(pod) or {}).get("name") or tail.pod)
    return tail.pod


def _log_call(tail: LogTail) -> ToolCall:
    arguments = {"namespace": tail.namespace, "pod": tail.pod, "container": tail.container, "previous": tail.previous}
    return ToolCall(id=f"sweep-logs-{tail.pod}-{tail.container}-{tail.previous}", name=LOG_TOOL, arguments=arguments)


def _log_reading(tail: LogTail) -> Reading:
    run = ", the run before the last restart" if tail.previous else ""
    return Reading(
        body="\n".join(distinct(tail.lines)[-_TAIL_LINES:]),
        summary=f"last lines of {tail.namespace}/{tail.pod} {tail.container}{run}",
    )
