"""The use case ``triage``: what is wrong now, best explanation first, without a model and without an incident.

Comes in: a run, the object to explain, if any, and what of it is wanted. Goes out: a ``Scan``. Reads only, and keeps
nothing but a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentops.app.baseline import identities, identity
from agentops.app.firing_alerts import PREFIX, fetch_for
from agentops.app.look import exact_target, sweep_and_rank, sweep_record
from agentops.app.providers import target_schemes
from agentops.app.services import KnownProblem, Scan
from agentops.core.alert import AlertGroup, Severity, Target
from agentops.core.errors import ExitCode, NotFound, UsageError
from agentops.core.finding import Problem, Verdict
from agentops.core.suggestions import closest
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.look import Sighting
    from agentops.app.run import App
    from agentops.core.analysis import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which problems a scan is to tell of.

    Arguments:
        least: the least severity.
        conditions: only these; empty means all.
        known: those of a baseline, which are not told again; None without one.
    """

    least: Severity = Severity.UNKNOWN
    conditions: frozenset[str] = frozenset()
    known: frozenset[KnownProblem] | None = None

    def has(self, problem: Problem) -> bool:
        """Return whether a problem passes the filters."""
        return problem.severity.rank <= self.least.rank and (
            not self.conditions or problem.condition in self.conditions
        )


def triage(
    app: App, argument: str | None = None, wanted: Wanted = Wanted(), *, before: frozenset[KnownProblem] | None = None
) -> Scan:
    """Sweep, analyze and rank, with what explains ``argument`` (``k8s:NS/KIND/NAME``, ``alertmanager:NAME``) first.

    Arguments:
        before: what the scan before this one of a series told of; one that tells of the same again leaves no record.

    Raises:
        UsageError: the argument is no target, or a condition that is asked for does not exist.
        NotFound: the group (namespace) that the settings name does not exist.
        ToolError: no provider can be reached.
        AuditError: the log cannot be written.
    """
    services = app.services
    begun = services.monotonic()
    about = None if argument is None else _target_of(app, argument)
    connections = services.connector.for_alert(about)
    target = Target() if about is None else exact_target(connections, about).target
    seen = sweep_and_rank(services, connections, target, None)
    _require_conditions(seen, wanted)
    scan = _scan(seen, wanted, services.monotonic() - begun)
    if identities(scan.problems) != before:
        services.audit.append("triage", sweep_record(seen, ()))
    for gap in seen.outline.gaps:
        if gap.what.startswith("namespace ") and "does not exist" in gap.reason:
            raise NotFound(f"{gap.what}: {gap.reason}", hint="Check --namespace and --context.")
    app.finish(scan.status, ExitCode.DONE)
    return scan


def _scan(seen: Sighting, wanted: Wanted, wall_s: float) -> Scan:
    from agentops.triage.conclusion import conclude

    ranking, read = seen.ranking, seen.outline
    finding = conclude(ranking, [""] * len(ranking.problems))
    known = wanted.known or frozenset()
    passed = [one for one in ranking.problems if wanted.has(one)]
    told = tuple(one for one in passed if identity(one) not in known)
    now = identities(ranking.problems)
    return Scan(
        context=read.place,
        namespaces=read.groups,
        problems=told,
        finding=finding,
        everything=read.everything,
        counts=read.counts,
        gaps=tuple((gap.what, gap.reason) for gap in read.gaps),
        wall_s=wall_s,
        observed_at=read.observed_at,
        is_unexplained=finding.verdict is Verdict.UNDETERMINED,
        known=tuple(one for one in passed if identity(one) in known),
        gone=tuple(sorted(known - now, key=lambda one: (one.resource, one.condition))),
        hidden=len(ranking.problems) - len(passed),
        unasked=tuple(dict.fromkeys(_unasked(gap) for gap in read.gaps if gap.provider)),
    )


def _unasked(gap: Gap) -> str:
    return f"{gap.provider} was not read: {gap.reason.removeprefix('not asked: ').rstrip('.')}."


def _require_conditions(seen: Sighting, wanted: Wanted) -> None:
    known: Sequence[str] = [name for one in seen.swept for name in one.analysis.conditions]
    for name in sorted(wanted.conditions - set(known)):
        near = closest(name, known, count=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "docs/triage.md lists them."
        raise UsageError(f"there is no condition {one_line(name, 60)!r}", hint=hint)


def _target_of(app: App, argument: str) -> AlertGroup:
    from agentops.alerts.source import names_target, read_alert

    if argument.startswith(PREFIX):
        fetched = fetch_for(app, argument)
        return read_alert("-", stdin=lambda: fetched, now=app.services.clock())
    schemes = target_schemes(app.providers)
    if not names_target(argument, schemes):
        forms = " or ".join(one.target_form for one in app.providers if one.target_form)
        raise UsageError(f"{one_line(argument, 60)!r} is not a target", hint=f"Use {forms}, or --namespace.")
    return read_alert(argument, stdin=lambda: b"", now=app.services.clock(), schemes=schemes)
