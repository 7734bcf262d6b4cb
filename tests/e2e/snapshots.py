"""What is in a namespace, all kinds, and whether two looks at it differ.

Comes in: a client. Goes out: ``Seen``, a map from a name that a person can read to the object; and sentences about what
differs. A preview must leave *the same* objects; a way back must leave *an equal* state.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.e2e.client import Client, Kind, Obj

Seen = Mapping[str, Obj]
_UNSEEN = frozenset({"Event", "PodMetrics", "NodeMetrics", "ComponentStatus"})
"""Kinds that come and go by themselves."""
_DERIVED = frozenset({"Endpoints", "EndpointSlice", "Lease"})
"""Kinds that a controller writes anew whenever a pod gets ready or not."""
_SERVER_CHOSEN = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
_COUNTED_BY_SERVER = (
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "node.alpha.kubernetes.io/ttl",
)


def look(client: Client, namespace: str, label: str = "") -> Seen:
    """Return every object of a namespace, the namespace itself, and what bears ``label`` and belongs to none."""
    found: dict[str, Obj] = {}
    for kind in client.kinds:
        if "list" not in kind.verbs or kind.kind in _UNSEEN or not (kind.namespaced or label):
            continue
        query = {} if kind.namespaced else {"labelSelector": label}
        answer = client.call("GET", kind.path(namespace if kind.namespaced else ""), query=query)
        # Not served, not allowed or not simulated: then the product cannot have changed it either.
        items = answer.body["items"] if answer.status == 200 else ()
        # A server leaves the kind out of a list's items.
        found |= {_name(kind, one): {**one, "kind": kind.kind} for one in items}
    home = client.get("Namespace", namespace)
    return {**found, f"Namespace/{namespace}": home} if home else found


def _name(kind: Kind, one: Obj) -> str:
    group = kind.api_version.partition("/")[0] if "/" in kind.api_version else ""
    return f"{kind.kind}{'.' + group if group else ''}/{one['metadata']['name']}"


def settled(client: Client, namespace: str, label: str = "", *, patience_s: float = 30.0) -> Seen:
    """Return a look at a namespace in which nothing moves any more."""
    ends = time.monotonic() + patience_s
    before = look(client, namespace, label)
    while True:
        time.sleep(0.4)
        now = look(client, namespace, label)
        if not list(changed(before, now, status_too=True)) or time.monotonic() > ends:
            return now
        before = now


def changed(before: Seen, now: Seen, *, status_too: bool = False) -> Iterator[str]:
    """Say what is not the very same object any more: made, gone, replaced, or written.

    A new resourceVersion is a write, unless nothing but the object's status differs: kubelets and controllers report
    there whatever anybody else does.
    """
    for name in sorted({*before, *now}):
        one, other = before.get(name), now.get(name)
        if _kind(name) in _DERIVED:
            continue
        if one is None or other is None:
            yield f"{name} was {'made' if one is None else 'deleted'}"
        elif one["metadata"]["uid"] != other["metadata"]["uid"]:
            yield f"{name} was replaced"
        elif one["metadata"]["resourceVersion"] == other["metadata"]["resourceVersion"]:
            continue
        elif status_too or _is_written(one, other):
            yield f"{name} was written: {differing(_without_status(one), _without_status(other))}"


def _is_written(one: Obj, other: Obj) -> bool:
    if other.get("kind") == "Node":
        # The node controller writes taints, addresses and annotations at any time.
        return _plain(one) != _plain(other)
    return _without_status(one) != _without_status(other) or one.get("status") == other.get("status")


def _kind(name: str) -> str:
    return name.partition("/")[0].partition(".")[0]


def _without_status(one: Obj) -> Obj:
    stripped = {key: value for key, value in one.items() if key != "status"}
    metadata = {key: value for key, value in one["metadata"].items() if key != "resourceVersion"}
    fields = metadata.get("managedFields") or []
    metadata["managedFields"] = [entry for entry in fields if entry.get("subresource") != "status"]
    return {**stripped, "metadata": metadata}


def not_restored(before: Seen, now: Seen) -> Iterator[str]:
    """Say what somebody declared and what is not as it was, but for values that a server or a controller chooses."""
    one, other = _declared(before), _declared(now)
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            yield f"{name} {'is there' if name in other else 'is gone'}"
        elif one[name] != other[name]:
            yield f"{name} is not as it was: {differing(one[name], other[name])}"


def _declared(seen: Seen) -> dict[str, Obj]:
    return {name: _plain(one) for name, one in seen.items() if not _is_made_by_controller(name, one)}


def _is_made_by_controller(name: str, one: Obj) -> bool:
    owners = one["metadata"].get("ownerReferences") or []
    return any(owner.get("controller") for owner in owners) or _kind(name) in _DERIVED


def _plain(one: Obj) -> Obj:
    plain = copy.deepcopy({key: value for key, value in one.items() if key != "status"})
    for field in _SERVER_CHOSEN:
        plain["metadata"].pop(field, None)
    notes = plain["metadata"].get("annotations") or {}
    plain["metadata"]["annotations"] = {key: value for key, value in notes.items() if key not in _COUNTED_BY_SERVER}
    plain["metadata"]["labels"] = plain["metadata"].get("labels") or {}
    return {**plain, "spec": _of_node(plain["spec"])} if one.get("kind") == "Node" else plain


def _of_node(spec: Obj) -> Obj:
    """Return a Node's spec without what controllers write there by themselves: addresses, and taints of their own."""
    taints = [taint for taint in spec.get("taints") or () if not taint["key"].startswith("node.kubernetes.io/")]
    return {**{key: value for key, value in spec.items() if not key.startswith("podCIDR")}, "taints": taints}


def differing(one: Any, other: Any, path: str = "") -> str:
    """Return the paths whose values differ, with both values, shortened."""
    if isinstance(one, dict) and isinstance(other, dict):
        parts = (differing(one.get(key), other.get(key), f"{path}.{key}") for key in sorted({*one, *other}))
        return "; ".join(filter(None, parts))
    if one == other:
        return ""
    return f"{path.lstrip('.')} {json.dumps(one)[:120]} -> {json.dumps(other)[:120]}"


def until(what: str, fact: Callable[[], Any], patience_s: float) -> Any:
    """Wait until ``fact`` is true and return it.

    Raises:
        TimeoutError: it was not, within ``patience_s`` seconds.
    """
    ends = time.monotonic() + patience_s
    while not (found := fact()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {patience_s:.0f} s")
        time.sleep(0.2)
    return found
