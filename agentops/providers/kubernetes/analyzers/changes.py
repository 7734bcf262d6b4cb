"""What changed lately: the last rollout of each workload, as information that explains other problems."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.clock import age
from agentops.core.conditions import CHANGED
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analysis.rollouts import last_change, undo
from agentops.providers.kubernetes.analyzers.declaration import OWNER, UNDO, analyzer, information
from agentops.providers.kubernetes.objects.fields import Key, condition, key_of, moment, text

NAME = "changes"
WINDOW = timedelta(hours=24)
_MOST_EDITS = 6


@analyzer(
    NAME,
    information(CHANGED, OWNER, "what the last rollout (within a day) changed, field by field", remedies=(UNDO,)),
)
def changes(graph: Graph) -> Iterable[Problem]:
    """Return the rollouts of the last day, with what each changed; never a cause by themselves."""
    for key in sorted(_recent(graph)):
        delta = last_change(graph, key, not_before=graph.now - WINDOW)
        if delta is None or not delta.edits or delta.at is None:
            continue
        edits = "; ".join(str(edit) for edit in delta.edits[:_MOST_EDITS])
        if len(delta.edits) > _MOST_EDITS:
            edits += f"; and {len(delta.edits) - _MOST_EDITS} more"
        did = "went back to an earlier template, which changed" if delta.goes_back else "changed"
        yield Problem(
            resource=graph.ref_of(key),
            condition=CHANGED,
            summary=f"{subject(key)}: revision {delta.revision}, {age(delta.at, graph.now)} ago, {did} {edits}",
            severity=Severity.INFO,
            analyzer=NAME,
            facts=tuple(
                quote(
                    graph,
                    key,
                    f"revision {delta.previous} -> {delta.revision}: {edit.path}",
                    f"{edit.before} -> {edit.after}",
                )
                for edit in delta.edits[:_MOST_EDITS]
            ),
            since=delta.at,
            remedies=() if delta.goes_back else (undo(delta, graph, f"go back to revision {delta.previous}"),),
            advice="It is itself a rollback to an earlier state."
            if delta.goes_back
            else "Undo it when it brought the trouble.",
            root=False,
        )


def _recent(graph: Graph) -> set[Key]:
    """Return the workloads with a revision made, or a rollback done, within the window."""
    found: set[Key] = set()
    for owner, children in graph.children.items():
        if owner[0] in ("Deployment", "StatefulSet", "DaemonSet") and any(
            _is_recent(graph, child) for child in children
        ):
            found.add(owner)
    found.update(key_of(obj) for obj in graph.of("Deployment") if _is_recent(graph, obj))
    return found


def _is_recent(graph: Graph, obj: dict[str, Any]) -> bool:
    if text(obj, "kind") == "Deployment":
        stamp = moment(condition(obj, "Progressing"), "lastUpdateTime")
    else:
        stamp = moment(obj, "metadata", "creationTimestamp")
    return stamp is not None and graph.now - stamp <= WINDOW
