"""Label selectors over plain objects, and other things that are asked of any pod.

Comes in: selectors, labels, pods as plain dicts. Goes out: answers. Must never send a request. Source:
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
Labels: TypeAlias = Mapping[str, Any]
_ENDED = frozenset({"Succeeded", "Failed"})


def matches(selector: Any, labels: Labels) -> bool:
    """Return whether a ``LabelSelector`` selects these labels; an empty one selects all, a missing one nothing."""
    if not isinstance(selector, Mapping):
        return False
    pairs = selector.get("matchLabels") or {}
    terms = selector.get("matchExpressions") or ()
    return has_all(labels, pairs) and all(_holds(term, labels) for term in terms)


def has_all(labels: Labels, wanted: Labels) -> bool:
    """Return whether every wanted pair is among the labels."""
    return all(labels.get(key) == value for key, value in wanted.items())


def _holds(term: Object, labels: Labels) -> bool:
    value, values, operator = labels.get(str(term.get("key"))), term.get("values") or (), term.get("operator")
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    return (value is not None) if operator == "Exists" else (operator == "DoesNotExist" and value is None)


def labels_of(item: Object) -> dict[str, Any]:
    """Return an object's labels; empty when it has none."""
    return (item.get("metadata") or {}).get("labels") or {}


def annotations_of(item: Object) -> dict[str, Any]:
    """Return an object's annotations; empty when it has none."""
    return (item.get("metadata") or {}).get("annotations") or {}


def name_of(item: Object) -> str:
    """Return an object's name; empty when it has none."""
    return str((item.get("metadata") or {}).get("name") or "")


def namespace_of(item: Object) -> str:
    """Return an object's namespace; empty when it is cluster-scoped."""
    return str((item.get("metadata") or {}).get("namespace") or "")


def spec_of(item: Object | None) -> Object:
    """Return an object's spec; empty when there is none."""
    spec = (item or {}).get("spec")
    return spec if isinstance(spec, Mapping) else {}


def status_of(item: Object) -> Object:
    """Return an object's status; empty when there is none."""
    status = item.get("status")
    return status if isinstance(status, Mapping) else {}


def controller_of(item: Object) -> Object | None:
    """Return the owner reference that controls an object, or None."""
    references = (item.get("metadata") or {}).get("ownerReferences") or ()
    return next((one for one in references if one.get("controller")), None)


def is_active(pod: Object) -> bool:
    """Return whether a pod counts for its workload: it has not ended and is not being deleted."""
    metadata = pod.get("metadata") or {}
    return not metadata.get("deletionTimestamp") and status_of(pod).get("phase") not in _ENDED


def is_ready(pod: Object) -> bool:
    """Return whether a pod is capacity: active, with a Ready condition that is true."""
    conditions = status_of(pod).get("conditions") or ()
    return is_active(pod) and any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def ready_count(pods: Iterable[Object]) -> int:
    """Return how many of the pods are ready."""
    return sum(map(is_ready, pods))


def claims_of(pod_spec: Object) -> tuple[str, ...]:
    """Return the names of the PersistentVolumeClaims that a pod spec mounts."""
    sources = [volume.get("persistentVolumeClaim") or {} for volume in pod_spec.get("volumes") or ()]
    return tuple(str(source["claimName"]) for source in sources if source.get("claimName"))


def has_claims(pod: Object) -> bool:
    """Return whether a pod keeps data on a PersistentVolumeClaim, a generic ephemeral volume included."""
    spec = spec_of(pod)
    return bool(claims_of(spec)) or any(volume.get("ephemeral") for volume in spec.get("volumes") or ())


def has_empty_dir(pod: Object) -> bool:
    """Return whether a pod has a volume whose content goes with it."""
    return any("emptyDir" in volume for volume in spec_of(pod).get("volumes") or ())


def template_of(item: Object | None) -> Object:
    """Return the pod template of a workload, a CronJob's included; empty when it has none."""
    spec = spec_of(item)
    found = spec_of(spec.get("jobTemplate")).get("template") if "jobTemplate" in spec else spec.get("template")
    return found if isinstance(found, Mapping) else {}


def fronts(service: Object | None, labels: Labels) -> bool:
    """Return whether a Service sends traffic to pods with these labels; one without a selector to none."""
    selector = spec_of(service).get("selector") or {}
    return bool(selector) and has_all(labels, selector)


def share_text(part: int, whole: int) -> str:
    """Return ``1 of 3 pods``."""
    return f"{part} of {whole} pod{'' if whole == 1 else 's'}"
