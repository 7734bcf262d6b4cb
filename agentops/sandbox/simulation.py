"""A scenario played out: store, controllers, scheduler and kubelets on one simulated clock.

Comes in: a scenario, a seed and the moment that is to be "now". Goes out: a cluster whose history leads up to that
moment and that can be moved on from there. The same scenario, seed and moment give the same cluster, uids included.
Must never start a thread or open a socket; ``cluster`` does that.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from agentops.sandbox.changes import perform
from agentops.sandbox.clock import VirtualClock
from agentops.sandbox.controllers import (
    daemonset,
    deployment,
    endpoints,
    jobs,
    namespaces,
    nodes,
    policies,
    replicaset,
    statefulset,
    storage,
)
from agentops.sandbox.controllers.runtime import Controller, Failure, Runtime
from agentops.sandbox.kubelet.pods import Kubelet
from agentops.sandbox.manifests import load_all
from agentops.sandbox.programs import ProgramBook, read_programs
from agentops.sandbox.scenario import Scenario
from agentops.sandbox.scheduler import controller as scheduler
from agentops.sandbox.store import Key, Obj, ObjectStore, key_of
from agentops.sandbox.users import access_manifests
from agentops.sandbox.world import World

_SWEEP = timedelta(minutes=5)


class Simulation:
    """One cluster.

    Arguments:
        scenario: what to play; its steps happen at their times before ``now``.
        seed: decides names, uids and ties.
        now: the moment at which the played history ends, aware UTC.
    """

    def __init__(self, scenario: Scenario, *, seed: int = 0, now: datetime) -> None:
        self.scenario = scenario
        self.present = now.astimezone(UTC).replace(microsecond=0)
        random = Random(f"{scenario.name}/{seed}")  # noqa: S311 - a simulation wants repeatable chance
        self.clock = VirtualClock(self.present - timedelta(seconds=scenario.history_s))
        self._swept_at = self.clock.now()
        self.store = ObjectStore(self.clock.now, new_uid=lambda: str(uuid.UUID(int=random.getrandbits(128), version=4)))
        self.kubelet = Kubelet()
        programs = ProgramBook(read_programs(scenario.programs), scenario.credentials)
        self.world = World(self.store, self.clock, random, programs)
        self._runtime = Runtime(self.world, _controllers(self.kubelet))

    def play(self) -> None:
        """Load the healthy manifests at the start of the history and play the scenario's steps up to the present."""
        load_all(self.store, self.scenario.manifests, self.clock.now())
        self._grant_access()
        for moment in self.scenario.moments:
            if moment.at_s == float("-inf"):
                self.perform(moment.steps)
        for moment in self.scenario.moments:
            if moment.at_s != float("-inf"):
                self.run_until(self.present + timedelta(seconds=moment.at_s))
                self.perform(moment.steps)
        self.run_until(self.present)

    def resume(self, manifests: Sequence[Obj]) -> None:
        """Load a saved state instead of playing the scenario; what runs in it goes on running."""
        self.clock.move_to(self.present)
        self._swept_at = self.present
        self.store.load(manifests)
        self._grant_access()
        self._runtime.run_until(self.present)

    def _grant_access(self) -> None:
        namespaces = [one["metadata"]["name"] for one in self.store.list("Namespace")]
        own = (one for one in access_manifests(namespaces) if self.store.peek(key_of(one)) is None)
        load_all(self.store, own, self.clock.now())

    def run_until(self, moment: datetime) -> None:
        """Move simulated time on to ``moment``, doing all that falls due on the way."""
        with self.store.lock:
            while (sweep := self._swept_at + _SWEEP) <= moment:
                self._runtime.run_until(sweep)
                self.world.recorder.expire()
                self._swept_at = sweep
            self._runtime.run_until(moment)

    def advance(self, seconds: float) -> None:
        """Move simulated time on by some seconds."""
        self.run_until(self.clock.now() + timedelta(seconds=seconds))

    def perform(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """Carry out steps of change now; see ``changes``."""
        perform(self.world, self.kubelet, steps)

    @property
    def failures(self) -> Mapping[tuple[str, Key], Failure]:
        """What controllers cannot do at present, by controller and key; they try again by themselves."""
        return self._runtime.failures

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        """Return an object of any group, read-only, or None."""
        return next((one for one in self.store.list(kind, namespace) if one["metadata"]["name"] == name), None)


def _controllers(kubelet: Kubelet) -> tuple[Controller, ...]:
    return (
        *namespaces.controllers(),
        nodes.controller(),
        deployment.controller(),
        replicaset.controller(),
        statefulset.controller(),
        daemonset.controller(),
        *storage.controllers(),
        scheduler(),
        kubelet.controller(),
        endpoints.controller(),
        *jobs.controllers(),
        *policies.controllers(),
    )
