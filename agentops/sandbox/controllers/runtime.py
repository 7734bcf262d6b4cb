"""Runs the controllers: changed objects become work, work is done until nothing is left, then time jumps ahead.

Comes in: store events and the moments at which controllers want to look again. Goes out: calls of ``reconcile``, one
key at a time, always in the same order for the same history. What fails for one object is logged and tried again
later. Must never start a thread, read the machine's clock, or let one object's failure reach another's turn.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from agentops.core.errors import AgentopsError
from agentops.sandbox.clock import Agenda
from agentops.sandbox.objects import deleting, owner_key
from agentops.sandbox.store import Key, Obj, StoreEvent, key_of
from agentops.sandbox.world import World

Watch: TypeAlias = Callable[[World, Obj], Iterable[Key]]
Reconcile: TypeAlias = Callable[[World, Key], datetime | None]
Work: TypeAlias = tuple[int, Key]
# Far more than any start-up needs of one object at one instant; a loop between two controllers shows here.
_MAX_TURNS = 5_000
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 300.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """One control loop: what it watches, and what it does about a key.

    ``watches`` maps a kind to a function from the changed object to the keys that need work. ``reconcile`` brings the
    object of a key nearer to its spec and returns when to look at it again; None means when something changes.
    """

    name: str
    watches: Mapping[str, Watch]
    reconcile: Reconcile


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a controller could not do: ``error`` on the ``times``-th attempt in a row."""

    error: Exception
    times: int


class Runtime:
    """The queue and the agenda of all controllers.

    ``failures`` holds, by controller and key, what fails at present.
    """

    def __init__(self, world: World, controllers: Sequence[Controller]) -> None:
        self.failures: dict[tuple[str, Key], Failure] = {}
        self._world = world
        self._controllers = tuple(controllers)
        self._queue: dict[Work, None] = {}
        self._agenda: Agenda[Work] = Agenda()
        self._watching: dict[str, list[tuple[int, Watch]]] = {}
        for number, controller in enumerate(self._controllers):
            for kind, watch in controller.watches.items():
                self._watching.setdefault(kind, []).append((number, watch))
        world.poke = self._poke
        world.store.subscribe(self._changed)

    def run_until(self, target: datetime) -> None:
        """Do all work there is, moving simulated time from one due moment to the next, up to ``target``."""
        with self._world.store.lock:
            self._settle()
            while (due := self._agenda.next_due) is not None and due <= target:
                self._world.clock.move_to(due)
                self._queue.update(dict.fromkeys(self._agenda.take_due(due)))
                self._settle()
            self._world.clock.move_to(target)

    def _changed(self, event: StoreEvent) -> None:
        minor = event.obj["kind"] == "Pod" and event.type == "MODIFIED" and _gist(event.obj) == _gist(event.old or {})
        for number, watch in self._watching.get(event.obj["kind"], ()):
            if minor and watch is not itself:
                continue
            try:
                woken = list(watch(self._world, event.obj))
            except Exception as error:  # noqa: BLE001
                # The write that this tells of has happened; whoever made it must not be told otherwise.
                self._failed((number, key_of(event.obj)), error)
                continue
            self._queue.update(dict.fromkeys((number, key) for key in woken))

    def _poke(self, wanted: Iterable[Key]) -> None:
        for key in wanted:
            for number, watch in self._watching.get(key.kind, ()):
                if watch is itself:
                    self._queue[(number, key)] = None

    def _settle(self) -> None:
        turns: Counter[Work] = Counter()
        while self._queue:
            work = next(iter(self._queue))
            del self._queue[work]
            number, key = work
            turns[work] += 1
            try:
                if turns[work] > _MAX_TURNS:
                    raise AgentopsError(f"{key.kind} {key.name!r} does not settle: something undoes what is done to it")
                due = self._controllers[number].reconcile(self._world, key)
            except Exception as error:  # noqa: BLE001
                # As a real controller's queue: what fails waits, longer each time, and everything else goes on.
                due = self._failed(work, error)
            else:
                self.failures.pop((self._controllers[number].name, key), None)
            self._agenda.put(work, due)

    def _failed(self, work: Work, error: Exception) -> datetime:
        """Note a failure; return when to try again."""
        name, key = self._controllers[work[0]].name, work[1]
        before = self.failures.get((name, key))
        times = before.times + 1 if before else 1
        self.failures[(name, key)] = Failure(error=error, times=times)
        if before is None or repr(before.error) != repr(error):
            where = f"{key.kind} {key.namespace}/{key.name}"
            _log.warning("sandbox: %s controller failed for %s and tries again: %r", name, where, error)
        wait_s = min(_FIRST_RETRY_S * 2.0 ** min(times - 1, 20), _LONGEST_RETRY_S)
        return self._world.now + timedelta(seconds=wait_s)


def _gist(pod: Obj) -> object:
    """Return what anyone but the kubelet and the scheduler acts on: most changes of a pod's status touch none of it."""
    status = pod.get("status") or {}
    counted = pod["spec"].get("restartPolicy") == "OnFailure"
    restarts = [one["restartCount"] for one in status.get("containerStatuses") or []] if counted else []
    ready = next((one["status"] for one in status.get("conditions") or [] if one["type"] == "Ready"), "")
    return (
        pod["metadata"] | {"resourceVersion": ""},
        pod["spec"],
        status.get("phase"),
        status.get("podIP"),
        ready,
        restarts,
    )


def while_there(reconcile: Callable[[World, Obj], datetime | None]) -> Reconcile:
    """Return a ``reconcile`` that gets the object itself, and is not called when that is gone or going."""

    def look(world: World, key: Key) -> datetime | None:
        live = world.store.peek(key)
        return None if live is None or deleting(live) else reconcile(world, live)

    return look


def itself(_: World, obj: Obj) -> Iterable[Key]:
    """Watch: the changed object's own key."""
    return (key_of(obj),)


def its_owner(kind: str) -> Watch:
    """Return a watch: the key of the controlling owner, when it is of ``kind``."""

    def owner(_: World, obj: Obj) -> Iterable[Key]:
        key = owner_key(obj)
        return (key,) if key is not None and key.kind == kind else ()

    return owner


def all_of(kind: str, group: str = "") -> Watch:
    """Return a watch: every object of ``kind`` in the changed object's namespace, or in all when it has none."""

    def every(world: World, obj: Obj) -> Iterable[Key]:
        namespace = obj["metadata"].get("namespace")
        return [key_of(found) for found in world.store.list(kind, namespace, group=group)]

    return every
