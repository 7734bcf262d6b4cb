"""The kubelets: they bring each pod on a live node through its life and report its status.

Comes in: the keys of pods that changed or are due. Goes out: pod statuses, events, and when to look again. One object
plays the kubelets of all nodes. Must never touch a pod that has no node, or whose node is dead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agentops.sandbox.controllers.runtime import Controller, itself
from agentops.sandbox.kubelet import probes
from agentops.sandbox.kubelet.configuration import MissingConfiguration, environment, files, mount_problem
from agentops.sandbox.kubelet.images import Images, say
from agentops.sandbox.kubelet.processes import next_death
from agentops.sandbox.kubelet.runs import Box, ContainerRun, PodRecord
from agentops.sandbox.kubelet.status import pod_status
from agentops.sandbox.objects import deleting, every_container, name_of, namespace_of
from agentops.sandbox.programs import Program, split_image
from agentops.sandbox.store import Key, Obj
from agentops.sandbox.world import World, moment, soonest

_RETRY_S = 12.0
# What a node needs before the first container of a pod can start: no pod is ready in the instant in which it is made.
_SANDBOX = timedelta(seconds=1)
_GOOD_RUN = timedelta(minutes=10)
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S = 10, 300


@dataclass(frozen=True, slots=True)
class ContainerEnd:
    """How a run ended; ``line`` is the last thing it printed."""

    code: int
    reason: str
    line: str = ""


class Kubelet:
    """All kubelets of the cluster, with what they remember."""

    def __init__(self) -> None:
        self.records: dict[Key, PodRecord] = {}
        self._images = Images()
        self._dependents: dict[Key, None] = {}
        self._addresses: dict[str, int] = {}

    def controller(self) -> Controller:
        """Return the control loop: pods, and what their processes may be waiting for."""
        watches = {
            "Pod": itself,
            **dict.fromkeys(("Service", "EndpointSlice", "NetworkPolicy"), self._who_depends),
        }
        return Controller(name="kubelet", watches=watches, reconcile=self.reconcile)

    def reconcile(self, world: World, key: Key) -> datetime | None:
        """Bring one pod a step on; return when to look again."""
        pod = world.store.peek(key)
        if pod is None:
            self.records.pop(key, None)
            self._dependents.pop(key, None)
            return None
        node = pod["spec"].get("nodeName")
        if not node or node in world.dead_nodes:
            return None
        record = self._record(world, key, pod)
        if deleting(pod):
            return self._stop(world, key, pod, record)
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return None
        next_at = self._advance(world, pod, record)
        picture = (record.picture(), pod["metadata"]["resourceVersion"])
        if picture != record.shown:
            world.set_status(pod, pod_status(world, pod, record))
            written = world.store.peek(key) or pod
            record.shown = (record.picture(), written["metadata"]["resourceVersion"])
        return next_at

    def restart_node(self, world: World, node: str) -> None:
        """Have everything on a node that came back start again, as after a reboot."""
        for pod in world.pods_on(node):
            record = self.records.get(Key("", "Pod", namespace_of(pod), name_of(pod)))
            for box in record.boxes if record else []:
                if box.run is not None and box.running:
                    self._finish(world, pod, box, box.run, ContainerEnd(255, "Unknown"))
        world.wake(world.pods_on(node))

    def reload_programs(self, world: World) -> None:
        """Have running processes behave as their programs are now; what they were started with stays."""
        for key, record in self.records.items():
            pod = world.store.peek(key)
            for box in record.boxes if pod else []:
                if box.run is not None and box.running:
                    box.run.program = world.programs.find(box.spec["image"]) or box.run.program
            if pod is not None:
                world.wake([pod])
        world.index.network += 1

    def _who_depends(self, _: World, __: Obj) -> Iterable[Key]:
        return tuple(self._dependents)

    def _record(self, world: World, key: Key, pod: Obj) -> PodRecord:
        record = self.records.get(key)
        if record is None or record.uid != pod["metadata"]["uid"]:
            spec = pod["spec"]
            boxes = [Box(one, init=True) for one in spec.get("initContainers") or []]
            boxes += [Box(one, init=False) for one in spec["containers"]]
            record = PodRecord(pod["metadata"]["uid"], boxes, world.now)
            self.records[key] = record
            _adopt(world, pod, record)
            if any(
                program.depends_on
                for program in map(world.programs.find, (one["image"] for one in every_container(spec)))
                if program
            ):
                self._dependents[key] = None
        specs = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
        for box, spec in zip(record.boxes, specs, strict=True):
            box.spec = spec
        return record

    def _advance(self, world: World, pod: Obj, record: PodRecord) -> datetime | None:
        if not record.mounted:
            retry_at = self._mount(world, pod, record)
            if retry_at is not None:
                return retry_at
        next_at: datetime | None = None
        for box in record.init_boxes:
            if not box.succeeded:
                next_at = soonest(next_at, self._step(world, pod, record, box))
            sidecar = box.spec.get("restartPolicy") == "Always"
            if not box.succeeded and not (sidecar and box.started):
                for waiting in record.app_boxes:
                    waiting.waiting = ("PodInitializing", "")
                return next_at
        for box in record.app_boxes:
            next_at = soonest(next_at, self._step(world, pod, record, box))
        return next_at

    def _mount(self, world: World, pod: Obj, record: PodRecord) -> datetime | None:
        """Set up volumes and the pod's address; return when to try again if that failed."""
        if record.mount_retry_at is not None and world.now < record.mount_retry_at:
            return record.mount_retry_at
        if world.now < record.admitted_at + _SANDBOX:
            return record.admitted_at + _SANDBOX
        problem = mount_problem(world, pod)
        node = pod["spec"]["nodeName"]
        if problem:
            world.event(pod, "Warning", "FailedMount", problem, "kubelet", host=node)
            wait_s = min(0.5 * 2**record.mount_failures, 122.0)
            record.mount_failures += 1
            record.mount_retry_at = world.now + timedelta(seconds=wait_s)
            return record.mount_retry_at
        record.mounted = True
        if not record.ip:
            record.ip = self._new_ip(node)
        return None

    def _new_ip(self, node: str) -> str:
        if node not in self._addresses:
            self._addresses[node] = (len(self._addresses) + 1) << 8
        self._addresses[node] += 1
        number = self._addresses[node]
        return f"10.244.{number >> 8 & 255}.{number & 255}"

    def _step(self, world: World, pod: Obj, record: PodRecord, box: Box) -> datetime | None:
        """Bring one container a step on: let it run, let it die, or start it."""
        if box.run is not None and box.running:
            next_at = self._run_on(world, pod, box, box.run)
            if box.running:
                return next_at
        if box.run is not None and not _restarts(pod, box, box.run):
            box.waiting = ("", "")
            return None
        if box.retry_at is not None and world.now < box.retry_at:
            return self._back_off(world, pod, box, box.retry_at)
        box.retry_at = None
        there, look_at = self._images.ensure(world, pod, box)
        if not there:
            return look_at
        return self._start(world, pod, record, box)

    def _run_on(self, world: World, pod: Obj, box: Box, run: ContainerRun) -> datetime | None:
        death = next_death(world, pod, box, run)
        if death is not None and death.at <= world.now:
            self._finish(world, pod, box, run, ContainerEnd(death.code, death.reason, death.line))
            return None
        killed, next_at = probes.step(world, pod, box, run)
        if killed:
            self._finish(world, pod, box, run, _on_sigterm(run))
            return None
        return soonest(next_at, death.at if death else None)

    def _start(self, world: World, pod: Obj, record: PodRecord, box: Box) -> datetime | None:
        try:
            env = environment(world, pod, box.spec, record.ip)
        except MissingConfiguration as missing:
            box.waiting = ("CreateContainerConfigError", str(missing))
            say(world, pod, box, "Warning", "Failed", f"Error: {missing}")
            self._images.forget(box)
            return world.now + timedelta(seconds=_RETRY_S)
        program = world.programs.find(box.spec["image"]) or _generic(box)
        if box.run is not None:
            box.previous = box.run
            box.restarts += 1
        container_id = f"containerd://{world.random.getrandbits(256):064x}"
        box.run = ContainerRun(program, world.now, env, files(world, pod, box.spec), container_id)
        box.waiting = ("", "")
        self._images.forget(box)
        probes.begin(box, box.run)
        say(world, pod, box, "Normal", "Created", "Container created")
        say(world, pod, box, "Normal", "Started", "Container started")
        return self._run_on(world, pod, box, box.run)

    def _finish(self, world: World, pod: Obj, box: Box, run: ContainerRun, ending: ContainerEnd) -> None:
        run.finished_at, run.exit_code, run.reason = world.now, ending.code, ending.reason
        if ending.line:
            run.last_words.append((world.now, ending.line))
        if box.init and ending.code == 0:
            box.succeeded = True
        if not _restarts(pod, box, run):
            box.waiting = ("", "")
            return
        box.crashes = 1 if world.now - run.started_at >= _GOOD_RUN else box.crashes + 1
        # The first restart is immediate; the back-off entry is made by it.
        wait_s = 1 if box.crashes == 1 else min(_FIRST_BACK_OFF_S * 2 ** (box.crashes - 2), _LONGEST_BACK_OFF_S)
        box.retry_at = world.now + timedelta(seconds=wait_s)
        box.waiting = ("", "")
        box.last_backoff_at = None

    def _back_off(self, world: World, pod: Obj, box: Box, retry_at: datetime) -> datetime | None:
        if box.crashes < 2:
            return retry_at
        full_name = f"{name_of(pod)}_{namespace_of(pod)}({pod['metadata']['uid']})"
        wait_s = min(_FIRST_BACK_OFF_S * 2 ** (box.crashes - 2), _LONGEST_BACK_OFF_S)
        wait = f"{wait_s // 60}m{wait_s % 60}s" if wait_s >= 60 else f"{wait_s}s"
        box.waiting = ("CrashLoopBackOff", f"back-off {wait} restarting failed container={box.name} pod={full_name}")
        due = box.last_backoff_at + timedelta(seconds=_RETRY_S) if box.last_backoff_at else world.now
        if world.now >= due:
            box.last_backoff_at = world.now
            message = f"Back-off restarting failed container {box.name} in pod {full_name}"
            say(world, pod, box, "Warning", "BackOff", message)
            due = world.now + timedelta(seconds=_RETRY_S)
        return soonest(retry_at, due)

    def _stop(self, world: World, key: Key, pod: Obj, record: PodRecord) -> datetime | None:
        """Stop the containers of a pod that is being deleted, then take it out of the store."""
        if record.stop_at is None:
            running = [box for box in record.boxes if box.running]
            for box in running:
                say(world, pod, box, "Normal", "Killing", f"Stopping container {box.name}")
            grace_s = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
            needs_s = max((box.run.program.stops_in_s for box in running if box.run), default=0.0)
            record.stop_at = world.now + timedelta(seconds=min(grace_s, needs_s))
        if world.now < record.stop_at:
            return record.stop_at
        for box in record.boxes:
            if box.run is not None and box.running:
                self._finish(world, pod, box, box.run, _on_sigterm(box.run))
        if pod["metadata"].get("finalizers"):
            return None
        world.store.remove(key)
        return None


def _on_sigterm(run: ContainerRun) -> ContainerEnd:
    code = run.program.term_code
    return ContainerEnd(code, "Completed" if code == 0 else "Error", 'level=info msg="got SIGTERM, stopping"')


def _restarts(pod: Obj, box: Box, run: ContainerRun) -> bool:
    """Return whether the kubelet starts a finished container again."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if box.init:
        return box.spec.get("restartPolicy") == "Always" or (run.exit_code != 0 and policy != "Never")
    return policy == "Always" or (policy == "OnFailure" and run.exit_code != 0)


def _generic(box: Box) -> Program:
    """Return a program for an image that nobody declared: it listens wherever its container says or is probed."""
    ports = {int(one["containerPort"]) for one in box.spec.get("ports") or []}
    probed = (probes.port_of(box, box.spec[field]) for field in probes.FIELDS if field in box.spec)
    return Program(image=split_image(box.spec["image"])[0], listens=tuple(sorted({*ports, *probed})), starts_in_s=0.0)


def _adopt(world: World, pod: Obj, record: PodRecord) -> None:
    """Take over the containers of a pod whose status says that they run already, as after a kubelet restart."""
    status = pod.get("status") or {}
    known = {
        one["name"]: one for field in ("initContainerStatuses", "containerStatuses") for one in status.get(field, [])
    }
    record.ip = status.get("podIP", "")
    record.admitted_at = moment(status.get("startTime"), world.now)
    for box in record.boxes:
        seen = known.get(box.name)
        if seen is None:
            continue
        box.restarts = seen.get("restartCount", 0)
        state = seen.get("state") or {}
        if "running" in state:
            record.mounted = True
            program = world.programs.find(box.spec["image"]) or _generic(box)
            started_at = moment(state["running"].get("startedAt"), world.now)
            env: dict[str, str] = {}
            try:
                env = environment(world, pod, box.spec, record.ip)
            except MissingConfiguration:
                # It was there when the container started; the process keeps what it had, which nobody knows now.
                program = _generic(box)
            box.run = ContainerRun(program, started_at, env, files(world, pod, box.spec), seen.get("containerID", ""))
            probes.take_over(box, box.run, started=seen.get("started", True), ready=seen.get("ready", False))
        elif "terminated" in state and box.init and state["terminated"].get("exitCode") == 0:
            box.succeeded, record.mounted = True, True
