"""Defaulting: what the API server writes into the fields that a manifest leaves out.

Comes in: an object and its schema. Goes out: a copy with defaults, from ``schema/defaults.json`` (by definition, for
constants), from a custom schema's own ``default``, and from the few rules here that depend on other fields.

Must never: change a field that was given.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

from agentops.sandbox.admission.schemas import Schema, child, items, name_of, resolve, schema_name, schema_of
from agentops.sandbox.store import Obj, ObjectStore, copy_json
from agentops.sandbox.wire.kinds import Resource

_SERVICE_NETWORK = ipaddress.ip_network("10.96.0.0/16")


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
        known = child(schema, field)
        if known:
            _fill(known, one, name_of(known))


def _container(container: Obj) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")


def _pod_spec(spec: Obj) -> None:
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        resources = container.get("resources") or {}
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


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


def _job(spec: Obj) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)


def _service(spec: Obj) -> None:
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        if spec["type"] in ("NodePort", "LoadBalancer"):
            spec.setdefault("externalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    for port in spec.get("ports", ()):
        port.setdefault("targetPort", port["port"]) if "port" in port else None


def _policy(spec: Obj) -> None:
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if "egress" in spec else [])])


def _subject(subject: Obj) -> None:
    if subject.get("kind") in ("User", "Group"):
        subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


_RULES: dict[str, Callable[[Obj], None]] = {
    "io.k8s.api.core.v1.Container": _container,
    "io.k8s.api.core.v1.PodSpec": _pod_spec,
    "io.k8s.api.core.v1.ServiceSpec": _service,
    "io.k8s.api.apps.v1.DeploymentSpec": _deployment,
    "io.k8s.api.apps.v1.StatefulSetSpec": _update_strategy(partition=0),
    "io.k8s.api.apps.v1.DaemonSetSpec": _update_strategy(maxUnavailable=1, maxSurge=0),
    "io.k8s.api.batch.v1.JobSpec": _job,
    "io.k8s.api.networking.v1.NetworkPolicySpec": _policy,
    "io.k8s.api.rbac.v1.Subject": _subject,
}


def allocate(obj: Obj, store: ObjectStore) -> None:
    """Fill in what a new object gets from elsewhere in the cluster: a service address, a selector, a first status.

    The choices are functions of name and state, so that a dry run predicts exactly what the write then stores.
    """
    filler = {"Service": _cluster_ip, "Job": _job_selector, "Pod": _new_pod, "Namespace": _new_namespace}.get(
        obj["kind"]
    )
    if filler is not None:
        filler(obj, store)
    elif obj["kind"] == "PersistentVolumeClaim":
        obj.setdefault("status", {}).setdefault("phase", "Pending")
        _default_class(obj, store)


def _cluster_ip(obj: Obj, store: ObjectStore) -> None:
    spec, name = obj["spec"], obj["metadata"]["name"]
    if spec.get("type") != "ExternalName" and "clusterIP" not in spec:
        taken = {service["spec"].get("clusterIP") for service in store.list("Service", group="")}
        number = crc32(f"{obj['metadata'].get('namespace')}/{name}".encode()) % 60000 + 300
        while str(_SERVICE_NETWORK[number]) in taken:
            number = number % 60000 + 300
        spec["clusterIP"] = str(_SERVICE_NETWORK[number])
    if spec.get("clusterIP"):
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
    obj.setdefault("status", {}).setdefault("loadBalancer", {})
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        for index, port in enumerate(spec.get("ports", ())):
            port.setdefault("nodePort", 30000 + (crc32(name.encode()) + index) % 2768)


def _job_selector(obj: Obj, store: ObjectStore) -> None:  # noqa: ARG001  one signature for all
    # The real server selects by the new uid; the name serves as well within a namespace, and a dry run can predict it.
    name = obj["metadata"]["name"]
    labels = {"batch.kubernetes.io/job-name": name, "job-name": name}
    template = obj["spec"]["template"].setdefault("metadata", {})
    template["labels"] = {**(template.get("labels") or {}), **labels}
    obj["spec"].setdefault("selector", {"matchLabels": {"batch.kubernetes.io/job-name": name}})


def _new_pod(obj: Obj, store: ObjectStore) -> None:  # noqa: ARG001
    spec = obj["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(
            one.get("key") in (key, None, "") and one.get("effect") in ("NoExecute", None) for one in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}


def qos_class(spec: Obj) -> str:
    """Return Guaranteed, Burstable or BestEffort."""
    all_resources = [container.get("resources") or {} for container in spec.get("containers", ())]
    given = [{**(r.get("requests") or {}), **(r.get("limits") or {})} for r in all_resources]
    if not any(given):
        return "BestEffort"
    exact = all(
        {"cpu", "memory"} <= set(r.get("limits") or {}) and (r.get("requests") or r["limits"]) == r["limits"]
        for r in all_resources
    )
    return "Guaranteed" if exact else "Burstable"


def _new_namespace(obj: Obj, store: ObjectStore) -> None:  # noqa: ARG001
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    obj["status"] = {"phase": "Active"}
    labels = obj["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = obj["metadata"]["name"]


def _default_class(obj: Obj, store: ObjectStore) -> None:
    if "storageClassName" in obj["spec"]:
        return
    for found in store.list("StorageClass"):
        if (found["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class") == "true":
            obj["spec"]["storageClassName"] = found["metadata"]["name"]
            return
