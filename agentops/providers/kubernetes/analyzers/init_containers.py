"""Init containers that run and do not end: what they wait for, by their command, their arguments and their log.

A wait says of itself what it waits for. Where that is a Job, a Service or a pod of the namespace, trouble there is the
cause, which the dependency graph finds; here only the wait is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from agentops.core.clock import age
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.containers import container_views
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import last_line
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote, subject
from agentops.providers.kubernetes.analysis.waits import awaited
from agentops.providers.kubernetes.analyzers.declaration import OWNER, analyzer, vague
from agentops.providers.kubernetes.objects.fields import key_of, moment, strings, text

NAME = "init_containers"
_PATIENCE = timedelta(minutes=3)


@analyzer(
    NAME,
    vague(
        "InitContainerWaits",
        OWNER,
        "an init container runs for minutes and does not end, so the pod's containers are not started",
        Trait.FOLLOWS_DEPENDENCY,
    ),
)
def init_containers(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose pods hang in an init container."""
    return collapse(graph, NAME, [sign for pod in graph.unwell_pods for sign in _signs(graph, pod)])


def _signs(graph: Graph, pod: dict[str, Any]) -> Iterator[PodSymptom]:
    if text(pod, "status", "phase") != "Pending":
        return
    for view in container_views(pod):
        began = moment(view.status, "state", "running", "startedAt")
        if not view.is_init or not view.running or (began is not None and graph.now - began < _PATIENCE):
            continue
        command = " ".join((*strings(view.container, "command"), *strings(view.container, "args")))
        things = awaited(graph, pod, view.name)
        words = f"{view.label} runs and does not end" + (f", for {age(began, graph.now)}" if began else "")
        words += f"; it waits for {', '.join(map(subject, things[:3]))}" if things else ""
        words += f"; its command: {quoted(command, 160)}" if command else ""
        said = last_line(graph.logs(pod, view.name))
        words += f"; its log ends with: {said}" if said else ""
        facts = [quote(graph, key_of(pod), f"{view.path}.state.running.startedAt", began or "?")]
        facts += [quote(graph, key_of(pod), f"log[{view.name}]", said)] if said else []
        yield PodSymptom(
            pod=pod,
            container=view.name,
            condition="InitContainerWaits",
            what=words,
            facts=tuple(facts),
            since=began,
            advice="Look at what it waits for.",
        )
