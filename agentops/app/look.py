"""One sweep of the target's neighbourhood, analyzed and ranked; and a second one after a change.

Comes in: services, open providers, what it is about. Goes out: a snapshot and a ranking. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agentops.app.services import Investigation, Services
from agentops.core.alert import Alert, AlertGroup, Severity, Target
from agentops.core.analysis import Analysis, Gap, ResolvedTarget, SweepOutline, outline_of
from agentops.core.evidence import Evidence
from agentops.core.finding import Cause, Confidence, Finding, Problem, Verdict
from agentops.core.progress import Stage, Step, no_progress
from agentops.core.provider import Reader
from agentops.core.resource import Home
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from agentops.app.connections import Connections
    from agentops.triage.ranking import Ranking

NOTED = "RolloutChanged"
"""The condition of a rollout that is merely noted: no trouble by itself."""
WORDS = "text"
"""The source of an alert that is a sentence of a person."""
MOST_PROBLEMS = 30
"""How many problems become evidence, and are named in the record of a sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was read of one provider, and what its analyzers say of it. The snapshot is the provider's own."""

    reader: Reader
    snapshot: Any
    analysis: Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One sweep of every provider that a run is about, and how well what was found explains the alert.

    ``home`` is where references stand that name only group, kind and name.
    """

    swept: tuple[Swept, ...]
    ranking: Ranking
    home: Home
    unopened: tuple[Gap, ...] = ()

    @property
    def outline(self) -> SweepOutline:
        """What was read, in figures."""
        return outline_of([one.analysis for one in self.swept], self.unopened)


def exact_target(connections: Connections, group: AlertGroup) -> AlertGroup:
    """Return the alert with the resource that a person named, as its provider writes it; other alerts as they are.

    Raises:
        UsageError: there is no such resource, and what resembles it is not taken for it.
        ToolError: the provider cannot be asked.
    """
    if not group.lead.is_named:
        return group
    ref = connections.of_scheme(group.target.scheme).reader.named(group.target)
    target = replace(group.target, namespace=ref.namespace, kind=ref.kind, name=ref.name)
    alert = replace(group.lead, target=target, name=f"{ref.kind}/{ref.name}", summary=f"asked to look at {target}")
    return replace(group, alerts=(alert,), target=target, notes=())


def worded_target(connections: Connections, group: AlertGroup, groups: tuple[str, ...]) -> AlertGroup:
    """Return the alert with what its words name held against the names that exist; other alerts as they are.

    Arguments:
        groups: the groups (namespaces) that the user chose; empty means all.
    """
    lead = group.lead
    is_told = lead.target.known and not lead.from_words
    if lead.is_named or lead.purpose or is_told or len({one.target for one in group.alerts}) > 1:
        return group
    found = [one.reader.worded(lead, groups) for one in connections.opened]
    target = next((one for one in found if one.known), found[0])
    claimed, notes = lead.target, group.notes
    if claimed.known and not target.known:
        notes = (*notes, f"nothing is called {one_line(str(claimed), 120)}: the alert's words name no object")
    alerts = tuple(replace(one, target=target) for one in group.alerts)
    return replace(group, alerts=alerts, target=target, notes=notes)


def guess_of(target: ResolvedTarget, alert: Alert | None) -> str:
    """Return what the alert was taken to be about, with the reason, where that is not what it names exactly."""
    if not target.refs or (target.exact and (alert is None or alert.source != WORDS)):
        return ""
    return f"{target.how}, which its words name" if target.exact else target.how


def sweep_and_rank(
    services: Services, connections: Connections, target: Target, alert: Alert | None, *, settled: bool = False
) -> Sighting:
    """Read the neighbourhood and rank what the analyzers say of it.

    Arguments:
        settled: a look after a change: what tells of the time before it does not count again.
    """
    from agentops.triage.rank import rank

    begun = services.monotonic()
    # What a person names is looked at where it is, whatever namespace the settings choose for all else.
    away = bool(target.scheme and target.namespace and services.groups) and target.namespace not in services.groups
    groups = (target.namespace,) if away else services.groups
    swept = []
    for reader in connections.readers:
        snapshot = reader.sweep(target, groups=groups, progress=services.progress, settled=settled)
        swept.append(Swept(reader=reader, snapshot=snapshot, analysis=reader.analyze(snapshot, alert)))
    ranking = rank([one.analysis for one in swept], alert, gaps=connections.gaps)
    wrong = sum(one.is_wrong for one in ranking.problems)
    text = f"triage found {plural(wrong, 'problem')} ({services.monotonic() - begun:.1f} s)"
    services.progress(Step(stage=Stage.PROBLEM, text=text))
    return Sighting(swept=tuple(swept), ranking=ranking, home=connections.opened[0].home, unopened=connections.gaps)


def sweep_record(seen: Sighting, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """Return what the audit log keeps of a sweep: what was read, what was not, and what was found.

    Arguments:
        evidence: what the problems were kept as, in their order; may be shorter.
    """
    problems, read = seen.ranking.problems, seen.outline
    ids = [item.id for item in evidence] + [""] * (len(problems) - len(evidence))
    return {
        "context": read.place,
        "namespaces": list(read.groups),
        "read": dict(read.counts),
        "not_read": [{"what": gap.what, "reason": one_line(gap.reason, 200)} for gap in read.gaps],
        "problems": [
            {"resource": str(problem.resource), "condition": problem.condition, "evidence": name}
            for problem, name in zip(problems, ids, strict=True)
        ][:MOST_PROBLEMS],
        "problem_count": len(problems),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What triage says now of what an earlier investigation was about.

    ``about`` is the alert's target in words; ``target_well`` says that it exists and has nothing wrong with it;
    ``symptoms`` is what is wrong with it, by object and condition. ``missing``: it was there and is not any more; a pod
    that its owner has replaced is not missing. ``unread``: what was not read that is needed to say that all is well.
    """

    finding: Finding
    problems: tuple[Problem, ...]
    about: str
    target_well: bool
    symptoms: tuple[Cause, ...] = ()
    missing: bool = False
    unread: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with the alert's target, nor gravely with what it needs."""
        if self.missing or self.unread:
            return False
        return is_well(self.finding) or (self.target_well and not self._is_grave())

    @property
    def is_vague(self) -> bool:
        """Whether what is left has no cause of its own that is known: it may be an after-effect, and pass."""
        return self.finding.confidence is Confidence.LOW and not self.finding.proposed

    def _is_grave(self) -> bool:
        cause = self.finding.cause
        return any(
            cause is not None
            and (one.resource, one.condition) == (cause.resource, cause.condition)
            and one.severity.rank <= Severity.HIGH.rank
            for one in self.problems
        )


def is_well(finding: Finding) -> bool:
    """Return whether a finding says that nothing is wrong, or merely notes a rollout for want of anything better."""
    cause = finding.cause
    merely_noted = cause is not None and cause.condition == NOTED and finding.confidence is Confidence.LOW
    return merely_noted or finding.verdict in (Verdict.RECOVERED, Verdict.NO_PROBLEM)


def symptoms_of(ranking: Ranking) -> tuple[Cause, ...]:
    """Return what is wrong with the alert's target and its services, by object and condition, as far as it weighs."""
    return tuple(
        Cause(resource=one.resource, condition=one.condition)
        for one in ranking.problems
        if one.severity.rank <= Severity.HIGH.rank and one.resource in ranking.own
    )


def look_at(services: Services, connections: Connections, target: Target, alert: Alert | None) -> Look:
    """Return what triage says now of a target.

    Raises:
        ToolError: a provider cannot be read.
    """
    from agentops.triage.conclusion import conclude

    quiet = replace(services, progress=no_progress)
    ranking = sweep_and_rank(quiet, connections, target, alert, settled=True).ranking
    # No evidence is kept of a second look, and none is cited; the objects themselves were just read.
    finding = replace(conclude(ranking, [""] * len(ranking.problems)), evidence=(), supported=True)
    return Look(
        finding=finding,
        problems=ranking.problems,
        about=ranking.target.how,
        target_well=ranking.target_well,
        symptoms=symptoms_of(ranking),
        missing=bool(ranking.target.gone) and not ranking.target.exact,
        unread=ranking.unread,
    )


def look_again(services: Services, connections: Connections, found: Investigation) -> Look:
    """Return what triage says now of what an earlier investigation was about.

    Raises:
        ToolError: a provider cannot be read.
    """
    group = found.incident.group
    return look_at(services, connections, group.target, group.lead)
