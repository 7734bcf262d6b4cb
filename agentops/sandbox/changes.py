"""Steps that change a simulated cluster, as data: what breaks a scenario, what repairs it, what only pretends to.

Comes in: lists of one-key mappings from a scenario file. Goes out: writes to the store, or to programs and nodes::

    - set: {Deployment/shop/web: {"spec.template.spec.containers[web].image": "shop/web:2.0"}}
    - unset: {Deployment/shop/web: ["spec.template.spec.nodeSelector"]}
    - create: [{apiVersion: v1, kind: ConfigMap, ...}]
    - delete: [Pod/shop/web-0]
    - undo: Deployment/shop/web            back to the revision before
    - restart: Deployment/shop/web         as ``kubectl rollout restart`` does
    - program: {shop/web: {latency: 3s}}   the software itself changes
    - node: {name: worker-2, up: false}    or pressure: DiskPressure, on: true

In a path, ``[x]`` is the list item whose name is ``x``, or a key that holds dots. Must never reach outside the store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from agentops.core.errors import UsageError
from agentops.core.text import one_line
from agentops.sandbox.controllers.deployment import REVISION
from agentops.sandbox.controllers.nodes import beat, set_pressure
from agentops.sandbox.kubelet.pods import Kubelet
from agentops.sandbox.manifests import create_now, with_defaults
from agentops.sandbox.objects import name_of
from agentops.sandbox.store import Obj, copy_json, key_of
from agentops.sandbox.world import World

ChangeStep: TypeAlias = Mapping[str, Any]
_MISSING: Any = object()


def perform(world: World, kubelet: Kubelet, steps: Sequence[ChangeStep]) -> None:
    """Carry out steps, in order.

    Raises:
        UsageError: an unknown step, or an object or path that is not there.
    """
    with world.store.lock:
        for step in steps:
            for verb, argument in step.items():
                if verb not in _VERBS:
                    raise UsageError(f"a step cannot {one_line(verb, 40)!r}", hint=f"It can: {', '.join(_VERBS)}.")
                _VERBS[verb](world, kubelet, argument)


def find(world: World, reference: str) -> Obj:
    """Return the object of ``Kind/namespace/name`` or ``Kind/name``, as a copy.

    Raises:
        UsageError: it is not there.
    """
    parts = reference.split("/")
    kind, namespace, name = (parts[0], "", parts[1]) if len(parts) == 2 else tuple(parts[:3])
    for obj in world.store.list(kind, namespace):
        if name_of(obj) == name:
            return copy_json(obj)
    raise UsageError(f"{one_line(reference)} is not in the cluster", hint="Check kind, namespace and name.")


def read_path(obj: Any, path: str) -> Any:
    """Return the value at a path of an object; None when it is not there."""
    for part in _parts(path):
        obj = _child(obj, part)
        if obj is _MISSING:
            return None
    return obj


def _parts(path: str) -> list[tuple[str, bool]]:
    """Split a path into (name, whether it was in brackets)."""
    return [(plain or bracketed, bool(bracketed)) for plain, bracketed in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path)]


def _child(obj: Any, part: tuple[str, bool]) -> Any:
    name, _ = part
    if isinstance(obj, list):
        if name.isdigit():
            return obj[int(name)] if int(name) < len(obj) else _MISSING
        return next((item for item in obj if isinstance(item, dict) and item.get("name") == name), _MISSING)
    return obj.get(name, _MISSING) if isinstance(obj, dict) else _MISSING


def _parent(obj: Any, path: str, *, make: bool) -> tuple[Any, str]:
    *way, (last, _) = _parts(path)
    for part in way:
        child = _child(obj, part)
        if child is _MISSING or child is None:
            if not make or not isinstance(obj, dict):
                raise UsageError(f"no {one_line(path)} in the object", hint="Check the path of the step.")
            child = obj[part[0]] = {}
        obj = child
    return obj, last


def _set(world: World, _: Kubelet, argument: Mapping[str, Mapping[str, Any]]) -> None:
    for reference, fields in argument.items():
        obj = find(world, reference)
        for path, value in fields.items():
            holder, last = _parent(obj, path, make=True)
            if isinstance(holder, list):
                holder[_position(holder, last)] = copy_json(value)
            else:
                holder[last] = copy_json(value)
        world.store.update(with_defaults(obj))


def _position(holder: list[Any], last: str) -> int:
    if last.isdigit():
        return int(last)
    names = [item.get("name") for item in holder]
    if last not in names:
        raise UsageError(f"no item named {one_line(last)!r} in the list", hint="Check the path of the step.")
    return names.index(last)


def _unset(world: World, _: Kubelet, argument: Mapping[str, Sequence[str]]) -> None:
    for reference, paths in argument.items():
        obj = find(world, reference)
        for path in paths:
            holder, last = _parent(obj, path, make=False)
            if isinstance(holder, list):
                del holder[_position(holder, last)]
            else:
                holder.pop(last, None)
        world.store.update(obj)


def _create(world: World, _: Kubelet, manifests: Sequence[Obj]) -> None:
    for manifest in manifests:
        create_now(manifest, world.store)


def _delete(world: World, _: Kubelet, references: Sequence[str]) -> None:
    for reference in references:
        if not reference.endswith("*"):
            world.delete(find(world, reference))
            continue
        kind, namespace, prefix = reference.rstrip("*").split("/")
        for obj in world.store.list(kind, namespace):
            if name_of(obj).startswith(prefix):
                world.delete(obj)


def _undo(world: World, _: Kubelet, reference: str) -> None:
    live = find(world, reference)
    sets = sorted(
        world.owned(live, "ReplicaSet"), key=lambda one: int(one["metadata"].get("annotations", {}).get(REVISION, 0))
    )
    if len(sets) < 2:
        raise UsageError(
            f"{one_line(reference)} has no earlier revision", hint="Only a rolled-out change can be undone."
        )
    template = copy_json(sets[-2]["spec"]["template"])
    template["metadata"]["labels"].pop("pod-template-hash", None)
    live["spec"]["template"] = template
    world.store.update(live)


def _restart(world: World, kubelet: Kubelet, reference: str) -> None:
    path = "spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]"
    _set(world, kubelet, {reference: {path: world.stamp}})


def _program(world: World, kubelet: Kubelet, argument: Mapping[str, Mapping[str, Any]]) -> None:
    for image, fields in argument.items():
        world.programs.change(image, fields)
    kubelet.reload_programs(world)


def _node(world: World, kubelet: Kubelet, argument: Mapping[str, Any]) -> None:
    name = argument["name"]
    node = find(world, f"Node/{name}")
    if "pressure" in argument:
        # YAML 1.1 reads the key ``on`` as true.
        on = {str(key).lower(): value for key, value in argument.items()}
        set_pressure(world, name, argument["pressure"], bool(on.get("on", on.get("true", True))))
    elif argument["up"]:
        world.dead_nodes.discard(name)
        world.wake([node])
        kubelet.restart_node(world, name)
    else:
        world.dead_nodes.add(name)
        beat(world, key_of(node).name)


_VERBS: dict[str, Callable[[World, Kubelet, Any], None]] = {
    "set": _set,
    "unset": _unset,
    "create": _create,
    "delete": _delete,
    "undo": _undo,
    "restart": _restart,
    "program": _program,
    "node": _node,
}
