"""What an update may not change, kind by kind, in the words of the real validators.

Comes in: the new and the live object. Goes out: causes of a 422. Must never: change either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.sandbox.data import data
from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.causes import StatusCause, forbidden_field, invalid
from agentops.sandbox.wire.cells import at


def changes_of_fixed_fields(new: Obj, live: Obj) -> Iterator[StatusCause]:
    """Yield what an update may not change."""
    for path, words in data("immutable.yaml")["fixed"].get(new["kind"], {}).items():
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


def _pod(new: Obj, live: Obj) -> Iterator[StatusCause]:
    for field in ("containers", "initContainers"):
        if len(new["spec"].get(field) or ()) != len(live["spec"].get(field) or ()):
            yield forbidden_field(f"spec.{field}", "pod updates may not add or remove containers")
            return
    added = [one for one in live["spec"].get("tolerations") or () if one not in (new["spec"].get("tolerations") or ())]
    if _frozen_pod(new) != _frozen_pod(live):
        yield forbidden_field("spec", _words(new))
    elif added:
        yield forbidden_field(
            "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"
        )


def _frozen_pod(pod: Obj) -> Obj:
    kept = _frozen(pod)
    for field in ("containers", "initContainers"):
        if field in kept:
            kept[field] = [{**container, "image": ""} for container in kept[field]]
    return kept


def _frozen(obj: Obj) -> Obj:
    """Return the part of a spec that may not change."""
    free = data("immutable.yaml")["specs"][obj["kind"]]["but"]
    return {field: value for field, value in obj["spec"].items() if field not in free}


def _words(obj: Obj) -> str:
    return str(data("immutable.yaml")["specs"][obj["kind"]]["say"])


def _stateful_set(new: Obj, live: Obj) -> Iterator[StatusCause]:
    if _frozen(new) != _frozen(live):
        yield forbidden_field("spec", _words(new))


def _claim(new: Obj, live: Obj) -> Iterator[StatusCause]:
    asked, had = (at(one, "spec", "resources", "requests", "storage", default="0") for one in (new, live))
    bound = at(live, "status", "phase") == "Bound"
    if _frozen(new) != _frozen(live) or (asked != had and not bound):
        yield forbidden_field("spec", _words(new))
    elif quantity(asked) < quantity(had):
        yield forbidden_field("spec.resources.requests.storage", "field can not be less than status.capacity")
    if live["spec"].get("volumeName") and new["spec"].get("volumeName") != live["spec"]["volumeName"]:
        yield forbidden_field("spec", _words(new))


def _service(new: Obj, live: Obj) -> Iterator[StatusCause]:
    before, after = live["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if before and after and before != after and new["spec"].get("type") != "ExternalName":
        yield invalid("spec.clusterIPs[0]", [after], "may not change once set")


def _data(new: Obj, live: Obj) -> Iterator[StatusCause]:
    for field in ("data", "binaryData", "stringData", "immutable") if live.get("immutable") else ():
        if new.get(field) != live.get(field):
            yield forbidden_field(field, "field is immutable when `immutable` is set")


_RULES: dict[str, Callable[[Obj, Obj], Iterator[StatusCause]]] = {
    "Pod": _pod,
    "StatefulSet": _stateful_set,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "ConfigMap": _data,
    "Secret": _data,
}
