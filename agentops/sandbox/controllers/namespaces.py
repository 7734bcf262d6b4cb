"""Namespaces and garbage: what comes with a namespace, and what goes when an owner or a namespace goes.

Comes in: Namespaces, and objects whose owners may be gone. Goes out: the default ServiceAccount and the root CA
bundle of each namespace; deletion of a terminating namespace's content, of dependents without an owner, and of what
has no finalizer left. Must never delete an object whose owner is alive.
"""

from __future__ import annotations

from datetime import datetime

from agentops.sandbox.admission.deletion import DeleteOptions, begin
from agentops.sandbox.controllers.runtime import Controller, itself
from agentops.sandbox.objects import deleting, namespace_of, owner_key
from agentops.sandbox.store import Key, Obj, key_of
from agentops.sandbox.world import World, fresh

# Kinds that owners own, or that finalizers hold; watching them all costs nothing when neither applies.
_COLLECTED = (
    "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ControllerRevision", "Endpoints",
    "EndpointSlice", "PersistentVolumeClaim", "PersistentVolume", "Service", "ConfigMap", "Secret",
)  # fmt: skip


def controllers() -> tuple[Controller, ...]:
    """Return the namespace controller and the garbage collector."""
    watched = {"Namespace": itself, **dict.fromkeys(_COLLECTED, _home)}
    return (
        Controller(name="namespace", watches=watched, reconcile=_namespace),
        Controller(name="garbage", watches=dict.fromkeys(_COLLECTED, _itself_and_owned), reconcile=_collect),
    )


def _home(world: World, obj: Obj) -> list[Key]:
    """Watch: the namespace, when it is waiting for its content to go."""
    home = world.peek("Namespace", "", namespace_of(obj))
    return [key_of(home)] if home is not None and deleting(home) else []


def _itself_and_owned(world: World, obj: Obj) -> list[Key]:
    """Watch: what is gone wakes what it owned, and the owner that waits for it in a foreground deletion."""
    if world.store.peek(key_of(obj)) is None:
        owner = owner_key(obj)
        return [*world.index.by_owner.get(obj["metadata"]["uid"], ()), *([owner] if owner else [])]
    return [key_of(obj)] if deleting(obj) or obj["metadata"].get("ownerReferences") else []


def _namespace(world: World, key: Key) -> datetime | None:
    live = world.store.peek(key)
    if live is None:
        return None
    if not deleting(live):
        world.set_status(live, {**fresh(live), "phase": "Active"})
        _furnish(world, key.name)
        return None
    world.set_status(live, {**fresh(live), "phase": "Terminating"})
    left = [obj for obj in world.store.dump() if namespace_of(obj) == key.name and obj["kind"] != "Event"]
    for obj in left:
        world.delete(obj)
    if not left and not live["metadata"].get("finalizers"):
        for event in world.store.list("Event", key.name):
            world.store.remove(key_of(event))
        world.store.remove(key)
    return None


def _furnish(world: World, namespace: str) -> None:
    for kind, name, body in (
        ("ServiceAccount", "default", {}),
        ("ConfigMap", "kube-root-ca.crt", {"data": {"ca.crt": "-----BEGIN CERTIFICATE-----\n(sandbox)\n"}}),
    ):
        if world.peek(kind, namespace, name) is None:
            metadata = {"name": name, "namespace": namespace}
            world.store.create({"apiVersion": "v1", "kind": kind, "metadata": metadata, **body})


def _collect(world: World, key: Key) -> datetime | None:
    obj = world.store.peek(key)
    if obj is None:
        return None
    owners = obj["metadata"].get("ownerReferences") or []
    if owners and not any(_alive(world, obj, one) for one in owners):
        world.delete(obj)
    if deleting(obj):
        _release(world, obj)
    return None


def _alive(world: World, obj: Obj, reference: dict[str, str]) -> bool:
    group = reference["apiVersion"].rpartition("/")[0]
    for namespace in {namespace_of(obj), ""}:
        owner = world.store.peek(Key(group, reference["kind"], namespace, reference["name"]))
        if owner is not None and owner["metadata"]["uid"] == reference["uid"]:
            return True
    return False


def _release(world: World, obj: Obj) -> None:
    """Finish a deletion: the garbage collector's own finalizers are worked off, any other is somebody else's."""
    finalizers = obj["metadata"].get("finalizers") or []
    dependents = [world.store.peek(key) for key in list(world.index.by_owner.get(obj["metadata"]["uid"], ()))]
    held = [one for one in dependents if one is not None]
    if "orphan" in finalizers:
        for one in held:
            world.edit(key_of(one), lambda live: _disown(live, obj["metadata"]["uid"]))
        held = []
    if "foregroundDeletion" in finalizers and held:
        for one in held:
            if not deleting(one):
                begin(world.store, one, DeleteOptions(propagation="Foreground"))
        return
    left = [one for one in finalizers if one not in ("orphan", "foregroundDeletion")]
    if left != finalizers:
        world.edit(key_of(obj), lambda live: live["metadata"].update({"finalizers": left}))
    live = world.store.peek(key_of(obj))
    if live is not None and not left and not (live["kind"] == "Pod" and live["spec"].get("nodeName")):
        world.store.remove(key_of(obj))


def _disown(live: Obj, uid: str) -> None:
    owners = [one for one in live["metadata"].get("ownerReferences") or [] if one["uid"] != uid]
    live["metadata"]["ownerReferences"] = owners
    if not owners:
        del live["metadata"]["ownerReferences"]
