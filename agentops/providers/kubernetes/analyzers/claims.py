"""Pods that mount a PersistentVolumeClaim which does not exist: what it is called, and what is there instead.

The scheduler waits for the claim and says so; a claim of almost that name that nobody else mounts is taken for the one
that was meant. The claims of a StatefulSet's own templates are left out: its controller makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from agentops.core.finding import Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.corrections import template_patch
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.declaration import OWNER, PATCH, UNDO, analyzer, exact
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    items,
    key_of,
    moment,
    name_of,
    namespace_of,
    pod_spec,
    text,
)
from agentops.providers.kubernetes.objects.pod_template import claim_names
from agentops.providers.kubernetes.objects.suggestions import Likeness, likeness

NAME = "claims"
_FRESH = timedelta(seconds=30)
MISSING_PVC = exact(
    "MissingPvc",
    OWNER,
    "a PersistentVolumeClaim that the pods mount does not exist",
    fields=("volumes[",),
    remedies=(UNDO, PATCH),
)


@analyzer(NAME, MISSING_PVC)
def claims(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose pods wait for a claim that does not exist."""
    return collapse(graph, NAME, [sign for pod in graph.unwell_pods for sign in _signs(graph, pod)])


def _signs(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    namespace, made = namespace_of(pod), moment(pod, "metadata", "creationTimestamp")
    fresh = made is not None and graph.now - made < _FRESH
    if text(pod, "spec", "nodeName") or fresh or not graph.was_read("PersistentVolumeClaim", namespace):
        return
    for volume in items(pod, "spec", "volumes"):
        claim = text(volume, "persistentVolumeClaim", "claimName")
        if not claim or claim.endswith(f"-{name_of(pod)}"):
            continue
        if graph.find("PersistentVolumeClaim", namespace, claim) is None:
            yield _sign(graph, pod, text(volume, "name"), claim)


def _sign(graph: Graph, pod: dict[str, Any], volume: str, claim: str) -> PodSymptom:
    namespace, key = namespace_of(pod), graph.workload(pod)
    there = [name_of(one) for one in graph.in_namespace("PersistentVolumeClaim", namespace)]
    like = likeness(claim, there, taken=_mounted(graph, namespace, key))
    since = moment(condition(pod, "PodScheduled"), "lastTransitionTime")
    origin = blame(graph, key, MISSING_PVC, since=since)
    what = f"PersistentVolumeClaim {namespace}/{claim}, which its volume {volume} names, does not exist{like.hint}"
    listed = ", ".join(sorted(there)[:8]) or "(none)"
    return PodSymptom(
        pod=pod,
        condition=MISSING_PVC.name,
        what=f"{what}; {origin.clause}" if origin else what,
        facts=(
            quote(graph, pod, f"spec.volumes[{volume}].persistentVolumeClaim.claimName", claim),
            quote(graph, ("Namespace", "", namespace), "its PersistentVolumeClaims", listed),
        ),
        since=since,
        advice=f"Name {like.near}, or make the claim." if like.near else "Correct the claim's name, or make the claim.",
        remedies=(*(origin.remedies if origin else ()), *_rename(graph, key, volume, claim, like)),
    )


def _mounted(graph: Graph, namespace: str, key: Key) -> set[str]:
    """Return the claims that other workloads mount: a volume is rarely meant for two."""
    others = (one for one in graph.workloads_by_namespace.get(namespace, ()) if key_of(one) != key)
    return {claim for one in others for claim in claim_names(pod_spec(one))}


def _rename(graph: Graph, key: Key, volume: str, claim: str, like: Likeness) -> Iterator[Change]:
    if like.near:
        path = f"volumes[{volume}].persistentVolumeClaim.claimName"
        yield from template_patch(graph, key, like.why, {"path": path, "old": claim, "new": like.near})
