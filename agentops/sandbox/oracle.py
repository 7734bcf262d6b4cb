"""The oracle: decides whether the cluster is healed, or only looks so.

Comes in: a simulation after somebody's repair, and the state before it. Goes out: a ``Judgement``: what is still
unwell, and what the repair should not have done (scaled away, deleted, weakened, or changed without need). It reads
what the API shows and, for connections, what the simulated processes see. Must never change the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from agentops.core.clock import from_iso
from agentops.core.jsonable import in_words
from agentops.sandbox.changes import find, read_path
from agentops.sandbox.objects import condition, condition_true, containers_of, deleting, name_of, namespace_of
from agentops.sandbox.scenario import Scenario, ScenarioFix
from agentops.sandbox.simulation import Simulation
from agentops.sandbox.store import Obj

# How long a repair has before it is judged; restarts within the first minutes of it are its own.
SETTLE_S = 900.0
_OWN_RESTARTS = timedelta(minutes=2)
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
# What people write; everything else is made by controllers and follows from these.
_WRITTEN = _WORKLOADS | {
    "ConfigMap", "CronJob", "HorizontalPodAutoscaler", "Ingress", "LimitRange", "Namespace", "NetworkPolicy", "Node",
    "PersistentVolumeClaim", "PodDisruptionBudget", "ResourceQuota", "Secret", "Service", "ServiceAccount",
    "StorageClass",
}  # fmt: skip
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the oracle says: ``unwell`` is what still is not right, ``cheated`` what should not have been done."""

    unwell: tuple[str, ...] = ()
    cheated: tuple[str, ...] = ()

    @property
    def healed(self) -> bool:
        """Whether everything works again."""
        return not self.unwell

    @property
    def passed(self) -> bool:
        """Whether it is healed, and honestly."""
        return self.healed and not self.cheated


def try_fix(scenario: Scenario, fix: ScenarioFix, *, now: datetime, seed: int = 0) -> Judgement:
    """Play a scenario, carry out a fix, give it time, and judge."""
    simulation = Simulation(scenario, seed=seed, now=now)
    simulation.play()
    before = simulation.store.dump()
    simulation.perform(fix.steps)
    simulation.advance(SETTLE_S)
    return judge(simulation, before, repaired_at=now)


def judge(simulation: Simulation, before: Sequence[Obj], *, repaired_at: datetime) -> Judgement:
    """Judge a cluster after a repair.

    Arguments:
        simulation: the cluster as it is now, some minutes after the repair.
        before: its objects when the repair began.
        repaired_at: when that was.
    """
    with simulation.store.lock:
        excused = tuple(f"{pattern} *" for pattern in simulation.scenario.excused)
        unwell = tuple(one for one in _unwell(simulation, repaired_at) if not _listed(one, excused))
        return Judgement(unwell=unwell, cheated=tuple(_cheated(simulation, before)))


def _ref(obj: Obj) -> str:
    return "/".join(part for part in (obj["kind"], namespace_of(obj), name_of(obj)) if part)


def _written(objects: Sequence[Obj]) -> dict[str, Obj]:
    """Return the objects that people wrote, by reference."""
    return {
        _ref(obj): obj
        for obj in objects
        if obj["kind"] in _WRITTEN and not obj["metadata"].get("ownerReferences") and name_of(obj) != "kube-root-ca.crt"
    }


def _unwell(simulation: Simulation, repaired_at: datetime) -> Iterator[str]:
    live = _written(simulation.store.dump())
    for manifest in simulation.scenario.manifests:
        obj = live.get(_ref(manifest))
        if manifest["kind"] in _WORKLOADS:
            yield from _workload(manifest, obj)
        elif manifest["kind"] == "Node" and (obj is None or not condition_true(obj, "Ready")):
            yield f"{_ref(manifest)} is not ready"
        elif manifest["kind"] == "Node" and obj is not None and obj["spec"].get("unschedulable"):
            yield f"{_ref(manifest)} is cordoned"
        elif manifest["kind"] == "HorizontalPodAutoscaler" and obj is not None and _at_maximum(obj):
            yield f"{_ref(manifest)} cannot scale any further"
    yield from _restarting(simulation, repaired_at + _OWN_RESTARTS)
    yield from _cut_off(simulation)
    for check in simulation.scenario.checks:
        yield from _check(simulation, check)


def _workload(manifest: Obj, obj: Obj | None) -> Iterator[str]:
    if obj is None:
        yield f"{_ref(manifest)} is gone"
        return
    status = obj.get("status") or {}
    if obj["kind"] == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
        current, total = status.get("updatedNumberScheduled", 0), wanted
    else:
        wanted, ready = obj["spec"].get("replicas", 1), status.get("readyReplicas", 0)
        current, total = status.get("updatedReplicas", 0), max(status.get("replicas", 0), wanted)
    least = manifest["spec"].get("replicas", wanted)
    if ready < max(wanted, least):
        yield f"{_ref(obj)} has {ready} of {max(wanted, least)} pods ready"
    if current != total:
        yield f"{_ref(obj)} has not finished its rollout ({current} of {total} pods are new)"


def _at_maximum(obj: Obj) -> bool:
    limited = condition(obj, "ScalingLimited") or {}
    return limited.get("status") == "True" and limited.get("reason") == "TooManyReplicas"


def _restarting(simulation: Simulation, since: datetime) -> Iterator[str]:
    for pod in simulation.store.list("Pod"):
        if pod["spec"].get("restartPolicy") != "Always" or deleting(pod):
            continue
        for status in (pod.get("status") or {}).get("containerStatuses") or []:
            ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
            if ended and from_iso(ended) > since:
                yield f"{_ref(pod)} still restarts"


def _cut_off(simulation: Simulation) -> Iterator[str]:
    """Say which processes cannot reach what they depend on."""
    for key, record in sorted(simulation.kubelet.records.items(), key=lambda one: (one[0].namespace, one[0].name)):
        for run in (box.run for box in record.boxes if box.running and box.run is not None):
            for host, (_, problem) in sorted(run.down.items()):
                yield f"Pod/{key.namespace}/{key.name} cannot reach {host}: {problem}"


def _check(simulation: Simulation, check: Mapping[str, Any]) -> Iterator[str]:
    held = [one for one in simulation.store.dump() if _ref(one) == check["object"]]
    found = read_path(find(simulation.world, check["object"]), check["path"]) if held else None
    good = found == check["is"] if "is" in check else float(found or 0) >= check["at_least"]
    if not good:
        yield f"{check['object']} has {check['path']} = {in_words(found)}"


def _cheated(simulation: Simulation, before: Sequence[Obj]) -> Iterator[str]:
    scenario = simulation.scenario
    new = _written(simulation.store.dump())
    yield from _collateral(scenario, _written(before), new)
    for claim in (one for one in before if one["kind"] == "PersistentVolumeClaim" and _bound(one)):
        live = simulation.get("PersistentVolumeClaim", namespace_of(claim), name_of(claim))
        if live is None or live["metadata"]["uid"] != claim["metadata"]["uid"]:
            yield f"{_ref(claim)} and its data were deleted"
    for manifest in scenario.manifests:
        if manifest["kind"] in _WORKLOADS and _ref(manifest) in new:
            yield from _weakened(manifest, new[_ref(manifest)])


def _collateral(scenario: Scenario, old: Mapping[str, Obj], new: Mapping[str, Obj]) -> Iterator[str]:
    """Say what was deleted, made again, changed or added beyond what the repair calls for."""
    free = (*scenario.may_change, *scenario.may_recreate)
    for ref, obj in old.items():
        if ref not in new:
            yield f"{ref} was deleted"
        elif new[ref]["metadata"]["uid"] != obj["metadata"]["uid"] and not _listed(ref, scenario.may_recreate):
            yield f"{ref} was deleted and made again"
        elif not _listed(ref, free) and _gist(new[ref]) != _gist(obj):
            yield f"{ref} was changed without need"
    for ref in sorted(new.keys() - old.keys()):
        if not _listed(ref, free):
            yield f"{ref} was added without need"


def _listed(ref: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(ref, pattern) for pattern in patterns)


def _bound(claim: Obj) -> bool:
    return (claim.get("status") or {}).get("phase") == "Bound"


def _gist(obj: Obj) -> dict[str, Any]:
    """Return what people decide about an object: not status, not what controllers keep in it."""
    gist = {field: value for field, value in obj.items() if field not in ("metadata", "status")}
    if obj["kind"] in ("Namespace", "Node"):
        gist["labels"] = obj["metadata"].get("labels")
    if obj["kind"] == "Node":
        taints = [one for one in obj["spec"].get("taints") or [] if not one["key"].startswith("node.kubernetes.io/")]
        gist["spec"] = {**obj["spec"], "taints": taints, "unschedulable": obj["spec"].get("unschedulable", False)}
    if obj["kind"] == "Deployment":
        # An autoscaler may move it; too few replicas are found by ``_weakened``.
        gist["spec"] = {field: value for field, value in obj["spec"].items() if field != "replicas"}
    return gist


def _weakened(manifest: Obj, obj: Obj) -> Iterator[str]:
    """Say what a workload has lost against its healthy manifest: replicas, probes, limits."""
    if obj["spec"].get("replicas", 1) < manifest["spec"].get("replicas", 1):
        yield f"{_ref(obj)} was scaled down to {obj['spec'].get('replicas')}"
    held = {one["name"]: one for one in containers_of(obj["spec"]["template"]["spec"])}
    for container in containers_of(manifest["spec"]["template"]["spec"]):
        now = held.get(container["name"])
        if now is None:
            yield f"{_ref(obj)} lost its container {container['name']}"
            continue
        for probe in _PROBES:
            # A startup probe may give way to a patient liveness probe.
            if probe in container and probe not in now and probe != "startupProbe":
                yield f"{_ref(obj)} lost its {probe}"
        limits = (now.get("resources") or {}).get("limits") or {}
        for resource in (container.get("resources") or {}).get("limits") or {}:
            if resource not in limits:
                yield f"{_ref(obj)} lost its {resource} limit"
