"""PersistentVolumeClaims: bound by their StorageClass, or the reason why not, in the words of the volume controllers.

Comes in: claims, classes, volumes, and the pods that wait for them. Goes out: PersistentVolumes, bound claims,
events. Must never let a claim go while a pod holds it, or a volume while a claim does (``pvc-protection``,
``pv-protection``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.admission.allocation import PROTECTION
from agentops.sandbox.admission.deletion import finish
from agentops.sandbox.controllers.runtime import Controller, all_of, itself
from agentops.sandbox.manifests import admitted
from agentops.sandbox.objects import default_class, deleting, name_of, namespace_of, quantity, reference, set_condition
from agentops.sandbox.store import Key, Obj, copy_json, key_of
from agentops.sandbox.world import World, fresh

# Provisioners that have a driver in this cluster; a class may name any other, and then nothing answers.
PROVISIONERS = frozenset({"ebs.csi.aws.com", "pd.csi.storage.gke.io", "disk.csi.azure.com", "rancher.io/local-path"})
_RETRY = timedelta(seconds=15)
_COMPONENT = "persistentvolume-controller"


def controllers() -> tuple[Controller, ...]:
    """Return the control loops: claims, looked at again when a class, a volume or a waiting pod changes; volumes."""
    watches = {
        "PersistentVolumeClaim": itself,
        "StorageClass": all_of("PersistentVolumeClaim"),
        "PersistentVolume": all_of("PersistentVolumeClaim"),
        "Pod": _claims_of,
    }
    return (
        Controller(name="storage", watches=watches, reconcile=reconcile),
        Controller(name="volume", watches={"PersistentVolume": itself}, reconcile=_volume),
    )


def claims_in(pod: Obj) -> list[str]:
    """Return the names of the claims that a pod mounts."""
    sources = [volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes") or []]
    return [source["claimName"] for source in sources if source]


def _asked(claim: Obj) -> str:
    """Return the size that a claim asks for."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def _claims_of(_: World, pod: Obj) -> Iterable[Key]:
    return [Key("", "PersistentVolumeClaim", namespace_of(pod), name) for name in claims_in(pod)]


def reconcile(world: World, key: Key) -> datetime | None:
    """Bind one claim, or say why it stays pending."""
    claim = world.store.peek(key)
    if claim is None:
        _release(world, key)
        return None
    if deleting(claim):
        held = [pod for pod in world.namespaced("Pod", claim) if pod["spec"].get("nodeName")]
        if not any(name_of(claim) in claims_in(pod) for pod in held):
            _unprotect(world, claim)
        return None
    if (claim.get("status") or {}).get("phase") == "Bound":
        _grow(world, claim)
        return None
    world.set_status(claim, {**fresh(claim), "phase": "Pending"})
    if _bind_existing(world, claim):
        return None
    name = claim["spec"].get("storageClassName")
    if name is None:
        name = _give_default(world, claim)
    if not name:
        message = "no persistent volumes available for this claim and no storage class is set"
        return _wait(world, claim, "Normal", "FailedBinding", message)
    found = world.peek("StorageClass", "", name, group="storage.k8s.io")
    if found is None:
        message = f'storageclass.storage.k8s.io "{name}" not found'
        return _wait(world, claim, "Warning", "ProvisioningFailed", message)
    if found.get("volumeBindingMode") == "WaitForFirstConsumer" and not _waiting_pods(world, claim):
        message = "waiting for first consumer to be created before binding"
        return _wait(world, claim, "Normal", "WaitForFirstConsumer", message)
    return _provision(world, claim, found)


def _volume(world: World, key: Key) -> datetime | None:
    """Let a volume go that is to go, once no claim holds it."""
    volume = world.store.peek(key)
    if volume is not None and deleting(volume) and (volume.get("status") or {}).get("phase") != "Bound":
        _unprotect(world, volume)
    return None


def _unprotect(world: World, obj: Obj) -> None:
    left = [one for one in obj["metadata"].get("finalizers") or [] if one != PROTECTION[obj["kind"]]]
    live = world.edit(key_of(obj), lambda one: one["metadata"].update({"finalizers": left}))
    if live is not None:
        finish(world.store, live)


def _wait(world: World, claim: Obj, kind: str, reason: str, message: str) -> datetime:
    world.event(claim, kind, reason, message, _COMPONENT)
    return world.now + _RETRY


def _give_default(world: World, claim: Obj) -> str:
    """Write the default class into a claim that names none."""
    name = default_class(world.store.list("StorageClass"))
    if name is not None:
        world.store.update({**claim, "spec": {**claim["spec"], "storageClassName": name}})
    return name or ""


def _waiting_pods(world: World, claim: Obj) -> list[Obj]:
    pods = [pod for pod in world.namespaced("Pod", claim) if name_of(claim) in claims_in(pod)]
    return [pod for pod in pods if not deleting(pod)]


def _bind_existing(world: World, claim: Obj) -> bool:
    """Bind to a volume that is there, free and large enough, as for statically made volumes."""
    wanted = quantity(_asked(claim))
    for volume in world.store.list("PersistentVolume"):
        spec = volume["spec"]
        held = spec.get("claimRef") or {}
        ours = _holds(volume, key_of(claim)) and held.get("uid") in (None, "", claim["metadata"]["uid"])
        free = not held and (volume.get("status") or {}).get("phase", "Available") == "Available"
        fits = quantity((spec.get("capacity") or {}).get("storage")) >= wanted
        same = spec.get("storageClassName", "") == (claim["spec"].get("storageClassName") or "")
        if ours or (free and fits and same and set(claim["spec"].get("accessModes", [])) <= set(spec["accessModes"])):
            world.store.update({**volume, "spec": {**spec, "claimRef": reference(claim)}, "status": {"phase": "Bound"}})
            _bound(world, claim, name_of(volume), spec["capacity"])
            return True
    return False


def _holds(volume: Obj, claim: Key) -> bool:
    held = volume["spec"].get("claimRef") or {}
    return (held.get("namespace"), held.get("name")) == (claim.namespace, claim.name)


def _release(world: World, claim: Key) -> None:
    """Do with the volumes of a claim that is gone what their reclaim policy says."""
    for volume in world.store.list("PersistentVolume"):
        if _holds(volume, claim):
            world.set_status(volume, {**fresh(volume), "phase": "Released"})
            if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
                world.delete(volume)


def _provision(world: World, claim: Obj, found: Obj) -> datetime | None:
    provisioner = found["provisioner"]
    text = f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
    text += "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
    text += "correctly registered."
    if provisioner not in PROVISIONERS:
        return _wait(world, claim, "Normal", "ExternalProvisioning", text)
    name = f"pvc-{claim['metadata']['uid']}"
    size = {"storage": _asked(claim)}
    message = f'External provisioner is provisioning volume for claim "{namespace_of(claim)}/{name_of(claim)}"'
    world.event(claim, "Normal", "Provisioning", message, provisioner)
    spec: dict[str, Any] = {
        "accessModes": claim["spec"].get("accessModes", []),
        "capacity": size,
        "claimRef": reference(claim),
        "persistentVolumeReclaimPolicy": found.get("reclaimPolicy", "Delete"),
        "storageClassName": name_of(found),
        "volumeMode": "Filesystem",
        "csi": {"driver": provisioner, "volumeHandle": f"vol-{world.random.getrandbits(68):017x}"},
    }
    metadata = {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": provisioner}}
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}
    world.store.create({**admitted(volume, world.store), "status": {"phase": "Bound"}})
    world.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}", provisioner)
    live = world.store.get(key_of(claim)) or claim
    wanted = {f"volume{beta}.kubernetes.io/storage-provisioner": provisioner for beta in ("", ".beta")}
    live["metadata"]["annotations"] = {**(live["metadata"].get("annotations") or {}), **wanted}
    _bound(world, live, name, size)
    return None


def _grow(world: World, claim: Obj) -> None:
    """Give a claim that asks for more than it has the larger volume; the file system grows where a pod runs."""
    status = claim["status"]
    asked, have = _asked(claim), (status.get("capacity") or {}).get("storage")
    if quantity(asked) <= quantity(have):
        return
    volume = world.peek("PersistentVolume", "", claim["spec"]["volumeName"])
    if volume is not None and quantity(volume["spec"]["capacity"]["storage"]) < quantity(asked):
        resizer = f"external-resizer {(volume['spec'].get('csi') or {}).get('driver', '')}"
        message = f"External resizer is resizing volume {name_of(volume)}"
        world.event(claim, "Normal", "Resizing", message, resizer)
        world.store.update({**volume, "spec": {**volume["spec"], "capacity": {"storage": asked}}})
        message = "Require file system resize of volume on node"
        world.event(claim, "Normal", "FileSystemResizeRequired", message, resizer)
    running = [pod for pod in _waiting_pods(world, claim) if (pod.get("status") or {}).get("phase") == "Running"]
    if not running:
        waiting = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."
        pending = {"type": "FileSystemResizePending", "status": "True", "message": waiting}
        conditions = copy_json(status.get("conditions") or [])
        set_condition(conditions, pending, world.now)
        world.set_status(claim, {**status, "conditions": conditions})
        return
    done = f'MountVolume.NodeExpandVolume succeeded for volume "{claim["spec"]["volumeName"]}"'
    node = running[0]["spec"]["nodeName"]
    world.event(running[0], "Normal", "FileSystemResizeSuccessful", done, "kubelet", host=node)
    left = {field: value for field, value in status.items() if field != "conditions"}
    world.set_status(claim, {**left, "capacity": {"storage": asked}})


def _bound(world: World, claim: Obj, volume: str, capacity: dict[str, str]) -> None:
    status = {"phase": "Bound", "accessModes": claim["spec"].get("accessModes", []), "capacity": capacity}
    marks = {f"pv.kubernetes.io/{mark}": "yes" for mark in ("bind-completed", "bound-by-controller")}
    annotations = {**(claim["metadata"].get("annotations") or {}), **marks}
    metadata = {**claim["metadata"], "annotations": annotations}
    world.store.update(
        {**claim, "metadata": metadata, "spec": {**claim["spec"], "volumeName": volume}, "status": status}
    )
