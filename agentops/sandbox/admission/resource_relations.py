"""What the fields of services, autoscalers, claims, quotas and limit ranges have to do with one another.

Comes in: the part of an object that a rule of ``schema/rules.yaml`` is about (for a rule on one field: what holds the
field), and the path. Goes out: causes of a 422. Must never: change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentops.sandbox.admission.causes import Cause, forbidden_field, invalid, required_value, unsupported
from agentops.sandbox.admission.formats import cidr, ip, qualified, subdomain
from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_METRIC_FIELDS = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_WHOLE = {
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
}
_COUNTED = (*_WHOLE, "requests.storage", "storage")
_QUOTA_RESOURCES = {*_COUNTED, *_COMPUTE, *(f"{part}.{name}" for part in ("requests", "limits") for name in _COMPUTE)}
_SCOPES = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity")
_LIMITED = ("Pod", "Container", "PersistentVolumeClaim")


def _service_ports_needed(spec: Obj, path: str) -> Iterator[Cause]:
    if not spec.get("ports") and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield required_value(f"{path}.ports", "")
    for index, port in enumerate(spec.get("ports") or ()):
        if len(spec["ports"]) > 1 and not port.get("name"):
            yield required_value(f"{path}.ports[{index}].name", "")


def _external_name(spec: Obj, path: str) -> Iterator[Cause]:
    if spec.get("type") != "ExternalName":
        return
    name = spec.get("externalName", "")
    if not name:
        yield required_value(f"{path}.externalName", "")
    else:
        yield from (invalid(f"{path}.externalName", name, words) for words in subdomain(name))
    if spec.get("clusterIP"):
        yield forbidden_field(f"{path}.clusterIP", "may not be set for ExternalName services")


def _service_ports(spec: Obj, path: str) -> Iterator[Cause]:
    seen: set[tuple[object, object]] = set()
    for index, port in enumerate(spec.get("ports") or ()):
        place, key = f"{path}.ports[{index}]", (port.get("protocol"), port.get("port"))
        if spec.get("type") == "ClusterIP" and port.get("nodePort"):
            yield forbidden_field(f"{place}.nodePort", "may not be used when `type` is 'ClusterIP'")
        if key in seen:
            shown = (
                f'{{"Name":"","Protocol":"{key[0]}","AppProtocol":null,"Port":{key[1]},"TargetPort":0,"NodePort":0}}'
            )
            yield "FieldValueDuplicate", place, f"Duplicate value: {shown}"
        seen.add(key)


def _service_addresses(spec: Obj, path: str) -> Iterator[Cause]:
    address, families = spec.get("clusterIP"), spec.get("ipFamilies") or ()
    if address and address != "None":
        yield from (invalid(f"{path}.clusterIPs[0]", address, words) for words in ip(address))
    if "IPv6" in families and address and ":" not in address and address != "None":
        words = "expected an IPv6 value as indicated by `ipFamilies[0]`"
        yield invalid(f"{path}.clusterIPs[0]", address, words)
    elif "IPv6" in families:
        yield invalid(f"{path}.ipFamilies[{families.index('IPv6')}]", "IPv6", "not configured on this cluster")
    for index, one in enumerate(spec.get("externalIPs") or ()):
        yield from (invalid(f"{path}.externalIPs[{index}]", one, words) for words in ip(one))


def _service_ranges(spec: Obj, path: str) -> Iterator[Cause]:
    for index, one in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from (invalid(f"{path}.LoadBalancerSourceRanges[{index}]", one, words) for words in cidr(one))


def _traffic(spec: Obj, path: str) -> Iterator[Cause]:
    policy, place = spec.get("externalTrafficPolicy"), f"{path}.externalTrafficPolicy"
    if policy and spec.get("type") not in ("NodePort", "LoadBalancer") and not spec.get("externalIPs"):
        yield invalid(place, policy, "may only be set for externally-accessible services")
    elif policy not in (None, "", "Cluster", "Local"):
        yield unsupported(place, policy, ("Cluster", "Local"))


def _scaler_range(spec: Obj, path: str) -> Iterator[Cause]:
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if least < 1:
        yield invalid(f"{path}.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        yield required_value(f"{path}.maxReplicas", "must be set and greater than 0")
    if most < least:
        yield invalid(f"{path}.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    kinds = {metric.get("type") for metric in spec.get("metrics") or ()}
    if least == 0 and not kinds & {"Object", "External"}:
        words = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield forbidden_field(f"{path}.metrics", words)


def _scale_target(target: Obj, path: str) -> Iterator[Cause]:
    version = target.get("apiVersion", "")
    if "/" not in version and target.get("kind") != "ReplicationController":
        yield invalid(f"{path}.apiVersion", version, "apiVersion must specify API group")


def _metric(metric: Obj, path: str) -> Iterator[Cause]:
    field = _METRIC_FIELDS.get(metric.get("type", ""))
    if field and metric.get(field) is None:
        yield required_value(f"{path}.{field}", "must populate information for the given metric source")
    for other in _METRIC_FIELDS.values():
        if field and other != field and metric.get(other) is not None:
            yield forbidden_field(f"{path}.{other}", "must populate the given metric source only")


def _metric_target(target: Obj, path: str) -> Iterator[Cause]:
    kind = target.get("type", "")
    if not kind:
        yield required_value(f"{path}.type", "must specify a metric target type")
    elif kind not in ("Utilization", "Value", "AverageValue"):
        yield invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")
    used = target.get("averageUtilization")
    if used is not None and used < 1:
        yield invalid(f"{path}.averageUtilization", used, "must be greater than 0")
    for field in ("value", "averageValue"):
        if target.get(field) is not None and quantity(target[field]) <= 0:
            yield invalid(f"{path}.{field}", target[field], "must be positive")
    if path.endswith("esource.target"):
        if used is None and target.get("averageValue") is None:
            words = "must set either a target raw value or a target utilization"
            yield required_value(f"{path}.averageUtilization", words)
        elif used is not None and target.get("averageValue") is not None:
            words = "may not set both a target raw value and a target utilization"
            yield forbidden_field(f"{path}.averageValue", words)


def _scaling_rules(rules: Obj, path: str) -> Iterator[Cause]:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    elif window is not None and window > 3600:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, "must be less than or equal to 3600")
    allowed = ("Disabled", "Max", "Min")
    if rules.get("selectPolicy") not in (None, *allowed):
        yield unsupported(f"{path}.selectPolicy", rules["selectPolicy"], allowed)
    if not rules.get("policies"):
        yield required_value(f"{path}.policies", "must specify at least one Policy")


def _scaling_period(policy: Obj, path: str) -> Iterator[Cause]:
    if policy["periodSeconds"] <= 0:
        yield invalid(path, policy["periodSeconds"], "must be greater than zero")
    elif policy["periodSeconds"] > 1800:
        yield invalid(path, policy["periodSeconds"], "must be less than or equal to 1800")


def _access_modes(spec: Obj, path: str) -> Iterator[Cause]:
    modes, place = spec.get("accessModes") or [], f"{path}.accessModes"
    if not modes:
        yield required_value(place, "at least 1 access mode is required")
    yield from (unsupported(place, mode, _ACCESS_MODES) for mode in modes if mode not in _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        yield forbidden_field(place, "may not use ReadWriteOncePod with other access modes")


def _claim_size(spec: Obj, path: str) -> Iterator[Cause]:
    size, place = at(spec, "resources", "requests", "storage", default=None), f"{path}.resources[storage]"
    if size is None:
        yield required_value(place, "")
    elif quantity(size) <= 0:
        yield invalid(place, size, "must be greater than zero")


def _quota_resources(spec: Obj, path: str) -> Iterator[Cause]:
    for name, amount in sorted(spec["hard"].items()):
        place = f"{path}[{name}]"
        if "/" not in name and name not in _QUOTA_RESOURCES:
            if not name.startswith(("requests.", "limits.", "hugepages-")):
                yield invalid(place, name, "must be a standard resource type or fully qualified")
            yield invalid(place, name, "must be a standard resource for quota")
        elif "/" in name:
            yield from (invalid(place, name, words) for words in qualified(name.removeprefix("requests.")))
        if quantity(amount) < 0:
            yield invalid(place, amount, "must be greater than or equal to 0")
        elif (name in _WHOLE or name.startswith("count/")) and quantity(amount) % 1:
            yield invalid(place, amount, "must be an integer")


def _quota_scopes(spec: Obj, path: str) -> Iterator[Cause]:
    scopes = spec["scopes"]
    for_pods = {"pods", *_COMPUTE, *(one for one in _QUOTA_RESOURCES if one.startswith(("requests.", "limits.")))}
    for scope in scopes:
        if scope not in _SCOPES:
            yield invalid(path, scopes, "unsupported scope")
        elif any(name not in (("pods",) if scope == "BestEffort" else for_pods) for name in spec.get("hard") or ()):
            yield invalid(path, scopes, "unsupported scope applied to resource")
    for one, other in (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")):
        if one in scopes and other in scopes:
            yield invalid(path, scopes, "conflicting scopes")


def _limit(limit: Obj, path: str) -> Iterator[Cause]:
    kind = limit.get("type", "")
    if "/" not in kind and kind not in _LIMITED:
        yield invalid(f"{path}.type", kind, "must be a standard limit type or fully qualified")
    if kind == "Pod":
        for field in ("default", "defaultRequest"):
            if limit.get(field):
                yield forbidden_field(f"{path}.{field}", "may not be specified when `type` is 'Pod'")
    if kind == "PersistentVolumeClaim" and not any("storage" in (limit.get(one) or {}) for one in ("min", "max")):
        yield required_value(
            f"{path}.limits", "either minimum or maximum storage value is required, but neither was provided"
        )
    names = {
        name
        for field in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
        for name in limit.get(field) or ()
    }
    for name in sorted(names):
        yield from _bounds(limit, name, path)
        ratio = (limit.get("maxLimitRequestRatio") or {}).get(name)
        if ratio is not None and quantity(ratio) < 1:
            yield invalid(f"{path}.maxLimitRequestRatio[{name}]", ratio, f"ratio {ratio} is less than 1")


def _bounds(limit: Obj, name: str, path: str) -> Iterator[Cause]:
    """Yield which of a resource's minimum, default request, default and maximum are not in this order."""
    fields = ("min", "defaultRequest", "default", "max")
    given = {field: (limit.get(field) or {}).get(name) for field in fields}
    shown = {"min": "min", "max": "max", "default": "default", "defaultRequest": "default request"}

    def over(low: str, high: str, at_field: str, *, high_words: str = "") -> Iterator[Cause]:
        if given[low] is not None and given[high] is not None and quantity(given[low]) > quantity(given[high]):
            words = f"{shown[low]} value {given[low]} is greater than {high_words or shown[high]} value {given[high]}"
            yield invalid(f"{path}.{at_field}[{name}]", given[at_field], words)

    yield from over("min", "max", "min")
    yield from over("min", "defaultRequest", "defaultRequest")
    yield from over("defaultRequest", "max", "defaultRequest")
    yield from over("defaultRequest", "default", "defaultRequest", high_words="default limit")
    yield from over("min", "default", "default")
    yield from over("default", "max", "default")


RESOURCE_RELATIONS: dict[str, Callable[[Obj, str], Iterator[Cause]]] = {
    "service-ports-needed": _service_ports_needed,
    "external-name": _external_name,
    "service-ports": _service_ports,
    "service-addresses": _service_addresses,
    "service-ranges": _service_ranges,
    "traffic": _traffic,
    "scaler-range": _scaler_range,
    "scale-target": _scale_target,
    "metric": _metric,
    "metric-target": _metric_target,
    "scaling-rules": _scaling_rules,
    "scaling-period": _scaling_period,
    "access-modes": _access_modes,
    "claim-size": _claim_size,
    "quota-resources": _quota_resources,
    "quota-scopes": _quota_scopes,
    "limit": _limit,
}
