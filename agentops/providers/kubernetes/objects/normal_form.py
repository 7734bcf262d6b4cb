"""An object as its owner writes it: what a change shows, what its digest is over, what an undo has to bring back.

Comes in: an object as the API server sends it. Goes out: a new object without what the server keeps for itself. Must
never let a Secret's content pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SERVER_OWNED = frozenset(
    {
        "managedFields",
        "resourceVersion",
        "uid",
        "generation",
        "creationTimestamp",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    }
)
_MACHINE_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kapp.k14s.io/original",
    "objectset.rio.cattle.io/applied",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "volumes.kubernetes.io/",
    "node.alpha.kubernetes.io/",
    "autoscaling.alpha.kubernetes.io/",
    "control-plane.alpha.kubernetes.io/",
)
_SECRET_CONTENT = frozenset({"data", "stringData"})
_JOB_LABELS = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid"})
# https://kubernetes.io/docs/reference/labels-annotations-taints/ ; out-of-service is not among them: people set it.
_NODE_TAINTS = frozenset(
    f"node.kubernetes.io/{name}"
    for name in (
        "unschedulable",
        "not-ready",
        "unreachable",
        "memory-pressure",
        "disk-pressure",
        "pid-pressure",
        "network-unavailable",
    )
)


def is_machine_annotation(name: str) -> bool:
    """Return whether a program writes this annotation for itself: no change of ours and no part of a comparison."""
    return name.startswith(_MACHINE_ANNOTATIONS)


def normalised(obj: Mapping[str, Any], *, reveal: bool = False) -> dict[str, Any]:
    """Return ``obj`` without status, server-owned metadata, machine annotations, nulls and a Secret's content.

    Empty label and annotation maps count as absent: the server drops them, an undo leaves them. What is nobody's to
    write though it stands in the spec (a Job's own selector, a cordoned node's taint) is left out too; ``reveal`` keeps
    it, to find out whether somebody means to. What is chosen only when nobody asks is for ``server_values.py``.
    """
    secret = obj.get("kind") == "Secret"
    kept = {
        key: _without_nulls(value)
        for key, value in obj.items()
        if key != "status" and value is not None and not (secret and key in _SECRET_CONTENT)
    }
    kept["metadata"] = _metadata(kept.get("metadata") or {})
    rule = _RULES.get(str(obj.get("kind")))
    if rule is not None and not reveal and isinstance(kept.get("spec"), dict):
        rule(kept)
    return kept


def _metadata(whole: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in whole.items() if key not in _SERVER_OWNED}
    annotations = kept.get("annotations") or {}
    kept["annotations"] = {key: value for key, value in annotations.items() if not is_machine_annotation(key)}
    # The server drops empty maps, an undo leaves them: both count as absent.
    return {key: value for key, value in kept.items() if value or key not in {"annotations", "labels"}}


def _node(kept: dict[str, Any]) -> None:
    taints = [one for one in kept["spec"].get("taints") or () if one.get("key") not in _NODE_TAINTS]
    kept["spec"].pop("taints", None)
    if taints:
        kept["spec"]["taints"] = taints


def _job(kept: dict[str, Any]) -> None:
    template = (kept["spec"].get("template") or {}).get("metadata") or {}
    selector = kept["spec"].get("selector") or {}
    for holder, field in ((kept["metadata"], "labels"), (template, "labels"), (selector, "matchLabels")):
        if isinstance(holder.get(field), dict):
            holder[field] = {key: value for key, value in holder[field].items() if key not in _JOB_LABELS}


_RULES = {"Node": _node, "Job": _job}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
