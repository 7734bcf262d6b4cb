"""The state of the simulated cluster: objects by key, a revision counter, and the recent history that watches read.

Comes in: plain API objects (JSON-shaped dicts) from the wire, after admission, and directly from controllers and
kubelets. Goes out: those objects with server-owned metadata filled in, and a stream of events in revision order. A
stored object is never changed in place, it is replaced; so what a list or an event holds stays as it was.

Must never: validate, default or judge (that is ``admission``), do I/O, or start a thread.
"""

from __future__ import annotations

import gc
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from agentops.core.errors import AgentopsError
from agentops.sandbox.data import data

Obj: TypeAlias = dict[str, Any]
Objects: TypeAlias = list[Obj]
_T = TypeVar("_T")
_SCALARS = frozenset({str, int, float, bool, type(None)})
_KindId: TypeAlias = tuple[str, str]


class StoreFault(AgentopsError):
    """The store cannot do what was asked; ``key`` says with which object."""

    def __init__(self, message: str, key: Key | None = None) -> None:
        super().__init__(message)
        self.key = key


class AlreadyExists(StoreFault):
    """An object of this key is already there."""


class Conflict(StoreFault):
    """The caller's resourceVersion or uid is not the live one."""


class Missing(StoreFault):
    """No object of this key."""


class Gone(StoreFault):
    """The history before this revision has been compacted away."""


@dataclass(frozen=True, slots=True)
class Key:
    """The identity of an object; ``namespace`` is empty for cluster-scoped kinds."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEvent:
    """One change: ``type`` is ADDED, MODIFIED or DELETED, ``old`` the object before it. Both objects are read-only."""

    type: str
    obj: Obj
    old: Obj | None
    revision: int


Events: TypeAlias = list[StoreEvent]
Subscribers: TypeAlias = list[Callable[[StoreEvent], None]]


def copy_json(value: _T) -> _T:
    """Return a deep copy of a JSON-shaped value; several times faster than ``copy.deepcopy``."""
    # Scalars are told apart here rather than one call deeper: this is where a played history spends most of its time.
    if isinstance(value, dict):
        return {k: one if type(one) in _SCALARS else copy_json(one) for k, one in value.items()}  # type: ignore[return-value]
    if isinstance(value, list):
        return [one if type(one) in _SCALARS else copy_json(one) for one in value]  # type: ignore[return-value]
    return value


def group_of(obj: Obj) -> str:
    """Return the API group of ``apiVersion``; empty for core."""
    return str(obj["apiVersion"]).rpartition("/")[0]


def key_of(obj: Obj) -> Key:
    """Return the key that ``obj`` is stored under."""
    metadata = obj["metadata"]
    return Key(group_of(obj), obj["kind"], metadata.get("namespace") or "", metadata["name"])


def timestamp(moment: datetime) -> str:
    """Return ``moment`` as the API server writes it: RFC 3339, UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class ObjectStore:
    """Objects, revisions and history behind one lock.

    Arguments:
        now: the simulated clock.
        new_uid: makes an object's uid; seed it for a deterministic run.
        history: how many events ``since`` can go back at least; older ones are compacted.
    """

    def __init__(
        self, now: Callable[[], datetime], *, new_uid: Callable[[], str] | None = None, history: int = 10_000
    ) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.revision = 1
        self.new_uid = new_uid or (lambda: str(uuid.uuid4()))
        self._history = history
        self._objects: dict[_KindId, dict[str, dict[str, Obj]]] = {}
        self._sorted: dict[_KindId, Objects] = {}
        self._changed: dict[_KindId, int] = {}
        self._events: Events = []
        self._subscribers: Subscribers = []

    def get(self, key: Key) -> Obj | None:
        """Return a copy of the object, free to edit and hand to ``update``; None when there is none."""
        with self.lock:
            return copy_json(self.peek(key))

    def peek(self, key: Key) -> Obj | None:
        """Return the stored object itself, read-only; None when there is none."""
        with self.lock:
            return self._objects.get((key.group, key.kind), {}).get(key.namespace, {}).get(key.name)

    def list(self, kind: str, namespace: str | None = None, *, group: str | None = None) -> Objects:
        """Return the stored objects of a kind, sorted by namespace and name; read-only, ``copy_json`` before editing.

        Arguments:
            kind: the kind, CamelCase.
            namespace: only this one; None for all of them.
            group: the API group; None for any group that has this kind.
        """
        with self.lock:
            wanted = [which for which in self._objects if which[1] == kind and group in (None, which[0])]
            if namespace is None:
                return [obj for which in wanted for obj in self._in_order(which)]
            found = [obj for which in wanted for obj in self._objects[which].get(namespace, {}).values()]
            return sorted(found, key=lambda obj: str(obj["metadata"]["name"]))

    def list_at(self, group: str, kind: str, revision: int) -> Objects:
        """Return all objects of a kind as they were at ``revision``, sorted; read-only.

        Raises:
            Gone: the history does not reach back that far.
        """
        with self.lock:
            if self._changed.get((group, kind), 0) <= revision:
                return self._in_order((group, kind))
            objects = {place_of(obj): obj for obj in self._in_order((group, kind))}
            for event in reversed(self.since(revision)):
                if (group_of(event.obj), event.obj["kind"]) == (group, kind):
                    if event.old is None:
                        objects.pop(place_of(event.obj), None)
                    else:
                        objects[place_of(event.obj)] = event.old
            return [objects[place] for place in sorted(objects)]

    def create(self, obj: Obj, *, dry_run: bool = False, uid: str = "") -> Obj:
        """Store a new object with a fresh uid, creationTimestamp, generation and resourceVersion; return a copy.

        With ``dry_run`` nothing is stored and no resourceVersion is given, as the real server answers. ``uid`` is one
        from ``new_uid`` that is in the object already.

        Raises:
            AlreadyExists: the key is taken.
        """
        new = copy_json(obj)
        new["metadata"].pop("generation", None)
        new["metadata"].update({"uid": uid or self.new_uid(), "creationTimestamp": timestamp(self.now())})
        return copy_json(self._insert(new, dry_run=dry_run))

    def update(self, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Replace an object by key, status included; return a copy of what is stored.

        uid and creationTimestamp stay; generation moves when spec changed. A write that changes nothing is no write:
        the resourceVersion stays and nobody is told.

        Raises:
            Missing: no such object.
            Conflict: ``obj`` carries a resourceVersion or uid that is not the live one.
        """
        with self.lock:
            stored = self.replace(obj, dry_run=dry_run)
            return copy_json(stored)

    def replace(self, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Do as ``update``, but return the stored object itself, read-only: controllers write often, and look seldom.

        Raises:
            Missing, Conflict: as ``update``.
        """
        with self.lock:
            live = self._live(obj)
            new = copy_json(obj)
            new["metadata"] = _server_owned(new["metadata"], live["metadata"])
            if "generation" in live["metadata"] and _intent(new) != _intent(live):
                new["metadata"]["generation"] = live["metadata"]["generation"] + 1
            return new if new == live or dry_run else self._commit("MODIFIED", new, live)

    def remove(self, key: Key) -> None:
        """Take an object out, whatever its finalizers; admission and controllers decide when.

        Raises:
            Missing: no such object.
        """
        with self.lock:
            live = self.peek(key)
            if live is None:
                raise Missing(f"{key.kind} {key.name!r} not found", key)
            # What is stored is read-only, so that the last version may share all but its own resourceVersion.
            self._commit("DELETED", {**live, "metadata": {**live["metadata"]}}, live)

    def subscribe(self, callback: Callable[[StoreEvent], None]) -> Callable[[], None]:
        """Call ``callback`` with each event, under the lock, in revision order; return how to stop that."""
        with self.lock:
            self._subscribers.append(callback)

        def unsubscribe() -> None:
            with self.lock:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)

        return unsubscribe

    def since(self, revision: int) -> Events:
        """Return the events after ``revision``, oldest first.

        Raises:
            Gone: they have been compacted away.
        """
        with self.lock:
            first = self.revision - len(self._events)
            if revision < first:
                raise Gone(f"too old resource version: {revision} ({self.revision})")
            return self._events[revision - first :]

    def compact(self) -> None:
        """Forget the history up to now, so that older watches and continue tokens answer 410 Gone."""
        with self.lock:
            self._events.clear()

    def dump(self) -> Objects:
        """Return a copy of every object as a plain manifest, uids and timestamps kept."""
        with self.lock:
            return [copy_json(obj) for which in sorted(self._objects) for obj in self._in_order(which)]

    def load(self, manifests: Iterable[Obj]) -> None:
        """Add plain manifests; a uid, creationTimestamp or generation that is given is kept.

        Raises:
            AlreadyExists: a key is taken.
        """
        # Thousands of manifests are nothing but new objects without cycles: looking through all of them for garbage,
        # again and again while they are being made, takes longer than making them.
        collecting = gc.isenabled()
        gc.disable()
        try:
            for manifest in manifests:
                new = copy_json(manifest)
                given = new["metadata"]
                if "uid" not in given:
                    given["uid"] = self.new_uid()
                given.setdefault("creationTimestamp", timestamp(self.now()))
                self._insert(new, dry_run=False)
        finally:
            if collecting:
                gc.enable()

    def _insert(self, new: Obj, *, dry_run: bool) -> Obj:
        with self.lock:
            key = key_of(new)
            if self.peek(key) is not None:
                raise AlreadyExists(f"{key.kind} {key.name!r} already exists", key)
            new["metadata"].pop("resourceVersion", None)
            if "spec" in new and new["kind"] not in data("served.yaml")["no-generation"]:
                new["metadata"].setdefault("generation", 1)
            return new if dry_run else self._commit("ADDED", new, None)

    def _live(self, obj: Obj) -> Obj:
        key, given = key_of(obj), obj["metadata"]
        live = self.peek(key)
        if live is None:
            raise Missing(f"{key.kind} {key.name!r} not found", key)
        for field in ("uid", "resourceVersion"):
            if given.get(field) and given[field] != live["metadata"][field]:
                raise Conflict(f"{field} is {live['metadata'][field]}, not {given[field]}", key)
        return live

    def _commit(self, change: str, new: Obj, old: Obj | None) -> Obj:
        self.revision += 1
        new["metadata"]["resourceVersion"] = str(self.revision)
        key = key_of(new)
        which = (key.group, key.kind)
        place = self._objects.setdefault(which, {}).setdefault(key.namespace, {})
        if change == "DELETED":
            del place[key.name]
        else:
            place[key.name] = new
        self._sorted.pop(which, None)
        self._changed[which] = self.revision
        event = StoreEvent(type=change, obj=new, old=old, revision=self.revision)
        self._events.append(event)
        if len(self._events) > 2 * self._history:
            del self._events[: -self._history]
        for callback in tuple(self._subscribers):
            callback(event)
        return new

    def _in_order(self, which: _KindId) -> Objects:
        if which not in self._sorted:
            self._sorted[which] = sorted(
                (obj for names in self._objects.get(which, {}).values() for obj in names.values()), key=place_of
            )
        return self._sorted[which]


def place_of(obj: Obj) -> tuple[str, str]:
    """Return what lists are sorted by: namespace, then name."""
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _intent(obj: Obj) -> Any:
    """Return what a change of moves the generation: the spec, but for the node that a pod is bound to."""
    spec = obj.get("spec")
    return {**spec, "nodeName": ""} if obj["kind"] == "Pod" and isinstance(spec, dict) else spec


def _server_owned(new: Obj, live: Obj) -> Obj:
    """Return the new metadata with the fields that only the server sets taken from the live object."""
    fixed = ("uid", "creationTimestamp", "generation", "resourceVersion")
    # A deletion that has begun cannot be taken back, but its grace period may be shortened.
    begun = ("deletionTimestamp", "deletionGracePeriodSeconds")
    kept = {field: live[field] for field in begun if field in live and field not in new}
    return {**new, **kept, **{field: live[field] for field in fixed if field in live}}
