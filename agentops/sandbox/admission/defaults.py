"""Defaulting: what the API server writes into the fields that a manifest leaves out.

Comes in: an object and its schema. Goes out: a copy with defaults, from ``schema/defaults.json`` (by definition, for
constants), from a custom schema's own ``default``, and from the few rules here that depend on other fields. Quantities
are in it as the server stores them.

Must never: change a field that was given.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from agentops.sandbox.admission.quantities import canonical
from agentops.sandbox.admission.schemas import Schema, child, items, name_of, resolve, schema_name, schema_of
from agentops.sandbox.store import Obj, copy_json
from agentops.sandbox.wire.kinds import Resource

_JOB = {
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "suspend": False,
    "manualSelector": False,
    "podReplacementPolicy": "TerminatingOrFailed",
}
_CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
_DOUBLING = {"type": "Percent", "value": 100, "periodSeconds": 15}


@cache
def _constants() -> dict[str, Obj]:
    text = files("agentops.sandbox.schema").joinpath("defaults.json").read_text(encoding="utf-8")
    found: dict[str, Obj] = json.loads(text)
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
    return new if live is None else _as_touched(new, obj, live)


def _as_touched(filled: Any, given: Any, live: Any) -> Any:
    """Return ``filled`` without the fields that neither the write nor the live object has."""
    if isinstance(filled, dict) and isinstance(given, dict) and isinstance(live, dict):
        return {
            field: _as_touched(value, given[field], live[field]) if field in given and field in live else value
            for field, value in filled.items()
            if field in given or field in live
        }
    if isinstance(filled, list) and isinstance(given, list) and isinstance(live, list) and len(given) == len(live):
        return [_as_touched(*three) for three in zip(filled, given, live, strict=True)]
    return filled


def _fill(schema: Schema, value: Any, name: str) -> None:
    if isinstance(value, list):
        item = items(schema)
        for one in value:
            _fill(item, one, name_of(item))
        return
    if not isinstance(value, dict):
        return
    for field, default in _constants().get(name, {}).items():
        value.setdefault(field, copy_json(default))
    rule = _RULES.get(name)
    if rule is not None:
        rule(value)
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


def _container(container: Obj) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")


def _containers(spec: Obj) -> list[Obj]:
    return [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]


def _pod_spec(spec: Obj) -> None:
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in _containers(spec) if spec.get("hostNetwork") else ():
        for port in container.get("ports") or ():
            port.setdefault("hostPort", port.get("containerPort"))


def _pod(pod: Obj) -> None:
    spec = pod.get("spec") or {}
    spec.setdefault("enableServiceLinks", True)
    for container in _containers(spec):
        resources = container.get("resources") or {}
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


def _volume(volume: Obj) -> None:
    if len(volume) == 1:
        volume["emptyDir"] = {}


def _deployment(spec: Obj) -> None:
    strategy = spec["strategy"]
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")


def _update_strategy(**constants: int) -> Callable[[Obj], None]:
    def rule(spec: Obj) -> None:
        strategy = spec["updateStrategy"]
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            for field, value in constants.items():
                rolling.setdefault(field, value)

    return rule


def _stateful(spec: Obj) -> None:
    _update_strategy(partition=0)(spec)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("status", {"phase": "Pending"})


def _daemon_set(obj: Obj) -> None:
    annotations = obj["metadata"].setdefault("annotations", {})
    annotations.setdefault("deprecated.daemonset.template.generation", "1")


def _job(job: Obj) -> None:
    """Fill in a Job's own defaults; the template in a CronJob gets them when the Job is made."""
    spec = job.setdefault("spec", {})
    if "completions" not in spec and "parallelism" not in spec and spec.get("completionMode") != "Indexed":
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    for field, value in _JOB.items():
        spec.setdefault(field, value)


def _service(spec: Obj) -> None:
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})
    for port in spec.get("ports") or ():
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]


def _policy(spec: Obj) -> None:
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if "egress" in spec else [])])


def _subject(subject: Obj) -> None:
    if subject.get("kind") in ("User", "Group"):
        subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _scaler(spec: Obj) -> None:
    spec.setdefault("metrics", [{"type": "Resource", "resource": copy_json(_CPU)}])
    behavior = spec.get("behavior")
    if behavior is None:
        return
    grows = {
        "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, _DOUBLING],
        "stabilizationWindowSeconds": 0,
    }
    for direction, constants in (("scaleUp", grows), ("scaleDown", {"policies": [_DOUBLING]})):
        rules = behavior.setdefault(direction, {})
        for field, value in {**constants, "selectPolicy": "Max"}.items():
            rules.setdefault(field, copy_json(value))


def _limit(limit: Obj) -> None:
    if limit.get("type") != "Container":
        return
    for field, source in (("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")):
        if limit.get(source):
            limit[field] = {**limit[source], **(limit.get(field) or {})}


_RULES: dict[str, Callable[[Obj], None]] = {
    "io.k8s.api.core.v1.Container": _container,
    "io.k8s.api.core.v1.Pod": _pod,
    "io.k8s.api.core.v1.PodSpec": _pod_spec,
    "io.k8s.api.core.v1.Volume": _volume,
    "io.k8s.api.core.v1.ServiceSpec": _service,
    "io.k8s.api.core.v1.LimitRangeItem": _limit,
    "io.k8s.api.apps.v1.DeploymentSpec": _deployment,
    "io.k8s.api.apps.v1.StatefulSetSpec": _stateful,
    "io.k8s.api.apps.v1.DaemonSet": _daemon_set,
    "io.k8s.api.apps.v1.DaemonSetSpec": _update_strategy(maxUnavailable=1, maxSurge=0),
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec": _scaler,
    "io.k8s.api.batch.v1.Job": _job,
    "io.k8s.api.networking.v1.NetworkPolicySpec": _policy,
    "io.k8s.api.rbac.v1.Subject": _subject,
}
