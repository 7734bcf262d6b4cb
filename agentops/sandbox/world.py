"""``World``: what controllers, scheduler and kubelets share: store, clock, randomness, events, and who owns what.

Comes in: an object store and a clock. Goes out: short calls that the controllers are written in. Must never decide
anything about the cluster itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from agentops.core.clock import from_iso
from agentops.sandbox.admission.deletion import DeleteOptions, begin
from agentops.sandbox.clock import VirtualClock
from agentops.sandbox.events import Recorder
from agentops.sandbox.objects import ALPHABET, deleting, keys, namespace_of, set_condition
from agentops.sandbox.programs import ProgramBook
from agentops.sandbox.store import Key, Obj, ObjectStore, StoreEvent, copy_json, key_of, timestamp

_NETWORK = frozenset({"Service", "EndpointSlice", "NetworkPolicy", "Namespace"})


@dataclass(slots=True)
class Index:
    """Which objects an owner owns, by uid, which pods a node runs, and which have no node; follows the store."""

    by_owner: dict[str, dict[Key, None]] = field(default_factory=dict)
    by_node: dict[str, dict[Key, None]] = field(default_factory=dict)
    unbound: dict[Key, None] = field(default_factory=dict)
    # Moves whenever something changes that decides who can reach whom.
    network: int = 0

    def follow(self, event: StoreEvent) -> None:
        """Take in one change."""
        key = key_of(event.obj)
        if key.kind in _NETWORK:
            self.network += 1
        if key.kind == "Pod":
            self.unbound.pop(key, None)
            if event.type != "DELETED" and not (event.obj.get("spec") or {}).get("nodeName"):
                self.unbound[key] = None
        if event.old is not None:
            for table, name in self._places(event.old):
                table.get(name, {}).pop(key, None)
        if event.type != "DELETED":
            for table, name in self._places(event.obj):
                table.setdefault(name, {})[key] = None

    def _places(self, obj: Obj) -> list[tuple[dict[str, dict[Key, None]], str]]:
        places = [(self.by_owner, str(one.get("uid"))) for one in obj["metadata"].get("ownerReferences") or []]
        if obj["kind"] == "Pod" and (obj.get("spec") or {}).get("nodeName"):
            places.append((self.by_node, obj["spec"]["nodeName"]))
        return places


class World:
    """The cluster as its components see it."""

    def __init__(self, store: ObjectStore, clock: VirtualClock, random: Random, programs: ProgramBook) -> None:
        self.store = store
        self.clock = clock
        self.random = random
        self.programs = programs
        self.recorder = Recorder(store, clock)
        self.index = Index()
        # The nodes whose machine is down: nothing on them runs or reports.
        self.dead_nodes: set[str] = set()
        self.poke: Callable[[Iterable[Key]], None] = lambda _: None
        store.subscribe(self.index.follow)

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return self.clock.now()

    @property
    def stamp(self) -> str:
        """The simulated time as the API writes it."""
        return timestamp(self.clock.now())

    def peek(self, kind: str, namespace: str, name: str, *, group: str = "") -> Obj | None:
        """Return the stored object, read-only, or None."""
        return self.store.peek(Key(group, kind, namespace, name))

    def owned(self, owner: Obj, kind: str) -> list[Obj]:
        """Return the live objects of a kind that ``owner`` owns, read-only, in name order."""
        held = self.index.by_owner.get(owner["metadata"]["uid"], {})
        found = [
            self.store.peek(key) for key in sorted((key for key in held if key.kind == kind), key=lambda k: k.name)
        ]
        return [obj for obj in found if obj is not None]

    def pods_on(self, node: str) -> list[Obj]:
        """Return the pods that are bound to a node, read-only."""
        found = [self.store.peek(key) for key in self.index.by_node.get(node, {})]
        return [obj for obj in found if obj is not None]

    def event(self, obj: Obj, kind: str, reason: str, message: str, component: str, **where: str) -> None:
        """Record an event about ``obj``; see ``Recorder.record``."""
        self.recorder.record(obj, kind, reason, message, component, **where)

    def set_status(self, obj: Obj, status: dict[str, Any]) -> None:
        """Write the status of an object that is still there; the same status is no write."""
        live = self.store.peek(key_of(obj))
        if live is not None and live.get("status") != status:
            self.store.replace({**live, "status": status})

    def judge(
        self, conditions: list[dict[str, Any]], kind: str, status: str, reason: str, message: str, *, updated: str = ""
    ) -> None:
        """Put a condition into the list of a status that is being built; see ``set_condition``."""
        found = {"type": kind, "status": status, "reason": reason, "message": message}
        set_condition(conditions, found, self.now, updated=updated)

    def edit(self, key: Key, change: Callable[[Obj], None]) -> Obj | None:
        """Read, change and write an object; None when it is gone."""
        with self.store.lock:
            obj = self.store.get(key)
            if obj is None:
                return None
            change(obj)
            return self.store.update(obj)

    def delete(self, obj: Obj) -> None:
        """Delete an object as a component does: as an API call without options would."""
        live = self.store.peek(key_of(obj))
        if live is not None and not deleting(live):
            begin(self.store, live, DeleteOptions())

    def suffix(self, length: int = 5) -> str:
        """Return a random name suffix, as ``generateName`` appends."""
        return "".join(self.random.choice(ALPHABET) for _ in range(length))

    def namespaced(self, kind: str, obj: Obj, *, group: str | None = None) -> list[Obj]:
        """Return the objects of a kind in the namespace of ``obj``, read-only."""
        return self.store.list(kind, namespace_of(obj), group=group)

    def wake(self, objects: Iterable[Obj]) -> None:
        """Have these objects looked at again by whoever watches their kind."""
        self.poke(keys(objects))


def moment(text: str | None, default: datetime) -> datetime:
    """Return an API timestamp as a moment; ``default`` when there is none, or none that can be read."""
    try:
        return from_iso(text) if text else default
    except ValueError:
        return default


def soonest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two moments to look again; None means never."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def fresh(obj: Obj) -> Obj:
    """Return a copy of the status of ``obj``, free to edit."""
    return copy_json(obj.get("status") or {})
