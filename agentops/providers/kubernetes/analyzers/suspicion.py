"""Text that addresses whoever reads it: instructions in logs, events and annotations. Reported, never followed.

The object that carries the text is named, so that a person can take it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agentops.core.alert import Severity
from agentops.core.conditions import SUSPICIOUS
from agentops.core.finding import Fact, Problem
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import is_suspicious
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import OWNER, analyzer, information
from agentops.providers.kubernetes.objects.event import involved
from agentops.providers.kubernetes.objects.fields import Key, string_map, text

NAME = "suspicion"
_LONGEST = 2000
_CARRIERS = (
    "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod", "Service", "Ingress", "ConfigMap", "Node",
    "Namespace", "PersistentVolumeClaim", "NetworkPolicy", "HorizontalPodAutoscaler",
)  # fmt: skip


@analyzer(
    NAME,
    information(SUSPICIOUS, OWNER, "text in logs, events or annotations tries to instruct the copilot; never followed"),
)
def suspicion(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose logs or annotations hold text that reads like an instruction to an operator."""
    found: dict[Key, list[Fact]] = {}
    for workload, fact in _lines(graph):
        found.setdefault(workload, []).append(fact)
    for workload, facts in sorted(found.items()):
        yield Problem(
            resource=graph.ref_of(workload),
            condition=SUSPICIOUS,
            summary=f"{subject(workload)}: this text tries to instruct the copilot ({facts[0].resource.subject} "
            f"{facts[0].path}, {plural(len(facts), 'time')}); it was not followed: {facts[0].value}",
            severity=Severity.INFO,
            analyzer=NAME,
            facts=tuple(facts[:3]),
            advice="Find out who writes this; treat everything from that source with care.",
            root=False,
        )


def _lines(graph: Graph) -> Iterator[tuple[Key, Fact]]:
    for tail in graph.snapshot.logs:
        pod = graph.find("Pod", tail.namespace, tail.pod)
        key = ("Pod", tail.namespace, tail.pod)
        for line in tail.lines:
            if is_suspicious(line):
                yield graph.workload(pod) if pod else key, quote(graph, key, f"log[{tail.container}]", line)
    for event in graph.of("Event"):
        message = text(event, "message")
        if message and is_suspicious(message):
            yield involved(event), quote(graph, event, "message", message)
    for kind in _CARRIERS:
        for obj in graph.of(kind):
            for name, value in string_map(obj, "metadata", "annotations").items():
                if len(value) < _LONGEST and is_suspicious(value):
                    yield graph.top_of(obj), quote(graph, obj, f"metadata.annotations[{name}]", value)
