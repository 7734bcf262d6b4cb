"""What becomes evidence before the model has its first turn: triage's problems, log tails, the alert's own text.

Comes in: what was seen, an alert group. Goes out: evidence, admitted by the toolbox like any reading, so
redacted, stored, numbered and recorded. Nothing is judged here, and nothing is read that the sweep has not read, but
for what a monitoring system holds of its own alert.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentops.app.look import MOST_PROBLEMS, WORDS
from agentops.core.alert import Alert, AlertGroup
from agentops.core.errors import ToolError
from agentops.core.evidence import Evidence, Reading
from agentops.core.finding import Problem
from agentops.core.text import plural
from agentops.core.tool import ToolCall

if TYPE_CHECKING:
    from agentops.agent.toolbox import Toolbox
    from agentops.app.look import Sighting
    from agentops.app.services import Services


def keep_problems(services: Services, toolbox: Toolbox, seen: Sighting) -> tuple[Evidence, ...]:
    """Admit the best-ranked problems as evidence: what the analyzer says, what it quotes, and the object itself."""
    kept: list[Evidence] = []
    for problem in seen.ranking.problems[:MOST_PROBLEMS]:
        call = ToolCall(
            id=f"sweep-{len(kept) + 1}",
            name="triage",
            arguments={"resource": str(problem.resource), "condition": problem.condition},
        )
        texts = (one.reader.object_text(one.snapshot, problem.resource, services.redactor.value) for one in seen.swept)
        kept.append(toolbox.admit(call, problem_reading(problem, next(filter(None, texts), "")), duration_ms=0))
    return tuple(kept)


def problem_reading(problem: Problem, object_text: str) -> Reading:
    """Return a problem as something that can be cited and searched: the fields in question first, the object last."""
    lines = list(_facts(problem))
    if problem.advice:
        lines += ["", f"advice: {problem.advice}"]
    lines += [f"note of the owner of {note.resource.short}: {note.words}" for note in problem.notes]
    lines += [one.why for one in problem.withheld]
    if object_text:
        lines += ["", f"{problem.resource.short}:", object_text]
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


def keep_logs(toolbox: Toolbox, seen: Sighting) -> tuple[Evidence, ...]:
    """Admit the log lines that the sweep read of what is failing."""
    found = (one.reader.log_readings(one.snapshot, seen.ranking.problems) for one in seen.swept)
    return tuple(toolbox.admit(call, reading, duration_ms=0) for readings in found for call, reading in readings)


def keep_readings(toolbox: Toolbox, seen: Sighting) -> tuple[Evidence, ...]:
    """Admit what the first look read that is evidence whatever triage makes of it."""
    found = (pair for one in seen.swept for pair in one.analysis.readings)
    return tuple(toolbox.admit(call, reading, duration_ms=0) for call, reading in found)


def keep_alert_readings(toolbox: Toolbox, seen: Sighting, alert: Alert) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """Admit what the open providers hold of a monitoring system's alert, and return what could not be had of it."""
    if alert.is_named or alert.source == WORDS:
        return (), ()
    kept: list[Evidence] = []
    missing: list[str] = []
    for one in seen.swept:
        try:
            found = one.reader.alert_readings(alert)
        except ToolError as error:
            missing.append(f"what monitoring holds of the alert itself: {error.message}")
            continue
        kept += [toolbox.admit(call, reading, duration_ms=0) for call, reading in found]
    return tuple(kept), tuple(missing)


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
