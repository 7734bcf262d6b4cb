"""Defaulting: what the API server writes into the fields that a manifest leaves out.

Comes in: an object and its schema. Goes out: a copy with defaults, from ``schema/defaults.yaml``, from a
custom schema's own ``default``, and from the few rules here that no condition can say. Quantities are in it as the
server stores them.

Must never: change a field that was given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentops.sandbox.admission.conditions import holds
from agentops.sandbox.admission.quantities import canonical
from agentops.sandbox.data import data
from agentops.sandbox.objects import every_container
from agentops.sandbox.store import Obj, copy_json
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.schemas import Schema, child, items, name_of, resolve, schema_name, schema_of

_PREFIX = "io.k8s.api."


def first_status(kind: str) -> Obj | None:
    """Return the status of a new object of a kind; None when it has none."""
    found: Obj | None = copy_json(data("defaults.yaml")["first-status"].get(kind))
    return found


def defaulted(resource: Resource, obj: Obj, live: Obj | None = None) -> Obj:
    """Return a copy of ``obj`` with every default filled in; the same for an object that has them all.

    An object that was loaded without some default (a scenario's, say) keeps lacking it where a write over it does not
    touch the field: otherwise every preview would show fields that nobody changed.

    Arguments:
        resource: the kind.
        obj: what was written.
        live: what it replaces; None for a new object.
    """
    new = copy_json(obj)
    name = "" if resource.custom else schema_name(resource.group, resource.version, resource.kind)
    _fill(schema_of(resource), new, name)
    if live is None:
        return new
    was = copy_json(live)
    _fill(schema_of(resource), was, name)
    touched: Obj = _as_touched(new, obj, live, was)
    return touched


def _as_touched(filled: Any, given: Any, live: Any, was: Any) -> Any:
    """Return ``filled`` without the defaults that the live object lacks as well and that the write does not touch."""
    if all(isinstance(one, dict) for one in (filled, given, live, was)):
        return {
            field: _as_touched(value, given[field], live[field], was[field])
            if field in given and field in live
            else value
            for field, value in filled.items()
            if field in given or field in live or field not in was
        }
    if all(isinstance(one, list) and len(one) == len(filled) for one in (filled, given, live, was)):
        return [_as_touched(*four) for four in zip(filled, given, live, was, strict=True)]
    return filled


def _fill(schema: Schema, value: Any, name: str) -> None:
    if isinstance(value, list):
        item = items(schema)
        for one in value:
            _fill(item, one, name_of(item))
        return
    if not isinstance(value, dict):
        return
    _fill_built_in(value, name.removeprefix(_PREFIX))
    schema = resolve(schema)
    for field, inner in schema.get("properties", {}).items():
        if "default" in inner and not name:
            value.setdefault(field, copy_json(inner["default"]))
    for field, one in value.items():
        known = child(schema, field) or {}
        if name_of(known).endswith("resource.Quantity"):
            value[field] = canonical(one)
        else:
            _fill(known, one, name_of(known))


def _fill_built_in(value: Obj, name: str) -> None:
    listed = data("defaults.yaml").get(name, {})
    if name == "core.v1.Probe":  # nor does a zero in any of its fields
        for field in [field for field in listed if value.get(field) == 0]:
            del value[field]
    _complete(value, {field: default for field, default in listed.items() if field != "if"})
    for condition, more in listed.get("if", ()):
        if holds(value, condition):
            _complete(value, more)
    if name in _RULES:
        _RULES[name](value)


def _complete(value: Obj, defaults: Obj) -> None:
    for field, default in defaults.items():
        if isinstance(default, dict) and isinstance(value.get(field), dict):
            _complete(value[field], default)
        elif value.get(field, "") == "":  # an empty string says nothing
            value[field] = copy_json(default)


def _container(container: Obj) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")


def _pod_spec(spec: Obj) -> None:
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in every_container(spec) if spec.get("hostNetwork") else ():
        for port in container.get("ports") or ():
            port.setdefault("hostPort", port.get("containerPort"))


def _pod(pod: Obj) -> None:
    for container in every_container(pod["spec"]):
        resources = container.get("resources") or {}
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


def _volume(volume: Obj) -> None:
    if len(volume) == 1:
        volume["emptyDir"] = {}


def _stateful(spec: Obj) -> None:
    for claim in spec.get("volumeClaimTemplates") or ():
        for field, value in (("apiVersion", "v1"), ("kind", "PersistentVolumeClaim"), ("status", {"phase": "Pending"})):
            claim.setdefault(field, value)


def _job(job: Obj) -> None:
    """Fill in how often a Job is to succeed; the template in a CronJob gets its defaults when the Job is made."""
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)


def _service(spec: Obj) -> None:
    for port in spec.get("ports") or ():
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]


def _limit(limit: Obj) -> None:
    if limit.get("type") != "Container":
        return
    for field, source in (("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")):
        if limit.get(source):
            limit[field] = {**limit[source], **(limit.get(field) or {})}


_RULES: dict[str, Callable[[Obj], None]] = {
    "core.v1.Container": _container,
    "core.v1.Pod": _pod,
    "core.v1.PodSpec": _pod_spec,
    "core.v1.Volume": _volume,
    "core.v1.ServiceSpec": _service,
    "core.v1.LimitRangeItem": _limit,
    "apps.v1.StatefulSetSpec": _stateful,
    "batch.v1.Job": _job,
}
