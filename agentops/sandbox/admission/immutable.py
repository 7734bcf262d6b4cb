"""What an update may not change, kind by kind, in the words of the real validators.

Comes in: the new and the live object. Goes out: causes of a 422. Must never: change either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.sandbox.admission.causes import Cause, forbidden_field, invalid
from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at

_POD_WORDS = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_SET_WORDS = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
    "forbidden"
)
_CLAIM_WORDS = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
# Kind -> paths that never change, and what is said; a word that begins with "!" is said as Forbidden.
_FIXED = "field is immutable"
_IMMUTABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "Deployment": (("spec.selector", _FIXED),),
    "ReplicaSet": (("spec.selector", _FIXED),),
    "DaemonSet": (("spec.selector", _FIXED),),
    "Job": tuple((f"spec.{field}", _FIXED) for field in ("completions", "selector", "template", "completionMode")),
    "Secret": (("type", _FIXED),),
    "PriorityClass": (("value", _FIXED),),
    "RoleBinding": (("roleRef", "cannot change roleRef"),),
    "ClusterRoleBinding": (("roleRef", "cannot change roleRef"),),
    "StorageClass": tuple(
        (field, f"!updates to {field} are forbidden.")
        for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode")
    ),
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
    for path, words in _IMMUTABLE.get(new["kind"], ()):
        value, before = (at(one, *path.split("."), default=None) for one in (new, live))
        if _may_change(new, path, value) or value == before:
            continue
        yield forbidden_field(path, words[1:]) if words[:1] == "!" else invalid(path, value, words)
    rule = _RULES.get(new["kind"])
    if rule is not None:
        yield from rule(new, live)


def _may_change(new: Obj, path: str, value: object) -> bool:
    """Whether a Job is an elastic one: its completions may change along with its parallelism."""
    elastic = new["kind"] == "Job" and at(new, "spec", "completionMode") == "Indexed"
    return elastic and path == "spec.completions" and value == at(new, "spec", "parallelism")


def _pod(new: Obj, live: Obj) -> Iterator[Cause]:
    for field in ("containers", "initContainers"):
        if len(new["spec"].get(field) or ()) != len(live["spec"].get(field) or ()):
            yield forbidden_field(f"spec.{field}", "pod updates may not add or remove containers")
            return
    added = [one for one in live["spec"].get("tolerations") or () if one not in (new["spec"].get("tolerations") or ())]
    if _frozen_pod(new["spec"]) != _frozen_pod(live["spec"]):
        yield forbidden_field("spec", _POD_WORDS)
    elif added:
        yield forbidden_field(
            "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"
        )


def _frozen_pod(spec: Obj) -> Obj:
    kept = {field: value for field, value in spec.items() if field not in ("activeDeadlineSeconds", "tolerations")}
    for field in ("containers", "initContainers"):
        if field in kept:
            kept[field] = [{**container, "image": ""} for container in kept[field]]
    return kept


def _stateful_set(new: Obj, live: Obj) -> Iterator[Cause]:
    changed = {f for f in {*new["spec"], *live["spec"]} if new["spec"].get(f) != live["spec"].get(f)}
    if changed - _SET_MUTABLE:
        yield forbidden_field("spec", _SET_WORDS)


def _claim(new: Obj, live: Obj) -> Iterator[Cause]:
    def rest(spec: Obj) -> Obj:
        return {f: v for f, v in spec.items() if f not in ("resources", "volumeAttributesClassName", "volumeName")}

    asked, had = (at(one, "spec", "resources", "requests", "storage", default="0") for one in (new, live))
    bound = at(live, "status", "phase") == "Bound"
    if rest(new["spec"]) != rest(live["spec"]) or (asked != had and not bound):
        yield forbidden_field("spec", _CLAIM_WORDS)
    elif quantity(asked) < quantity(had):
        yield forbidden_field("spec.resources.requests.storage", "field can not be less than status.capacity")
    if live["spec"].get("volumeName") and new["spec"].get("volumeName") != live["spec"]["volumeName"]:
        yield forbidden_field("spec", _CLAIM_WORDS)


def _service(new: Obj, live: Obj) -> Iterator[Cause]:
    before, after = live["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if before and after and before != after and new["spec"].get("type") != "ExternalName":
        yield invalid("spec.clusterIPs[0]", [after], "may not change once set")


def _data(new: Obj, live: Obj) -> Iterator[Cause]:
    for field in ("data", "binaryData", "stringData", "immutable") if live.get("immutable") else ():
        if new.get(field) != live.get(field):
            yield forbidden_field(field, "field is immutable when `immutable` is set")


_RULES: dict[str, Callable[[Obj, Obj], Iterator[Cause]]] = {
    "Pod": _pod,
    "StatefulSet": _stateful_set,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "ConfigMap": _data,
    "Secret": _data,
}
