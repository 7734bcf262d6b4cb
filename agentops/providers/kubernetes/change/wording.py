"""What a Kubernetes change does, in the words that a person would say: ``roll Deployment checkout back to revision 3``.

Comes in: the arguments of one tool's call. Goes out: the phrase of it, or None where it says less than the whole call;
see ``core/change_words.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.change_words import ChangeWords, Phrase
from agentops.core.jsonable import json_text


def _scale(what: str, given: Mapping[str, Any]) -> str | None:
    return f"scale {what} to {given['replicas']}" if set(given) == {"replicas"} else None


def _undo(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) - {"to_revision"}:
        return None
    revision = given.get("to_revision")
    return f"roll {what} back to " + (f"revision {revision}" if revision else "the previous revision")


def _image(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) - {"container"} != {"image"}:
        return None
    container = f"container {json_text(given['container'])} of " if "container" in given else ""
    return f"set the image of {container}{what} to {json_text(given['image'])}"


def _patch(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) == {"changes"} and isinstance(given["changes"], list | tuple):
        parts = [_field(part) if isinstance(part, Mapping) else None for part in given["changes"]]
        return None if None in parts else f"in {what} " + "; ".join(str(part) for part in parts)
    said = _field(given)
    return said and f"in {what} {said}"


def _field(given: Mapping[str, Any]) -> str | None:
    """Return one field change in words; None when it says more than these words would."""
    if set(given) == {"path", "replace"}:
        return f"replace in {given['path']} {_replacements(given['replace'])}"
    if set(given) - {"path", "old", "new"} or "path" not in given:
        return None
    if given.get("new") is None:
        return f"remove {given['path']} (now {json_text(given.get('old'))})"
    now = "" if given.get("old") is None else f" (now {json_text(given['old'])})"
    return f"set {given['path']} to {json_text(given['new'])}{now}"


def _configmap(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) == {"rename"} and isinstance(given["rename"], Mapping):
        renames = ", ".join(f"{old} to {new}" for old, new in given["rename"].items())
        return f"rename in {what} the key {renames}"
    if set(given) == {"key", "replace"}:
        return f"in {given['key']} of {what} replace {_replacements(given['replace'])}"
    return None


def _replacements(given: Any) -> str:
    if not isinstance(given, Mapping):
        return json_text(given)
    return ", ".join(f"{json_text(old)} by {json_text(new)}" for old, new in given.items())


def _resume(what: str, given: Mapping[str, Any]) -> str | None:
    return f"resume {what}" if given in ({}, {"suspend": False}) else None


def _suspend(what: str, given: Mapping[str, Any]) -> str | None:
    return f"suspend {what}" if given in ({}, {"suspend": True}) else None


_PHRASES: Mapping[str, Phrase] = {
    "kubernetes_scale": _scale,
    "kubernetes_rollout_undo": _undo,
    "kubernetes_set_image": _image,
    "kubernetes_patch": _patch,
    "kubernetes_edit_configmap": _configmap,
    "kubernetes_resume_cronjob": _resume,
    "kubernetes_suspend_cronjob": _suspend,
}
_VERBS = {
    "kubernetes_rollout_restart": "restart every pod of {} with a rollout",
    "kubernetes_cordon": "cordon {}, so that no new pods are scheduled on it",
    "kubernetes_uncordon": "uncordon {}, so that pods can be scheduled on it again",
    "kubernetes_drain": "drain {} (evict its pods)",
    "kubernetes_delete": "DELETE {}",
    "kubernetes_delete_pod": "DELETE {}",
    "kubernetes_evict_pod": "evict {}",
    "kubernetes_rerun_job": "run {} again",
    "kubernetes_resize_pvc": "grow {}",
    "kubernetes_label": "label {}",
    "kubernetes_annotate": "annotate {}",
    "kubernetes_set_env": "set the environment of {}",
    "kubernetes_set_resources": "set the resources of {}",
    "kubernetes_set_probe": "set a probe of {}",
    "kubernetes_set_service": "change {}",
    "kubernetes_set_hpa": "change the bounds of {}",
    "kubernetes_set_quota": "change {}",
    "kubernetes_set_network_policy": "change the allowed traffic in {}",
    "kubernetes_set_role_binding": "change the subjects of {}",
    "kubernetes_apply_manifest": "create or change {}",
}
WORDS = ChangeWords(prefix="kubernetes_", phrases=_PHRASES, verbs=_VERBS)
