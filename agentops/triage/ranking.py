"""``Ranking``: the problems in the order in which they explain the alert, with the reasons as words."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentops.core.alert import Alert
from agentops.core.finding import Problem
from agentops.core.snapshot import Snapshot
from agentops.triage.aim import Aim
from agentops.triage.fields import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well one problem explains the alert; higher is better, 0 and below is 'it has nothing to do with it'.

    ``reasons`` say what the points are for. ``path`` leads from the alert's target to the problem's object.
    ``related`` tells whether the alert's target can suffer from it at all.
    """

    points: int
    reasons: tuple[str, ...]
    path: tuple[Key, ...] = ()
    related: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What ``rank`` returns.

    Arguments:
        problems: best explanation first; an effect stands after its cause.
        scores: one for each of ``problems``.
        links: ``(cause, effect)`` as indexes into ``problems``.
        aim: what the alert turned out to be about.
        healthy: sentences about what was looked at and is in order.
        not_checked: sentences about what could not be seen.
        recovered: sentences that show that the target was unwell and is well again.
        target_well: whether the target exists and has nothing wrong with it now.
        own: the target and what is part of it: its owners, the workload of its pods, what serves it.
        snapshot, alert: what was ranked, so that a conclusion can be drawn for another alert.
    """

    problems: tuple[Problem, ...]
    scores: tuple[Score, ...]
    links: tuple[tuple[int, int], ...]
    aim: Aim
    healthy: tuple[str, ...]
    not_checked: tuple[str, ...]
    recovered: tuple[str, ...]
    target_well: bool
    own: frozenset[Key]
    snapshot: Snapshot = field(repr=False, compare=False)
    alert: Alert | None = field(default=None, repr=False)
