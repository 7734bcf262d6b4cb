"""Stored objects as JSON bytes, encoded once per revision and joined into lists.

A page of 500 pods costs a join of bytes, not an encoding of 500 objects. Comes in: stored objects, which are never
changed in place, so identity tells whether a cached encoding is still right. Goes out: bytes.

Must never: hand out bytes of an object that has since been replaced.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from agentops.sandbox.store import Key, Obj, ObjectStore, StoreEvent, key_of
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.versions import view_of

_encode = msgspec.json.Encoder().encode


class Encoder:
    """Encodes the objects of one store; forgets those that are deleted."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._cache: dict[Key, tuple[Obj, bytes]] = {}
        store.subscribe(self._forget)

    def one(self, resource: Resource, obj: Obj) -> bytes:
        """Return a whole object, apiVersion and kind first."""
        kind = b'{"kind":%s,"apiVersion":%s,' % (_encode(resource.kind), _encode(resource.api_version))
        return kind + self._rest(resource, obj)[1:]

    def list(self, resource: Resource, objects: Iterable[Obj], metadata: dict[str, Any]) -> bytes:
        """Return a list document; items of built-in kinds carry no apiVersion and kind, as from a real server."""
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
        item = self.one if resource.custom else self._rest
        items = b",".join([item(resource, obj) for obj in objects])
        return _encode(head)[:-1] + b',"items":[' + items + b"]}"

    def _rest(self, resource: Resource, obj: Obj) -> bytes:
        shown = view_of(resource)
        if shown is not None:
            return _encode({name: one for name, one in shown(obj).items() if name not in ("kind", "apiVersion")})
        key = key_of(obj)
        cached = self._cache.get(key)
        if cached is not None and cached[0] is obj:
            return cached[1]
        encoded = _encode({name: value for name, value in obj.items() if name not in ("kind", "apiVersion")})
        if self._store.peek(key) is obj:  # not one from the history
            self._cache[key] = (obj, encoded)
        return encoded

    def _forget(self, event: StoreEvent) -> None:
        if event.type == "DELETED":
            self._cache.pop(key_of(event.obj), None)
