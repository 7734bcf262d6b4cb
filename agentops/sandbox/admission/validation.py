"""Is this object allowed to exist, and may it replace that one: required fields, formats, relations.

Comes in: an object with its defaults, and the live one for an update. Goes out: the causes of a 422, in the words of
the real validators. It covers what an operator or a tool gets wrong; it is not every rule of a real server.

Must never: change the object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from agentops.sandbox.admission.causes import Cause, invalid, required_value, unsupported
from agentops.sandbox.admission.immutable import changes_of_fixed_fields
from agentops.sandbox.admission.schemas import Schema, child, items, resolve, schema_of
from agentops.sandbox.objects import matches, quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at
from agentops.sandbox.wire.kinds import Resource

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
# Names that may hold colons and capitals.
_FREE_NAMES = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
_LABEL_NAMES = {"Namespace", "Service"}


def problems(resource: Resource, obj: Obj, live: Obj | None) -> list[Cause]:
    """Return why ``obj`` may not be stored (over ``live``, when there is one); empty when it may."""
    found = [*_metadata(resource, obj), *_required(schema_of(resource), obj, "")]
    if resource.custom:
        found += _custom(resource.schema or {}, obj, "")
    if not found:
        check = _BY_KIND.get(obj["kind"])
        found += check(obj) if check and isinstance(obj.get("spec"), dict) else ()
    if live is not None:
        found += changes_of_fixed_fields(obj, live)
    return found


def _metadata(resource: Resource, obj: Obj) -> Iterator[Cause]:
    name = obj["metadata"].get("name", "")
    if not name:
        yield required_value("metadata.name", "name or generateName is required")
    elif resource.kind in _LABEL_NAMES and not (_LABEL.fullmatch(name) and len(name) < 64):
        yield invalid("metadata.name", name, _LABEL_WORDS)
    elif resource.kind not in _FREE_NAMES and not (_SUBDOMAIN.fullmatch(name) and len(name) < 254):
        yield invalid("metadata.name", name, _SUBDOMAIN_WORDS)
    for key, value in (obj["metadata"].get("labels") or {}).items():
        if not _LABEL_VALUE.fullmatch(value) or len(value) > 63:
            yield invalid("metadata.labels", value, _VALUE_WORDS if len(value) < 64 else _too_long(key))


def _too_long(_: str) -> str:
    return "must be no more than 63 characters"


def _required(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    full = resolve(schema)
    if isinstance(value, list):
        item = items(full)
        for index, one in enumerate(value):
            yield from _required(item, one, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    for field in full.get("required", ()):
        # status is written by controllers and metadata by the server: only what a person writes is required
        if _absent(field, value.get(field)) and not path.startswith("status") and not _may_be_empty(path, field):
            yield required_value(f"{path}.{field}" if path else field, "")
    for field, one in value.items():
        inner = child(full, field)
        if inner and field != "status":
            yield from _required(inner, one, f"{path}.{field}" if path else field)


def _absent(field: str, value: Any) -> bool:
    return value in (None, "") or (field == "containers" and value == [])


# Required by the schema, but filled in, or allowed to be empty, by the real server.
def _may_be_empty(path: str, field: str) -> bool:
    return field in ("metadata", "status", "pattern", "rules", "value", "key", "conditions") or (
        field == "name" and path.endswith(("imagePullSecrets", "configMapRef", "secretRef"))
    )


def _custom(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    """Check what a CRD's schema says beyond types: enum, bounds, patterns, required."""
    yield from _custom_scalar(schema, value, path)
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _custom(schema.get("items", {}), one, f"{path}[{index}]")
    if isinstance(value, dict):
        for field, inner in schema.get("properties", {}).items():
            if field in value and field not in ("metadata", "apiVersion", "kind"):
                yield from _custom(inner, value[field], f"{path}.{field}" if path else field)


def _custom_scalar(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        yield unsupported(path, value, tuple(map(str, schema["enum"])))
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield invalid(path, value, f"{path} in body should be greater than or equal to {schema['minimum']}")
        if value > schema.get("maximum", value):
            yield invalid(path, value, f"{path} in body should be less than or equal to {schema['maximum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield invalid(path, value, f"{path} in body should match '{schema['pattern']}'")


def _workload(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    yield from _not_negative(spec, ("replicas", "minReadySeconds", "revisionHistoryLimit"), "spec")
    selector = spec.get("selector")
    labels = at(spec, "template", "metadata", "labels", default={})
    if not at(selector, "matchLabels", default={}) and not at(selector, "matchExpressions", default=()):
        yield invalid("spec.selector", None, "empty selector is invalid for " + obj["kind"].lower(), shown="{}")
    elif not matches(selector, labels):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    if obj["kind"] in ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"):
        policy = spec["template"]["spec"].get("restartPolicy", "Always")
        if policy != "Always":
            yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    claims = [one["metadata"]["name"] for one in spec.get("volumeClaimTemplates") or ()]
    yield from _pod_spec(spec["template"]["spec"], "spec.template.spec", claims)


def _job(obj: Obj) -> Iterator[Cause]:
    spec = at(obj, "spec", "jobTemplate", "spec", default=None) if obj["kind"] == "CronJob" else obj["spec"]
    path = "spec.jobTemplate.spec" if obj["kind"] == "CronJob" else "spec"
    if spec is None:
        yield required_value(f"{path}.template", "")
        return
    yield from _not_negative(spec, ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds"), path)
    policy = spec["template"]["spec"].get("restartPolicy", "Always")
    if policy not in ("OnFailure", "Never"):
        words = "Required value: valid values: " + '"OnFailure", "Never"'
        yield "FieldValueRequired", f"{path}.template.spec.restartPolicy", words
    if obj["kind"] == "CronJob" and len(obj["spec"]["schedule"].split()) != 5 and obj["spec"]["schedule"][:1] != "@":
        count = len(obj["spec"]["schedule"].split())
        words = f"expected exactly 5 fields, found {count}: [{obj['spec']['schedule']}]"
        yield invalid("spec.schedule", obj["spec"]["schedule"], words)
    yield from _pod_spec(spec["template"]["spec"], f"{path}.template.spec")


def _pod(obj: Obj) -> Iterator[Cause]:
    yield from _pod_spec(obj["spec"], "spec")


def _pod_spec(spec: Obj, path: str, claims: Sequence[str] = ()) -> Iterator[Cause]:
    volumes = {*claims, *(volume.get("name") for volume in spec.get("volumes") or ())}
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            place = f"{path}.{field}[{index}]"
            if container["name"] in seen:
                yield "FieldValueDuplicate", f"{place}.name", f'Duplicate value: "{container["name"]}"'
            seen.add(container["name"])
            yield from _container(container, place, volumes)
    if spec.get("restartPolicy") not in (None, "Always", "OnFailure", "Never"):
        yield unsupported(f"{path}.restartPolicy", spec["restartPolicy"], ("Always", "OnFailure", "Never"))
    yield from _not_negative(spec, ("terminationGracePeriodSeconds",), path)


def _container(container: Obj, place: str, volumes: set[str | None]) -> Iterator[Cause]:
    if not _LABEL.fullmatch(container["name"]):
        yield invalid(f"{place}.name", container["name"], _LABEL_WORDS)
    if not container.get("image"):
        yield required_value(f"{place}.image", "")
    if container.get("imagePullPolicy") not in (None, "Always", "IfNotPresent", "Never"):
        yield unsupported(f"{place}.imagePullPolicy", container["imagePullPolicy"], ("Always", "IfNotPresent", "Never"))
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        if mount["name"] not in volumes:
            yield "FieldValueNotFound", f"{place}.volumeMounts[{index}].name", f'Not found: "{mount["name"]}"'
    for index, port in enumerate(container.get("ports") or ()):
        if not 0 < port["containerPort"] < 65536:
            words = "must be between 1 and 65535, inclusive"
            yield invalid(f"{place}.ports[{index}].containerPort", port["containerPort"], words)
    yield from _resources(container.get("resources") or {}, f"{place}.resources")


def _resources(resources: Obj, path: str) -> Iterator[Cause]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, value in requests.items():
        if name in limits and quantity(value) > quantity(limits[name]):
            words = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid(f"{path}.requests", value, words)


def _service(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    ports = spec.get("ports") or ()
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield required_value("spec.ports", "")
    for index, port in enumerate(ports):
        if not 0 < port["port"] < 65536:
            yield invalid(f"spec.ports[{index}].port", port["port"], "must be between 1 and 65535, inclusive")
        if len(ports) > 1 and not port.get("name"):
            yield required_value(f"spec.ports[{index}].name", "")
    allowed = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    if spec.get("type") not in allowed:
        yield unsupported("spec.type", spec.get("type"), allowed)


def _scaler(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    if spec.get("maxReplicas", 1) < 1:
        yield invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than 0")
    elif spec.get("maxReplicas", 1) < spec.get("minReplicas", 1):
        words = "must be greater than or equal to `minReplicas`"
        yield invalid("spec.maxReplicas", spec["maxReplicas"], words)


def _budget(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    if "minAvailable" in spec and "maxUnavailable" in spec:
        words = "minAvailable and maxUnavailable cannot be both set"
        yield invalid("spec", None, words, shown="policy.PodDisruptionBudgetSpec{...}")


_BY_KIND: dict[str, Callable[[Obj], Iterator[Cause]]] = {
    "Deployment": _workload,
    "StatefulSet": _workload,
    "DaemonSet": _workload,
    "ReplicaSet": _workload,
    "Job": _job,
    "CronJob": _job,
    "Pod": _pod,
    "Service": _service,
    "HorizontalPodAutoscaler": _scaler,
    "PodDisruptionBudget": _budget,
}


def _not_negative(spec: Obj, fields: tuple[str, ...], path: str) -> Iterator[Cause]:
    for field in fields:
        if spec.get(field, 0) < 0:
            yield invalid(f"{path}.{field}", spec[field], "must be greater than or equal to 0")
