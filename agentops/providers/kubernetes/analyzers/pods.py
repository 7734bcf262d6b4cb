"""Pods as a whole: evicted, rejected by the kubelet, stuck while being deleted, gated, without a sandbox.

Single containers are the business of the images, configuration, crashes and probes analyzers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote
from agentops.providers.kubernetes.analyzers.declaration import OWNER, analyzer, exact, symptom, vague
from agentops.providers.kubernetes.analyzers.lifecycle import FINALIZER_STUCK
from agentops.providers.kubernetes.objects.fields import condition, items, key_of, moment, strings, text

NAME = "pods"
_REJECTED = {
    "NodeAffinity": "the kubelet rejected it: its node selector or affinity does not fit the node",
    "NodeShutdown": "its node was shut down",
    "Terminated": "its node was shut down",
    "NodeLost": "its node was lost",
    "UnexpectedAdmissionError": "the kubelet could not admit it",
    "Preempting": "it made room for a pod of higher priority",
    "DeadlineExceeded": "it ran longer than its activeDeadlineSeconds",
}
_MARGIN = timedelta(seconds=60)
_SETTLING = timedelta(minutes=10)


@analyzer(
    NAME,
    vague("Evicted", OWNER, "a node evicted pods", Trait.SELF_CONTAINED, Trait.TELLING),
    vague("PodRejected", OWNER, "a kubelet refused a pod that was bound to its node", Trait.SELF_CONTAINED),
    exact("SchedulingGated", OWNER, "a scheduling gate is not lifted"),
    vague("ReadinessGateClosed", OWNER, "all containers are ready, and a readiness gate is not met", Trait.TELLING),
    vague("PodSandboxFailed", OWNER, "the pod's sandbox (network) cannot be made", Trait.SELF_CONTAINED),
    symptom(
        "PodStuckTerminating", OWNER, "a pod is still there after its grace period, because its node does not answer"
    ),
    also=(FINALIZER_STUCK,),
)
def pods(graph: Graph) -> Iterable[Problem]:
    """Return what is wrong with pods apart from their containers."""
    return collapse(graph, NAME, [sign for pod in graph.unwell_pods for sign in _signs(graph, pod)])


def _signs(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    if text(pod, "metadata", "deletionTimestamp"):
        yield from _terminating(graph, pod)
        return
    reason = text(pod, "status", "reason")
    if reason == "Evicted":
        yield _evicted(graph, pod)
    elif reason in _REJECTED or reason.startswith("OutOf"):
        yield _rejected(graph, pod, reason)
    elif text(pod, "status", "phase") == "Running":
        yield from _closed_gate(graph, pod)
    elif text(pod, "status", "phase") == "Pending":
        yield from _gated(graph, pod)
        yield from _sandbox(graph, pod)


def _evicted(graph: Graph, pod: dict[str, Any]) -> PodSymptom:
    message = text(pod, "status", "message")
    ephemeral = "ephemeral" in message
    since = moment(pod, "status", "startTime")
    events = graph.events(key_of(pod), "Evicted", "Evicting", "Preempted")
    if events:
        since = events[-1].last
    recent = since is None or graph.now - since <= timedelta(hours=6)
    node = text(pod, "spec", "nodeName")
    return PodSymptom(
        pod=pod,
        condition="Evicted",
        what=f"evicted from node {node or '?'}: {quoted(message, 200) or 'no message'}",
        facts=(quote(graph, pod, "status.reason", "Evicted"), quote(graph, pod, "status.message", message)),
        since=since,
        severity=Severity.HIGH if recent else Severity.INFO,
        root=recent,
        advice="Set an ephemeral-storage limit and find what fills the disk."
        if ephemeral
        else "Set requests near what the pods use, and look at the node's pressure.",
        affects=(graph.ref_of(("Node", "", node)),) if node else (),
    )


def _rejected(graph: Graph, pod: dict[str, Any], reason: str) -> PodSymptom:
    words = _REJECTED.get(reason, f"the kubelet rejected it ({reason})")
    message = text(pod, "status", "message")
    return PodSymptom(
        pod=pod,
        condition="PodRejected",
        what=f"{words}: {quoted(message, 160) or reason}",
        facts=(quote(graph, pod, "status.reason", reason), quote(graph, pod, "status.message", message)),
        since=moment(pod, "status", "startTime") or moment(pod, "metadata", "creationTimestamp"),
        advice="Look at the node that refused it; a controller makes a new pod by itself.",
    )


def _terminating(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    """A deletionTimestamp is when the grace period ends, so anything past it hangs."""
    due = moment(pod, "metadata", "deletionTimestamp")
    if due is None or graph.now - due < _MARGIN:
        return
    finalizers = strings(pod, "metadata", "finalizers")
    node = text(pod, "spec", "nodeName")
    why = f"finalizer {finalizers[0]} is not removed" if finalizers else f"node {node} does not confirm its end"
    yield PodSymptom(
        pod=pod,
        condition="FinalizerStuck" if finalizers else "PodStuckTerminating",
        what=f"still there {age(due, graph.now)} after its grace period ended: {why}",
        facts=(
            quote(graph, pod, "metadata.deletionTimestamp", text(pod, "metadata", "deletionTimestamp")),
            *(quote(graph, pod, "metadata.finalizers", name) for name in finalizers),
        ),
        since=due,
        severity=Severity.WARNING,
        root=bool(finalizers),
        advice="Find the controller that owns the finalizer." if finalizers else f"Look at node {node}.",
    )


def _closed_gate(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    """A pod whose containers are all ready is ready only when each of its readiness gates is true (KEP 580)."""
    ready = condition(pod, "Ready")
    if text(condition(pod, "ContainersReady"), "status") != "True" or text(ready, "status") == "True":
        return
    gates = [text(gate, "conditionType") for gate in items(pod, "spec", "readinessGates")]
    closed = [gate for gate in gates if text(condition(pod, gate), "status") != "True"]
    since = moment(ready, "lastTransitionTime") or moment(pod, "status", "startTime")
    if not closed or (since is not None and graph.now - since < _MARGIN):
        return
    said = text(condition(pod, closed[0]), "message") or text(condition(pod, closed[0]), "reason")
    yield PodSymptom(
        pod=pod,
        condition="ReadinessGateClosed",
        what=f"its containers are ready, and readiness gate {closed[0]} is not met"
        + (f": {quoted(said, 160)}" if said else ": nobody has set it"),
        facts=(
            quote(
                graph,
                pod,
                f"status.conditions[{closed[0]}].status",
                text(condition(pod, closed[0]), "status") or "unset",
            ),
            quote(graph, pod, "status.conditions[ContainersReady].status", "True"),
        ),
        since=since,
        advice="Look at the controller that sets this condition (a load balancer's, a mesh's).",
    )


def _gated(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    entry = condition(pod, "PodScheduled")
    if entry.get("reason") != "SchedulingGated":
        return
    gates = [text(gate, "name") for gate in items(pod, "spec", "schedulingGates")]
    yield PodSymptom(
        pod=pod,
        condition="SchedulingGated",
        what=f"waits for scheduling gates {', '.join(gates) or '(unnamed)'}",
        facts=(quote(graph, pod, "status.conditions[PodScheduled].reason", "SchedulingGated"),),
        since=moment(entry, "lastTransitionTime") or moment(pod, "metadata", "creationTimestamp"),
        advice="Find the controller that should lift the gate.",
    )


def _sandbox(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    events = graph.events(key_of(pod), "FailedCreatePodSandBox", "FailedPodSandBoxStatus", "NetworkNotReady")
    if not events or events[-1].last is None or graph.now - events[-1].last > _SETTLING:
        return
    event = events[-1]
    yield PodSymptom(
        pod=pod,
        condition="PodSandboxFailed",
        what=f"its sandbox cannot be made on node {text(pod, 'spec', 'nodeName')}: {quoted(event.message, 200)}",
        facts=(quote(graph, event.event, "message", event.message), quote(graph, event.event, "reason", event.reason)),
        since=event.first,
        advice="Look at the network plugin (CNI) and the container runtime on that node.",
    )
