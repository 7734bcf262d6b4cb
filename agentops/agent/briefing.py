"""The first user message: the alert, what triage found, what was read and what was not.

Comes in: core values of the sweep and the evidence that they were admitted as. Goes out: one text of at most about
``MAX_CHARS``. Whatever the cluster or the alert's sender wrote stands in a fence. Each problem has its evidence id, so
that the model can cite it without fetching it again. The order is that of the ranking; nothing is judged here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from agentops.agent.fence import Fence, neutral
from agentops.agent.prompt import filled
from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.analysis import SweepOutline
from agentops.core.clock import age, to_iso
from agentops.core.evidence import Evidence
from agentops.core.finding import Problem
from agentops.core.jsonable import to_json
from agentops.core.text import clip, one_line, plural

MAX_CHARS = 12_000
_ALERT_CHARS = 4_000
_LABELS_CHARS = 600
_OTHER_ALERTS = 10
# How much of its evidence the n-th problem shows: the likely causes in full, the rest by name. A symptom shows what it
# rests on and not its object, which is not what has to be changed. Where the other parts leave less room than usual,
# every excerpt is scaled down, so that the end of the message is never what is cut.
_EXCERPTS = (1_400, 900, 600, 400, 300, 300)
_SYMPTOM_CHARS = 280
_CHANGE_CHARS = 500
_CHANGED = "RolloutChanged"
_SCALES = (1.0, 0.7, 0.4, 0.15)
_FURTHER_CHARS = 700
_FURTHER = 8
_LINE_CHARS = 240
_NAMED_PROBLEMS = 15
_GAPS = 8


def briefing(
    group: AlertGroup, outline: SweepOutline, problems: Sequence[Problem], evidence: Sequence[Evidence], fence: Fence
) -> str:
    """Return the opening message.

    Arguments:
        group: the alerts, redacted.
        outline: what was read.
        problems: the best explanation first.
        evidence: what was admitted so far; those of tool ``triage`` name a problem by resource and condition.
        fence: marks untrusted text.
    """
    for scale in _SCALES:
        text = _at_scale(group, outline, problems, evidence, fence, scale)
        if len(text) <= MAX_CHARS:
            break
    return clip(text, MAX_CHARS)


def _at_scale(
    group: AlertGroup,
    outline: SweepOutline,
    problems: Sequence[Problem],
    evidence: Sequence[Evidence],
    fence: Fence,
    scale: float,
) -> str:
    by_problem = {(str(item.arguments.get("resource")), item.arguments.get("condition")): item for item in evidence}
    further = [item for item in evidence if item.tool not in ("triage", "alert")]
    alert = next((item.id for item in evidence if item.tool == "alert"), "")
    return filled(
        "briefing",
        context=neutral(outline.place),
        namespace=neutral(", ".join(outline.groups)) or "all",
        time=to_iso(outline.observed_at),
        alert=_alerts(group, outline.observed_at, fence, alert),
        problems="\n".join(_problems(problems, by_problem, outline.observed_at, fence, scale)) or "None found.",
        evidence="\n".join(_further(further, fence, scale)) or "Only what is shown above.",
        gaps="\n".join(_gaps(outline)) or "Everything that the sweep asked for was read.",
        healthy="\n".join(_healthy(group, outline, problems)),
    )


def _alerts(group: AlertGroup, now: datetime, fence: Fence, evidence: str) -> str:
    lead = group.lead
    others = [alert for alert in group.alerts if alert is not lead]
    lines = list(_alert(lead, now))
    lines += [
        f"also {_state(alert)}: {one_line(alert.name, 80)} on {one_line(str(alert.target), 120)}"
        for alert in others[:_OTHER_ALERTS]
    ]
    if len(others) > _OTHER_ALERTS:
        lines.append(f"and {plural(len(others) - _OTHER_ALERTS, 'more alert')}")
    lines += [one_line(note, 200) for note in group.notes]
    if group.left_out:
        lines.append(f"{plural(len(group.left_out), 'alert')} of the payload belong to other incidents")
    return fence.wrap(clip("\n".join(lines), _ALERT_CHARS), f"{evidence} alert".lstrip())


def _alert(alert: Alert, now: datetime) -> Iterator[str]:
    stands = [f"state: {_state(alert)}", f"severity: {alert.severity}"]
    if alert.started_at:
        stands.append(f"started {to_iso(alert.started_at)}, {age(alert.started_at, now)} before the sweep")
    if alert.ended_at and alert.status != "firing":
        stands.append(f"ended {to_iso(alert.ended_at)}")
    yield "; ".join(stands)
    yield f"alert: {one_line(alert.name, 120)} (from {alert.source})"
    yield f"about: {one_line(str(alert.target), 200)}"
    if alert.summary and not any(value.startswith(alert.summary) for value in alert.annotations.values()):
        yield f"summary: {one_line(alert.summary, 600)}"
    if alert.labels:
        labels = " ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
        yield f"labels: {one_line(labels, _LABELS_CHARS)}"
    # In full: whoever wrote the alert may have said on which condition it is to be cured.
    for name, value in sorted(alert.annotations.items()):
        yield f"{one_line(name, 60)}: " + "\n".join(line for line in value.splitlines() if line.strip())


_MEANS = {
    "acknowledged": "somebody may be working on it",
    "no data": "it does not say whether anything is wrong",
    "paused": "nobody looks whether it still fires",
    "unknown": "its sender does not say how it stands",
}


def _state(alert: Alert) -> str:
    """Return how an alert stands, and what a state beyond firing and resolved means for whoever reads it."""
    if not alert.state:
        return alert.status
    meaning = _MEANS.get(alert.state, "")
    return f"{alert.status}, {one_line(alert.state, 40)}" + (f" ({meaning})" if meaning else "")


def _problems(
    problems: Sequence[Problem],
    by_problem: Mapping[tuple[str, object], Evidence],
    now: datetime,
    fence: Fence,
    scale: float,
) -> Iterator[str]:
    shown: set[str] = set()
    causes = 0
    for index, problem in enumerate(problems[:_NAMED_PROBLEMS]):
        evidence = by_problem.get((str(problem.resource), problem.condition))
        named = f"Evidence {evidence.id}" if evidence else "(no evidence id)"
        marks = [str(problem.severity), "" if problem.root else "a symptom"]
        if problem.since:
            marks.append(f"for {age(problem.since, now)}")
        yield (
            f"{index + 1}. {named}: {neutral(one_line(problem.resource.short, 120))} {problem.condition} "
            f"({', '.join(filter(None, marks))})"
        )
        room = int(_room(problem, index, causes) * scale)
        causes += problem.root
        if room:
            yield fence.wrap(clip("\n".join(_quoted(problem, evidence, shown)), room), named)
        else:
            yield "   " + neutral(one_line(evidence.summary if evidence else problem.summary, 120))
    if len(problems) > _NAMED_PROBLEMS:
        yield f"and {plural(len(problems) - _NAMED_PROBLEMS, 'more problem')} of lower rank"
    if problems:
        yield "Excerpts end in … where they are cut; evidence_search reads the rest."


def _room(problem: Problem, index: int, causes: int) -> int:
    """Return how many characters a problem may take: ``index`` is its rank, ``causes`` how many stand before it."""
    if problem.condition == _CHANGED:
        return _CHANGE_CHARS
    if problem.root:
        return _EXCERPTS[causes] if causes < len(_EXCERPTS) else 0
    return _SYMPTOM_CHARS if index < len(_EXCERPTS) else 0


def _quoted(problem: Problem, evidence: Evidence | None, shown: set[str]) -> Iterator[str]:
    """Yield what is known of a problem: a remedy once, and the object, which ends its evidence, once and for causes."""
    is_change = problem.condition == _CHANGED
    yield one_line(evidence.summary if evidence else problem.summary, _CHANGE_CHARS if is_change else 300)
    for change in problem.remedies[:1]:
        arguments = one_line(json.dumps(to_json(change.arguments), ensure_ascii=False), 160)
        remedy = f"known remedy: {change.tool} on {change.target.short} with {arguments}"
        if remedy not in shown:
            shown.add(remedy)
            yield remedy
    # What a rollout changed stands in its summary already.
    if evidence and not is_change:
        facts, _, whole = evidence.excerpt.partition(f"\n\n{problem.resource.short}:\n")
        if whole and problem.root and str(problem.resource) not in shown:
            shown.add(str(problem.resource))
            facts = evidence.excerpt
        yield facts


def _further(evidence: Sequence[Evidence], fence: Fence, scale: float) -> Iterator[str]:
    for item in evidence[:_FURTHER]:
        yield f"Evidence {item.id}: {neutral(one_line(item.summary, 160))}"
        yield fence.wrap(_last_lines(item.excerpt, int(_FURTHER_CHARS * scale)), f"{item.id} {item.tool}")


def _last_lines(text: str, room: int) -> str:
    """Return the last lines that fit: of a log the end is what tells."""
    kept: list[str] = []
    for line in reversed(text.splitlines()):
        shown = clip(line, min(_LINE_CHARS, room))
        room -= len(shown) + 1
        if room < 0:
            return "\n".join(["…", *kept])
        kept.insert(0, shown)
    return "\n".join(kept)


def _gaps(outline: SweepOutline) -> Iterator[str]:
    for gap in outline.gaps[:_GAPS]:
        yield f"- {neutral(one_line(gap.what, 80))}: {neutral(one_line(gap.reason, 120))}"
    if len(outline.gaps) > _GAPS:
        yield f"- and {plural(len(outline.gaps) - _GAPS, 'more gap')}"


def _healthy(group: AlertGroup, outline: SweepOutline, problems: Sequence[Problem]) -> Iterator[str]:
    """Say per kind how many objects were read and how many no problem touches, and whether the target has one."""
    touched = {ref for p in problems for ref in (p.resource, *p.affects, *(fact.resource for fact in p.facts))}
    unwell = Counter(ref.kind for ref in touched)
    read = {kind: number for kind, number in sorted(outline.counts.items()) if number and kind != "Event"}
    some = [f"{kind} {max(number - unwell[kind], 0):,} of {number:,}" for kind, number in read.items() if unwell[kind]]
    every = [f"{kind} {number:,}" for kind, number in read.items() if not unwell[kind]]
    yield f"Touched by no problem: {', '.join([*some, *every])}" if read else "Nothing was read."
    if _is_well(group.target, outline, problems):
        yield f"No problem was found on the alert's own target, {neutral(one_line(str(group.target), 160))}."


def _is_well(target: Target, outline: SweepOutline, problems: Sequence[Problem]) -> bool:
    """Return whether the target is named, its kind was read, and no problem is on it."""
    named = {(problem.resource.kind, problem.resource.name) for problem in problems}
    return target.known and target.kind in outline.counts and (target.kind, target.name) not in named
