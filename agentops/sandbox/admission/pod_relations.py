"""What the fields of a pod's spec have to do with one another; ``schema/rules.yaml`` says where each rule applies.

Comes in: the part of an object that a rule is about, and its path. Goes out: causes of a 422. Must never: change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.sandbox.admission.causes import (
    Cause,
    duplicate,
    forbidden_field,
    go_form,
    invalid,
    required_value,
    unsupported,
)
from agentops.sandbox.admission.formats import qualified
from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_ENV_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
# In the order in which the real validator looks: the second one that it finds is the one it complains of.
_VOLUMES = (
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "persistentVolumeClaim",
    "downwardAPI",
    "fc",
    "azureFile",
    "configMap",
    "azureDisk",
    "projected",
    "csi",
    "ephemeral",
    "image",
)
_STANDARD = ("cpu", "memory", "ephemeral-storage")
_CONTEXT = (
    "Capabilities Privileged SELinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot ReadOnlyRootFilesystem "
    "AllowPrivilegeEscalation ProcMount SeccompProfile AppArmorProfile"
)


def _container_names(spec: Obj, path: str) -> Iterator[Cause]:
    taken = {one.get("name") for one in spec.get("containers") or ()}
    for index, one in enumerate(spec.get("initContainers") or ()):
        if one.get("name") in taken:
            yield duplicate(f"{path}.initContainers[{index}].name", one["name"])


def _mounts(spec: Obj, path: str) -> Iterator[Cause]:
    volumes = {one.get("name") for one in spec.get("volumes") or ()}
    for place, container in _containers(spec, path):
        paths: set[str] = set()
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            where = f"{place}.volumeMounts[{index}]"
            if mount.get("name") not in volumes:
                yield "FieldValueNotFound", f"{where}.name", f"Not found: {go_form(mount.get('name'))}"
            if mount.get("mountPath") and mount["mountPath"] in paths:
                yield invalid(f"{where}.mountPath", mount["mountPath"], "must be unique")
            paths.add(mount.get("mountPath", ""))
            if ".." in mount.get("subPath", "").split("/"):
                yield invalid(f"{place}.volumeMounts.subPath", mount["subPath"], "must not contain '..'")


def _containers(spec: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield f"{path}.{field}[{index}]", container


def _host_ports(spec: Obj, path: str) -> Iterator[Cause]:
    for place, container in _containers(spec, path) if spec.get("hostNetwork") else ():
        for index, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort") not in (None, port.get("containerPort")):
                words = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{place}.ports[{index}].hostPort", port["hostPort"], words)


def _init_probes(spec: Obj, path: str) -> Iterator[Cause]:
    for index, container in enumerate(spec.get("initContainers") or ()):
        for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if container.get(field) and container.get("restartPolicy") != "Always":
                words = "may not be set for init containers without restartPolicy=Always"
                yield forbidden_field(f"{path}.initContainers[{index}].{field}", words)


def _env_from(container: Obj, path: str) -> Iterator[Cause]:
    for one in container.get("envFrom") or ():
        if "configMapRef" not in one and "secretRef" not in one:
            yield invalid(f"{path}.envFrom", "", "must specify one of: `configMapRef` or `secretRef`")


def _env_source(variable: Obj, path: str) -> Iterator[Cause]:
    source = variable.get("valueFrom")
    if source is None:
        return
    given = [one for one in _ENV_SOURCES if source.get(one) is not None]
    *most, last = (f"`{one}`" for one in _ENV_SOURCES)
    if not given:
        yield invalid(f"{path}.valueFrom", "", f"must specify one of: {', '.join(most)} or {last}")
    elif variable.get("value"):
        yield invalid(f"{path}.valueFrom", "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(f"{path}.valueFrom", "", "may not have more than one field specified at a time")


def _container_security(container: Obj, path: str) -> Iterator[Cause]:
    context = container.get("securityContext") or {}
    if context.get("privileged") and context.get("allowPrivilegeEscalation") is False:
        shown = {name: context.get(name[0].lower() + name[1:]) for name in _CONTEXT.split()}
        words = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield invalid(f"{path}.securityContext", None, words, shown=_struct(shown))
    if context.get("procMount") == "Unmasked":
        yield invalid(f"{path}.securityContext.procMount", "Unmasked", "`hostUsers` must be false to use `Unmasked`")


def _struct(fields: Obj) -> str:
    """Return a Go struct as the real server prints it: its fields in the order of the type."""
    return "{" + ",".join(f'"{name}":{go_form(value)}' for name, value in fields.items()) + "}"


def _once(container: Obj, path: str) -> Iterator[Cause]:
    threshold = container[path.rpartition(".")[2]].get("successThreshold", 1)
    if threshold != 1:
        yield invalid(f"{path}.successThreshold", threshold, "must be 1")


def _handler(probe: Obj, path: str) -> Iterator[Cause]:
    given = [one for one in _HANDLERS if probe.get(one) is not None]
    if not given:
        yield required_value(path, "must specify a handler type")
    for one in given[1:]:
        yield forbidden_field(f"{path}.{one}", "may not specify more than 1 handler type")


def _volume_source(volume: Obj, path: str) -> Iterator[Cause]:
    for one in [name for name in _VOLUMES if volume.get(name) is not None][1:]:
        yield forbidden_field(f"{path}.{one}", "may not specify more than 1 volume type")


def _size_limit(source: Obj, path: str) -> Iterator[Cause]:
    if quantity(source.get("sizeLimit")) < 0:
        yield forbidden_field(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _gate(one: Obj, path: str) -> Iterator[Cause]:
    yield from (invalid(path, one.get("name", ""), words) for words in qualified(one.get("name", "")))


def _toleration(one: Obj, path: str) -> Iterator[Cause]:
    operator, place = one.get("operator", ""), f"{path}.operator"
    if not one.get("key") and operator != "Exists":
        words = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(place, operator, words)
    if one.get("tolerationSeconds") is not None and one.get("effect") != "NoExecute":
        yield invalid(
            f"{path}.effect", one.get("effect", ""), "effect must be 'NoExecute' when `tolerationSeconds` is set"
        )
    if operator == "Exists" and one.get("value"):
        yield invalid(place, one["value"], "value must be empty when `operator` is 'Exists'")
    if operator not in ("", "Equal", "Exists"):
        yield unsupported(place, operator, ("Equal", "Exists"))


def _node_term(term: Obj, path: str) -> Iterator[Cause]:
    if term.get("operator") in ("Gt", "Lt"):
        if len(term.get("values") or ()) != 1:
            yield required_value(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield from label_term(term, path)


def label_term(term: Obj, path: str) -> Iterator[Cause]:
    """Yield what is wrong with the operator of a selector's term, or with having values or none."""
    operator, values = term.get("operator", ""), term.get("values")
    if operator in ("In", "NotIn"):
        if not values:
            yield required_value(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden_field(
                f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            )
    else:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")


def _resources(resources: Obj, path: str) -> Iterator[Cause]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in sorted(amounts.items()):
            place = f"{path}.{part}[{name}]"
            if "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
                yield invalid(place, name, "must be a standard resource type or fully qualified")
                yield invalid(place, name, "must be a standard resource for containers")
            if quantity(amount) < 0:
                yield invalid(place, amount, "must be greater than or equal to 0")
    for name, amount in sorted(requests.items()):
        fixed = "/" in name or name.startswith("hugepages-")
        if name in limits and fixed and quantity(amount) != quantity(limits[name]):
            yield invalid(f"{path}.requests", amount, f"must be equal to {name} limit of {limits[name]}")
        elif name in limits and quantity(amount) > quantity(limits[name]):
            yield invalid(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limits[name]}")
        elif name not in limits and fixed:
            yield required_value(f"{path}.limits", "Limit must be set for non overcommitable resources")


POD_RELATIONS: dict[str, Callable[[Obj, str], Iterator[Cause]]] = {
    "container-names": _container_names,
    "mounts": _mounts,
    "host-ports": _host_ports,
    "init-probes": _init_probes,
    "env-from": _env_from,
    "env-source": _env_source,
    "container-security": _container_security,
    "once": _once,
    "handler": _handler,
    "volume-source": _volume_source,
    "size-limit": _size_limit,
    "gate": _gate,
    "toleration": _toleration,
    "node-term": _node_term,
    "label-term": label_term,
    "resources": _resources,
}
