"""What becomes evidence before the model has its first turn: triage's problems, log tails, the alert's own text.

Comes in: a snapshot, a ranking, an alert group. Goes out: evidence, admitted by the toolbox like any reading, so
redacted, stored, numbered and recorded. Nothing is judged here, and nothing is read that the sweep has not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from agentops.core.alert import Alert, AlertGroup
from agentops.core.evidence import Evidence, Reading
from agentops.core.finding import Problem
from agentops.core.resource import kubernetes_ref
from agentops.core.snapshot import LogTail, Object, Snapshot
from agentops.core.text import plural
from agentops.core.tool import ToolCall
from agentops.providers.kubernetes.objects.noise import strip
from agentops.providers.kubernetes.read.folding import distinct
from agentops.providers.kubernetes.read.table import yaml_text

if TYPE_CHECKING:
    from agentops.agent.toolbox import Toolbox
    from agentops.app.services import Services
    from agentops.triage.ranking import Ranking

MOST_PROBLEMS = 30
_MOST_TAILS = 2
_TAIL_LINES = 12
_FIRST = ("spec", "data", "template", "jobTemplate", "containers", "initContainers")
_LAST = ("metadata", "status")
_DEEPER = frozenset({"spec", "template", "jobTemplate"})
LOG_TOOL = "sweep_logs"


def keep_problems(services: Services, toolbox: Toolbox, snapshot: Snapshot, ranking: Ranking) -> tuple[Evidence, ...]:
    """Admit the best-ranked problems as evidence: what the analyzer says, what it quotes, and the object itself."""
    objects = {
        (kind, found.get("metadata", {}).get("namespace") or "", found.get("metadata", {}).get("name")): found
        for kind in {problem.resource.kind for problem in ranking.problems}
        for found in snapshot.of(kind)
    }
    kept: list[Evidence] = []
    for problem in ranking.problems[:MOST_PROBLEMS]:
        call = ToolCall(
            id=f"sweep-{len(kept) + 1}",
            name="triage",
            arguments={"resource": str(problem.resource), "condition": problem.condition},
        )
        found = objects.get((problem.resource.kind, problem.resource.namespace, problem.resource.name))
        shown = None if found is None else services.redactor.value(dict(found))
        kept.append(toolbox.admit(call, problem_reading(problem, shown), duration_ms=0))
    return tuple(kept)


def problem_reading(problem: Problem, found: Object | None) -> Reading:
    """Return a problem as something that can be cited and searched: the fields in question first, the object last."""
    lines = list(_facts(problem))
    if problem.advice:
        lines += ["", f"advice: {problem.advice}"]
    lines += [f"note of the owner of {note.resource.short}: {note.words}" for note in problem.notes]
    lines += [one.why for one in problem.withheld]
    if found is not None:
        lines += ["", f"{problem.resource.short}:", _object_text(found)]
    return Reading(
        body="\n".join(lines),
        summary=problem.summary,
        resources=(problem.resource,),
    )


def _facts(problem: Problem) -> Iterator[str]:
    """Yield the quotations, one a line; those of one object under its name when there are several."""
    by_object: dict[str, list[str]] = {}
    for fact in problem.facts:
        by_object.setdefault(fact.resource.short, []).append(f"{fact.path}: {fact.value}")
    for name, quoted in by_object.items():
        if len(quoted) == 1:
            yield f"{name} {quoted[0]}"
        else:
            yield f"{name}:"
            yield from (f"  {line}" for line in quoted)


def _object_text(found: Object) -> str:
    """Return an object as YAML without what the API server fills in, and the containers, mostly changed, first."""
    item = deepcopy(dict(found))
    strip(item)
    metadata = item.get("metadata") or {}
    for known in ("name", "namespace", "creationTimestamp", "ownerReferences"):
        metadata.pop(known, None)
    kept = {key: value for key, value in item.items() if key not in ("apiVersion", "kind") and value not in ({}, [])}
    return yaml_text(_ordered(kept)).rstrip("\n")


def _ordered(value: Any) -> Any:
    """Return a map with what people change before what they rarely do, at each depth down to the containers."""
    if not isinstance(value, dict):
        return value
    keys = [*(key for key in _FIRST if key in value), *(key for key in value if key not in (*_FIRST, *_LAST))]
    keys += [key for key in _LAST if key in value]
    return {key: _ordered(value[key]) if key in _DEEPER else value[key] for key in keys}


def keep_logs(toolbox: Toolbox, snapshot: Snapshot, problems: Sequence[Problem]) -> tuple[Evidence, ...]:
    """Admit the last lines of the failing pods' containers: of one pod of each workload.

    Replicas of one template fail alike. The run before a restart knows why there was a restart, so it comes first.
    """
    failing = {ref for p in problems for ref in (p.resource, *p.affects, *(fact.resource for fact in p.facts))}
    chosen: dict[tuple[str, str, str], LogTail] = {}
    for tail in snapshot.logs:
        if kubernetes_ref(snapshot.context, tail.namespace, "Pod", tail.pod) in failing:
            key = (tail.namespace, _owner_of(snapshot, tail), tail.container)
            if key not in chosen or (tail.previous and not chosen[key].previous):
                chosen[key] = tail
    tails = list(chosen.values())[:_MOST_TAILS]
    return tuple(toolbox.admit(_log_call(tail), _log_reading(tail), duration_ms=0) for tail in tails)


def _owner_of(snapshot: Snapshot, tail: LogTail) -> str:
    """Return the name of what made the pod; the pod's own where nothing did."""
    for pod in snapshot.of("Pod"):
        metadata = pod.get("metadata") or {}
        if (metadata.get("namespace"), metadata.get("name")) == (tail.namespace, tail.pod):
            return next((str(one.get("name")) for one in metadata.get("ownerReferences") or ()), tail.pod)
    return tail.pod


def _log_call(tail: LogTail) -> ToolCall:
    arguments = {"namespace": tail.namespace, "pod": tail.pod, "container": tail.container, "previous": tail.previous}
    return ToolCall(id=f"sweep-logs-{tail.pod}-{tail.container}-{tail.previous}", name=LOG_TOOL, arguments=arguments)


def _log_reading(tail: LogTail) -> Reading:
    run = ", the run before the last restart" if tail.previous else ""
    return Reading(
        body="\n".join(distinct(tail.lines)[-_TAIL_LINES:]),
        summary=f"last lines of {tail.namespace}/{tail.pod} {tail.container}{run}",
    )


def keep_alert(toolbox: Toolbox, group: AlertGroup) -> Evidence:
    """Admit the alert's whole text, once in an incident; what does not fit into the first message is searched there."""
    from agentops.agent.toolbox import ALERT

    earlier = [item for item in toolbox.store.all() if item.tool == ALERT]
    if earlier:
        return earlier[0]
    text = "\n\n".join("\n".join(_alert_lines(alert)) for alert in group.alerts)
    reading = Reading(body=text, summary=f"the whole text of {plural(len(group.alerts), 'alert')}")
    return toolbox.admit(ToolCall(id="alert", name=ALERT, arguments={}), reading, duration_ms=0)


def _alert_lines(alert: Alert) -> Iterator[str]:
    yield f"{alert.status}: {alert.name} ({alert.severity}, from {alert.source})"
    if alert.summary:
        yield f"summary: {alert.summary}"
    yield from (f"{name}: {value}" for name, value in sorted(alert.labels.items()))
    yield from (f"{name}: {value}" for name, value in sorted(alert.annotations.items()))
    yield f"about: {alert.target}"
