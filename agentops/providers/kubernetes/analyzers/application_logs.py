"""Errors in the log of pods that are ready: no object shows them, and an alert that fires may be about just these.

Only the last minutes count, as far as the lines say when they were written. A log names no cause that can be proved, so
what is found here is never claimed with more than low confidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import is_loud, is_suspicious, read_line
from agentops.providers.kubernetes.analysis.log_times import without_start
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import OWNER, analyzer, vague
from agentops.providers.kubernetes.objects.fields import Key, key_of
from agentops.providers.kubernetes.objects.pod_health import is_ready

NAME = "application_logs"
_FEW = 3
"""So many refused requests are no stray one."""
_KINDS = {
    "http-5xx": "5xx answers",
    "http-4xx": "4xx answers",
    "grpc-error": "failed calls",
    "slow-answer": "time-outs",
    "timeout": "time-outs",
    "refused": "refused connections",
    "unknown-host": "hosts that are not found",
    "access-denied": "refused logins",
}


@analyzer(
    NAME,
    vague(
        "ApplicationErrorInLog",
        OWNER,
        "the log of ready pods holds errors of the last minutes",
        Trait.ONLY_SAID,
        Trait.FOLLOWS_DEPENDENCY,
    ),
)
def application_logs(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose pods are ready and whose log tells of errors."""
    for key, lines in loud_workloads(graph).items():
        pod, container, last = lines[-1]
        counted = Counter(kind for _, _, line in lines for kind in {r.kind for r in read_line(line)} & _KINDS.keys())
        kinds = ", ".join(f"{number} {_KINDS[kind]}" for kind, number in counted.most_common(3))
        words = f"{subject(key)}: its pods are ready, and its log holds {plural(len(lines), 'line')} about errors"
        words += f" ({kinds})" if kinds else ""
        yield Problem(
            resource=graph.ref_of(key),
            condition="ApplicationErrorInLog",
            summary=f"{words}; the last one: {quoted(last, 240)}",
            severity=Severity.WARNING,
            analyzer=NAME,
            facts=(quote(graph, key_of(pod), f"log[{container}]", last),),
            advice="Ask whoever knows the program what the line means; no object shows why.",
        )


def loud_workloads(graph: Graph) -> dict[Key, list[tuple[dict[str, Any], str, str]]]:
    """Return the workloads of ready pods with the lines about errors: pod, container, line."""
    found: dict[Key, list[tuple[dict[str, Any], str, str]]] = {}
    for pod, container, line in _loud_lines(graph):
        found.setdefault(graph.workload(pod), []).append((pod, container, line))
    return found


def _loud_lines(graph: Graph) -> Iterator[tuple[dict[str, Any], str, str]]:
    for tail in graph.snapshot.logs:
        pod = graph.find("Pod", tail.namespace, tail.pod)
        if tail.previous or pod is None or not is_ready(pod):
            continue
        lines = [line for line in without_start(tail.lines, graph.now, _is_about_connecting) if not is_suspicious(line)]
        loud = [line for line in lines if is_loud(line)]
        if not loud:
            refused = [line for line in lines if any(read.kind == "http-4xx" for read in read_line(line))]
            loud = refused if len(refused) >= _FEW else []
        yield from ((pod, tail.container, line) for line in loud)


def _is_about_connecting(line: str) -> bool:
    return any(read.kind in ("refused", "timeout", "unknown-host") for read in read_line(line))
