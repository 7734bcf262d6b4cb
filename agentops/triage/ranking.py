"""``Ranking``: the problems in the order in which they explain the alert, with the reasons as words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentops.core.alert import Alert
from agentops.core.analysis import Gap, ResolvedTarget
from agentops.core.conditions import Condition, Trait, Weight
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well one problem explains the alert; higher is better, 0 and below is 'it has nothing to do with it'.

    ``reasons`` say what the points are for. ``path`` leads from the alert's target to the problem's resource.
    ``related`` says whether the alert's target can suffer from it at all.
    """

    points: int
    reasons: tuple[str, ...]
    path: tuple[ResourceRef, ...] = ()
    related: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What ``rank`` returns.

    Arguments:
        problems: best explanation first; an effect stands after its cause.
        scores: one for each of ``problems``.
        links: ``(cause, effect)`` as indexes into ``problems``.
        target: what the alert turned out to be about.
        healthy: sentences about what was looked at and is in order.
        not_checked: sentences about what could not be seen.
        recovered: sentences that show that the target was unwell and is well again.
        target_well: whether the target exists and has nothing wrong with it now.
        own: the target and what is part of it: its owners, the workload of its pods, what serves it.
        providers: how people call the providers that looked.
        gaps, blind, sighted, unread, judged, unsettled: as in ``Analysis``, of all of them together.
        conditions: every provider's catalogue.
        alert: what it was ranked for; None for a plain scan.
    """

    problems: tuple[Problem, ...]
    scores: tuple[Score, ...]
    links: tuple[tuple[int, int], ...]
    target: ResolvedTarget
    healthy: tuple[str, ...]
    not_checked: tuple[str, ...]
    recovered: tuple[str, ...]
    target_well: bool
    own: frozenset[ResourceRef]
    providers: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()
    blind: bool = False
    sighted: bool = True
    unread: tuple[str, ...] = ()
    judged: bool = True
    unsettled: tuple[str, ...] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict, repr=False, compare=False)
    alert: Alert | None = field(default=None, repr=False)

    def is_exact(self, problem: Problem) -> bool:
        """Return whether the problem needs no further explanation."""
        return is_exact(problem, self.conditions)

    def has(self, problem: Problem, trait: Trait) -> bool:
        """Return whether the problem's condition has a trait."""
        return has(problem, trait, self.conditions)


def is_exact(problem: Problem, conditions: Mapping[str, Condition]) -> bool:
    """Return whether the problem needs no further explanation: every root condition that is not vague."""
    known = conditions.get(problem.condition)
    return problem.root and (known is None or known.weight is not Weight.VAGUE)


def has(problem: Problem, trait: Trait, conditions: Mapping[str, Condition]) -> bool:
    """Return whether the problem's condition has a trait, by a catalogue."""
    known = conditions.get(problem.condition)
    return known is not None and trait in known.traits
