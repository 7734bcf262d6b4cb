"""Text that addresses whoever reads it: instructions in logs, events and annotations. Reported, never followed."""

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
from agentops.providers.kubernetes.objects.fields import Key, key_of, string_map

NAME = "suspicion"


@analyzer(
    NAME,
    information(SUSPICIOUS, OWNER, "text in logs or annotations that reads like an instruction; it is never followed"),
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
            summary=f"{subject(workload)}: text in its log or notes reads like an instruction to whoever reads it "
            f"({plural(len(facts), 'time')}); it was not followed: {facts[0].value}",
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
    for workload in graph.workloads:
        for name, value in string_map(workload, "metadata", "annotations").items():
            if len(value) < 2000 and is_suspicious(value):
                yield key_of(workload), quote(graph, workload, f"metadata.annotations[{name}]", value)
