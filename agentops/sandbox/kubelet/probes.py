"""Startup, liveness and readiness probes: what the process answers, and what follows from it.

Comes in: a running container. Goes out: changed probe states, ``Unhealthy`` events in the kubelet's wording, and the
name of the probe that has the container killed. A probe that passes and that nothing will change by itself is not
looked at again until something does change, so hours of health cost nothing. Must never open a connection.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from agentops.sandbox.kubelet.processes import still_connecting, unready_dependency
from agentops.sandbox.kubelet.runs import Box, ContainerRun, ProbeState
from agentops.sandbox.objects import deleting
from agentops.sandbox.store import Obj
from agentops.sandbox.world import World, soonest

FIELDS = {"startupProbe": "startup", "livenessProbe": "liveness", "readinessProbe": "readiness"}


def begin(box: Box, run: ContainerRun) -> None:
    """Set up the probes of a container that has just started."""
    for field, kind in FIELDS.items():
        spec = box.spec.get(field)
        if spec:
            run.probes[kind] = ProbeState(kind, spec, _first(spec, run.started_at))


def take_over(box: Box, run: ContainerRun, *, started: bool, ready: bool) -> None:
    """Set up the probes of a container that was running before the kubelet was, as its status says that they stand."""
    begin(box, run)
    for probe in run.probes.values():
        probe.passing = ready if probe.kind == "readiness" else started
        if probe.passing:
            probe.next_at = None


def step(world: World, pod: Obj, box: Box, run: ContainerRun) -> tuple[str, datetime | None]:
    """Run the probes that are due.

    Returns:
        The probe (``liveness`` or ``startup``) that has failed often enough to have the container killed, or empty;
        and when the next one is due.
    """
    startup = run.probes.get("startup")
    if startup is not None and not startup.passing:
        killed = _probe(world, pod, box, run, startup)
        if not _passes(startup):
            return killed, startup.next_at
        for kind in ("liveness", "readiness"):
            if kind in run.probes:
                run.probes[kind].next_at = _first(run.probes[kind].spec, world.now)
    next_at = None
    for kind in ("liveness", "readiness"):
        if kind in run.probes:
            killed = _probe(world, pod, box, run, run.probes[kind])
            if killed:
                return killed, None
            next_at = soonest(next_at, run.probes[kind].next_at)
    return "", next_at


def _passes(probe: ProbeState) -> bool:
    return bool(probe.passing)


def _first(spec: dict[str, Any], start: datetime) -> datetime:
    return start + timedelta(seconds=max(float(spec.get("initialDelaySeconds") or 0), 1.0))


def _probe(world: World, pod: Obj, box: Box, run: ContainerRun, probe: ProbeState) -> str:
    """Look at one probe; return its kind when it has the container killed."""
    period = timedelta(seconds=probe.spec.get("periodSeconds") or 10)
    if probe.next_at is None:
        if not answer(world, pod, box, run, probe.spec):
            return ""
        probe.next_at = world.now + period / 2
    if world.now < probe.next_at:
        return ""
    problem = answer(world, pod, box, run, probe.spec)
    # Above zero: passes in a row; below: failures in a row.
    probe.streak = min(probe.streak, 0) - 1 if problem else max(probe.streak, 0) + 1
    probe.next_at = world.now + period
    if problem:
        return _failed(world, pod, box, probe, problem)
    if probe.streak >= (probe.spec.get("successThreshold") or 1):
        probe.passing, probe.next_at = True, None
    return ""


def _failed(world: World, pod: Obj, box: Box, probe: ProbeState, problem: str) -> str:
    node = pod["spec"]["nodeName"]
    message = f"{probe.kind.capitalize()} probe failed: {problem}"
    world.event(pod, "Warning", "Unhealthy", message, "kubelet", host=node, container=box.name)
    if -probe.streak < (probe.spec.get("failureThreshold") or 3):
        return ""
    probe.passing = False
    if probe.kind == "readiness" or deleting(pod):
        return ""
    message = f"Container {box.name} failed {probe.kind} probe, will be restarted"
    world.event(pod, "Normal", "Killing", message, "kubelet", host=node, container=box.name)
    return probe.kind


def answer(world: World, pod: Obj, box: Box, run: ContainerRun, spec: dict[str, Any]) -> str:
    """Return why the probe fails, in the kubelet's words; empty when it passes."""
    up = world.now >= run.started_at + timedelta(seconds=run.program.starts_in_s) and not still_connecting(run)
    timeout_s = float(spec.get("timeoutSeconds") or 1)
    ip = (pod.get("status") or {}).get("podIP", "")
    if "exec" in spec:
        command = " ".join(spec["exec"].get("command") or [])
        if run.program.latency_s > timeout_s:
            return f'command timed out: "{command}" timed out after {timeout_s:.0f}s'
        return "" if up else f"{command.partition(' ')[0]}: no response"
    port = port_of(box, spec)
    listening = up and port in run.program.listens
    refused = f"dial tcp {ip}:{port}: connect: connection refused"
    if "httpGet" not in spec:
        return "" if listening else refused
    path = spec["httpGet"].get("path") or "/"
    scheme = (spec["httpGet"].get("scheme") or "HTTP").lower()
    get = f'Get "{scheme}://{ip}:{port}{path}": '
    if not listening:
        return get + refused
    if run.program.latency_s > timeout_s:
        return get + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    status = _status(run, path)
    return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def port_of(box: Box, spec: dict[str, Any]) -> int:
    """Return the number of the port that a probe knocks on; 0 when it names one that the container does not have."""
    handler = spec.get("httpGet") or spec.get("tcpSocket") or spec.get("grpc") or {}
    port = handler.get("port")
    if isinstance(port, int):
        return port
    named = {str(one.get("name")): int(one["containerPort"]) for one in box.spec.get("ports") or []}
    return int(str(port)) if str(port).isdigit() else named.get(str(port), 0)


def _status(run: ContainerRun, path: str) -> int:
    http = run.program.http
    wanted = http.get(path.partition("?")[0], 404) if http else 200
    if wanted == "dependencies":
        return 503 if unready_dependency(run) else 200
    return int(wanted)
