"""What an update may not change, kind by kind, in the words of the real validators.

Comes in: the new and the live object. Goes out: causes of a 422. Must never: change either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.sandbox.admission.causes import Cause, invalid
from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at

_POD_WORDS = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_SET_WORDS = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
    "forbidden"
)
_CLAIM_WORDS = (
    "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
    "claims"
)
# Kind -> path of a field that never changes.
_IMMUTABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "selector"), ("spec", "template"), ("spec", "completionMode")),
    "Secret": (("type",),),
    "PriorityClass": (("value",),),
}
_SET_MUTABLE = {
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
}


def changes_of_fixed_fields(new: Obj, live: Obj) -> Iterator[Cause]:
    """Yield what an update may not change."""
    kind = new["kind"]
    for path in _IMMUTABLE.get(kind, ()):
        if at(new, *path, default=None) != at(live, *path, default=None):
            value = at(new, *path, default=None)
            shown = _go_selector(value) if path[-1] == "selector" else ""
            yield invalid(".".join(path), value, "field is immutable", shown=shown)
    rule = _FIXED.get(kind)
    if rule is not None:
        yield from rule(new, live)


def _go_selector(selector: Obj | None) -> str:
    if selector is None:
        return "null"
    labels = ", ".join(f'"{key}":"{value}"' for key, value in sorted((selector.get("matchLabels") or {}).items()))
    terms = "[]v1.LabelSelectorRequirement" + ("{...}" if selector.get("matchExpressions") else "(nil)")
    return f"v1.LabelSelector{{MatchLabels:map[string]string{{{labels}}}, MatchExpressions:{terms}}}"


def _fixed_pod(new: Obj, live: Obj) -> Iterator[Cause]:
    if _frozen_pod(new["spec"]) != _frozen_pod(live["spec"]):
        yield "FieldValueForbidden", "spec", _POD_WORDS


def _frozen_pod(spec: Obj) -> Obj:
    kept = {field: value for field, value in spec.items() if field not in ("activeDeadlineSeconds", "tolerations")}
    for field in ("containers", "initContainers"):
        if field in kept:
            kept[field] = [{**container, "image": ""} for container in kept[field]]
    return kept


def _fixed_set(new: Obj, live: Obj) -> Iterator[Cause]:
    changed = {f for f in {*new["spec"], *live["spec"]} if new["spec"].get(f) != live["spec"].get(f)}
    if changed - _SET_MUTABLE:
        yield "FieldValueForbidden", "spec", _SET_WORDS


def _fixed_claim(new: Obj, live: Obj) -> Iterator[Cause]:
    def rest(spec: Obj) -> Obj:
        return {f: v for f, v in spec.items() if f not in ("resources", "volumeAttributesClassName", "volumeName")}

    if rest(new["spec"]) != rest(live["spec"]):
        yield "FieldValueForbidden", "spec", _CLAIM_WORDS
    asked, had = (at(one, "spec", "resources", "requests", "storage", default="0") for one in (new, live))
    if quantity(asked) < quantity(had):
        yield (
            "FieldValueForbidden",
            "spec.resources.requests.storage",
            ("Forbidden: field can not be less than status.capacity"),
        )


def _fixed_service(new: Obj, live: Obj) -> Iterator[Cause]:
    before, after = live["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if before and after and before != after and new["spec"].get("type") != "ExternalName":
        yield invalid("spec.clusterIPs[0]", [after], "may not change once set")


def _fixed_data(new: Obj, live: Obj) -> Iterator[Cause]:
    if live.get("immutable"):
        for field in ("data", "binaryData", "stringData", "immutable"):
            if new.get(field) != live.get(field):
                yield "FieldValueForbidden", field, "Forbidden: field is immutable when `immutable` is set"


def _fixed_binding(new: Obj, live: Obj) -> Iterator[Cause]:
    if new.get("roleRef") != live.get("roleRef"):
        yield invalid("roleRef", new.get("roleRef"), "cannot change roleRef")


def _fixed_class(new: Obj, live: Obj) -> Iterator[Cause]:
    for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        if new.get(field) != live.get(field):
            yield "FieldValueForbidden", field, f"Forbidden: updates to {field} are forbidden."


_FIXED: dict[str, Callable[[Obj, Obj], Iterator[Cause]]] = {
    "Pod": _fixed_pod,
    "StatefulSet": _fixed_set,
    "PersistentVolumeClaim": _fixed_claim,
    "Service": _fixed_service,
    "ConfigMap": _fixed_data,
    "Secret": _fixed_data,
    "RoleBinding": _fixed_binding,
    "ClusterRoleBinding": _fixed_binding,
    "StorageClass": _fixed_class,
}
