"""Cause and effect between the problems of one snapshot: which problem brings about which.

Three classes. *Exact*: a problem that needs no further explanation (a tag that does not exist). *Vague*: something that
is wrong in itself but is often brought about by something else (a crash loop, a failing probe). *Symptom*: always
brought about by something else (``root`` is False).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from agentops.core.alert import Severity
from agentops.core.conditions import Condition, Trait
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.triage.dependency_graph import DependencyGraph
from agentops.triage.ranking import has, is_exact

_ORDER_SLACK = timedelta(minutes=5)
MOST_EFFECTS = 1500
"""Beyond so many problems nobody reads the links; the first ones are the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causality:
    """Says of two problems whether one brings the other about.

    Arguments:
        conditions: the catalogues of all providers.
        graph: what depends on what.
        unwell: the resources with a problem of some weight.
    """

    conditions: Mapping[str, Condition]
    graph: DependencyGraph
    unwell: frozenset[ResourceRef]

    def is_exact(self, problem: Problem) -> bool:
        """Return whether the problem needs no further explanation."""
        return is_exact(problem, self.conditions)

    def is_beside(self, problem: Problem) -> bool:
        """Return whether the problem is of a kind that stands beside a failing workload more often than behind it."""
        return self._has(problem, Trait.BYSTANDER) or problem.severity is Severity.WARNING

    def explains(self, cause: Problem, effect: Problem) -> bool:
        """Return whether ``cause`` brings ``effect`` about, directly or down a chain of unwell resources."""
        if cause is effect or not cause.root or self._has(cause, Trait.BYSTANDER):
            return False
        if self._has(cause, Trait.BRINGS_ABOUT) and effect.resource in cause.affects:
            return True
        if self.is_exact(effect):
            return False
        if cause.resource == effect.resource:
            return self._is_stronger(cause, effect)
        if effect.resource in cause.affects:
            # A crash that came with its own rollout is explained by an exact cause only.
            came_with_change = effect.root and effect.blames_change
            return _in_order(cause, effect) and (self.is_exact(cause) or not came_with_change)
        return self._is_down_the_chain(cause, effect)

    def links(self, problems: Sequence[Problem]) -> tuple[tuple[int, int], ...]:
        """Return ``(cause, effect)`` index pairs among ``problems``.

        Only causes that can matter are asked: on the same resource, with the effect's resource among what they affect,
        or below it; so the work grows with what depends on what, not with the square of the problems.
        """
        at: dict[ResourceRef, list[int]] = {}
        affecting: dict[ResourceRef, list[int]] = {}
        for index, problem in enumerate(problems):
            if problem.root:
                at.setdefault(problem.resource, []).append(index)
                for ref in problem.affects:
                    affecting.setdefault(ref, []).append(index)
        found: list[tuple[int, int]] = []
        doers = {ref for problem in problems if self._has(problem, Trait.BRINGS_ABOUT) for ref in problem.affects}
        effects = [
            (index, problem)
            for index, problem in enumerate(problems)
            if not self.is_exact(problem) or problem.resource in doers
        ]
        for effect_index, effect in effects[:MOST_EFFECTS]:
            causes = {*at.get(effect.resource, ()), *affecting.get(effect.resource, ())}
            if not self._has(effect, Trait.SELF_CONTAINED):
                below = self.graph.reach([effect.resource], self.unwell)
                causes.update(index for ref in below for index in at.get(ref, ()))
            right = (index for index in sorted(causes) if self.explains(problems[index], effect))
            found.extend((index, effect_index) for index in right)
        return tuple(found)

    def _has(self, problem: Problem, trait: Trait) -> bool:
        return has(problem, trait, self.conditions)

    def _is_stronger(self, cause: Problem, effect: Problem) -> bool:
        """On one resource: the exact explains the vague, the root the symptom, a named dependency a crash."""
        if self.is_exact(cause) or not effect.root:
            return True
        return self._has(cause, Trait.NAMES_DEPENDENCY) and not self._has(effect, Trait.NAMES_DEPENDENCY)

    def _is_down_the_chain(self, cause: Problem, effect: Problem) -> bool:
        if self._has(effect, Trait.SELF_CONTAINED) or not _in_order(cause, effect):
            return False
        if effect.root and effect.blames_change and not self._has(effect, Trait.FOLLOWS_DEPENDENCY):
            return False  # it came with its own rollout: what it depends on is another matter
        route = self.graph.reach([effect.resource], self.unwell).get(cause.resource)
        return route is not None and route.broken and len(route.path) > 1


def _in_order(cause: Problem, effect: Problem) -> bool:
    return cause.since is None or effect.since is None or cause.since <= effect.since + _ORDER_SLACK
