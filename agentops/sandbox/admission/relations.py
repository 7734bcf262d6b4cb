"""What fields have to do with one another where a condition in ``schema/rules.yaml`` cannot say it.

Comes in: the part of an object that a rule is about, and its path. Goes out: causes of a 422. Must never: change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.sandbox.admission.formats import network, wrongs
from agentops.sandbox.data import data
from agentops.sandbox.objects import matches, quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.causes import (
    StatusCause,
    duplicate,
    forbidden_field,
    go_form,
    invalid,
    required_value,
    unsupported,
)
from agentops.sandbox.wire.cells import at

_MOST_BYTES = 1024 * 1024
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
# A field that one kind alone has, of those with a selector and a template.
_BY_FIELD = {"strategy": "deployment", "podManagementPolicy": "statefulset", "updateStrategy": "daemonset"}


def label_causes(labels: Obj, path: str) -> Iterator[StatusCause]:
    """Yield what is wrong with the keys and values of labels."""
    for key, value in sorted(labels.items()):
        yield from (invalid(path, key, words) for words in wrongs("qualified", key))
        yield from (invalid(path, value, words) for words in wrongs("label-value", value))


def annotation_causes(annotations: Obj, path: str) -> Iterator[StatusCause]:
    """Yield what is wrong with the keys of annotations, and with their size."""
    for key in sorted(annotations):
        yield from (invalid(path, key, words) for words in wrongs("qualified", key.lower()))
    if sum(len(key) + len(value) for key, value in annotations.items()) > 256 * 1024:
        yield "FieldValueTooLong", path, "Too long: may not be more than 262144 bytes"


def _template_labels(template: Obj, path: str) -> Iterator[StatusCause]:
    metadata = template.get("metadata") or {}
    yield from label_causes(metadata.get("labels") or {}, f"{path}.labels")
    yield from annotation_causes(metadata.get("annotations") or {}, f"{path}.annotations")


def _empty(selector: Obj) -> bool:
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def _readable(selector: Obj) -> bool:
    values, terms = (selector.get("matchLabels") or {}).values(), selector.get("matchExpressions") or ()
    return not any(True for value in values for _ in wrongs("label-value", value)) and all(
        term.get("operator") in _OPERATORS for term in terms
    )


def _label_selector(spec: Obj, path: str) -> Iterator[StatusCause]:
    """Complain of a workload's selector that selects nothing or cannot be read; its parts are judged before it."""
    selector = spec.get("selector")
    if selector is not None and _empty(selector):
        kind = next((one for field, one in _BY_FIELD.items() if field in spec), "replicaset")
        yield invalid(f"{path}.selector", {}, f"empty selector is invalid for {kind}")
    elif selector is not None and not _readable(selector):
        yield invalid(f"{path}.selector", selector, "invalid label selector")


def _selected_template(spec: Obj, path: str) -> Iterator[StatusCause]:
    selector, labels = spec.get("selector"), at(spec, "template", "metadata", "labels", default=None)
    if selector is not None and (_empty(selector) or not _readable(selector)):
        return
    if not matches(selector, labels or {}):
        yield invalid(f"{path}.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _job_selector(spec: Obj, path: str) -> Iterator[StatusCause]:
    selector, labels = spec.get("selector"), at(spec, "template", "metadata", "labels", default=None)
    if path != "spec":  # a CronJob's: its jobs get theirs when they are made
        return
    own = {"batch.kubernetes.io/controller-uid"}
    if selector is None:
        yield required_value(f"{path}.selector", "")
    elif not spec.get("manualSelector") and set(selector.get("matchLabels") or ()) != own:
        yield invalid(f"{path}.selector", selector, "`selector` not auto-generated")
    if selector is None or not matches(selector, labels or {}):
        yield invalid(f"{path}.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _containers(spec: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield f"{path}.{field}[{index}]", container


def _container_names(spec: Obj, path: str) -> Iterator[StatusCause]:
    taken = {one.get("name") for one in spec.get("containers") or ()}
    for index, one in enumerate(spec.get("initContainers") or ()):
        if one.get("name") in taken:
            yield duplicate(f"{path}.initContainers[{index}].name", one["name"])


def _mounts(spec: Obj, path: str) -> Iterator[StatusCause]:
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


def _host_ports(spec: Obj, path: str) -> Iterator[StatusCause]:
    for place, container in _containers(spec, path) if spec.get("hostNetwork") else ():
        for index, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort") not in (None, port.get("containerPort")):
                words = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{place}.ports[{index}].hostPort", port["hostPort"], words)


def _init_probes(spec: Obj, path: str) -> Iterator[StatusCause]:
    for index, container in enumerate(spec.get("initContainers") or ()):
        for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if container.get(field) and container.get("restartPolicy") != "Always":
                words = "may not be set for init containers without restartPolicy=Always"
                yield forbidden_field(f"{path}.initContainers[{index}].{field}", words)


def _resources(resources: Obj, path: str) -> Iterator[StatusCause]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in sorted(amounts.items()):
            place = f"{path}.{part}[{name}]"
            if "/" not in name and name not in data("values.yaml")["resources"] and not name.startswith("hugepages-"):
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


def _service_ports(spec: Obj, path: str) -> Iterator[StatusCause]:
    seen: set[tuple[object, object]] = set()
    for index, port in enumerate(spec.get("ports") or ()):
        place, key = f"{path}.ports[{index}]", (port.get("protocol"), port.get("port"))
        if len(spec["ports"]) > 1 and not port.get("name"):
            yield required_value(f"{place}.name", "")
        if spec.get("type") == "ClusterIP" and port.get("nodePort"):
            yield forbidden_field(f"{place}.nodePort", "may not be used when `type` is 'ClusterIP'")
        if key in seen:
            shown = {"Protocol": key[0], "Port": key[1]}
            yield duplicate(place, shown)
        seen.add(key)


def _service_addresses(spec: Obj, path: str) -> Iterator[StatusCause]:
    address, families = spec.get("clusterIP") or "None", spec.get("ipFamilies") or ()
    if address != "None":
        yield from (invalid(f"{path}.clusterIPs[0]", address, words) for words in wrongs("ip", address))
        if (
            not list(wrongs("ip", address))
            and network(f"{address}/32") is not None
            and not address.startswith("10.96.")
        ):
            why = f"failed to allocate IP {address}: the provided IP ({address}) is not in the valid range. The range"
            yield invalid(f"{path}.clusterIPs", [address], f"{why} of valid IPs is 10.96.0.0/16")
    if "IPv6" in families:
        yield invalid(f"{path}.ipFamilies[{families.index('IPv6')}]", "IPv6", "not configured on this cluster")


def _except(block: Obj, path: str) -> Iterator[StatusCause]:
    whole = network(block.get("cidr", ""))
    for index, one in enumerate(block.get("except") or ()):
        part = network(one)
        if part is None or whole is None:
            continue
        inside = part.version == whole.version and part != whole and part.subnet_of(whole)  # type: ignore[arg-type]
        if not inside:
            yield invalid(f"{path}.except[{index}]", one, "must be a strict subset of `cidr`")


def _access_modes(spec: Obj, path: str) -> Iterator[StatusCause]:
    modes, place = spec.get("accessModes") or [], f"{path}.accessModes"
    allowed = data("values.yaml")["access-modes"]
    yield from (unsupported(place, mode, allowed) for mode in modes if mode not in allowed)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        yield forbidden_field(place, "may not use ReadWriteOncePod with other access modes")


def _quota_resources(spec: Obj, path: str) -> Iterator[StatusCause]:
    counts, amounts = (data("values.yaml")[f"quota-{what}"] for what in ("counts", "amounts"))
    for name, amount in sorted((spec.get("hard") or {}).items()):
        place = f"{path}.hard[{name}]"
        if "/" not in name and name not in (*counts, *amounts):
            if not name.startswith(("requests.", "limits.", "hugepages-")):
                yield invalid(place, name, "must be a standard resource type or fully qualified")
            yield invalid(place, name, "must be a standard resource for quota")
        if quantity(amount) < 0:
            yield invalid(place, amount, "must be greater than or equal to 0")
        elif (name in counts or name.startswith("count/")) and quantity(amount) % 1:
            yield invalid(place, amount, "must be an integer")


def _limit_bounds(limit: Obj, path: str) -> Iterator[StatusCause]:
    """Yield which of minimum, default request, default and maximum are not in this order, and ratios below 1."""
    shown = {"min": "min", "max": "max", "default": "default", "defaultRequest": "default request"}
    pairs = (("min", "max"), ("min", "defaultRequest"), ("defaultRequest", "max"), ("defaultRequest", "default"))
    for name in sorted({name for field in (*shown, "maxLimitRequestRatio") for name in limit.get(field) or ()}):
        given = {field: (limit.get(field) or {}).get(name) for field in shown}
        for low, high in (*pairs, ("min", "default"), ("default", "max")):
            if given[low] is None or given[high] is None or quantity(given[low]) <= quantity(given[high]):
                continue
            field = high if low == "min" and high != "max" else low
            what = "default limit" if (low, high) == ("defaultRequest", "default") else shown[high]
            words = f"{shown[low]} value {given[low]} is greater than {what} value {given[high]}"
            other = {low: high, high: low}[field]
            yield invalid(f"{path}.{field}[{name}]", given[other if field == "default" else field], words)
        ratio = (limit.get("maxLimitRequestRatio") or {}).get(name)
        if ratio is not None and quantity(ratio) < 1:
            yield invalid(f"{path}.maxLimitRequestRatio[{name}]", ratio, f"ratio {ratio} is less than 1")


def _data_keys(obj: Obj, _: str) -> Iterator[StatusCause]:
    text, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for field, keys in (("data", text), ("binaryData", binary)):
        for key in sorted(keys):
            yield from (invalid(f"{field}[{key}]", key, words) for words in wrongs("config-key", key))
            if field == "data" and key in binary:
                yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    plain = obj["kind"] == "ConfigMap"
    size = sum(len(value.encode()) if plain else len(value) * 3 // 4 for value in text.values())
    if size + sum(len(value) * 3 // 4 for value in binary.values()) > _MOST_BYTES:
        yield "FieldValueTooLong", "[]" if plain else "data", f"Too long: may not be more than {_MOST_BYTES} bytes"


def _secret_keys(secret: Obj, _: str) -> Iterator[StatusCause]:
    kind, held, account = secret.get("type", "Opaque"), secret.get("data") or {}, "kubernetes.io/service-account.name"
    if kind == "kubernetes.io/service-account-token" and account not in at(
        secret, "metadata", "annotations", default={}
    ):
        yield required_value(f"metadata.annotations[{account}]", "")
    wanted = data("values.yaml")["secret-keys"].get(kind, ())
    missing = [key for key in wanted if key not in held]
    if kind != "kubernetes.io/basic-auth" or len(missing) == len(wanted):
        yield from (required_value(f"data[{key}]", "") for key in missing)


def _ingress_class(ingress: Obj, _: str) -> Iterator[StatusCause]:
    key = "kubernetes.io/ingress.class"
    annotated, named = (at(ingress, *path, default={}) for path in (("metadata", "annotations"), ("spec",)))
    if annotated.get(key) and named.get("ingressClassName") not in (None, annotated[key]):
        yield invalid(f"annotations.{key}", annotated[key], "must match `ingressClassName` when both are specified")


def _namespaced_rules(role: Obj, _: str) -> Iterator[StatusCause]:
    for index, rule in enumerate(role.get("rules") or ()):
        if rule.get("nonResourceURLs"):
            words = "namespaced rules cannot apply to non-resource URLs"
            yield invalid(f"rules[{index}].nonResourceURLs", rule["nonResourceURLs"], words)


RELATIONS: dict[str, Callable[[Obj, str], Iterator[StatusCause]]] = {
    "template-labels": _template_labels,
    "label-selector": _label_selector,
    "selected-template": _selected_template,
    "job-selector": _job_selector,
    "container-names": _container_names,
    "mounts": _mounts,
    "host-ports": _host_ports,
    "init-probes": _init_probes,
    "resources": _resources,
    "service-ports": _service_ports,
    "service-addresses": _service_addresses,
    "except": _except,
    "access-modes": _access_modes,
    "quota-resources": _quota_resources,
    "limit-bounds": _limit_bounds,
    "data-keys": _data_keys,
    "secret-keys": _secret_keys,
    "ingress-class": _ingress_class,
    "namespaced-rules": _namespaced_rules,
}
