"""Probes: liveness and startup probes that kill, readiness probes that keep pods out, ports that nobody listens on.

The kubelet tells a probe's failure only in events (``Unhealthy``, ``Killing``), so the event history is read, not the
latest event alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from agentops.core.conditions import Trait
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.containers import ContainerView, container_views
from agentops.providers.kubernetes.analysis.corrections import template_patch
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.crashes import at_least_high, onset
from agentops.providers.kubernetes.analyzers.declaration import OWNER, PATCH, UNDO, analyzer, exact, vague
from agentops.providers.kubernetes.objects.event import ObjectEvent
from agentops.providers.kubernetes.objects.fields import (
    condition,
    items,
    mapping,
    moment,
    number,
    scalar,
    text,
)
from agentops.providers.kubernetes.objects.pod_health import is_ready

NAME = "probes"
_PROBE = re.compile(r"(Liveness|Readiness|Startup) probe (?:failed|errored)", re.IGNORECASE)
_REFUSED = re.compile(r"(?i)connection refused")
_FRESH = timedelta(minutes=15)
_SETTLED = timedelta(minutes=15)
"""A pod that turned unready only so long after its start had passed its probe."""
_SETTLING = timedelta(seconds=30)
_STATUS = re.compile(r"statuscode: (\d+)")

_PROBES = ("Probe.", ".ports[", ".image", ".env[", ".args", ".command")


@analyzer(
    NAME,
    exact(
        "ProbePortMismatch",
        OWNER,
        "a probe asks a port that the container does not declare",
        fields=("Probe.", ".ports["),
        remedies=(
            UNDO,
            PATCH,
        ),
    ),
    vague(
        "LivenessProbeKilling",
        OWNER,
        "a liveness or startup probe restarts the container",
        Trait.TELLING,
        fields=("livenessProbe.", "startupProbe.", *_PROBES, ".resources.limits.cpu"),
        remedies=(UNDO,),
    ),
    vague(
        "ReadinessProbeFailing",
        OWNER,
        "a container runs and its readiness probe fails",
        fields=("readinessProbe.", *_PROBES),
        remedies=(UNDO,),
    ),
)
def probes(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose probes fail, and why."""
    signs: list[PodSymptom] = []
    for pod in graph.unwell_pods:
        for view in container_views(pod):
            if not view.is_init:
                signs.extend(_signs(graph, pod, view))
    return collapse(graph, NAME, signs)


def _signs(graph: Graph, pod: dict[str, Any], view: ContainerView) -> Iterator[PodSymptom]:
    failures = _failures(graph, view)
    killed = failures.get("liveness") or failures.get("startup")
    which = "liveness" if failures.get("liveness") else "startup"
    if killed and (view.restarts or _kills(graph, view)) and text(view.last_end, "reason") != "OOMKilled":
        yield _killing(graph, pod, view, which, killed)
        return
    if view.running and not view.ready and not text(pod, "metadata", "deletionTimestamp"):
        yield from _unready(graph, pod, view, failures)


def _failures(graph: Graph, view: ContainerView) -> dict[str, list[ObjectEvent]]:
    """Return recent probe failures of the container by probe; a failure of long ago says nothing about now."""
    found: dict[str, list[ObjectEvent]] = {}
    for event in graph.events(view.pod_key, "Unhealthy", "ProbeWarning"):
        match = _PROBE.search(event.message)
        recent = event.last is None or graph.now - event.last <= _FRESH
        if match and recent and event.container in ("", view.name):
            found.setdefault(match.group(1).lower(), []).append(event)
    return found


def _kills(graph: Graph, view: ContainerView) -> list[ObjectEvent]:
    return [e for e in graph.events(view.pod_key, "Killing") if view.name in e.message and "probe" in e.message]


def describe(probe: dict[str, Any], ports: dict[str, int]) -> str:
    """Return a probe as people say it: ``GET :8080/healthz every 10s, timeout 1s, 3 failures``."""
    if mapping(probe, "httpGet"):
        port = scalar(probe, "httpGet", "port")
        shown = f"{port} ({ports[port]})" if port in ports else port
        what = f"GET :{shown}{text(probe, 'httpGet', 'path') or '/'}"
    elif mapping(probe, "tcpSocket"):
        what = f"TCP :{scalar(probe, 'tcpSocket', 'port')}"
    elif mapping(probe, "grpc"):
        what = f"gRPC :{scalar(probe, 'grpc', 'port')}"
    else:
        what = "exec " + quoted(" ".join(str(part) for part in mapping(probe, "exec").get("command") or []), 80)
    delay = number(probe, "initialDelaySeconds")
    timing = (
        f"every {number(probe, 'periodSeconds', default=10)}s, timeout {number(probe, 'timeoutSeconds', default=1)}s"
    )
    limit = plural(number(probe, "failureThreshold", default=3), "failure")
    return f"{what} {timing}, {limit}" + (f", after {delay}s" if delay else "")


def _ports(view: ContainerView) -> dict[str, int]:
    """Return the container's ports by name; one without a name by its number."""
    ports = [(text(port, "name"), number(port, "containerPort")) for port in items(view.container, "ports")]
    return {name or str(port): port for name, port in ports}


def probe_port(probe: dict[str, Any], ports: dict[str, int]) -> tuple[str, bool]:
    """Return the probe's port as written, and whether the container declares it (true when it declares none)."""
    for field in ("httpGet", "tcpSocket", "grpc"):
        port = scalar(probe, field, "port")
        if port:
            return port, not ports or port in ports or port in {str(value) for value in ports.values()}
    return "", True


def _killing(
    graph: Graph, pod: dict[str, Any], view: ContainerView, which: str, failures: list[ObjectEvent]
) -> PodSymptom:
    probe = mapping(view.container, f"{which}Probe")
    last = failures[-1]
    since = min([event.first for event in failures if event.first] + [t for t in (onset(graph, pod, view),) if t])
    times = sum(event.count for event in failures)
    words = f"{view.label} is restarted by its {which} probe ({describe(probe, _ports(view))})"
    words += f", which failed {times} times: {quoted(last.message, 160)}; {plural(view.restarts, 'restart')}"
    facts = [
        quote(graph, last.event, "message", last.message),
        quote(graph, pod, f"{view.spec_path}.{which}Probe", describe(probe, _ports(view))),
        quote(graph, pod, f"{view.path}.restartCount", view.restarts),
    ]
    return _finish(graph, pod, view, "LivenessProbeKilling", words, facts, since, probe, which)


def _unready(
    graph: Graph, pod: dict[str, Any], view: ContainerView, failures: dict[str, list[ObjectEvent]]
) -> Iterator[PodSymptom]:
    probe = mapping(view.container, "readinessProbe")
    events = failures.get("readiness") or failures.get("startup") or []
    began = moment(view.status, "state", "running", "startedAt")
    settled = began is None or graph.now - began > _SETTLING
    if not (events or (probe and settled)):
        return
    which = "readiness" if failures.get("readiness") or probe else "startup"
    probe = mapping(view.container, f"{which}Probe")
    words = f"{view.label} runs but is not ready: its {which} probe ({describe(probe, _ports(view))}) fails"
    facts = [quote(graph, pod, f"{view.path}.ready", value=False)]
    if events:
        words += f": {quoted(events[-1].message, 160)}"
        facts.insert(0, quote(graph, events[-1].event, "message", events[-1].message))
    facts.append(quote(graph, pod, f"{view.spec_path}.{which}Probe", describe(probe, _ports(view))))
    since = moment(condition(pod, "Ready"), "lastTransitionTime") or began
    yield _finish(graph, pod, view, "ReadinessProbeFailing", words, facts, since, probe, which)


def _finish(
    graph: Graph,
    pod: dict[str, Any],
    view: ContainerView,
    name: str,
    words: str,
    facts: list[Fact],
    since: Any,
    probe: dict[str, Any],
    which: str,
) -> PodSymptom:
    ports = _ports(view)
    port, declared = probe_port(probe, ports)
    advice = _advice(facts[0].value, which)
    remedies: tuple[Change, ...] = ()
    # Ports need not be declared: where the same probe has been passed, its port is the right one.
    if not declared and not _STATUS.search(facts[0].value) and not _was_passed(graph, pod):
        name = "ProbePortMismatch"
        listening = ", ".join(f"{'unnamed' if n == str(p) else n} {p}" for n, p in ports.items())
        words += f"; the probe asks port {port}, the container declares {listening}"
        facts.append(quote(graph, pod, f"{view.spec_path}.ports", listening))
        advice = f"Point the {which} probe at a port that the container listens on ({listening})."
        remedies = tuple(_port_remedy(graph, pod, view, which, probe, port, ports))
    origin = blame(graph, graph.workload(pod), probes.condition(name), view.name, since)
    if origin:
        words += f"; {origin.clause}"
        facts.append(quote(graph, origin.delta.workload, origin.delta.title, "; ".join(map(str, origin.edits[:3]))))
        remedies = (*origin.remedies, *remedies)
    return PodSymptom(
        pod=pod,
        container=view.name,
        condition=name,
        what=words,
        facts=tuple(facts),
        since=since,
        severity=at_least_high(graph, pod) if name == "LivenessProbeKilling" else None,
        advice=advice,
        remedies=remedies,
    )


def _was_passed(graph: Graph, pod: dict[str, Any]) -> bool:
    """Return whether the pod was ready for a while, or another one of the same template is ready."""
    stamp = text(pod, "metadata", "labels", "pod-template-hash")
    others = (other for other in graph.pods_of(graph.workload(pod)) if other is not pod)
    alike = (other for other in others if text(other, "metadata", "labels", "pod-template-hash") == stamp)
    if stamp and any(is_ready(other) for other in alike):
        return True
    began, unready = moment(pod, "status", "startTime"), moment(condition(pod, "Ready"), "lastTransitionTime")
    return began is not None and unready is not None and unready - began > _SETTLED


def _port_remedy(
    graph: Graph,
    pod: dict[str, Any],
    view: ContainerView,
    which: str,
    probe: dict[str, Any],
    port: str,
    ports: dict[str, int],
) -> Iterator[Change]:
    """With one declared port there is one candidate; with more, nobody can know which was meant."""
    key = graph.workload(pod)
    field = next((f for f in ("httpGet", "tcpSocket", "grpc") if mapping(probe, f)), "")
    if len(ports) != 1 or not field:
        return
    only = next(iter(ports.values()))
    path = f"{view.spec_path.removeprefix('spec.')}.{which}Probe.{field}.port"
    edit = {"path": path, "old": int(port) if port.isdecimal() else port, "new": only}
    reason = f"{only} is the only port that container {view.name} declares"
    yield from template_patch(graph, key, reason, edit)


def _advice(message: str, which: str) -> str:
    status = _STATUS.search(message)
    if status:
        code = status.group(1)
        if code == "404":
            return f"The {which} probe's path does not exist in the application (404): correct the path."
        return f"The application answers the {which} probe with {code}: look at its log and at what it depends on."
    if _REFUSED.search(message):
        return f"Nothing listens on the {which} probe's port: the application is not up, or it listens elsewhere."
    if "deadline exceeded" in message or "timeout" in message.lower():
        return (
            f"The application does not answer within the {which} probe's timeout: raise it, or find what makes it slow."
        )
    return f"Find out why the {which} probe fails; loosen it if the application is merely slow."
