"""What a new object gets from elsewhere in the cluster: addresses, ports, selectors, a token's volume, a first status.

Comes in: an object with its defaults, and the store. Goes out: the same object, filled in. What a real server draws
anew at each request, a dry run included, is drawn anew here: no preview may build on it. Must never: store anything.
"""

from __future__ import annotations

import ipaddress
from random import Random

from agentops.sandbox.admission.defaults import first_status
from agentops.sandbox.data import data
from agentops.sandbox.objects import ALPHABET, default_class, every_container
from agentops.sandbox.store import Key, Obj, ObjectStore, copy_json

_SERVICE_NETWORK = ipaddress.ip_network("10.96.0.0/16")
# The finalizers that keep what is in use, put on when it is made (StorageObjectInUseProtection).
PROTECTION = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
}
_NODE_PORTS = range(30000, 32768)
_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  a path, no secret


def allocate(obj: Obj, store: ObjectStore, random: Random | None = None) -> None:
    """Fill in what an object gets when it is created.

    Arguments:
        obj: the new object; its uid is there already, as some of it is made of that.
        store: what is taken already.
        random: for what a server chooses at will; None chooses by the object's name.
    """
    metadata = obj["metadata"]
    random = random or Random(f"{metadata.get('namespace')}/{metadata.get('name')}")  # noqa: S311  names, not secrets
    kind = obj["kind"]
    status = first_status(kind)
    if status is not None:
        obj.setdefault("status", status)
    if kind == "Service":
        allocate_service(obj, store, random)
    elif kind == "Job":
        _job_selector(obj)
    elif kind == "Pod":
        _new_pod(obj, store, random)
    elif kind == "Namespace":
        obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        obj["status"] = {"phase": "Active"}
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata.get("name", "")
    elif kind in PROTECTION:
        finalizers = metadata.setdefault("finalizers", [])
        finalizers += {PROTECTION[kind]} - {*finalizers}
        name = default_class(store.list("StorageClass")) if kind == "PersistentVolumeClaim" else None
        if name is not None:
            obj["spec"].setdefault("storageClassName", name)


def allocate_service(obj: Obj, store: ObjectStore, random: Random) -> None:
    """Give a Service the address and the ports that its type has; also after its type has changed."""
    spec = obj["spec"]
    services = store.list("Service", group="")
    if spec.get("type") == "ExternalName":
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            spec.pop(field, None)
    else:
        taken = {service["spec"].get("clusterIP") for service in services}
        while not spec.get("clusterIP"):
            found = str(_SERVICE_NETWORK[random.randrange(300, 60300)])
            spec["clusterIP"] = "" if found in taken else found
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    ports = {port.get("nodePort") for service in services for port in service["spec"].get("ports") or ()}
    for port in spec.get("ports") or () if spec.get("type") in ("NodePort", "LoadBalancer") else ():
        while not port.get("nodePort"):
            number = random.choice(_NODE_PORTS)
            port["nodePort"] = 0 if number in ports else number


def _job_selector(obj: Obj) -> None:
    spec, metadata = obj["spec"], obj["metadata"]
    if spec.get("manualSelector"):
        return
    uid, name = metadata.get("uid", ""), metadata.get("name", "")
    labels = {"controller-uid": uid, "job-name": name}
    labels |= {f"batch.kubernetes.io/{key}": value for key, value in labels.items()}
    template = spec.setdefault("template", {}).setdefault("metadata", {})
    template["labels"] = {**(template.get("labels") or {}), **labels}
    if not metadata.get("labels"):
        metadata["labels"] = dict(template["labels"])
    selector = spec.setdefault("selector", {})
    selector.setdefault("matchLabels", {})["batch.kubernetes.io/controller-uid"] = uid


def _new_pod(obj: Obj, store: ObjectStore, random: Random) -> None:
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
    account = store.peek(Key("", "ServiceAccount", obj["metadata"].get("namespace", ""), spec["serviceAccountName"]))
    if spec.get("automountServiceAccountToken", (account or {}).get("automountServiceAccountToken", True)):
        _mount_token(spec, "kube-api-access-" + "".join(random.choice(ALPHABET) for _ in range(5)))
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}


def _mount_token(spec: Obj, name: str) -> None:
    """Give each container the files with which its program speaks to the API server."""
    mounted = False
    for container in every_container(spec):
        mounts = container.get("volumeMounts") or []
        if any(mount.get("mountPath") == _TOKEN_PATH for mount in mounts):
            continue
        mounted = True
        container["volumeMounts"] = [*mounts, {"name": name, "readOnly": True, "mountPath": _TOKEN_PATH}]
    if mounted:
        volume = {"name": name, **copy_json(data("values.yaml")["token-volume"])}
        spec["volumes"] = [*(spec.get("volumes") or ()), volume]


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
